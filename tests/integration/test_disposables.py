# SPDX-License-Identifier: GPL-2.0-or-later
"""Throw-away domains: prepared ones, their use and their end; disposable domains with a name of their own."""
import json
import os
import pathlib
import signal
import subprocess

import pytest
from domains_rig import PATIENCE, Domains
from test_domains_life import until

pytestmark = pytest.mark.skipif(os.geteuid() == 0, reason='domains never run as root: run these tests as an ordinary user')


@pytest.fixture
def rig(build, programs):
    d = Domains(build, programs, DISPLAY=None)
    d.start()
    yield d
    d.end()


def prepared(rig):
    """[(name, state)] of those that wait."""
    return [(name, state) for name, _, state in json.loads(rig.cli('manager', 'status', '--json').stdout)['Prepared']]


def resting(rig, n=1):
    """Names, once n of them rest and no other is under way."""
    def look():
        now = prepared(rig)
        names = sorted(name for name, state in now if state in ('paused', 'running'))
        return names if len(now) == len(names) == n and all(s != 'running' or not freezes(rig) for _, s in now) else None
    return until(look)


def freezes(rig):
    return 'BULKHEAD_CGROUP' in rig.env


def listed(rig):
    return {d['name']: d for d in json.loads(rig.cli('domain', 'list', '--json').stdout)}


def left(rig):
    """What there is on disk of throw-away domains."""
    return [str(p) for folder in ('.local/share/bulkhead/domains', '.config/bulkhead/domains', '.local/state/bulkhead/domains')
            for p in (rig.home / folder).glob('disp*')] + [str(p) for p in (rig.runtime / 'domains').glob('disp*')]


def model(rig, pool=1, **properties):
    rig.cli('domain', 'create', 'model', '--label', 'gray', '--template-for-dispvms', 'yes', '--disposable-pool', str(pool),
            *[f'--{k}={v}' for k, v in properties.items()])


@pytest.mark.long
def test_prepared_ones_are_used_once_and_made_anew(rig):
    model(rig, pool=2)
    first = resting(rig, 2)
    assert list(listed(rig)) == ['model'], 'nobody sees them before they are used'
    text = rig.cli('domain', 'list').stdout
    assert all(f'{name:20} prepared' in text for name in first)
    for verb in ('start', 'unpause', 'kill'):
        rig.cli('domain', verb, first[0], status=3)
    rig.cli('domain', 'set', first[0], 'label=red', status=3)
    used = set()
    for secret in ('one', 'two'):
        p = subprocess.Popen([rig.build / 'domains' / 'bulkhead', 'run', '--disposable', 'model', '--', 'sh', '-c',
                              f'test -z "$(ls -A)" && echo {secret} > secret && exec sleep 1000'], env=rig.env)
        name = until(lambda: set(listed(rig)) - {'model'} - used).pop()
        d = listed(rig)[name]
        assert name in first and (d['label'], d['kind'], d['default_dispvm'], d['state']) == ('gray', 'disposable', 'model', 'running')
        assert name not in [n for n, _ in prepared(rig)]
        until(lambda: rig.inside(name, 'sh', '-c', 'cat secret || true') == f'{secret}\n')
        used.add(name)
        cgroup = d['cgroup']
        rig.cli('domain', 'kill', name)
        assert p.wait(PATIENCE) == 137, 'as a command that was killed'
        until(lambda: name not in listed(rig) and not [p for p in left(rig) if name in p])
        assert not cgroup.startswith('/') or not os.path.exists(cgroup)
    again = resting(rig, 2)
    assert not used & set(again)
    rig.cli('domain', 'set', 'model', 'disposable_pool=0')
    until(lambda: not left(rig))


