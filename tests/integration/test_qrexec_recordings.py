# SPDX-License-Identifier: GPL-2.0-or-later
"""Every recorded conversation of the reference, played by our programs: the same calls give the same messages and results.

Taps stand between the domains' ends of the socket vchan and keep what crosses. Compared are decoded messages per direction; what
tests/data/transcripts/README.md calls volatile is left out (tokens, ports, cutting, order of the two ends). Our programs speak version 4
with the meaning of R4.3; of the R4.2 recordings the differences that follow from that are named below.
"""
import collections
import json
import os
import pathlib
import shlex
import signal
import socket
import struct
import subprocess
import threading

import pytest

import qrexec_rig
import qrexec_wire as wire

DATA = pathlib.Path(__file__).resolve().parent.parent / 'data/transcripts'
POLICY = '\n'.join(['test.Sock * work dom0 allow', 'test.Deny * work vault deny', 'test.Dom0 * work dom0 allow', 'test.Dom0Fail * work dom0 allow',
                    'test.Missing * work dom0 allow', '* * work vault allow', '* * vault work allow', '* * @anyvm @anyvm deny', ''])
SERVICES = {
    'test.Echo': 'exec cat', 'test.Fail': 'cat; echo to stderr >&2; exit 7', 'test.Talk': 'while read l; do echo "$1: $l"; done',
    'test.SelfKill': 'read l; echo got it; kill -9 $$', 'test.Writer': 'for i in 1 2 3 4 5; do echo line; done', 'test.Quiet': 'exit 0',
    'test.Early': 'exec <&-; printf early; exec >&-; exit 2',
    'test.Dom0': 'echo "arg=$1 from=$QREXEC_REMOTE_DOMAIN"; cat', 'test.Dom0Fail': 'cat; echo oops >&2; exit 5',
}
# Two releases in one conversation: test_qrexec_mixed.py.
NOT_PLAYED = {'20', '21'}
IDS = {'work': 1, 'vault': 2, 'dom0': 0}
PORTS = range(513, 525)


class Tap(threading.Thread):
    """Between a vchan's server and its client; keeps both directions."""

    def __init__(self, rig, server, client, port):
        super().__init__(daemon=True)
        self.inner = wire.path_of(rig.socket_dir(server), server, client, port)
        self.kept = {'server': b'', 'client': b''}
        self.used = self.over = False
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.bind(wire.path_of(rig.socket_dir(client), server, client, port))
        self.sock.listen(1)
        self.start()

    def run(self):
        try:
            client, _ = self.sock.accept()
        except OSError:
            return
        self.used = True
        server = wire.connect(self.inner).sock
        server.settimeout(None)
        other = threading.Thread(target=self.pump, args=(client, server, 'client'), daemon=True)
        other.start()
        self.pump(server, client, 'server')
        other.join()
        client.close()
        server.close()
        self.over = True

    def pump(self, one, two, name):
        while True:
            try:
                data = one.recv(65536)
            except OSError:
                data = b''
            if not data:
                break
            self.kept[name] += data
            try:
                two.sendall(data)
            except OSError:
                pass
        try:
            two.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Played(qrexec_rig.Rig):
    def socket_dir(self, number):
        d = self.dir / f'vchan{number}'
        d.mkdir(exist_ok=True)
        return d


@pytest.fixture
def rig(build, tmp_path):
    r = Played(build, tmp_path, POLICY)
    r.taps = collections.OrderedDict()
    for name in ('work', 'vault'):
        r.taps[IDS[name], 0, 512] = Tap(r, IDS[name], 0, 512)
        d = r.domain(name, IDS[name], uuid=f'00000000-0000-4000-8000-00000000000{IDS[name]}')
        for service, text in SERVICES.items():
            d.service(service, text)
    for service in ('test.Dom0', 'test.Dom0Fail'):
        (r.admin_services / service).write_text('#!/bin/sh\n' + SERVICES[service] + '\n')
        (r.admin_services / service).chmod(0o755)
    for server, client in ((1, 2), (2, 1), (1, 0), (2, 0), (0, 1), (0, 2)):
        for port in PORTS:
            r.taps[server, client, port] = Tap(r, server, client, port)
    yield r
    r.stop()
    for t in r.taps.values():
        try:
            t.sock.shutdown(socket.SHUT_RDWR)  # a close alone leaves the accept waiting
        except OSError:
            pass
        t.sock.close()
        t.join(wire.SECONDS)


