# SPDX-License-Identifier: GPL-2.0-or-later
"""What a domain that was taken over may try at its GUI port (tests/hostile/): that domain alone is refused, limited or ended with
a clear line; another domain's window keeps its pixels and its latency; nothing is left behind; frames are exact throughout."""
import os
import pathlib
import queue
import re
import select
import socket
import statistics
import struct
import subprocess
import threading
import time

import pytest
from conftest import Programs
from gui_stage import FRAME, Agent, Screen, check_frame, decoder_of
from rig import Hv
from Xlib import X

PATIENCE = float(os.environ.get('PATIENCE', 60))
CTL_SIZE, STARTED, REFUSED, GONE = 288, 1, 5, 6
GOOD = 0x600d
GREEN, BLUE = 0x11aa22, 0x2233cc
SOAK = int(os.environ.get('HOSTILE_CYCLES', 1500))


class Daemon:
    """A real gui-daemon of a domain of its own, and what it tells its manager."""

    def __init__(self, programs, build, display, hv, name):
        self.hv = hv
        self.domain, self.path = hv.create_domain(name)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with hv.admit(self.domain) as end, theirs:
            self.p = programs.start(
                [build / 'gui-daemon' / 'bulkhead-gui-daemon', f'--domain-id={self.domain}', f'--name={name}', '--label=orange',
                 f'--vchan=local-fd:{end.fileno()}', f'--ctl-fd={theirs.fileno()}'],
                pass_fds=[end.fileno(), theirs.fileno()], stderr=subprocess.DEVNULL,
                env={**os.environ, 'DISPLAY': display, 'UBSAN_OPTIONS': 'halt_on_error=1'})
        ours.setblocking(False)
        self.ctl, self.told, self.news, self.reading = ours, [], queue.Queue(), threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()
        self.wait_for(STARTED)

    def _listen(self):
        while self._take():
            select.select([self.ctl], [], [])

    def _take(self):
        """All that the daemon has sent until now becomes news; False when it went."""
        with self.reading:
            while True:
                try:
                    data = self.ctl.recv(CTL_SIZE)
                except BlockingIOError:
                    return True
                if not data:
                    self.news.put((None, ''))
                    return False
                self.news.put(struct.unpack('<I', data[:4]) + (data[8:264].split(b'\0')[0].decode(),))

    def wait_for(self, kind):
        """The text of the next message of this kind."""
        end = time.monotonic() + PATIENCE
        while True:
            m = self.news.get(timeout=max(0.01, end - time.monotonic()))
            self.told.append(m)
            if m[0] == kind:
                return m[1]
            assert m[0] is not None, f'the daemon ended before it told {kind}: {self.told}'

    def lines(self):
        """What it has refused until now: it tells before it answers the agent, so that what the agent saw done is told already."""
        self._take()
        while not self.news.empty():
            self.told.append(self.news.get())
        return [text for kind, text in self.told if kind == REFUSED]

    def sizes(self):
        """Of both processes together: (descriptors, maps, resident KiB)"""
        return tuple(sum(n) for n in zip(*(self._sizes_of(pid) for pid in (self.p.pid, decoder_of(self.p.pid)))))

    def _sizes_of(self, pid):
        with open(f'/proc/{pid}/status') as f:
            rss = int(re.search(r'VmRSS:\s+(\d+)', f.read()).group(1))
        with open(f'/proc/{pid}/maps') as f:
            return len(os.listdir(f'/proc/{pid}/fd')), len(f.readlines()), rss


class Hostile:
    def __init__(self, place, attack, *numbers):
        Hostile.count = getattr(Hostile, 'count', 0) + 1
        self.daemon = Daemon(place.programs, place.build, place.display, place.hv, f'bad{Hostile.count}')
        self.p = place.programs.start([place.build / 'tests' / 'hostile' / 'hostile-agent', f'local:{self.daemon.path}', attack, *map(str, numbers)],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.lines, self.heard = queue.Queue(), []
        threading.Thread(target=lambda: [self.lines.put(line.strip()) for line in self.p.stdout] + [self.lines.put('')], daemon=True).start()
        self.place = place
        self.patience = PATIENCE * max(1, numbers[0] / 1500) if attack == 'cycle' else PATIENCE

    def hear(self, *wanted):
        end = time.monotonic() + self.patience
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f'no {wanted} in {self.patience} s; heard {self.heard}, told {self.daemon.lines()}') from None
            self.heard.append(line)
            if line in wanted or not line:
                return line

    def again(self):
        self.p.stdin.write('again\n')
        self.p.stdin.flush()
        return self.hear('done', 'silent', 'ended')

    def close(self):
        self.p.kill()
        self.p.wait()
        self.place.hv.destroy(self.daemon.domain)
        assert self.daemon.p.wait(PATIENCE) == 0, 'the daemon did not end well'


