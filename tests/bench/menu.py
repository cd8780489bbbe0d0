#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The tray's menu with 100 domains of 200 applications each: from the key to the first painted pixel, with a manager that answers and with one
that is stopped; then from Enter on an application to its ghost frame. usage: menu.py BUILD"""
import os
import pathlib
import signal
import subprocess
import sys
import time

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / 'integration'), str(here.parent.parent / 'scripts' / 'lib')]

from Xlib import X, XK
from Xlib.ext import xtest

from conftest import Programs
from tray_rig import Tray, write_apps

TIMES = 100
LIMIT_MS = 50


def press(d, *syms):
    codes = [d.keysym_to_keycode(s) for s in syms]
    for c in codes:
        xtest.fake_input(d, X.KeyPress, c)
    for c in reversed(codes):
        xtest.fake_input(d, X.KeyRelease, c)
    d.flush()


def pixel(root, x, y):
    return bytes(root.get_image(x, y, 1, 1, X.ZPixmap, 0xffffffff).data)[:3]


def until(condition, seconds=10):
    """Asked again and again: a display tells nobody when a pixel changes, and a fraction of a millisecond is what is measured."""
    end = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > end:
            raise TimeoutError
    return time.perf_counter()


def popups(d, root, empty):
    out = []
    for _ in range(TIMES):
        begin = time.perf_counter()
        press(d, XK.XK_Super_L, XK.XK_F10)
        out.append((until(lambda: pixel(root, 40, 40) != empty) - begin) * 1000)
        press(d, XK.XK_Escape)
        until(lambda: pixel(root, 40, 40) == empty)
    return sorted(out)


def ghosts(d, root, t, empty):
    out = []
    for i in range(8):
        t.again('--search')
        t.wait_shown('Search Bulkhead')
        t.type(f'app{i} d{i}')
        begin = time.perf_counter()
        press(d, XK.XK_Return)
        until(lambda: t.shown(f'd{i}'))
        out.append((time.perf_counter() - begin) * 1000)
    return sorted(out)


def row(what, times):
    at = lambda q: times[min(len(times) - 1, int(len(times) * q))]
    print(f'| {what} | {at(0.5):.1f} | {at(0.95):.1f} | {at(0.99):.1f} |', flush=True)
    return at(0.99)


def main():
    programs = Programs()
    tray = None
    try:
        display, _ = programs.x_server('-screen', '0', '1280x1024x24')
        os.environ['DISPLAY'] = display
        programs.start(['openbox', '--sm-disable'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        tray = Tray(sys.argv[1], programs, display, domains=tuple(f'd{i}' for i in range(100)), apps=())
        write_apps(tray.share, [(f'app{i}', f'Application {i} app{i}', f'app{i}', f'icon{i}', 'Utility;') for i in range(200)])
        tray.start()
        tray.called('ListProperties')
        d, root = tray.desktop.d, tray.desktop.root
        tray.again('--menu')
        tray.wait_shown('bulkhead-tray')
        tray.keys('Escape')
        tray.wait_gone('bulkhead-tray')
        root.warp_pointer(20, 20)
        d.sync()
        empty = pixel(root, 40, 40)
        print('| popup of the menu, 100 domains x 200 applications | median ms | p95 ms | p99 ms |\n|---|---|---|---|')
        worst = row('bulkheadd answers', popups(d, root, empty))
        tray.manager.p.send_signal(signal.SIGSTOP)
        worst = max(worst, row('bulkheadd is stopped (SIGSTOP)', popups(d, root, empty)))
        row('Enter on an application to its ghost frame, bulkheadd stopped', ghosts(d, root, tray, empty))
        with open(f'/proc/{tray.p.pid}/smaps_rollup') as f:
            sizes = {line.split()[0]: int(line.split()[1]) for line in f if line.startswith(('Rss', 'Pss'))}
        print(f"\nMemory of bulkhead-tray then: {sizes['Rss:'] / 1024:.0f} MiB RSS, {sizes['Pss:'] / 1024:.0f} MiB PSS.")
        return 0 if worst < LIMIT_MS else 1
    finally:
        if tray:
            tray.end()
        programs.end()


if __name__ == '__main__':
    sys.exit(main())
