# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole call path without a manager: our broker and daemons, agents of ours or literal ones, on the socket vchan;
with local=True domains of ours on bulkhead-hv."""
import array
import getpass
import json
import os
import pathlib
import socket
import struct
import subprocess

import qrexec_wire as wire
from rig import Hv

READY, CALL, TERMINATED, FAULT, EXEC, CONNECT, REFUSE = 1, 2, 3, 4, 16, 17, 18
DOMAIN, DOMAIN_GONE, DAEMON, DONE = 32, 33, 34, 35
START, DISPOSABLE, KILL, VCHAN, NOTE = 48, 49, 50, 51, 52
QUESTION, CHOICE = 64, 65
IS_TEMPLATE = 1
ME = getpass.getuser()


def pack(kind, *texts, id=0, domain=0, port=0, value=0):
    return struct.pack('<IQIIIII', kind, id, domain, port, value, len(texts), 0) + b''.join(t.encode() + b'\0' for t in texts)


def unpack(data):
    kind, ident, domain, port, value, count, _ = struct.unpack_from('<IQIIIII', data)
    texts = [t.decode() for t in data[32:].split(b'\0')[:-1]]
    assert len(texts) == count
    return {'kind': kind, 'id': ident, 'domain': domain, 'port': port, 'value': value, 'texts': texts}


class Packets:
    """One end of a SOCK_SEQPACKET pair."""

    def __init__(self):
        self.sock, self.other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(wire.SECONDS)

    def send(self, data, fd=None):
        more = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [fd]))]
        self.sock.sendmsg([data], more)

    def receive(self):
        data = self.sock.recv(131072)
        if not data:
            raise wire.Ended
        return unpack(data)

    def close(self):
        self.sock.close()
        self.other.close()


DIALOG = '''#!/usr/bin/python3
import os, socket, struct, sys
sys.path[:0] = [{here!r}]
import qrexec_rig as rig
s = socket.socket(fileno=int(sys.argv[2]))
q = rig.unpack(s.recv(131072))
with open({log!r}, 'a') as f:
    f.write(repr((q['value'], q['texts'])) + '\\n')
if os.path.exists({answers!r}):
    value, target = open({answers!r}).read().split()
    s.send(rig.pack(rig.CHOICE, '' if target == '-' else target, id=q['id'], value=int(value)))
s.recv(1)
'''


class Rig:
    def __init__(self, build, folder, policy='', local=False, broker=(), under=lambda name: []):
        self.build, self.dir = build, folder
        self.hv = Hv() if local else None
        self.policy_dir = folder / 'policy.d'
        self.own_dir = folder / 'home/bulkhead/policy.d'
        self.policy_dir.mkdir()
        self.own_dir.mkdir(parents=True)
        self.policy(policy)
        self.audit_file, self.socket = folder / 'audit.jsonl', folder / 'broker.sock'
        self.answers, self.questions = folder / 'answers', folder / 'questions'
        self.admin_services = folder / 'rpc0'
        self.admin_services.mkdir()
        dialog = folder / 'dialog'
        dialog.write_text(DIALOG.format(here=str(pathlib.Path(__file__).parent), log=str(self.questions), answers=str(self.answers)))
        dialog.chmod(0o755)
        self.env = dict(os.environ, VCHAN_DOMAIN='0', VCHAN_SOCKET_DIR=str(self.socket_dir(0)),
                        BULKHEAD_POLICY_PATH=f'{self.own_dir}:{self.policy_dir}', XDG_CONFIG_HOME=str(folder / 'home'),
                        QREXEC_SERVICE_PATH=str(self.admin_services), QUBES_RPC_CONFIG_PATH=str(folder / 'none'))
        self.env.pop('BULKHEAD_VCHAN', None)
        if local:
            self.env.pop('VCHAN_SOCKET_DIR')
        self.running, self.domains, self.pending, self.under = [], {}, [], under
        self.manager = Packets()
        fd = self.manager.other.fileno()
        more = [] if local else ['--vchan=unix:']
        self.broker = self.start('bulkhead-qrexec-broker', f'--manager-fd={fd}', f'--ask={dialog}', f'--audit={self.audit_file}',
                                 f'--serve={build}/qrexec/bulkhead-qrexec-serve', f'--socket={self.socket}', *more, *broker, fds=[fd])
        self.manager.other.close()

    def socket_dir(self, number):
        """Where a domain's end of the socket vchan looks."""
        return self.dir

    def policy(self, text):
        new = self.policy_dir / '.new'
        new.write_text(text)
        new.rename(self.policy_dir / '30-test.policy')

    def start(self, name, *args, env=None, fds=(), **more):
        p = subprocess.Popen([*self.under(name), self.build / 'qrexec' / name, *args], env=env or self.env, pass_fds=fds, **more)
        self.running.append(p)
        return p

    def define(self, name, number=0, flags=0, user=ME, dispvm='', tags=(), uuid=''):
        self.manager.send(pack(DOMAIN, name, uuid, 'AppVM', user, dispvm, 'red', '', *tags, domain=number, value=flags))

    def attach(self, name, number):
        """A qrexec-daemon of ours for the domain, as the manager would start it."""
        pair = Packets()
        fd = pair.other.fileno()
        fds, vchan = [fd], 'unix:'
        if self.hv:
            end = self.hv.admit(number)
            fds.append(end.fileno())
            vchan = f'local-fd:{end.fileno()}'
        p = self.start('bulkhead-qrexec-daemon', f'--vchan={vchan}', f'--domain={number}', f'--broker-fd={fd}', fds=fds)
        if self.hv:
            end.close()
        self.manager.send(pack(DAEMON, name, domain=number), pair.sock.fileno())
        pair.close()
        return p

    def raw_daemon(self, name, number):
        """The broker's side of a daemon that we play ourselves."""
        pair = Packets()
        self.manager.send(pack(DAEMON, name, domain=number), pair.other.fileno())
        pair.other.close()
        return pair

    def domain(self, name, number, **more):
        path = None
        if self.hv:
            number, path = self.hv.create_domain(name)
        self.define(name, number, **more)
        d = Guest(self, name, number, path)
        self.domains[name] = d
        return d

    def literal(self, name, number, version=4, **more):
        """A domain whose agent is the test itself: the control stream, after both HELLOs."""
        self.define(name, number, **more)
        server = wire.Server(wire.path_of(self.dir, number, 0, 512))
        daemon = self.attach(name, number)
        control = server.accept()
        answer = control.hello(version)
        return control, daemon, answer

    def from_broker(self, kind):
        """The next message of that kind to the manager; others (notes) are kept."""
        for m in self.pending:
            if m['kind'] == kind:
                self.pending.remove(m)
                return m
        while True:
            m = self.manager.receive()
            if m['kind'] == kind:
                return m
            self.pending.append(m)

    def audit(self, *events):
        """The records of these events; of calls if none is named."""
        lines = self.audit_file.read_text().splitlines() if self.audit_file.exists() else []
        return [a for a in map(json.loads, lines) if a['event'] in (events or ('call',))]

    def count_audit(self, outcome):
        """Calls with that outcome, in the older files too."""
        files = [self.audit_file, *self.dir.glob(self.audit_file.name + '.*')]
        return sum(a['event'] == 'call' and a['outcome'] == outcome for f in files for a in map(json.loads, f.read_text().splitlines()))

    def client(self, *args, **more):
        more.setdefault('stdin', subprocess.DEVNULL)
        return self.start('qrexec-client', f'--socket={self.socket}', *args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def stop(self):
        for d in self.domains.values():
            d.agent.terminate()
        self.manager.sock.close()
        for p in self.running:
            try:
                p.wait(wire.SECONDS)
            except subprocess.TimeoutExpired:
                p.kill()
                raise AssertionError(f'{p.args[0]} did not end when the manager went')
            finally:
                for f in (p.stdin, p.stdout, p.stderr):
                    if f:
                        f.close()
        if self.hv:
            self.hv.close()
        assert self.broker.returncode == 0

    def give_vchan(self):
        """As the manager: a connection of the admin domain for the next call that needs one."""
        m = self.from_broker(VCHAN)
        with self.hv.admit(m['domain']) as end:
            self.manager.send(pack(DONE, '', id=m['id']), end.fileno())


class Guest:
    """A domain with services, an agent and a daemon of ours."""

    def __init__(self, rig, name, number, hv_path=None):
        self.rig, self.name, self.number = rig, name, number
        self.services, self.config = rig.dir / f'rpc{number}', rig.dir / f'config{number}'
        self.services.mkdir()
        self.config.mkdir()
        self.agent_socket = rig.dir / f'agent{number}.sock'
        self.env = dict(rig.env, VCHAN_DOMAIN=str(number), QREXEC_SERVICE_PATH=str(self.services),
                        QUBES_RPC_CONFIG_PATH=str(self.config), BULKHEAD_QREXEC_SOCKET=str(self.agent_socket))
        if not rig.hv:
            self.env['VCHAN_SOCKET_DIR'] = str(rig.socket_dir(number))
        if hv_path:
            self.env['BULKHEAD_VCHAN'] = 'local:' + hv_path
        self.service('test.Echo', 'exec cat')
        self.service('test.True', 'exit 0')
        self.service('test.Who', 'echo "$QREXEC_REMOTE_DOMAIN $1"; exit 3')
        read, write = os.pipe()
        self.agent = rig.start('bulkhead-qrexec-agent', f'--ready-fd={write}', env=self.env, fds=[write])
        os.close(write)
        assert os.read(read, 1) == b'1'
        os.close(read)
        self.daemon = rig.attach(name, number)

    def service(self, name, text):
        (self.services / name).write_text('#!/bin/sh\n' + text + '\n')
        (self.services / name).chmod(0o755)

    def call(self, *args, **more):
        more.setdefault('stdin', subprocess.DEVNULL)
        return self.rig.start('qrexec-client-vm', *args, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
