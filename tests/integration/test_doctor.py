# SPDX-License-Identifier: GPL-2.0-or-later
"""bulkhead doctor: what is missing is said, with the way to get it, and nothing is changed."""
import json
import os
import subprocess

import pytest


def doctor(build, **env):
    p = subprocess.run([build / 'domains' / 'bulkhead', 'doctor', '--json'], env={**os.environ, **env}, stdin=subprocess.DEVNULL, capture_output=True,
                       text=True, timeout=30)
    assert p.stderr == ''
    return p.returncode, {c['check']: c for c in json.loads(p.stdout)}


def test_a_machine_without_programs(build, tmp_path):
    status, checks = doctor(build, PATH=str(tmp_path), DISPLAY='')
    assert status == 1
    for name, package in (('sandbox', 'bubblewrap'), ('network', 'passt'), ('ids', 'uidmap'), ('xorg', 'xserver-xorg-video-dummy'), ('browser', 'firefox-esr')):
        assert checks[name]['result'] in ('missing', 'less')
        assert package in checks[name]['advice']
    assert checks['display']['result'] == 'missing'
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('answers', [True, False])
def test_the_display(build, programs, screen, answers):
    _, checks = doctor(build, DISPLAY=screen if answers else ':54321')
    assert (checks['display']['result'] == 'ok') == answers


def test_whoever_is_looked_at_has_a_result_and_an_advice(build):
    _, checks = doctor(build)
    assert len(checks) == 9
    for c in checks.values():
        assert c['seen'] and (c['result'] == 'ok') == (c['advice'] == '')
