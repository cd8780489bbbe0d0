# SPDX-License-Identifier: GPL-2.0-or-later
"""bulkhead-hv and domains that do not keep to the rules: they harm themselves and nobody else."""
import contextlib
import mmap
import os
import random
import select
import socket
import struct
import threading
import time

import pytest

import rig

PAGE = 4096
PORT = 6000


@pytest.fixture
def hv():
    with rig.Hv() as running:
        yield running
        assert running.process.poll() is None, running.log_text()
        for domain in running.domains():
            running.destroy(domain)  # hv asserts that each account is at zero
        assert running.domains() == []


def close(fds):
    for fd in fds:
        os.close(fd)


def ended(sock):
    """The connection was closed from the other side; whatever came before it is read away."""
    while True:
        try:
            answer = rig.receive(sock)
        except ConnectionResetError:
            return True
        if answer is None:
            return True
        close(answer[2])


def hung_up(sock):
    """As ended, without reading anything."""
    poll = select.poll()
    poll.register(sock, 0)
    return bool(poll.poll(rig.PATIENCE * 1000))


def back_at(hv, fds):
    """hv holds no more descriptors than this, once it has seen all that was closed."""
    deadline = time.monotonic() + rig.PATIENCE
    while time.monotonic() < deadline:
        hv.domains()  # answered behind what happened before
        if hv.fds() <= fds:
            return True
    return False


def vchan(sock, kind, peer, port=PORT, read=None, write=None):
    """The reply socket of a vchan request."""
    ours, theirs = rig.pair()
    with theirs:
        server = kind == rig.VCHAN_SERVER
        rig.send(sock, rig.pack(kind, peer, port, read or (4096 if server else 0), write or (4096 if server else 0)),
                 [theirs.fileno()])
    return ours


def share(sock, count, peer=0):
    status, first, fds = rig.ask(sock, rig.PAGES_SHARE, peer, 0, count)
    return status, first, fds[0] if fds else None


def works(hv, path):
    """Somebody else is served as ever."""
    with rig.connect(path) as sock:
        status, first, fd = share(sock, 1)
        os.close(fd)
        return status == rig.OK and rig.ask(sock, rig.PAGES_UNSHARE, 0, first)[0] == rig.OK


def rss_kb(hv):
    with open(f"/proc/{hv.process.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def shmem_kb():
    with open("/proc/meminfo") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("Shmem:"))


def test_ids_are_never_given_twice(hv):
    seen = set()
    for _ in range(20):
        ident, _ = hv.create_domain("again")
        assert ident not in seen
        seen.add(ident)
        hv.destroy(ident)
    ident, _ = hv.create_domain("wanted", wanted=1000)
    assert ident == 1000
    for wanted in (1, 999, 1000):
        with pytest.raises(rig.Refused) as refused:
            hv.create_domain("earlier", wanted=wanted)
        assert refused.value.status == rig.E_BUSY
    assert hv.create_domain("next")[0] == 1001
    assert hv.create_domain("last", wanted=0x7fef)[0] == 0x7fef
    with pytest.raises(rig.Refused) as refused:
        hv.create_domain("beyond")
    assert refused.value.status == rig.E_HOST
    assert hv.domains() == [1000, 1001, 0x7fef]


