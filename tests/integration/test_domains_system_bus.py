# SPDX-License-Identifier: GPL-2.0-or-later
"""bulkheadd on the system bus: polkit says who may what. The bus is one of the test's own, polkit a fake."""
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import os
import pytest
from domains_rig import PATIENCE, Domains

gi = pytest.importorskip('gi')
from gi.repository import GLib  # noqa: E402
from test_domains_dbus import DOMAIN, NAME, PROPERTIES, ROOT, Bus, error, wait_for_name  # noqa: E402
from test_jobs import JOB, Gate, ask, new_job  # noqa: E402

pytestmark = pytest.mark.skipif(os.geteuid() == 0, reason='domains never run as root: run these tests as an ordinary user')
SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
TOOL = SOURCE / 'tests' / 'tools' / 'fake_polkit.py'
CONFIG = '''<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>{include}
<policy context="default"><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>'''


def bus_daemon(programs, folder, include=''):
    config = folder / 'bus.conf'
    config.write_text(CONFIG.format(include=include))
    p = programs.start(['dbus-daemon', f'--config-file={config}', '--nofork', '--print-address'], stdout=subprocess.PIPE, text=True)
    return p.stdout.readline().strip()


class Polkit:
    def __init__(self, programs, address):
        self.p = programs.start([sys.executable, TOOL, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.line() == 'ready'

    def line(self):
        return self.p.stdout.readline().strip()

    def allow(self, *actions):
        self.p.stdin.write(' '.join(f'org.bulkhead.{a}' for a in actions or ('nothing',)) + '\n')
        self.p.stdin.flush()
        assert self.line().startswith('now')

    def asked(self):
        return self.line().split()


@pytest.fixture
def system(build, programs, tmp_path):
    address = bus_daemon(programs, tmp_path)
    rig = Domains(build, programs, DISPLAY=None, DBUS_SYSTEM_BUS_ADDRESS=address)
    rig.start('--system-bus')
    bus = Bus(address, NAME)
    wait_for_name(address)
    bus.rig, bus.address = rig, address
    yield bus
    bus.c.close_sync(None)
    rig.end()


CREATE = GLib.Variant('(sa{ss})', ('work', {}))
PATH = '/org/bulkhead/domains/work'
CALLS = [('view', ROOT, f'{NAME}.ListLabels', None), ('view', ROOT, 'org.freedesktop.DBus.ObjectManager.GetManagedObjects', None),
         ('view', ROOT, f'{PROPERTIES}.Get', GLib.Variant('(ss)', (NAME, 'Version'))), ('view', PATH, f'{PROPERTIES}.Get', GLib.Variant('(ss)', (DOMAIN, 'State'))),
         ('view', PATH, f'{PROPERTIES}.GetAll', GLib.Variant('(s)', (DOMAIN,))), ('start', PATH, f'{DOMAIN}.Kill', None),
         ('start', ROOT, f'{NAME}.HideAll', GLib.Variant('(b)', (False,))), ('define', PATH, f'{DOMAIN}.SetText', GLib.Variant('(ss)', ('notes', 'x'))),
         ('define', PATH, f'{PROPERTIES}.Set', GLib.Variant('(ssv)', (DOMAIN, 'Notes', GLib.Variant('s', 'y')))), ('define', ROOT, f'{NAME}.Reload', None)]


def test_each_call_needs_its_right(system, programs):
    polkit = Polkit(programs, system.address)
    polkit.allow('define')
    assert system.call(ROOT, f'{NAME}.CreateDomain', CREATE) == (PATH,)
    assert polkit.asked() == ['system-bus-name', system.c.get_unique_name(), 'org.bulkhead.define']
    for right, path, method, args in CALLS:
        polkit.allow(*({'view', 'start', 'define'} - {right}))
        name, words = error(system.call, path, method, args)
        assert name == 'org.bulkhead.Error.NotAuthorized' and f'org.bulkhead.{right}' in words, (method, name, words)
        assert polkit.asked()[2] == f'org.bulkhead.{right}'
        polkit.allow(right)
        system.call(path, method, args)
        assert polkit.asked()[2] == f'org.bulkhead.{right}'
    assert system.rig.show('work')['notes'] == 'y'
    polkit.allow()
    error(system.call, ROOT, f'{NAME}.Quit', GLib.Variant('(b)', (True,)))
    assert system.rig.manager.poll() is None


def test_cancelling_needs_the_right_of_what_is_cancelled(build, programs, tmp_path):
    address = bus_daemon(programs, tmp_path)
    rig = Domains(build, programs, DISPLAY=None, DBUS_SYSTEM_BUS_ADDRESS=address)
    start, copy = Gate(rig, 'bulkhead-local-domain', never='forget'), Gate(rig, 'bulkhead-snapshot')
    try:
        rig.start('--system-bus')
        wait_for_name(address)
        polkit, bus, own = Polkit(programs, address), Bus(address, NAME), Bus(f'unix:path={rig.runtime}/bus', None)
        own.call(ROOT, f'{NAME}.CreateDomain', CREATE)
        (rig.home / '.local/share/bulkhead/domains/work/home').mkdir(mode=0o700, parents=True)
        for gate, method, args, what, right in ((copy, 'TakeSnapshot', GLib.Variant('(s)', ('a',)), 'snapshot', 'define'), (start, 'Start', None, 'start', 'start')):
            answers = ask(own, PATH, f'{DOMAIN}.{method}', args)
            job, _ = new_job(own, what)
            gate.reached()
            polkit.allow(*({'view', 'start', 'define'} - {right}))
            assert f'org.bulkhead.{right}' in error(bus.call, job, f'{JOB}.Cancel')[1]
            assert polkit.asked()[2] == f'org.bulkhead.{right}'
            polkit.allow(right)
            bus.call(job, f'{JOB}.Cancel')
            assert polkit.asked()[2] == f'org.bulkhead.{right}'
            gate.open()
            own.heard(lambda *a: answers)
            assert 'cancelled' in answers[0]
    finally:
        rig.end()


def on_system_bus(system, *argv, **env):
    """As a person's command line does it: without a bulkheadd of the session."""
    keep = {k: v for k, v in system.rig.env.items() if k not in ('BULKHEAD_RUNTIME_DIR', 'BULKHEAD_LIBEXEC')}
    return subprocess.run([system.rig.build / 'domains' / 'bulkhead', *argv], env={**keep, 'XDG_RUNTIME_DIR': str(system.rig.top / 'none'), **env},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)


@pytest.mark.parametrize('option', [('--system',), ()])
def test_the_command_line_on_the_system_bus(system, programs, option):
    polkit = Polkit(programs, system.address)
    polkit.allow('view', 'start')
    p = on_system_bus(system, *option, 'domain', 'create', 'work')
    assert p.returncode == 6 and 'CreateDomain needs the right org.bulkhead.define: polkit does not give it to you' in p.stderr, p.stderr
    polkit.asked()
    polkit.allow('view', 'start', 'define')
    assert on_system_bus(system, *option, 'domain', 'create', 'work').returncode == 0
    p = on_system_bus(system, *option, 'domain', 'start', 'work')
    assert p.returncode == 0, p.stderr
    p = on_system_bus(system, *option, 'run', '--wait', 'work', '--', 'sh', '-c', 'exit 3')
    assert p.returncode == 3, p.stderr
    assert system.rig.show('work')['state'] == 'running'
    assert system.rig.manager.poll() is None and not (system.rig.top / 'none').exists(), 'no other bulkheadd was started'


def test_nobody_on_the_system_bus(system, programs, tmp_path):
    (tmp_path / 'other').mkdir()
    p = on_system_bus(system, '--system', 'domain', 'list', DBUS_SYSTEM_BUS_ADDRESS=bus_daemon(programs, tmp_path / 'other'))
    assert p.returncode == 5 and 'no bulkheadd is on the system bus' in p.stderr
    p = on_system_bus(system, '--system', 'domain', 'list', DBUS_SYSTEM_BUS_ADDRESS='unix:path=/nonexistent')
    assert p.returncode == 5 and p.stderr.startswith('bulkhead: ')


def test_without_polkit_nobody_may_and_the_own_socket_goes_on(system):
    name, words = error(system.call, ROOT, f'{NAME}.CreateDomain', CREATE)
    assert name == 'org.bulkhead.Error.NotAuthorized' and 'polkit cannot be asked' in words
    assert 'polkit cannot be asked' in system.rig.said()
    system.rig.cli('domain', 'create', 'work')
    assert system.rig.show('work')['state'] == 'stopped'


def test_a_caller_that_is_gone_when_polkit_answers_harms_nobody(system, programs):
    polkit = Polkit(programs, system.address)
    polkit.allow('define', 'view')
    gone = Bus(system.address, NAME)
    gone.c.call(NAME, ROOT, NAME, 'CreateDomain', CREATE, None, 0, -1, None, None)
    gone.c.flush_sync(None)
    gone.c.close_sync(None)
    assert polkit.asked()[2] == 'org.bulkhead.define'
    assert system.call(ROOT, f'{NAME}.ListLabels')[0]


def test_the_files_for_the_bus_and_polkit_fit_the_code(programs, tmp_path):
    code = set(re.findall(r'org\.bulkhead\.(?:view|start|define)', (SOURCE / 'domains' / 'dbus-private.h').read_text()))
    actions = ET.parse(SOURCE / 'domains' / 'org.bulkhead.policy').getroot().findall('action')
    assert {a.get('id') for a in actions} == code
    for a in actions:
        assert a.find('description').text and a.find('message').text
        assert a.find('defaults/allow_any').text.startswith('auth_admin')
    assert bus_daemon(programs, tmp_path, f'<include>{SOURCE}/domains/org.bulkhead.Manager1.conf</include>')
