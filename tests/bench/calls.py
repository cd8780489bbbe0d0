#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls, streams and file copies between two domains on bulkhead-hv, beside their floors in the same run. Prints Markdown tables.

usage: calls.py BUILD [--rounds N] [--each N]"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here.parent / 'integration')]
import qrexec_rig

POLICY = 'bench.Deny * work vault deny notify=no\n* * work vault allow\n'


def memory(pid, file, key):
    """MB, or that the process hides it."""
    try:
        for line in open(f'/proc/{pid}/{file}'):
            if line.startswith(key + ':'):
                return f'{int(line.split()[1]) / 1024:.1f}'
    except PermissionError:
        pass
    return 'hidden'


def measure(tool, rounds, each, parallel, env, commands):
    argv = [str(tool), str(rounds), str(each), str(parallel)]
    for i, c in enumerate(commands):
        argv += (['--'] if i else []) + [str(x) for x in c]
    lines = subprocess.run(argv, env=env, check=True, capture_output=True, text=True).stdout.splitlines()
    return [[float(x) for x in line.split()] for line in lines]


def calls(args, build, work, folder):
    tool = build / 'tests/bench/bench-call'
    broker = subprocess.Popen([tool, '--broker', folder / 'floor'], stdout=subprocess.PIPE)
    broker.stdout.readline()
    client = build / 'qrexec/qrexec-client-vm'
    names = ['floor A: fork, exec, socketpair', 'floor B: least broker, fresh client', 'call', 'refused call']
    commands = [['/bin/true'], [tool, '--client', folder / 'floor'], [client, 'vault', 'bench.True'], [client, 'vault', 'bench.Deny']]
    print('| what | p50 ms | p99 ms | p99.9 ms | x floor A | x floor B | lost |\n|---|---|---|---|---|---|---|')
    got = measure(tool, args.rounds, args.each, 1, work.env, commands)
    for name, g in zip(names, got):
        print(f'| {name} | {g[0] / 1e3:.2f} | {g[1] / 1e3:.2f} | {g[2] / 1e3:.2f} | {g[0] / got[0][0]:.2f} | {g[0] / got[1][0]:.2f} | {g[4]:.0f} |')
    print('\n| at once | floor B, calls/s | ours, calls/s | ratio | p99 ms | p99.9 ms | lost |\n|---|---|---|---|---|---|---|')
    for parallel in (1, 8, 32):
        b, c = measure(tool, max(1, args.rounds // 2), args.each * 2, parallel, work.env, commands[1:3])
        print(f'| {parallel} | {b[3]:.0f} | {c[3]:.0f} | {c[3] / b[3]:.2f} | {c[1] / 1e3:.1f} | {c[2] / 1e3:.1f} | {c[4]:.0f} |')
    broker.kill()
    broker.wait()


def seconds(argv, env, **more):
    begin = time.monotonic()
    subprocess.run(argv, env=env, check=True, **more)
    return time.monotonic() - begin


def streams(build, work):
    client = str(build / 'qrexec/qrexec-client-vm')
    mib = 512
    rows = {
        'floor: pipe': f'head -c {mib}M /dev/zero | cat >/dev/null',
        'into a service': f'head -c {mib}M /dev/zero | {client} vault bench.Sink',
        'out of a service': f'{client} vault bench.Source+{mib} </dev/null >/dev/null',
        'echo': f'head -c {mib}M /dev/zero | {client} vault bench.Echo >/dev/null',
    }
    took = {name: [] for name in rows}
    for _ in range(3):
        for name, line in rows.items():
            took[name].append(seconds(['sh', '-c', line], work.env))
    print('\n| stream | MB/s |\n|---|---|')
    for name, t in took.items():
        print(f'| {name} | {mib * 1.048576 / statistics.median(t):.0f} |')


def copies(build, work, vault_home, folder):
    src = folder / 'src'
    (src / 'small').mkdir(parents=True)
    with open(src / 'big', 'wb') as f:
        block = os.urandom(1 << 20)
        for _ in range(1024):
            f.write(block)
    for i in range(20000):
        (src / 'small' / f'{i:05}').write_bytes(block[i:i + 4096])
    out = folder / 'out'
    copy = str(build / 'qrexec/bulkhead-copy')
    print('\n| file copy | 1 GiB, MB/s | 20,000 x 4 KiB, files/s | x tar | x tar |\n|---|---|---|---|---|')
    rows = {'tar through a pipe': None, 'domain to domain, without digest': '0', 'domain to domain': '1'}
    took = {name: {'big': [], 'small': []} for name in rows}
    for _ in range(3):
        for name, digest in rows.items():
            for what in ('big', 'small'):
                shutil.rmtree(out, ignore_errors=True)
                shutil.rmtree(vault_home / 'QubesIncoming', ignore_errors=True)
                out.mkdir()
                if digest is None:
                    t = seconds(['sh', '-c', f'tar c {what} | tar x -C {out}'], work.env, cwd=src)
                else:
                    (folder / 'digest').write_text(digest)
                    t = seconds([copy, '-t', 'vault', what], dict(work.env, BULKHEAD_COPY_DIGEST=digest), cwd=src,
                                stderr=subprocess.DEVNULL)
                took[name][what].append(t)
    tar = took['tar through a pipe']
    for name, t in took.items():
        big, small = statistics.median(t['big']), statistics.median(t['small'])
        print(f'| {name} | {1073.7 / big:.0f} | {20000 / small:.0f} | {statistics.median(tar["big"]) / big:.2f} '
              f'| {statistics.median(tar["small"]) / small:.2f} |')


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('build', type=pathlib.Path)
    p.add_argument('--rounds', type=int, default=6)
    p.add_argument('--each', type=int, default=100)
    args = p.parse_args()
    build = args.build.resolve()
    os.environ['BULKHEAD_BUILD'] = str(build)
    fast = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix='bulkhead-calls-', dir=fast) as temp:
        folder = pathlib.Path(temp)
        rig = qrexec_rig.Rig(build, folder, POLICY, local=True)
        work, vault = rig.domain('work', 1), rig.domain('vault', 2)
        home = folder / 'home2'
        home.mkdir()
        (vault.services / 'bench.True').symlink_to('/bin/true')
        vault.service('bench.Sink', 'exec cat >/dev/null')
        vault.service('bench.Source', 'exec head -c "$1"M /dev/zero')
        vault.service('bench.Echo', 'exec cat')
        vault.service('qubes.Filecopy', f'BULKHEAD_COPY_DIGEST=$(cat {folder}/digest) HOME={home} exec {build}/qrexec/qubes.Filecopy "$@"')
        calls(args, build, work, folder)
        streams(build, work)
        copies(build, work, home, folder)
        print('\n| resident, MB | PSS | RSS |\n|---|---|---|')
        for name, process in (('broker', rig.broker), ("source's qrexec-daemon", work.daemon), ("target's qrexec-daemon", vault.daemon),
                              ("source's qrexec-agent", work.agent), ("target's qrexec-agent", vault.agent), ('hv', rig.hv.process)):
            print(f'| {name} | {memory(process.pid, "smaps_rollup", "Pss")} | {memory(process.pid, "status", "VmRSS")} |')
        rig.stop()


if __name__ == '__main__':
    main()
