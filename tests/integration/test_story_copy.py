# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/try shows of file copy, done by pointer and keys: the question, an answer for 15 minutes, progress, receipt, and a refusal explained."""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from Xlib import X, XK
from Xlib.ext import xtest

import gui_stage
import qrexec_wire as wire
import test_ask
import test_ask_calls
import try_session
from tray_rig import PYTHON, Lines

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / 'bench')]
from session import remove_tree

TITLE, SIZE = b'Copying files', 1 << 30


class Story:
    """scripts/try with terminals instead of browsers; the test hears the notifications."""

    def __init__(self, build, folder, programs):
        self.session = s = try_session.Session(argparse.Namespace(build=str(build), screen='1600x1000', app='xterm', once=False))
        s.notifier = None
        try:
            s.display()
            p = programs.start([PYTHON, pathlib.Path(__file__).parent.parent / 'tools/fake_desk.py'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=s.env)
            self.desk = Lines(p)
            assert self.desk.next() == 'ready'
            s.manager()
            s.domains()
            os.environ['DISPLAY'] = s.env['DISPLAY']
            from desktop import Desktop
            s.desktop = Desktop()
            s.tray()
            s.start_programs()
            s.arrange(s.desktop.wait(s.shown, 180, 'three terminals'))
            s.desktop.wait(lambda: os.path.exists(s.env['BULKHEAD_RUNTIME_DIR'] + '/tray.sock'), 60, 'the tray to listen')
        except BaseException:
            s.end()
            raise
        self.screen = gui_stage.Screen(s.env['DISPLAY'])
        self.audit_file = folder / 'state/bulkhead/audit.jsonl'

    def type_in_work(self, line):
        d, window = self.session.desktop, self.session.shown()['work']
        x, y, w, h = d.absolute(window)
        d.root.warp_pointer(x + w // 2, y + h // 2)
        for kind in (X.ButtonPress, X.ButtonRelease):
            xtest.fake_input(d.d, kind, 1)
        d.d.sync()
        d.wait(lambda: list(d.property(d.root, '_NET_ACTIVE_WINDOW') or ())[:1] == [window.id], 30, 'the focus in work')
        subprocess.run(['xdotool', 'type', '--delay', '30', line + '\n'], env=self.session.env, check=True, timeout=120)

    def records(self, event):
        text = self.audit_file.read_text() if self.audit_file.exists() else ''
        return [r for r in map(json.loads, text.splitlines()) if r['event'] == event]

    def calls(self):
        return [r for r in self.records('call') if r['service'].startswith(('qubes.Filecopy', 'bulkhead.FilecopyResume'))]

    def progress(self):
        d = self.session.desktop
        return next((w for w in d._all(d.root) if d.property(w, '_BULKHEAD_TRUSTED') and d.property(w, '_NET_WM_NAME') == TITLE
                     and w.get_attributes().map_state == X.IsViewable), None)

    def wait(self, condition, what, seconds=120):
        return self.session.desktop.wait(condition, seconds, what)


@pytest.fixture
def story(build, programs, tmp_path, monkeypatch):
    if os.geteuid() == 0:
        pytest.skip('bulkheadd does not run as root')
    if not all(map(shutil.which, ('bwrap', 'openbox', 'Xvfb', 'xterm', 'xdotool', 'dbus-daemon'))) or not (build / 'tray/bulkhead-tray').exists():
        pytest.skip('a program of a session is not installed')
    monkeypatch.setenv('DISPLAY', 'what it was comes back at the end')
    for name in ('DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS', 'XAUTHORITY'):
        monkeypatch.delenv(name, raising=False)
    for name in ('config', 'data', 'state'):
        monkeypatch.setenv(f'XDG_{name.upper()}_HOME', str(tmp_path / name))
        (tmp_path / name).mkdir()
    monkeypatch.setenv('NO_AT_BRIDGE', '1')
    s = Story(build, tmp_path, programs)
    yield s
    s.session.end()
    remove_tree(tmp_path / 'data')


def popups(session):
    d = session.desktop
    return [w for w in d._all(d.root) if (a := w.get_attributes()).override_redirect and a.map_state == X.IsViewable and w.get_geometry().height > 150]


@pytest.mark.slow
def test_selected_in_a_file_manager(story):
    """No terminal: the file's context menu, the question where to (the rules leave one domain), the file there."""
    if not shutil.which('pcmanfm'):
        pytest.skip('pcmanfm is not installed')
    s, d = story.session, story.session.desktop
    s.file_manager()
    window = d.wait(lambda: next((w for w, domain, title in d.domain_windows() if domain == 'work' and 'Papers' in title), None), 120, 'the folder')
    x, y, w, h = d.absolute(window)
    file_there = lambda: len({p for row in d.pixels(x + w // 4, y + 60, w * 3 // 4 - 8, h - 100) for p in row}) > 20
    d.wait(file_there, 60, 'the picture of the file')
    d.root.warp_pointer(x + w * 3 // 4, y + h * 3 // 4)
    for kind in (X.ButtonPress, X.ButtonRelease):
        xtest.fake_input(d.d, kind, 1)
    d.d.sync()
    d.wait(lambda: list(d.property(d.root, '_NET_ACTIVE_WINDOW') or ())[:1] == [window.id], 30, 'the focus in the folder')
    key = lambda *names: subprocess.run(['xdotool', 'key', '--delay', '50', *names], env=s.env, check=True, timeout=60)
    before = len(popups(s))
    key('ctrl+a', 'shift+F10')
    d.wait(lambda: len(popups(s)) > before, 60, 'the menu of the file')
    key('Up', 'Up', 'Return')
    question = test_ask_calls.Question(story.screen)
    story.wait(lambda: {0x3465a4, 0xcc0000} <= test_ask.colors(question), 'both labels')
    question.wait_alive()
    question.click(question.allow_place())
    story.wait(lambda: story.records('receipt'), 'the receipt')
    receipt, = story.records('receipt')
    assert (receipt['source'], receipt['target'], receipt['outcome'], receipt['files']) == ('work', 'banking', 'ok', 1)
    assert s.cli('run', '--wait', 'banking', '--', 'grep', '-q', 'A paper of work.', 'QubesIncoming/work/report.txt', check=False).returncode == 0


@pytest.mark.slow
def test_from_work_to_banking_and_not_to_private(story):
    story.type_in_work(f'truncate -s {SIZE} report; bulkhead-copy -t banking report')
    question = test_ask_calls.Question(story.screen)
    story.wait(lambda: {0x3465a4, 0xcc0000} <= test_ask.colors(question), 'both labels')
    question.wait_alive()
    question.screen.type(XK.XK_m, XK.XK_Alt_L)
    question.wait_alive_again()
    question.click(question.allow_place())
    story.wait(lambda: [c for c in story.calls() if c['outcome'] == 'allow'], 'the call')
    # A copy whose sender stands still lasts, however fast the machine is; but first the receiver is to be there.
    story.wait(lambda: [r for r in story.records('call') if r['service'].startswith('bulkhead.CopyReport')], 'what the receiver says')
    story.session.cli('domain', 'pause', 'work')
    story.wait(story.progress, 'the progress')
    assert not story.records('receipt')
    story.session.cli('domain', 'unpause', 'work')
    story.wait(lambda: story.records('receipt'), 'the receipt', 300)
    receipt, = story.records('receipt')
    assert (receipt['source'], receipt['target'], receipt['said_by'], receipt['outcome']) == ('work', 'banking', 'banking', 'ok')
    assert (receipt['files'], receipt['bytes']) == (1, SIZE)
    assert story.progress(), 'the receipt stays until the person closes it'

    story.type_in_work('echo more > note; bulkhead-copy -t banking note')
    story.wait(lambda: len(story.records('receipt')) == 2, 'the second receipt')
    assert [c['choice'] for c in story.calls()] == ['minutes', 'lease'], 'within the 15 minutes nobody is asked'

    story.type_in_work('bulkhead-copy -t private note')
    note = story.desk.until(lambda m: m[0] == 'notify' and 'refused' in m[2], wire.SECONDS * 3)[-1]
    assert note[2] == 'work: something was refused'
    assert note[3].startswith('qubes.Filecopy to private was refused: ') and note[3].endswith('/30-user.policy:3)')
    denied = story.calls()[-1]
    assert (denied['outcome'], denied['target'], denied['line']) == ('deny', 'private', 3)
    assert f"by {denied['file']}:3" in story.session.cli('log').stdout
    told = story.session.cli('policy', 'explain', '--', 'work', 'private', 'qubes.Filecopy', check=False)
    assert told.returncode == 1 and f"{denied['file']}:3" in told.stdout
