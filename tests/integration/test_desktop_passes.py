# SPDX-License-Identifier: GPL-2.0-or-later
"""A person's day, with the pointer only and with the keyboard only, under openbox + tint2 and under XFCE (xfwm4 + xfce4-panel): domains are started, used, copied between,
thrown away and stopped. BULKHEAD_PASS_PICTURES=FOLDER keeps a picture of each step."""
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from Xlib import XK

import gui_stage
import test_ask_calls
from test_tray_panel import PANEL
from tray_rig import Spoken, Tray

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / 'bench')]
from session import Session

PATIENCE = 90
DESKS = {'openbox': (['openbox', '--sm-disable'], 'tint2'), 'xfce': (['xfwm4', '--compositor=off'], 'xfce4-panel')}
TINT2 = 'panel_items = S\npanel_size = 100% 32\npanel_position = top left horizontal\nsystray_padding = 0 4 2\n'
PANEL_HEIGHT = 32

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.geteuid() == 0, reason='domains belong to an ordinary user'),
              pytest.mark.skipif(not Spoken.possible(), reason='at-spi2-core or gir1.2-atspi-2.0 is not installed'),
              pytest.mark.skipif(not all(map(shutil.which, ('xterm', 'xdotool', 'bwrap'))), reason='a program of a session is not installed')]


