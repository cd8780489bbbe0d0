# SPDX-License-Identifier: GPL-2.0-or-later
"""bulkhead-qrexec-agent and qrexec-client-vm against a literal peer."""
import getpass
import os
import pathlib
import signal
import socket
import struct
import subprocess
import threading

import pytest

import qrexec_wire as wire

ME = getpass.getuser().encode()

SERVICES = {
    'test.Echo': '#!/bin/sh\nexec cat\n',
    'test.Arg': '#!/bin/sh\nprintf %s "$1"\n',
    'test.Exit': '#!/bin/sh\necho out; echo err >&2; exit "$1"\n',
    'test.Env': '#!/bin/sh\nenv | grep ^QREXEC | grep -v _PATH | sort\n',
    'test.Kill': '#!/bin/sh\nkill -9 $$\n',
    'test.Early': '#!/bin/sh\nexec 0<&-; echo early; exit 2\n',
}


class Domain:
    """Services, an agent of ours, and the paths they use."""

    def __init__(self, build, tmp, number=1, options=()):
        self.build, self.dir, self.number = build, tmp, number
        self.services = tmp / f'rpc{number}'
        self.config = tmp / f'config{number}'
        self.socket = tmp / f'agent{number}.sock'
        self.services.mkdir()
        self.config.mkdir()
        for name, text in SERVICES.items():
            self.service(name, text)
        self.env = dict(os.environ, VCHAN_DOMAIN=str(number), VCHAN_SOCKET_DIR=str(tmp), QREXEC_SERVICE_PATH=str(self.services),
                        QUBES_RPC_CONFIG_PATH=str(self.config), BULKHEAD_QREXEC_SOCKET=str(self.socket))
        self.env.pop('BULKHEAD_VCHAN', None)
        self.agent = subprocess.Popen([build / 'qrexec/bulkhead-qrexec-agent', *options], env=self.env)
        self.callers = []

    def service(self, name, text):
        (self.services / name).write_text(text)
        (self.services / name).chmod(0o755)

    def daemon(self, version=4):
        control = wire.connect(wire.path_of(self.dir, self.number, 0, 512))
        assert control.hello(version, answer=True) == 4
        return control

    def call(self, *args, **kwargs):
        kwargs.setdefault('stdin', subprocess.PIPE)
        p = subprocess.Popen([self.build / 'qrexec/qrexec-client-vm', *args], env=self.env, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, **kwargs)
        self.callers.append(p)
        return p

    def stop(self):
        for p in self.callers:
            if p.poll() is None:
                p.kill()
            p.wait()
            for f in (p.stdin, p.stdout, p.stderr):
                if f:
                    f.close()
        self.agent.terminate()
        assert self.agent.wait(wire.SECONDS) == 0
        assert not self.socket.exists()


@pytest.fixture
def domain(build, tmp_path):
    d = Domain(build, tmp_path)
    yield d
    d.stop()


def run(domain, control, command, stdin=b'', port=513, peer=2, kind=wire.EXEC):
    """One service call as the calling side; returns what came back."""
    server = wire.Server(wire.path_of(domain.dir, peer, domain.number, port))
    control.send(wire.execute(peer, port, command, kind))
    data = server.accept()
    assert data.hello() == 4
    if kind == wire.EXEC:
        if stdin:
            data.try_send(wire.message(wire.STDIN, stdin))
        data.try_send(wire.message(wire.STDIN))
    result = wire.collect(data)
    assert data.at_end()
    assert control.message() == (wire.TERMINATED, struct.pack('<II', peer, port))
    return result


