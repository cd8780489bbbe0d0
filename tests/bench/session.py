# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole Bulkhead on a display of its own, for the benchmarks and the end-to-end tests: Xvfb, manager, domains."""
import json
import os
import pathlib
import subprocess
import tempfile

import sys

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent.parent / 'scripts' / 'lib')]


def x_server(argv):
    """(display, process), once it answers."""
    read, write = os.pipe()
    p = subprocess.Popen([*argv, '-displayfd', str(write)], pass_fds=[write], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as f:
        number = f.readline().strip()
    if not number:
        raise RuntimeError(f'{argv[0]} did not start (exit status {p.wait()})')
    return ':' + number, p


def libexec(build):
    """Where programs of ours find each other in the build tree."""
    folders = {f.parent for f in pathlib.Path(build).rglob('bulkhead-*') if f.is_file() and os.access(f, os.X_OK)}
    return ':'.join(map(str, sorted(folders | {pathlib.Path(build) / 'domains', here.parent.parent / 'scripts' / 'in-domain'})))


def remove_tree(path):
    """Also what belongs to the host uids of domains: as root of a user namespace that holds them all, where there are such."""
    done = subprocess.run(['unshare', '--user', '--map-root-user', '--map-auto', 'rm', '-rf', str(path)], capture_output=True)
    if done.returncode:
        subprocess.run(['rm', '-rf', str(path)], check=True)


class Session:
    """with Session(build) as s: s.cli('domain', 'create', ...)"""

    def __init__(self, build, screen='1920x1080', window_manager=None, display=None, rules=None):
        self.build = pathlib.Path(build).resolve()
        self.screen, self.window_manager, self.given, self.rules = screen, window_manager, display, rules
        self.processes = []

    def __enter__(self):
        self.temp = tempfile.mkdtemp(prefix='bulkhead-session-')
        self.env = {k: v for k, v in os.environ.items() if not k.startswith('XDG_') and k not in ('DBUS_SESSION_BUS_ADDRESS', 'WAYLAND_DISPLAY')}
        self.env.update(BULKHEAD_RUNTIME_DIR=self.temp + '/run', XDG_CONFIG_HOME=self.temp + '/config', XDG_DATA_HOME=self.temp + '/data', XDG_STATE_HOME=self.temp + '/state',
                        BULKHEAD_POLICY_PATH=f"{self.temp}/config/bulkhead/policy.d:{here.parent.parent / 'policy' / 'rules'}",
                        BULKHEAD_LIBEXEC=libexec(self.build), LANG='C.UTF-8', NO_AT_BRIDGE='1')
        os.mkdir(self.env['BULKHEAD_RUNTIME_DIR'], 0o700)
        os.makedirs(self.temp + '/config/bulkhead/policy.d', exist_ok=True)  # named, so it must be there
        if self.rules is not None:  # before those that come with Bulkhead
            folder = pathlib.Path(self.temp) / 'config' / 'bulkhead' / 'policy.d'
            (folder / '30-user.policy').write_text(self.rules)
        try:
            if self.given:
                self.env['DISPLAY'] = self.given
            else:
                self.env['DISPLAY'], p = x_server(['Xvfb', '-screen', '0', self.screen + 'x24', '-noreset', '-nolisten', 'tcp'])
                self.processes.append(p)
            os.environ['DISPLAY'] = self.env['DISPLAY']
            if self.window_manager:
                self.processes.append(subprocess.Popen(self.window_manager, env=self.env, stdin=subprocess.DEVNULL,
                                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
                from desktop import Desktop
                Desktop(self.env['DISPLAY']).wait_managed()
            self.log_path = self.temp + '/manager.log'
            self.start_manager()
            from desktop import Desktop
            self.desktop = Desktop(self.env['DISPLAY'])
        except BaseException:
            self.__exit__()
            raise
        return self

    def start_manager(self, *options):
        read, write = os.pipe()
        with open(self.log_path, 'ab') as log:
            self.manager = subprocess.Popen([str(self.build / 'domains' / 'bulkheadd'), '--stop-domains-at-exit', f'--ready-fd={write}', *options],
                                            env=self.env, pass_fds=[write], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes.append(self.manager)
        os.close(write)
        with os.fdopen(read, 'rb') as f:
            if not f.read(1):
                raise RuntimeError(f'bulkheadd did not start: {self.log()}')

    def log(self):
        return pathlib.Path(self.log_path).read_text(errors='replace')

    def cli(self, *argv, check=True, timeout=60):
        p = subprocess.run([str(self.build / 'domains' / 'bulkhead'), *argv], env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                           text=True, timeout=timeout)
        if check and p.returncode:
            raise RuntimeError(f'bulkhead {" ".join(argv)}: exit {p.returncode}: {p.stderr.strip()}\n{self.log()[-2000:]}')
        return p

    def domains(self):
        return {d['name']: d for d in json.loads(self.cli('domain', 'list', '--json').stdout)}

    def windows(self, domain):
        return [(w, title) for w, name, title in self.desktop.domain_windows() if name == domain]

    def wait_window(self, domain, seconds=60, title=''):
        return self.desktop.wait(lambda: next((w for w, t in self.windows(domain) if title in t), None), seconds, f'a window of {domain}')

    def __exit__(self, *_):
        for p in reversed(self.processes):
            if p.poll() is None:
                p.terminate()
                try:
                    p.wait(30)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()
        remove_tree(self.temp)
