# SPDX-License-Identifier: GPL-2.0-or-later
"""A copy that broke off goes on where it stopped, if what is there is what would be sent; what is kept for it has bounds."""
import fcntl
import hashlib
import os
import pathlib
import re
import signal
import struct
import subprocess
import time

import pytest

import qrexec_rig
import qrexec_wire as wire
from test_qrexec_copy import END, POLICY, Receiver, file, folder, link, same, send

EARLY, ECANCELED, ENOSPC, EPROTO = 31415926, 125, 28, 71
ID = bytes(range(32))
DAY = 24 * 60 * 60
STREAM = [folder(b'd'), file(b'd/a', b'first'), link(b'd/l', b'a'), file(b'd/z', b''), folder(b'd/e'), file(b'd/e/b', b'second' * 3), folder(b'd/e'),
          folder(b'd'), file(b'last', b'third'), END]
WHOLE = b''.join(STREAM)
NEARLY = len(WHOLE) - len(END) - 1
EDGES = {sum(map(len, STREAM[:i])) + by for i in range(len(STREAM)) for by in (-1, 0, 1, 31, 32)}


def canonical():
    """The stream with the times of access zeroed."""
    return b''.join(p[:16] + bytes(8) + p[24:] for p in STREAM)


class Talk:
    """A sender of bulkhead.FilecopyResume, literally."""

    def __init__(self, receiver, *args, ident=ID, size=1000, entries=9, **more):
        self.p = receiver.start(*args, **more)
        self.put(b'BKO1' + bytes(4) + struct.pack('<QQ', size, entries) + ident + bytes(8))
        answer = self.p.stdout.read(64)
        assert len(answer) == 64 and answer[:4] == b'BKA1', self.p.stderr.read()
        self.error, self.offset, self.needed, self.room = struct.unpack_from('<IQQQ', answer, 4)
        self.digest = answer[32:]

    def put(self, data):
        self.p.stdin.write(data)
        self.p.stdin.flush()

    def begin(self, offset):
        self.put(b'BKS1' + bytes(4) + struct.pack('<Q', offset))

    def piece(self, data):
        self.put(struct.pack('<I', len(data)) + data if data else b'')

    def end(self):
        """The error of the reply, and the exit code."""
        try:
            out, _ = self.p.communicate(timeout=wire.SECONDS)
        except BrokenPipeError:
            out, _ = self.p.stdout.read(), self.p.wait(wire.SECONDS)
        return (struct.unpack_from('<I', out)[0] if len(out) >= 16 else None), self.p.returncode


@pytest.fixture
def receiver(build, tmp_path):
    r = Receiver(build, tmp_path)
    r.program = build / 'qrexec/bulkhead.FilecopyResume'
    r.partial = r.home / 'QubesIncoming/.partial-work'
    r.receipts = r.home / 'QubesIncoming/.receipts'
    started, start = [], r.start
    r.start = lambda *args, **more: started.append(start(*args, **more)) or started[-1]
    yield r
    for p in started:
        for f in (p.stdin, p.stdout, p.stderr):
            f.close()
        p.wait(wire.SECONDS)
    assert r.canary.read_text() == 'untouched'


def broken_off(receiver, n=None, **more):
    """A copy of which the first n bytes came; all but the end mark."""
    t = Talk(receiver, **more)
    assert (t.error, t.offset, t.digest) == (0, 0, bytes(32))
    t.begin(0)
    t.piece(WHOLE[:NEARLY if n is None else n])
    assert t.end() == (EARLY, 1)


def whole(receiver):
    i = receiver.incoming
    assert sorted(os.listdir(i)) == ['d', 'last'] and (i / 'last').read_bytes() == b'third'
    assert [(i / 'd' / n).read_bytes() for n in ('a', 'z', 'e/b')] == [b'first', b'', b'second' * 3] and os.readlink(i / 'd/l') == 'a'
    assert (i / 'd').stat().st_mtime == 2000 and (i / 'd/e/b').stat().st_mtime == 2000
    assert os.listdir(receiver.partial) == []
    line = receiver.receipts.read_text().splitlines()[-1]
    assert f'files=5 bytes=28 sha256={hashlib.sha256(canonical()).hexdigest()}' in line


def test_goes_on_from_wherever_it_stopped(receiver):
    """Wherever it breaks off, the answer is about what came, and the rest makes it whole."""
    for n in sorted(EDGES & set(range(len(WHOLE)))):
        broken_off(receiver, n)
        t = Talk(receiver)
        assert t.error == 0 and t.offset <= n
        if t.offset:
            assert t.digest == hashlib.sha256(canonical()[:t.offset]).digest(), n
        assert n - t.offset < 64, 'an entry that did not come whole is all that comes again'
        t.begin(t.offset)
        t.piece(WHOLE[t.offset:])
        assert t.end() == (0, 0), n
        whole(receiver)
        subprocess.run(['rm', '-r', receiver.incoming], check=True)


