# SPDX-License-Identifier: GPL-2.0-or-later
"""bulkhead-tray in a session of its own: display, session bus, a manager that runs nothing, a notification service that only listens."""
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent.parent / 'scripts' / 'lib')]
PYTHON = '/usr/bin/python3'
APP = '[Desktop Entry]\nType=Application\nName={name}\nExec={run}\nIcon={icon}\nCategories={categories}\n'


def write_apps(share, apps):
    """apps: (id, name, exec, icon, categories)"""
    folder = pathlib.Path(share, 'applications')
    folder.mkdir(parents=True, exist_ok=True)
    for ident, name, run, icon, categories in apps:
        (folder / f'{ident}.desktop').write_text(APP.format(name=name, run=run, icon=icon, categories=categories))


USUAL = [('firefox', 'Firefox', 'firefox %u', 'firefox', 'Network;'), ('xterm', 'XTerm', 'xterm', '', 'TerminalEmulator;'),
         ('thunar', 'Files', 'thunar %F', '', 'FileManager;'), ('gedit', 'Text Editor', 'gedit', '', 'Utility;')]


def window_manager(programs, screen, argv=('openbox', '--sm-disable')):
    """Runs it until it manages: what is shown before that may never get the keys."""
    p = programs.start(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, 'DISPLAY': screen})
    from desktop import Desktop
    Desktop(screen).wait_managed()
    return p


