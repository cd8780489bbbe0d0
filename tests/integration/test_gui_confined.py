# SPDX-License-Identifier: GPL-2.0-or-later
"""The gui-daemon as a process of its own, through bulkhead-hv, as it really runs: confined."""
import os
import re
import select
import signal
import socket
import struct
import subprocess

import pytest
from gui_stage import Agent, Screen, check_frame, decoder_of
from rig import Hv

SIZE = 288
GUI_STARTED, GUI_CONNECTED, GUI_REFUSED, GUI_GONE = 1, 2, 5, 6


def sanitized(build):
    """Such builds need calls of their own and are confined less."""
    return b'__asan_init' in (build / 'gui-daemon' / 'bulkhead-gui-daemon').read_bytes()


class Rig:
    """bulkhead-hv, a daemon and an agent of one domain on a display."""

    def __init__(self, programs, build, screen, hv, wrapper=()):
        domain, path = hv.create_domain('work')
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(30)
        self.ctl = ours
        self.screen = Screen(screen)
        self.screen.move_pointer_away()
        with hv.admit(domain) as end:
            self.daemon = programs.start(
                [*wrapper, build / 'gui-daemon' / 'bulkhead-gui-daemon', f'--domain-id={domain}', '--name=work', '--label=orange',
                 f'--vchan=local-fd:{end.fileno()}', f'--ctl-fd={theirs.fileno()}'],
                pass_fds=[end.fileno(), theirs.fileno()], stderr=subprocess.PIPE, text=True, env={**os.environ, 'DISPLAY': screen})
        theirs.close()
        assert self.hear()[0] == GUI_STARTED
        self.agent = Agent(programs, build, path)

    def hear(self):
        data = self.ctl.recv(SIZE)
        return struct.unpack('<II', data[:8]) + (data[8:264].split(b'\0')[0].decode(),) if data else None

    def hear_until(self, kind):
        while True:
            m = self.hear()
            assert m, 'the daemon ended'
            if m[0] == kind:
                return m


@pytest.fixture
def hv():
    with Hv() as h:
        yield h


def test_window_of_a_confined_daemon(programs, build, screen, hv):
    rig = Rig(programs, build, screen, hv)
    rig.agent.window(1, 300, 200, 200, 150, image=0x123456)
    check_frame(rig.screen, rig.screen.shown(1), 0x123456)
    for pid in (rig.daemon.pid, decoder_of(rig.daemon.pid)):
        status = dict(line.split(':\t', 1) for line in open(f'/proc/{pid}/status') if ':\t' in line)
        assert status['NoNewPrivs'].strip() == '1'
        assert status['Threads'].strip() == '1', 'another thread would not be confined'
        if not sanitized(build):
            assert status['Seccomp'].strip() == '2'


def sockets(pid):
    names = [os.readlink(f'/proc/{pid}/fd/{fd}') for fd in os.listdir(f'/proc/{pid}/fd')]
    return {name for name in names if name.startswith('socket:')}


def test_decoder_has_no_way_to_the_desktop(programs, build, screen, hv):
    """Of its sockets none is the X connection's or the manager's, and nothing in its environment leads there."""
    rig = Rig(programs, build, screen, hv)
    rig.agent.window(1, 300, 200, 200, 150, image=0x123456)
    decoder = decoder_of(rig.daemon.pid)
    assert len(sockets(decoder)) == 2, 'bulkhead-hv and the other half'
    assert len(sockets(rig.daemon.pid)) == 3, 'the X server, the manager and the other half'
    assert not sockets(decoder) & sockets(rig.daemon.pid)
    with open(f'/proc/{decoder}/environ') as f:
        names = {entry.split('=')[0] for entry in f.read().split('\0') if entry}
    assert names <= {'ASAN_OPTIONS', 'LSAN_OPTIONS', 'UBSAN_OPTIONS', 'VCHAN_DOMAIN', 'VCHAN_SOCKET_DIR'}
    with open(f'/proc/{decoder}/maps') as f:
        assert 'libxcb' not in f.read()
    with open(f'/proc/{rig.daemon.pid}/maps') as f:
        assert 'bulkhead-pages' not in f.read(), 'the screen does not map what a domain writes'


