# SPDX-License-Identifier: GPL-2.0-or-later
"""The qrexec wire, spelled out: a literal peer for our programs, over the socket vchan."""
import os
import socket
import struct
import time

STDIN, STDOUT, STDERR, EXIT = 0x190, 0x191, 0x192, 0x193
EXEC, JUST_EXEC, CONNECT, REFUSED = 0x200, 0x201, 0x202, 0x203
TRIGGER, TERMINATED, TRIGGER3, TRIGGER4, HELLO = 0x210, 0x211, 0x212, 0x213, 0x300
SECONDS = 20


class Ended(Exception):
    """The other side closed the stream."""


def wait_for(what, condition, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f'{what} did not happen in {seconds} s'
        time.sleep(0.005)


def message(kind, body=b''):
    return struct.pack('<II', kind, len(body)) + body


def field(data, size):
    return data.ljust(size, b'\0')


def trigger4(service, target=b'', ident=b'SOCKET', source=b''):
    return message(TRIGGER4, field(source, 64) + field(target, 64) + field(ident, 32) + service + b'\0')


def trigger3(service, target=b'', ident=b'SOCKET'):
    return message(TRIGGER3, field(target, 64) + field(ident, 32) + service + b'\0')


def trigger2(service, target=b'', ident=b'SOCKET'):
    return message(TRIGGER, field(service, 64) + field(target, 32) + field(ident, 32))


def execute(domain, port, command, kind=EXEC):
    return message(kind, struct.pack('<II', domain, port) + command + b'\0')


class Stream:
    """A connected socket that speaks messages."""

    def __init__(self, sock):
        self.sock = sock
        sock.settimeout(SECONDS)

    def send(self, data):
        self.sock.sendall(data)

    def try_send(self, data):
        """To a service that may be over already."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def exactly(self, size):
        data = b''
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            if not part:
                raise Ended(data)
            data += part
        return data

    def message(self):
        kind, size = struct.unpack('<II', self.exactly(8))
        return kind, self.exactly(size)

    def hello(self, version=4, answer=False):
        """Both HELLOs; returns theirs."""
        if not answer:
            self.send(message(HELLO, struct.pack('<I', version)))
        kind, body = self.message()
        assert kind == HELLO and len(body) == 4
        if answer:
            self.send(message(HELLO, struct.pack('<I', version)))
        return struct.unpack('<I', body)[0]

    def at_end(self):
        try:
            return self.sock.recv(1) == b''
        except ConnectionResetError:
            return True

    def close(self):
        self.sock.close()


def path_of(folder, server, client, port):
    return os.path.join(folder, f'vchan.{server}.{client}.{port}.sock')


def connect(path, seconds=SECONDS):
    """As the vchan's client: waits until the server is there."""
    end = time.monotonic() + seconds
    while True:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(path)
            return Stream(sock)
        except (FileNotFoundError, ConnectionRefusedError):
            sock.close()
            assert time.monotonic() < end, f'nobody listens at {path}'
            time.sleep(0.002)


class Server:
    """As the vchan's server."""

    def __init__(self, path):
        self.path = path
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if os.path.exists(path):
            os.unlink(path)
        self.sock.bind(path)
        self.sock.listen(1)
        self.sock.settimeout(SECONDS)

    def accept(self):
        sock, _ = self.sock.accept()
        self.sock.close()
        os.unlink(self.path)
        return Stream(sock)


def collect(stream):
    """Everything a service says: stdout, stderr, exit code, order of the frame types."""
    out, err, code, kinds = b'', b'', None, []
    while code is None:
        kind, body = stream.message()
        kinds.append((kind, len(body)))
        if kind == STDOUT:
            out += body
        elif kind == STDERR:
            err += body
        elif kind == EXIT:
            code = struct.unpack('<i', body)[0]
        else:
            raise AssertionError(f'type {kind:#x} from a service')
    return out, err, code, kinds
