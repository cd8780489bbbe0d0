# SPDX-License-Identifier: GPL-2.0-or-later
"""`bulkhead log` over an audit file (docs/audit.md)."""
import json
import os
import select
import subprocess

import pytest

import domains_rig

PATIENCE = 60


def record(event, **more):
    return json.dumps({'time': 1764240000.5, 'event': event, **more}) + '\n'


@pytest.fixture
def log(build, tmp_path):
    folder = tmp_path / 'bulkhead'
    folder.mkdir()
    env = {**os.environ, 'XDG_STATE_HOME': str(tmp_path), 'TZ': 'UTC', 'LC_ALL': 'C.UTF-8'}

    class Log:
        path = folder / 'audit.jsonl'

        def run(self, *args):
            return subprocess.run([build / 'domains/bulkhead', 'log', *args], env=env, capture_output=True, timeout=PATIENCE, check=False)

        def follow(self, *args):
            return subprocess.Popen([build / 'domains/bulkhead', 'log', '--follow', *args], env=env, stdout=subprocess.PIPE)
    return Log()


def read_line(p):
    """The next line, not read ahead."""
    line = b''
    while not line.endswith(b'\n'):
        assert select.select([p.stdout], [], [], PATIENCE)[0], 'nothing more was shown'
        byte = os.read(p.stdout.fileno(), 1)
        assert byte, 'it ended'
        line += byte
    return line.decode()


def test_records_are_sentences(log):
    log.path.write_text(
        record('start', domain='work', outcome='ok', start_us=128000)
        + record('call', call=1, source='work', target='@default', service='test.Echo+x', outcome='allow', final_target='vault',
                 file='/etc/30.policy', line=7, choice='once', ask_us=2500000, connect_us=2501000)
        + record('end', call=1, source='work', target='@default', service='test.Echo+x', total_us=3000000)
        + record('call', call=2, source='work', target='bank', service='test.Echo+', outcome='deny', reason='the rules deny it')
        + record('receipt', source='work', target='bank', files=3, bytes=4096, outcome='ok'))
    r = log.run()
    assert (r.returncode, r.stderr) == (0, b'')
    assert r.stdout.decode().splitlines() == [
        '2025-11-27 10:40:00  start work  ok, started in 128.0 ms',
        '2025-11-27 10:40:00  call work -> @default (vault)  test.Echo+x  allow, answered once, by /etc/30.policy:7, '
        'asked 2500.0 ms, connected in 2501.0 ms',
        '2025-11-27 10:40:00  call work -> bank  test.Echo+  deny: the rules deny it',
        '2025-11-27 10:40:00  receipt work -> bank  ok, 3 files, 4096 bytes']
    assert b'over after 3000.0 ms' in log.run('--all').stdout


def test_none_yet(log):
    r = log.run()
    assert (r.returncode, r.stdout, r.stderr) == (0, b'', b'')


def test_domain(log):
    log.path.write_text(record('call', source='a', target='b') + record('call', source='c', target='@default', final_target='b')
                        + record('stop', domain='b') + record('stop', domain='bb'))
    assert len(log.run('--domain', 'b').stdout.splitlines()) == 3
    assert len(log.run('--domain', 'bb', '--json').stdout.splitlines()) == 1
    assert log.run('--domain', 'a', '--json').stdout.decode() == record('call', source='a', target='b')


def test_bug_class_E4_nothing_of_a_domain_reaches_the_terminal(log):
    """Every byte and some wide characters, in every text; and a file into which another program wrote."""
    evil = ''.join(map(chr, range(1, 256))) + '\u202e\u2028\U000e0041'
    log.path.write_text(record(evil, source=evil, target=evil, service=evil, reason=evil, choice=evil, final_target=evil, domain=evil,
                               file=evil, line=1, sha256=evil, outcome=evil)
                        + '{"time":1,"event":"x","source":"\x1b[2J"}\n' + '\x1b]0;title\x07\n' + 'no record\n')
    for options in ((), ('--json',), ('--all',)):
        r = log.run(*options)
        assert all(c == 10 or 0x20 <= c <= 0x7e for c in r.stdout + r.stderr)
        assert len(r.stdout.splitlines()) == 1
        assert b'3 lines are no records' in r.stderr


def test_follow_across_new_files(log):
    log.path.write_text(record('stop', domain='first'))
    p = log.follow('--json')
    assert json.loads(read_line(p))['domain'] == 'first'
    with open(log.path, 'a') as f:
        f.write(record('stop', domain='second')[:-5])
        f.flush()
        f.write(record('stop', domain='second')[-5:])
    assert json.loads(read_line(p))['domain'] == 'second'
    old = log.path.with_name('audit.jsonl.1')
    with open(log.path, 'a') as f:
        f.write(record('stop', domain='third'))
    log.path.rename(old)
    log.path.write_text(record('stop', domain='fourth'))
    assert [json.loads(read_line(p))['domain'] for _ in range(2)] == ['third', 'fourth']
    p.kill()
    p.wait()
    p.stdout.close()
    assert [json.loads(x)['domain'] for x in log.run('--json').stdout.splitlines()] == ['first', 'second', 'third', 'fourth']


def test_starts_and_stops_are_written(build, programs):
    rig = domains_rig.Domains(build, programs).start()
    try:
        rig.cli('domain', 'create', 'work')
        rig.cli('domain', 'start', 'work')
        rig.kill_manager()
        rig.start()
        rig.inside('work', 'true')  # it is found again
        rig.cli('domain', 'stop', 'work')
        records = [json.loads(x) for x in rig.cli('log', '--json', '--domain', 'work').stdout.splitlines()]
    finally:
        rig.end()
    assert [(a['event'], a['outcome']) for a in records] == [('start', 'ok'), ('stop', 'ok')]
    assert records[0]['start_us'] > 0
