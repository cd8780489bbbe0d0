#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A bulkheadd that runs nothing: the D-Bus interfaces of domains/*.xml on the socket of BULKHEAD_RUNTIME_DIR, with invented domains.
Each call is a line of JSON on stdout ([object, method, arguments]). Lines of JSON on stdin change it: ["set", domain, {property: value}],
["global", {property: value}], ["add", name, {...}], ["remove", name], ["refused", domain, text] (each may say how often, as a last number), ["ended", domain, id, status],
["answer", method, error or null]."""
import json
import os
import pathlib
import sys

import gi
gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib

here = pathlib.Path(__file__).resolve().parent
XML = [(here.parent.parent / 'domains' / f'org.bulkhead.{n}.xml').read_text() for n in ('Manager1', 'Domain1')]
INTERFACES = {i.name: i for xml in XML for i in Gio.DBusNodeInfo.new_for_xml(xml).interfaces}
ROOT, DOMAIN, MANAGER = '/org/bulkhead', 'org.bulkhead.Domain1', 'org.bulkhead.Manager1'
OBJECTS, PROPERTIES = 'org.freedesktop.DBus.ObjectManager', 'org.freedesktop.DBus.Properties'
LABELS = [('red', '#bd2727', 'solid'), ('orange', '#e79e27', 'diagonal'), ('yellow', '#e7e532', 'back-diagonal'), ('green', '#5fa05e', 'dots'),
          ('gray', '#8e8e95', 'checks'), ('blue', '#3384d6', 'dashes'), ('purple', '#8f5cbe', 'cross'), ('black', '#000000', 'waves')]
TYPES = {p.name: p.signature for p in INTERFACES[DOMAIN].properties}
RULES = [('memory', 'Memory', '400', 'MiB, 64 to 1048576')]


def path_of(name):
    return f'{ROOT}/domains/' + ''.join(c if c.isalnum() else f'_{ord(c):02x}' for c in name)


class Manager:
    def __init__(self, names):
        self.connections, self.domains, self.errors, self.next_id, self.rest = [], {}, {}, 0, b''
        empty = {'s': '', 'u': 0, 'b': False}
        self.globals = {p.name: GLib.Variant(p.signature, empty.get(p.signature, [])) for p in INTERFACES[MANAGER].properties}
        for i, name in enumerate(names):
            self.domains[name] = self.domain(name, i)

    def domain(self, name, i, **more):
        label, color, pattern = LABELS[i % len(LABELS)]
        empty = {'s': '', 'u': 0, 'b': False}
        d = {p: empty[t] for p, t in TYPES.items()}
        d.update(Name=name, State='stopped', Color=color, Pattern=pattern, Label=label, Template='host', Netvm='net', Memory=400, MaxMemory=4000)
        d.update(more)
        return d

    def variants(self, values):
        return {k: GLib.Variant(TYPES[k], v) for k, v in values.items()}

    def emit(self, path, interface, signal, args):
        self.connections = [c for c in self.connections if not c.is_closed()]  # of commands that came and went
        for c in self.connections:
            c.emit_signal(None, path, interface, signal, args)

    def change(self, name, values):
        self.domains[name].update(values)
        self.emit(path_of(name), PROPERTIES, 'PropertiesChanged', GLib.Variant('(sa{sv}as)', (DOMAIN, self.variants(values), [])))

    def add(self, name, more):
        self.domains[name] = self.domain(name, len(self.domains), **more)
        self.emit(ROOT, OBJECTS, 'InterfacesAdded', GLib.Variant('(oa{sa{sv}})', (path_of(name), {DOMAIN: self.variants(self.domains[name])})))

    def remove(self, name):
        self.domains.pop(name)
        self.emit(ROOT, OBJECTS, 'InterfacesRemoved', GLib.Variant('(oas)', (path_of(name), [DOMAIN])))

    def on_connection(self, server, c):
        self.connections.append(c)
        for i in (MANAGER, OBJECTS):
            c.register_object(ROOT, INTERFACES[i], self.on_call, self.on_get, None)
        for name in self.domains:
            c.register_object(path_of(name), INTERFACES[DOMAIN], self.on_call, None, None)
        return True

    def on_get(self, c, sender, path, interface, name):
        return self.globals[name]

    def on_call(self, c, sender, path, interface, method, args, invocation):
        name = next((n for n in self.domains if path_of(n) == path), None)
        print(json.dumps([name, method, self.readable(args.unpack())]), flush=True)
        if self.errors.get(method):
            invocation.return_dbus_error('org.bulkhead.Error.Property', self.errors[method])
        elif method == 'GetManagedObjects':
            invocation.return_value(GLib.Variant('(a{oa{sa{sv}}})', ({path_of(n): {DOMAIN: self.variants(d)} for n, d in self.domains.items()},)))
        elif method == 'ListProperties':
            invocation.return_value(GLib.Variant('(a(ssss))', (RULES,)))
        elif method == 'CreateDomain':
            invocation.return_value(GLib.Variant('(o)', (path_of(args[0]),)))
            self.add(args[0], {})
        elif method == 'Run':
            self.next_id += 1
            invocation.return_value(GLib.Variant('(u)', (self.next_id,)))
        else:
            invocation.return_value(None)
            if method == 'RemoveDomain':
                self.remove(args[0])

    def readable(self, v):
        if isinstance(v, (list, tuple)):
            if v and all(isinstance(x, int) and not isinstance(x, bool) for x in v) and isinstance(v, list):
                return bytes(v).rstrip(b'\0').decode(errors='replace')
            return [self.readable(x) for x in v]
        return v

    def on_input(self, channel, condition):
        data = os.read(0, 65536)
        if not data:
            loop.quit()
            return False
        *lines, self.rest = (self.rest + data).split(b'\n')
        for line in lines:
            self.do(*json.loads(line))
        return True

    def do(self, what, *args):
        args = list(args)
        times = args.pop() if what == 'refused' and len(args) == 3 else 1
        for _ in range(times):
            if what == 'set':
                self.change(*args)
            elif what == 'global':
                self.globals.update({k: GLib.Variant(self.globals[k].get_type_string(), v) for k, v in args[0].items()})
                self.emit(ROOT, PROPERTIES, 'PropertiesChanged', GLib.Variant('(sa{sv}as)', (MANAGER, {k: self.globals[k] for k in args[0]}, [])))
            elif what == 'add':
                self.add(*args)
            elif what == 'remove':
                self.remove(*args)
            elif what == 'refused':
                self.emit(ROOT, MANAGER, 'Refused', GLib.Variant('(ss)', tuple(args)))
            elif what == 'ended':
                self.emit(path_of(args[0]), DOMAIN, 'CommandEnded', GLib.Variant('(ui)', tuple(args[1:])))
            elif what == 'answer':
                self.errors[args[0]] = args[1]
            elif what == 'focus':
                self.emit(ROOT, PROPERTIES, 'PropertiesChanged', GLib.Variant('(sa{sv}as)', (MANAGER, {'FocusedDomain': GLib.Variant('s', args[0])}, [])))


manager = Manager(sys.argv[1:])
loop = GLib.MainLoop()
server = Gio.DBusServer.new_sync('unix:path=' + os.environ['BULKHEAD_RUNTIME_DIR'] + '/bus', Gio.DBusServerFlags.NONE, Gio.dbus_generate_guid(), None, None)
server.connect('new-connection', manager.on_connection)
server.start()
print('"ready"', flush=True)
GLib.io_add_watch(GLib.IOChannel.unix_new(0), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, manager.on_input)
loop.run()
