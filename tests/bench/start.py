#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""From nothing to the first xterm of a domain, against a bare Xvfb + bwrap + xterm of the same run. Prints a Markdown table.

usage: start.py BUILD [--rounds N]"""
import argparse
import os
import pathlib
import select
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from session import Session, x_server
from Xlib import X, display


def first_map(d, since):
    """Milliseconds until a window of more than 50x50 was mapped on that display."""
    while True:
        e = d.next_event()
        if e.type == X.MapNotify:
            g = e.window.get_geometry()
            if g.width > 50 and g.height > 50:
                return (time.monotonic() - since) * 1e3


def floor():
    begin = time.monotonic()
    name, server = x_server(['Xvfb', '-screen', '0', '1920x1080x24', '-noreset', '-nolisten', 'tcp'])
    d = display.Display(name)
    d.screen().root.change_attributes(event_mask=X.SubstructureNotifyMask)
    d.sync()
    p = subprocess.Popen(['bwrap', '--unshare-all', '--ro-bind', '/usr', '/usr', '--symlink', 'usr/bin', '/bin', '--symlink', 'usr/lib', '/lib',
                          '--symlink', 'usr/lib64', '/lib64', '--ro-bind', '/etc', '/etc', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp',
                          '--bind', '/tmp/.X11-unix', '/tmp/.X11-unix', '--die-with-parent', '--setenv', 'DISPLAY', name, 'xterm'],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ms = first_map(d, begin)
    p.terminate()
    p.wait()
    server.terminate()
    server.wait()
    return ms


def ours(session, name):
    d = session.desktop.d
    begin = time.monotonic()
    session.cli('run', name, '--', 'xterm')
    session.wait_window(name)
    ms = (time.monotonic() - begin) * 1e3
    session.cli('domain', 'stop', name)
    return ms


def main():
    p = argparse.ArgumentParser()
    p.add_argument('build')
    p.add_argument('--rounds', type=int, default=10)
    a = p.parse_args()
    floors, mine = [], []
    with Session(a.build) as s:
        s.cli('domain', 'create', 'bench', '--label', 'blue')
        ours(s, 'bench')
        for _ in range(a.rounds):
            floors.append(floor())
            mine.append(ours(s, 'bench'))
    f, o = statistics.median(floors), statistics.median(mine)
    print('| start | p50 ms | worst ms |\n|---|---|---|')
    print(f'| bare Xvfb + bwrap + xterm | {f:.0f} | {max(floors):.0f} |')
    print(f'| Bulkhead: stopped domain to its first framed xterm | {o:.0f} | {max(mine):.0f} |')
    print(f'| **ratio** | {o / f:.2f} | |')


if __name__ == '__main__':
    main()
