# SPDX-License-Identifier: GPL-2.0-or-later
"""bulkheadd is killed at each of its steps, from its own start to the removal of a domain: no domain is lost, and nothing stays that nobody knows."""
import json
import os
import shutil
import subprocess

import pytest
from domains_rig import PATIENCE, Domains
from test_domains_life import until

pytestmark = [pytest.mark.skipif(os.geteuid() == 0, reason='domains never run as root: run these tests as an ordinary user'), pytest.mark.slow,
              pytest.mark.skipif(not shutil.which('strace'), reason='strace is not installed')]
# What changes something outside the process, or tells somebody.
CALLS = 'renameat,renameat2,unlinkat,mkdirat,fsync,sendmsg,sendto,write'
STRIDE = 3  # three tests share the steps between them
LIFE = [('domain', 'create', 'work'), ('domain', 'start', 'work'), ('run', '--wait', 'work', '--', 'sh', '-c', 'echo mine > kept'),
        ('run', 'work', '--', 'sleep', '1000'), ('domain', 'pause', 'work'), ('domain', 'unpause', 'work'), ('domain', 'stop', 'work'),
        ('domain', 'remove', 'work')]


def start(rig, step):
    """False: it was killed before it was ready."""
    rig.under = ['strace', '-o', '/dev/null', '-e', f'trace={CALLS}', '-e', f'inject={CALLS}:signal=KILL:when={step}'] if step else []
    try:
        rig.start()
    except AssertionError:
        return False
    return True


def call(rig, argv):
    """As the command line does it, but it starts no other manager. None: killed meanwhile."""
    p = subprocess.run([rig.build / 'domains' / 'bulkhead', *argv], env={**rig.env, 'BULKHEAD_LIBEXEC': '/nonexistent'}, stdin=subprocess.DEVNULL,
                       capture_output=True, text=True, timeout=PATIENCE)
    if p.returncode and rig.manager.poll() is None:
        until(lambda: rig.manager.poll() is not None, 5)  # strace ends a moment after it
    return p.returncode == 0


def live(rig, step):
    """How many steps of LIFE were done before the kill."""
    if not start(rig, step):
        return 0
    for done, argv in enumerate(LIFE):
        if not call(rig, argv):
            return done
    return len(LIFE)


def check(rig, done):
    domains = {d['name']: d for d in json.loads(rig.cli('domain', 'list', '--json').stdout)}
    under_way = done in (0, len(LIFE) - 1)  # it is there or it is not
    assert set(domains) <= {'work'} if under_way else set(domains) == {'work'}
    if 'work' not in domains:
        return
    until(lambda: rig.show('work')['state'] in ('running', 'paused', 'stopped', 'failed'))
    state = rig.show('work')['state']
    if done in (2, 3, 4, 5):
        assert state in ('running', 'paused')
    if state == 'paused':
        rig.cli('domain', 'unpause', 'work')
    rig.cli('domain', 'start', 'work')
    if 3 <= done < len(LIFE):
        assert 'mine\n' in rig.inside('work', 'sh', '-c', 'cat kept || true')
    rig.cli('domain', 'stop', 'work')
    rig.cli('domain', 'remove', 'work')


def nothing_left(rig):
    stray = [line for line in rig.processes().values() if 'bulkhead-local-domain' in line or 'bulkhead-domain-init' in line or 'bwrap' in line]
    assert not stray, stray
    # What a removal had begun goes on by itself.
    until(lambda: not [p for folder in ('.local/share/bulkhead/domains', '.config/bulkhead/domains') for p in (rig.home / folder).glob('*')], 10)


@pytest.mark.parametrize('first', range(1, STRIDE + 1))
def test_killed_at_every_step(build, programs, first):
    step, done = first, 0
    while done < len(LIFE):
        rig = Domains(build, programs, DISPLAY=None)
        try:
            done = live(rig, step)
            if done < len(LIFE):
                rig.manager.wait(PATIENCE)
                start(rig, 0)
                check(rig, done)
                rig.cli('manager', 'quit', '--stop-domains')
                rig.manager.wait(PATIENCE)
                nothing_left(rig)
        except AssertionError as e:
            raise AssertionError(f'killed at step {step}, after {LIFE[:done]}: {e}') from e
        finally:
            if rig.manager and rig.manager.poll() is None:
                rig.cli('manager', 'quit', '--stop-domains', check=False)
            rig.end()
        step += STRIDE
    assert step > 3 * len(LIFE), 'the kills did not reach into the calls'
