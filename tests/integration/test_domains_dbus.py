# SPDX-License-Identifier: GPL-2.0-or-later
"""bulkheadd's D-Bus API: on a session bus and on its own socket, the same."""
import os
import subprocess

import pytest
from domains_rig import PATIENCE, Domains

gi = pytest.importorskip('gi')
from gi.repository import Gio, GLib  # noqa: E402

pytestmark = pytest.mark.skipif(os.geteuid() == 0, reason='domains never run as root: run these tests as an ordinary user')
NAME, ROOT, DOMAIN = 'org.bulkhead.Manager1', '/org/bulkhead', 'org.bulkhead.Domain1'
PROPERTIES = 'org.freedesktop.DBus.Properties'


class Bus:
    def __init__(self, address, name):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
        if name:
            flags |= Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.name = name
        self.c = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.signals = []
        self.c.signal_subscribe(None, None, None, None, None, 0, lambda c, sender, path, interface, signal, args:
                                self.signals.append((path, f'{interface}.{signal}', args.unpack())))

    def call(self, path, method, args=None):
        interface, _, member = method.rpartition('.')
        reply = self.c.call_sync(self.name, path, interface, member, args, None, 0, PATIENCE * 1000, None)
        return reply.unpack()

    def get(self, path, name):
        return self.call(path, f'{PROPERTIES}.Get', GLib.Variant('(ss)', (DOMAIN if path != ROOT else NAME, name)))[0]

    def heard(self, wanted):
        """The first signal that `wanted` likes; waits for it."""
        timeout = []
        GLib.timeout_add_seconds(PATIENCE, lambda: timeout.append(1))
        while not timeout:
            for s in self.signals:
                if wanted(*s):
                    return s
            GLib.MainContext.default().iteration(True)
        raise AssertionError(self.signals)


@pytest.fixture(params=['session-bus', 'own-socket'])
def bus(request, build, programs):
    address = None
    if request.param == 'session-bus':
        p = programs.start(['dbus-daemon', '--session', '--nofork', '--print-address'], stdout=subprocess.PIPE, text=True)
        address = p.stdout.readline().strip()
    d = Domains(build, programs, DISPLAY=None, DBUS_SESSION_BUS_ADDRESS=address or 'unix:path=/nonexistent')
    d.start()
    if address:
        b = Bus(address, NAME)
        wait_for_name(address)
    else:
        b = Bus(f'unix:path={d.runtime}/bus', None)
    b.rig = d
    yield b
    b.c.close_sync(None)
    d.end()


