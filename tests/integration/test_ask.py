# SPDX-License-Identifier: GPL-2.0-or-later
"""bulkhead-ask on a screen with a window manager, with real keys and clicks; the test is the broker."""
import os
import pathlib
import shutil
import socket
import subprocess
import time

import pytest
from Xlib import X, XK
from Xlib.error import BadWindow
from Xlib.ext import xtest

import gui_stage
import qrexec_rig as rig

DENY, ONCE, MINUTES, SESSION, ALWAYS = range(5)
BANKING = ('banking', 'red', 'qubes.Filecopy * work banking allow')
ADMIN = ('dom0', 'black', '')
VAULT = ('vault', 'purple', 'qubes.Filecopy * work vault allow')
QUIET = 1.0


class Ask:
    def __init__(self, programs, build, screen, *targets, argument='+', default=1, source='work', label='blue', seconds=None, show=True,
                 bus=None):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        suppressions = pathlib.Path(__file__).parent / 'lsan.supp'
        env = {**os.environ, 'NO_AT_BRIDGE': '1', 'GDK_SCALE': '1', 'LC_ALL': 'C.UTF-8',
               'LSAN_OPTIONS': f'suppressions={suppressions}:print_suppressions=0'}
        env.pop('DBUS_SESSION_BUS_ADDRESS', None)
        if bus:
            env.pop('NO_AT_BRIDGE')
            env['DBUS_SESSION_BUS_ADDRESS'] = bus
        more = [] if seconds is None else [f'--seconds={seconds}']
        self.p = programs.start([build / 'tray' / 'bulkhead-ask', '--broker-fd', str(theirs.fileno()), *more],
                                pass_fds=[theirs.fileno()], env=env)
        theirs.close()
        self.socket, self.screen = ours, screen
        ours.settimeout(gui_stage.PATIENCE)
        texts = [t for target in targets or [BANKING] for t in target]
        if show:
            ours.send(rig.pack(rig.QUESTION, source, 'qubes.Filecopy', argument, 'banking', '90-default.policy:14', label, *texts,
                               id=9, value=default))
            self.window = screen.wait_until(self.find, 'the question')

    def find(self):
        """The dialog's own window, below the window manager's frame."""
        try:
            for w in self.screen._all(self.screen.root):
                if self.screen.property(w, '_BULKHEAD_TRUSTED') and w.get_attributes().map_state == X.IsViewable:
                    return w
        except BadWindow:
            pass  # gone while we looked
        return None

    def focused(self):
        def has():
            focus = self.screen.x.get_input_focus().focus
            while focus not in (X.NONE, X.PointerRoot) and focus.id != self.screen.root.id:
                if focus.id == self.window.id:
                    return True
                focus = focus.query_tree().parent
            return False
        self.screen.wait_until(has, 'the focus in the dialog')

    def key(self, *keysyms):
        for k in keysyms:
            self.screen.type(k)

    def click(self, at):
        self.screen.root.warp_pointer(*at)
        for kind in (X.ButtonPress, X.ButtonRelease):
            xtest.fake_input(self.screen.x, kind, 1)
        self.screen.x.sync()

    def allow_place(self):
        """"Allow" is the button in the lower right corner."""
        x, y, w, h = self.screen.place(self.window)
        return x + w - 60, y + h - 40

    def picture(self):
        x, y, w, h = self.screen.place(self.window)
        return self.screen.pixels(x, y, w, h)

    def alive(self):
        """"Allow" is drawn, on light ground, and in full: the darkest pixel of its text is nearly that of the theme's other text."""
        x, y = self.allow_place()
        rows = self.screen.pixels(x - 40, y - 10, 70, 20)
        lights = [sum(p >> s & 255 for s in (0, 8, 16)) for row in rows for p in row]
        return min(lights) < 280 and max(lights) > 600

    def wait_alive(self):
        self.screen.wait_until(self.alive, '"Allow" alive')

    def wait_alive_again(self):
        """After a key: dead first, unless we were too slow to see that."""
        late = time.monotonic() + 3 * QUIET
        self.screen.wait_until(lambda: not self.alive() or time.monotonic() > late, '"Allow" dead')
        self.wait_alive()

    def seconds_pass(self, count):
        """The line that counts down to the denial changes until so many seconds have passed."""
        def line():
            x, y, _, h = self.screen.place(self.window)
            return self.screen.pixels(x + 24, y + h - 50, 250, 30)
        end = time.monotonic() + count
        while time.monotonic() < end:
            before = line()
            self.screen.wait_until(lambda: line() != before, 'the next second')

    def answered(self):
        m = rig.unpack(self.socket.recv(131072))
        assert m['kind'] == rig.CHOICE and m['id'] == 9
        assert self.p.wait(gui_stage.PATIENCE) == 0
        return m['value'], m['texts'][0]

    def nothing_said(self):
        self.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            self.socket.recv(1)
        self.socket.settimeout(gui_stage.PATIENCE)
        return self.p.poll() is None


