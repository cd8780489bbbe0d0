# SPDX-License-Identifier: GPL-2.0-or-later
"""The two recordings in which programs of R4.2 and R4.3 meet. The test says, byte for byte, what the recorded program of the one release
said; ours play the other's part and must say what that one said, or better where that one gave up (each such place is named)."""
import json
import signal
import struct

import pytest
import test_qrexec_agent as agents
import test_qrexec_recordings as recordings

import qrexec_rig
import qrexec_wire as wire

WORK, VAULT = 1, 2


def recording(name):
    """(messages of the control streams by server's id and side, bytes of the data streams by (server, client) and side, results)"""
    record = json.loads((recordings.DATA / f'{name}.json').read_text())
    controls, data = recordings.recorded(record)
    return ({d: {side: recordings.messages(said) for side, said in both.items()} for d, both in controls.items()}, dict(data), record['results'])


def say(control, message):
    control.send(wire.message(*message))


def expect(control, message):
    """The next message is the recorded one; what it holds of user names and tokens may differ."""
    got = control.message()
    assert recordings.normal_control(*got, qrexec_rig.ME.encode()) == recordings.normal_control(*message, b'user')
    return got


def replay(stream, both, mine):
    """Says all that one side of a data stream said; what the other said must come."""
    theirs = 'server' if mine == 'client' else 'client'
    stream.try_send(both[mine])
    want, heard = recordings.stream(both[theirs]), b''
    while len(recordings.messages(heard)) < len(recordings.messages(both[theirs])):
        heard += wire.message(*stream.message())
    assert recordings.stream(heard) == want


@pytest.fixture
def rig(build, tmp_path):
    r = qrexec_rig.Rig(build, tmp_path, recordings.POLICY)
    yield r
    r.stop()


def test_agent_of_r42_at_our_daemon(rig):
    """r43-20: work's agent and client are those of R4.2; ours are both daemons, the broker and vault's agent and client."""
    controls, data, results = recording('r43-20-mixed-agent42-daemon43')
    agent, daemon = controls[WORK]['server'], controls[WORK]['client']
    rig.domain('vault', VAULT)
    control, _, version = rig.literal('work', WORK, version=3)
    assert (wire.HELLO, struct.pack('<I', version)) == daemon[0]

    say(control, agent[1])
    expect(control, daemon[1])
    replay(wire.Server(wire.path_of(rig.dir, WORK, VAULT, 513)).accept(), data[WORK, VAULT], 'server')
    say(control, agent[2])

    back = results[1]
    p = rig.domains['vault'].call('work', 'test.Echo+back', stdin=-1)
    p.stdin.write(bytes.fromhex(back['stdin_hex']))
    p.stdin.close()
    p.stdin = None
    kind, body = expect(control, daemon[2])
    port = struct.unpack_from('<I', body, 4)[0]
    replay(wire.connect(wire.path_of(rig.dir, VAULT, WORK, port)), data[VAULT, WORK], 'client')
    say(control, agent[3])
    out, err = p.communicate(timeout=wire.SECONDS)
    assert (p.returncode, out, err) == (back['exit'], bytes.fromhex(back['stdout_hex']), bytes.fromhex(back['stderr_hex']))


def test_daemon_of_r42_at_our_agent(build, tmp_path):
    """r42-21: work's daemon is that of R4.2. The recorded agent of R4.3 asked it in words of version 4 and the daemon gave up; ours asks
    the same in those of version 3, which are what both had agreed on."""
    controls, _, results = recording('r42-21-mixed-agent43-daemon42')
    domain = agents.Domain(build, tmp_path, WORK)
    try:
        control = wire.connect(wire.path_of(domain.dir, WORK, 0, 512))
        expect(control, controls[WORK]['server'][0])
        say(control, controls[WORK]['client'][0])
        p = domain.call('vault', 'test.Echo+mix')
        kind, body = control.message()
        asked = controls[WORK]['server'][1]
        assert asked[0] == wire.TRIGGER4 and kind == wire.TRIGGER3
        assert (body[:64], body[96:]) == (asked[1][64:128], asked[1][160:])
        p.send_signal(signal.SIGKILL)  # as the recorder did; before its agent's daemon goes, which would end it too
        assert 128 - p.wait(wire.SECONDS) == results[0]['exit']
        control.close()
    finally:
        domain.stop()


def test_agents_of_both_releases_at_our_daemon(rig):
    """r42-21: the agents are recorded, the daemons ours. They speak version 4, so that the call of work's agent is answered, where the
    recorded daemon gave up; vault's agent, of R4.2, is refused as it was, since work is gone."""
    controls, _, _ = recording('r42-21-mixed-agent43-daemon42')
    agent = controls[WORK]['server']
    work, _, _ = rig.literal('work', WORK, version=4)
    vault, _, version = rig.literal('vault', VAULT, version=3)
    assert (wire.HELLO, struct.pack('<I', version)) == controls[VAULT]['client'][0]

    say(work, agent[1])
    kind, body = vault.message()
    assert kind == wire.EXEC and body.endswith(b':QUBESRPC test.Echo+mix work\0')
    vault.send(wire.message(wire.TERMINATED, body[:8]))
    kind, body = work.message()
    assert (kind, body[8:]) == (wire.CONNECT, agent[1][1][128:160])

    work.close()
    rig.define('work')
    say(vault, controls[VAULT]['server'][1])
    start = rig.from_broker(qrexec_rig.START)
    assert start['texts'] == ['work']
    rig.manager.send(qrexec_rig.pack(qrexec_rig.DONE, 'its agent is away', id=start['id'], value=1))
    expect(vault, controls[VAULT]['client'][1])