class Place:
    """A display with a well-behaved domain on it."""

    def __init__(self, programs, build):
        self.programs, self.build = programs, build
        self.display, self.x_server = programs.x_server('-screen', '0', '1280x800x24')
        self.hv = Hv()
        self.screen = Screen(self.display)
        self.screen.move_pointer_away()
        self.daemon = Daemon(programs, build, self.display, self.hv, 'good')
        self.good = Agent(programs, build, self.daemon.path)
        self.good.window(GOOD, 200, 300, 200, 150, image=GREEN)
        self.outer = self.screen.shown(GOOD)

    def round_trip(self):
        """Seconds until a new image of the good domain is on the screen."""
        start = time.monotonic()
        self.good.say(f'damage {GOOD:x} 0 0 200 150')
        self.good.wait_for(f'frame {GOOD:x}')
        return time.monotonic() - start

    def check_good(self):
        """Raised over whatever else is there, the good domain's window is as it should be."""
        self.outer.configure(stack_mode=X.Above)
        self.screen.x.sync()
        for colour in (BLUE, GREEN):
            self.good.say(f'fill {GOOD:x} {colour:06x}')
            self.round_trip()  # perhaps that of an earlier exposure: so the pixel is waited for as well
            self.wait_painted(self.outer, colour)
            check_frame(self.screen, self.outer, colour)
        assert not self.daemon.lines(), 'the well-behaved domain was blamed'

    def wait_painted(self, outer, colour):
        """Until the content is that colour everywhere: what a raise uncovers is painted a moment later, perhaps in pieces."""
        def painted():
            x, y, w, h = self.screen.place(outer)
            g = self.screen.root.get_geometry()
            left, top, right, bottom = max(x + FRAME, 0), max(y + FRAME, 0), min(x + w - FRAME, g.width), min(y + h - FRAME, g.height)
            return all(p == colour for row in self.screen.pixels(left, top, right - left, bottom - top) for p in row)
        self.screen.wait_until(painted, f'content of colour {colour:06x}')

    def windows_of(self, daemon):
        name = self.daemon_name(daemon)
        return [w for w in self.screen.root.query_tree().children
                if (p := self.screen.property(w, '_QUBES_VMNAME')) is not None and bytes(p).rstrip(b'\0').decode() == name]

    def daemon_name(self, daemon):
        return next(p for p in daemon.path.split('/')[-1:]).removesuffix('.hv')

    def close(self):
        self.good.p.kill()
        self.good.p.wait()
        self.daemon.p.wait(PATIENCE)
        self.hv.close()


@pytest.fixture(scope='module')
def place(build):
    programs = Programs()
    try:
        p = Place(programs, build)
        yield p
        p.close()
    finally:
        programs.end()


@pytest.fixture
def attack(place):
    started = []

    def start(*what):
        started.append(Hostile(place, *what))
        return started[-1]
    yield start
    for h in started:
        h.close()
    place.check_good()


def ends(h, line):
    """The connection ended with one line that says why."""
    assert h.hear('ended') == 'ended'
    h.daemon.wait_for(GONE)
    told = h.daemon.lines()
    assert len(told) == 1 and re.search(line, told[0]) and told[0].endswith('connection ended'), told


def all_shown(h):
    """Waits until all its windows are: pop-ups are mapped a moment after what the agent is told, when it is known what is trusted."""
    def shown():
        windows = h.place.windows_of(h.daemon)
        return windows and all(w.get_attributes().map_state == X.IsViewable for w in windows)
    h.place.screen.wait_until(shown, 'all its windows')


