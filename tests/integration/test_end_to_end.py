# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole system as a person has it: manager, sandboxes, agents, daemons and real programs, seen on the admin's display."""
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
from Xlib import X, XK, display
from Xlib.ext import xtest

top = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(top / 'tests' / 'bench'))
from session import Session, remove_tree

pytestmark = pytest.mark.skipif(os.geteuid() == 0, reason='Bulkhead does not run as root; scripts/test uses an ordinary user')
LABELS = {'blue': (0x34, 0x65, 0xa4), 'red': (0xcc, 0, 0), 'green': (0x73, 0xd2, 0x16)}
FRAME = 4
PR_SET_CHILD_SUBREAPER = 36


def cmdline(pid):
    try:
        return pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().decode(errors='replace').split('\0')
    except OSError:
        return ['']


def descendants(pid):
    found = [pid]
    for p in found:
        for task in pathlib.Path(f'/proc/{p}/task').glob('*/children'):
            try:
                found += [int(c) for c in task.read_text().split()]
            except OSError:
                pass
    return found[1:]


def leftovers():
    """What lives below this process, which takes in those whose parents died."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return {pid for pid in descendants(os.getpid()) if cmdline(pid) != ['']}  # what is dead has no command line


@pytest.fixture(scope='module')
def session(build):
    with Session(build, screen='1600x1000', window_manager=['openbox', '--sm-disable']) as s:
        for name, label in [('work', 'blue'), ('private', 'green'), ('banking', 'red')]:
            s.cli('domain', 'create', name, '--label', label)
        yield s


@pytest.fixture
def two(session):
    """An xterm of work and one of banking, side by side; gone after the test."""
    windows = {}
    for name, x in [('work', 40), ('banking', 820)]:
        session.cli('run', name, '--', 'xterm', '-T', 'here')
        windows[name] = session.wait_window(name)
        session.desktop.place(windows[name], x, 60, 600, 400)
        session.desktop.wait(lambda w=windows[name], x=x: abs(session.desktop.absolute(w)[0] - x) < 20, 20, 'the window to be placed')
    yield windows
    for name in windows:
        session.cli('domain', 'kill', name, check=False)


def frame_pixels(session, w):
    """All pixels of the four sides of the frame."""
    x, y, width, height = session.desktop.absolute(w)
    sides = [(x, y, width, FRAME), (x, y + height - FRAME, width, FRAME), (x, y, FRAME, height), (x + width - FRAME, y, FRAME, height)]
    return [{p for row in session.desktop.pixels(*side) for p in row} for side in sides]


def is_framed(session, w, label):
    ground, marks = LABELS[label], {(0, 0, 0), (255, 255, 255)}
    return all(ground in side and side <= {ground} | marks for side in frame_pixels(session, w))


def say(session, text):
    """Types on the admin's keyboard."""
    d = session.desktop.d
    for c in text:
        code = d.keysym_to_keycode(XK.XK_Return if c == '\n' else XK.string_to_keysym({' ': 'space'}.get(c, c)))
        for kind in (X.KeyPress, X.KeyRelease):
            xtest.fake_input(d, kind, code)
    d.sync()


