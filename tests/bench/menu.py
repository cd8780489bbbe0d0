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


def wait_map(d):
    """Sleeps until a window is on the screen; only its first pixel is then asked for in a loop, which would take time from the others."""
    while d.next_event().type != X.MapNotify:
        pass


def cpu_ms(pid):
    fields = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf('SC_CLK_TCK')


def popups(d, root, empty):
    out = []
    for _ in range(TIMES):
        while d.pending_events():
            d.next_event()
        begin = time.perf_counter()
        press(d, XK.XK_Super_L, XK.XK_F10)
        wait_map(d)
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
        while d.pending_events():
            d.next_event()
        begin = time.perf_counter()
        press(d, XK.XK_Return)
        wait_map(d)
        out.append((time.perf_counter() - begin) * 1000)
        until(lambda: t.shown(f'd{i}'))
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
        entries = pathlib.Path(tray.env['XDG_DATA_HOME'], 'applications')
        tray.desktop.wait(lambda: entries.is_dir() and len(list(entries.iterdir())) == 2000, 60, "the desktop's own menu to be written")
        root.warp_pointer(20, 20)
        d.sync()
        empty = pixel(root, 40, 40)
        print('| popup of the menu, 100 domains x 200 applications | median ms | p95 ms | p99 ms |\n|---|---|---|---|')
        before = cpu_ms(tray.p.pid)
        worst = row('bulkheadd answers', popups(d, root, empty))
        each = (cpu_ms(tray.p.pid) - before) / TIMES
        tray.manager.p.send_signal(signal.SIGSTOP)
        worst = max(worst, row('bulkheadd is stopped (SIGSTOP)', popups(d, root, empty)))
        row('Enter on an application to its ghost frame, bulkheadd stopped', ghosts(d, root, tray, empty))
        with open(f'/proc/{tray.p.pid}/smaps_rollup') as f:
            sizes = {line.split()[0]: int(line.split()[1]) for line in f if line.startswith(('Rss', 'Pss'))}
        print(f'\nTime of the processor for opening and closing it once: {each:.1f} ms.')
        print(f"\nMemory of bulkhead-tray then: {sizes['Rss:'] / 1024:.0f} MiB RSS, {sizes['Pss:'] / 1024:.0f} MiB PSS.")
        if worst >= LIMIT_MS:
            print(f"\nAbove the {LIMIT_MS} ms of the design.")
        return 0
    finally:
        if tray:
            tray.end()
        programs.end()


if __name__ == '__main__':
    sys.exit(main())