def stays(h, *lines, settle=None):
    """The domain lives on; exactly these lines were told; its first window and its frame are exact."""
    assert h.hear('done', 'ended') == 'done', h.daemon.lines()
    if settle:
        settle(h)
    told = h.daemon.lines()
    assert len(told) == len(lines) and all(re.search(p, t) for p, t in zip(lines, told)), told
    if 'ready' in h.heard:
        outer = h.place.screen.shown(1)
        outer.configure(stack_mode=X.Above)
        h.place.screen.x.sync()
        h.place.wait_painted(outer, 0x123456)
        check_frame(h.place.screen, outer, 0x123456)


M = {'create': 130, 'destroy': 131, 'map': 132, 'unmap': 133, 'configure': 134, 'shmimage': 136, 'wmname': 141, 'dock': 143,
     'hints': 144, 'flags': 145, 'wmclass': 146, 'dump': 147, 'cursor': 148}
BIG = 0x80000000


@pytest.mark.parametrize('kind, length', [
    (M['create'], 23), (M['create'], 25), (M['map'], 0), (M['map'], 0xffffffff), (M['wmname'], 127), (M['wmclass'], 129), (M['destroy'], 1),
    (M['dump'], 15), (M['dump'], 17), (M['dump'], 16 + 4 * 98305), (M['dump'], 0xfffffffc), (140, 256002)])
def test_bug_class_A1_wrong_lengths(attack, kind, length):
    ends(attack('wrong-length', kind, length), f'sent message {kind} of a wrong length')


@pytest.mark.parametrize('kind', [0, 123, 124, 135, 137, 138, 149, 150, 0xffffffff])
def test_unknown_types(attack, kind):
    ends(attack('unknown-type', kind), f'sent message {kind} of an unknown kind')


@pytest.mark.parametrize('kind, rect', [
    (M['create'], (0, 0, 0, 5)), (M['create'], (0, 0, BIG, 5)), (M['create'], (0, 0, 5, 0xffffffff)),
    (M['dump'], (0, 16385, 1, 32)), (M['dump'], (0, 0x10000, 0x10000, 32)), (M['dump'], (1, 5, 5, 32))])
def test_bug_class_A1_sizes_that_end(attack, kind, rect):
    ends(attack('huge', kind, *rect), 'value out of range')


@pytest.mark.parametrize('kind, rect, told', [
    (M['configure'], (0, 0, 0, 0), 1), (M['configure'], (BIG, BIG, BIG, BIG), 1), (M['configure'], (BIG, BIG, 0x7fffffff, 0x7fffffff), 0),
    (M['configure'], (0x7fffffff, 0x7fffffff, 1, 1), 0), (M['create'], (BIG, BIG, 0x7fffffff, 0x7fffffff), 0),
    (M['shmimage'], (0xffffffff, 0, 10, 10), 0), (M['shmimage'], (0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff), 0),
    (M['shmimage'], (0, 0, BIG, BIG), 0)])
def test_bug_class_A1_sizes_that_are_clamped(attack, kind, rect, told):
    stays(attack('huge', kind, *rect), *['out of range: dropped'] * told)


@pytest.mark.parametrize('kind, length', [(M['map'], 8), (M['unmap'], 0), (M['destroy'], 0), (M['configure'], 20), (M['shmimage'], 16),
                                          (M['wmname'], 128), (M['dock'], 0), (M['hints'], 36), (M['flags'], 8)])
def test_bug_class_A14_unknown_ids(attack, kind, length):
    ends(attack('unknown-id', kind, length), f'sent message {kind} for window 0x4d, which does not exist')


def test_bug_class_A14_stale_id(attack):
    ends(attack('stale-id'), 'window 0x1, which does not exist')


def test_bug_class_A14_duplicate_id(attack):
    ends(attack('duplicate-id'), 'window 0x1, which exists already')


def test_bug_class_A14_id_reuse(attack):
    stays(attack('id-reuse'))


@pytest.mark.parametrize('size', [0, 100, 65000, 256001])
def test_clipboard_unasked(attack, size):
    stays(attack('clipboard', size), 'nobody asked for: dropped')


@pytest.mark.parametrize('version, line', [((0, 9), 'speaks GUI protocol 0.9, which is too old'), ((2, 0), '2.0, which is too new'),
                                           ((65535, 65535), 'too new')])
def test_odd_versions_end(attack, version, line):
    ends(attack('version', *version), line)


@pytest.mark.parametrize('version', [(1, 0), (1, 3), (1, 4), (1, 7), (1, 65535)])
def test_other_minors_work(place, attack, version):
    h = attack('version', *version)
    if version[1] >= 5:  # below, nothing is acknowledged
        assert h.hear('done', 'ended') == 'done'
    check_frame(place.screen, place.screen.shown(1))
    assert h.daemon.lines() == []


