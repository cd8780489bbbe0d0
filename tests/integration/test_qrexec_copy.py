# SPDX-License-Identifier: GPL-2.0-or-later
"""Files from domain to domain: the sender, the receiver, and what hostile streams come to."""
import os
import pathlib
import socket
import stat
import struct
import subprocess
import threading
import zlib

import pytest

import qrexec_rig
import qrexec_wire as wire

POLICY = 'qubes.Filecopy * work vault allow\nqubes.Filecopy * work @default allow target=vault\n'
EEXIST, EINVAL, ENAMETOOLONG, EILSEQ, ENOLINK, EARLY = 17, 22, 36, 84, 67, 31415926


def header(name, mode, size=0, atime=(1000, 0), mtime=(2000, 0)):
    return struct.pack('<IIQIIII', len(name) + 1, mode, size, *atime, *mtime) + name + b'\0'


def file(name, data=b'', mode=0o644, **more):
    return header(name, stat.S_IFREG | mode, len(data), **more) + data


def folder(name, mode=0o755, **more):
    return header(name, stat.S_IFDIR | mode, **more)


def link(name, target):
    return header(name, stat.S_IFLNK | 0o777, len(target)) + target


END = b'\0' * 32


class Receiver:
    """The receiver alone, with a home of its own and a canary beside it."""

    def __init__(self, build, tmp):
        self.program, self.home = build / 'qrexec/qubes.Filecopy', tmp / 'home'
        self.home.mkdir()
        self.canary = tmp / 'canary'
        self.canary.write_text('untouched')
        self.incoming = self.home / 'QubesIncoming/work'

    def start(self, *args, source='work', **more):
        env = dict(os.environ, HOME=str(self.home), QREXEC_REMOTE_DOMAIN=source)
        return subprocess.Popen([self.program, *args], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **more)

    def receive(self, stream, *args, **more):
        """(errno, crc, last name, exit code)"""
        out, err, code = self.talk(self.start(*args, **more), stream)
        assert len(out) >= 16, err
        error, pad, crc = struct.unpack_from('<IIQ', out)
        assert pad == 0
        last = b''
        if len(out) > 16:
            size = struct.unpack_from('<I', out, 16)[0]
            last = out[20:]
            assert len(last) == size
        return error, crc, last, code

    @staticmethod
    def talk(p, stream):
        out, err = p.communicate(stream, timeout=wire.SECONDS)
        return out, err, p.returncode

    def tree(self):
        return sorted(str(p.relative_to(self.home)) for p in self.home.rglob('*'))


@pytest.fixture
def receiver(build, tmp_path):
    r = Receiver(build, tmp_path)
    yield r
    assert r.canary.read_text() == 'untouched'
    assert sorted(p.name for p in tmp_path.iterdir()) == ['canary', 'home']


def test_golden(receiver):
    """The recorded sample: checksum, modes, times, names."""
    stream = (file(b'a.txt', b'hi\n', 0o640, atime=(1000, 5), mtime=(2000, 7)) + folder(b'd', 0o750, atime=(3000, 0), mtime=(4000, 0)) +
              header(b'd/l', stat.S_IFLNK | 0o777, 1, (5000, 0), (6000, 0)) + b'x' +
              folder(b'd', 0o750, atime=(3000, 0), mtime=(4000, 0)) + END)
    assert receiver.receive(stream) == (0, 0x5f705d90, b'd', 0)
    a, d = receiver.incoming / 'a.txt', receiver.incoming / 'd'
    assert a.read_bytes() == b'hi\n' and a.stat().st_mode & 0o7777 == 0o640 and a.stat().st_mtime_ns == 2000 * 10**9 + 7
    assert d.stat().st_mode & 0o7777 == 0o750 and d.stat().st_mtime == 4000
    assert os.readlink(d / 'l') == 'x' and (d / 'l').lstat().st_mtime == 6000
    assert receiver.incoming.stat().st_mode & 0o7777 == 0o700
    assert 'received from work files=2 bytes=3 sha256=' in (receiver.home / 'QubesIncoming/.receipts').read_text()


