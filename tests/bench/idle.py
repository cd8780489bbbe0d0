#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What an idle Bulkhead costs: PSS of every process of ours, and its system calls in a minute (0 is the aim). Three domains, an
xterm in each. Prints Markdown tables.

usage: idle.py BUILD [--seconds N]"""
import argparse
import collections
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from session import Session


def descendants(pid):
    found = [pid]
    for p in found:
        for task in pathlib.Path(f'/proc/{p}/task').glob('*/children'):
            found += [int(c) for c in task.read_text().split()]
    return found


def pss_kib(pid):
    try:
        for line in pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines():
            if line.startswith('Pss:'):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def name_of(pid):
    try:
        return os.path.basename(pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().split(b'\0')[0].decode())
    except OSError:
        return ''


def main():
    p = argparse.ArgumentParser()
    p.add_argument('build')
    p.add_argument('--seconds', type=int, default=60)
    a = p.parse_args()
    with Session(a.build, window_manager=['openbox', '--sm-disable']) as s:
        for name, label in [('work', 'blue'), ('private', 'green'), ('banking', 'red')]:
            s.cli('domain', 'create', name, '--label', label)
            s.cli('run', name, '--', 'xterm', '-e', 'sleep', '3600')
            s.wait_window(name)
        ours = [(pid, name_of(pid)) for pid in sorted(set(descendants(os.getpid()))) if name_of(pid).startswith('bulkhead')]
        memory = collections.defaultdict(list)
        for pid, name in ours:
            memory[name].append(pss_kib(pid))
        print('| process | count | PSS each, MiB |\n|---|---|---|')
        for name, sizes in sorted(memory.items()):
            print(f"| {name} | {len(sizes)} | {f'{max(sizes) / 1024:.1f}' if max(sizes) else 'hidden'} |")
        subprocess.run(['timeout', '20', 'sleep', 'infinity'])  # what starting began has ended by then, GLib's idle threads (15 s) among it
        with tempfile.TemporaryDirectory() as folder:
            traces = [(pid, name, subprocess.Popen(['strace', '-f', '-qq', '-tt', '-o', f'{folder}/{pid}', '-p', str(pid)])) for pid, name in ours]
            try:
                subprocess.run(['timeout', str(a.seconds), 'sleep', 'infinity'])
            finally:
                for *_, t in traces:
                    t.terminate()
                    t.wait()
            print(f'\n| process | system calls in {a.seconds} idle seconds |\n|---|---|')
            calls, unseen = collections.Counter(), set()
            for pid, name, trace in traces:
                if trace.returncode > 0:  # a process that nobody may look into, its own user neither
                    unseen.add(name)
                with open(f'{folder}/{pid}', errors='replace') as f:
                    # The calls that its threads waited in when the trace began are no wake-ups: they stand there as unfinished and end by no 'resumed'.
                    calls[name] += sum(1 for line in f if 'restart_syscall' not in line and 'detached' not in line and 'unfinished' not in line)
            for name, n in sorted(calls.items()):
                print(f"| {name} | {'hidden' if name in unseen else n} |")


if __name__ == '__main__':
    main()
