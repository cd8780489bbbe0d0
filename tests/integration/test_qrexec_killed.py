# SPDX-License-Identifier: GPL-2.0-or-later
"""kill -9 while one message of a call is under way: whoever should take it next is stopped, somebody dies, the stopped one goes on.
(What dies while a question is open, a target starts or a service runs: test_qrexec_path.py, test_killed_at_each_stage.)"""
import os
import pathlib
import signal
import socket
import struct
import subprocess

import pytest

import qrexec_rig
import qrexec_wire as wire
from test_qrexec_agent import with_fork_server  # noqa: F401 (a fixture)
from test_qrexec_path import children_of, finish

POLICY = '* * work vault allow\n* * a b allow\n'


def kept(process):
    """Descriptors that are open there; memory shared by descriptor."""
    folder = f'/proc/{process.pid}/fd'
    links = []
    for fd in os.listdir(folder):
        try:
            links.append(os.readlink(f'{folder}/{fd}'))
        except OSError:
            continue
    return len(links), sum('/memfd:' in link for link in links)


class Stage:
    """Two domains that call each other, two that watch, and what all of them hold at rest."""

    def __init__(self, build, folder, local):
        self.rig = qrexec_rig.Rig(build, folder, POLICY, local=local)
        self.work, self.vault = self.rig.domain('work', 1), self.rig.domain('vault', 2)
        self.a, self.b = self.rig.domain('a', 11), self.rig.domain('b', 12)
        for source, target in ((self.work, 'vault'), (self.a, 'b')):
            assert finish(source.call(target, 'test.True'))[2] == 0
        self.alive = [self.work.agent, self.vault.agent, self.rig.broker]
        wire.wait_for('no service is left', lambda: not children_of(self.vault.agent.pid))
        self.rest = {p.pid: kept(p) for p in self.alive}
        if local:
            self.hv_rest = self.rig.hv.fds()

    def others_work(self):
        assert finish(self.a.call('b', 'test.Echo', stdin=subprocess.PIPE), b'well') == (b'well', b'', 0)

    def nothing_stays(self):
        alive = [p for p in self.alive if p.poll() is None]
        wire.wait_for('no service is left', lambda: not children_of(self.vault.agent.pid))
        wire.wait_for('all descriptors are closed', lambda: all(
            kept(p)[0] <= self.rest[p.pid][0] and kept(p)[1] <= self.rest[p.pid][1] for p in alive))
        # An agent whose daemon died offers its control channel anew, and hv keeps that for the next.
        if self.rig.hv and self.rig.hv.process.poll() is None and self.work.daemon.poll() is None:
            wire.wait_for('hv holds nothing of it', lambda: self.rig.hv.fds() <= self.hv_rest)


@pytest.fixture(params=['unix', 'local'])
def stage(request, build, tmp_path):
    s = Stage(build, tmp_path, request.param == 'local')
    yield s
    s.rig.stop()


@pytest.fixture
def on_sockets(build, tmp_path):
    s = Stage(build, tmp_path, False)
    yield s
    s.rig.stop()


@pytest.fixture
def on_hv(build, tmp_path):
    s = Stage(build, tmp_path, True)
    yield s
    s.rig.stop()


class Stopped:
    """Takes no message while this lasts, unless it dies first."""

    def __init__(self, process):
        self.process = process

    def __enter__(self):
        os.kill(self.process.pid, signal.SIGSTOP)
        wire.wait_for('it stands', lambda: open(f'/proc/{self.process.pid}/stat').read().rsplit(')', 1)[1].split()[0] == 'T')

    def __exit__(self, *what):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGCONT)


def kill(process):
    process.kill()
    process.wait(wire.SECONDS)


def is_asked(path):
    """Somebody is connected there; whether it was accepted does not matter."""
    with open('/proc/net/unix') as f:
        return any(line.split()[5] in ('02', '03') and line.split()[-1] == str(path) for line in f if len(line.split()) > 7)


@pytest.mark.parametrize('victim', ['caller', 'source agent'])
def test_request_at_the_agent(stage, victim):
    """The caller has asked its agent, which has not looked yet."""
    with Stopped(stage.work.agent):
        p = stage.work.call('vault', 'test.Echo')
        wire.wait_for('the request', lambda: is_asked(stage.work.agent_socket))
        kill(p if victim == 'caller' else stage.work.agent)
    out, err, code = finish(p)
    assert (out, code) == (b'', -9 if victim == 'caller' else 1)
    # Dead before it took the connection, an agent is a reset, whether the request was in it by then or not: no refusal.
    assert victim == 'caller' or b'the agent' in err
    stage.others_work()
    stage.nothing_stays()


@pytest.mark.parametrize('stands', ['source daemon', 'broker'])
@pytest.mark.parametrize('victim', ['agent', 'source daemon', 'broker'])
def test_trigger_on_its_way(on_sockets, stands, victim):
    """The source's agent has sent its trigger; its daemon, or the broker, has not dealt with it."""
    stage, rig = on_sockets, on_sockets.rig
    control, daemon, _ = rig.literal('literal', 6)
    processes = {'source daemon': daemon, 'broker': rig.broker}
    with Stopped(processes[stands]):
        control.send(wire.trigger4(b'test.Echo', b'nowhere', b'SOCKET1'))
        if victim == 'agent':
            control.close()
        else:
            kill(processes[victim])
    if victim != 'agent':
        assert control.at_end()
        control.close()
    daemon.wait(wire.SECONDS)
    if victim == 'broker':
        rig.broker.returncode = 0  # its death was the point
        stage.vault.daemon.wait(wire.SECONDS)
        return
    stage.others_work()
    # The next daemon of that domain finds a clean table.
    control, daemon, _ = rig.literal('literal', 6)
    control.send(wire.trigger4(b'test.None', b'nowhere', b'SOCKET2'))
    assert control.message() == (wire.REFUSED, wire.field(b'SOCKET2', 32))


