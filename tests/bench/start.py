#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""From nothing to the first xterm of a domain and of a throw-away domain (prepared and not), and pause and unpause; against a bare Xvfb + bwrap + xterm of the same run. Prints a Markdown table.

usage: start.py BUILD [--rounds N]"""
import argparse
import json
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


def throw_away(session):
    """As a person waits for it: from the command to the framed window."""
    before = {n for _, n, _ in session.desktop.domain_windows()}  # the last one's window may go a moment after it
    begin = time.monotonic()
    p = subprocess.Popen([str(session.build / 'domains' / 'bulkhead'), 'run', '--disposable', 'model', 'xterm'], env=session.env,
                         stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    find = session.desktop
    name = find.wait(lambda: next((n for _, n, _ in find.domain_windows() if n.startswith('disp') and n not in before), None), 60, 'its window')
    ms = (time.monotonic() - begin) * 1e3
    session.cli('domain', 'kill', name)
    p.wait()
    return ms


def until(session, condition):
    """bulkheadd tells of each change by a signal; the command line asks anew."""
    with subprocess.Popen(['gdbus', 'monitor', '--address', f'unix:path={session.env["BULKHEAD_RUNTIME_DIR"]}/bus', '--object-path', '/org/bulkhead'],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=session.env) as p:
        while not condition(json.loads(session.cli('manager', 'status', '--json').stdout)['Prepared']):
            select.select([p.stdout], [], [], 1)
        p.kill()


def pause(session, name):
    """Milliseconds of both, with the command line's own start."""
    begin = time.monotonic()
    session.cli('domain', 'pause', name)
    middle = time.monotonic()
    session.cli('domain', 'unpause', name)
    return (middle - begin) * 1e3, (time.monotonic() - middle) * 1e3


def row(name, times):
    ordered = sorted(times)
    print(f'| {name} | {statistics.median(times):.0f} | {ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]:.0f} | {max(times):.0f} |')


def main():
    p = argparse.ArgumentParser()
    p.add_argument('build')
    p.add_argument('--rounds', type=int, default=10)
    a = p.parse_args()
    floors, mine, cold, prepared, pauses = [], [], [], [], []
    with Session(a.build) as s:
        s.cli('domain', 'create', 'bench', '--label', 'blue')
        ours(s, 'bench')
        for _ in range(a.rounds):
            floors.append(floor())
            mine.append(ours(s, 'bench'))
        s.cli('domain', 'create', 'model', '--label', 'gray', '--template-for-dispvms', 'yes')
        for _ in range(a.rounds):
            cold.append(throw_away(s))
        s.cli('domain', 'set', 'model', 'disposable_pool=1')
        for _ in range(a.rounds):
            until(s, lambda list_: [d for d in list_ if d[2] == 'paused'])
            prepared.append(throw_away(s))
        s.cli('domain', 'start', 'bench')
        pauses = [pause(s, 'bench') for _ in range(a.rounds)]
    print('| start | p50 ms | p95 ms | worst ms |\n|---|---|---|---|')
    row('bare Xvfb + bwrap + xterm', floors)
    row('stopped domain to its first framed xterm', mine)
    row('throw-away domain to its first framed xterm, not prepared', cold)
    row('throw-away domain to its first framed xterm, prepared', prepared)
    f = statistics.median(floors)
    print(f'| **ratios of the medians to the bare one** | {statistics.median(mine) / f:.2f}, {statistics.median(cold) / f:.2f}, '
          f'{statistics.median(prepared) / f:.2f} | | |')
    row('`bulkhead domain pause`', [p[0] for p in pauses])
    row('`bulkhead domain unpause`', [p[1] for p in pauses])


if __name__ == '__main__':
    main()
