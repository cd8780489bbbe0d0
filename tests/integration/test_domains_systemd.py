# SPDX-License-Identifier: GPL-2.0-or-later
"""Domains where systemd's user manager runs: each in a scope of its own. The systemd is Debian's, started by the test."""
import os
import pathlib
import socket
import subprocess
import tempfile

import pytest
from domains_rig import Domains
from gui_stage import PATIENCE


@pytest.fixture
def user_systemd(programs):
    """The folder in which a systemd of this user's listens; it owns a cgroup below the one delegated to the tests."""
    cgroup = os.environ.get('BULKHEAD_CGROUP')
    if not cgroup or not os.path.exists('/usr/bin/systemd-run'):
        pytest.skip('needs systemd and a delegated cgroup (BULKHEAD_CGROUP)')
    if not os.path.isdir('/run/systemd/system'):
        pytest.skip('systemd does not start where /run/systemd/system is missing (scripts/test makes it, as root)')
    own = pathlib.Path(tempfile.mkdtemp(prefix='systemd-', dir=cgroup))
    (own / 'manager').mkdir()
    runtime = tempfile.mkdtemp(prefix='bh-runtime-')
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(runtime + '/told')
    notify.settimeout(PATIENCE)

    def enter():
        (own / 'manager' / 'cgroup.procs').write_text('0')
    p = programs.start(['/lib/systemd/systemd', '--user', '--unit=basic.target'], preexec_fn=enter, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={'HOME': runtime, 'PATH': '/usr/bin:/bin', 'XDG_RUNTIME_DIR': runtime, 'NOTIFY_SOCKET': runtime + '/told'})
    with notify:
        while b'READY=1' not in notify.recv(4096):
            assert p.poll() is None
    yield runtime
    p.terminate()
    p.wait(PATIENCE)


@pytest.fixture
def rig(build, programs, user_systemd):
    d = Domains(build, programs, BULKHEAD_CGROUP=None, XDG_RUNTIME_DIR=user_systemd, DISPLAY=None)
    yield d.start()
    d.end()


def scopes(rig):
    p = subprocess.run(['systemctl', '--user', '--plain', '--no-legend', 'list-units', 'bulkhead-*.scope'], env=rig.env, capture_output=True,
                       text=True, timeout=PATIENCE, check=True)
    return [line.split()[0] for line in p.stdout.splitlines()]


def test_each_domain_has_a_scope_of_its_own(rig):
    for name in ('work', 'my-banking'):
        rig.cli('domain', 'create', name, '--maxmem', '512', '--memory', '256')
        rig.cli('domain', 'start', name)
    folders = {name: pathlib.Path(rig.show(name)['cgroup']) for name in ('work', 'my-banking')}
    assert sorted(s.rsplit('-', 1)[0] for s in scopes(rig)) == ['bulkhead-my-banking', 'bulkhead-work']
    for name, folder in folders.items():
        assert folder.parent.name.startswith(f'bulkhead-{name}-') and folder.parent.name.endswith('.scope')
        assert (folder / 'cgroup.procs').read_text().split()
    if 'memory' in (folders['work'].parent / 'cgroup.controllers').read_text():
        assert (folders['work'] / 'memory.max').read_text().strip() == str(512 * 1024 * 1024)
    rig.cli('domain', 'pause', 'work')
    assert (folders['work'] / 'cgroup.freeze').read_text().strip() == '1'
    assert rig.inside('my-banking', 'echo', 'goes on') == 'goes on\n'
    rig.cli('domain', 'unpause', 'work')
    rig.cli('domain', 'stop', 'work')
    assert not folders['work'].exists() and folders['my-banking'].exists()


def test_a_manager_that_died_leaves_the_scopes(rig):
    rig.cli('domain', 'create', 'work')
    rig.cli('domain', 'start', 'work')
    before = scopes(rig)
    rig.kill_manager()
    rig.start()
    assert rig.inside('work', 'echo', 'found') == 'found\n'
    assert scopes(rig) == before
    rig.cli('domain', 'kill', 'work')
    rig.cli('domain', 'start', 'work')
    assert scopes(rig) != before


def test_doctor_finds_it(rig):
    assert 'your systemd makes a cgroup for each domain' in rig.cli('doctor', check=False).stdout
