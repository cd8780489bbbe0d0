# SPDX-License-Identifier: GPL-2.0-or-later
"""A gui-daemon whose decoder was taken over: a program of the test stands in its place and says what it likes. The desktop does not feel it."""
import os
import shutil
import socket
import struct
import subprocess
import sys

import pytest
from gui_stage import Screen, Stage, check_frame, program_of

GUI_STARTED, GUI_WINDOWS, GUI_REFUSED, GUI_GONE = 1, 3, 5, 6
GOOD = 0x600

# What a decoder of the test begins with: the socket, and the orders of proto/view.h.
PROLOGUE = '''#!{python}
import array, fcntl, os, socket, struct, sys
screen = socket.socket(fileno=int(sys.argv[-1].split('=')[1]))
READY, CONNECTED, REFUSED, SAID, END = 1, 2, 3, 4, 5
CREATE, DESTROY, MAP, UNMAP, PLACE, DOCK, TITLE, CLASS, HINTS, FLAGS, CURSOR, IMAGE, DROP, PAINT = range(16, 30)
def order(kind, window=1, *words, more=b''):
    return struct.pack(f'<{{2 + len(words)}}I', kind, window, *(w & 0xffffffff for w in words)) + more
def say(*orders, fds=()):
    screen.sendmsg([b''.join(orders)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else [])
def memory(size, seals=fcntl.F_SEAL_SHRINK):
    fd = os.memfd_create('m', os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, size)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd
def hear(kind):
    while True:
        packet = screen.recv(4096)
        if not packet:
            sys.exit(0)
        if struct.unpack('<I', packet[:4])[0] == kind:
            return packet
def wait():
    while screen.recv(4096):
        pass
hear(64)
say(order(READY))
'''


class Taken:
    """A real gui-daemon with a decoder of the test, on a display where another domain has a window."""

    def __init__(self, programs, build, screen, folder):
        self.programs, self.folder, self.display = programs, folder, screen
        self.screen = Screen(screen)
        self.screen.move_pointer_away()
        self.other = Stage(programs, build, screen, name='banking')
        self.other.window(GOOD, 600, 500, 100, 100, image=0x123456)
        shutil.copy(program_of(build), folder)

    def start(self, attack, *options):
        decoder = self.folder / 'bulkhead-gui-decoder'
        decoder.write_text(PROLOGUE.format(python=sys.executable) + attack)
        decoder.chmod(0o755)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(60)
        self.ctl = ours
        with theirs:
            self.daemon = self.programs.start(
                [self.folder / 'bulkhead-gui-daemon', '--domain-id=9', '--name=work', '--label=orange', '--vchan=local:/nowhere',
                 f'--ctl-fd={theirs.fileno()}', *options],
                pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, text=True, env={**os.environ, 'DISPLAY': self.display})
        assert self.hear()[0] == GUI_STARTED

    def hear(self):
        data = self.ctl.recv(288)
        return struct.unpack('<II', data[:8]) + (data[8:264].split(b'\0')[0].decode(),) if data else None

    def hear_until(self, kind):
        while True:
            m = self.hear()
            assert m, 'the daemon ended'
            if m[0] == kind:
                return m

    def ends(self, words):
        """The pair ends with one line that says why, and the manager may start a fresh one."""
        told = self.hear_until(GUI_REFUSED)[2]
        assert told.startswith('work: ') and words in told
        self.hear_until(GUI_GONE)
        assert self.daemon.wait(60) == 0
        assert words in self.daemon.stderr.read()
        self.others_are_well()

    def others_are_well(self):
        self.other.say(f'fill {GOOD:x} 336699', f'damage {GOOD:x} 0 0 100 100')
        outer = self.screen.outer_of(GOOD, 'banking')
        x, y, w, h = self.screen.place(outer)
        # Perhaps "frame" is told of an earlier exposure: so it is the pixels that are waited for.
        self.screen.wait_until(lambda: all(p == 0x336699 for row in self.screen.pixels(x + 4, y + 4, w - 8, h - 8) for p in row), 'the colour')
        check_frame(self.screen, outer, 0x336699)


@pytest.fixture
def taken(programs, build, screen, tmp_path):
    return Taken(programs, build, screen, tmp_path)


@pytest.mark.parametrize('attack', [
    "say(b'x')", "say(b'\\0' * 4096)", "say(b'\\xff' * 4096)", 'say(order(99))', 'say(order(64, 0))', 'say(order(CREATE))',
    'say(order(UNMAP), order(UNMAP)[:-1])', "say(order(TITLE, more=b'x' * 128))", 'say(order(CREATE, 1, 0, 0, 10, 10, 2))',
    "say(b'x' * 5000)", 'say(order(CONNECTED, 0, 9))',
    # Rectangles beyond what the protocol has, and none.
    'say(order(CREATE, 1, 0, 0, 16385, 10, 0))', 'say(order(CREATE, 1, 0, 0, 0, 10, 0))', 'say(order(CREATE, 1, 0x80000000, 0, 10, 10, 0))',
    'say(order(CREATE, 1, 0, 0, 9, 9, 0), order(PAINT, 1, 0, 0, 0xffffffff, 1))', 'say(order(CREATE, 1, 0, 0, 9, 9, 0), order(PAINT, 1, -1, 0, 1, 1))'])
def test_nonsense_ends_the_pair(taken, attack):
    taken.start(attack + '\nwait()')
    taken.ends('the process that reads its messages said nonsense')