def focus(session, w):
    """A click into the window's content, as a person gives it the focus."""
    d = session.desktop.d
    x, y, width, height = session.desktop.absolute(w)
    d.screen().root.warp_pointer(x + width // 2, y + height // 2)
    for kind in (X.ButtonPress, X.ButtonRelease):
        xtest.fake_input(d, kind, 1)
    d.sync()
    session.desktop.wait(lambda: d.get_input_focus().focus.id == w.id, 20, 'the focus')


def in_domain(session, name, script):
    """The exit status of a shell script run inside."""
    return session.cli('run', '--wait', name, '--', 'sh', '-c', script, check=False).returncode


def wait_in_domain(session, name, script, seconds=20):
    session.desktop.wait(lambda: in_domain(session, name, script) == 0, seconds, f'in {name}: {script}')


def test_framed_in_its_own_label(session, two):
    for name, label in [('work', 'blue'), ('banking', 'red')]:
        session.desktop.wait(lambda: is_framed(session, two[name], label), 20, f'the frame of {name}')
        x, y, width, height = session.desktop.absolute(two[name])
        session.desktop.wait(lambda at=(x + FRAME, y + FRAME, width - 2 * FRAME, height - 2 * FRAME): any(
            (255, 255, 255) in row for row in session.desktop.pixels(*at)), 20, 'the xterm, which is white')


def test_titles_and_classes_carry_the_domain(session, two):
    for name, w in two.items():
        session.desktop.wait(lambda: f'[{name}] here' in [t for _, t in session.windows(name)], 20, 'the title')
        assert all(part.startswith(name + ':') for part in w.get_wm_class())


def test_what_is_typed_reaches_the_focused_domain_only(session, two):
    for name in two:
        in_domain(session, name, 'rm -f ~/typed')
    focus(session, two['work'])
    say(session, 'touch typed\n')
    wait_in_domain(session, 'work', 'test -e ~/typed')
    assert in_domain(session, 'banking', 'test -e ~/typed') == 1
    focus(session, two['banking'])
    say(session, 'touch typed2\n')
    wait_in_domain(session, 'banking', 'test -e ~/typed2')
    assert in_domain(session, 'work', 'test -e ~/typed2') == 1


def test_bug_class_B2_what_was_run_by_the_person_has_the_focus(session, two):
    """Whole way: the CLI, bulkheadd, the gui-daemon, the window manager; another domain has the focus and was typed into."""
    d = session.desktop.d
    focus(session, two['banking'])
    say(session, 'true\n')
    session.cli('run', 'work', '--', 'xterm', '-T', 'launched')

    def launched():
        return next((w for w, t in session.windows('work') if 'launched' in t), None)

    w = session.desktop.wait(launched, 20, 'the window of what was run')
    session.desktop.wait(lambda: d.get_input_focus().focus.id == w.id, 20, 'its focus')


def test_the_admins_layout_is_the_domains(session, two):
    """The key right of T gives z on a German keyboard and y on an American one, in the domain too."""
    def layout(name):
        subprocess.run(['setxkbmap', '-layout', name], env=session.env, check=True)
        wait_in_domain(session, 'work', f'setxkbmap -query | grep -q "layout: *{name}"')

    focus(session, two['work'])
    try:
        layout('de')
        in_domain(session, 'work', 'rm -f ~/z ~/y')
        say(session, 'touch y\n')  # by the keys of the American layout
        wait_in_domain(session, 'work', 'test -e ~/z')
    finally:
        layout('us')


def test_windows_return_after_the_gui_daemon_was_killed(session, two):
    marker = in_domain(session, 'work', 'pidof xterm > ~/before')
    assert marker == 0
    daemons = [pid for pid in descendants(session.manager.pid) if '--name=work' in cmdline(pid) and cmdline(pid)[0].endswith('gui-daemon')]
    assert len(daemons) == 1
    os.kill(daemons[0], signal.SIGKILL)
    # By the daemon's process id: the X server may give the new daemon the old one's window ids.
    session.desktop.wait(lambda: [list(session.desktop.property(w, '_NET_WM_PID') or daemons) for w, _ in session.windows('work')]
                         not in ([], [daemons]), 30, 'a window of another daemon')
    session.desktop.wait(lambda: (lambda ws: ws and is_framed(session, ws[0][0], 'blue'))(session.windows('work')), 30, 'its frame again')
    assert in_domain(session, 'work', 'test "$(cat ~/before)" = "$(pidof xterm)"') == 0, 'the program lived on'


def test_killing_a_domain_removes_its_windows_only(session, two):
    session.cli('domain', 'kill', 'work')
    session.desktop.wait(lambda: not session.windows('work'), 20, "work's windows to go")
    assert session.windows('banking')
    session.desktop.wait(lambda: session.domains()['work']['state'] == 'stopped', 20, 'work to be stopped')
    assert session.domains()['banking']['state'] == 'running'


def test_a_domain_that_is_over_has_the_focus_no_more(session, two):
    def focused():
        return json.loads(session.cli('manager', 'status', '--json').stdout)['FocusedDomain']

    session.cli('domain', 'kill', 'banking')  # nobody else is there to take it
    session.desktop.wait(lambda: not session.windows('banking'), 20, 'its windows to go')
    focus(session, two['work'])
    session.desktop.wait(lambda: focused() == 'work', 20, 'the manager to know')
    session.cli('domain', 'kill', 'work')
    session.desktop.wait(lambda: focused() == '', 20, 'the manager to know that nobody has it')


def test_menus_of_real_programs_are_framed(session, two):
    """xterm's own menu is an override-redirect window: it has its frame, and lies on the screen."""
    w = two['banking']
    focus(session, w)
    d = session.desktop.d
    control = d.keysym_to_keycode(XK.XK_Control_L)
    xtest.fake_input(d, X.KeyPress, control)
    xtest.fake_input(d, X.ButtonPress, 1)
    d.sync()
    try:
        menu = session.desktop.wait(lambda: next((m for m, _ in session.windows('banking') if m.id != w.id), None), 20, 'the menu')
        session.desktop.wait(lambda: is_framed(session, menu, 'red'), 20, "the menu's frame")
        assert menu.get_attributes().override_redirect
    finally:
        xtest.fake_input(d, X.ButtonRelease, 1)
        xtest.fake_input(d, X.KeyRelease, control)
        d.sync()


def test_the_domain_cannot_see_the_admins_display(session, two):
    number = session.env['DISPLAY'].lstrip(':')
    assert in_domain(session, 'work', f'test -e /tmp/.X11-unix/X{number} && test "$DISPLAY" != :{number}') != 0
    assert in_domain(session, 'work', f'DISPLAY=localhost:{number} timeout 5 xdpyinfo') != 0


@pytest.mark.slow
def test_a_browsers_page_arrives_unchanged(session):
    """Bars of known colours in a page; each is on the screen exactly, side by side."""
    colors = [(0, 0, 0), (255, 255, 255), (1, 2, 3), (254, 1, 128), (17, 34, 51), (200, 100, 50)]
    bars = ''.join(f'<div style="float:left;width:50px;height:100px;background:rgb{c}"></div>' for c in colors)
    page = f'<!doctype html><title>bars</title><body style="margin:0;background:#fff">{bars}'
    session.cli('run', 'private', '--', '/run/bulkhead/bin/bulkhead-browser', '--html', page)
    w = session.wait_window('private', 120, 'bars')

    def shown():
        x, y, width, height = session.desktop.absolute(w)
        for row in session.desktop.pixels(x + FRAME, max(y, 0), 320, min(height, 400)):
            want = [c for c in colors for _ in range(50)]
            if row[:300] == want:
                return True
        return False

    try:
        session.desktop.wait(shown, 120, 'the bars')
    finally:
        session.cli('domain', 'kill', 'private', check=False)


@pytest.fixture
def state(tmp_path):
    """A folder for definitions and homes of domains, which pytest could not remove."""
    yield tmp_path
    remove_tree(tmp_path)


def try_script(build, state, *options):
    """scripts/try as a person starts it, but for the packages and the build; without a display."""
    env = {k: v for k, v in os.environ.items() if k not in ('DISPLAY', 'WAYLAND_DISPLAY')}
    env.update(XDG_CONFIG_HOME=str(state / 'config'), XDG_DATA_HOME=str(state / 'data'), TMPDIR=str(state), PYTHONUNBUFFERED='1')
    return subprocess.Popen([top / 'scripts/try', '--build', build, '--app', 'xterm', *options], env=env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def until_all_is_shown(p):
    for line in p.stdout:
        if line.startswith('Ctrl-C'):
            return
    raise AssertionError(f'it ended early: {p.wait()}')


@pytest.mark.slow
def test_try_once_makes_a_screenshot_and_leaves_nothing(build, state):
    before, mounts = leftovers(), pathlib.Path('/proc/self/mounts').read_text()
    p = try_script(build, state, '--once')
    said, _ = p.communicate(timeout=300)
    assert p.returncode == 0, said
    shot = pathlib.Path(said.splitlines()[-1])
    assert shot.parent.parent == state and shot.read_bytes().startswith(b'\x89PNG')
    assert leftovers() - before == set()
    assert sorted(f.name for f in state.iterdir()) == sorted(['config', 'data', shot.parent.name])
    assert pathlib.Path('/proc/self/mounts').read_text() == mounts


@pytest.mark.slow
@pytest.mark.parametrize('how', [signal.SIGINT, signal.SIGTERM])
def test_try_has_ended_everything_when_it_returns(build, state, how):
    before = leftovers()
    p = try_script(build, state)
    until_all_is_shown(p)
    # Only this X server follows the person's screen and monitors (docs/decisions/x-server.md).
    servers = [name for name in (cmdline(pid)[0].rsplit('/', 1)[-1] for pid in descendants(p.pid)) if name in ('Xorg', 'Xvfb')]
    assert sorted(servers) == ['Xorg'] * 3 + ['Xvfb']
    p.send_signal(how)
    assert p.wait(120) == 0
    left = leftovers() - before
    assert not left, [' '.join(cmdline(pid)) for pid in left]
    assert sorted(f.name for f in state.iterdir()) == ['config', 'data']


@pytest.mark.slow
@pytest.mark.parametrize('which', ['script', 'session'])
def test_try_leaves_nothing_when_it_is_killed(build, state, which):
    before = leftovers()
    p = try_script(build, state)
    until_all_is_shown(p)
    session, = [pid for pid in descendants(p.pid) if any(w.endswith('try_session.py') for w in cmdline(pid))]
    os.kill(p.pid if which == 'script' else session, signal.SIGKILL)
    p.wait(60)
    # What is left ends by itself: its parent-death signal came at that moment. One look can miss a process that changes its parent just then.
    end = time.monotonic() + 60
    while any(leftovers() - before for _ in range(20)) and time.monotonic() < end:
        pass
    left = leftovers() - before
    assert not left, [' '.join(cmdline(pid)) for pid in left]


def press(session, *names):
    d = session.desktop.d
    codes = [d.keysym_to_keycode(XK.string_to_keysym(n)) for n in names]
    for code in codes:
        xtest.fake_input(d, X.KeyPress, code)
    for code in reversed(codes):
        xtest.fake_input(d, X.KeyRelease, code)
    d.sync()


def trusted_banner(session):
    atom = session.desktop.d.intern_atom('_BULKHEAD_TRUSTED')
    return [w for w in session.desktop.root.query_tree().children
            if w.get_full_property(atom, X.AnyPropertyType) and w.get_attributes().map_state == X.IsViewable]


def test_one_key_hides_every_domain_window(session, two):
    tray = session.desktop.d.intern_atom('_NET_SYSTEM_TRAY_S0')
    session.desktop.wait(lambda: session.desktop.d.get_selection_owner(tray) != X.NONE, 30, 'bulkhead-desk')
    press(session, 'Super_L', 'F12')
    session.desktop.wait(lambda: not session.desktop.domain_windows() and trusted_banner(session), 20, 'all to be hidden')
    # What opens meanwhile is hidden too.
    session.cli('run', 'work', '--', 'xterm', '-T', 'late')
    wait_in_domain(session, 'work', 'test "$(pidof xterm | wc -w)" = 2')
    assert not session.desktop.domain_windows()
    press(session, 'Super_L', 'F12')
    session.desktop.wait(lambda: session.windows('work') and session.windows('banking') and not trusted_banner(session), 20, 'all to be back')


def test_the_keyboard_is_locked_to_one_domain(session, two):
    for name in two:
        in_domain(session, name, 'rm -f ~/locked')
    focus(session, two['work'])
    say(session, 'touch locked\n')
    wait_in_domain(session, 'work', 'test -e ~/locked')
    press(session, 'Super_L', 'F11')
    session.desktop.wait(lambda: trusted_banner(session), 20, 'the banner that says so')
    try:
        focus(session, two['banking'])
        say(session, 'touch locked\n')
        focus(session, two['work'])
        say(session, 'touch after\n')
        wait_in_domain(session, 'work', 'test -e ~/after')
        assert in_domain(session, 'banking', 'test -e ~/locked') == 1
    finally:
        press(session, 'Super_L', 'F11')
    session.desktop.wait(lambda: not trusted_banner(session), 20, 'the banner to go')
    focus(session, two['banking'])
    say(session, 'touch locked\n')
    wait_in_domain(session, 'banking', 'test -e ~/locked')