@pytest.mark.parametrize('command,stdin,out,err,code', [
    (b'QUBESRPC test.Echo+ work', b'hello', b'hello', b'', 0),
    (b'nogui:QUBESRPC test.Echo+ work', b'hello', b'hello', b'', 0),
    (b'QUBESRPC test.Arg+a+b work', b'', b'a+b', b'', 0),
    (b'QUBESRPC test.Exit+7 work', b'', b'out\n', b'err\n', 7),
    (b'QUBESRPC test.Kill+ work', b'', b'', b'', 137),
    (b'QUBESRPC test.Missing+ work', b'', b'', b'', 127),
    (b'QUBESRPC test.Echo+ work extra', b'', b'', b'', 125),
    (b'QUBESRPC  work', b'', b'', b'', 125),
    (b'QUBESRPC test.Env+x work', b'', b'QREXEC_REMOTE_DOMAIN=work\nQREXEC_REQUESTED_TARGET_TYPE=\n'
     b'QREXEC_SERVICE_ARGUMENT=x\nQREXEC_SERVICE_FULL_NAME=test.Env+x\n', b'', 0),
    (b'QUBESRPC test.Env+ work name vault', b'', b'QREXEC_REMOTE_DOMAIN=work\nQREXEC_REQUESTED_TARGET=vault\n'
     b'QREXEC_REQUESTED_TARGET_TYPE=name\nQREXEC_SERVICE_ARGUMENT=\nQREXEC_SERVICE_FULL_NAME=test.Env+\n', b'', 0),
])
def test_service(domain, command, stdin, out, err, code):
    control = domain.daemon()
    got = run(domain, control, ME + b':' + command, stdin)
    assert got[:3] == (out, err, code)
    assert got[3][-1] == (wire.EXIT, 4)
    assert (wire.STDOUT, 0) in got[3] and (wire.STDERR, 0) in got[3]


def test_wrong_user(domain):
    assert run(domain, domain.daemon(), b'nobody-at-all:QUBESRPC test.Echo+ work')[2] == 125


def test_command_line_only_from_admin(domain):
    control = domain.daemon()
    assert run(domain, control, ME + b':echo one; exit 3', peer=0)[:3] == (b'one\n', b'', 3)
    assert run(domain, control, ME + b':echo one; exit 3', peer=2)[:3] == (b'', b'', 125)


def test_just_exec(domain, tmp_path):
    control = domain.daemon()
    mark = tmp_path / 'mark'
    domain.service('test.Mark', f'#!/bin/sh\n: > {mark}\n')
    assert run(domain, control, ME + b':QUBESRPC test.Mark+ work', kind=wire.JUST_EXEC)[2:] == (0, [(wire.EXIT, 4)])
    wire.wait_for('the program ran', mark.exists)
    assert run(domain, control, ME + b':QUBESRPC test.Missing+ work', kind=wire.JUST_EXEC)[2] == 127


def test_input_nobody_reads(domain):
    """The service is gone; the caller still pours. Nothing hangs."""
    control = domain.daemon()
    server = wire.Server(wire.path_of(domain.dir, 2, 1, 513))
    control.send(wire.execute(2, 513, ME + b':QUBESRPC test.Early+ work'))
    data = server.accept()
    data.hello()
    pour = threading.Thread(target=pour_into, args=(data,))
    pour.start()
    assert wire.collect(data)[:3] == (b'early\n', b'', 2)
    assert control.message()[0] == wire.TERMINATED
    pour.join(wire.SECONDS)
    assert not pour.is_alive()


def pour_into(stream):
    try:
        for _ in range(100):
            stream.send(wire.message(wire.STDIN, b'x' * 65536))
    except OSError:
        pass


def test_bug_class_E14_both_sides_full(domain):
    """4 MiB in and out of an echo whose peer writes first and reads later."""
    control = domain.daemon()
    server = wire.Server(wire.path_of(domain.dir, 2, 1, 513))
    control.send(wire.execute(2, 513, ME + b':QUBESRPC test.Echo+ work'))
    data = server.accept()
    data.hello()
    block = os.urandom(65536)

    def write():
        for _ in range(64):
            data.send(wire.message(wire.STDIN, block))
        data.send(wire.message(wire.STDIN))
    writer = threading.Thread(target=write)
    writer.start()
    out, _, code, _ = wire.collect(data)
    writer.join()
    assert code == 0 and out == block * 64


