# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of a domain's files: they are there again after a restart, gone with the domain, kept if that was asked for."""
import os
import pathlib
import sys

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / 'bench')]
from session import Session

MARK = 'a file of the first life'


@pytest.fixture
def session(build):
    if os.geteuid() == 0:
        pytest.skip('domains belong to an ordinary user')
    with Session(build, screen='800x600') as s:
        yield s


def shell(session, command):
    return session.cli('run', '--wait', 'work', '--', '/bin/sh', '-c', command, check=False).returncode


def write(session):
    session.cli('domain', 'create', 'work')
    assert shell(session, f'mkdir -p ~/.config/deep && echo "{MARK}" > ~/.config/deep/secret && chmod 0 ~/.config/deep') == 0
    session.cli('domain', 'stop', 'work')


def test_bug_class_N3_a_removed_domain_leaves_nothing_to_the_next_of_its_name(session):
    write(session)
    assert shell(session, 'chmod 700 ~/.config/deep && grep -q "first life" ~/.config/deep/secret') == 0, 'a restart keeps the files'
    assert shell(session, 'chmod 0 ~/.config/deep') == 0
    session.cli('domain', 'stop', 'work')
    session.cli('domain', 'remove', 'work')
    left = [p for p in pathlib.Path(session.env['XDG_DATA_HOME']).rglob('*') if p.name in ('secret', 'deep', 'work')]
    assert left == []
    session.cli('domain', 'create', 'work')
    assert shell(session, '! test -e ~/.config/deep') == 0