def test_bug_class_F5_a_killed_receiver_keeps_what_it_had(receiver):
    t = Talk(receiver)
    t.begin(0)
    t.piece(WHOLE[:NEARLY])
    wire.wait_for('the last file', lambda: any(f.name == 'last' and f.stat().st_size for f in receiver.partial.rglob('*')))
    t.p.kill()
    t.end()
    assert not os.listdir(receiver.incoming)
    t = Talk(receiver)
    assert t.offset == NEARLY
    t.begin(t.offset)
    t.piece(WHOLE[t.offset:])
    assert t.end() == (0, 0)
    whole(receiver)


def test_two_interruptions(receiver):
    broken_off(receiver, 130)
    t = Talk(receiver)
    t.begin(t.offset)
    t.piece(WHOLE[t.offset:300])
    assert t.end() == (EARLY, 1)
    t = Talk(receiver)
    assert 230 < t.offset <= 300
    t.begin(t.offset)
    t.piece(WHOLE[t.offset:])
    assert t.end() == (0, 0)
    whole(receiver)


def test_bug_class_F5_a_log_cut_by_a_power_cut(receiver):
    """Whatever of the log is there: a sum over less, or a beginning anew; never another result."""
    for cut in range(1, 400, 9):
        broken_off(receiver)
        log, = receiver.partial.glob('*.log')
        size = log.stat().st_size
        if cut > size:
            return
        os.truncate(log, size - cut)
        t = Talk(receiver)
        assert t.error == 0 and (t.offset == 0 or t.digest == hashlib.sha256(canonical()[:t.offset]).digest())
        t.begin(t.offset)
        t.piece(WHOLE[t.offset:])
        assert t.end() == (0, 0)
        whole(receiver)
        subprocess.run(['rm', '-r', receiver.incoming], check=True)
    assert cut > size, 'the log was cut to nothing'


def test_the_name_alone_proves_nothing(receiver):
    """Another sum than the sender's: it begins anew, and what was there counts for nothing."""
    broken_off(receiver)
    a, = receiver.partial.glob('*/d/a')
    a.write_bytes(b'FIRST')
    t = Talk(receiver)
    assert t.offset and t.digest != hashlib.sha256(canonical()[:t.offset]).digest()
    t.begin(0)
    t.piece(WHOLE)
    assert t.end() == (0, 0)
    whole(receiver)


@pytest.mark.parametrize('harm', ['gone', 'longer', 'folder', 'link', 'log'])
def test_what_is_damaged_is_not_gone_on_with(receiver, harm):
    broken_off(receiver)
    a, = receiver.partial.glob('*/d/a')
    log, = receiver.partial.glob('*.log')
    if harm == 'log':
        log.write_bytes(log.read_bytes()[:40] + b'\xff' * 100)
    elif harm == 'longer':
        a.write_bytes(b'first and more')
    else:
        a.unlink()
    if harm == 'folder':
        a.mkdir()
    if harm == 'link':
        a.symlink_to(receiver.canary)
    t = Talk(receiver)
    assert (t.error, t.offset) == (0, 0)
    t.begin(0)
    t.piece(WHOLE)
    assert t.end() == (0, 0)
    whole(receiver)


def test_another_copy_leaves_it_alone(receiver):
    broken_off(receiver)
    t = Talk(receiver, ident=bytes(32))
    assert (t.error, t.offset) == (0, 0)
    t.begin(0)
    t.piece(file(b'other', b'o') + END)
    assert t.end() == (0, 0)
    assert Talk(receiver).offset == NEARLY


@pytest.mark.parametrize('harm', ['offer', 'start', 'offset', 'piece', 'stream'])
def test_bug_class_F3_hostile_words(receiver, harm):
    """A protocol that is broken leaves nothing behind."""
    if harm == 'offer':
        p = receiver.start()
        out, _, code = receiver.talk(p, b'x' * 64)
        assert code == 1
    else:
        t = Talk(receiver)
        if harm == 'start':
            t.put(b'BKS2' + bytes(12))
        elif harm == 'offset':
            t.begin(7)
        else:
            t.begin(0)
            t.piece(WHOLE[:200])
            t.put(b'\xff' * 4 if harm == 'piece' else struct.pack('<I', 64) + b'\xff' * 64)
        error, code = t.end()
        assert code == 1 and error in (EPROTO, 22, 36)
    assert os.listdir(receiver.partial) == [] and not os.listdir(receiver.incoming)


