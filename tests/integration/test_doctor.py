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
    assert len(checks) == 14
    for c in checks.values():
        assert c['seen'] and (c['result'] == 'ok') == (c['advice'] == '')


def test_what_belongs_to_bulkhead(build, tmp_path):
    """Its programs and its rules; each time one is taken away, that is said."""
    programs = {p.name: p for p in build.rglob('bulkhead*') if p.is_file() and os.access(p, os.X_OK)}
    for name, p in programs.items():
        (tmp_path / name).symlink_to(p)
    rules = tmp_path / 'config' / 'bulkhead' / 'policy.d'
    rules.mkdir(parents=True)
    (rules / '30-user.policy').write_text('* * @anyvm @anyvm deny\n')
    here = {'BULKHEAD_LIBEXEC': str(tmp_path), 'XDG_CONFIG_HOME': str(tmp_path / 'config'), 'XDG_DATA_HOME': str(tmp_path / 'data')}
    _, checks = doctor(build, **here)
    assert checks['programs']['result'] == 'ok'
    assert str(tmp_path) in checks['disk']['seen'] and not (tmp_path / 'data').exists()
    (tmp_path / 'bulkhead-hv').unlink()
    (rules / '30-user.policy').write_text('* * @anyvm\n')
    status, checks = doctor(build, **here)
    assert status == 1 and 'bulkhead-hv' in checks['programs']['seen']
    assert checks['policy']['result'] == 'missing' and 'policy lint' in checks['policy']['advice']


@pytest.mark.parametrize('panel', [True, False])
def test_the_panel(build, programs, panel):
    p = programs.start(['dbus-daemon', '--session', '--nofork', '--print-address'], stdout=subprocess.PIPE, text=True)
    address = p.stdout.readline().strip()
    if panel:
        gi = pytest.importorskip('gi')
        from gi.repository import Gio
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        c = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        c.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName',
                    gi.repository.GLib.Variant('(su)', ('org.kde.StatusNotifierWatcher', 0)), None, 0, -1, None)
    _, checks = doctor(build, DBUS_SESSION_BUS_ADDRESS=address)
    assert checks['panel']['result'] == ('ok' if panel else 'less')