def test_decoder_dies_and_the_daemon_with_it(programs, build, screen, hv):
    rig = Rig(programs, build, screen, hv)
    rig.agent.window(1, 300, 200, 200, 150)
    rig.screen.shown(1)
    os.kill(decoder_of(rig.daemon.pid), signal.SIGKILL)
    assert 'the process that reads its messages ended' in rig.hear_until(GUI_REFUSED)[2]
    rig.hear_until(GUI_GONE)
    assert rig.daemon.wait(30) == 0
    assert rig.daemon.stderr.read().count('connection ended') == 1


def test_daemon_dies_and_the_decoder_with_it(programs, build, screen, hv):
    rig = Rig(programs, build, screen, hv)
    decoder = os.pidfd_open(decoder_of(rig.daemon.pid))
    rig.daemon.kill()
    assert select.select([decoder], [], [], 30)[0], 'the decoder lives on'
    os.close(decoder)


def test_daemon_ends_with_its_agent(programs, build, screen, hv):
    rig = Rig(programs, build, screen, hv)
    rig.agent.window(1, 300, 200, 200, 150)
    rig.screen.shown(1)
    rig.agent.p.kill()
    rig.hear_until(GUI_GONE)
    assert rig.daemon.wait(30) == 0


def test_foreign_pages_end_the_connection(programs, build, screen, hv):
    rig = Rig(programs, build, screen, hv)
    rig.agent.window(1, 300, 200, 200, 150)
    rig.agent.say('foreign-dump 1 200 150')
    assert 'memory that it never shared' in rig.hear_until(GUI_REFUSED)[2]
    rig.hear_until(GUI_GONE)
    assert rig.daemon.wait(30) == 0
    assert 'work: sent WINDOW_DUMP' in rig.daemon.stderr.read()


def test_nothing_is_opened_after_the_lock(programs, build, screen, hv, tmp_path):
    """A session under strace, with everything that could load lazily: cursors, titles, flags, pop-ups, icons."""
    if sanitized(build):
        pytest.skip('this build is not confined')
    trace = tmp_path / 'trace'
    rig = Rig(programs, build, screen, hv, ['strace', '-f', '-o', trace])
    a = rig.agent
    for number in range(1, 6):
        a.window(number, 100 + 50 * number, 100, 200, 150, popup=number % 2, image=0x123456)
    a.say(*(f'cursor 1 {0x100 + glyph}' for glyph in range(0, 0x9a, 2)), 'title 1 ' + 'é' * 50, 'flags 2 7 0', 'hints 2 16 10 10 0 0 0 0 0 0',
          'create 20 0 0 20 20 0', 'dock 20', 'unmap 1', 'destroy 2', 'damage 3 0 0 10 10', 'raw ' + '00' * 12)
    rig.hear_until(GUI_GONE)
    assert rig.daemon.wait(30) == 0
    processes = {}
    for line in open(trace):
        pid, call = line.split(maxsplit=1)
        processes.setdefault(pid, []).append(call.strip())
    assert len(processes) == 2
    for calls in processes.values():
        locked = next(i for i, c in enumerate(calls) if c.startswith(('seccomp(SECCOMP_SET_MODE_FILTER', 'prctl(PR_SET_SECCOMP')))
        after = calls[locked + 1:]
        assert len(after) > 100
        names = {m.group(1) for c in after if (m := re.match(r'(\w+)\(', c))}
        assert not names & {'open', 'openat', 'socket', 'connect', 'execve', 'clone', 'clone3', 'fork', 'vfork'}
        assert not [c for c in after if 'EPERM' in c]