HONEST_NEVER = [
    ("short", rig.pack(rig.PAGES_SHARE, 0, 0, 1)[:-1], 0),
    ("long", rig.pack(rig.PAGES_SHARE, 0, 0, 1) + b"\0", 0),
    ("huge", bytes(60000), 0),
    ("one byte", b"x", 0),
    ("unknown type", rig.pack(77), 0),
    ("answer", rig.pack(rig.ANSWER), 0),
    ("no count", rig.pack(rig.PAGES_SHARE), 0),
    ("beyond the largest share", rig.pack(rig.PAGES_SHARE, 0, 0, 98305), 0),
    ("padding", rig.pack(rig.PAGES_SHARE, 0, 0, 1, rest=(0, 1)), 0),
    ("a descriptor too many", rig.pack(rig.PAGES_SHARE, 0, 0, 1), 1),
    ("descriptors in plenty", rig.pack(rig.PAGES_SHARE, 0, 0, 1), 253),
    ("no reply socket", rig.pack(rig.VCHAN_CLIENT, 0, 1), 0),
    ("two reply sockets", rig.pack(rig.VCHAN_CLIENT, 0, 1), 2),
    ("about itself", rig.pack(rig.PAGES_MAP, 1, 16, 1), 0),
    ("create", rig.pack(rig.DOMAIN_CREATE, 0, 1, 1, 1), 1),
    ("destroy", rig.pack(rig.DOMAIN_DESTROY, 1), 0),
    ("admit", rig.pack(rig.ADMIT, 1), 1),
    ("list", rig.pack(rig.DOMAIN_NEXT), 0),
]


@pytest.mark.parametrize("data, fds", [row[1:] for row in HONEST_NEVER], ids=[row[0] for row in HONEST_NEVER])
def test_what_no_honest_process_sends(hv, data, fds):
    ident, path = hv.create_domain("hostile")
    assert ident == 1
    before = hv.fds()
    ours, theirs = rig.pair()
    with ours, theirs, rig.connect(path) as sock:
        rig.send(sock, data, [theirs.fileno()] * fds)
        assert ended(sock)
    assert works(hv, path)
    assert back_at(hv, before)
    assert hv.domains() == [1]


def test_a_reply_socket_of_another_kind(hv):
    _, path = hv.create_domain("hostile")
    before = hv.fds()
    stream, other = socket.socketpair()
    with stream, other, rig.seqpacket() as listening, open("/dev/null") as null, socket.socket() as tcp:
        listening.bind("")
        listening.listen()
        epoll = select.epoll()
        for fd in (stream.fileno(), listening.fileno(), null.fileno(), tcp.fileno(), epoll.fileno()):
            with rig.connect(path) as sock:
                rig.send(sock, rig.pack(rig.VCHAN_CLIENT, 0, 1), [fd])
                assert ended(sock)
        epoll.close()
    assert works(hv, path)
    assert back_at(hv, before)


def test_admitted_may_speak_of_one_domain_only(hv):
    one, _ = hv.create_domain("one")
    two, path = hv.create_domain("two")
    with rig.connect(path) as sock:
        status, first, fd = share(sock, 2)
        os.close(fd)
        with hv.admit(two) as right:
            status, offset, fds = rig.ask(right, rig.PAGES_MAP, two, first, 2)
            assert (status, offset, len(fds)) == (rig.OK, 0, 1)
            close(fds)
        with hv.admit(one) as wrong:
            rig.send(wrong, rig.pack(rig.PAGES_MAP, two, first, 2))
            assert ended(wrong)
        for kind in (rig.DOMAIN_DESTROY, rig.ADMIT, rig.DOMAIN_NEXT):
            with hv.admit(one) as wrong:
                rig.send(wrong, rig.pack(kind, one))
                assert ended(wrong)
    with hv.admit(one) as left:
        hv.destroy(one)
        assert ended(left)