@pytest.fixture
def stage(programs, build, screen):
    s = gui_stage.Screen(screen)
    if not shutil.which('openbox'):
        pytest.skip('openbox is not installed')
    if not (build / 'tray' / 'bulkhead-ask').exists():
        pytest.skip('built without GTK')
    gui_stage.start_openbox(programs, s)

    def start(*targets, **more):
        return Ask(programs, build, s, *targets, **more)
    return start


def test_allowed_once_by_mouse_after_a_second(stage):
    a = stage()
    a.focused()
    a.wait_alive()
    a.click(a.allow_place())
    assert a.answered() == (ONCE, 'banking')


def test_bug_class_B3_a_click_in_the_first_second_is_none(stage):
    """Not even a press that began before the second was over; and it starts anew with it."""
    a = stage()
    a.focused()
    began = time.monotonic()
    for _ in range(5):
        a.click(a.allow_place())
    a.wait_alive()
    assert time.monotonic() - began >= QUIET * 0.9
    assert a.nothing_said()
    a.click(a.allow_place())
    assert a.answered() == (ONCE, 'banking')


@pytest.mark.long
@pytest.mark.parametrize('keysym', [XK.XK_Return, XK.XK_space])
def test_bug_class_B3_typing_on_never_allows(stage, keysym):
    """Keys from before the question until long after it: nothing is answered; the next one alone finds "Deny"."""
    a = stage(show=False)
    s = a.screen
    for _ in range(10):
        s.type(keysym)
    a.socket.send(rig.pack(rig.QUESTION, 'work', 'qubes.Filecopy', '+', 'banking', 'f:1', 'blue', *BANKING, id=9, value=1))
    end = None
    while end is None or time.monotonic() < end:
        s.type(keysym)
        a.window = a.find()
        if a.window and end is None:
            end = time.monotonic() + 3 * QUIET
    assert a.nothing_said()
    a.focused()
    a.wait_alive()
    s.type(keysym)
    assert a.answered() == (DENY, '')


@pytest.mark.long
def test_bug_class_B3_focus_that_goes_and_comes_starts_anew(stage):
    a = stage()
    a.focused()
    a.wait_alive()
    other = a.screen.root.create_window(0, 0, 50, 50, 0, X.CopyFromParent, background_pixel=0xffffff)
    other.map()
    a.screen.wait_until(lambda: other.get_attributes().map_state == X.IsViewable, 'the other window')
    other.set_input_focus(X.RevertToParent, X.CurrentTime)
    a.screen.wait_until(lambda: not a.alive(), '"Allow" dead without the focus')
    a.window.set_input_focus(X.RevertToParent, X.CurrentTime)
    a.focused()
    a.click(a.allow_place())
    assert a.nothing_said()
    a.wait_alive()
    a.click(a.allow_place())
    assert a.answered() == (ONCE, 'banking')


@pytest.mark.long
def test_by_keyboard_alone(stage):
    """Alt+A goes to "Allow", which lives again after a second; Return then."""
    a = stage()
    a.focused()
    a.wait_alive()
    a.screen.type(XK.XK_m, XK.XK_Alt_L)
    a.screen.type(XK.XK_a, XK.XK_Alt_L)
    a.key(XK.XK_Return)
    a.wait_alive_again()
    assert a.nothing_said(), 'the Return came too early'
    a.key(XK.XK_Return)
    assert a.answered() == (MINUTES, 'banking')


