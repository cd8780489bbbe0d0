# SPDX-License-Identifier: GPL-2.0-or-later
"""`bulkhead template`, with a mmdebstrap that packs a small tree: what is made, what is kept when it fails or dies, what runs on."""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess

import pytest
from domains_rig import PATIENCE, Domains
from test_domains_life import until
from test_templates import fill

pytestmark = [pytest.mark.skipif(os.geteuid() == 0, reason='domains never run as root: run these tests as an ordinary user'),
              pytest.mark.skipif(not shutil.which('strace'), reason='strace is not installed')]
FAKE = '''#!/bin/sh
echo "$@" > "$FAKE_ARGUMENTS"
if [ -n "$FAKE_WAIT" ]; then cat "$FAKE_WAIT"; fi
if [ -n "$FAKE_FAIL" ]; then printf 'half an archive'; echo 'E: Unable to locate package nonesuch' >&2; exit 1; fi
exec /usr/bin/tar --create --directory "$FAKE_TREE" --mtime @0 --sort name .
'''
RECIPE = '[recipe]\ndescription=Of a test\n[packages]\na=xterm dash\n'
# Whatever of the program's own changes something outside it.
CALLS = ('mkdirat', 'mkdir', 'renameat2', 'syncfs', 'unlink', 'fsync')


def shape(top):
    """What every archive has beside its programs."""
    (top / 'etc/bulkhead-packages').write_text('xterm 380 amd64\n')
    for folder in ('boot', 'dev', 'var'):
        (top / folder).mkdir()
    for name in ('vmlinuz', 'initrd.gz'):
        (top / 'boot' / name).write_text(name)


@pytest.fixture
def rig(build, programs, tmp_path):
    tools = tmp_path / 'tools'
    tools.mkdir()
    (tools / 'mmdebstrap').write_text(FAKE)
    (tools / 'mmdebstrap').chmod(0o755)
    own = tmp_path / 'tree'
    (own / 'usr/bin').mkdir(parents=True)
    (own / 'usr/bin/program').write_text('program')
    (own / 'bin').symlink_to('usr/bin')
    (own / 'etc').mkdir()
    shape(own)
    scratch = tmp_path / 'scratch'
    scratch.mkdir()
    d = Domains(build, programs, DISPLAY=None, PATH=f'{tools}:{os.environ["PATH"]}:/usr/sbin', TMPDIR=str(scratch), FAKE_TREE=str(own),
                FAKE_ARGUMENTS=str(tmp_path / 'arguments'), FAKE_WAIT='', FAKE_FAIL='')
    d.tree, d.scratch, d.tools, d.arguments = own, scratch, tools, tmp_path / 'arguments'
    d.place = d.home / '.local/share/bulkhead/templates'
    d.recipes = d.home / '.config/bulkhead/templates'
    d.recipes.mkdir(mode=0o700, parents=True)
    (d.recipes / 'small.recipe').write_text(RECIPE)
    yield d
    d.end()


def version(rig, text):
    (rig.tree / 'etc/tree').write_text(text)


def whole(rig, text):
    """The template is that version, all of it."""
    place = rig.place / 'small'
    files = {str(p.relative_to(place / 'root')) for p in (place / 'root').rglob('*')}
    wanted = {str(p.relative_to(rig.tree)) for p in rig.tree.rglob('*')}
    return (place / 'root/etc/tree').read_text() == text and files == {f for f in wanted if f.split('/')[0] not in ('boot', 'dev', 'var')} \
        and (place / 'packages').read_text() == 'xterm 380 amd64\n' and 'hash=' in (place / 'template.conf').read_text()


def listed(rig):
    return {t['name']: t for t in json.loads(rig.cli('template', 'list', '--json').stdout)}


def test_builds_a_tree(rig):
    version(rig, 'first')
    assert listed(rig) == {}
    assert rig.cli('template', 'build', 'small').stdout == f'{rig.place}/small\n'
    assert whole(rig, 'first')
    said = rig.arguments.read_text()
    assert '--mode=unshare' in said and '--include=xterm,dash' in said and ' bookworm - ' in said
    t = listed(rig)['small']
    assert (t['for'], t['description'], t['recipe']) == ('local', 'Of a test', str(rig.recipes / 'small.recipe'))
    assert 'Of a test' in rig.cli('template', 'list').stdout
    assert sorted(p.name for p in rig.place.iterdir()) == ['.small.lock', 'small'] and not list(rig.scratch.iterdir())
    assert 'small' in rig.cli('template', 'recipes').stdout
    rig.cli('template', 'update', 'small')
    assert listed(rig)['small']['hash'] == t['hash'], 'the same packages, another hash'
    version(rig, 'second')
    rig.cli('template', 'update', 'small')
    assert whole(rig, 'second') and listed(rig)['small']['hash'] != t['hash']


@pytest.mark.skipif(not shutil.which('sqfstar'), reason='squashfs-tools is not installed')
def test_builds_a_guests_disk(rig, tmp_path):
    assert 'bulkhead-agent' in rig.cli('template', 'build', 'small', '--for', 'xen', status=1).stderr
    assert 'no file of a Debian package' in rig.cli('template', 'build', 'small', '--for', 'xen', '--package', '/nowhere/bulkhead-agent_1.deb',
                                                   status=1).stderr
    package = tmp_path / 'bulkhead-agent_1.deb'
    package.write_text('one')
    rig.cli('template', 'build', 'small', '--for', 'xen', '--package', package)
    place = rig.place / 'small'
    assert sorted(p.name for p in place.iterdir()) == ['initrd.gz', 'packages', 'root.img', 'template.conf', 'vmlinuz']
    assert (place / 'vmlinuz').read_text() == 'vmlinuz' and (place / 'root.img').read_bytes()[:4] == b'hsqs'
    assert '/bulkhead-agent_1.deb' in rig.arguments.read_text()
    first = hashlib.sha256((place / 'root.img').read_bytes()).hexdigest()
    rig.cli('template', 'update', 'small')
    assert hashlib.sha256((place / 'root.img').read_bytes()).hexdigest() == first, 'the same files, another image'
    package.unlink()
    assert 'name another by --package' in rig.cli('template', 'update', 'small', status=1).stderr