def test_references(hv):
    """Only the whole range of one share, only its peer, and never again one that was given back."""
    one, path_one = hv.create_domain("one")
    two, path_two = hv.create_domain("two")
    three, path_three = hv.create_domain("three")
    with rig.connect(path_one) as owner, rig.connect(path_two) as peer, rig.connect(path_three) as stranger:
        _, first, fd = share(owner, 4, two)
        _, second, fd_two = share(owner, 4, two)
        assert second == first + 4
        for at, count in ((first, 3), (first, 5), (first + 1, 3), (first, 8), (first - 1, 4), (0, 1), (0xffffffff, 1),
                          (0xffffffff, 98304)):
            assert rig.ask(peer, rig.PAGES_MAP, one, at, count)[0] == rig.E_REFS
        assert rig.ask(stranger, rig.PAGES_MAP, one, first, 4)[0] == rig.E_REFS
        assert rig.ask(peer, rig.PAGES_MAP, three, first, 4)[0] == rig.E_REFS
        assert rig.ask(peer, rig.PAGES_MAP, 999, first, 4)[0] == rig.E_NO_DOMAIN
        status, _, fds = rig.ask(peer, rig.PAGES_MAP, one, first, 4)
        assert status == rig.OK
        os.pwrite(fd, b"shown", PAGE)
        with mmap.mmap(fds[0], 4 * PAGE, mmap.MAP_SHARED, mmap.PROT_READ) as view:
            assert view[PAGE:PAGE + 5] == b"shown"
            with pytest.raises(PermissionError):
                mmap.mmap(fds[0], PAGE, mmap.MAP_SHARED, mmap.PROT_WRITE)
            assert rig.ask(owner, rig.PAGES_UNSHARE, 0, first + 1)[0] == rig.E_REFS
            with rig.connect(path_one) as sibling:  # another process of the same domain
                assert rig.ask(sibling, rig.PAGES_UNSHARE, 0, first)[0] == rig.E_REFS
            assert rig.ask(owner, rig.PAGES_UNSHARE, 0, first)[0] == rig.OK
            assert rig.ask(owner, rig.PAGES_UNSHARE, 0, first)[0] == rig.E_REFS
            assert rig.ask(peer, rig.PAGES_MAP, one, first, 4)[0] == rig.E_REFS
            assert view[PAGE:PAGE + 5] == b"shown"
        close(fds + [fd, fd_two])
        _, third, fd = share(owner, 4, two)
        assert third == second + 4
        os.close(fd)


def test_memory_cannot_be_resized_or_resealed(hv):
    _, path = hv.create_domain("hostile")
    with rig.connect(path) as sock:
        _, _, fd = share(sock, 3)
        for size in (0, PAGE, 4 * PAGE, 1 << 40):
            with pytest.raises(PermissionError):
                os.ftruncate(fd, size)
        import fcntl
        with pytest.raises(PermissionError):
            fcntl.fcntl(fd, 1033, 8)  # F_ADD_SEALS, F_SEAL_WRITE
        assert os.fstat(fd).st_size == 3 * PAGE
        os.close(fd)