@pytest.mark.long
@pytest.mark.parametrize('how', ['escape', 'return', 'close', 'time'])
def test_no_is_the_answer_to(stage, how):
    a = stage(seconds=3 if how == 'time' else None)
    a.focused()
    if how == 'escape':
        a.key(XK.XK_Escape)
    elif how == 'return':
        a.wait_alive()
        a.key(XK.XK_Return)
    elif how == 'close':
        from Xlib.protocol import event
        s = a.screen
        a.screen.root.send_event(
            event.ClientMessage(window=a.window, client_type=s.atom('_NET_CLOSE_WINDOW'), data=(32, [0, 2, 0, 0, 0])),
            event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
        s.x.sync()
    assert a.answered() == (DENY, '')


def test_the_question_goes_with_the_broker(stage):
    a = stage()
    a.socket.close()
    assert a.p.wait(gui_stage.PATIENCE) == 0


@pytest.mark.parametrize('said', [b'', b'\0' * 32, rig.pack(rig.QUESTION, *'abcdefgh'), rig.pack(rig.CHOICE, 'x'), b'\xff' * 2000])
def test_what_is_no_question_ends_it(stage, said):
    a = stage(show=False)
    a.socket.send(said) if said else a.socket.shutdown(socket.SHUT_WR)
    assert a.p.wait(gui_stage.PATIENCE) == (1 if said else 0)


@pytest.mark.long
def test_always_previews_the_rule(stage):
    """The rule stands below the choices when "always" is chosen, and the answer is that."""
    a = stage()
    a.focused()
    a.wait_alive()
    x, y, w, h = a.screen.place(a.window)

    def rule_line():
        return {p for row in a.screen.pixels(x + 40, y + h - 102, 300, 34) for p in row}
    assert len(rule_line()) == 1
    a.screen.type(XK.XK_l, XK.XK_Alt_L)
    a.screen.wait_until(lambda: len(rule_line()) > 5, 'the rule below the choices')
    assert a.screen.place(a.window) == (x, y, w, h), 'nothing moves below the pointer'
    a.wait_alive_again()
    a.click(a.allow_place())
    assert a.answered() == (ALWAYS, 'banking')


@pytest.mark.long
def test_always_is_not_offered_without_a_rule(stage):
    a = stage(ADMIN)
    a.focused()
    a.wait_alive()
    a.screen.type(XK.XK_l, XK.XK_Alt_L)
    a.wait_alive_again()
    a.click(a.allow_place())
    assert a.answered() == (ONCE, 'dom0')


@pytest.mark.long
def test_only_listed_targets_can_be_chosen(stage):
    """Nothing is chosen at first; what is typed narrows the list; what stands in none is no target."""
    a = stage(('personal', 'green', ''), ADMIN, VAULT, default=0)
    a.focused()
    a.screen.wait_until(lambda: len({p for row in a.picture() for p in row}) > 10, 'the dialog drawn')
    a.seconds_pass(3)
    assert not a.alive()
    focus_entry(a)
    a.key(*[ord(c) for c in 'vaulx'])
    a.seconds_pass(3)
    assert not a.alive() and a.nothing_said()
    a.key(XK.XK_BackSpace)
    a.wait_alive()
    a.click(a.allow_place())
    assert a.answered() == (ONCE, 'vault')


def entry_place(a):
    """Below title and tiles: the target's entry."""
    x, y, w, _ = a.screen.place(a.window)
    return x + w // 2, y + 140


def focus_entry(a):
    """A click goes by way of the window manager, a key does not: the entry shows that it has the focus before anything is typed."""
    x, y = entry_place(a)

    def edge():
        return a.screen.pixels(x, y - 25, 1, 50)
    before = edge()
    a.click((x, y))
    a.screen.wait_until(lambda: edge() != before, 'the entry with the focus')


def colors(a):
    return {p for row in a.picture() for p in row}


def test_both_frames_are_those_of_the_domains(stage):
    """Ground and marks of blue (work) and red (banking), as gui-daemon draws them, and of nobody else."""
    a = stage()
    a.screen.wait_until(lambda: {0x3465a4, 0xcc0000} <= colors(a), 'both labels')
    rows = a.picture()
    left, top = next((x, y) for y, row in enumerate(rows) for x, p in enumerate(row) if p == 0x3465a4)
    assert any(is_blue_tile(rows, x, top) for x in range(left - 4, left + 1)), 'the marks are elsewhere'
    assert not {0x73d216, 0xedd400, 0xf57900} & colors(a)


def is_blue_tile(rows, left, top):
    return all(rows[top + y][left + x] == (0xffffff if (x + 16 - y) % 16 < 4 else 0x3465a4) for y in range(10) for x in range(100))


WALK = '''
import sys, time
import gi
gi.require_version("Atspi", "2.0")
from gi.repository import Atspi
def below(x):
    return [c for c in (x.get_child_at_index(i) for i in range(x.get_child_count())) if c]
def names(x):
    yield f"{x.get_role_name()}: {x.get_name()}"
    for c in below(x):
        yield from names(c)
end = time.monotonic() + 20
while time.monotonic() < end:
    for app in below(Atspi.get_desktop(0)):
        if "bulkhead-ask" in app.get_name() and app.get_child_count():
            print("\\n".join(names(app)))
            sys.exit(0)
sys.exit(1)
'''


def test_every_part_has_a_name_for_who_hears_it(programs, stage, monkeypatch):
    """Walked by AT-SPI on a session bus of its own."""
    probe = ['/usr/bin/python3', '-c', 'import gi; gi.require_version("Atspi", "2.0")']
    if not shutil.which('dbus-daemon') or subprocess.run(probe, stderr=subprocess.DEVNULL).returncode:
        pytest.skip('dbus-daemon, python3-gi or gir1.2-atspi-2.0 is not installed')
    bus = programs.start(['dbus-daemon', '--session', '--nofork', '--print-address'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    address = bus.stdout.readline().strip()
    bus.stdout.close()
    monkeypatch.setenv('GTK_MODULES', 'gail:atk-bridge')
    a = stage(BANKING, VAULT, argument='+x', bus=address)
    p = subprocess.run(['/usr/bin/python3', '-c', WALK], env={**os.environ, 'DBUS_SESSION_BUS_ADDRESS': address}, capture_output=True,
                       text=True, timeout=60)
    assert p.returncode == 0, p.stderr
    heard = set(p.stdout.splitlines())
    assert heard >= {'frame: Bulkhead: a question', 'label: Domain that asks: work', 'label: Domain that is asked: banking',
                     'label: qubes.Filecopy', 'label: x', 'text: Find a target', 'table: Possible targets', 'push button: Deny',
                     'push button: Allow', 'radio button: For this session'}
    assert not {h for h in heard if h in ('push button: ', 'radio button: ', 'text: ', 'table: ')}
    a.focused()
    a.key(XK.XK_Escape)
    assert a.answered() == (DENY, '')


def test_bug_class_E15_a_hostile_argument_stays_in_its_box(stage):
    """However long it is and whatever is in it: the dialog keeps its size on the screen and its buttons, and shows no markup."""
    plain = stage(argument='+a')
    plain.focused()
    usual = plain.screen.place(plain.window)
    plain.key(XK.XK_Escape)
    assert plain.answered()[0] == DENY
    hostile = '+<span size="xx-large">OK</span>\n\n\u202egnp.exe\x1b[31m\u200b' + 'W' * 5000 + '\n' * 500
    a = stage(argument=hostile)
    a.focused()
    x, y, w, h = a.screen.place(a.window)
    assert w <= usual[2] + 200 and h <= usual[3] + 160 and y + h < 800
    a.wait_alive()
    a.click(a.allow_place())
    assert a.answered() == (ONCE, 'banking')