def test_what_fails_leaves_the_old_one_and_says_why(rig):
    version(rig, 'first')
    rig.cli('template', 'build', 'small')
    version(rig, 'second')
    rig.env['FAKE_FAIL'] = 'yes'
    said = rig.cli('template', 'update', 'small', status=1).stderr
    assert 'Unable to locate package nonesuch' in said and 'stays as it was' in said and '.local/state/bulkhead/templates/small.log' in said
    version(rig, 'first')
    assert whole(rig, 'first') and not list(rig.place.glob('.small.new*')) and not list(rig.scratch.iterdir())
    rig.env['FAKE_FAIL'] = ''
    (rig.recipes / 'small.recipe').write_text(RECIPE + 'b=-o\n')
    assert f'{rig.recipes}/small.recipe:5: b=-o: wanted is names of Debian packages' in rig.cli('template', 'build', 'small', status=1).stderr
    assert 'there is no recipe none-such' in rig.cli('template', 'build', 'none-such', status=1).stderr
    assert 'cannot be a template' in rig.cli('template', 'build', '../x', status=2).stderr
    assert 'cannot be a template' in rig.cli('template', 'build', 'host', status=2).stderr
    (rig.tools / 'mmdebstrap').unlink()
    if not shutil.which('mmdebstrap', path='/usr/bin:/bin'):
        assert 'apt-get install mmdebstrap' in rig.cli('template', 'build', 'small', status=1).stderr


def test_killed_at_every_step_leaves_a_whole_template(rig):
    """The old one or the new one, never a part; and the next build needs nobody's help."""
    version(rig, 'first')
    rig.cli('template', 'build', 'small')
    kept = set()
    for call in CALLS:
        for step in range(1, 100):
            text = f'{call} {step}'
            version(rig, text)
            p = subprocess.run(['strace', '-o', '/dev/null', '-e', f'trace={call}', '-e', f'inject={call}:signal=KILL:when={step}',
                                rig.build / 'domains' / 'bulkhead', 'template', 'update', 'small'],
                               env=rig.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
            now = (rig.place / 'small/root/etc/tree').read_text()
            version(rig, now)
            assert whole(rig, now), (call, step, p.stderr)
            if p.returncode == 0:
                assert now == text
                break
            assert p.returncode == -signal.SIGKILL, p.stderr
            kept.add('new' if now == text else 'old')
        assert step > 1, f'{call} is never called'
    assert kept == {'old', 'new'}
    assert sorted(p.name for p in rig.place.iterdir()) == ['.small.lock', 'small'], 'something of a former build is left'


@pytest.mark.long
def test_a_domain_that_runs_keeps_what_it_started_with(rig):
    rig.start()
    shutil.rmtree(rig.tree)
    shape(fill(rig.tree, rig.build))
    version(rig, 'first')
    rig.cli('template', 'build', 'small')
    rig.cli('domain', 'create', 'work', '--template', 'small')
    rig.cli('domain', 'start', 'work')
    for text in ('second', 'third'):
        version(rig, text)
        rig.cli('template', 'update', 'small')
        assert rig.inside('work', 'cat', '/etc/tree') == 'first'
    assert len(list(rig.place.glob('.small.old-*'))) == 1, 'what runs from nothing is not kept'
    refused = rig.cli('template', 'remove', 'small', status=4).stderr
    assert 'work' in refused and 'template=' in refused and whole(rig, 'third')
    rig.cli('domain', 'stop', 'work')
    rig.cli('template', 'update', 'small')
    assert not list(rig.place.glob('.small.old-*'))
    rig.cli('domain', 'start', 'work')
    assert rig.inside('work', 'cat', '/etc/tree') == 'third'
    rig.cli('domain', 'stop', 'work')
    rig.cli('domain', 'set', 'work', 'template=host')
    rig.cli('template', 'remove', 'small')
    assert listed(rig) == {} and [p.name for p in rig.place.iterdir()] == ['.small.lock']
    assert 'no template small' in rig.cli('template', 'remove', 'small', status=1).stderr


def test_two_at_a_time_are_refused(rig, tmp_path):
    gate = tmp_path / 'gate'
    os.mkfifo(gate)
    version(rig, 'first')
    command = [rig.build / 'domains' / 'bulkhead', 'template', 'build', 'small']
    first = subprocess.Popen(command, env={**rig.env, 'FAKE_WAIT': str(gate)}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    with open(gate, 'w'):  # opens when mmdebstrap reads
        assert 'at this moment' in rig.cli('template', 'build', 'small', status=1).stderr
    assert first.wait(PATIENCE) == 0
    assert whole(rig, 'first')


def test_tools_end_with_the_command(rig, tmp_path):
    gate = tmp_path / 'gate'
    os.mkfifo(gate)
    first = subprocess.Popen([rig.build / 'domains' / 'bulkhead', 'template', 'build', 'small'], env={**rig.env, 'FAKE_WAIT': str(gate)},
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(gate, 'w'):
        first.kill()
        first.wait(PATIENCE)
        tool = str(rig.tools / 'mmdebstrap').encode()
        until(lambda: not any(tool in line_of(p) for p in pathlib.Path('/proc').iterdir() if p.name.isdigit()))


def line_of(process):
    try:
        return (process / 'cmdline').read_bytes()
    except OSError:
        return b''