def test_kept_memory_stays_charged(hv):
    """Giving a share back while holding its descriptor, or only its mapping, gains nothing."""
    _, path = hv.create_domain("greedy", max_pages=100)
    with rig.connect(path) as sock:
        assert share(sock, 101)[0] == rig.E_QUOTA
        status, first, fd = share(sock, 100)
        assert status == rig.OK
        assert share(sock, 1)[0] == rig.E_QUOTA
        assert rig.ask(sock, rig.PAGES_UNSHARE, 0, first)[0] == rig.OK
        assert share(sock, 1)[0] == rig.E_QUOTA
        held = mmap.mmap(fd, PAGE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        os.close(fd)
        assert share(sock, 1)[0] == rig.E_QUOTA
        held.close()
        status, first, fd = share(sock, 100)
        assert status == rig.OK
    with rig.connect(path) as sock:  # the connection ended, the descriptor did not
        assert share(sock, 1)[0] == rig.E_QUOTA
        os.close(fd)
        status, _, fd = share(sock, 100)
        assert status == rig.OK
        os.close(fd)


def test_the_mapper_s_hold_is_charged_to_the_owner(hv):
    ident, path = hv.create_domain("owner", max_pages=10)
    with rig.connect(path) as sock, hv.admit(ident) as admin:
        _, first, fd = share(sock, 10)
        _, _, fds = rig.ask(admin, rig.PAGES_MAP, ident, first, 10)
        os.close(fd)
        assert rig.ask(sock, rig.PAGES_UNSHARE, 0, first)[0] == rig.OK
        assert share(sock, 1)[0] == rig.E_QUOTA
        close(fds)
        status, _, fd = share(sock, 10)
        assert status == rig.OK
        os.close(fd)


def test_connections_are_bounded(hv):
    _, path = hv.create_domain("many", max_connections=5)
    _, other = hv.create_domain("other")
    with contextlib.ExitStack() as stack:
        first = [stack.enter_context(rig.connect(path)) for _ in range(5)]
        for sock in first:
            assert rig.ask(sock, rig.PAGES_UNSHARE, 0, 1)[0] == rig.E_REFS
        waiting = stack.enter_context(rig.connect(path))
        rig.send(waiting, rig.pack(rig.PAGES_UNSHARE, 0, 1))
        assert works(hv, other)
        assert not select.select([waiting], [], [], 0)[0]
        first[2].close()
        assert rig.receive(waiting)[0] == rig.E_REFS


def test_vchan_meeting(hv):
    one, path_one = hv.create_domain("one")
    two, path_two = hv.create_domain("two")
    three, path_three = hv.create_domain("three")
    with rig.connect(path_one) as a, rig.connect(path_two) as b, rig.connect(path_three) as c:
        early = vchan(b, rig.VCHAN_CLIENT, one)
        stranger = vchan(c, rig.VCHAN_CLIENT, one)
        late = vchan(b, rig.VCHAN_CLIENT, one)
        other_port = vchan(b, rig.VCHAN_CLIENT, one, PORT + 1)
        server = vchan(a, rig.VCHAN_SERVER, two)
        status, _, server_fds = rig.receive(server)
        assert status == rig.OK and len(server_fds) == 3
        status, _, client_fds = rig.receive(early)
        assert status == rig.OK and len(client_fds) == 3
        assert os.fstat(client_fds[0]).st_ino == os.fstat(server_fds[0]).st_ino
        for waiting in (stranger, late, other_port):
            assert not select.select([waiting], [], [], 0)[0]
        os.write(server_fds[2], b"!")
        assert os.read(client_fds[1], 9) == b"!"
        close(server_fds)
        assert os.read(client_fds[1], 9) == b""  # hang-up: nobody else holds the server's ends
        close(client_fds)
        for reply in (early, stranger, late, other_port, server):
            reply.close()


def test_a_server_that_died_is_not_offered(hv):
    ident, path = hv.create_domain("work")
    with rig.connect(path) as domain, hv.admit(ident) as admin:
        for _ in range(50):
            with vchan(domain, rig.VCHAN_SERVER, 0) as dead:
                close(rig.receive(dead)[2])  # and is gone, before anybody came
            with vchan(admin, rig.VCHAN_CLIENT, ident) as client, vchan(domain, rig.VCHAN_SERVER, 0) as server:
                _, _, server_fds = rig.receive(server)
                _, _, client_fds = rig.receive(client)
                os.write(client_fds[2], b"x")
                assert os.read(server_fds[1], 1) == b"x"
                close(server_fds + client_fds)


def test_withdrawn_requests_cost_nothing(hv):
    ident, path = hv.create_domain("work", max_vchans=8)
    with rig.connect(path) as sock:
        for _ in range(200):
            replies = [vchan(sock, rig.VCHAN_CLIENT, 0, port) for port in range(8)]
            with vchan(sock, rig.VCHAN_CLIENT, 0, 99) as ninth:
                assert rig.receive(ninth)[0] == rig.E_QUOTA
            for reply in replies:
                reply.close()
            # answered behind the hang-ups, which the loop has seen by then
            while True:
                with vchan(sock, rig.VCHAN_SERVER, 0, 100) as server:
                    status, _, fds = rig.receive(server)
                    close(fds)
                    if status == rig.OK:
                        break
                    assert status == rig.E_QUOTA


def test_a_reply_socket_kept_open_on_both_ends(hv):
    """The same description stays open in the domain: what hv forgot must not come back as an event."""
    ident, path = hv.create_domain("hostile")
    ours, theirs = rig.pair()
    with rig.connect(path) as sock:
        for port in range(100):
            rig.send(sock, rig.pack(rig.VCHAN_CLIENT, 0, port), [theirs.fileno()])
        rig.ask(sock, rig.PAGES_UNSHARE, 0, 1)
    hv.destroy(ident)
    ours.close()
    _, path = hv.create_domain("honest")
    assert works(hv, path)
    theirs.close()


def test_bug_class_D5_fresh_memory_is_zero(hv):
    _, path = hv.create_domain("work")
    with rig.connect(path) as sock:
        for _ in range(20):
            _, first, fd = share(sock, 64)
            assert os.pread(fd, 64 * PAGE, 0) == bytes(64 * PAGE)
            os.pwrite(fd, b"secret" * 1000, 0)
            os.close(fd)
            rig.ask(sock, rig.PAGES_UNSHARE, 0, first)
        with vchan(sock, rig.VCHAN_SERVER, 0) as server:
            _, _, fds = rig.receive(server)
            header = os.pread(fds[0], PAGE, 0)
            assert header == struct.pack("<16x2H4B", 12, 12, 2, 1, 1, 0) + bytes(PAGE - 24)
            close(fds)


@pytest.mark.slow
def test_bug_class_D7_share_cycles_stay_flat(hv):
    ident, path = hv.create_domain("work", max_pages=64, max_vchans=4)
    with rig.connect(path) as sock, hv.admit(ident) as admin:

        def cycle(i):
            status, first, fd = share(sock, 1 + i % 60)
            assert status == rig.OK, (i, status)
            if i % 10 == 0:
                _, _, fds = rig.ask(admin, rig.PAGES_MAP, ident, first, 1 + i % 60)
                close(fds)
            os.close(fd)
            assert rig.ask(sock, rig.PAGES_UNSHARE, 0, first)[0] == rig.OK
            if i % 50 == 0:
                with vchan(sock, rig.VCHAN_SERVER, 0) as server:
                    with vchan(admin, rig.VCHAN_CLIENT, ident) as client:
                        close(rig.receive(server)[2] + rig.receive(client)[2])

        for i in range(2000):
            cycle(i)
        assert hv.domains() == [ident]
        fds, rss, shmem = hv.fds(), rss_kb(hv), shmem_kb()
        for i in range(100000):
            cycle(i)
        assert back_at(hv, fds)
        assert rss_kb(hv) <= rss + 256
        assert shmem_kb() <= shmem + 64 * 1024  # the whole machine's; ours alone would be gigabytes


def test_bug_class_D8_a_large_request_holds_nobody_up(hv):
    """While the largest share is being filled, others are served."""
    _, greedy_path = hv.create_domain("greedy")
    _, path = hv.create_domain("honest")
    with rig.connect(greedy_path) as greedy, rig.connect(path) as honest:
        rig.send(greedy, rig.pack(rig.PAGES_SHARE, 0, 0, 98304))
        for _ in range(5):
            status, first, fd = share(honest, 16)
            assert status == rig.OK
            os.close(fd)
            assert rig.ask(honest, rig.PAGES_UNSHARE, 0, first)[0] == rig.OK
        assert not select.select([greedy], [], [], 0)[0], "the large share was there first"
        status, first, fds = rig.receive(greedy)
        assert status == rig.OK
        close(fds)


def test_bug_class_D8_a_connection_that_ends_while_it_is_filled(hv):
    _, path = hv.create_domain("greedy", max_pages=98304)
    before = hv.fds()
    for _ in range(5):
        with rig.connect(path) as sock:
            rig.send(sock, rig.pack(rig.PAGES_SHARE, 0, 0, 98304))
    assert back_at(hv, before)
    with rig.connect(path) as sock:  # each was given up; were one still charged, this would be refused
        status, _, fd = share(sock, 98304)
        assert status == rig.OK
        os.close(fd)
    assert works(hv, path)
    assert back_at(hv, before)


def test_bug_class_D8_never_reading(hv):
    ident, path = hv.create_domain("hostile")
    _, other = hv.create_domain("honest")
    before = hv.fds()
    for _ in range(300):
        with rig.connect(path) as sock:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for _ in range(20):
                    rig.send(sock, rig.pack(rig.PAGES_SHARE, 0, 0, 1))
            assert hung_up(sock)
    assert works(hv, other)
    assert back_at(hv, before)


def lingering():
    """A TCP socket whose last close waits for its peer."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        sock = socket.create_connection(listener.getsockname())
        peer, _ = listener.accept()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 60))
    sock.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            sock.send(bytes(1 << 16))
    return sock, peer


@pytest.mark.parametrize("way", ["beside a request", "among many", "unread", "in a reply socket", "in a socket in a socket",
                                 "before it was accepted"])
def test_bug_class_D8_a_descriptor_that_lingers(hv, way):
    """Discarding what a domain sent must not wait for the domain."""
    ident, path = hv.create_domain("hostile", max_connections=1 if way == "before it was accepted" else 5)
    _, other = hv.create_domain("honest")
    sock, peer = lingering()
    with peer, rig.connect(path) as domain, rig.connect(path) as second:
        request = rig.pack(rig.PAGES_SHARE, 0, 0, 1)
        if way == "beside a request":
            rig.send(domain, request, [sock.fileno()])
        elif way == "among many":
            null = os.open("/dev/null", os.O_RDONLY)
            rig.send(domain, request, [null, null, null, sock.fileno()])
            os.close(null)
        elif way == "unread":
            rig.send(domain, rig.pack(77))
            try:
                rig.send(domain, request, [sock.fileno()])
            except BrokenPipeError:  # too late; then it is ours to close
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
        elif way == "before it was accepted":
            assert rig.ask(domain, rig.PAGES_UNSHARE, 0, 1)[0] == rig.E_REFS
            rig.send(second, request, [sock.fileno()])
        else:
            ours, theirs = rig.pair()
            rig.send(ours, b"x", [sock.fileno()])
            if way == "in a socket in a socket":
                outer, outer_end = rig.pair()
                rig.send(outer, b"x", [theirs.fileno()])
                theirs.close()
                ours, theirs = outer, outer_end
            rig.send(domain, rig.pack(rig.VCHAN_CLIENT, 0, 5), [theirs.fileno()])
            theirs.close()
            ours.close()
        sock.close()
        done = threading.Event()
        thread = threading.Thread(target=lambda: works(hv, other) and hv.destroy(ident) is None and done.set())
        thread.start()
        assert done.wait(20), "everybody waited for the hostile domain's socket"
        thread.join()


def test_bug_class_D8_each_end_has_flags_of_its_own(hv):
    """A peer that clears O_NONBLOCK on all that it holds, and fills its bell, does not make ours block."""
    ident, path = hv.create_domain("hostile")
    with rig.connect(path) as domain, hv.admit(ident) as admin:
        with vchan(domain, rig.VCHAN_SERVER, 0) as server, vchan(admin, rig.VCHAN_CLIENT, ident) as client:
            theirs, ours = rig.receive(server)[2], rig.receive(client)[2]
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(theirs[2], bytes(4096))
        for fd in theirs:
            os.set_blocking(fd, True)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.read(ours[1], 1 << 20)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(ours[2], bytes(4096))
        assert not os.get_blocking(ours[1]) and not os.get_blocking(ours[2])
        close(theirs + ours)


@pytest.mark.parametrize("seed", range(4))
def test_random_requests(hv, seed):
    """Three domains and the admin's side do whatever comes to mind; hv stays, and every account ends at zero."""
    chance = random.Random(seed)
    rooms = [hv.create_domain(f"d{i}", max_pages=3000, max_vchans=6, max_connections=4) for i in range(3)]
    idents = [ident for ident, _ in rooms]
    socks, replies, fds, firsts = [], [], [], [16]

    def one_step():
        peer = chance.choice(idents + [0, 0, 9])
        what = chance.randrange(12)
        if what == 0 or not socks:
            ident, path = chance.choice(rooms)
            if len(socks) < 10:
                sock = rig.connect(path) if chance.random() < 0.5 else hv.admit(ident)
                sock.setblocking(False)
                socks.append(sock)
        elif what == 1:
            socks.pop(chance.randrange(len(socks))).close()
        elif what == 2 and replies:
            replies.pop(chance.randrange(len(replies))).close()
        elif what == 3 and fds:
            os.close(fds.pop(chance.randrange(len(fds))))
        elif what == 4:
            ours, theirs = rig.pair()
            with theirs:
                kind = chance.choice([rig.VCHAN_SERVER, rig.VCHAN_CLIENT])
                sizes = (chance.choice([1, 4096, 1 << 20]),) * 2 if kind == rig.VCHAN_SERVER else (0, 0)
                rig.send(chance.choice(socks), rig.pack(kind, peer, chance.randrange(2), *sizes), [theirs.fileno()])
            ours.setblocking(False)
            replies.append(ours)
        elif what == 5:
            rig.send(chance.choice(socks), bytes(chance.randrange(256) for _ in range(chance.choice([32, 32, 5]))))
        elif what == 6:
            ident, path = rooms.pop(0)
            hv.destroy(ident)
            idents.remove(ident)
            rooms.append(hv.create_domain(f"again{hv.domains()}", max_pages=3000, max_vchans=6, max_connections=4))
            idents.append(rooms[-1][0])
        else:
            sock, first = chance.choice(socks), chance.choice(firsts)
            kind, a, b = chance.choice([(rig.PAGES_SHARE, 0, chance.choice([1, 7, 2000])), (rig.PAGES_UNSHARE, first, 0),
                                        (rig.PAGES_MAP, first, chance.choice([1, 7, 2000]))])
            rig.send(sock, rig.pack(kind, 0 if kind == rig.PAGES_UNSHARE else peer, a, b))
            if select.select([sock], [], [], 1)[0]:
                answer = rig.receive(sock)
                if answer and answer[0] == rig.OK and answer[1]:
                    firsts[:] = (firsts + [answer[1]])[-20:]
                fds.extend(answer[2] if answer else [])

    for _ in range(1500):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, BlockingIOError):
            one_step()
        assert hv.process.poll() is None, hv.log_text()
        socks[:] = [s for s in socks if not closed(s)]
    for sock in socks + replies:
        sock.close()
    close(fds)
    assert works(hv, hv.create_domain("honest")[1])