class Lines:
    """A process that says lines of JSON."""

    def __init__(self, p):
        self.p, self.rest = p, b''
        os.set_blocking(p.stdout.fileno(), False)

    def next(self, seconds=20):
        end = time.monotonic() + seconds
        while b'\n' not in self.rest:
            if not select.select([self.p.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError('no line came')
            data = self.p.stdout.read()
            if not data:
                raise EOFError(f'{self.p.args[:2]} ended')
            self.rest += data
        line, _, self.rest = self.rest.partition(b'\n')
        return json.loads(line)

    def until(self, wanted, seconds=20):
        """The first line for which wanted(line) is true, and all lines up to it."""
        seen = []
        while True:
            seen.append(self.next(seconds))
            if wanted(seen[-1]):
                return seen


class Tray:
    def __init__(self, build, programs, display, domains=('banking', 'private', 'work'), apps=USUAL, bus=True, real_manager=False, panel=None,
                 share=None, language='C.UTF-8', accessible=False):
        self.build, self.programs = pathlib.Path(build), programs
        self.temp = tempfile.mkdtemp(prefix='bulkhead-tray-')
        self.env = {k: v for k, v in os.environ.items() if not k.startswith('XDG_') and k not in ('DBUS_SESSION_BUS_ADDRESS', 'WAYLAND_DISPLAY')}
        self.env.update(BULKHEAD_RUNTIME_DIR=self.temp + '/run', XDG_CONFIG_HOME=self.temp + '/config', XDG_DATA_HOME=self.temp + '/data',
                        XDG_STATE_HOME=self.temp + '/state', XDG_RUNTIME_DIR=self.temp, HOME=self.temp, DISPLAY=display, LANG=language, GTK_THEME='Adwaita',
                        NO_AT_BRIDGE='0' if accessible else '1', GSETTINGS_BACKEND='memory',
                        BULKHEAD_POLICY_PATH=str(here.parent.parent / 'policy' / 'rules'))
        if language != 'C.UTF-8':
            self.env['LANGUAGE'] = language
        self.env['PATH'] = f"{self.build / 'domains'}:{self.env['PATH']}"
        self.env['BULKHEAD_LIBEXEC'] = str(self.build / 'qrexec')
        os.mkdir(self.temp + '/run', 0o700)
        self.share = share or self.temp + '/share'
        if not share:
            write_apps(self.share, apps)
        if bus:
            p = programs.start(['dbus-daemon', '--session', '--nofork', '--nopidfile', '--print-address=1'], stdout=subprocess.PIPE, env=self.env,
                               stderr=subprocess.DEVNULL)
            self.env['DBUS_SESSION_BUS_ADDRESS'] = p.stdout.readline().decode().strip()
        else:
            self.env['DBUS_SESSION_BUS_ADDRESS'] = 'unix:path=' + self.temp + '/no-bus'
        self.spoken = Spoken(self) if accessible else None
        self.domains = domains
        if domains is not None:
            self.start_manager()

    def start_manager(self):
        p = self.programs.start([PYTHON, here.parent / 'tools' / 'fake_manager.py', *self.domains], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                env=self.env)
        self.manager = Lines(p)
        assert self.manager.next() == 'ready'

    def tell(self, *command):
        self.manager.p.stdin.write(json.dumps(command).encode() + b'\n')
        self.manager.p.stdin.flush()

    def called(self, method, seconds=20):
        """Waits for a call; [domain, method, arguments]."""
        return self.manager.until(lambda c: c[1] == method, seconds)[-1]

    def listen(self):
        """Notifications, and the watcher of StatusNotifierItems."""
        self.desk = Lines(self.programs.start([PYTHON, here.parent / 'tools' / 'fake_desk.py'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.env))
        assert self.desk.next() == 'ready'

    def start(self, *options):
        self.p = self.programs.start([self.build / 'tray' / 'bulkhead-tray', '--share', self.share, *options], env=self.env)
        from desktop import Desktop
        self.desktop = Desktop(self.env['DISPLAY'])
        return self

    def again(self, *options):
        """Another call of the same program: it tells the first one, once that is to be found."""
        if self.p.poll() is None and 'no-bus' not in self.env['DBUS_SESSION_BUS_ADDRESS']:
            subprocess.run(['gdbus', 'wait', '--session', '--timeout', '60', 'org.bulkhead.Tray'], env=self.env, check=True)
        return subprocess.run([self.build / 'tray' / 'bulkhead-tray', *options], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=30)

    def shown(self, title=None):
        """Trusted windows of the tray that are on the screen: [(window, title)]."""
        d = self.desktop
        atom = d.d.intern_atom('_BULKHEAD_TRUSTED')
        found = []
        for w in d._all(d.root):
            try:
                if w.get_full_property(atom, 0) and w.get_attributes().map_state == 2:
                    name = d.property(w, '_NET_WM_NAME')
                    found.append((w, (name or b'').decode()))
            except Exception:  # the window went away between two questions
                continue
        return [f for f in found if title is None or f[1] == title]

    def wait_shown(self, title, seconds=20):
        return self.desktop.wait(lambda: self.shown(title), seconds, f'a window "{title}"')[0][0]

    def wait_gone(self, title, seconds=20):
        self.desktop.wait(lambda: not self.shown(title), seconds, f'the window "{title}" to go')

    def wait_active(self, title, seconds=20):
        """On the screen, and keys go there."""
        return self.desktop.wait(lambda: next((w for w, _ in self.shown(title) if self.desktop.has_keys(w)), None), seconds, f'"{title}" to have the keys')

    def search(self, text, hit=None):
        """Types into the search. hit: "work: Firefox", what is to be the first that fits; heard through AT-SPI."""
        self.again('--search')
        self.wait_active('Search Bulkhead')
        self.type(text)
        if hit:
            self.spoken.until(lambda: 'selected' in self.spoken.states(hit), f'"{hit}" to be what fits best')

    def choose(self, text, hit=None):
        self.search(text, hit)
        self.keys('Return')
        self.wait_gone('Search Bulkhead')

    def keys(self, *names):
        subprocess.run(['xdotool', 'key', '--clearmodifiers', *names], env=self.env, check=True, timeout=20)

    def type(self, text):
        subprocess.run(['xdotool', 'type', '--delay', '5', text], env=self.env, check=True, timeout=20)

    def end(self):
        with_stop = getattr(self, 'manager', None)
        if with_stop and with_stop.p.poll() is None:
            with_stop.p.send_signal(signal.SIGCONT)
        shutil.rmtree(self.temp, ignore_errors=True)


# Walks the tree of the application "bulkhead-tray": [role, name, text, states] of everything that is shown; or does something to the one of a name.
SPOKEN = '''
import json, sys
import gi
gi.require_version('Atspi', '2.0')
from gi.repository import Atspi, GLib
Atspi.init()
wanted, action = (sys.argv[1:] + ['', ''])[:2]
found = []
def states(node):
    s = node.get_state_set()
    return [t.value_nick for t in (Atspi.StateType.SENSITIVE, Atspi.StateType.FOCUSED, Atspi.StateType.SELECTED, Atspi.StateType.SHOWING) if s.contains(t)]
def text(node):
    t = node.get_text_iface()
    return Atspi.Text.get_text(t, 0, min(Atspi.Text.get_character_count(t), 4000)) if t else ''
def walk(node, depth):
    if node is None or depth > 25:
        return
    s = states(node)
    if 'showing' not in s and depth > 1:
        return
    found.append([node.get_role_name(), node.get_name() or '', text(node), s])
    if action == 'where' and (node.get_name() or '').startswith(wanted) and node.get_role_name() not in ('label', 'frame', 'window'):
        r = Atspi.Component.get_extents(node.get_component_iface(), Atspi.CoordType.SCREEN)
        if r.width > 0 and r.x >= 0:
            print(json.dumps([r.x, r.y, r.width, r.height]))
            sys.exit(0)
    elif wanted and node.get_name() == wanted and node.get_role_name() not in ('label', 'frame'):
        if action == 'grab':
            Atspi.Component.grab_focus(node.get_component_iface())
        elif action == 'click':
            Atspi.Action.do_action(node.get_action_iface(), 0)
        elif action == 'select':
            p = node.get_parent()
            Atspi.Selection.select_child(p.get_selection_iface(), node.get_index_in_parent())
        print(json.dumps(True))
        sys.exit(0)
    for i in range(min(node.get_child_count(), 200)):
        try:
            walk(node.get_child_at_index(i), depth + 1)
        except GLib.GError:  # it went while it was looked at: it is not shown
            pass
desktop = Atspi.get_desktop(0)
for i in range(desktop.get_child_count()):
    app = desktop.get_child_at_index(i)
    if app and app.get_name() == 'bulkhead-tray':
        walk(app, 0)
print(json.dumps(False if wanted else found))
'''


class Spoken:
    """What a screen reader hears of the tray, and what it can do there."""

    @staticmethod
    def possible():
        return os.path.exists('/usr/libexec/at-spi-bus-launcher') and not subprocess.run(
            [PYTHON, '-c', "import gi; gi.require_version('Atspi', '2.0')"], capture_output=True).returncode

    def __init__(self, tray):
        self.tray = tray
        tray.env['GTK_MODULES'] = 'gail:atk-bridge'
        tray.programs.start(['/usr/libexec/at-spi-bus-launcher', '--launch-immediately'], env=tray.env, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)

    def ask(self, *arguments):
        p = subprocess.run([PYTHON, '-c', SPOKEN, *arguments], env=self.tray.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        assert p.returncode == 0, p.stderr
        return json.loads(p.stdout)

    def names(self):
        return [n[1] for n in self.ask()]

    def texts(self):
        return [n[2] or n[1] for n in self.ask()]

    def states(self, name):
        return next((n[3] for n in self.ask() if n[1] == name and n[0] not in ('label', 'frame')), [])

    def until(self, condition, what, seconds=60):
        return self.tray.desktop.wait(condition, seconds, what)

    def wait(self, text):
        try:
            self.until(lambda: text in self.names() or text in self.texts(), f'"{text}" to be said')
        except Exception as e:
            raise AssertionError(f'"{text}" was not said; but: {[n for n in self.ask() if n[1] or n[2]]}') from e

    def act(self, name, action):
        self.until(lambda: self.ask(name, action), f'"{name}" to be there')