def messages(data):
    at, found = 0, []
    while at + 8 <= len(data):
        kind, size = struct.unpack_from('<II', data, at)
        found.append((kind, data[at + 8:at + 8 + size]))
        at += 8 + size
    assert at == len(data)
    return found


def normal_control(kind, body, user):
    """One message of a control stream without what may differ."""
    if kind == wire.HELLO:
        return ('hello',)
    if kind in (wire.TRIGGER3, wire.TRIGGER4):
        source = body[:64].rstrip(b'\0') if kind == wire.TRIGGER4 else b''
        body = body[64:] if kind == wire.TRIGGER4 else body
        return ('trigger', source, body[:64], body[96:])
    if kind in (wire.EXEC, wire.JUST_EXEC):
        command = body[8:]
        name, _, rest = command.partition(b':')
        return ('exec', kind, body[:4], b'user:' + rest if name == user else command)
    if kind == wire.CONNECT:
        return ('connect', body[:4])
    return ('refused',) if kind == wire.REFUSED else ('terminated', body[:4])


def control(data, user=b'user'):
    return collections.Counter(normal_control(k, b, user) for k, b in messages(data))


def stream(data):
    """What a side of a data stream said: each type joined; the ends; the exit code."""
    joined, ends, code = collections.defaultdict(bytes), set(), None
    for kind, body in messages(data):
        if kind == wire.EXIT:
            code = struct.unpack('<i', body)[0]
        elif kind != wire.HELLO:
            joined[kind] += body
            if not body:
                ends.add(kind)
    return dict(joined), ends, code


def recorded(record):
    """(control streams by server id, data streams in order of their first byte) as two byte strings each."""
    controls, data = {}, []
    for s in record['streams']:
        if s['kind'] not in ('control', 'data'):
            continue
        both = {d: b''.join(bytes.fromhex(e['hex']) for e in s['events'] if e['dir'].startswith(d)) for d in ('server', 'client')}
        where = s['vchan']
        if s['kind'] == 'control':
            controls[where['server_domain']] = both
        else:
            data.append(((where['server_domain'], where['client_domain']), both))
    return controls, data


