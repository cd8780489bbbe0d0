# SPDX-License-Identifier: GPL-2.0-or-later
"""Applications of domains with a template of their own: asked for by qubes.GetAppmenus, shown and started like others."""
import os
import pathlib
import subprocess
import sys

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / 'bench')]
from session import Session
from tray_rig import PYTHON, Spoken, Tray, window_manager

LINES = 'mail.desktop:Name=Post\u00e4mt\nmail.desktop:Exec=mailer --new\n../x.desktop:Name=x\nt.desktop:Name=Term\nt.desktop:Exec=term\nt.desktop:Categories=TerminalEmulator;\n'


@pytest.fixture
def tray(build, programs, screen):
    if not Spoken.possible():
        pytest.skip('at-spi2-core or gir1.2-atspi-2.0 is not installed')
    window_manager(programs, screen)
    t = Tray(build, programs, screen, accessible=True)
    yield t
    t.end()


def client(tray, body):
    """In place of qrexec-client: what a domain may answer."""
    folder = pathlib.Path(tray.temp, 'bin')
    folder.mkdir()
    (folder / 'qrexec-client').write_text(f'#!{PYTHON}\nimport sys\nopen({tray.temp!r} + "/asked", "a").write(" ".join(sys.argv[1:]) + "\\n")\n{body}\n')
    (folder / 'qrexec-client').chmod(0o755)
    tray.env['PATH'] = f"{folder}:{tray.env['PATH']}"


def started(tray):
    tray.start()
    tray.called('ListProperties')
    tray.tell('set', 'work', {'Template': 'debian', 'State': 'running'})


def test_they_are_asked_for_once_and_can_be_started(tray):
    client(tray, f'sys.stdout.write({LINES!r})')
    started(tray)
    tray.desktop.wait(lambda: os.path.exists(tray.temp + '/asked'), 20, 'the domain to be asked')
    tray.tell('set', 'work', {'Windows': 1})
    tray.choose('post', 'work: Post\u00e4mt')
    assert tray.called('Run') == ['work', 'Run', [['mailer', '--new']]]
    assert pathlib.Path(tray.temp, 'asked').read_text() == '-d work DEFAULT:QUBESRPC qubes.GetAppmenus dom0\n'


def test_bug_class_H10_an_endless_answer_is_cut_and_the_tray_goes_on(tray):
    client(tray, 'while True: sys.stdout.write("a.desktop:Name=a\\na.desktop:Exec=a\\n" + "x" * 100000 + "\\n")')
    started(tray)
    tray.choose('pause work', 'work: Pause')
    assert tray.called('Pause')[0] == 'work'
    gone = pathlib.Path(tray.temp, 'asked')
    tray.desktop.wait(lambda: gone.exists() and not subprocess.run(['pgrep', '-f', tray.temp + '/bin/qrexec-client'], capture_output=True).stdout, 30,
                      'the client to be ended')


def test_the_service_of_a_domain_tells_its_applications(build):
    if os.geteuid() == 0:
        pytest.skip('domains belong to an ordinary user')
    with Session(build, screen='800x600', window_manager=['openbox', '--sm-disable']) as s:
        s.cli('domain', 'create', 'work', '--label', 'blue')
        out = subprocess.run([pathlib.Path(build, 'qrexec/qrexec-client'), '-d', 'work', 'DEFAULT:QUBESRPC qubes.GetAppmenus dom0'], env=s.env,
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        assert out.returncode == 0, out.stderr
        lines = out.stdout.decode().split('\n')
        assert any(line.endswith('.desktop') or '.desktop:Exec=' in line for line in lines), lines[:5]
