# SPDX-License-Identifier: GPL-2.0-or-later
"""The tray with a whole Bulkhead behind it: first run, an application by keys, its framed window, settings, the end."""
import os
import pathlib
import shutil
import sys
import time

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / 'bench')]
from session import Session
from tray_rig import Spoken, Tray


@pytest.mark.long
@pytest.mark.skipif(not shutil.which('xterm'), reason='xterm is not installed')
def test_from_the_first_run_to_a_window(build, programs):
    if os.geteuid() == 0:
        pytest.skip('domains belong to an ordinary user')
    if not Spoken.possible():
        pytest.skip('at-spi2-core or gir1.2-atspi-2.0 is not installed')
    with Session(build, screen='1280x800', window_manager=['openbox', '--sm-disable']) as s:
        t = Tray(build, programs, s.env['DISPLAY'], domains=None, accessible=True)
        t.env.update({k: s.env[k] for k in ('BULKHEAD_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'BULKHEAD_LIBEXEC')})
        t.share = '/usr/share'
        t.start()
        t.wait_active('Welcome to Bulkhead')
        t.keys('Return')
        t.wait_gone('Welcome to Bulkhead')
        assert set(s.domains()) == {'throw-away', 'work', 'private', 'banking'}
        assert s.domains()['work']['label'] == 'blue'
        assert s.domains()['work']['default_dispvm'] == 'throw-away' and s.domains()['throw-away']['template_for_dispvms']

        begin = time.monotonic()
        t.choose('open terminal work', 'work: Open a terminal')
        t.wait_shown('work')
        s.wait_window('work')
        t.wait_gone('work')
        assert s.domains()['work']['state'] == 'running'
        print(f'from the search to the window: {time.monotonic() - begin:.2f} s')

        t.again('--settings', 'private')
        t.wait_active('Settings of private')
        t.keys('alt+m', 'ctrl+a')
        t.type('12')
        t.keys('Return')  # refused by the manager: the window stays
        t.keys('ctrl+a')
        t.type('800')
        t.keys('Return')
        t.wait_gone('Settings of private')
        assert s.domains()['private']['memory'] == 800
        t.again('--quit')
        assert t.p.wait(20) == 0
        assert s.windows('work'), 'domains run on without the tray'
        t.end()


@pytest.mark.long
@pytest.mark.skipif(not shutil.which('xterm'), reason='xterm is not installed')
def test_a_throw_away_terminal_comes_and_goes_whole(build, programs):
    """By keys; prepared; gone with its program, without a trace."""
    if os.geteuid() == 0:
        pytest.skip('domains belong to an ordinary user')
    if not Spoken.possible():
        pytest.skip('at-spi2-core or gir1.2-atspi-2.0 is not installed')
    with Session(build, screen='1280x800', window_manager=['openbox', '--sm-disable']) as s:
        s.cli('domain', 'create', 'model', '--label', 'gray', '--template-for-dispvms', 'yes')
        t = Tray(build, programs, s.env['DISPLAY'], domains=None, accessible=True)
        t.env.update({k: s.env[k] for k in ('BULKHEAD_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'BULKHEAD_LIBEXEC')})
        t.env['PATH'] = f'{build}/domains:{os.environ["PATH"]}'
        t.share = '/nonexistent'  # no applications: xterm
        t.start()
        t.choose('throw-away terminal model', 'model: New throw-away terminal')
        name = t.desktop.wait(lambda: next((n for _, n, _ in s.desktop.domain_windows() if n.startswith('disp')), None), 60, 'its window')
        assert (s.domains()[name]['label'], s.domains()[name]['kind']) == ('gray', 'disposable')
        s.cli('run', name, 'pkill', 'xterm')
        t.desktop.wait(lambda: set(s.domains()) == {'model'}, 60, 'the domain to be gone')
        t.end()