@pytest.mark.parametrize('stream,error', [
    (file(b'../canary', b'x'), EILSEQ), (file(b'/etc/x', b'x'), EILSEQ), (file(b'a/../../x', b'x'), EILSEQ), (file(b'', b''), EILSEQ),
    (file(b'a//b', b'x'), EILSEQ), (file(b'.', b'x'), EILSEQ), (file(b'a\nb', b'x'), EILSEQ), (file(b'a\xff', b'x'), EILSEQ),
    (link(b'l', b'/etc/passwd'), ENOLINK), (folder(b'd') + link(b'd/l', b'../../canary'), ENOLINK),
    (folder(b'd') + link(b'd/l', b'x') + file(b'd/l/y', b'x'), 20), (folder(b'd') + folder(b'd/e') + link(b'd/e/l', b'..') +
                                                                     file(b'd/e/l/e/y', b'x'), 40),
    (file(b'no/parent', b'x'), 2), (header(b'dev', stat.S_IFCHR | 0o666), EINVAL), (header(b'fifo', stat.S_IFIFO | 0o666), EINVAL),
    (file(b't', b'x', mtime=(0, 0x3fffffff)), EINVAL), (header(b'big', stat.S_IFREG | 0o644, 2**63 - 1), 28),
    (header(b'big', stat.S_IFREG | 0o644, 2**63), EINVAL), (b'\xff' * 64, ENAMETOOLONG), (file(b'a', b'1') + file(b'a/b', b'2'), 20)], ids=range(20))
def test_bug_class_F3_hostile_streams(receiver, stream, error):
    got = receiver.receive(stream + END)
    assert (got[0], got[3]) == (error, 1)
    assert [t for t in receiver.tree() if t.count('/') > 1] == []


def test_bug_class_F3_no_special_bits(receiver):
    receiver.receive(file(b'a', b'x', 0o7755) + folder(b'd', 0o7777) + folder(b'd', 0o7777) + END)
    assert (receiver.incoming / 'a').stat().st_mode & 0o7777 == 0o644
    assert (receiver.incoming / 'd').stat().st_mode & 0o7777 == 0o777


def test_bug_class_F9_nothing_to_be_run(receiver):
    receiver.receive(file(b'run.desktop', b'x', 0o777) + END)
    assert not (receiver.incoming / 'run.desktop').stat().st_mode & 0o111


def test_bug_class_F8_never_overwrites(receiver):
    assert receiver.receive(file(b'a.txt', b'1') + folder(b'd') + file(b'd/x', b'1') + folder(b'd') + END)[0] == 0
    assert receiver.receive(file(b'a.txt', b'2') + folder(b'd') + file(b'd/x', b'2') + folder(b'd') + END)[0] == 0
    i = receiver.incoming
    assert [(i / n).read_bytes() for n in ('a.txt', 'a (2).txt', 'd/x', 'd (2)/x')] == [b'1', b'2', b'1', b'2']
    assert receiver.receive(folder(b'e') + file(b'e/x', b'1') + file(b'e/x', b'2') + END)[0] == EEXIST
    assert not (i / 'e').exists()


@pytest.mark.long
def test_bug_class_F5_truncated_at_every_byte(receiver):
    """A stream that ends early is an error that is told, and nothing of it stays."""
    stream = file(b'a', b'hi') + folder(b'd') + file(b'd/b', b'x') + link(b'd/l', b'b') + folder(b'd') + END
    for n in range(len(stream)):
        error, _, _, code = receiver.receive(stream[:n])
        assert (error, code) == (EARLY, 1), n
        assert [t for t in receiver.tree() if t.count('/') > 1] == []
    assert receiver.receive(stream)[0] == 0


def test_bug_class_F6_all_names(receiver):
    stream = file('e\u0301\U0001f600'.encode(), b'x') + file(b'a\tb', b'x') + END
    assert receiver.receive(stream)[0] == EILSEQ
    assert receiver.receive(stream, 'allow-all-names')[0] == 0
    assert (receiver.incoming / 'a\tb').exists()


def test_bug_class_F1_folder_moved_while_it_fills(receiver):
    """Somebody swaps the folder that is being filled with a link out of it, again and again."""
    out = receiver.home.parent / 'home/out'
    p = receiver.start()
    stop = threading.Event()

    def swap():
        while not stop.is_set():
            try:
                stage, = (receiver.home / 'QubesIncoming/.partial-work').iterdir()
                d, aside = stage / 'd', stage / 'aside'
                d.rename(aside)
                d.symlink_to(out)
                d.unlink()
                aside.rename(d)
            except (OSError, ValueError):
                pass
    out.mkdir(parents=True)
    t = threading.Thread(target=swap)
    t.start()
    try:
        p.stdin.write(folder(b'd') + folder(b'd/e') + b''.join(file(b'd/%d' % i, b'x') + file(b'd/e/%d' % i, b'x') for i in range(3000)) +
                      folder(b'd/e') + folder(b'd') + END)
        p.stdin.close()
        p.stdin = None
    except BrokenPipeError:
        p.stdin = None
    p.communicate(timeout=wire.SECONDS * 2)
    stop.set()
    t.join()
    assert list(out.iterdir()) == []