def test_version_2_chunks(domain):
    control = domain.daemon()
    server = wire.Server(wire.path_of(domain.dir, 2, 1, 513))
    control.send(wire.execute(2, 513, ME + b':QUBESRPC test.Echo+ work'))
    data = server.accept()
    data.hello(2)
    for _ in range(5):
        data.send(wire.message(wire.STDIN, b'x' * 4096))
    data.send(wire.message(wire.STDIN))
    out, _, _, kinds = wire.collect(data)
    assert len(out) == 5 * 4096 and max(size for _, size in kinds) <= 4096


@pytest.mark.parametrize('bad', [
    wire.message(wire.STDERR, b'x'), wire.message(wire.EXIT, b'\0\0\0\0'), wire.message(wire.HELLO, b'\4\0\0\0'),
    wire.message(0x194), struct.pack('<II', wire.STDIN, 65537), wire.message(wire.EXEC, b'\0' * 9)])
def test_bug_class_E3_caller_says_what_it_must_not(domain, bad):
    control = domain.daemon()
    server = wire.Server(wire.path_of(domain.dir, 2, 1, 513))
    control.send(wire.execute(2, 513, ME + b':QUBESRPC test.Echo+ work'))
    data = server.accept()
    data.hello()
    data.send(bad)
    assert control.message() == (wire.TERMINATED, struct.pack('<II', 2, 513))
    assert run(domain, control, ME + b':QUBESRPC test.Echo+ work', b'still here', port=514)[0] == b'still here'


def test_bug_class_E1_argument_bytes(domain):
    """The argument reaches the program as it stands in the command, whatever a shell would make of it."""
    control = domain.daemon()
    every = bytes(c for c in range(1, 256) if c != 0x20)
    assert run(domain, control, ME + b':QUBESRPC test.Arg+' + every + b' work')[0] == every


def serve_socket(path, out):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.bind(str(path))
    s.listen(1)

    def one():
        c, _ = s.accept()
        got = b''
        while True:
            part = c.recv(4096)
            if not part:
                break
            got += part
        c.sendall(out + got)
        c.close()
        s.close()
    t = threading.Thread(target=one)
    t.start()
    return t


@pytest.mark.parametrize('config,descriptor', [('', b'test.Sock+a work\0'), ('skip-service-descriptor = true\n', b'')])
def test_socket_service(domain, config, descriptor):
    control = domain.daemon()
    (domain.config / 'test.Sock').write_text(config)
    t = serve_socket(domain.services / 'test.Sock', b'got:')
    out, err, code, kinds = run(domain, control, ME + b':QUBESRPC test.Sock+a work', b'in')
    t.join()
    assert (out, err, code) == (b'got:' + descriptor + b'in', b'', 0)
    assert kinds[0] == (wire.STDERR, 0) and kinds[-2:] == [(wire.STDOUT, 0), (wire.EXIT, 4)]


def test_tcp_service(domain):
    listener = socket.create_server(('127.0.0.1', 0))
    port = listener.getsockname()[1]
    (domain.services / 'test.Tcp').symlink_to('/dev/tcp/127.0.0.1')
    (domain.config / 'test.Tcp').write_text('skip-service-descriptor = true\nexit-on-service-eof = true\n')
    control = domain.daemon()

    def one():
        c, _ = listener.accept()
        c.sendall(b'tcp says ' + c.recv(100))
        c.close()
    t = threading.Thread(target=one)
    t.start()
    assert run(domain, control, ME + b':QUBESRPC test.Tcp+%d work' % port, b'hi')[:3] == (b'tcp says hi', b'', 0)
    t.join()
    listener.close()
    assert run(domain, control, ME + b':QUBESRPC test.Tcp+%d work' % port, b'hi')[2] == 125


