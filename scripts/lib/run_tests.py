# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs every suite of the project and counts. Behind scripts/test, which installs the packages first.

Everything runs as the ordinary user. Where this was started as root, root lends two things that a desktop gives its user and a bare
machine does not: /dev/net/tun in a mount namespace of the tests' own, and a delegated cgroup."""
import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml

CGROUP_ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']


class Count:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.failures = []

    def add_junit(self, suite, path):
        """Every <testcase> of a JUnit file."""
        try:
            tree = xml.parse(path)
        except (OSError, xml.ParseError) as e:
            return self.add(suite, 'results', f'no readable results ({e})')
        n = 0
        for case in tree.iter('testcase'):
            n += 1
            name = f"{case.get('classname') or ''}/{case.get('name')}".strip('/')
            if case.find('failure') is not None or case.find('error') is not None:
                self.failed += 1
                self.failures.append(f'{suite}: {name}')
            elif case.find('skipped') is not None:
                self.skipped += 1
            else:
                self.passed += 1
        if not n:
            self.add(suite, 'results', 'ran no test')

    def add(self, suite, name, problem=None):
        if problem:
            self.failed += 1
            self.failures.append(f'{suite}: {name}: {problem}')
        else:
            self.passed += 1

    def skip(self, suite, why):
        self.skipped += 1
        print(f'   {suite}: skipped: {why}', flush=True)


def ended_badly(log):
    """Names of the programs that ended badly, of meson's testlog.json."""
    try:
        tests = [json.loads(line) for line in log.read_text().splitlines()]
    except (OSError, ValueError) as e:
        return [f'{log}: {e}']
    return [t['name'] for t in tests if t['result'] not in ('OK', 'SKIP', 'EXPECTEDFAIL')]


