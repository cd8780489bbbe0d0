#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The clipboard between two domains: from the press of the keys until the text lies in the buffer, and from the press until it lies in the other domain's
clipboard. Prints a Markdown table.

usage: clipboard.py BUILD [--rounds N]"""
import argparse
import ctypes
import json
import os
import pathlib
import select
import statistics
import sys
import time

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / 'integration')]
from session import Session
from Xlib import XK, X
from Xlib.ext import xtest

IN_MODIFY = 2
RULES = 'qubes.ClipboardPaste * a b allow\n'
SIZES = [100, 64000, 256000, 1 << 20, 16 << 20]


class Pair:
    def __init__(self, session):
        self.s, self.seen = session, 0
        self.audit = pathlib.Path(session.env['XDG_STATE_HOME']) / 'bulkhead' / 'audit.jsonl'
        libc = ctypes.CDLL(None, use_errno=True)
        self.audit.parent.mkdir(parents=True, exist_ok=True)
        self.audit.touch()
        self.changes = libc.inotify_init1(0)
        libc.inotify_add_watch(self.changes, os.fsencode(self.audit), IN_MODIFY)
        self.windows = {}
        for name, x in [('a', 20), ('b', 640)]:
            session.cli('domain', 'create', name, '--label', 'blue')
            session.cli('run', name, '--', 'xterm')
            self.windows[name] = session.wait_window(name)
            session.desktop.place(self.windows[name], x, 40, 500, 300)

    def records(self):
        return [r for r in map(json.loads, self.audit.read_text().splitlines()) if r['event'] in ('copy', 'paste')]

    def inside(self, name, script):
        return self.s.cli('run', '--wait', name, '--', 'sh', '-c', script, check=False).returncode

    def focus(self, name):
        d, w = self.s.desktop.d, self.windows[name]
        x, y, width, height = self.s.desktop.absolute(w)
        d.screen().root.warp_pointer(x + width // 2, y + height // 2)
        for kind in (X.ButtonPress, X.ButtonRelease):
            xtest.fake_input(d, kind, 1)
        d.sync()
        self.s.desktop.wait(lambda: d.get_input_focus().focus.id == w.id, 20, 'the focus')

    def chord(self, name, letter):
        """Milliseconds until its record stands in the audit file, which is when it is done."""
        self.focus(name)
        d = self.s.desktop.d
        codes = [d.keysym_to_keycode(k) for k in (XK.XK_Control_L, XK.XK_Shift_L, XK.string_to_keysym(letter))]
        for c in codes[:2]:
            xtest.fake_input(d, X.KeyPress, c)
        d.sync()
        begin = time.monotonic()
        xtest.fake_input(d, X.KeyPress, codes[2])
        d.sync()
        records = self.records()
        while len(records) == self.seen:
            if not select.select([self.changes], [], [], 60)[0]:
                raise TimeoutError(f'nothing came of the keys in {name}: {self.s.log()[-1500:]}')
            os.read(self.changes, 4096)
            records = self.records()
        ms = (time.monotonic() - begin) * 1e3
        for c in reversed(codes):
            xtest.fake_input(d, X.KeyRelease, c)
        d.sync()
        self.seen += 1
        if records[-1]['outcome'] not in ('ok', 'allow'):
            raise RuntimeError(str(records[-1]))
        return ms


def main():
    p = argparse.ArgumentParser()
    p.add_argument('build')
    p.add_argument('--rounds', type=int, default=9)
    o = p.parse_args()
    print('| text | copy p50 ms | paste p50 ms | both, worst |')
    print('|---|---|---|---|')
    with Session(o.build, screen='1200x500', window_manager=['openbox', '--sm-disable'], rules=RULES) as s:
        pair = Pair(s)
        for size in SIZES:
            pair.inside('a', f'yes 0123456789abcde | head -c {size} > ~/own')
            copies, pastes = [], []
            for _ in range(o.rounds):
                pair.inside('a', 'xclip -selection clipboard -i ~/own; until xclip -o -selection clipboard | cmp -s - ~/own; do :; done')
                copies.append(pair.chord('a', 'c'))
                pastes.append(pair.chord('b', 'v'))
            print(f'| {size} bytes | {statistics.median(copies):.0f} | {statistics.median(pastes):.0f} | '
                  f'{max(c + q for c, q in zip(copies, pastes)):.0f} |')


if __name__ == '__main__':
    main()
