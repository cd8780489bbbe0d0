#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The desktop's side of a tray: a notification service and a watcher of StatusNotifierItems. What comes is a line of JSON on stdout:
["notify", replaces, summary, body, has a picture], ["item", bus name]. Lines on stdin: ["activate", x, y], ["get", property] (answered by
["property", value]), ["leave"] (the watcher goes)."""
import json
import os

import gi
gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib

XML = '''<node>
<interface name="org.freedesktop.Notifications">
<method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
<arg type="s" direction="in"/><arg type="as" direction="in"/><arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/></method>
</interface>
<interface name="org.kde.StatusNotifierWatcher">
<method name="RegisterStatusNotifierItem"><arg type="s" direction="in"/></method>
<property name="IsStatusNotifierHostRegistered" type="b" access="read"/>
</interface></node>'''
ITEM = ('/StatusNotifierItem', 'org.kde.StatusNotifierItem')


def say(*line):
    print(json.dumps(line), flush=True)


class Desk:
    def __init__(self, bus):
        self.bus, self.item, self.count, self.rest = bus, None, 0, b''
        notifications, watcher = Gio.DBusNodeInfo.new_for_xml(XML).interfaces
        bus.register_object('/org/freedesktop/Notifications', notifications, self.on_call, None, None)
        bus.register_object('/StatusNotifierWatcher', watcher, self.on_call, lambda *a: GLib.Variant('b', True), None)
        Gio.bus_own_name_on_connection(bus, 'org.freedesktop.Notifications', 0, None, None)
        self.watcher = Gio.bus_own_name_on_connection(bus, 'org.kde.StatusNotifierWatcher', 0, self.on_name, None)

    def on_name(self, *args):
        print('"ready"', flush=True)

    def on_call(self, c, sender, path, interface, method, args, invocation):
        args = args.unpack()
        if method == 'Notify':
            self.count += 1
            invocation.return_value(GLib.Variant('(u)', (args[1] or self.count,)))
            say('notify', args[1], args[3], args[4], 'image-data' in args[6])
        else:
            self.item = args[0]
            invocation.return_value(None)
            say('item', self.item)

    def on_input(self, channel, condition):
        data = os.read(0, 65536)
        if not data:
            loop.quit()
            return False
        *lines, self.rest = (self.rest + data).split(b'\n')
        for line in lines:
            what, *args = json.loads(line)
            if what == 'activate':
                self.bus.call(self.item, *ITEM, 'Activate', GLib.Variant('(ii)', tuple(args)), None, 0, -1, None, None)
            elif what == 'get':
                r = self.bus.call_sync(self.item, ITEM[0], 'org.freedesktop.DBus.Properties', 'Get', GLib.Variant('(ss)', (ITEM[1], args[0])), None, 0, -1, None)
                value = r.unpack()[0]
                say('property', [(w, h, len(p)) for w, h, p in value] if args[0] == 'IconPixmap' else value)
            elif what == 'leave':
                Gio.bus_unown_name(self.watcher)
        return True


desk = Desk(Gio.bus_get_sync(Gio.BusType.SESSION, None))
loop = GLib.MainLoop()
GLib.io_add_watch(GLib.IOChannel.unix_new(0), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, desk.on_input)
loop.run()
