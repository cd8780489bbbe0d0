# SPDX-License-Identifier: GPL-2.0-or-later
"""The files by which systemd and D-Bus start bulkheadd are such that they can."""
import configparser
import os
import pathlib
import shutil
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


def read(path):
    c = configparser.ConfigParser(strict=False, interpolation=None, delimiters='=')
    c.optionxform = str
    c.read(path)
    return c


@pytest.mark.skipif(not shutil.which('systemd-analyze'), reason='systemd is not installed')
@pytest.mark.parametrize('unit, scope', [('bulkheadd.service', '--user'), ('bulkheadd-system.service', '--system')])
def test_systemd_understands_the_unit(build, tmp_path, unit, scope):
    text = (build / 'domains' / unit).read_text()
    installed = read(build / 'domains' / unit)['Service']['ExecStart'].split()[0]
    (tmp_path / unit).write_text(text.replace(installed, str(build / 'domains' / 'bulkheadd')))
    p = subprocess.run(['systemd-analyze', scope, '--man=no', 'verify', tmp_path / unit], capture_output=True, text=True,
                       env={**os.environ, 'XDG_RUNTIME_DIR': str(tmp_path), 'HOME': str(tmp_path)})
    said = [line for line in p.stderr.splitlines() if unit in line or 'bulkhead' in line]
    assert not said, p.stderr
    # It looks at all: a word that is none is named.
    (tmp_path / unit).write_text(text + '\n[Service]\nNoSuchWord=yes\n')
    p = subprocess.run(['systemd-analyze', scope, '--man=no', 'verify', tmp_path / unit], capture_output=True, text=True,
                       env={**os.environ, 'XDG_RUNTIME_DIR': str(tmp_path), 'HOME': str(tmp_path)})
    assert 'NoSuchWord' in p.stderr


@pytest.mark.parametrize('unit, activation', [('bulkheadd.service', 'org.bulkhead.Manager1.service'),
                                              ('bulkheadd-system.service', None)])
def test_activation_names_the_unit_and_the_unit_the_name(build, unit, activation):
    path = build / 'domains' / activation if activation else SOURCE / 'domains' / 'org.bulkhead.Manager1.system.service'
    a, u = read(path)['D-BUS Service'], read(build / 'domains' / unit)['Service']
    assert (a['SystemdService'], a['Name']) == (unit, u['BusName'])
    help_ = subprocess.run([build / 'domains' / 'bulkheadd', '--help'], capture_output=True, text=True).stdout
    for option in u['ExecStart'].split()[1:]:
        assert option.split('=')[0] in help_
    assert u['KillMode'] == 'process', 'domains run on when it is restarted'


def test_the_system_unit_takes_no_call_away_that_bulkheadd_needs(build):
    """systemd's filter for RestrictSUIDSGID= answers openat2() with ENOSYS: "bulkheadd: domains: Function not implemented"."""
    text = (build / 'domains' / 'bulkheadd-system.service').read_text()
    assert 'openat2' in (SOURCE / 'domains/paths.c').read_text()
    assert not [line for line in text.splitlines() if line.startswith(('RestrictSUIDSGID=', 'SystemCallFilter='))]
