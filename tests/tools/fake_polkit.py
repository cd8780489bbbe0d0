#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A polkit authority that allows the actions of which it reads the names, one line of names at a time, on stdin. Each question is a line on stdout:
kind of subject, sender, action."""
import os
import sys

import gi
gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib

NAME = 'org.freedesktop.PolicyKit1'
XML = f'''<node><interface name="{NAME}.Authority"><method name="CheckAuthorization">
<arg type="(sa{{sv}})" direction="in"/><arg type="s" direction="in"/><arg type="a{{ss}}" direction="in"/><arg type="u" direction="in"/>
<arg type="s" direction="in"/><arg type="(bba{{ss}})" direction="out"/></method></interface></node>'''
allowed = set()


def on_call(c, sender, path, interface, method, args, invocation):
    (kind, subject), action, details, flags, cancel = args.unpack()
    print(kind, subject['name'], action, flush=True)
    invocation.return_value(GLib.Variant('((bba{ss}))', ((action in allowed, False, {}),)))


def on_input(source, condition):
    line = os.read(0, 4096).decode()
    if not line:
        loop.quit()
        return False
    allowed.clear()
    allowed.update(line.split())
    print('now', *sorted(allowed), flush=True)
    return True


bus = Gio.DBusConnection.new_for_address_sync(sys.argv[1], Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
                                              Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
bus.register_object('/org/freedesktop/PolicyKit1/Authority', Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0], on_call, None, None)
Gio.bus_own_name_on_connection(bus, NAME, 0, lambda *a: print('ready', flush=True), None)
GLib.io_add_watch(0, GLib.IO_IN | GLib.IO_HUP, on_input)
loop = GLib.MainLoop()
loop.run()
