# SPDX-License-Identifier: GPL-2.0-or-later
"""A call that meets an "ask" rule, from sandbox to sandbox: the question stands on the screen and its answer decides."""
import argparse
import concurrent.futures
import os
import shutil
import subprocess

import pytest
from Xlib import X, XK

import gui_stage
import test_ask
import test_qrexec_manager
import try_session


class ShownManager(test_qrexec_manager.Manager):
    def start(self):
        self.env.update(DISPLAY=os.environ['DISPLAY'], NO_AT_BRIDGE='1')
        super().start()


class Question(test_ask.Ask):
    """The question that the broker put on the screen."""

    def __init__(self, screen):
        self.screen = screen
        self.window = screen.wait_until(self.find, 'the question')
        self.focused()

    def find(self):
        managed = self.screen.atom('WM_STATE')  # the desk's own trusted windows are not
        return next((w for w in self.screen._all(self.screen.root)
                     if self.screen.property(w, '_BULKHEAD_TRUSTED') and w.get_full_property(managed, X.AnyPropertyType)
                     and w.get_attributes().map_state == X.IsViewable), None)

    def gone(self):
        self.screen.wait_until(lambda: self.find() is None, 'the question gone')


@pytest.fixture
def asked(programs, build, screen, tmp_path):
    if os.geteuid() == 0:
        pytest.skip('bulkheadd does not run as root')
    if not shutil.which('bwrap') or not shutil.which('openbox'):
        pytest.skip('bubblewrap or openbox is not installed')
    if not (build / 'tray' / 'bulkhead-ask').exists():
        pytest.skip('built without GTK')
    s = gui_stage.Screen(screen)
    gui_stage.start_openbox(programs, s)
    m = ShownManager(build, tmp_path)
    (m.policy / '30-user.policy').write_text('qubes.Filecopy * work banking ask\n')
    for name, label in (('work', 'blue'), ('banking', 'red')):
        m.cli('domain', 'create', name, f'--label={label}')
    yield m, s
    m.stop()


@pytest.mark.long
def test_the_answer_decides(asked):
    manager, screen = asked
    with concurrent.futures.ThreadPoolExecutor() as pool:
        def copy():
            return pool.submit(manager.inside, 'work', 'echo secret > a.txt; bulkhead-copy -t banking a.txt')

        call = copy()
        q = Question(screen)
        screen.wait_until(lambda: {0x3465a4, 0xcc0000} <= test_ask.colors(q), 'both labels')
        assert not call.done()
        q.key(XK.XK_Escape)
        assert call.result()[2] == 126
        q.gone()
        assert manager.states()['banking'] == 'stopped', 'nothing was started for a call that was denied'

        call = copy()
        q = Question(screen)
        q.wait_alive()
        q.click(q.allow_place())
        assert call.result()[2] == 0, call.result()
        assert manager.inside('banking', 'cat QubesIncoming/work/a.txt')[0] == b'secret\n'
        q.gone()

        call = copy()
        q = Question(screen)
        q.wait_alive()
        q.screen.type(XK.XK_l, XK.XK_Alt_L)
        q.wait_alive_again()
        q.click(q.allow_place())
        assert call.result()[2] == 0
        q.gone()
        assert copy().result()[2] == 0, 'the written rule answers the next one'
    written = (manager.policy / '20-answers.policy').read_text().splitlines()[-1]
    assert written == 'qubes.Filecopy + work banking allow'
    choices = [a.get('choice') for a in manager.audit() if a['service'].startswith('qubes.Filecopy')]
    assert choices[:3] == ['deny', 'once', 'always'] and not choices[3]


def test_demo_refuses_a_copy_to_private(build, tmp_path, monkeypatch):
    """scripts/try shows a deny of its own, asks for the rest, and leaves the person's folder as it is; a file there goes first."""
    monkeypatch.setenv('XDG_CONFIG_HOME', str(tmp_path))
    own = tmp_path / 'bulkhead/policy.d'

    def explained(target):
        session = try_session.Session(argparse.Namespace(build=str(build)))
        try:
            p = subprocess.run([build / 'domains/cli/bulkhead-policy', 'explain', '--', 'work', target, 'qubes.Filecopy'],
                               env=session.env, capture_output=True, text=True, timeout=60)
            return p.returncode, p.stdout
        finally:
            session.end()
    code, told = explained('private')
    assert code == 1 and '30-user.policy:3' in told
    assert explained('banking')[0] == 2 and list(own.iterdir()) == []
    (own / '30-user.policy').write_text('')
    assert explained('private')[0] == 2
