# SPDX-License-Identifier: GPL-2.0-or-later
"""No descriptors left: calls end, nobody else feels it, and it passes."""
import os
import shutil
import subprocess

import pytest

import qrexec_rig
import qrexec_wire as wire

POLICY = '* * work vault allow\n* * a b allow\n'
pytestmark = pytest.mark.skipif(not shutil.which('prlimit'), reason='prlimit is not installed')


def descriptors(process):
    return len(os.listdir(f'/proc/{process.pid}/fd'))


@pytest.fixture(params=['unix', 'local'])
def rig(request, build, tmp_path):
    """The agent of the second domain has few descriptors."""
    def under(name):
        agents.append(name) if name == 'bulkhead-qrexec-agent' else None
        return ['prlimit', '--nofile=40'] if name == 'bulkhead-qrexec-agent' and len(agents) == 2 else []
    agents = []
    r = qrexec_rig.Rig(build, tmp_path, POLICY, local=request.param == 'local', under=under)
    yield r, r.domain('work', 1), r.domain('vault', 2), r.domain('a', 11), r.domain('b', 12)
    r.stop()


def test_target_without_descriptors(rig):
    """20 calls at once where one fits: each waits for its turn and runs whole, and afterwards all is as before."""
    _, work, vault, a, _ = rig
    p = work.call('vault', 'test.True')
    assert p.wait(wire.SECONDS) == 0
    before = descriptors(vault.agent)
    calls = [work.call('vault', 'test.Echo', stdin=subprocess.PIPE) for _ in range(20)]
    other = a.call('b', 'test.Who')
    assert (other.communicate(timeout=wire.SECONDS)[0], other.returncode) == (b'a \n', 3)
    for p in calls:  # whichever run, none waits for another's input
        p.stdin.write(b'x')
        p.stdin.close()
        p.stdin = None
    ended = [(p.communicate(timeout=wire.SECONDS)[0], p.returncode) for p in calls]
    assert set(ended) == {(b'x', 0)}
    wire.wait_for('all descriptors are closed', lambda: descriptors(vault.agent) <= before)
    p = work.call('vault', 'test.Echo', stdin=subprocess.PIPE)
    assert (p.communicate(b'y', timeout=wire.SECONDS)[0], p.returncode) == (b'y', 0)