def is_served(stage, caller):
    """The caller knows where to meet, and waits there."""
    rig = stage.rig
    if rig.hv:
        with open(f'/proc/{caller.pid}/maps') as maps:
            return any('/memfd:' in line for line in maps)
    return bool(list(rig.dir.glob('vchan.1.2.*.sock')))


@pytest.mark.parametrize('victim', ['source agent', 'source daemon'])
def test_command_at_the_target(stage, victim):
    """Both sides were told; the target's agent has not begun. The call needs nobody of the source's side but its caller any more."""
    with Stopped(stage.vault.agent):
        p = stage.work.call('vault', 'test.Echo', stdin=subprocess.PIPE)
        wire.wait_for('the caller waits', lambda: is_served(stage, p))
        kill({'source agent': stage.work.agent, 'source daemon': stage.work.daemon}[victim])
    assert finish(p, b'all the same') == (b'all the same', b'', 0)
    stage.others_work()
    stage.nothing_stays()


def test_caller_dies_before_the_two_meet(stage):
    """Its agent sees that it went too early, comes in its place and goes: the service ends, long before the data channel's 120 s."""
    with Stopped(stage.vault.agent):
        p = stage.work.call('vault', 'test.Echo', stdin=subprocess.PIPE)
        wire.wait_for('the caller waits', lambda: is_served(stage, p))
        kill(p)
    finish(p)
    stage.others_work()
    stage.nothing_stays()


def test_caller_dies_with_its_answer_half_read(stage):
    """One that never came so far as to wait for the other side."""
    with Stopped(stage.vault.agent), socket.socket(socket.AF_UNIX) as s:
        s.connect(str(stage.work.agent_socket))
        s.sendall(wire.trigger4(b'test.Echo', b'vault', b'SOCKET'))
        s.settimeout(wire.SECONDS)
        assert len(s.recv(7, socket.MSG_WAITALL)) == 7
    stage.others_work()
    stage.nothing_stays()


@pytest.mark.parametrize('victim', ['agent', 'daemon'])
def test_target_dies_before_it_begins(on_sockets, victim):
    """The person's own command, whose deadline is an option: it ends then, with words."""
    stage, rig = on_sockets, on_sockets.rig
    vault = stage.vault
    with Stopped(vault.agent), Stopped(vault.daemon):
        p = rig.client('-d', 'vault', '-w', '1', f'{qrexec_rig.ME}:cat')
        wire.wait_for('the client waits', lambda: list(rig.dir.glob('vchan.0.2.*.sock')))
        kill(vault.agent if victim == 'agent' else vault.daemon)
    out, err, code = finish(p)
    assert (out, code) == (b'', 125) and b'the domain never connected' in err
    stage.others_work()


def test_hv_dies_before_the_two_meet(on_hv):
    stage, rig = on_hv, on_hv.rig
    with Stopped(stage.vault.agent):
        p = stage.work.call('vault', 'test.Echo', stdin=subprocess.PIPE)
        wire.wait_for('the caller waits', lambda: is_served(stage, p))
        kill(rig.hv.process)
    out, err, code = finish(p)
    assert (out, code) == (b'', 255) and b'the other side closed the connection early' in err
    wire.wait_for('no service is left', lambda: not children_of(stage.vault.agent.pid))


def test_hv_dies_under_a_running_call(on_hv):
    """What stands goes on without it; what is new is refused at once, with words."""
    stage = on_hv
    p = stage.work.call('vault', 'test.Echo', stdin=subprocess.PIPE)
    p.stdin.write(b'x')
    p.stdin.flush()
    assert p.stdout.read(1) == b'x'
    kill(stage.rig.hv.process)
    assert finish(p, b'y') == (b'y', b'', 0)
    _, err, code = finish(stage.work.call('vault', 'test.Echo'))
    assert code == 1 and b'no way to other domains' in err
    stage.nothing_stays()


def has_ended(pid):
    """Gone, or a zombie of whoever adopts orphans here."""
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] == 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize('victim', ['fork server', 'service'])
def test_fork_server_dies_under_a_call(with_fork_server, victim):  # noqa: F811
    """With the user's session its calls end, and their services; a service that dies is an exit code. The agent lives on."""
    d = with_fork_server
    control = d.daemon()
    server = wire.Server(wire.path_of(d.dir, 2, 1, 513))
    control.send(wire.execute(2, 513, b'alice:QUBESRPC test.Echo+ work'))
    data = server.accept()
    assert data.hello() == 4
    data.send(wire.message(wire.STDIN, b'x'))
    assert data.message() == (wire.STDOUT, b'x')
    service, = children_of(d.fork_process.pid)
    if victim == 'fork server':
        kill(d.fork_process)
        assert data.at_end()
        wire.wait_for('the service ends', lambda: has_ended(service))
    else:
        os.kill(service, signal.SIGKILL)
        assert wire.collect(data)[2] == 137
    assert control.message() == (wire.TERMINATED, struct.pack('<II', 2, 513))
    assert d.agent.poll() is None
