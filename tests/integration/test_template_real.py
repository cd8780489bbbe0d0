# SPDX-License-Identifier: GPL-2.0-or-later
"""A domain from a template that was really built, and its xterm in its frame. Building takes minutes, so this runs only when told where one
is: BULKHEAD_TEMPLATE=~/.local/share/bulkhead/templates/debian-minimal (made by `bulkhead template build debian-minimal`)."""
import os
import pathlib
import shutil
import sys

import pytest

top = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(top / 'tests' / 'bench'))
import session
from test_end_to_end import FRAME, is_framed

BUILT = os.environ.get('BULKHEAD_TEMPLATE')
pytestmark = [pytest.mark.skipif(os.geteuid() == 0, reason='domains never run as root: run these tests as an ordinary user'),
              pytest.mark.skipif(not BUILT, reason='BULKHEAD_TEMPLATE names no template that was built')]


def is_white_inside(s, w):
    x, y, width, height = s.desktop.absolute(w)
    return (255, 255, 255) in {p for row in s.desktop.pixels(x + FRAME, y + FRAME, width - 2 * FRAME, height - 2 * FRAME) for p in row}


def test_an_xterm_of_a_built_template_is_framed(build, monkeypatch):
    # The template has Xorg, as installed Bulkhead wants it, and no Xvfb.
    folders = session.libexec(build)
    monkeypatch.setattr(session, 'libexec', lambda _: f'{folders}:{top}/gui-agent')
    with session.Session(build, screen='1280x800', window_manager=['openbox', '--sm-disable']) as s:
        place = pathlib.Path(s.env['XDG_DATA_HOME']) / 'bulkhead/templates/built'
        place.parent.mkdir(mode=0o700, parents=True)
        shutil.copytree(BUILT, place, symlinks=True, copy_function=os.link)
        s.cli('domain', 'create', 'work', '--label', 'red', '--template', 'built')
        s.cli('run', 'work', '--', 'xterm')
        w = s.wait_window('work')
        s.desktop.wait(lambda: is_framed(s, w, 'red'), 60, "work's frame")
        said = 'grep -q "^xterm " /etc/bulkhead-packages && test "$(readlink -f /bin/sh)" = /usr/bin/dash && ! touch /usr/x'
        s.desktop.wait(lambda: is_white_inside(s, w), 60, 'the xterm itself')
        if picture := os.environ.get('BULKHEAD_TEMPLATE_PICTURE'):
            s.desktop.screenshot(picture)
        assert s.cli('run', '--wait', 'work', '--', 'sh', '-c', said, check=False).returncode == 0