class Runner:
    def __init__(self, args):
        self.args = args
        self.count = Count()
        self.user = pwd.getpwnam(args.user)
        self.source = pathlib.Path(args.source)
        self.logs = self.source / 'build-tests' / 'logs'
        self.prefix = []
        self.env = {'HOME': self.user.pw_dir, 'USER': args.user, 'LOGNAME': args.user, 'LANG': 'C.UTF-8', 'PATH': os.environ['PATH'],
                    'PYTHONDONTWRITEBYTECODE': '1'}
        if os.geteuid() == 0 and self.user.pw_uid != 0:
            self.prefix = ['setpriv', '--reuid', args.user, '--regid', str(self.user.pw_gid), '--init-groups']

    def run(self, argv, log, seconds, env=None, prefix=None):
        """0, or a sentence about what went wrong; output goes to the log. The whole process group ends with it."""
        path = self.logs / log
        with open(path, 'wb') as out:
            try:
                p = subprocess.Popen([*(self.prefix if prefix is None else prefix), *map(str, argv)], cwd=self.source,
                                     env={**self.env, **(env or {})}, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                     start_new_session=True)
            except OSError as e:
                return str(e)
            try:
                status = p.wait(seconds)
            except subprocess.TimeoutExpired:
                status = f'not finished after {seconds} s'
            with contextlib.suppress(ProcessLookupError):
                os.killpg(p.pid, signal.SIGKILL)
            p.wait()
        if status:
            print(path.read_text(errors='replace')[-3000:], flush=True)
            return f'exit status {status} (see {path})' if isinstance(status, int) else f'{status} (see {path})'
        return 0

    def stage(self, title):
        print(f'-- {title} [{time.monotonic() - START:.0f} s]', flush=True)

    def build(self, name, options, env=None, targets=()):
        """The build folder with those targets or all, or None (counted as a failure)."""
        folder = self.source / 'build-tests' / name
        setup = ['meson', 'setup', folder, *options] if not (folder / 'build.ninja').exists() else ['meson', 'configure', folder, *options]
        problem = self.run(setup, f'{name}-setup.log', 300, env) or self.run(['ninja', '-C', folder, *targets], f'{name}-build.log', 1200, env)
        self.count.add(name, 'builds', problem)
        return None if problem else folder

    def meson_tests(self, name, folder, suites, seconds):
        junit = folder / 'meson-logs' / 'testlog.junit.xml'
        junit.unlink(missing_ok=True)
        wanted = [a for s in suites for a in ('--suite', s)]
        log = junit.with_name('testlog.json')
        log.unlink(missing_ok=True)
        problem = self.run(['meson', 'test', '-C', folder, '--no-rebuild', '--print-errorlogs', '-t', '3', *wanted], f'{name}-tests.log', seconds)
        self.count.add_junit(name, junit)
        # meson's JUnit file shows only good cases of a program that died between two subtests, or did not end in time.
        for program in ended_badly(log) if problem else []:
            if not any(f.startswith(f'{name}: bulkhead') and program in re.split('[./]', f) for f in self.count.failures):
                self.count.add(name, program, 'the program ended badly')

    def pytest(self, name, folder, seconds, env=None, select=()):
        junit = self.logs / f'{name}-pytest.xml'
        junit.unlink(missing_ok=True)
        problem = self.run(['/usr/bin/python3', '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-rs', f'--junitxml={junit}', *select, 'tests/integration'],
                           f'{name}-pytest.log', seconds, {'BULKHEAD_BUILD': str(folder), **(env or {})}, prefix=self.lent() + self.prefix)
        if not junit.exists():
            self.count.add(name, 'pytest', problem or 'left no results')
        else:
            self.count.add_junit(name, junit)

    def lent(self):
        """What a desktop gives its user and root lends here: the words in front of a command, or nothing."""
        if os.geteuid() != 0:
            return []
        return ['unshare', '--mount', 'bash', '-c',
                # systemd's user manager starts only where a system one seems to run.
                '[ -d /run/systemd/system ] || { mkdir -p /run/systemd && mount -t tmpfs none /run/systemd && mkdir /run/systemd/system; };'
                ' d=$(mktemp -d) && mount -t tmpfs none "$d" && mkdir -p /dev/net && mknod -m 666 "$d/tun" c 10 200 2>/dev/null &&'
                ' { [ -e /dev/net/tun ] || touch /dev/net/tun; } && mount --bind "$d/tun" /dev/net/tun;'
                f' [ -z "${{BULKHEAD_CGROUP:-}}" ] || echo $$ > "$BULKHEAD_CGROUP/session/cgroup.procs"; exec "$@"', '-']

    @contextlib.contextmanager
    def cgroup(self):
        """A delegated cgroup v2 directory for the tests, where root can make one."""
        made = None
        if os.geteuid() == 0:
            for root in CGROUP_ROOTS:
                if os.path.exists(root + '/cgroup.procs'):
                    made = pathlib.Path(tempfile.mkdtemp(prefix='bulkhead-test-', dir=root))
                    (made / 'session').mkdir()
                    for p in (made, made / 'session'):
                        os.chown(p, self.user.pw_uid, self.user.pw_gid)
                        for f in ('cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control'):
                            with contextlib.suppress(OSError):
                                os.chown(p / f, self.user.pw_uid, self.user.pw_gid)
                    self.env['BULKHEAD_CGROUP'] = str(made)
                    break
        try:
            yield
        finally:
            self.env.pop('BULKHEAD_CGROUP', None)
            if made:
                for d in sorted(made.rglob('*'), key=lambda p: -len(p.parts)):
                    if d.is_dir():
                        with contextlib.suppress(OSError):
                            d.rmdir()
                with contextlib.suppress(OSError):
                    made.rmdir()

    def main(self):
        build_root = self.source / 'build-tests'
        if os.geteuid() == 0:
            subprocess.run([*self.prefix, 'mkdir', '-p', str(self.logs)], check=True)
        else:
            self.logs.mkdir(parents=True, exist_ok=True)
        a = self.args
        if a.soak:
            return self.soak()
        self.stage('gcc: unit, fuzz corpus, lint')
        gcc = self.build('gcc', [], {'CC': 'gcc'})
        if gcc:
            self.meson_tests('gcc', gcc, ['unit', 'fuzz-corpus', 'lint'], 900)
            self.stage('gcc: integration')
            with self.cgroup():
                self.pytest('gcc', gcc, 2400, select=['-m', 'not slow and not long and not measures'] if a.quick else ())
        if not a.quick:
            self.sanitizers()
            self.variants()
            self.fuzz(a.fuzz_seconds)
            self.counted('packages', ['tests/packages/run'], 1500, prefix=self.prefix)
            self.xen()
        self.report()
        return 1 if self.count.failed else 0

    def sanitizers(self):
        self.stage('clang with ASan and UBSan: unit, fuzz corpus, integration')
        env = {'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=1', 'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1'}
        self.env.update(env)
        folder = self.build('sanitize', ['-Db_sanitize=address,undefined', '-Db_lundef=false'], {'CC': 'clang'})
        if folder:
            self.meson_tests('sanitize', folder, ['unit', 'fuzz-corpus'], 1200)
            # A confined process cannot be looked through for leaks, and a command that ends need not free: unit tests look for them.
            with self.cgroup():
                self.pytest('sanitize', folder, 2400, {'ASAN_OPTIONS': 'detect_leaks=0:abort_on_error=1'}, select=[
                    '-m', 'not slow and not measures'])
        for k in env:
            self.env.pop(k, None)

    def variants(self):
        for name, options, env in [
                ('ndebug', ['-Db_ndebug=true', '-Dbuildtype=release'], {'CC': 'gcc'}),
                ('O0', ['-Doptimization=0', '-Dxen=disabled', '-Dgtk=disabled'], {'CC': 'clang'})]:
            self.variant(name, options, env)

    def variant(self, name, options, env):
        self.stage(f'variant {name}: unit')
        folder = self.build(name, options, env)
        if folder:
            self.meson_tests(name, folder, ['unit'], 900)

    def rare_builds(self):
        """What nobody builds every day: optimised across all files, and the ring where two threads use it, with TSan."""
        self.variants()
        self.variant('O3-lto', ['-Doptimization=3', '-Db_lto=true'], {'CC': 'gcc'})
        self.stage('thread sanitizer: ring and vchan')
        folder = self.build('tsan', ['-Db_sanitize=thread', '-Db_lundef=false', '-Dxen=disabled', '-Dgtk=disabled'], {'CC': 'clang'},
                            targets=['vchan/test-ring', 'vchan/test-vchan'])
        for name in ('ring', 'vchan') if folder else ():
            self.count.add('tsan', name, self.run([folder / 'vchan' / f'test-{name}'], f'tsan-{name}.log', 600, {'TSAN_OPTIONS': 'halt_on_error=1'}))

    def fuzz(self, seconds):
        self.stage(f'fuzzers, {seconds} s each, one a processor')
        folder = self.build('fuzz', ['-Dfuzz=true', '-Db_lundef=false', '-Dgtk=disabled'], {'CC': 'clang'})
        if not folder:
            return
        targets = [t for t in sorted((folder / 'tests' / 'fuzz').glob('fuzz-*')) if t.is_file() and os.access(t, os.X_OK)]

        def one(target):
            name = target.name[len('fuzz-'):]
            work = self.source / 'build-tests' / 'corpus' / name
            subprocess.run([*self.prefix, 'mkdir', '-p', str(work)], check=True)
            return name, self.run([target, f'-max_total_time={seconds}', '-timeout=10', '-rss_limit_mb=2048', f'-artifact_prefix={self.logs}/{name}-',
                                   work, self.source / 'tests' / 'fuzz' / 'corpus' / name], f'fuzz-{name}.log', seconds + 120)

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for name, problem in pool.map(one, targets):
                self.count.add('fuzz', name, problem)

    def xen(self):
        run = self.source / 'tests' / 'xen' / 'run'
        if not run.exists():
            return self.count.skip('xen', 'no test there yet')
        if os.geteuid() != 0:
            return self.count.skip('xen', 'making its images takes root: start scripts/test through sudo')
        self.counted('xen', ['tests/xen/run', '--build', 'build-tests/gcc'], 1800)

    def counted(self, name, argv, seconds, prefix=()):
        """A script that prints a line per check and "N passed, N failed" at the end."""
        self.stage(name)
        log = self.logs / f'{name}.log'
        with open(log, 'wb') as out:
            p = subprocess.Popen([*prefix, str(self.source / argv[0]), *argv[1:]], cwd=self.source, env={**os.environ, **self.env} if prefix else None,
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
            try:
                p.wait(seconds)
            except subprocess.TimeoutExpired:
                self.count.add(name, 'run', f'not finished after {seconds} s')
            with contextlib.suppress(ProcessLookupError):
                os.killpg(p.pid, signal.SIGKILL)
            p.wait()
        lines = log.read_text(errors='replace').splitlines()
        m = re.fullmatch(r'(\d+) passed, (\d+) failed(?:, (\d+) skipped)?', lines[-1] if lines else '')
        if not m:
            print('\n'.join(lines[-40:]))
            return self.count.add(name, 'run', f'ended without its count (see {log})')
        self.count.passed += int(m[1])
        self.count.failed += int(m[2])
        self.count.skipped += int(m[3] or 0)
        if int(m[2]):
            print('\n'.join(lines[-60:]))
            self.count.failures.append(f'{name}: see {log}')

    def soak(self):
        self.rare_builds()
        self.stage('soak: long cycles and long fuzzing')
        folder = self.build('gcc', [], {'CC': 'gcc'})
        if folder:
            with self.cgroup():
                self.pytest('soak', folder, 6 * 3600, {'BULKHEAD_SOAK': '1', 'HOSTILE_CYCLES': '250000'})
        self.fuzz(1800)
        self.report()
        return 1 if self.count.failed else 0

    def report(self):
        c = self.count
        for f in c.failures:
            print(f'FAILED {f}')
        print(f'{c.passed} passed, {c.failed} failed' + (f', {c.skipped} skipped' if c.skipped else ''), flush=True)


def arguments(words=None):
    p = argparse.ArgumentParser(prog='scripts/test', description=__doc__.split('\n')[0])
    p.add_argument('--user', default=pwd.getpwuid(os.geteuid()).pw_name, help=argparse.SUPPRESS)
    p.add_argument('--source', default=str(pathlib.Path(__file__).resolve().parent.parent.parent), help=argparse.SUPPRESS)
    p.add_argument('--quick', action='store_true', help='one compiler, none of the tests that take long or measure, no sanitizers, no fuzzing, no Xen: at most ten minutes')
    p.add_argument('--soak', action='store_true', help='long fuzzing, 10^6 cycles, rare builds: hours')
    p.add_argument('--fuzz-seconds', type=int, default=15, help='how long each fuzz target runs (default 15)')
    return p.parse_args(words)


START = time.monotonic()
if __name__ == '__main__':
    sys.exit(Runner(arguments()).main())