class Day:
    """One desktop; the ways of a hand differ, what is waited for does not."""

    def __init__(self, build, programs, session, panel, name):
        self.s, self.name, self.step, self.programs = session, name, 0, programs
        self.t = Tray(build, programs, session.env['DISPLAY'], domains=None, accessible=True)
        self.t.env.update({k: session.env[k] for k in ('BULKHEAD_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'BULKHEAD_LIBEXEC')})
        self.t.share = '/usr/share'
        self.panel(panel)
        self.t.start()
        self.desktop = self.t.desktop
        self.screen = gui_stage.Screen(session.env['DISPLAY'])

    def panel(self, kind):
        config = pathlib.Path(self.t.env['XDG_CONFIG_HOME'])
        if kind == 'tint2':
            (config / 'tint2rc').write_text(TINT2)
            argv = ['tint2', '-c', config / 'tint2rc']
        else:
            folder = pathlib.Path(self.t.temp, 'config/xfce4/xfconf/xfce-perchannel-xml')  # where the bus that starts xfconfd looks
            folder.mkdir(parents=True)
            (folder / 'xfce4-panel.xml').write_text(PANEL)
            argv = ['xfce4-panel', '--disable-wm-check']
        self.programs.start(argv, env={**self.t.env, 'NO_AT_BRIDGE': '1'}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def picture(self, what):
        """Of the whole screen, when it has not changed for half a second."""
        folder = os.environ.get('BULKHEAD_PASS_PICTURES')
        self.step += 1
        if not folder:
            return
        path, before = f'{folder}/{self.name}-{self.step:02}-{what}.png', None
        for _ in range(20):
            self.desktop.screenshot(path)
            now = pathlib.Path(path).read_bytes()
            if now == before:
                return
            before = now
            self.xdotool('sleep', '0.5')

    def xdotool(self, *argv):
        subprocess.run(['xdotool', *map(str, argv)], env=self.t.env, check=True, timeout=60)

    def state(self, domain, state):
        self.desktop.wait(lambda: self.s.domains()[domain]['state'] == state, PATIENCE, f'{domain} to be {state}')

    def disposable(self):
        """Its name, when its window is there."""
        return self.desktop.wait(lambda: next((n for _, n, _ in self.s.desktop.domain_windows() if n.startswith('disp')), None), PATIENCE, 'the throw-away window')

    def gone(self, name):
        self.desktop.wait(lambda: name not in self.s.domains(), PATIENCE, f'{name} to be gone')


class Pointer(Day):
    def click(self, x, y):
        self.xdotool('mousemove', '--sync', x, y, 'click', 1)

    def at(self, name):
        """The middle of what is called so, or begins so."""
        found = self.t.spoken.until(lambda: self.t.spoken.ask(name, 'where'), f'"{name}" to be on the screen')
        return found[0] + found[2] // 2, found[1] + found[3] // 2

    def press(self, name):
        self.click(*self.at(name))

    def welcome(self):
        self.t.wait_shown('Welcome to Bulkhead')
        self.picture('welcome')
        self.press('Create these domains')
        self.t.wait_gone('Welcome to Bulkhead')

    def icon(self):
        """Where the panel is not its own background."""
        rows = self.desktop.pixels(0, 0, 200, PANEL_HEIGHT)
        ground = rows[PANEL_HEIGHT // 2][199]
        row = rows[PANEL_HEIGHT // 2]
        return next((x + 6 for x in range(len(row)) if sum(abs(a - b) for a, b in zip(row[x], ground)) > 60), None)

    def choose(self, domain, *actions):
        self.desktop.wait(lambda: not self.t.shown('Icons of your domains'), PATIENCE, 'the panel to take the icon')
        x = self.desktop.wait(self.icon, PATIENCE, 'the icon in the panel')
        self.click(x, PANEL_HEIGHT // 2)
        self.t.wait_shown('bulkhead-tray')
        self.xdotool('mousemove', '--sync', *self.at(domain + ','))
        for a in actions[:-1]:
            self.xdotool('mousemove', '--sync', *self.at(a))
        self.at(actions[-1])
        self.picture(f'menu-{domain}')
        self.press(actions[-1])

    def into(self, domain):
        x, y, w, h = self.desktop.absolute(self.s.wait_window(domain))
        self.click(x + w // 2, y + h // 2)

    def begin_copy(self):
        """A file manager's entry starts it in the domain; no key is pressed."""
        self.s.cli('run', 'work', '--', 'sh', '-c', 'echo report > report; bulkhead-copy -t banking report')

    def allow(self, question):
        question.click(question.allow_place())

    def throw_away(self, name):
        self.choose(name, 'Kill…')
        self.t.wait_shown('Kill')
        self.picture('kill')
        self.press('Kill')


class Keyboard(Day):
    def keys(self, *names):
        self.t.keys(*names)

    def welcome(self):
        self.t.wait_active('Welcome to Bulkhead')
        self.picture('welcome')
        self.keys('Return')
        self.t.wait_gone('Welcome to Bulkhead')

    def choose(self, domain, *actions):
        self.keys('super+F10')
        self.t.wait_shown('bulkhead-tray')
        self.walk(domain + ',')
        for a in actions:
            self.keys('Right')
            self.walk(a)
        self.picture(f'menu-{domain}')
        self.keys('Return')

    def walk(self, name):
        """Down until the one of that name is chosen."""
        for _ in range(40):
            if any('selected' in s or 'focused' in s for _, n, _, s in self.t.spoken.ask() if n.startswith(name)):
                return
            self.keys('Down')
        raise AssertionError(f'"{name}" is not reached by Down')

    def into(self, domain):
        """What was opened last has the keys."""
        w = self.s.wait_window(domain)
        self.desktop.wait(lambda: self.desktop.has_keys(w), PATIENCE, f'the keys in {domain}')

    def begin_copy(self):
        self.into('work')
        self.xdotool('type', '--delay', 30, 'echo report > report; bulkhead-copy -t banking report\n')

    def allow(self, question):
        question.screen.type(XK.XK_a, XK.XK_Alt_L)
        question.wait_alive_again()
        question.key(XK.XK_Return)

    def throw_away(self, name):
        self.into(name)
        self.xdotool('type', '--delay', 30, 'exit\n')


@pytest.fixture(params=list(DESKS))
def desk(request, build, programs):
    manager, panel = DESKS[request.param]
    if not shutil.which(manager[0]) or not shutil.which(panel):
        pytest.skip(f'{manager[0]} or {panel} is not installed')
    bus = programs.start(['dbus-daemon', '--session', '--nofork', '--nopidfile', '--print-address=1'], stdout=subprocess.PIPE, text=True)
    manager = ['env', 'DBUS_SESSION_BUS_ADDRESS=' + bus.stdout.readline().strip(), *manager]  # xfwm4 ends without one
    with Session(build, screen='1280x800', window_manager=manager, rules='qubes.Filecopy * work banking ask\n') as s:
        yield s, panel, request.param


@pytest.mark.parametrize('hand', [Pointer, Keyboard])
def test_a_day(build, programs, desk, hand):
    session, panel, name = desk
    day = hand(build, programs, session, panel, f'{name}-{hand.__name__.lower()}')
    day.welcome()
    day.choose('work', 'Open a terminal')
    session.wait_window('work')
    day.into('work')
    day.picture('work')

    day.begin_copy()
    question = test_ask_calls.Question(day.screen)
    question.wait_alive()
    day.picture('question')
    day.allow(question)
    question.gone()
    day.state('banking', 'running')
    day.desktop.wait(lambda: session.cli('run', '--wait', 'banking', '--', 'test', '-e', 'QubesIncoming/work/report', check=False).returncode == 0, PATIENCE, 'the file')

    day.choose('throw-away', 'New throw-away terminal')
    disposable = day.disposable()
    day.into(disposable)
    day.picture('throw-away')
    day.throw_away(disposable)
    day.gone(disposable)

    for domain in ('work', 'banking'):
        day.choose(domain, 'Stop')
        day.state(domain, 'stopped')
    day.picture('end')
    day.t.end()