def test_bug_class_F8_choice_of_the_call(receiver):
    """What a clash at the top comes to is said in the service's argument, where the policy and the person see it."""
    i = receiver.incoming
    first, second = (file(b'a', v) + folder(b'd') + file(b'd/x', v) + folder(b'd') for v in (b'1', b'2'))
    names = sorted(['a', 'd'])
    read = lambda: [(i / n).read_bytes() for n in ('a', 'd/x')]
    assert receiver.receive(first + END)[0] == 0
    assert receiver.receive(second + END, 'on-clash-skip')[0] == 0 and read() == [b'1', b'1']
    assert receiver.receive(file(b'new', b'n') + second + END, 'on-clash-refuse')[0] == EEXIST and read() == [b'1', b'1']
    assert sorted(os.listdir(i)) == names
    assert receiver.receive(second + END, 'on-clash-replace')[0] == 0 and read() == [b'2', b'2']
    assert receiver.receive(first + END[:5], 'on-clash-replace')[0] == EARLY and read() == [b'2', b'2']
    assert receiver.receive(first + END, 'allow-all-names+on-clash-replace')[0] == 0 and read() == [b'1', b'1']
    assert sorted(os.listdir(i)) == names and os.listdir(receiver.home / 'QubesIncoming/.partial-work') == []
    assert receiver.talk(receiver.start('on-clash-anything'), first + END)[2] == 1


def test_bug_class_F5_killed_receiver(receiver):
    """Nothing of a copy is where the person looks before all of it is there; what a killed receiver left goes with the next copy."""
    partial = receiver.home / 'QubesIncoming/.partial-work'
    p = receiver.start()
    p.stdin.write(folder(b'd') + file(b'd/x', b'x' * 1000) + header(b'd/y', stat.S_IFREG | 0o644, 1 << 30) + b'y' * 100000)
    p.stdin.flush()
    wire.wait_for('a half received file', lambda: any(f.name == 'y' and f.stat().st_size for f in partial.rglob('*')))
    assert receiver.receive(file(b'other', b'o') + END)[0] == 0
    assert len(list(partial.iterdir())) == 1, 'a living receiver keeps its folder'
    p.kill()
    p.communicate()
    assert sorted(os.listdir(receiver.incoming)) == ['other']
    assert receiver.receive(file(b'more', b'o') + END)[0] == 0
    assert list(partial.iterdir()) == []


ADMIN = '''#!/usr/bin/python3
import os, sys
assert sys.argv[1:] == ['@adminvm', 'bulkhead.CopyReport']
while len(record := os.read(0, 104)) == 104:
    with open({log!r}, 'ab') as f:
        f.write(record[4:5])
    if record[4] == 4:
        if not {word!r}:
            break
        os.write(1, {word!r})
'''


@pytest.mark.parametrize('word,error,there', [
    (b'P', 0, {'a': b'2', 'b': b'2'}), (b'S', 0, {'a': b'1', 'b': b'1'}), (b'R', 0, {'a': b'1', 'b': b'1', 'a (2)': b'2', 'b (2)': b'2'}),
    (b'C', 125, {'a': b'1', 'b': b'1'}), (b'', 0, {'a': b'1', 'b': b'1', 'a (2)': b'2', 'b (2)': b'2'}),
    (b'x', 0, {'a': b'1', 'b': b'1', 'a (2)': b'2', 'b (2)': b'2'})], ids=['replace', 'skip', 'rename', 'cancel', 'nobody', 'nonsense'])