@pytest.mark.parametrize('agent', [('linux-agent', 7), ('linux-agent', 8), ('stubdom-agent',), ('windows-agent',)])
def test_what_agents_of_qubes_send_shows(place, attack, agent):
    """Of R4.2 and R4.3, with all pages again at every configure; of a stub domain; and with one buffer for all windows (window 0)."""
    h = attack(*agent)
    assert h.hear('shown', 'ended') == 'shown', h.daemon.lines()
    outer = place.screen.shown(1 if agent[0] == 'stubdom-agent' else 0x64)
    outer.configure(stack_mode=X.Above)
    place.screen.x.sync()
    place.wait_painted(outer, 0x2266aa)
    check_frame(place.screen, outer, 0x2266aa)
    assert h.daemon.lines() == []


@pytest.mark.parametrize('what', ['half-version', 'no-version', 'half-message'])
def test_bug_class_D8_silence_in_the_middle(place, attack, what):
    h = attack(what)
    assert h.hear('silent', 'ended') == 'silent'
    place.check_good()
    assert h.daemon.lines() == [] and h.daemon.p.poll() is None


def test_bug_class_D8_never_reading(place, attack):
    h = attack('never-reading')
    ends(h, 'does not read what it is told')


def test_bug_class_D2_dies_in_the_middle_of_a_message(place, attack):
    h = attack('die-half-way')
    h.daemon.wait_for(GONE)
    assert h.daemon.p.wait(PATIENCE) == 0
    assert h.daemon.lines() == []


@pytest.mark.parametrize('seed', range(6))
def test_random_messages(attack, seed):
    h = attack('random-bytes', seed)
    assert h.hear('ended') == 'ended'
    h.daemon.wait_for(GONE)
    assert h.daemon.lines()[-1].endswith('connection ended')


@pytest.mark.parametrize('how, line', [
    (0, 'broke the protocol of its second port: it is closed'), (1, 'broke the protocol'), (2, None), (3, 'broke the protocol'), (4, None),
    (5, 'broke the protocol'), (6, None), (7, None)])
def test_second_port_ends_alone(attack, how, line):
    stays(attack('second-port', how), *[line] if line else [])


# Memory.

def test_refs_never_shared(attack):
    ends(attack('refs-never-shared'), 'memory that it never shared')


@pytest.mark.parametrize('how', range(6))
def test_refs_that_are_no_range(attack, how):
    ends(attack('refs-odd', how), 'memory that it never shared')


def test_bug_class_D3_pages_punched_while_mapped(place, attack):
    h = attack('punch')
    stays(h)
    assert 'truncated: Operation not permitted' in h.heard and 'grown: Operation not permitted' in h.heard
    assert place.x_server.poll() is None


OWN = [1, 2, 4]  # words of the page that the daemon keeps for itself: nobody need believe what stands there
BELIEVED = [0, 3, 5, 6]


@pytest.mark.parametrize('word', OWN)
def test_bug_class_D1_what_the_daemon_keeps_itself_is_not_read_again(attack, word):
    h = attack('ring-flip', word)
    stays(h)
    assert 'bells heard: 200' in h.heard


@pytest.mark.parametrize('word', BELIEVED)
def test_bug_class_D1_ring_indices_flipped_while_read(place, attack, word):
    """What cannot be ends the connection, without a crash (the daemon's exit status is looked at), and nobody else feels it."""
    h = attack('ring-flip', word)
    assert h.hear('done', 'ended') == 'ended'
    h.daemon.wait_for(GONE)
    place.check_good()


def has_run(pid):
    """A number that stands still as long as the process and those below it are asleep."""
    found = pathlib.Path(f'/proc/{pid}/task').glob('*/schedstat')
    below = [c for task in pathlib.Path(f'/proc/{pid}/task').glob('*/children') for c in task.read_text().split()]
    return sum(int(p.read_text().split()[0]) for p in found) + sum(map(has_run, below))