def test_cancel_cleans_up(receiver):
    t = Talk(receiver)
    t.begin(0)
    t.piece(WHOLE[:300])
    t.put(bytes(4))
    assert t.end() == (ECANCELED, 1)
    assert os.listdir(receiver.partial) == [] and not os.listdir(receiver.incoming)


def test_bug_class_F7_no_room_for_all_of_it(receiver):
    t = Talk(receiver, size=2**62, entries=4)
    assert (t.error, t.offset) == (ENOSPC, 0) and t.needed >= 2**62 > t.room > 0
    assert t.end()[1] == 1
    assert os.listdir(receiver.partial) == []
    broken_off(receiver)
    t = Talk(receiver, size=2**62)
    assert t.error == ENOSPC
    t.end()
    assert Talk(receiver).offset == NEARLY, 'room can be made, and then it goes on'


def test_what_is_kept_has_bounds(receiver):
    """One copy of a sender, four in all, a day at most; the person reads what went."""
    broken_off(receiver)
    first, = receiver.partial.glob('*.log')
    os.utime(first, (1, time.time() - 100))
    broken_off(receiver, ident=b'\1' * 32)
    for i in range(5):
        broken_off(receiver, source=f's{i}')
        log, = (receiver.home / f'QubesIncoming/.partial-s{i}').glob('*.log')
        os.utime(log, (1, time.time() - 50 + i))
    receiver.receive_nothing = receiver.talk(receiver.start(source='other'), b'')
    logs = sorted(p.parent.name for p in (receiver.home / 'QubesIncoming').glob('.partial-*/*.log'))
    assert logs == ['.partial-s2', '.partial-s3', '.partial-s4', '.partial-work']
    removed = re.findall(r'removed what was kept of a copy from (\S+) that', receiver.receipts.read_text())
    assert removed == ['work', 's0', 's1']
    for log in (receiver.home / 'QubesIncoming').glob('.partial-*/*.log'):
        os.utime(log, (1, time.time() - DAY - 1))
    receiver.talk(receiver.start(source='other'), b'')
    assert list((receiver.home / 'QubesIncoming').glob('.partial-*/*')) == []


CUT = '''import os, sys
left = int(sys.argv[1])
while left and (data := os.read(0, min(left, 65536))):
    left -= os.write(1, data)
if len(sys.argv) > 2:
    open(sys.argv[2] + '.held', 'w').close()
    open(sys.argv[2]).read()
    while data := os.read(0, 65536):
        os.write(1, data)
'''


@pytest.fixture(params=['unix', 'local'])
def pair(request, build, tmp_path):
    r = qrexec_rig.Rig(build, tmp_path, POLICY, local=request.param == 'local')
    work, vault = r.domain('work', 1), r.domain('vault', 2)
    work.home, vault.home = tmp_path / 'home1', tmp_path / 'home2'
    work.home.mkdir()
    vault.home.mkdir()
    vault.receiver = f'{build}/qrexec/bulkhead.FilecopyResume'
    vault.service('qubes.Filecopy', f'HOME={vault.home} exec {build}/qrexec/qubes.Filecopy "$@"')
    vault.resume = lambda before='exec', after='"$@"': vault.service(
        'bulkhead.FilecopyResume', f'export HOME={vault.home}; {before} {vault.receiver} {after}')
    (tmp_path / 'cut').write_text(CUT)
    vault.resume_cut = lambda size: vault.resume(f'python3 {tmp_path}/cut {size} |')
    work.env['PATH'] = f'{build}/qrexec:{work.env["PATH"]}'
    (work.home / 'tree').mkdir()
    for i in range(40):
        (work.home / f'tree/{i}').write_bytes(os.urandom(500_000 + i))
    (work.home / 'tree/z').write_bytes(os.urandom(4 << 20))
    yield work, vault
    r.stop()


def copy(work, *argv):
    code, _, err = send(work, 'bulkhead-copy', '-t', 'vault', *argv)
    return code, err


def test_a_large_copy_can_go_on(pair):
    work, vault = pair
    vault.resume_cut(9_000_000)
    code, err = copy(work, 'tree')
    assert code == 1 and 'The connection broke off' in err and 'kept there for a day' in err
    there = vault.home / 'QubesIncoming/work'
    assert not os.listdir(there)
    vault.resume()
    code, err = copy(work, 'tree')
    assert code == 0, err
    already = float(re.search(r'([0-9.]+) MB are there already', err)[1])
    assert 8 < already < 9.1
    assert same(work.home / 'tree', there / 'tree') == ''
    assert err.rsplit(' ', 1)[1].strip() in (vault.home / 'QubesIncoming/.receipts').read_text()
    assert '41 files' in err
    assert {a['service'] for a in work.rig.audit()} == {'bulkhead.FilecopyResume+'}