def test_configuration(domain):
    control = domain.daemon()
    (domain.config / 'test.Echo').write_text('nonsense\n')
    assert run(domain, control, ME + b':QUBESRPC test.Echo+ work')[2] == 125
    (domain.config / 'test.Echo').write_text("force-user = '%s'\n" % ME.decode())
    assert run(domain, control, b'whoever:QUBESRPC test.Echo+ work', b'x')[0] == b'x'
    (domain.config / 'test.Echo+bad').write_text("force-user = 'nobody-at-all'\n")
    assert run(domain, control, ME + b':QUBESRPC test.Echo+bad work')[2] == 125


def test_wait_for_session(domain, tmp_path):
    control = domain.daemon()
    gate, log = tmp_path / 'gate', tmp_path / 'log'
    os.mkfifo(gate)
    domain.service('qubes.WaitForSession', f'#!/bin/sh\nhead -n1 >> {log}\ncat {gate}\nexit 1\n')
    (domain.config / 'test.Echo').write_text('wait-for-session = 1\n')
    servers = []
    for port in (513, 514):
        servers.append(wire.Server(wire.path_of(tmp_path, 2, 1, port)))
        control.send(wire.execute(2, port, ME + b':QUBESRPC test.Echo+ work'))
    wire.wait_for('the session is waited for', lambda: log.exists() and log.read_bytes())
    gate.write_text('')
    for s in servers:
        data = s.accept()
        data.hello()
        data.send(wire.message(wire.STDIN))
        assert wire.collect(data)[2] == 0
        assert control.message()[0] == wire.TERMINATED
    assert log.read_bytes() == ME + b'\n'


def accept_call(domain, control, target=b'vault', service=b'test.X+y', kind=wire.TRIGGER4):
    got, body = control.message()
    assert got == kind
    skip = {wire.TRIGGER4: 64, wire.TRIGGER3: 0}[kind]
    assert body[skip:skip + 64] == wire.field(target, 64)
    assert body[skip + 96:] == service + b'\0'
    return body[skip + 64:skip + 96]


def answer_call(domain, control, ident, port=513, version=4):
    control.send(wire.message(wire.CONNECT, struct.pack('<II', 2, port) + ident))
    data = wire.connect(wire.path_of(domain.dir, domain.number, 2, port))
    data.hello(version)
    return data


@pytest.mark.parametrize('version,kind', [(4, wire.TRIGGER4), (3, wire.TRIGGER3)])
def test_client_call(domain, version, kind):
    control = domain.daemon(version)
    p = domain.call('vault', 'test.X+y')
    ident = accept_call(domain, control, kind=kind)
    data = answer_call(domain, control, ident)
    data.send(wire.message(wire.STDOUT, b'out') + wire.message(wire.STDERR, b'err'))
    p.stdin.write(b'input')
    p.stdin.close()
    p.stdin = None
    assert data.message() == (wire.STDIN, b'input')
    assert data.message() == (wire.STDIN, b'')
    data.send(wire.message(wire.STDOUT) + wire.message(wire.STDERR) + wire.message(wire.EXIT, struct.pack('<i', 9)))
    out, err = p.communicate(timeout=wire.SECONDS)
    assert (out, err, p.returncode) == (b'out', b'err', 9)
    assert control.message() == (wire.TERMINATED, struct.pack('<II', 2, 513))


def test_client_refused(domain):
    control = domain.daemon()
    p = domain.call('$dispvm', 'test.X')
    ident = accept_call(domain, control, b'@dispvm', b'test.X')
    control.send(wire.message(wire.REFUSED, ident))
    out, err = p.communicate(timeout=wire.SECONDS)
    assert (out, err, p.returncode) == (b'', b'Request refused\n', 126)


def test_client_program(domain):
    control = domain.daemon()
    p = domain.call('vault', 'test.X+y', 'sh', '-c', 'read line; echo "got $line" ; echo "saved $line" >&$SAVED_FD_1; exit 4')
    data = answer_call(domain, control, accept_call(domain, control))
    data.send(wire.message(wire.STDOUT, b'hello\n'))
    assert data.message() == (wire.STDIN, b'got hello\n')
    data.send(wire.message(wire.STDOUT) + wire.message(wire.STDERR) + wire.message(wire.EXIT, struct.pack('<i', 0)))
    out, err = p.communicate(timeout=wire.SECONDS)
    assert (out, p.returncode) == (b'saved hello\n', 4)