def test_bug_class_F8_the_person_is_asked_once(receiver, tmp_path, monkeypatch, word, error, there):
    """What the admin domain answers holds for all names of the copy; a call that says what it wants asks nothing."""
    log, program = receiver.home / 'kinds', receiver.home / 'bin/qrexec-client-vm'
    program.parent.mkdir()
    program.write_text(ADMIN.format(log=str(log), word=word))
    program.chmod(0o755)
    monkeypatch.setenv('PATH', f'{program.parent}:{os.environ["PATH"]}')
    assert receiver.receive(file(b'a', b'1') + file(b'b', b'1') + END)[0] == 0
    assert receiver.receive(file(b'a', b'2') + file(b'b', b'2') + END)[0] == error
    assert {p.name: p.read_bytes() for p in receiver.incoming.iterdir()} == there
    wire.wait_for('the last reports', lambda: len(log.read_bytes().translate(None, b'\1')) == (3 if word else 2))
    assert log.read_bytes().count(b'\4') == 1
    assert receiver.receive(file(b'a', b'3') + END, 'on-clash-rename')[0] == 0
    assert log.read_bytes().count(b'\4') == 1


def test_sender_names(receiver):
    for source in ['', '..', 'a/b', '-x', 'Domain-0']:
        p = receiver.start(source=source)
        assert receiver.talk(p, END)[2] == 1
    assert receiver.tree() == []


def test_bug_class_F7_disk_full(receiver):
    """A folder on a full file system: ENOSPC is told and what was begun is gone."""
    if os.geteuid() != 0:
        pytest.skip('mounting a small file system needs root')
    receiver.home.joinpath('QubesIncoming').mkdir()
    where = receiver.home / 'QubesIncoming'
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'small', where], check=True)
    try:
        assert receiver.receive(folder(b'd') + file(b'd/x', b'x' * (1 << 21)) + END)[0] == 28
        many = b''.join(file(b'd/%d' % i, b'x' * 100000) for i in range(20))
        assert receiver.receive(folder(b'd') + many + END)[0] == 28
        assert os.listdir(where / 'work') == []
    finally:
        subprocess.run(['umount', '-l', where], check=True)


@pytest.fixture(params=['unix', 'local'])
def pair(request, build, tmp_path):
    r = qrexec_rig.Rig(build, tmp_path, POLICY, local=request.param == 'local')
    work, vault = r.domain('work', 1), r.domain('vault', 2)
    home = tmp_path / 'home2'
    home.mkdir()
    vault.service('qubes.Filecopy', f'HOME={home} exec {build}/qrexec/qubes.Filecopy "$@"')
    names = tmp_path / 'bin'
    names.mkdir()
    for n in ('qvm-copy', 'qvm-move', 'qvm-copy-to-vm', 'bulkhead-copy'):
        (names / n).symlink_to(build / 'qrexec/bulkhead-copy')
    work.env['PATH'] = f'{names}:{work.env["PATH"]}'
    work.home, vault.home = tmp_path / 'home1', home
    work.home.mkdir()
    yield work, vault
    r.stop()


def send(work, *argv):
    p = subprocess.run(argv, env=work.env, cwd=work.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=wire.SECONDS * 3)
    return p.returncode, p.stdout, p.stderr.decode()