@pytest.mark.parametrize('word', OWN)
def test_bug_class_D1_a_broken_ring_does_not_spin(place, attack, word):
    """Its processor's time stands still while another domain's daemon works."""
    h = attack('ring-flip', word)
    assert h.hear('done', 'ended') == 'done'

    def asleep():
        before = has_run(h.daemon.p.pid)
        for _ in range(5):
            place.round_trip()
        return has_run(h.daemon.p.pid) == before
    place.screen.wait_until(asleep, 'the daemon asleep')


def test_bug_class_D8_descriptors_made_blocking(place, attack):
    """The pipe it rings into is full and its reader's end waits: the daemon answers a thousand times all the same."""
    h = attack('blocking-descriptors')
    assert h.hear('silent', 'ended') == 'silent', h.daemon.lines()
    assert {'blocking: yes', 'full: yes', 'answered: 1000'} <= set(h.heard), h.heard
    place.check_good()
    assert h.daemon.lines() == [] and h.daemon.p.poll() is None


def test_memory_beyond_the_share(attack):
    stays(attack('hoard'), 'shared more memory for its windows than it may')


# Windows.

@pytest.mark.long
def test_bug_class_A11_windows_without_end(place, attack):
    h = attack('windows', 100000)
    assert h.hear('ended') == 'ended'
    h.daemon.wait_for(GONE)
    told = h.daemon.lines()
    assert [bool(re.search(p, t)) for p, t in zip(['opened more windows than it may', 'opened more than 9216 windows'], told)] == [True, True], told


def test_bug_class_A15_giants(place, attack):
    h = attack('giants')
    assert h.hear('done', 'ended') == 'done'
    for number in (0x64, 0x67):
        outer = place.screen.shown(number)
        outer.configure(stack_mode=X.Above)
        place.screen.x.sync()
        check_frame(place.screen, outer)


def monitor_share(place, windows):
    covered = 0
    for w in windows:
        if w.get_attributes().override_redirect and w.get_attributes().map_state == X.IsViewable:
            x, y, width, height = place.screen.place(w)
            covered += width * height
    return covered / (1280 * 800)


def test_bug_class_A7_popups_over_the_screen(place, attack):
    h = attack('popups')
    stays(h, 'covered a monitor with pop-up windows', settle=all_shown)
    assert 0.2 < monitor_share(place, place.windows_of(h.daemon)) <= 0.91


def test_bug_class_A5_turncoats(place, attack):
    """Larger than a monitor: never a pop-up, whatever the order of messages."""
    h = attack('turncoat')
    assert h.hear('done', 'ended') == 'done'
    all_shown(h)
    assert monitor_share(place, place.windows_of(h.daemon)) <= 0.91
    for w in place.windows_of(h.daemon):
        if w.get_attributes().map_state == X.IsViewable:
            w.configure(stack_mode=X.Above)
            place.screen.x.sync()
            check_frame(place.screen, w)


def test_bug_class_A13_docks_without_end(place, attack):
    """No tray is there: the first sixteen stand alone, no larger than an icon, framed like everything else; MAP, UNMAP and CONFIGURE
    change nothing of that."""
    h = attack('docks')
    assert h.hear('done', 'ended') == 'done', h.daemon.lines()
    assert sorted(t.split(': ')[1] for t in h.daemon.lines()) == ['covered a monitor with pop-up windows', 'put more icons in the tray than it may']
    for number in range(0x64, 0x74):
        outer = place.screen.shown(number)
        x, y, width, height = place.screen.place(outer)
        assert (width, height) == (128 + 2 * FRAME, 128 + 2 * FRAME)
        outer.configure(stack_mode=X.Above)
        place.screen.x.sync()
        check_frame(place.screen, outer)


