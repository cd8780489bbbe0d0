# SPDX-License-Identifier: GPL-2.0-or-later
"""What the ends of a copy say about it: through the receiver that meets their bytes, into the audit file and the tray's window; and end to end."""
import json
import os
import pathlib
import struct
import subprocess

import pytest
from Xlib import X

import qrexec_wire as wire
import test_qrexec_manager
from tray_rig import Spoken, Tray

RUNNING, DONE, FAILED, TAKEN = 1, 2, 3, 4
SENDS, RECEIVES = 1, 2
DIGEST = bytes(range(32))
TITLE = 'Copying files'

manager = test_qrexec_manager.manager


def record(kind=RUNNING, role=RECEIVES, error=0, files=1, size=0, total=0, digest=b'', peer='work', magic=0x31524b42):
    return struct.pack('<4I3Q', magic, kind, role, error, files, size, total) + digest.ljust(32, b'\0') + peer.encode().ljust(32, b'\0')


class Report:
    """One call of the service, as the broker would start it for a domain."""

    def __init__(self, build, env, domain, audit):
        self.audit = audit
        self.p = subprocess.Popen([build / 'qrexec/rpc/bulkhead.CopyReport'], env={**env, 'QREXEC_REMOTE_DOMAIN': domain, 'BULKHEAD_AUDIT': str(audit)},
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def say(self, data):
        try:
            self.p.stdin.write(data)
        except BrokenPipeError:
            pass

    def end(self):
        """(exit code, what went back to the domain)"""
        out = self.p.communicate(timeout=wire.SECONDS)[0]
        return self.p.returncode, out


def receipts(audit):
    return [r for r in map(json.loads, audit.read_text().splitlines() if audit.exists() else []) if r['event'] == 'receipt']


@pytest.fixture
def alone(build, tmp_path):
    """No tray."""
    env = dict(os.environ, BULKHEAD_RUNTIME_DIR=str(tmp_path))
    return lambda domain='banking': Report(build, env, domain, tmp_path / 'audit.jsonl')


def test_a_receipt_is_the_receivers_word(alone):
    r = alone()
    r.say(record() + record(DONE, files=3, size=4096, digest=DIGEST))
    assert r.end() == (0, b'')
    written, = receipts(r.audit)
    assert written.pop('time') > 0
    assert written == {'event': 'receipt', 'source': 'work', 'target': 'banking', 'outcome': 'ok', 'files': 3, 'bytes': 4096,
                       'sha256': DIGEST.hex(), 'said_by': 'banking'}


@pytest.mark.parametrize('stream,reason', [
    (record(size=7) + record(FAILED, error=28, size=9), 'No space left on device'), (record() + record(FAILED, error=31415926), 'the sender broke off'),
    (record() + record(FAILED, error=125), 'it was cancelled'), (record(size=7), 'it did not say how the copy ended')], ids=range(4))
def test_a_failed_copy_says_why(alone, stream, reason):
    r = alone()
    r.say(stream)
    r.end()
    written, = receipts(r.audit)
    assert (written['outcome'], written['reason'], written['said_by']) == ('fail', reason, 'banking')


def test_a_sender_writes_no_receipt(alone):
    r = alone('work')
    r.say(record(role=SENDS, peer='') + record(DONE, role=SENDS, peer='', size=1, digest=DIGEST))
    assert r.end() == (0, b'')
    assert receipts(r.audit) == []


@pytest.mark.parametrize('stream', [
    b'', record()[:-1], record(magic=1), b'\xff' * 10000, record(peer=''), record(peer='../../x'), record(peer='\x1b[31m'), record(kind=9),
    record(size=2**63), record(DONE, error=5)], ids=range(10))
def test_bug_class_H10_what_is_no_report_is_dropped(alone, stream):
    r = alone()
    r.say(stream)
    assert r.end() == (1, b'')
    assert receipts(r.audit) == []


def test_bug_class_H10_a_report_that_changes_its_mind_ends(alone):
    """Another peer, fewer bytes, a word after the last one: nothing more is read, and what was said first stands."""
    for second in (record(peer='private'), record(size=3), record(role=SENDS)):
        r = alone()
        r.say(record(size=7) + second + record(DONE, size=2**40, digest=DIGEST))
        assert r.end()[0] == 1
        assert (receipts(r.audit)[-1]['outcome'], receipts(r.audit)[-1]['bytes']) == ('fail', 7)
    r = alone()
    r.say(record(DONE, size=7, digest=DIGEST) + record(DONE, size=9, digest=DIGEST))
    assert r.end()[0] == 0
    assert len(receipts(r.audit)) == 4 and receipts(r.audit)[-1]['bytes'] == 7
    assert alone('../work').end()[0] == 1


def test_a_name_is_taken_and_nobody_can_be_asked(alone):
    """No tray: both are kept, at once. A receiver asks once, a sender never."""
    r = alone()
    r.say(record(size=7) + record(TAKEN, size=7))
    assert r.p.stdout.read(1) == b'R'
    r.say(record(DONE, size=7, digest=DIGEST))
    assert r.end() == (0, b'') and receipts(r.audit)[0]['outcome'] == 'ok'
    for stream in (record(TAKEN) + record(TAKEN), record(role=SENDS) + record(TAKEN, role=SENDS), record(TAKEN) + record(size=9)):
        r = alone()
        r.say(stream)
        assert r.end()[0] == 1


def test_a_log_moved_on_meanwhile_gets_the_receipt_still(alone, tmp_path):
    r = alone()
    wire.wait_for('the audit file', r.audit.exists)
    r.audit.rename(tmp_path / 'audit.jsonl.1')
    r.say(record() + record(DONE, size=5, digest=DIGEST))
    assert r.end()[0] == 0
    assert receipts(tmp_path / 'audit.jsonl.1')[0]['bytes'] == 5


@pytest.fixture
def tray(build, programs, screen, tmp_path):
    if not Spoken.possible():
        pytest.skip('at-spi2-core or gir1.2-atspi-2.0 is not installed')
    programs.start(['openbox', '--sm-disable'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    t = Tray(build, programs, screen, accessible=True)
    t.spoken = Spoken(t)
    t.audit = tmp_path / 'audit.jsonl'
    t.start()
    t.called('ListProperties')
    t.desktop.wait(lambda: os.path.exists(t.temp + '/run/tray.sock'), wire.SECONDS, 'the tray to listen')
    yield t
    t.end()


def report(tray, domain):
    return Report(tray.build, tray.env, domain, tray.audit)


def said(tray, part):
    """Numbers and their units are held together by a space that does not break."""
    try:
        tray.spoken.until(lambda: any(part in t.replace('\xa0', ' ') for t in tray.spoken.texts()), f'"{part}" to be said')
    except Exception as e:
        raise AssertionError(f'"{part}" was not said, but {tray.spoken.texts()}') from e


def colors(tray, window):
    g = window.get_geometry()
    return {r << 16 | g_ << 8 | b for row in tray.desktop.pixels(0, 0, g.width, g.height, window) for r, g_, b in row}


@pytest.mark.long
def test_the_window_of_a_copy_that_lasts(tray):
    """Both labels, the receiver's figures, the sender's total, the receipt; the keys go where they went."""
    editor = tray.desktop.root.create_window(0, 0, 50, 50, 0, X.CopyFromParent)
    editor.map()
    tray.desktop.d.sync()
    tray.desktop.wait(lambda: editor.get_attributes().map_state == X.IsViewable, wire.SECONDS, 'a window')
    editor.set_input_focus(X.RevertToParent, X.CurrentTime)
    tray.desktop.d.sync()
    receiver, sender = report(tray, 'banking'), report(tray, 'work')
    receiver.say(record())
    sender.say(record(role=SENDS, peer='', size=1, total=80_000_000))
    window = tray.wait_shown(TITLE)
    receiver.say(record(size=20_000_000, files=2))
    said(tray, '2 files, 20.0 MB of 80.0 MB')
    said(tray, ' left')
    said(tray, 'The figures are what banking says.')
    names = tray.spoken.names()
    assert {'From the domain: work', 'To the domain: banking', 'How far the copy is', 'Cancel'} <= set(names)
    assert len(tray.shown(TITLE)) == 1, 'one window for both ends'
    assert tray.desktop.d.get_input_focus().focus.id == editor.id
    tray.desktop.wait(lambda: {0xedd400, 0xcc0000} <= colors(tray, window), wire.SECONDS, 'both labels')
    receiver.say(record(DONE, size=80_000_000, files=3, digest=DIGEST))
    said(tray, 'Copied: 3 files, 80.0 MB.')
    said(tray, 'SHA-256: ' + DIGEST.hex())
    assert receiver.end() == (0, b'')
    sender.say(record(DONE, role=SENDS, peer='', size=80_000_000, total=80_000_000, digest=DIGEST))
    assert sender.end() == (0, b'')
    tray.spoken.act('Close', 'click')
    tray.wait_gone(TITLE)


def test_cancel_reaches_both_ends(tray):
    receiver, sender = report(tray, 'banking'), report(tray, 'work')
    receiver.say(record())
    sender.say(record(role=SENDS, peer='banking', total=9))
    tray.wait_shown(TITLE)
    tray.spoken.act('Cancel', 'click')
    for end in (receiver, sender):
        assert end.p.stdout.read(1) == b'C'
    receiver.say(record(FAILED, error=125))
    assert receiver.end() == (0, b'')
    said(tray, 'Not copied. It was cancelled.')
    sender.say(record(FAILED, role=SENDS, error=125, peer='banking', total=9))
    sender.end()


@pytest.mark.parametrize('button,word', [('Keep both', b'R'), ('Replace the old one', b'P'), ('Keep the old one', b'S'), ('Cancel', b'C')])
def test_the_person_says_what_becomes_of_a_taken_name(tray, button, word):
    receiver = report(tray, 'banking')
    receiver.say(record() + record(TAKEN))
    tray.wait_shown(TITLE)
    said(tray, 'banking has something of the same name already.')
    tray.spoken.act(button, 'click')
    assert receiver.p.stdout.read(1) == word
    receiver.say(record(DONE, digest=DIGEST))
    said(tray, 'Copied: 1 file, ')
    assert 'Keep both' not in tray.spoken.names()
    assert receiver.end() == (0, b'')


def test_the_reason_of_a_failure_in_words(tray):
    receiver = report(tray, 'banking')
    receiver.say(record())
    tray.wait_shown(TITLE)
    receiver.say(record(FAILED, error=28))
    said(tray, 'Not copied. There is no room for it in banking.')
    receiver.end()


@pytest.mark.long
def test_bug_class_H10_a_domain_fills_the_screen_with_no_windows(tray):
    """Four at once of one domain, none about domains that there are not; others are still heard."""
    strange = [report(tray, 'nowhere'), report(tray, 'banking')]
    strange[0].say(record())
    strange[1].say(record(peer='nowhere'))
    many = [report(tray, 'private') for _ in range(12)]
    for m in many:
        m.say(record())
    other = report(tray, 'banking')
    other.say(record())
    tray.desktop.wait(lambda: len(tray.shown(TITLE)) == 5, wire.SECONDS, 'five windows')
    other.say(record(FAILED, error=5))
    said(tray, 'Not copied. The reason: Input/output error.')
    assert len(tray.shown(TITLE)) == 5
    for r in [*strange, *many, other]:
        r.end()


def test_from_sandbox_to_sandbox_with_a_receipt(manager):
    for name in ('work', 'banking'):
        manager.cli('domain', 'create', name, '--label=red')
    _, err, code = manager.inside('work', 'mkdir d; echo secret > d/a.txt; echo more > d/b.txt; bulkhead-copy -t banking d')
    assert code == 0, err
    audit = pathlib.Path(manager.dir / 'state/bulkhead/audit.jsonl')
    wire.wait_for('the receipt', lambda: receipts(audit))
    written, = receipts(audit)
    assert written['sha256'] in err.decode() and (written['files'], written['bytes'], written['outcome']) == (2, 12, 'ok')
    assert (written['source'], written['target'], written['said_by']) == ('work', 'banking', 'banking')
    assert 'receipt work -> banking  ok, 2 files, 12 bytes, sha256' in manager.cli('log').stdout and ', said by banking' in manager.cli('log').stdout