def same(a, b):
    out = subprocess.run(['diff', '-r', '--no-dereference', a, b], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return out.stdout.decode()


def test_copy_of_a_tree(pair):
    work, vault = pair
    tree = work.home / 'tree'
    (tree / 'a/b').mkdir(parents=True)
    (tree / 'empty').mkdir()
    (tree / 'a/b/big').write_bytes(os.urandom(3 << 20))
    (tree / 'a/zero').write_bytes(b'')
    (tree / 'gr\u00fc\u00df').write_text('x')
    (tree / 'a/l').symlink_to('b/big')
    for i in range(300):
        (tree / f'a/{i}').write_bytes(os.urandom(i * 7))
    code, _, err = send(work, 'qvm-copy-to-vm', 'vault', 'tree')
    assert code == 0 and '304 files' in err and 'SHA-256' in err
    incoming = vault.home / 'QubesIncoming/work'
    assert same(tree, incoming / 'tree') == ''
    digest = err.rsplit(' ', 1)[1].strip()
    assert digest in (vault.home / 'QubesIncoming/.receipts').read_text()
    assert send(work, 'qvm-copy', 'tree/a/zero', 'tree/empty/')[0] == 0
    assert (incoming / 'zero').exists() and (incoming / 'empty').is_dir()


def test_move(pair):
    work, vault = pair
    (work.home / 'd').mkdir()
    (work.home / 'd/x').write_text('x')
    (work.home / 'y').write_text('y')
    assert send(work, 'qvm-move', '-t', 'vault', 'd', 'y')[0] == 0
    assert os.listdir(work.home) == []
    assert (vault.home / 'QubesIncoming/work/d/x').read_text() == 'x'
    (work.home / 'z').write_text('z')


def test_clash_options(pair):
    work, vault = pair
    there = vault.home / 'QubesIncoming/work'
    a = work.home / 'a'
    for n, options in enumerate([(), (), ('--on-clash=rename',), ('--on-clash=skip',), ('--on-clash=replace',)]):
        a.write_text(str(n))
        assert send(work, 'bulkhead-copy', *options, '-t', 'vault', 'a')[0] == 0
    assert {p.name: p.read_text() for p in there.iterdir()} == {'a': '4', 'a (2)': '1', 'a (3)': '2'}
    code, _, err = send(work, 'qvm-copy-to-vm', '--on-clash=ask', 'vault', 'a')
    assert code == 17 and 'there already' in err and '[r]ename' in err
    assert [r['service'] for r in work.rig.audit()][2:] == ['qubes.Filecopy' + s for s in (
        '+on-clash-rename', '+on-clash-skip', '+on-clash-replace', '+on-clash-refuse')]
    assert send(work, 'bulkhead-copy', '--on-clash=eat', 'a')[0] == 2


def test_clash_asked_on_the_terminal(pair):
    work, vault = pair
    (work.home / 'a').write_text('1')
    assert send(work, 'bulkhead-copy', '-t', 'vault', 'a')[0] == 0
    (work.home / 'a').write_text('2')
    master, slave = os.openpty()
    os.write(master, b'p\n')
    p = subprocess.run(['bulkhead-copy', '--on-clash=ask', '-t', 'vault', 'a'], env=work.env, cwd=work.home, stdin=slave,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=wire.SECONDS * 3)
    os.close(slave)
    os.close(master)
    assert p.returncode == 0, p.stderr
    assert (vault.home / 'QubesIncoming/work/a').read_text() == '2'


def test_move_keeps_what_was_refused(pair):
    work, _ = pair
    (work.home / 'z').write_text('z')
    code, _, err = send(work, 'qvm-move', '-t', 'dom0', 'z')
    assert code == 126 and 'refused' in err and (work.home / 'z').exists()


def test_names_that_need_the_other_service(pair):
    """Strange names go by a call of its own, which the policy can treat apart."""
    work, vault = pair
    (work.home / 'a\tb').write_text('x')
    code, _, err = send(work, 'bulkhead-copy', '-t', 'vault', 'a\tb')
    assert code == 0, err
    assert (vault.home / 'QubesIncoming/work/a\tb').exists()
    assert [a['service'] for a in work.rig.audit()] == ['qubes.Filecopy+allow-all-names']


def test_what_cannot_be_sent(pair):
    work, _ = pair
    os.mkfifo(work.home / 'fifo')
    (work.home / 'out').symlink_to('/etc/passwd')
    for name in ('fifo', 'out', 'absent'):
        code, _, err = send(work, 'qvm-copy', name)
        assert code == 1 and name in err
    assert work.rig.audit() == []


def test_receiver_dies(pair):
    work, vault = pair
    (work.home / 'big').write_bytes(b'x' * (8 << 20))
    vault.service('qubes.Filecopy', 'head -c 100000 >/dev/null; kill -9 $$')
    code, _, err = send(work, 'qvm-copy', 'big')
    assert code != 0 and 'not copied' in err


def test_bug_class_E4_names_in_errors_are_escaped(pair):
    work, vault = pair
    (work.home / 'a').write_bytes(b'x')
    reply = struct.pack('<IIQI', EILSEQ, 0, 0, 9) + b'\x1b]0;evil\x07'
    vault.service('qubes.Filecopy', 'cat >/dev/null; printf "' + ''.join(f'\\{b:03o}' for b in reply) + '"')
    code, _, err = send(work, 'qvm-copy', 'a')
    assert code == 1 and '\x1b' not in err and '\x07' not in err and 'evil' in err


def test_checksum_of_the_other_side(pair):
    work, vault = pair
    (work.home / 'a').write_bytes(b'x')
    vault.service('qubes.Filecopy', 'cat >/dev/null; printf "' + '\\000' * 16 + '"')
    code, _, err = send(work, 'qvm-copy', 'a')
    assert code == 1 and 'other bytes' in err