def closed(sock):
    poll = select.poll()
    poll.register(sock, 0)
    if poll.poll(0):
        sock.close()
        return True
    return False


def test_the_log_is_not_flooded(hv):
    _, path = hv.create_domain("noisy")
    for _ in range(500):
        with rig.connect(path) as sock:
            rig.send(sock, b"noise")
            assert ended(sock)
    lines = hv.log_text().splitlines()
    assert 1 <= len(lines) < 30
    assert "domain 1" in lines[0] and "another length" in lines[0]


def test_it_survives_its_manager_and_ends_when_nothing_is_left():
    with rig.Hv() as hv:
        ident, path = hv.create_domain("work")
        hv.manager.close()
        assert works(hv, path)
        hv.manager = rig.connect(hv.manager_path)
        assert hv.domains() == [ident]
        hv.destroy(ident)
        hv.manager.close()
        assert hv.process.wait(rig.PATIENCE) == 0


def test_a_second_one_does_not_take_the_place_of_the_first(hv):
    import subprocess
    argv = [rig.program("bulkhead-hv"), f"--manager-socket={hv.manager_path}"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=rig.PATIENCE)
    assert done.returncode == 1 and "in use" in done.stderr
    assert hv.domains() == []


@pytest.mark.measures  # a sanitizer's build is not confined
def test_it_is_confined(hv):
    hv.domains()  # nobody is served before
    with open(f"/proc/{hv.process.pid}/status") as f:
        status = dict(line.split(":", 1) for line in f)
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"
    assert os.stat(hv.manager_path).st_mode & 0o777 == 0o600
