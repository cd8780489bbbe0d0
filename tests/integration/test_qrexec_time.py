# SPDX-License-Identifier: GPL-2.0-or-later
"""No call waits for a clock."""
import re
import shutil
import subprocess

import pytest

import qrexec_rig
import qrexec_wire as wire

WAITS = 'poll,ppoll,select,pselect6,epoll_wait,epoll_pwait,nanosleep,clock_nanosleep,timerfd_settime,setitimer,alarm'
RAN_OUT = re.compile(r'(?!.*(, 0\)|tv_nsec=0\}.*) += 0 \(Timeout\)).* = 0 \(Timeout\)')
SLEEP = re.compile(r'nanosleep\(|timerfd_settime\(|setitimer\(|alarm\(')


@pytest.mark.skipif(not shutil.which('strace'), reason='strace is not installed')
def test_bug_class_E13_no_call_waits_for_a_timer(build, tmp_path):
    """Every process of the path under strace, calls allowed, refused and failing: none sleeps, and no wait of any ends by its time-out."""
    def under(name):
        traced.append(tmp_path / f'{len(traced)}.{name}.trace')
        return ['strace', '-D', '-q', '-e', f'trace={WAITS}', '-e', 'signal=none', '-o', traced[-1]]
    traced = []
    rig = qrexec_rig.Rig(build, tmp_path, 'test.Deny * work vault deny\n* * work vault allow\n', local=True, under=under)
    try:
        work, vault = rig.domain('work', 1), rig.domain('vault', 2)
        vault.service('test.Long', 'head -c 3000000 /dev/zero; exit 9')
        for _ in range(5):
            for service, code in (('test.True', 0), ('test.Deny', 126), ('test.Missing', 127), ('test.Long', 9)):
                p = work.call('vault', service)
                out, err = p.communicate(timeout=wire.SECONDS)
                assert p.returncode == code, err
            p = work.call('vault', 'test.Echo', stdin=subprocess.PIPE)
            assert p.communicate(b'x' * 1000000, timeout=wire.SECONDS)[0] == b'x' * 1000000
    finally:
        rig.stop()
    names = {t.name.split('.')[1] for t in traced}
    assert names == {'bulkhead-qrexec-broker', 'bulkhead-qrexec-daemon', 'bulkhead-qrexec-agent', 'qrexec-client-vm'}
    seen = set()
    for trace in traced:
        # The tracer outlives what it traces.
        wire.wait_for('the trace is whole', lambda: trace.read_text().endswith('+++\n'))
        lines = trace.read_text().splitlines()
        seen |= {trace.name.split('.')[1]} if any('poll(' in line for line in lines) else set()
        waited = [line for line in lines if RAN_OUT.match(line) or SLEEP.search(line)]
        assert waited == [], f'{trace.name}: {waited}'
    assert seen == names