@pytest.mark.parametrize('docked', [False, True])
def test_bug_class_A10_the_fourth_byte_of_a_pixel_is_nothing(place, docked):
    """Alpha below, at and above the colours: what is seen is the colour, in an icon as in a window."""
    daemon = Daemon(place.programs, place.build, place.display, place.hv, f'icon{int(docked)}')
    agent = Agent(place.programs, place.build, daemon.path)
    agent.say('create 100 600 100 64 64 0', 'dock 100' if docked else 'map 100 0 0')
    outer = place.screen.shown(0x100)
    outer.configure(stack_mode=X.Above)
    agent.say('dump 100 64 64 000000')
    for alpha in (0x00, 0x01, 0x3f, 0x80, 0xff):
        agent.say(f'fill 100 {alpha:02x}ffd780', 'damage 100 0 0 64 64')
        x, y, w, h = place.screen.place(outer)
        place.screen.wait_until(lambda: place.screen.pixel(x + w // 2, y + h // 2) == 0xffd780, f'the colour under alpha {alpha:02x}')
        check_frame(place.screen, outer, 0xffd780)
        agent.say('fill 100 000000', 'damage 100 0 0 64 64')
        place.screen.wait_until(lambda: place.screen.pixel(x + w // 2, y + h // 2) == 0, 'black again')
    agent.p.kill()
    assert daemon.p.wait(PATIENCE) == 0
    place.hv.destroy(daemon.domain)


TITLES = ['_]0;escape___', '_[private] evil', '____', '_\u0338 zalgo', '\U0001f600_']


@pytest.mark.parametrize('which', range(5))
def test_bug_class_A12_titles(place, attack, which):
    h = attack('titles', 300, which)
    stays(h)
    outer = place.screen.shown(0x64)
    name = place.daemon_name(h.daemon)

    def title():
        t = bytes(place.screen.property(outer, '_NET_WM_NAME')).decode()
        return t if TITLES[which] in t else None
    t = place.screen.wait_until(title, 'the last title')
    assert name in t.split(TITLES[which][0])[0], f'{t!r} does not begin with the name of its domain'


def test_bug_class_A15_cursors(attack):
    h = attack('cursors')
    assert h.hear('done', 'ended') == 'done'
    told = h.daemon.lines()
    assert len(told) == 8 and told[7].endswith('and so are more'), told


def test_bug_class_A15_hints(place, attack):
    stays(attack('hints'))


def test_bug_class_A15_flags(place, attack):
    h = attack('flags')
    assert h.hear('done', 'ended') == 'done'
    for w in place.windows_of(h.daemon):
        if w.get_attributes().map_state == X.IsViewable:
            w.configure(stack_mode=X.Above)
            place.screen.x.sync()
            check_frame(place.screen, w)


def test_transients_in_a_circle(attack):
    stays(attack('transients'))


def test_configure_contradicted(place, attack):
    h = attack('contradict')
    stays(h)
    check_frame(place.screen, place.screen.shown(0x64))


def test_configure_never_acknowledged(place, attack):
    h = attack('never-acknowledge')
    stays(h)
    outer = place.screen.shown(0x64)
    for i in range(200):
        outer.configure(x=300 + i, y=200)
    place.screen.x.sync()
    outer.configure(stack_mode=X.Above)
    place.screen.x.sync()
    check_frame(place.screen, outer)


# Floods: another domain does not feel them, and nothing is left.

FLOODS = [('map-storm', 500), ('dump-flood', 5000), ('damage-flood', 50000), ('titles', 50000), ('id-reuse', 2000), ('windows', 9000)]


@pytest.mark.measures
@pytest.mark.parametrize('what', FLOODS, ids=lambda f: f[0])
def test_bug_class_A11_floods_leave_the_others_their_latency(place, attack, what):
    h = attack(*what)
    took = []
    while h.lines.empty() or len(took) < 20:
        took.append(place.round_trip())
        if h.heard or (not h.lines.empty() and h.lines.queue[-1] in ('done', 'ended')):
            break
    while len(took) < 20:
        took.append(place.round_trip())
    h.hear('done', 'ended')
    assert statistics.median(took) < 0.05, f'median {statistics.median(took):.3f} s, worst {max(took):.3f} s'
    assert max(took) < 1, f'worst {max(took):.3f} s'


@pytest.mark.measures
@pytest.mark.parametrize('what', [('cycle', SOAK), ('id-reuse', 1000), ('dump-flood', 2000), ('map-storm', 100), ('titles', 5000)], ids=lambda f: f[0])
def test_bug_class_D7_nothing_is_left(place, attack, what):
    h = attack(*what)
    assert h.hear('done', 'ended') == 'done', h.daemon.lines()
    first = h.daemon.sizes() + (place.hv.fds(),)
    for _ in range(3):
        assert h.again() == 'done', h.daemon.lines()
    last = h.daemon.sizes() + (place.hv.fds(),)
    assert last[0] <= first[0] + 2 and last[3] <= first[3] + 2, f'descriptors {first} -> {last}'
    assert last[1] <= first[1] + 2, f'mappings {first} -> {last}'
    assert last[2] <= first[2] * 1.05 + 512, f'memory {first} -> {last}'