def test_client_prefix_and_filter(domain):
    control = domain.daemon()
    p = domain.call('-t', '--prefix-data=pre', 'vault', 'test.X+y')
    data = answer_call(domain, control, accept_call(domain, control))
    assert data.message() == (wire.STDIN, b'pre')
    data.send(wire.message(wire.STDOUT, b'a\x1b[31m\xc3\xa9\n\t\x7f\x9b') + wire.message(wire.STDOUT) +
              wire.message(wire.EXIT, struct.pack('<i', 0)))
    assert p.communicate(timeout=wire.SECONDS)[0] == b'a_[31m__\n\t__'


def test_client_other_side_goes(domain):
    """Without an exit code it was no success."""
    control = domain.daemon()
    p = domain.call('vault', 'test.X+y')
    data = answer_call(domain, control, accept_call(domain, control))
    data.send(wire.message(wire.STDOUT, b'half'))
    data.close()
    assert p.communicate(timeout=wire.SECONDS)[0] == b'half'
    assert p.returncode == 255


def test_client_killed_before_the_answer(domain):
    control = domain.daemon()
    p = domain.call('vault', 'test.X+y')
    ident = accept_call(domain, control)
    p.send_signal(signal.SIGKILL)
    p.wait()
    control.send(wire.message(wire.CONNECT, struct.pack('<II', 2, 513) + ident))
    assert control.message() == (wire.TERMINATED, struct.pack('<II', 2, 513))


def test_daemon_goes_and_comes(domain):
    control = domain.daemon()
    p = domain.call('vault', 'test.X+y')
    accept_call(domain, control)
    control.close()
    assert p.wait(wire.SECONDS) == 126
    control = domain.daemon()
    assert run(domain, control, ME + b':QUBESRPC test.Echo+ work', b'again')[0] == b'again'


@pytest.mark.parametrize('bad', [wire.message(wire.TRIGGER4, b'x'), wire.message(wire.HELLO, b'\4\0\0\0'), b'\xff' * 8,
                                 struct.pack('<II', wire.TRIGGER4, 0xffffffff), wire.trigger4(b'a\0b')])
def test_hostile_caller(domain, bad):
    control = domain.daemon()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(wire.SECONDS)
        s.connect(str(domain.socket))
        s.sendall(bad)
        assert wire.Stream(s).at_end()
    assert run(domain, control, ME + b':QUBESRPC test.Echo+ work', b'x')[0] == b'x'


@pytest.mark.parametrize('name', ['service', 'caller'])
def test_truncated_at_every_byte(domain, name):
    """A data stream that ends anywhere ends the call, and only the call."""
    control = domain.daemon()
    if name == 'service':
        whole = wire.message(wire.HELLO, b'\4\0\0\0') + wire.message(wire.STDIN, b'abc') + wire.message(wire.STDIN)
        for n in range(len(whole)):
            server = wire.Server(wire.path_of(domain.dir, 2, 1, 513))
            control.send(wire.execute(2, 513, ME + b':QUBESRPC test.Echo+ work'))
            data = server.accept()
            data.send(whole[:n])
            data.sock.shutdown(socket.SHUT_RDWR)
            data.close()
            assert control.message() == (wire.TERMINATED, struct.pack('<II', 2, 513))
        return
    whole = (wire.message(wire.HELLO, b'\4\0\0\0') + wire.message(wire.STDOUT, b'abc') + wire.message(wire.STDOUT) +
             wire.message(wire.STDERR) + wire.message(wire.EXIT, b'\0' * 4))
    for n in range(0, len(whole), 3):
        p = domain.call('vault', 'test.X+y')
        control.send(wire.message(wire.CONNECT, struct.pack('<II', 2, 513) + accept_call(domain, control)))
        data = wire.connect(wire.path_of(domain.dir, 1, 2, 513))
        data.send(whole[:n])
        data.close()
        assert p.wait(wire.SECONDS) == 255
        assert control.message()[0] == wire.TERMINATED