def serve_sock(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.bind(str(path))
    s.listen(1)

    def one():
        c, _ = s.accept()
        got = b''
        while part := c.recv(4096):
            got += part
        c.sendall(b'got ' + got.replace(b'\0', b'<NUL>'))
        c.close()
        s.close()
    t = threading.Thread(target=one, daemon=True)
    t.start()
    return t


def start(rig, call, **more):
    program, _, rest = call.partition(' in ')
    where, _, args = rest.partition(': ')
    argv = shlex.split(args.replace('"$adminvm"', "'$adminvm'").replace('"bad name/with$chars"', "'bad name/with$chars'"))
    if 'LOCALPROGRAM' in argv:
        i = argv.index('LOCALPROGRAM')
        argv[i:] = ['sh', '-c', argv[i + 1]]
    if program == 'qrexec-client':
        argv = [f'{qrexec_rig.ME}:{a[5:]}' if a.startswith('user:') else a for a in argv]
        return rig.client(*argv, stdin=subprocess.PIPE, **more)
    return rig.domains[where].call(*argv, stdin=subprocess.PIPE, **more)


def talk(rig, p, name, result):
    """Runs one call to its end as the recording did; (exit, stdout, stderr)."""
    data = bytes.fromhex(result.get('stdin_hex') or '')
    if name.startswith(('10a', '10d')):
        p.stdin.write(data)
        p.stdin.flush()
        out = os.read(p.stdout.fileno(), 100)
        p.send_signal(signal.SIGKILL if name.startswith('10a') else signal.SIGTERM)
        p.wait(wire.SECONDS)
        return 128 - p.returncode, out, b''
    if name.startswith('10e'):
        p.stdin.write(data)
        p.stdin.flush()
        out = os.read(p.stdout.fileno(), 100)
        rig.domains['vault'].agent.terminate()
        wire.wait_for('the control channel ends', lambda: rig.taps[2, 0, 512].over)
        p.stdin.close()
        p.wait(wire.SECONDS)
        assert rig.domains['vault'].agent.wait(wire.SECONDS) == 0
        return p.returncode, out, b''
    if name.startswith('15'):
        p.wait(wire.SECONDS)
        return p.returncode, p.stdout.read(), p.stderr.read()
    if name.startswith('10c'):
        p.stdout.close()
        p.stdout = None
    out, err = p.communicate(data, timeout=wire.SECONDS)
    return p.returncode, out or b'', err


def play(rig, name, results):
    """All calls; what of the results is not as recorded."""
    wrong = []
    together = name.startswith('08')
    running = [start(rig, r['call']) for r in results] if together else []
    for i, r in enumerate(results):
        if r['call'].endswith('test.Sock+sarg'):
            serve_sock(rig.domains['vault'].services / 'test.Sock')
        if r['call'].endswith('test.Sock+darg'):
            serve_sock(rig.admin_services / 'test.Sock')
        code, out, err = talk(rig, running[i] if together else start(rig, r['call']), name, r)
        want = (r['exit'], bytes.fromhex(r['stdout_hex']), bytes.fromhex(r['stderr_hex']))
        if name.startswith('10c'):
            want = (0, b'', b'')
        if (code, out) != want[:2] or (want[2] and want[2] not in err):
            wrong.append((r['call'], (code, out, err), want))
    return wrong


FILES = [p.stem for p in sorted(DATA.glob('r4*.json'))]


def check_data(played, record, name):
    """Our data streams against the recorded ones, each pair of domains in order."""
    ours, theirs = collections.defaultdict(list), collections.defaultdict(list)
    for key, both in played:
        ours[key].append((stream(both['server']), stream(both['client'])))
    for key, both in record:
        theirs[key].append((stream(both['server']), stream(both['client'])))
    if name.startswith('08'):
        for group in (ours, theirs):
            for key in group:
                group[key].sort(key=lambda s: s[0][0].get(wire.STDIN, b''))
    assert ours.keys() == theirs.keys()
    for key in theirs:
        assert len(ours[key]) == len(theirs[key])
        for (caller, service), (want_caller, want_service) in zip(ours[key], theirs[key]):
            if not name.startswith('10c'):
                assert service == want_service
            # Input that nobody read, and a last end, may or may not have been sent (README).
            read = want_service[2] is None or name[:2] not in ('05', '07', '09', '13', '15', '10')
            if read:
                assert {k: v for k, v in caller[0].items() if v} == {k: v for k, v in want_caller[0].items() if v}


@pytest.mark.parametrize('file', [f for f in FILES if f.split('-')[1] not in NOT_PLAYED])
def test_recording(rig, file):
    release, _, name = file.partition('-')
    record = json.loads((DATA / f'{file}.json').read_text())
    results = record.get('results') or [record['result']]
    results = [r for r in results if r.get('call')]
    if release == 'r42':  # uuid: is no name there, and dom0 became @adminvm
        results = [r for r in results if 'uuid:' not in r['call'] and not r['call'].endswith('test.Sock+darg')]
    for d in (1, 2):
        wire.wait_for('both HELLOs', lambda: len(rig.taps[d, 0, 512].kept['client']) >= 12)
    assert play(rig, name, results) == []
    used = [t for k, t in rig.taps.items() if t.used and k[2] != 512]
    wire.wait_for('all data streams end', lambda: all(t.over for t in used))
    if release == 'r42' and name[:2] in ('09', '14'):
        return
    controls, data = recorded(record)
    for d in (1, 2):
        tap = rig.taps[d, 0, 512]
        want = {side: control(controls[d][side]) for side in ('server', 'client')}
        wire.wait_for('all TERMINATED', lambda: control(tap.kept['server']) == want['server'] or
                      sum(control(tap.kept['server']).values()) > sum(want['server'].values()), 5)
        assert control(tap.kept['server']) == want['server']
        assert control(tap.kept['client'], qrexec_rig.ME.encode()) == want['client']
    check_data([(k[:2], t.kept) for k, t in rig.taps.items() if t.used and k[2] != 512], data, name)