def test_what_changed_meanwhile_is_sent_anew(pair):
    work, vault = pair
    vault.resume_cut(9_000_000)
    assert copy(work, 'tree')[0] == 1
    (work.home / 'tree/11').write_bytes(b'changed' * 10)
    vault.resume()
    code, err = copy(work, 'tree')
    assert code == 0 and 'there already' not in err
    assert same(work.home / 'tree', vault.home / 'QubesIncoming/work/tree') == ''


def test_falls_back_to_the_plain_stream(pair):
    """The other domain knows no such service: the same files go as they always did."""
    work, vault = pair
    code, err = copy(work, 'tree')
    assert code == 0, err
    assert same(work.home / 'tree', vault.home / 'QubesIncoming/work/tree') == ''
    assert [a['service'] for a in work.rig.audit()] == ['bulkhead.FilecopyResume+', 'qubes.Filecopy+']


def test_no_room_is_told_before_the_first_byte(pair):
    work, vault = pair
    vault.resume()
    with open(work.home / 'huge', 'wb') as f:
        f.truncate(1 << 43)
    code, err = copy(work, 'huge')
    assert code == 1 and re.search(r'it needs 87960\d\d\.\d MB, and [0-9.]+ MB are free there', err), err
    assert os.listdir(vault.home / 'QubesIncoming/.partial-work') == []


class Held:
    """A copy whose receiver gets no more than its beginning for a while."""

    def __init__(self, pair):
        self.work, self.vault = pair
        self.fifo = self.vault.home.parent / 'fifo'
        os.mkfifo(self.fifo)
        self.vault.resume(f'python3 {self.vault.home.parent}/cut 9000000 {self.fifo} |')
        self.p = subprocess.Popen(['bulkhead-copy', '-t', 'vault', 'tree'], env=self.work.env, cwd=self.work.home, stdin=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE)
        wire.wait_for('the beginning', pathlib.Path(f'{self.fifo}.held').exists)

    def let_go(self):
        self.fifo.write_text('go')

    def kept(self):
        return sorted(p.suffix for p in (self.vault.home / 'QubesIncoming/.partial-work').iterdir())


@pytest.mark.parametrize('how', [signal.SIGINT, signal.SIGTERM])
def test_interrupted_by_the_person_it_cleans_up(pair, how):
    held = Held(pair)
    held.p.send_signal(how)
    held.let_go()
    err = held.p.communicate(timeout=wire.SECONDS * 2)[1]
    assert held.p.returncode == 1 and b'cancelled' in err
    assert held.kept() == [] and not os.listdir(held.vault.home / 'QubesIncoming/work')


def test_a_killed_sender_can_go_on(pair):
    work, vault = pair
    held = Held(pair)
    held.p.kill()
    held.p.communicate()
    held.let_go()
    wire.wait_for('the end of the call', lambda: not is_locked(vault))
    assert held.kept() == ['', '.log']
    vault.resume()
    code, err = copy(work, 'tree')
    assert code == 0 and 'MB are there already' in err, err
    assert same(work.home / 'tree', vault.home / 'QubesIncoming/work/tree') == ''


def is_locked(vault):
    """A receiver is at it."""
    folder, = (p for p in (vault.home / 'QubesIncoming/.partial-work').iterdir() if p.is_dir())
    fd = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(fd)


def test_rules_for_qubes_filecopy_decide(pair):
    """No way around them: a rule of its own allows nothing, and none can deny what the plain copy may."""
    work, vault = pair
    vault.resume()
    work.rig.policy('bulkhead.FilecopyResume * work vault allow\n')
    code, err = copy(work, 'tree')
    assert code == 126 and 'refused' in err
    work.rig.policy('qubes.Filecopy +on-clash-replace work vault deny\nqubes.Filecopy * work vault allow\n')
    assert copy(work, '--on-clash=replace', 'tree')[0] == 126
    assert copy(work, 'tree')[0] == 0
    work.rig.policy('qubes.Filecopy * work vault ask\n')
    work.rig.answers.write_text('1 vault')
    assert copy(work, 'tree')[0] == 0
    assert "'qubes.Filecopy'" in work.rig.questions.read_text() and 'FilecopyResume' not in work.rig.questions.read_text()