def test_prepared_ones_are_like_their_model_now(rig):
    model(rig)
    first = resting(rig)
    rig.cli('domain', 'set', 'model', 'label=yellow')
    rig.cli('domain', 'set', 'model', 'cpu_weight=77')
    until(lambda: prepared(rig) and not set(first) & {n for n, _ in prepared(rig)})
    resting(rig)
    assert rig.cli('run', '--disposable', 'model', '--', 'true').returncode == 0
    p = subprocess.Popen([rig.build / 'domains' / 'bulkhead', 'run', '--disposable', 'model', 'sleep', '1000'], env=rig.env)
    name = until(lambda: {n for n, d in listed(rig).items() if d['kind'] == 'disposable' and d['state'] == 'running'}).pop()
    assert (listed(rig)[name]['label'], listed(rig)[name]['cpu_weight']) == ('yellow', 77)
    rig.cli('domain', 'kill', name)
    p.wait(PATIENCE)
    rig.cli('domain', 'remove', 'model')
    until(lambda: not left(rig))


@pytest.mark.parametrize('moment', ['created', 'running', 'resting'])
def test_a_manager_that_dies_leaves_no_prepared_one_behind(rig, moment):
    model(rig)
    if moment == 'resting':
        before = resting(rig)
    else:
        word = {'created': 'created (prepared)', 'running': ': starting'}[moment]
        until(lambda: word in rig.said())
    rig.kill_manager()
    rig.start()
    after = resting(rig)
    assert moment != 'resting' or after == before, 'it was found again'
    assert rig.cli('run', '--disposable', 'model', '--', 'true').returncode == 0
    rig.cli('domain', 'remove', 'model')
    until(lambda: not left(rig))


def test_the_end_of_the_manager_takes_them_along(rig):
    model(rig, pool=2)
    resting(rig, 2)
    rig.cli('run', '--disposable', 'model', '--', 'true')
    rig.cli('manager', 'quit', '--stop-domains')
    rig.manager.wait(PATIENCE)
    assert not left(rig)


def test_without_a_cgroup_they_run_idle(build, programs):
    rig = Domains(build, programs, DISPLAY=None, BULKHEAD_CGROUP='/nonexistent')
    rig.start()
    try:
        model(rig)
        name = until(lambda: [n for n, state in prepared(rig) if state == 'running'])[0]
        until(lambda: 'runs idle instead of being frozen' in rig.said())
        p = subprocess.Popen([rig.build / 'domains' / 'bulkhead', 'run', '--disposable', 'model', 'sleep', '1000'], env=rig.env)
        until(lambda: name in listed(rig))
        rig.cli('domain', 'kill', name)
        p.wait(PATIENCE)
    finally:
        rig.end()


def test_a_model_that_cannot_start_is_not_tried_without_end(rig):
    """Later and later, one at a time; and the person is told."""
    rig.env['BULKHEAD_LIBEXEC'], whole = str(rig.top), rig.env['BULKHEAD_LIBEXEC']
    rig.kill_manager()
    rig.env['BULKHEAD_LIBEXEC'] = whole
    programs = rig.top / 'programs'
    programs.mkdir()
    for folder in whole.split(':'):
        for f in pathlib.Path(folder).iterdir():
            if f.is_file() and f.name != 'bulkhead-local-domain' and not (programs / f.name).exists():
                (programs / f.name).symlink_to(f)
    rig.env['BULKHEAD_LIBEXEC'] = str(programs)
    rig.start()
    model(rig)
    until(lambda: rig.said().count('no throw-away domain could be prepared') >= 3)
    assert len(prepared(rig)) <= 1
    (programs / 'bulkhead-local-domain').symlink_to(next(rig.build.rglob('bulkhead-local-domain')))
    resting(rig)


@pytest.mark.parametrize('end', ['stop', 'helper-dies'])
def test_a_named_disposable_has_an_empty_home_at_each_start(rig, end):
    rig.cli('domain', 'create', 'browse', '--kind', 'disposable', '--label', 'orange')
    for _ in range(2):
        rig.cli('domain', 'start', 'browse')
        assert rig.inside('browse', 'sh', '-c', 'ls -A; echo secret > secret') == ''
        if end == 'stop':
            rig.cli('domain', 'stop', 'browse')
            assert not (rig.home / '.local/share/bulkhead/domains/browse/home').exists()
        else:
            os.kill(rig.pid_of('bulkhead-local-domain'), signal.SIGKILL)
            until(lambda: rig.show('browse')['state'] == 'failed')
    assert 'browse' in listed(rig)
