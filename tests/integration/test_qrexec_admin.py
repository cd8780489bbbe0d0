# SPDX-License-Identifier: GPL-2.0-or-later
"""What the admin domain tells a domain that calls it."""
import os
import socket
import subprocess

import pytest

import qrexec_rig
import qrexec_wire as wire

# Every service of ours that the admin domain runs, and what a caller gets back whatever it sends: a new one stands here, with its answer, before it is built.
GOLDEN = {'bulkhead.Notify': (b'', b''), 'bulkhead.CopyReport': (b'', b'')}
INPUTS = [b'', b'\0', b'secret', b'A' * 70000, bytes(range(256)) * 16, b'../../etc/passwd\0', b'%s%n%x', b'*\n* * @anyvm @anyvm allow\n']
ARGUMENTS = ['', '+', '+all', '+policy', '+' + 'x' * 60]


@pytest.fixture
def rig(build, tmp_path, monkeypatch):
    """With a tray that takes what it gets."""
    monkeypatch.setenv('BULKHEAD_RUNTIME_DIR', str(tmp_path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as tray:
        tray.bind(str(tmp_path / 'tray.sock'))
        tray.listen(100)
        r = qrexec_rig.Rig(build, tmp_path, '* * work @adminvm allow\n')
        yield r
        r.stop()


def test_bug_class_E6_services_of_the_admin_domain_tell_nothing(build, rig):
    """Each answers the same to everything: not a byte of the policy, of other domains, or of what it was sent."""
    folder = build / 'qrexec' / 'rpc'
    built = {f.name for f in folder.iterdir() if f.is_file() and os.access(f, os.X_OK)}
    assert built == set(GOLDEN)
    for name in built:
        (rig.admin_services / name).symlink_to(folder / name)
    work = rig.domain('work', 1)
    for name, golden in GOLDEN.items():
        for argument in ARGUMENTS:
            for data in INPUTS:
                p = work.call('dom0', name + argument, stdin=subprocess.PIPE)
                out, err = p.communicate(data, timeout=wire.SECONDS)
                assert (out, err) == golden, (name, argument, data[:20])
                assert p.returncode in (0, 1)


@pytest.mark.parametrize('service', ['policy.RegisterArgument', 'policy.Get', 'policy.List', 'policy.GetFiles', 'policy.include.Get', 'admin.vm.List',
                                     'admin.vm.property.GetAll', 'admin.label.List', 'qubes.GetRandomizedTime', 'bulkhead-ask', '..', 'sh'])
def test_bug_class_E6_nothing_else_is_answered(rig, service):
    """With every call allowed, what is not a service of ours is not there, and the caller learns no more than that."""
    work = rig.domain('work', 1)
    p = work.call('dom0', service)
    assert (*p.communicate(timeout=wire.SECONDS), p.returncode) == (b'', b'', 127)