def wait_for_name(address):
    """Until bulkheadd has its name: the bus tells."""
    loop, c = GLib.MainLoop(), Gio.DBusConnection.new_for_address_sync(
        address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
    late = GLib.timeout_add_seconds(PATIENCE, loop.quit)
    Gio.bus_watch_name_on_connection(c, NAME, 0, lambda *a: loop.quit(), None)
    loop.run()
    GLib.source_remove(late)
    c.close_sync(None)


def error(f, *args):
    with pytest.raises(GLib.GError) as e:
        f(*args)
    return Gio.DBusError.get_remote_error(e.value), e.value.message


def test_a_domain_from_beginning_to_end(bus):
    path = bus.call(ROOT, f'{NAME}.CreateDomain', GLib.Variant('(sa{ss})', ('my-work', {'label': 'blue'})))[0]
    assert path == '/org/bulkhead/domains/my_2dwork'
    assert bus.call(ROOT, f'{NAME}.GetDomain', GLib.Variant('(s)', ('my-work',))) == (path,)
    added = bus.heard(lambda p, s, a: s.endswith('InterfacesAdded'))
    assert added[2][0] == path and added[2][1][DOMAIN]['Color'] == '#3465a4'
    objects = bus.call(ROOT, 'org.freedesktop.DBus.ObjectManager.GetManagedObjects')[0]
    assert list(objects) == [path] and objects[path][DOMAIN]['State'] == 'stopped'
    assert objects[path][DOMAIN] == bus.call(path, f'{PROPERTIES}.GetAll', GLib.Variant('(s)', (DOMAIN,)))[0]

    bus.call(path, f'{DOMAIN}.Start')
    bus.heard(lambda p, s, a: p == path and s.endswith('PropertiesChanged') and a[1].get('State') == 'running')
    states = [a[1]['State'] for p, s, a in bus.signals if p == path and s.endswith('PropertiesChanged') and 'State' in a[1]]
    assert states == ['starting', 'running']
    ident = bus.call(path, f'{DOMAIN}.Run', GLib.Variant('(aay)', ([b'sh\0', b'-c\0', b'exit 3\0'],)))[0]
    assert bus.heard(lambda p, s, a: s == f'{DOMAIN}.CommandEnded')[2] == (ident, 3 << 8)
    assert bus.call(path, f'{DOMAIN}.Wait', GLib.Variant('(u)', (ident,))) == (3 << 8,)

    bus.call(path, f'{PROPERTIES}.Set', GLib.Variant('(ssv)', (DOMAIN, 'Notes', GLib.Variant('s', 'new'))))
    bus.call(path, f'{PROPERTIES}.Set', GLib.Variant('(ssv)', (DOMAIN, 'Autostart', GLib.Variant('b', True))))
    bus.call(path, f'{PROPERTIES}.Set', GLib.Variant('(ssv)', (DOMAIN, 'ShutdownTimeout', GLib.Variant('u', 7))))
    assert (bus.get(path, 'Notes'), bus.get(path, 'Autostart'), bus.get(path, 'ShutdownTimeout')) == ('new', True, 7)
    bus.heard(lambda p, s, a: s.endswith('PropertiesChanged') and a[1].get('ShutdownTimeout') == 7)

    bus.call(path, f'{DOMAIN}.Stop', GLib.Variant('(b)', (False,)))
    assert bus.get(path, 'State') == 'stopped'
    bus.call(ROOT, f'{NAME}.RemoveDomain', GLib.Variant('(sb)', ('my-work', False)))
    bus.heard(lambda p, s, a: s.endswith('InterfacesRemoved') and a == (path, [DOMAIN]))
    assert bus.call(ROOT, 'org.freedesktop.DBus.ObjectManager.GetManagedObjects')[0] == {}


def test_errors_have_names_and_words(bus):
    path = bus.call(ROOT, f'{NAME}.CreateDomain', GLib.Variant('(sa{ss})', ('work', {})))[0]
    names = 'org.bulkhead.Error.'

    def create(name, **properties):
        return lambda: bus.call(ROOT, f'{NAME}.CreateDomain', GLib.Variant('(sa{ss})', (name, properties)))

    for f, name, words in [
            (create('work'), 'Exists', 'already'), (create('-x'), 'Name', '-x'), (create('x', label='blau'), 'Property', 'label'),
            (create('x', colour='red'), 'Property', 'colour'),
            (lambda: bus.call(ROOT, f'{NAME}.GetDomain', GLib.Variant('(s)', ('none-such',))), 'NoDomain', 'none-such'),
            (lambda: bus.call(path, f'{DOMAIN}.Pause'), 'State', 'stopped'),
            (lambda: bus.call(path, f'{DOMAIN}.CancelJob'), 'State', 'no job'),
            (lambda: bus.call(path, f'{DOMAIN}.Run', GLib.Variant('(aay)', ([b'true\0'],))), 'State', 'stopped'),
            (lambda: bus.call(path, f'{DOMAIN}.Wait', GLib.Variant('(u)', (1,))), 'Command', 'no command'),
            (lambda: bus.call(path, f'{DOMAIN}.SetText', GLib.Variant('(ss)', ('memory', '1'))), 'Property', 'memory')]:
        remote, message = error(f)
        assert remote == names + name and words in message, (remote, message)
    remote, message = error(lambda: bus.call(path, f'{PROPERTIES}.Set', GLib.Variant('(ssv)', (DOMAIN, 'Memory', GLib.Variant('u', 1)))))
    assert remote.endswith('InvalidArgs') and '64 to' in message
    for bad in (GLib.Variant('(ssv)', (DOMAIN, 'Name', GLib.Variant('s', 'x'))), GLib.Variant('(ssv)', (DOMAIN, 'Memory', GLib.Variant('s', 'x')))):
        assert error(lambda: bus.call(path, f'{PROPERTIES}.Set', bad))[0]
    assert error(lambda: bus.call('/org/bulkhead/domains/nobody', f'{DOMAIN}.Start'))[0]


def test_no_call_waits_for_another(bus):
    path = bus.call(ROOT, f'{NAME}.CreateDomain', GLib.Variant('(sa{ss})', ('work', {'shutdown_timeout': '1000'})))[0]
    bus.call(path, f'{DOMAIN}.Start')
    bus.call(path, f'{DOMAIN}.Run', GLib.Variant('(aay)', ([b'sh\0', b'-c\0', b'trap "" TERM; touch /tmp/up; while :; do sleep 100; done\0'],)))
    up = bus.call(path, f'{DOMAIN}.Run', GLib.Variant('(aay)', ([b'sh\0', b'-c\0', b'until test -e /tmp/up; do :; done\0'],)))
    bus.call(path, f'{DOMAIN}.Wait', GLib.Variant('(u)', up))
    answers = []
    bus.c.call(bus.name, path, DOMAIN, 'Stop', GLib.Variant('(b)', (False,)), None, 0, PATIENCE * 1000, None,
               lambda c, r: answers.append(c.call_finish(r)))
    bus.heard(lambda p, s, a: s.endswith('PropertiesChanged') and a[1].get('State') == 'stopping')
    assert bus.get(path, 'Job') == 'stop' and not answers
    bus.call(path, f'{DOMAIN}.CancelJob')
    assert bus.get(path, 'State') == 'stopped'


def test_labels_and_properties_are_listed(bus):
    labels = bus.call(ROOT, f'{NAME}.ListLabels')[0]
    assert ('red', 1, '#cc0000', 'solid') in labels and len(labels) >= 12
    keys = {row[0]: row for row in bus.call(ROOT, f'{NAME}.ListProperties')[0]}
    path = bus.call(ROOT, f'{NAME}.CreateDomain', GLib.Variant('(sa{ss})', ('work', {})))[0]
    shown = bus.call(path, f'{PROPERTIES}.GetAll', GLib.Variant('(s)', (DOMAIN,)))[0]
    assert all(row[1] in shown for row in keys.values())
    assert (bus.get(ROOT, 'Backend'), bus.get(ROOT, 'Broken')) == ('local', [])
