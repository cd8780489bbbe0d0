# SPDX-License-Identifier: GPL-2.0-or-later
"""bulkhead-hv without the manager, for tests and for trying things.

    with Hv() as hv:
        work, path = hv.create_domain("work")
        ["bulkhead-gui-agent", "--vchan=local:" + path, ...]       # speaks as the domain
        with hv.admit(work) as end:                                # speaks as the admin domain, of "work" only
            ["bulkhead-gui-daemon", f"--vchan=local-fd:{end.fileno()}", ...], pass_fds=[end.fileno()]

Each end admitted is for one process. The programs come from the build folder: $BULKHEAD_BUILD, else build/
beside the tests.
"""
import array
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

VCHAN_SERVER, VCHAN_CLIENT, PAGES_SHARE, PAGES_UNSHARE, PAGES_MAP = 1, 2, 3, 4, 5
DOMAIN_CREATE, DOMAIN_DESTROY, ADMIT, DOMAIN_NEXT, ANSWER = 6, 7, 8, 9, 0x80
OK, E_REQUEST, E_QUOTA, E_NO_DOMAIN, E_BUSY, E_REFS, E_HOST = range(7)
STATUS = ["ok", "request", "quota", "no domain", "busy", "refs", "host"]
PATIENCE = 30
LIBC = ctypes.CDLL(None)


def end_with_parent():
    LIBC.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def build_dir():
    top = pathlib.Path(__file__).resolve().parent.parent.parent
    return pathlib.Path(os.environ.get("BULKHEAD_BUILD", top / "build"))


def program(name):
    """The path of a built program, wherever in the build folder it stands."""
    for path in sorted(build_dir().glob(f"*/{name}")) + sorted(build_dir().glob(f"*/*/{name}")):
        if path.is_file():
            return str(path)
    raise FileNotFoundError(f"{name} is not built in {build_dir()}")


def pack(kind, peer=0, a=0, b=0, c=0, ident=1, rest=(0, 0)):
    return struct.pack("<8I", kind, ident, peer, a, b, c, *rest)


def send(sock, data, fds=()):
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sock.sendmsg([data], rights)


def receive(sock):
    """(status, value, descriptors); None when the connection ended."""
    data, control, _, _ = sock.recvmsg(64, socket.CMSG_SPACE(16))
    fds = array.array("i")
    for level, kind, body in control:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(body[:len(body) - len(body) % fds.itemsize])
    if not data:
        return None
    kind, _, status, value, *rest = struct.unpack("<8I", data)
    assert kind == ANSWER and not any(rest), data
    return status, value, list(fds)


def ask(sock, kind, peer=0, a=0, b=0, c=0, fds=()):
    send(sock, pack(kind, peer, a, b, c), fds)
    return receive(sock)


def seqpacket():
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(PATIENCE)
    return sock


def connect(path):
    sock = seqpacket()
    sock.connect(str(path))
    return sock


def pair():
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.settimeout(PATIENCE)
    return ends


class Refused(Exception):
    def __init__(self, status):
        super().__init__(STATUS[status])
        self.status = status


class Hv:
    """A bulkhead-hv of one's own, in a temporary folder, run by the current user."""

    def __init__(self, folder=None):
        self.owned = None if folder else tempfile.mkdtemp(prefix="bulkhead-hv-")
        self.folder = pathlib.Path(folder or self.owned)
        self.manager_path = self.folder / "manager"
        self.listeners = {}
        ready, theirs = os.pipe()
        self.log = open(self.folder / "hv.log", "ab")
        self.process = subprocess.Popen(
            [program("bulkhead-hv"), f"--manager-socket={self.manager_path}", f"--ready-fd={theirs}"],
            pass_fds=[theirs], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=end_with_parent)
        os.close(theirs)
        with os.fdopen(ready, "rb") as pipe:
            if pipe.read() != b"\n":
                raise RuntimeError("bulkhead-hv did not start: " + self.log_text())
        self.manager = connect(self.manager_path)

    def log_text(self):
        return (self.folder / "hv.log").read_text(errors="replace")

    def ask(self, kind, peer=0, a=0, b=0, c=0, fds=()):
        answer = ask(self.manager, kind, peer, a, b, c, fds)
        if answer is None:
            raise ConnectionError("bulkhead-hv closed the manager's connection")
        if answer[0] != OK:
            raise Refused(answer[0])
        return answer[1]

    def create_domain(self, name, max_pages=262144, max_vchans=256, max_connections=64, wanted=0):
        """(id, path of the socket at which the domain's programs find bulkhead-hv)"""
        path = self.folder / f"{name}.hv"
        path.unlink(missing_ok=True)
        with seqpacket() as listener:
            listener.bind(str(path))
            listener.listen(64)
            ident = self.ask(DOMAIN_CREATE, wanted, max_pages, max_vchans, max_connections, [listener.fileno()])
        self.listeners[ident] = path
        return ident, str(path)

    def admit(self, domain):
        """A connected socket for one process of the admin domain that serves this domain."""
        ours, theirs = pair()
        with theirs:
            self.ask(ADMIT, domain, fds=[theirs.fileno()])
        ours.settimeout(None)
        return ours

    def destroy(self, domain):
        self.ask(DOMAIN_DESTROY, domain)
        self.listeners.pop(domain).unlink()

    def domains(self):
        found, last = [], 0
        while True:
            try:
                last = self.ask(DOMAIN_NEXT, last)
            except Refused:
                return found
            found.append(last)

    def fds(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def close(self):
        self.manager.close()
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()
        if self.owned:
            shutil.rmtree(self.owned)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()
