# SPDX-License-Identifier: GPL-2.0-or-later
"""Domains whose programs come from a tree of their own instead of the host: found, read only, changed for all, never a way to the host."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from domains_rig import PATIENCE, Domains
from test_disposables import prepared, resting
from test_domains_life import until

pytestmark = pytest.mark.skipif(os.geteuid() == 0, reason='domains never run as root: run these tests as an ordinary user')
PROGRAMS = ['Xvfb', 'xkbcomp', 'dash', 'cat', 'ls', 'touch', 'sleep', 'true', 'env', 'readlink', 'xterm', 'setxkbmap']


def take(root, path):
    """A file of the host into the tree, at the same place, below /usr."""
    real = pathlib.Path(os.path.realpath(path))
    to = root / ('usr' / real.relative_to('/') if real.parts[1] != 'usr' else real.relative_to('/'))
    if not to.exists():
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(real, to)
    return to


def fill(root, build):
    """The smallest tree in which a domain starts: a few programs and what they link to."""
    for top in ('bin', 'sbin', 'lib', 'lib64'):
        (root / 'usr' / top).mkdir(parents=True, exist_ok=True)
        (root / top).symlink_to(f'usr/{top}')
    (root / 'etc').mkdir()
    (root / 'etc' / 'tree').write_text('first\n')
    wanted = [shutil.which(p) for p in PROGRAMS] + [str(p) for p in build.rglob('bulkhead-*') if p.is_file() and os.access(p, os.X_OK)]
    for program in wanted:
        listed = subprocess.run(['ldd', program], capture_output=True, text=True).stdout
        for library in re.findall(r'(?:=> |^\s+)(/\S+)', listed, re.M):
            take(root, library)
            name = root / 'usr' / pathlib.Path(library).relative_to('/usr' if library.startswith('/usr') else '/')
            name.parent.mkdir(parents=True, exist_ok=True)
            if not name.exists():
                shutil.copy(library, name)
        if str(build) not in program:
            take(root, program)
    (root / 'usr/bin/sh').symlink_to('dash')
    shutil.copytree('/usr/share/X11/xkb', root / 'usr/share/X11/xkb', symlinks=True)
    return root


@pytest.fixture(scope='module')
def tree(build, tmp_path_factory):
    return fill(tmp_path_factory.mktemp('tree') / 'root', build)


@pytest.fixture
def rig(build, programs, tree):
    d = Domains(build, programs, DISPLAY=None)
    d.start()
    place = d.home / '.local/share/bulkhead/templates/small'
    place.mkdir(mode=0o700, parents=True)
    shutil.copytree(tree, place / 'root', symlinks=True)
    d.place = place
    yield d
    d.end()


def test_without_a_host_user_of_its_own(rig):
    """As on a computer without subordinate ids: found by its path."""
    rig.cli('manager', 'quit')
    rig.manager.wait(PATIENCE)
    rig.under = ['bwrap', '--dev-bind', '/', '/', '--ro-bind', '/dev/null', '/etc/subuid']
    rig.start()
    rig.cli('domain', 'create', 'work', '--template', 'small')
    rig.cli('domain', 'start', 'work')
    assert rig.show('work')['host_user'].startswith('this user')
    assert rig.inside('work', 'cat', '/etc/tree') == 'first\n'


@pytest.fixture
def work(rig):
    rig.cli('domain', 'create', 'work', '--template', 'small')
    rig.cli('domain', 'start', 'work')
    return rig


def test_its_programs_are_the_templates(work):
    assert work.inside('work', 'cat', '/etc/tree') == 'first\n'
    assert set(work.inside('work', 'ls', '/usr/bin').split()) == {*PROGRAMS, 'sh'}  # and no service complains
    assert work.inside('work', 'cat', '/etc/hostname') == 'work\n'
    assert 'user:x:1000' in work.inside('work', 'cat', '/etc/passwd')
    for folder in ('/usr/bin', '/etc', '/usr/lib', '/bin', '/'):
        assert 'Read-only' in work.inside('work', 'touch', f'{folder}/x', check=False)
    assert not (work.place / 'root/usr/bin/x').exists()


def test_a_change_comes_with_the_next_start(work):
    old, new = work.place / 'old', work.place / 'new'
    shutil.copytree(work.place / 'root', new, symlinks=True)
    (new / 'etc/tree').write_text('second\n')
    (work.place / 'root').rename(old)
    new.rename(work.place / 'root')
    assert work.inside('work', 'cat', '/etc/tree') == 'first\n'
    work.inside('work', 'touch', '/home/user/mine')
    work.cli('domain', 'stop', 'work')
    shutil.rmtree(old)
    work.cli('domain', 'start', 'work')
    assert work.inside('work', 'cat', '/etc/tree') == 'second\n'
    assert work.inside('work', 'ls', '/home/user').split() == ['mine'], 'the home is no part of the template'


@pytest.mark.long
def test_bug_class_N3_a_new_template_leaves_no_prepared_domain_of_the_old(rig):
    """QSB-050: what was made anew must not go on with what was there before."""
    rig.cli('domain', 'create', 'model', '--template', 'small', '--template-for-dispvms', 'yes', '--disposable-pool', '1')
    old = resting(rig)
    shutil.copytree(rig.place / 'root', rig.place / 'new', symlinks=True)
    (rig.place / 'new/etc/tree').write_text('second\n')
    (rig.place / 'root').rename(rig.place / 'old')
    (rig.place / 'new').rename(rig.place / 'root')
    p = subprocess.run([rig.build / 'domains' / 'bulkhead', 'run', '--disposable', 'model', '--', 'sh', '-c', 'read x < /etc/tree; test "$x" = second'],
                       env=rig.env, timeout=PATIENCE)
    assert p.returncode == 0, 'the prepared one of the old template was given out'
    until(lambda: prepared(rig) and not set(old) & {n for n, _ in prepared(rig)})


def test_bug_class_H7_links_in_a_template_lead_nowhere_on_the_host(rig):
    secret = rig.home / 'secret'
    secret.write_text('the secret')
    (rig.place / 'root/etc/link').symlink_to(secret)
    (rig.place / 'root/etc/folder').symlink_to(rig.home)
    (rig.place / 'root/opt').symlink_to('/')
    rig.cli('domain', 'create', 'work', '--template', 'small')
    rig.cli('domain', 'start', 'work')
    assert rig.inside('work', 'readlink', '/etc/link').strip() == str(secret)
    for path in ('/etc/link', '/etc/folder/secret', f'/opt{secret}'):
        assert 'No such file' in rig.inside('work', 'cat', path, check=False)


@pytest.mark.parametrize('place', ['templates/small', 'templates/small/root', 'templates/small/root/usr', 'templates/small/root/etc'])
def test_a_link_instead_of_a_tree_is_refused(rig, place):
    path = rig.home / '.local/share/bulkhead' / place
    path.rename(path.parent / 'elsewhere')
    path.symlink_to('elsewhere')
    rig.cli('domain', 'create', 'work', '--template', 'small')
    assert re.search('template.*(symbolic link|Not a directory)', rig.cli('domain', 'start', 'work', status=1).stderr)


def test_a_template_that_is_not_there_is_named(rig):
    rig.cli('domain', 'create', 'work', '--template', 'none-such')
    said = rig.cli('domain', 'start', 'work', status=1).stderr
    assert 'there is no template none-such' in said and 'template=host' in said
    (rig.place / 'root/usr/bin/Xvfb').unlink()
    rig.cli('domain', 'set', 'work', 'template=small')
    assert 'no X server' in rig.cli('domain', 'start', 'work', status=1).stderr
