#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Frame path: ours against the two-copy floor and Debian's peers, interleaved rounds in one run. Prints a Markdown table.

usage: frames.py BUILD [--rounds N] [--frames N] [--size WxH]..."""
import argparse
import contextlib
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / 'integration'), str(here.parent.parent / 'scripts' / 'lib')]
TICK = os.sysconf('SC_CLK_TCK')


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICK


def x_server(stack, argv):
    read, write = os.pipe()
    p = subprocess.Popen([*argv, '-displayfd', str(write)], pass_fds=[write], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    stack.callback(p.wait)
    stack.callback(p.terminate)
    with os.fdopen(read) as f:
        number = f.readline().strip()
    if not number:
        raise RuntimeError(f'{argv[0]} did not start')
    return ':' + number, p.pid


def xvfb(stack, size='2100x1300'):
    return x_server(stack, ['Xvfb', '-screen', '0', size + 'x24', '-noreset', '-nolisten', 'tcp'])


def listens(path):
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(path) == 0


class Tool:
    """bench-frames, spoken to by lines."""

    def __init__(self, stack, build, source, sink, w, h, *at):
        self.p = subprocess.Popen([build / 'tests/bench/bench-frames', source, sink, str(w), str(h), *map(str, at)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        stack.callback(self.p.wait)
        stack.callback(self.p.terminate)
        self.window = self.p.stdout.readline().split()[1]

    def say(self, line):
        self.p.stdin.write(line + '\n')
        self.p.stdin.flush()

    def ask(self, line):
        self.say(line)
        answer = self.p.stdout.readline().split()
        if len(answer) < 2 or answer[1] == 'none':
            raise RuntimeError(f'bench-frames: "{line}" was answered "{" ".join(answer)}"')
        return [float(x) for x in answer[1:3]]


class Floor:
    name = 'two-copy floor'

    def __init__(self, stack, build, w, h):
        self.source, a = xvfb(stack)
        self.sink, b = xvfb(stack)
        self.tool = Tool(stack, build, self.source, self.sink, w, h)
        p = subprocess.Popen([build / 'tests/bench/frame-copier', self.source, self.tool.window, self.sink, str(w), str(h)],
                             stdout=subprocess.PIPE, text=True)
        stack.callback(p.wait)
        stack.callback(p.terminate)
        p.stdout.readline()
        self.pids, self.at = [a, b, p.pid], (w // 2, h // 2)


class Xephyr:
    name = 'Xephyr'

    def __init__(self, stack, build, w, h):
        self.sink, b = xvfb(stack)
        self.source, a = x_server(stack, ['env', 'DISPLAY=' + self.sink, 'Xephyr', '-screen', f'{w}x{h}', '-noreset'])
        from Xlib import X, display
        d = display.Display(self.sink)
        top = d.screen().root.query_tree().children[-1]
        d.set_input_focus(top, X.RevertToParent, X.CurrentTime)
        d.sync()
        g = top.get_geometry()
        self.tool = Tool(stack, build, self.source, self.sink, w, h)
        self.pids, self.at = [a, b], (g.x + w // 2, g.y + h // 2)


class Xpra:
    """A server and a client on one machine, with its shared-memory transfer; no isolation. Without python3-pil its server accepts
    nobody, without python3-gi-cairo its client paints nothing: both come with it only as recommendations."""
    name = 'xpra'

    def __init__(self, stack, build, w, h):
        self.sink, b = xvfb(stack)
        self.source, a = xvfb(stack)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix='bench-xpra-'))
        env = {**os.environ, 'XDG_RUNTIME_DIR': folder, 'HOME': folder}
        quiet = ['--daemon=no', '--mdns=no', '--pulseaudio=no', '--notifications=no', '--mmap=yes', '--webcam=no', '--printing=no', '--dbus-launch=no',
                 '--start-new-commands=no', '--html=off', '--tray=no', '--system-tray=no', '--bell=no', '--clipboard=no', '--speaker=no', '--microphone=no']
        log = open(folder + '/log', 'wb')

        def start(argv, **more):
            p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**env, **more})
            stack.callback(p.wait)
            stack.callback(p.terminate)
            return p

        path = folder + '/socket'
        server = start(['xpra', 'start', self.source, '--use-display=yes', f'--bind={path}', *quiet])
        self.tool = Tool(stack, build, self.source, self.sink, w, h)
        while not listens(path):  # the socket stands there long before anybody listens
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(0.1)
                raise RuntimeError('xpra did not start: ' + open(folder + '/log', errors='replace').read()[-500:])
        client = start(['xpra', 'attach', 'socket://' + path, '--opengl=no', '--encoding=rgb', *quiet], DISPLAY=self.sink)
        from desktop import Desktop
        desktop = Desktop(self.sink)

        def found():
            for win in desktop.root.query_tree().children:
                g = win.get_geometry()
                if win.get_attributes().map_state == 2 and g.width >= w and g.height >= h:
                    return g.x + w // 2, g.y + h // 2, win

        x, y, win = desktop.wait(found, 60, 'the window of xpra')
        from Xlib import X
        win.set_input_focus(X.RevertToParent, X.CurrentTime)
        desktop.d.sync()
        self.at, self.pids = (x, y), [a, b, server.pid, client.pid]


class Ours:
    """Agent and daemon as they are, beside two X servers; the sandbox around the domain costs nothing on this path."""
    name = 'Bulkhead'

    def __init__(self, stack, build, w, h):
        import frame_rig
        rig = frame_rig.Rig(stack, build, x_server)
        self.source, self.sink = rig.source, rig.sink
        self.tool = Tool(stack, build, self.source, self.sink, w, h)
        x, y = rig.content_of('bench-frames')
        self.pids, self.at = rig.pids, (x + w // 2, y + h // 2)


def measure(kind, build, w, h, frames):
    with contextlib.ExitStack() as stack:
        k = kind(stack, build, w, h)
        x, y = k.at
        k.tool.ask(f'latency {x} {y} 20')
        before = cpu_seconds(k.pids)
        p50, p99 = k.tool.ask(f'latency {x} {y} {frames}')
        cpu = (cpu_seconds(k.pids) - before) * 1e3 / frames
        key50, key99 = k.tool.ask(f'key {x} {y} {frames} 38')
        fps = k.tool.ask(f'rate {x} {y} 3')[0]
        return {'p50': p50, 'p99': p99, 'cpu': cpu, 'key': key50, 'key99': key99, 'fps': fps}


def main():
    p = argparse.ArgumentParser()
    p.add_argument('build')
    p.add_argument('--rounds', type=int, default=3)
    p.add_argument('--frames', type=int, default=300)
    p.add_argument('--size', action='append')
    p.add_argument('--only', action='append')
    a = p.parse_args()
    build = pathlib.Path(a.build).resolve()
    kinds = [Floor, Ours] + ([Xephyr] if shutil.which('Xephyr') else [])
    if a.only:  # xpra only when it is asked for: it takes minutes
        kinds = [k for k in [*kinds, Xpra] if k.name in a.only]
    for size in a.size or ['640x480', '1920x1080']:
        w, h = map(int, size.split('x'))
        rounds = {k: [] for k in kinds}
        for _ in range(a.rounds):
            for k in kinds:
                try:
                    rounds[k].append(measure(k, build, w, h, a.frames))
                except (RuntimeError, OSError, IndexError, TimeoutError) as e:
                    print(f'{k.name} {size}: {e}', file=sys.stderr)
        med = {k: {f: statistics.median(r[f] for r in rounds[k]) for f in rounds[k][0]} for k in kinds if rounds[k]}
        print(f'\n| {size} | draw to pixel p50 / p99 ms | CPU ms/frame | key to pixel p50 / p99 ms | frames/s |\n|---|---|---|---|---|')
        for k, m in med.items():
            print(f"| {k.name} | {m['p50']:.2f} / {m['p99']:.2f} | {m['cpu']:.2f} | {m['key']:.2f} / {m['key99']:.2f} | {m['fps']:.0f} |")
        if Floor in med and Ours in med:
            f, o = med[Floor], med[Ours]
            print(f"| **ratio to the floor** | {o['p50'] / f['p50']:.2f} / {o['p99'] / f['p99']:.2f} | {o['cpu'] / f['cpu']:.2f} | "
                  f"{o['key'] / f['key']:.2f} / {o['key99'] / f['key99']:.2f} | {o['fps'] / f['fps']:.2f} |")


if __name__ == '__main__':
    main()