@pytest.mark.parametrize('attack', [
    'say(order(IMAGE, 1, 64, 64, 1, 0))',  # no descriptor
    'say(order(IMAGE, 1, 64, 64, 1, 0), fds=[memory(4096)])',  # too small
    'say(order(IMAGE, 1, 64, 64, 1, 1), fds=[memory(16384)])',
    'say(order(IMAGE, 1, 64, 64, 1, 0), fds=[memory(16384, fcntl.F_SEAL_GROW)])',  # could shrink
    'say(order(IMAGE, 1, 64, 64, 1, 0), fds=[memory(1 << 40)])',
    "say(order(IMAGE, 1, 64, 64, 1, 0), fds=[os.open('/dev/zero', os.O_RDONLY)])",
    "say(order(IMAGE, 1, 64, 64, 1, 0), fds=[os.open(sys.argv[0], os.O_RDONLY)])",
    'say(order(IMAGE, 1, 64, 64, 1, 0), fds=[screen.fileno()])'])
def test_memory_that_ends_the_x_server_is_refused(taken, attack):
    taken.start('say(order(CREATE, 1, 10, 10, 64, 64, 0), order(MAP, 1, 0, 0))\n' + attack + '\nwait()')
    taken.ends('memory that the X server must not map')


def test_memory_beyond_the_quota(taken):
    taken.start('''
m = memory(16384 * 6144 * 4)
for w in range(1, 6):
    say(order(CREATE, w, 10, 10, 64, 64, 0), order(IMAGE, w, 16384, 6144, 1, 0), fds=[m])
wait()''')
    taken.ends('shared more memory for its windows than it may')


def test_more_windows_than_it_may(taken):
    taken.start('''
for w in range(2000):
    say(order(CREATE, w, 10, 10, 20, 20, 0))
wait()''')
    taken.ends('opened more windows than it may')


def test_unknown_windows_are_nobody(taken):
    """Also those of other domains, whose numbers it could guess."""
    taken.start(f'''
for kind in (UNMAP, DOCK, DROP):
    say(order(kind, {GOOD}))
say(order(MAP, {GOOD}, 1, 0), order(PLACE, {GOOD}, 0, 0, 9, 9), order(PAINT, {GOOD}, 0, 0, 9, 9), order(DESTROY, {GOOD}))
hear(68)
say(order(END, 0))
wait()''')
    taken.hear_until(GUI_GONE)
    assert taken.daemon.wait(60) == 0
    taken.others_are_well()


def test_bug_class_A6_popups_stay_on_the_screen(taken):
    taken.start('''
say(order(CREATE, 1, -5000, -5000, 200, 100, 1), order(MAP, 1, 1, 0))
wait()''')
    outer = taken.screen.shown(1)
    g = taken.screen.root.get_geometry()

    def inside():
        x, y, w, h = taken.screen.place(outer)
        return x >= 0 and y >= 0 and x + w <= g.width and y + h <= g.height
    taken.screen.wait_until(inside, 'the pop-up on the screen')
    taken.others_are_well()


def test_bug_class_A7_popups_do_not_cover_the_screen(taken):
    taken.start('''
say(order(CREATE, 1, 0, 0, 16384, 6144, 1), order(MAP, 1, 1, 0))
wait()''')
    outer = taken.screen.shown(1)
    assert not outer.get_attributes().override_redirect, 'it is an ordinary window, that can be moved away'


def test_bug_class_A11_storm_is_slowed(taken):
    taken.start('''
say(order(CREATE, 1, 10, 10, 64, 64, 0))
for i in range(30000):
    say(order(MAP, 1, 0, 0), order(UNMAP, 1))
say(order(END, 0))
wait()''')
    taken.others_are_well()
    taken.hear_until(GUI_GONE)
    assert taken.daemon.wait(60) == 0


def test_bug_class_D8_decoder_that_never_reads(taken):
    """Each order is answered, since an icon keeps its place; and the pointer moves."""
    taken.start('''
say(order(CREATE, 1, 10, 10, 22, 22, 0), order(DOCK, 1))
try:
    while True:
        say(*[order(PLACE, 1, 500, 500, 22, 22)] * 100)
except OSError:
    pass''')  # and ends: a sanitized daemon waits for that
    taken.ends('does not read what it is told')


def test_bug_class_A12_texts_are_filtered_again(taken):
    taken.start('''
say(order(CREATE, 1, 10, 10, 64, 64, 0), order(TITLE, 1, more='a\\x1b\\u202eb'.encode().ljust(128, b'\\0')), order(MAP, 1, 0, 0))
say(order(REFUSED, 0, more=b'evil\\n\\x1b[2Jwork: good'.ljust(256, b'\\0')))
wait()''')
    outer = taken.screen.shown(1)
    taken.screen.wait_until(lambda: bytes(taken.screen.property(outer, '_NET_WM_NAME') or b'') == b'[work] a__b', 'the title, filtered')
    assert taken.hear_until(GUI_REFUSED)[2] == 'work: evil__[2Jwork: good'


def test_clipboard_answers_that_nobody_asked_for(taken):
    """It is never heard to say what the person pressed or to bring text that was not asked for."""
    taken.start('''
said = lambda what, number: order(SAID, 0, what, number, 1, more=b'text'.ljust(256, b'\\0'))
for number in range(5):
    say(said(9, number), fds=[memory(4)])
say(order(SAID, 0, 8, 2, 0, more=bytes(256)))
wait()''')
    heard = []
    while True:
        heard.append(taken.hear())
        if heard[-1][0] == GUI_GONE:
            break
    assert [m[0] for m in heard] == [GUI_REFUSED, GUI_GONE], 'a chord is no answer: the pair ended'


def test_decoder_that_ends_at_once(taken):
    taken.start('sys.exit(3)')
    taken.ends('the process that reads its messages ended')
