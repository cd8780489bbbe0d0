# SPDX-License-Identifier: GPL-2.0-or-later
"""bulkheadd with folders of its own, for tests: nothing of the person's is read or written."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import uuid

PATIENCE = 60


def libexec(build):
    """Where our programs stand in the build, as BULKHEAD_LIBEXEC wants it."""
    source = pathlib.Path(__file__).resolve().parent.parent.parent
    folders = {p.parent for p in build.rglob('bulkhead*') if p.is_file() and os.access(p, os.X_OK)}
    return ':'.join(map(str, [*sorted(folders), source / 'gui-agent', source / 'appvm-templates', source / 'scripts' / 'in-domain']))


class Domains:
    def __init__(self, build, programs, **env):
        # A socket's address is short, so is this path.
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='bh-', dir='/tmp'))
        self.build = build
        self.programs = programs
        self.runtime = self.top / 'run'
        self.home = self.top / 'home'
        self.home.mkdir(mode=0o700)
        keep = {k: v for k, v in os.environ.items() if k in ('PATH', 'LANG', 'DISPLAY', 'XAUTHORITY', 'BULKHEAD_CGROUP') or 'SAN_OPTIONS' in k}
        self.env = {**keep, 'HOME': str(self.home), 'BULKHEAD_RUNTIME_DIR': str(self.runtime), 'BULKHEAD_LIBEXEC': libexec(build),
                    'DBUS_SESSION_BUS_ADDRESS': 'unix:path=/nonexistent', **env}
        self.env = {k: v for k, v in self.env.items() if v is not None}
        self.manager = None
        self.under = []  # what bulkheadd is started by
        self.log = open(self.top / 'bulkheadd.log', 'ab')

    def start(self, *options):
        read, write = os.pipe()
        self.manager = self.programs.start([*self.under, self.build / 'domains' / 'bulkheadd', f'--ready-fd={write}', *options], pass_fds=[write],
                                           env=self.env, stdout=self.log, stderr=self.log)
        os.close(write)
        with os.fdopen(read, 'rb') as f:
            assert f.read(1) == b'\n', self.said()
        return self

    def said(self):
        return (self.top / 'bulkheadd.log').read_text(errors='replace')

    def cli(self, *argv, check=True, status=None):
        p = subprocess.run([self.build / 'domains' / 'bulkhead', *map(str, argv)], env=self.env, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=PATIENCE)
        if status is not None:
            assert p.returncode == status, (p.returncode, p.stdout, p.stderr)
        elif check:
            assert p.returncode == 0, f'{argv}: {p.stderr}\n{self.said()}'
        return p

    def show(self, name):
        return json.loads(self.cli('domain', 'show', name, '--json').stdout)

    def domain_log(self, name):
        return (self.home / '.local/state/bulkhead/domains' / f'{name}.log').read_text(errors='replace')

    def inside(self, name, *argv, check=True):
        """What a command in the domain printed, both streams."""
        mark = uuid.uuid4().hex
        p = self.cli('run', '--wait', name, '--', 'sh', '-c', f'echo begin-{mark}; "$@" 2>&1; s=$?; echo end-{mark}; exit $s', 'sh', *argv, check=False)
        text = self.domain_log(name)
        found = re.search(f'begin-{mark}\n(.*?)end-{mark}\n', text, re.S)
        assert found, (p.stderr, text[-2000:])
        assert not check or p.returncode == 0, (p.returncode, p.stderr, found.group(1))
        return found.group(1)

    def python(self, name, script, *argv):
        return self.inside(name, '/usr/bin/python3', '-c', script, *argv)

    def processes(self):
        """{pid: command line} of every process of ours whose command line or environment names this rig."""
        found = {}
        for p in pathlib.Path('/proc').iterdir():
            if p.name.isdigit():
                try:
                    line = (p / 'cmdline').read_bytes().replace(b'\0', b' ').decode(errors='replace')
                    if str(self.top) in line or str(self.top).encode() in (p / 'environ').read_bytes():
                        found[int(p.name)] = line
                except OSError:
                    continue
        return found

    def pid_of(self, part):
        pids = [pid for pid, line in self.processes().items() if part in line]
        return pids[0] if len(pids) == 1 else None

    def kill_manager(self):
        self.manager.send_signal(signal.SIGKILL)
        self.manager.wait()

    def end(self):
        if self.manager and self.manager.poll() is None:
            self.cli('manager', 'quit', '--stop-domains', check=False)
            try:
                self.manager.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.manager.kill()
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.log.close()
        helper = next(self.build.rglob('bulkhead-local-domain'))
        for d in (self.home / '.local/share/bulkhead/domains').glob('*'):
            subprocess.run([helper, f'--forget={d.name}', f'--slot={(d / "slot").read_text().strip()}'], env=self.env, check=False)
        shutil.rmtree(self.top, ignore_errors=True)
