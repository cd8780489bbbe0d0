# SPDX-License-Identifier: GPL-2.0-or-later
"""A domain's X server and gui-agent with a small GUI daemon (tests/tools/mini-daemon.c) at the other end."""
import json
import os
import pathlib
import queue
import subprocess
import sys
import threading

from rig import Hv, program

PATIENCE = 60
top = pathlib.Path(__file__).resolve().parent.parent.parent
KEY_DOWN, KEY_UP, BUTTON_DOWN, BUTTON_UP, ENTER, LEAVE, FOCUS_IN, FOCUS_OUT = 2, 3, 4, 5, 7, 8, 9, 10


class Daemon:
    """mini-daemon: lines of JSON come, commands go."""

    def __init__(self, domain, *options):
        self.log = []
        self.lines = queue.Queue()
        self.end = domain.hv.admit(domain.id)
        self.process = subprocess.Popen(
            [program('mini-daemon'), f'--vchan=local-fd:{self.end.fileno()}', f'--domain={domain.id}', *options],
            pass_fds=[self.end.fileno()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, daemon=True).start()
        self.expect('VERSION')

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line, strict=False))
        self.lines.put(None)

    def say(self, *words):
        self.process.stdin.write(' '.join(str(w) for w in words) + '\n')
        self.process.stdin.flush()

    def next(self, timeout=PATIENCE):
        m = self.lines.get(timeout=timeout)
        assert m is not None, f'mini-daemon ended; it said last {self.log[-5:]}'
        assert m['type'] != 'ERROR', m
        self.log.append(m)
        return m

    def expect(self, kind, **fields):
        """The next message like this; others before it stay in the log."""
        while True:
            try:
                m = self.next()
            except queue.Empty:
                raise AssertionError(f'no {kind} {fields}; last came {self.log[-12:]}') from None
            if m['type'] == kind and all(m.get(k) == v for k, v in fields.items()):
                return m

    def window(self, override=0, **fields):
        """The next window that is mapped and has its picture."""
        w = self.expect('MAP', override=override, **fields)['window']
        self.expect('DUMP', window=w)
        return w

    def pixel(self, w, x, y):
        self.say('pixel', w, x, y)
        return self.expect('PIXEL', window=w)['rgb']

    def until_pixel(self, w, x, y, rgb):
        """Waits for messages of that window until the pixel has this colour."""
        while self.pixel(w, x, y) != rgb:
            self.expect('SHMIMAGE', window=w)

    def save(self, w, path):
        self.say('save', w, path)
        assert self.expect('SAVED', window=w)['done']

    def quiet(self):
        """Everything that was sent before this call is in the log after it."""
        self.say('pixel', 0, 0, 0)
        self.expect('PIXEL', window=0)

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.end.close()


class Domain:
    def __init__(self, folder, start_agent=True):
        self.folder = folder
        self.running = []
        self.hv = Hv()
        self.id, self.path = self.hv.create_domain('work')
        self.start_x()
        if start_agent:
            self.start_agent()

    def start(self, argv, **more):
        env = {**os.environ, 'DISPLAY': self.display, 'NO_AT_BRIDGE': '1', 'GDK_BACKEND': 'x11', **more.pop('env', {})}
        for name in ('DBUS_SESSION_BUS_ADDRESS', 'WAYLAND_DISPLAY'):
            env.pop(name, None)
        p = subprocess.Popen([str(a) for a in argv], env=env, stdin=subprocess.DEVNULL, **more)
        self.running.append(p)
        return p

    def start_x(self):
        """As gui-agent/README.md says; not as root, which would look for a console."""
        os.makedirs('/tmp/.X11-unix', mode=0o1777, exist_ok=True)
        ready, theirs = os.pipe()
        self.display = ''
        user = {'user': 'nobody', 'group': 'nogroup', 'extra_groups': []} if os.geteuid() == 0 else {}
        config = pathlib.Path('/tmp') / f'bulkhead-xorg-{os.getpid()}.conf'
        config.write_text((top / 'gui-agent' / 'xorg-dummy.conf').read_text())
        config.chmod(0o644)
        self.x = self.start(['/usr/lib/xorg/Xorg', '-config', config, '-configdir', '/nonexistent', '-displayfd', theirs,
                             '-noreset', '-nolisten', 'tcp', '-novtswitch', '-sharevts', '-logfile', '/dev/null', '-ac'],
                            pass_fds=[theirs], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)
        os.close(theirs)
        with os.fdopen(ready) as f:
            number = f.readline().strip()
        config.unlink()
        assert number, 'Xorg with the dummy driver did not start'
        self.display = ':' + number

    def start_agent(self):
        ready, theirs = os.pipe()
        self.agent = self.start([program('bulkhead-gui-agent'), f'--vchan=local:{self.path}', f'--ready-fd={theirs}'],
                                pass_fds=[theirs], stderr=sys.stderr, env={'XDG_RUNTIME_DIR': str(self.folder)})
        os.close(theirs)
        with os.fdopen(ready) as f:
            assert f.read() == '\n', 'the agent did not start'

    def daemon(self, *options):
        self.d = Daemon(self, *options)
        return self.d

    def close(self):
        for p in reversed(self.running):
            if p.poll() is None:
                p.terminate()
        for p in reversed(self.running):
            try:
                p.wait(20)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        if getattr(self, 'd', None):
            self.d.process.kill()
            self.d.close()
        self.hv.close()
