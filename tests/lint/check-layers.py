#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A layer includes only itself and what stands below it; programs never include one another (docs/ARCHITECTURE.md).
X11 only in x11-* files, Xen only in *-xen.c, GTK only in tray/, and the ground layers use libc alone."""
import re

import tree

MAY_USE = {
    'common': {'common'},
    'proto': {'common', 'proto'},
    'policy': {'common', 'policy'},
    'vchan': {'common', 'proto', 'vchan'},
    'domains': {'common', 'proto', 'policy', 'vchan', 'domains'},
    'gui-daemon': {'common', 'proto', 'vchan', 'gui-daemon'},
    'gui-agent': {'common', 'proto', 'vchan', 'gui-agent'},
    'network': {'common', 'proto', 'vchan', 'network'},
    'qrexec': {'common', 'proto', 'policy', 'vchan', 'qrexec'},
    'tray': {'common', 'proto', 'tray'},
}
LIBC_ONLY = {'common', 'proto', 'policy', 'vchan'}

SPECIAL = [
    (re.compile(r'^(X11|xcb)/'), re.compile(r'(^|/)x11-[^/]*$'), 'X11 belongs into files named x11-*'),
    (re.compile(r'^(xen|libxl|libxenvchan)'), re.compile(r'-xen\.[ch]$'), 'Xen belongs into files named *-xen.c'),
    (re.compile(r'^(gtk|gdk|atk|libnotify)/'), re.compile(r'^tray/'), 'GTK belongs into tray/'),
]
BEYOND_LIBC = re.compile(r'^(glib|gio|gmodule|gobject|X11|xcb|gtk|seccomp)')
TESTS = re.compile(r'(^tests/|/test-[^/]*\.[ch]$|/stage\.c$)')

# A file and a prefix of what it includes all the same, with the reason.
EXCEPTIONS = {
    'policy/system-json.c': ('gio/',),  # a library of its own for the command line tools, which have GLib anyway
}


def problems_of(name):
    folder = name.split('/')[0]
    is_test = bool(TESTS.search(name))
    for number, line in enumerate(tree.text(name).split('\n'), 1):
        m = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
        if not m:
            continue
        quote, what = m.groups()
        if any(what.startswith(p) for p in EXCEPTIONS.get(name, ())):
            continue
        where = f'{name}:{number}: {what}: '
        for header, place, say in SPECIAL:
            if header.match(what) and not place.search(name) and not is_test:
                yield where + say
        if quote == '"' and folder in MAY_USE:
            target = what.split('/')[0]
            if '/' not in what:
                yield where + 'headers are named from the top of the tree'
            elif target not in MAY_USE[folder]:
                yield where + f'{folder}/ does not stand on {target}/'
        if folder in LIBC_ONLY and not is_test and quote == '<' and BEYOND_LIBC.match(what):
            yield where + f'{folder}/ uses libc only'


tree.done([p for name in tree.files('.c', '.h') for p in problems_of(name)], 'includes that point up or sideways')
