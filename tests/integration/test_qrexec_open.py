# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and links opened in another domain, and what comes back."""
import os
import pathlib
import stat
import subprocess

import pytest

import qrexec_rig
import qrexec_wire as wire

POLICY = 'qubes.OpenInVM * work vault allow\nqubes.OpenURL * work vault allow\n'
EDITOR = '#!/bin/sh\nprintf "%s\\n" "$@" >>{log}\n{edit}\n'


class Pair:
    def __init__(self, build, folder):
        self.rig = qrexec_rig.Rig(build, folder, POLICY)
        self.work, self.vault = self.rig.domain('work', 1), self.rig.domain('vault', 2)
        self.home, self.data, self.log = folder / 'home1', folder / 'data', folder / 'opened'
        self.home.mkdir()
        (self.data / 'applications').mkdir(parents=True)
        self.bin = folder / 'bin'
        self.bin.mkdir()
        for name in ('bulkhead-open', 'qvm-open-in-vm', 'qvm-open-in-dvm'):
            (self.bin / name).symlink_to(build / 'qrexec/bulkhead-open')
        (self.bin / 'qrexec-client-vm').symlink_to(build / 'qrexec/qrexec-client-vm')
        self.env = dict(self.work.env, PATH=f'{self.bin}:{os.environ["PATH"]}')
        for name in ('qubes.OpenInVM', 'qubes.OpenURL'):
            self.vault.service(name, f'XDG_CONFIG_HOME=/nonexistent XDG_DATA_HOME={self.data} exec {build}/qrexec/{name}')
        self.program('exit 0')

    def program(self, edit):
        """What the vault opens texts and links with."""
        p = self.bin / 'editor'
        p.write_text(EDITOR.format(log=self.log, edit=edit))
        p.chmod(0o755)
        apps = self.data / 'applications'
        (apps / 'editor.desktop').write_text(f'[Desktop Entry]\nType=Application\nName=Editor\nExec={p} %u\n')
        types = ''.join(f'{t}=editor.desktop\n' for t in ('text/plain', 'x-scheme-handler/https', 'application/x-desktop',
                                                        'application/x-executable', 'application/x-shellscript'))
        (apps / 'mimeapps.list').write_text(f'[Default Applications]\n{types}[Added Associations]\n{types}')

    def run(self, *argv):
        p = subprocess.run(argv, env=self.env, cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=wire.SECONDS * 3)
        return p.returncode, p.stderr.decode()

    def opened(self):
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def pair(build, tmp_path):
    p = Pair(build, tmp_path)
    yield p
    p.rig.stop()
    for uri in p.opened():
        if uri.startswith('file://'):
            assert not pathlib.Path(uri[7:]).parent.exists(), 'nothing stays where it was opened'


def test_unchanged(pair):
    f = pair.home / 'a b.txt'
    f.write_text('hello')
    before = f.stat()
    assert pair.run('qvm-open-in-vm', 'vault', 'a b.txt')[0] == 0
    assert pair.opened()[0].endswith('/a_b.txt') and '/tmp/work-' in pair.opened()[0]
    assert (f.stat().st_ino, f.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert os.listdir(pair.home) == ['a b.txt']


@pytest.mark.parametrize('edit', ['f=${1#file://}; printf more >>$f', 'f=${1#file://}; printf hellomore >$f.new; mv $f.new $f'], ids=['write', 'replace'])
def test_changed_file_comes_back(pair, edit):
    """Also an edit within the same second, also by an editor that makes a new file; the old one's mode stays."""
    f = pair.home / 'a.txt'
    f.write_text('hello')
    f.chmod(0o640)
    pair.program(edit)
    code, err = pair.run('bulkhead-open', '-t', 'vault', 'a.txt')
    assert code == 0, err
    assert f.read_text() == 'hellomore' and stat.S_IMODE(f.stat().st_mode) == 0o640
    assert os.listdir(pair.home) == ['a.txt']


def test_view_only(pair):
    f = pair.home / 'a.txt'
    f.write_text('hello')
    pair.program('f=${1#file://}; stat -c %a $f >>' + str(pair.home / 'mode') + '; chmod 600 $f; printf more >>$f')
    assert pair.run('qvm-open-in-vm', '--view-only', 'vault', 'a.txt')[0] == 0
    assert f.read_text() == 'hello' and (pair.home / 'mode').read_text() == '400\n'


def test_refused(pair):
    (pair.home / 'a.txt').write_text('hello')
    code, err = pair.run('qvm-open-in-dvm', 'a.txt')
    assert code == 126 and 'refused' in err and os.listdir(pair.home) == ['a.txt'] and pair.opened() == []


@pytest.mark.parametrize('name,data', [('x.desktop', b'[Desktop Entry]\nType=Application\nExec=touch /tmp/x\n'),
                                       ('innocent.txt.desktop', b'text'), ('program', b'\x7fELF' + b'\x02\x01\x01' + b'\0' * 9 + b'\x02\0\x3e\0' + b'\0' * 200),
                                       ('x.AppImage', b'x')], ids=['desktop', 'ending', 'program', 'appimage'])
def test_bug_class_F9_nothing_that_starts_programs(pair, name, data):
    (pair.home / name).write_bytes(data)
    (pair.home / name).chmod(0o755)
    code, err = pair.run('qvm-open-in-vm', 'vault', name)
    assert code == 1 and 'starts programs' in err and pair.opened() == []


def test_bug_class_F9_a_script_is_a_text(pair):
    f = pair.home / 'script.txt'
    f.write_text('#!/bin/sh\ntouch ' + str(pair.home / 'ran') + '\n')
    f.chmod(0o755)
    assert pair.run('qvm-open-in-vm', 'vault', 'script.txt')[0] == 0
    assert len(pair.opened()) == 1 and not (pair.home / 'ran').exists()


def test_links(pair):
    assert pair.run('qvm-open-in-vm', 'vault', 'https://example.org/?a=b&c')[0] == 0
    assert pair.opened() == ['https://example.org/?a=b&c']
    for bad in ('file:///etc/passwd', 'javascript://x', 'https://a b'):
        assert pair.run('qvm-open-in-vm', 'vault', bad)[0] == 1
    assert len(pair.opened()) == 1


def test_bug_class_F9_hostile_caller(pair):
    """Straight to the service: names with folders, links of other kinds, ends in the middle."""
    client = ['qrexec-client-vm', 'vault']
    for service, data in (('qubes.OpenInVM', b'../../x'.ljust(256, b'\0') + b'x'), ('qubes.OpenInVM', b'a.txt'),
                          ('qubes.OpenInVM', b'x' * 256), ('qubes.OpenURL', b'file:///etc/passwd\n'),
                          ('qubes.OpenURL', b'https://a\n--option\n'), ('qubes.OpenURL', b'https://' + b'x' * 100000)):
        p = subprocess.run([*client, service], env=pair.env, input=data, capture_output=True, timeout=wire.SECONDS)
        assert p.returncode == 1 and p.stdout == b'', (service, data[:20])
    assert pair.opened() == []


def test_bug_class_F9_half_an_answer_changes_nothing(pair):
    f = pair.home / 'a.txt'
    f.write_text('hello')
    pair.vault.service('qubes.OpenInVM', 'cat >/dev/null; echo half; exit 3')
    assert pair.run('qvm-open-in-vm', 'vault', 'a.txt')[0] == 3
    assert f.read_text() == 'hello' and os.listdir(pair.home) == ['a.txt']
