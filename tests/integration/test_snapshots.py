# SPDX-License-Identifier: GPL-2.0-or-later
"""Snapshots of a domain's home: taken, listed, gone back to, removed; whole or not at all, and never while the domain runs."""
import json
import os
import shutil
import signal
import subprocess

import pytest
from domains_rig import Domains

pytestmark = pytest.mark.skipif(os.geteuid() == 0, reason='domains never run as root: run these tests as an ordinary user')


@pytest.fixture
def rig(build, programs):
    d = Domains(build, programs, DISPLAY=None)
    d.start()
    d.cli('domain', 'create', 'work')
    d.data = d.home / '.local/share/bulkhead/domains/work'
    yield d
    d.end()


def write(rig, text, file='notes'):
    """In the domain, as its user, closed to everybody else."""
    rig.cli('domain', 'start', 'work')
    rig.inside('work', 'sh', '-c', f'umask 077; echo {text} > /home/user/{file}')
    rig.cli('domain', 'stop', 'work')


def read(rig):
    rig.cli('domain', 'start', 'work')
    try:
        return rig.inside('work', 'sh', '-c', 'cat /home/user/notes; ls /home/user').split()
    finally:
        rig.cli('domain', 'stop', 'work')


def names(rig):
    return {s['name'] for s in json.loads(rig.cli('domain', 'snapshots', 'work', '--json').stdout)}


@pytest.mark.long
def test_there_and_back(rig):
    write(rig, 'first')
    assert rig.cli('domain', 'snapshot', 'work', 'good').stdout == 'good\n'
    write(rig, 'second')
    write(rig, 'more', 'later')
    rig.cli('domain', 'rollback', 'work', 'good')
    assert read(rig) == ['first', 'notes']
    assert names(rig) == {'good', 'before-rollback'}
    rig.cli('domain', 'rollback', 'work', 'before-rollback')
    assert read(rig) == ['second', 'later', 'notes']
    made = rig.cli('domain', 'snapshot', 'work').stdout.strip()
    assert made in names(rig) and made in rig.cli('domain', 'snapshots', 'work').stdout
    rig.cli('domain', 'snapshot', 'work', 'good', '--remove')
    assert 'good' not in names(rig)
    rig.cli('domain', 'remove', 'work')
    assert not rig.data.exists(), 'snapshots go with their domain'


def test_what_is_refused(rig):
    assert 'never started' in rig.cli('domain', 'snapshot', 'work', 'a', status=3).stderr
    rig.cli('domain', 'start', 'work')
    for command in (['snapshot', 'work', 'a'], ['rollback', 'work', 'a'], ['snapshot', 'work', 'a', '--remove']):
        assert 'stop it first' in rig.cli('domain', *command, status=4).stderr
    rig.cli('domain', 'stop', 'work')
    rig.cli('domain', 'snapshot', 'work', 'a')
    assert 'already' in rig.cli('domain', 'snapshot', 'work', 'a', status=1).stderr
    assert 'no snapshot b' in rig.cli('domain', 'rollback', 'work', 'b', status=3).stderr
    for bad in ('../x', '.half', '', 'a/b'):
        assert 'letters' in rig.cli('domain', 'snapshot', 'work', bad, status=2).stderr
    rig.cli('domain', 'snapshots', 'nobody', status=3)


def test_no_start_nor_removal_meanwhile(rig, tmp_path):
    """The helper waits at a pipe."""
    write(rig, 'first')
    rig.cli('domain', 'snapshot', 'work', 'good')
    helper = rig.top / 'libexec' / 'bulkhead-snapshot'
    helper.parent.mkdir()
    gate = tmp_path / 'gate'
    os.mkfifo(gate)
    helper.write_text(f'#!/bin/sh\nread line < {gate}\nexec {next(rig.build.rglob("bulkhead-snapshot"))} "$@"\n')
    helper.chmod(0o755)
    rig.cli('manager', 'quit')
    rig.manager.wait()
    rig.env['BULKHEAD_LIBEXEC'] = f'{helper.parent}:{rig.env["BULKHEAD_LIBEXEC"]}'
    rig.start()
    job = subprocess.Popen([rig.build / 'domains' / 'bulkhead', 'domain', 'rollback', 'work', 'good'], env=rig.env, stderr=subprocess.DEVNULL)
    with open(gate, 'w') as f:  # the helper has begun
        assert 'snapshot' in rig.cli('domain', 'start', 'work', status=4).stderr
        assert 'snapshot' in rig.cli('domain', 'remove', 'work', status=4).stderr
        assert 'snapshot' in rig.cli('domain', 'snapshot', 'work', 'b', status=4).stderr
        f.write('go\n')
    assert job.wait() == 0
    assert names(rig) == {'good', 'before-rollback'}
    assert read(rig) == ['first', 'notes']


@pytest.mark.skipif(not shutil.which('strace'), reason='strace is not installed')
def test_killed_at_every_step(rig):
    """The helper killed at each call that changes a folder: the home is whole, the old one or the new one, and the next try succeeds."""
    program = next(rig.build.rglob('bulkhead-snapshot'))
    home = rig.data / 'home'
    home.mkdir(mode=0o700, parents=True)
    (rig.data / 'slot').write_text('0\n')
    # As on a computer without subordinate ids: newuidmap cannot be traced.
    under = ['bwrap', '--dev-bind', '/', '/', '--ro-bind', '/dev/null', '/etc/subuid']
    job = [program, '--domain=work', '--slot=0', '--what=home']

    def write(text):
        for file in ('a', 'b'):
            (home / file).write_text(text)

    def whole():
        return {(home / file).read_text() for file in ('a', 'b')}

    write('first')
    subprocess.run([*under, *job, '--take=good'], env=rig.env, check=True)
    kept = set()
    for call in ('mkdirat', 'unlinkat', 'syncfs', 'renameat2', 'renameat', 'fsync'):
        for step in range(1, 50):
            write('later')
            p = subprocess.run([*under, 'strace', '-o', '/dev/null', '-e', f'trace={call}', '-e', f'inject={call}:signal=KILL:when={step}',
                                *job, '--rollback=good'], env=rig.env, capture_output=True)
            assert whole() in ({'first'}, {'later'}), (call, step)
            kept |= whole()
            if p.returncode == 0:
                break
            assert p.returncode == 128 + signal.SIGKILL, p.stderr
        assert whole() == {'first'} and step > 1, call
    assert kept == {'first', 'later'}
    assert sorted(f.name for f in (rig.data / 'snapshots').iterdir()) == ['before-rollback', 'good']