def test_bug_class_E14_descriptors_stay_flat(domain):
    control = domain.daemon()
    fds = pathlib.Path(f'/proc/{domain.agent.pid}/fd')
    for i in range(20):
        run(domain, control, ME + b':QUBESRPC test.Echo+ work', b'x', port=513 + i)
    before = len(list(fds.iterdir()))
    for i in range(200):
        run(domain, control, ME + b':QUBESRPC test.Echo+ work', b'x', port=513 + i % 256)
    wire.wait_for('all descriptors are closed', lambda: len(list(fds.iterdir())) <= before)


def listens(path):
    """A socket is there a moment before it is listened on; the kernel's list tells the difference."""
    with open('/proc/net/unix') as f:
        return any(line.split()[3] == '00010000' and line.split()[-1] == str(path) for line in f)


@pytest.fixture
def with_fork_server(build, tmp_path):
    """A domain whose user alice has a session with a fork server in it."""
    d = Domain(build, tmp_path, options=['-s', str(tmp_path / '%s.fork')])
    d.fork_socket = tmp_path / 'alice.fork'
    server = subprocess.Popen([build / 'qrexec/bulkhead-qrexec-fork-server', d.fork_socket], env=dict(d.env, SESSION_MARK='alice'))
    wire.wait_for('the fork server', lambda: listens(d.fork_socket))
    d.fork_process = server
    yield d
    if server.returncode != -signal.SIGKILL:  # killed by the test
        server.terminate()
        assert server.wait(wire.SECONDS) == 0
    d.stop()


def test_fork_server(with_fork_server, tmp_path):
    """Calls for another user run in that user's session, through the fork server that stands there."""
    d = with_fork_server
    control = d.daemon()
    d.service('test.Session', '#!/bin/sh\necho "$SESSION_MARK $QREXEC_REMOTE_DOMAIN $1"; cat; exit 6\n')
    assert run(d, control, b'alice:QUBESRPC test.Session+a work', b'in')[:3] == (b'alice work a\nin', b'', 6)
    assert run(d, control, ME + b':QUBESRPC test.Session+a work', b'in')[:3] == (b' work a\nin', b'', 6)
    assert run(d, control, b'alice:echo $SESSION_MARK', peer=0)[0] == b'alice\n'
    assert run(d, control, b'alice:QUBESRPC test.Missing+ work')[2] == 127
    mark = tmp_path / 'mark'
    d.service('test.Mark', f'#!/bin/sh\necho "$SESSION_MARK" > {mark}\n')
    assert run(d, control, b'alice:QUBESRPC test.Mark+ work', kind=wire.JUST_EXEC)[2] == 0
    wire.wait_for('the program ran', lambda: mark.exists() and mark.read_text() == 'alice\n')
    # Without a session there, or where the call wants none, an agent that is not root can only say no.
    assert run(d, control, b'alice:nogui:QUBESRPC test.Session+a work')[2] == 125
    assert run(d, control, b'bob:QUBESRPC test.Session+a work')[2] == 125
    assert run(d, control, b'../alice:QUBESRPC test.Session+a work')[2] == 125


@pytest.mark.parametrize('bad', [b'x', b'\xff' * 16, struct.pack('<IIII', wire.EXEC, 1, 513, 0), struct.pack('<IIII', wire.EXEC, 1, 513, 70000),
                                 struct.pack('<IIII', wire.CONNECT, 1, 513, 2) + b'x\0', struct.pack('<IIII', wire.EXEC, 1, 513, 3) + b'x\0y'])
def test_hostile_job(with_fork_server, bad):
    d = with_fork_server
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(wire.SECONDS)
        s.connect(str(d.fork_socket))
        s.sendall(bad)
        s.shutdown(socket.SHUT_WR)
        assert wire.Stream(s).at_end()
    assert run(d, d.daemon(), b'alice:QUBESRPC test.Echo+ work', b'x')[0] == b'x'
