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
                        NO_AT_BRIDGE='0' if accessible else '1', GSETTINGS_BACKEND='memory')
        if language != 'C.UTF-8':
            self.env['LANGUAGE'] = language
        self.env['PATH'] = f"{self.build / 'domains'}:{self.env['PATH']}"
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
        """Another call of the same program: it tells the first one."""
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

    def keys(self, *names):
        subprocess.run(['xdotool', 'key', '--clearmodifiers', *names], env=self.env, check=True, timeout=20)

    def type(self, text):
        subprocess.run(['xdotool', 'type', '--delay', '5', text], env=self.env, check=True, timeout=20)

    def end(self):
        with_stop = getattr(self, 'manager', None)
        if with_stop and with_stop.p.poll() is None:
            with_stop.p.send_signal(signal.SIGCONT)
        shutil.rmtree(self.temp, ignore_errors=True)
