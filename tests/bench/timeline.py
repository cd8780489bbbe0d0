#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The timeline with 100,000 records: until all are there, processor time of a page of scrolling (the limit for 60 frames a second is 16.7 ms), memory
of the tray before and with it, and how often the tray wakes when nothing happens. usage: timeline.py BUILD"""
import json
import os
import pathlib
import select
import subprocess
import sys
import time

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / 'integration'), str(here.parent.parent / 'scripts' / 'lib')]

from conftest import Programs
from tray_rig import Tray

RECORDS, PAGES, QUIET, SETTLE = 100000, 200, 30, 20
NAMES = ('work', 'private', 'banking')


def status(pid, key):
    return int(next(line for line in open(f'/proc/{pid}/status') if line.startswith(key + ':')).split()[1])


def cpu_ms(pid):
    fields = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf('SC_CLK_TCK')


def fill(tray):
    path = pathlib.Path(tray.env['XDG_STATE_HOME'], 'bulkhead/audit.jsonl')
    path.parent.mkdir(parents=True)
    with open(path, 'w') as f:
        for i in range(RECORDS):
            f.write(json.dumps({'time': 1764236571.5 + i, 'event': 'call', 'source': NAMES[i % 3], 'target': NAMES[(i + 1) % 3], 'service': f'test.Service+{i}',
                                'outcome': 'deny' if i % 7 == 0 else 'allow', 'file': '/etc/bulkhead/policy.d/30-own.policy', 'line': i % 50 + 1}) + '\n')


def switches(pid):
    """Of all its threads."""
    return sum(status(f'{pid}/task/{t}', 'voluntary_ctxt_switches') for t in os.listdir(f'/proc/{pid}/task'))


def quiet(tray):
    before = switches(tray.p.pid)
    select.select([], [], [], QUIET)  # what is measured is that nothing happens
    return (switches(tray.p.pid) - before) * 60 / QUIET


def measure(tray):
    tray.start()
    tray.called('ListProperties')
    select.select([], [], [], SETTLE)  # threads of the start end by themselves after 15 s
    print(f'memory of the tray: {status(tray.p.pid, "VmRSS") // 1024} MiB; wake-ups a minute when idle: {quiet(tray):g}')
    begin, cpu = time.monotonic(), cpu_ms(tray.p.pid)
    tray.again('--timeline')
    tray.wait_shown('Timeline')
    shown = time.monotonic() - begin
    tray.spoken.wait(f'{RECORDS} of {RECORDS} entries')
    print(f'timeline of {RECORDS}: window after {shown * 1000:.0f} ms, all read after {cpu_ms(tray.p.pid) - cpu:.0f} ms of processor time; '
          f'memory {status(tray.p.pid, "VmRSS") // 1024} MiB')
    tray.spoken.act('What crossed between domains', 'grab')
    tray.keys('Home')
    cpu = cpu_ms(tray.p.pid)
    subprocess.run(['xdotool', 'key', '--repeat', str(PAGES), '--repeat-delay', '17', 'Page_Down'], env=tray.env, check=True)
    print(f'a page of scrolling: {(cpu_ms(tray.p.pid) - cpu) / PAGES:.1f} ms of processor time')


def main():
    programs = Programs()
    tray = None
    try:
        display, _ = programs.x_server('-screen', '0', '1280x800x24')
        programs.start(['openbox', '--sm-disable'], env={**os.environ, 'DISPLAY': display}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        tray = Tray(sys.argv[1], programs, display, accessible=True)
        fill(tray)
        measure(tray)
    finally:
        if tray:
            tray.end()
        programs.end()


if __name__ == '__main__':
    main()
