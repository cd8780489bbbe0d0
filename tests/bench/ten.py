#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten domains redraw a window each, sixty times a second: how many of the draws of each are seen on the admin's display? Prints a
Markdown table.

usage: ten.py BUILD [--seconds N] [--domains N]"""
import argparse
import contextlib
import pathlib
import select
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import frames  # sets the path for the next ones
import frame_rig
from Xlib import X, display
from Xlib.ext import damage


def contents(d):
    """The content windows of domains on that display."""
    atom = d.intern_atom('_QUBES_VMNAME')
    return [w.query_tree().children[0] for w in d.screen().root.query_tree().children
            if w.get_full_property(atom, X.AnyPropertyType) and w.get_attributes().map_state == X.IsViewable]


def main():
    p = argparse.ArgumentParser()
    p.add_argument('build')
    p.add_argument('--seconds', type=int, default=10)
    p.add_argument('--domains', type=int, default=10)
    a = p.parse_args()
    build = pathlib.Path(a.build).resolve()
    with contextlib.ExitStack() as stack:
        sink = frames.xvfb(stack)
        tools = []
        for i in range(a.domains):
            rig = frame_rig.Rig(stack, build, frames.x_server, sink)
            tools.append(frames.Tool(stack, build, rig.source, rig.sink, 320, 240, 10 + i % 5 * 400, 10 + i // 5 * 300))
        d = display.Display(sink[0])
        d.screen().root.change_attributes(event_mask=X.SubstructureNotifyMask)
        while len(contents(d)) < a.domains:
            d.next_event()
        d.damage_query_version()
        seen = {}
        for w in contents(d):
            w.damage_create(damage.DamageReportRawRectangles)
            seen[w.id] = 0
        d.sync()
        before = frames.cpu_seconds(rig.pids[:1])
        for t in tools:
            t.say(f'paint {a.seconds}')
        end = time.monotonic() + a.seconds
        while (left := end - time.monotonic()) > 0:
            select.select([d.fileno()], [], [], left)
            while d.pending_events():
                e = d.next_event()
                if e.type == d.extension_event.DamageNotify and e.drawable.id in seen and e.area.width > 100:
                    seen[e.drawable.id] += 1
        rates = sorted(n / a.seconds for n in seen.values())
        print(f'| {a.domains} domains, a 320x240 window each at 60 draws/s | frames/s seen |\n|---|---|')
        print(f'| slowest window | {rates[0]:.1f} |\n| median | {rates[len(rates) // 2]:.1f} |\n| fastest | {rates[-1]:.1f} |')
        print(f'\nThe admin\'s X server used {(frames.cpu_seconds(rig.pids[:1]) - before) / a.seconds:.2f} of a core.')


if __name__ == '__main__':
    main()
