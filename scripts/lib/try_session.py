# SPDX-License-Identifier: GPL-2.0-or-later
"""The session behind scripts/try, run as the ordinary user: a display if there is none, the manager, three domains, their programs;
and the end of all of it, whatever way it ends."""
import argparse
import ctypes
import html
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent))

DOMAINS = [  # name, label, network, what it is for
    ('work', 'blue', 'net', 'Work: the mail and the documents of your job live here.'),
    ('private', 'green', 'net', 'Private: family, shopping, everything that is only yours.'),
    ('banking', 'red', '', 'Banking: your bank and nothing else.'),
]
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
libc = ctypes.CDLL(None)


class Stop(Exception):
    pass


def on_signal(number, frame):
    ignore_signals()  # a second one must not break into the ending
    raise Stop(signal.Signals(number).name)


def ignore_signals():
    for s in SIGNALS:
        signal.signal(s, signal.SIG_IGN)


def end_with(parent):
    """This process is sent SIGTERM when its parent dies; False if that parent is gone already."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    return os.getppid() == parent


def beginning_of_a_child():
    """What a child does first: it dies with this process."""
    us = os.getpid()

    def begin():
        os.setsid()
        if not end_with(us):
            os._exit(1)
    return begin


class Session:
    notifier = 'dunst'  # shows notifications where there is no desktop that does

    def __init__(self, args):
        self.args = args
        self.children = []
        self.looked = None
        self.build = pathlib.Path(args.build).resolve()
        self.temp = tempfile.TemporaryDirectory(prefix='bulkhead-try-')
        self.env = dict(os.environ)
        self.env['BULKHEAD_RUNTIME_DIR'] = self.temp.name + '/run'
        source = pathlib.Path(__file__).resolve().parents[2]
        self.env['BULKHEAD_LIBEXEC'] = ':'.join(
            str(p) for p in sorted({f.parent for f in self.build.rglob('bulkhead-*') if f.is_file() and os.access(f, os.X_OK)})
            ) + ''.join(f':{folder}' for folder in (self.build / 'domains', source / 'gui-agent', source / 'scripts/in-domain'))
        # The person's own rules first, then those of the session and of this tree: nothing need be installed.
        own = pathlib.Path(self.env.get('XDG_CONFIG_HOME') or os.path.expanduser('~/.config')) / 'bulkhead/policy.d'
        own.mkdir(parents=True, exist_ok=True)
        self.env['BULKHEAD_POLICY_PATH'] = f"{own}:{self.demo_rules()}:{source / 'policy/rules'}"
        os.mkdir(self.env['BULKHEAD_RUNTIME_DIR'], 0o700)
        # The domains' own log lines go here, not between the sentences for the person.
        self.log = open(self.temp.name + '/session.log', 'ab')

    def demo_rules(self):
        """A deny to see at work, for this session only; a 30-user.policy of the person's own stands before it."""
        folder = pathlib.Path(self.temp.name) / 'policy.d'
        folder.mkdir()
        (folder / '30-user.policy').write_text(
            '# The rules of this session of scripts/try: nothing is copied to "private". A file of this name in\n'
            '# ~/.config/bulkhead/policy.d takes the place of this one (docs/policy-language.md).\n'
            'qubes.Filecopy * @anyvm private deny\n')
        return folder

    def spawn(self, argv, **more):
        p = subprocess.Popen(argv, env=self.env, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                             preexec_fn=beginning_of_a_child(), **more)
        self.children.append(p)
        return p

    def cli(self, *argv, check=True):
        p = subprocess.run([str(self.build / 'domains' / 'bulkhead'), *argv], env=self.env, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=120)
        if check and p.returncode:
            raise RuntimeError(f'bulkhead {" ".join(argv)}: {p.stderr.strip() or p.stdout.strip()}')
        return p

    def x_server(self, argv):
        read, write = os.pipe()
        p = self.spawn(argv + ['-displayfd', str(write)], pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as f:
            number = f.readline().strip()
        if not number:
            raise RuntimeError(f'{argv[0]} did not start (exit status {p.wait()})')
        self.env['DISPLAY'] = ':' + number
        self.own_display = True

    def display(self):
        self.own_display = False
        if self.env.get('DISPLAY') and self.env.get('BULKHEAD_TRY_COOKIE'):
            self.env['XAUTHORITY'] = self.temp.name + '/Xauthority'
            subprocess.run(['xauth', 'add', self.env['DISPLAY'], '.', self.env['BULKHEAD_TRY_COOKIE']], env=self.env,
                           stdout=self.log, stderr=self.log)
        if not self.env.get('DISPLAY'):
            self.x_server(['Xvfb', '-screen', '0', self.args.screen + 'x24', '-noreset', '-nolisten', 'tcp'])
            print(f'No $DISPLAY: everything is on {self.env["DISPLAY"]}, an Xvfb of {self.args.screen} of its own.')
        elif self.env.get('WAYLAND_DISPLAY'):
            self.x_server(['Xephyr', '-screen', self.args.screen, '-resizeable', '-noreset', '-nolisten', 'tcp', '-title', 'Bulkhead'])
            print('Your desktop runs on Wayland: everything is inside the window "Bulkhead".')
        if self.own_display:
            self.spawn(['openbox', '--sm-disable'])
            self.session_bus()

    def session_bus(self):
        """For what tells the person something, where no desktop brings one."""
        if self.env.get('DBUS_SESSION_BUS_ADDRESS') or not shutil.which('dbus-daemon'):
            return
        read, write = os.pipe()
        self.spawn(['dbus-daemon', '--session', '--nofork', '--nopidfile', f'--print-address={write}'], pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as f:
            self.env['DBUS_SESSION_BUS_ADDRESS'] = f.readline().strip()
        if self.notifier and shutil.which(self.notifier):
            self.spawn([self.notifier])

    def tray(self):
        program = self.build / 'tray/bulkhead-tray'
        if program.exists():
            self.spawn([str(program), '--no-export'])

    def manager(self):
        read, write = os.pipe()
        p = self.spawn([str(self.build / 'domains' / 'bulkheadd'), '--stop-domains-at-exit', f'--ready-fd={write}'], pass_fds=[write])
        os.close(write)
        with os.fdopen(read, 'rb') as f:
            if not f.read(1):
                raise RuntimeError(f'bulkheadd did not start (exit status {p.wait()}):\n{self.tail()}')

    def tail(self, lines=15):
        self.log.flush()
        with open(self.log.name, errors='replace') as f:
            return ''.join(f.readlines()[-lines:])

    def domains(self):
        known = {d['name'] for d in json.loads(self.cli('domain', 'list', '--json').stdout)}
        for name, label, netvm, _ in DOMAINS:
            if name not in known:
                self.cli('domain', 'create', name, '--label', label, *(['--netvm', netvm] if netvm else []))
        self.info = {d['name']: d for d in json.loads(self.cli('domain', 'list', '--json').stdout)}

    def page(self, name, text):
        color = self.info[name]['color']
        return (f'<!doctype html><meta charset="utf-8"><title>this is {name}</title><body style="margin:0;font:20px sans-serif">'
                f'<h1 style="margin:0;padding:24px;background:{color};color:#fff">{html.escape(name)}</h1>'
                f'<p style="margin:24px">{html.escape(text)}</p>'
                f'<p style="margin:24px">The frame around this window is drawn by the desktop, not by this page: '
                f'nothing in here can change it or reach another domain.</p>'
                f'<p style="margin:24px">Text to another domain: copy it here, press Ctrl+Shift+C, go to a window of the other domain, press '
                f'Ctrl+Shift+V (you see what would go; the keys again let it), paste it there.</p>')

    def start_programs(self):
        failed = []

        def start(name, text):
            argv = [self.args.app] if self.args.app else ['/run/bulkhead/bin/bulkhead-browser', '--html', self.page(name, text)]
            try:
                self.cli('run', name, '--', *argv)
            except (RuntimeError, subprocess.TimeoutExpired) as e:
                failed.append(str(e))

        threads = [threading.Thread(target=start, args=(name, text)) for name, _, _, text in DOMAINS]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if failed:
            raise RuntimeError('\n'.join(failed) + '\n' + self.tail())

    def file_manager(self):
        """A file to send, and the window to send it from."""
        if shutil.which('pcmanfm'):
            self.cli('run', 'work', '--', 'sh', '-c', 'mkdir -p ~/Papers; [ -e ~/Papers/report.txt ] || echo "A paper of work." > ~/Papers/report.txt; '
                     'exec pcmanfm ~/Papers')

    def shown(self):
        """{domain: outer window} once each domain shows its program (a browser: its page), else None."""
        best = {}
        for w, domain, title in self.desktop.domain_windows():
            if self.args.app or f'this is {domain}' in title:
                best[domain] = w
        return best if all(name in best for name, *_ in DOMAINS) else None

    def painted(self, windows):
        """A browser's page has its coloured heading on the screen; any other program has more than one colour."""
        for domain, w in windows.items():
            x, y, width, height = self.desktop.absolute(w)
            rows = self.desktop.pixels(x + width // 2, y + 8, 1, max(1, height - 16))
            colors = [r[0] for r in rows]
            want = tuple(bytes.fromhex(self.info[domain]['color'][1:]))
            if self.args.app:
                strip = self.desktop.pixels(x + 8, y + 8, max(1, width - 16), min(64, max(1, height - 16)))
                if len({p for row in strip for p in row}) < 2:
                    return False
            elif colors.count(want) < 20 or colors.count((255, 255, 255)) < 20:
                return False
        return True

    def settled(self, windows):
        """Painted, and nothing changed since the last look: no window is between two sizes."""
        before, self.looked = self.looked, None
        if windows and self.painted(windows):
            self.looked = {d: (self.desktop.absolute(w), self.desktop.content(w)) for d, w in windows.items()}
        return self.looked is not None and self.looked == before

    def arrange(self, windows):
        g = self.desktop.root.get_geometry()
        w, h = g.width * 46 // 100, g.height * 43 // 100
        spots = [(g.width // 40, g.height // 30), (g.width - w - g.width // 40, g.height // 30),
                 ((g.width - w) // 2, g.height - h - g.height // 30)]
        for (name, *_), (x, y) in zip(DOMAINS, spots):
            self.desktop.place(windows[name], x, y, w, h)

    def run(self):
        self.display()
        self.manager()
        self.domains()
        os.environ['DISPLAY'] = self.env['DISPLAY']
        if 'XAUTHORITY' in self.env:
            os.environ['XAUTHORITY'] = self.env['XAUTHORITY']
        from desktop import Desktop
        self.desktop = Desktop()
        if not self.args.once:
            self.tray()
        self.start_programs()
        windows = self.desktop.wait(self.shown, 180, 'the windows of work, private and banking')
        if self.own_display or self.args.once:
            self.arrange(windows)
        self.desktop.wait(lambda: self.settled(self.shown()), 120, 'all three pages to be painted')
        if self.args.once:
            path = os.path.abspath(self.args.output or os.path.join(
                tempfile.mkdtemp(prefix='bulkhead-screenshot-'), 'three-domains.png'))
            self.desktop.screenshot(path)
            return path
        self.file_manager()
        print('What to look at:\n'
              '  * three windows, each in the frame of its domain: work blue, private green, banking red, each with its own pattern;\n'
              '  * the name in front of every title; a page cannot paint over its frame, whatever it does;\n'
              '  * each browser has its own home, processes and network: what one downloads, the others never see;\n'
              '  * in the folder "Papers" of work, right-click the file and choose "Copy to another domain": you are asked where to, see how far\n'
              '    a large one is, and the receipt. Super+F10 opens the menu: in a terminal "bulkhead-copy -t banking FILE" does the same;\n'
              '    to private it is refused, and "bulkhead log" names the file and the line of the rule;\n'
              '  * Ctrl+Shift+C takes the clipboard of the window you are in, Ctrl+Shift+V brings it into that of another; a preview shows what would go.\n'
              f'More: {self.build}/domains/bulkhead --help (with BULKHEAD_RUNTIME_DIR={self.env["BULKHEAD_RUNTIME_DIR"]}).\n'
              'Ctrl-C ends everything.', flush=True)
        while True:
            signal.pause()

    def end(self):
        for p in reversed(self.children):  # the manager before the display
            if p.poll() is None:
                p.terminate()
                try:
                    p.wait(20)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()
        self.log.close()
        self.temp.cleanup()


def end_orphans():
    """Whoever lost its parent on the way was handed to this process (child subreaper): nothing stays."""
    while True:
        for pid in pathlib.Path(f'/proc/self/task/{os.getpid()}/children').read_text().split():
            os.kill(int(pid), signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--build', required=True)
    p.add_argument('--screen', default='1920x1080')
    p.add_argument('--app')
    p.add_argument('--once', action='store_true')
    p.add_argument('--output')
    p.add_argument('--parent', type=int, default=os.getppid(), help='process id of who started this and ends it')
    args = p.parse_args()
    if not end_with(args.parent):
        return 1
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for s in SIGNALS:
        signal.signal(s, on_signal)
    session = Session(args)
    path = None
    status = 0
    try:
        path = session.run()
    except Stop:
        status = 0 if not args.once else 130
    except (RuntimeError, TimeoutError, OSError, subprocess.SubprocessError) as e:
        print(f'bulkhead: {e}', file=sys.stderr)
        print(session.tail(), file=sys.stderr)
        status = 1
    finally:
        ignore_signals()
        session.end()
        end_orphans()
    if path:
        print(path)
    return status


if __name__ == '__main__':
    sys.exit(main())
