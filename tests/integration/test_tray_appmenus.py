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


UUID = '6c1a9a54-2b0e-4a5e-9d0f-1f6d3f2c7a11'
MAIL = 'mail.desktop:Name=Post\u00e4mt\nmail.desktop:Exec=mailer\nmail.desktop:Icon=mail\n'
GREEN = r'os.write(1, b"8 8\n" + b"\x00\xff\x00\xff" * 64)'


def pictures(tray, answer):
    """The domain has one application, and answers for its picture so."""
    client(tray, f'import os\nif "GetAppmenus" in sys.argv[3]:\n    sys.stdout.write({MAIL!r})\nelse:\n'
                 f'    open({tray.temp!r} + "/asked", "a").write(sys.stdin.readline())\n    {answer}')


def with_uuid(tray):
    tray.start()
    tray.called('ListProperties')
    tray.tell('set', 'work', {'Template': 'debian', 'Uuid': UUID, 'State': 'running'})


def cached(tray, name):
    return pathlib.Path(tray.temp, '.cache/bulkhead/menus', UUID, name)


def said(tray):
    path = pathlib.Path(tray.temp, 'asked')
    return path.read_text().splitlines() if path.exists() else []


def pixels_of_applications(tray):
    """Of the list of work in the menu."""
    tray.again('--menu')
    tray.wait_shown('bulkhead-tray')
    tray.keys('Down', 'Down', 'Down', 'Right', 'Right')
    menus = tray.desktop.wait(lambda: (lambda m: m if len(m) == 3 else None)([tray.desktop.absolute(w) for w, _ in tray.shown('bulkhead-tray')]),
                              20, 'the applications')
    return {p for row in tray.desktop.pixels(*max(menus)) for p in row}


def test_their_pictures_stand_in_the_label_of_the_domain(tray):
    pictures(tray, GREEN)
    with_uuid(tray)
    tray.desktop.wait(lambda: cached(tray, 'mail.rgba').exists(), 30, 'the picture to be kept')
    seen = tray.desktop.wait(lambda: (lambda s: s if (0xe7, 0xe5, 0x32) in s else None)(pixels_of_applications(tray)), 30,
                             'the badge in the colour of the label (yellow)')
    assert (0, 255, 0) not in seen, 'a domain chooses no pixel that is shown as it is'
    assert any(g > 180 and r < 140 and b < 120 and g > r + 60 for r, g, b in seen), 'it is still green'
    assert cached(tray, 'mail.rgba').read_bytes() == b'48 48\n' + b'\x00\xff\x00\xff' * 48 * 48
    assert said(tray).count('xdgicon:mail') == 1


@pytest.mark.long
@pytest.mark.parametrize('answer', [
    r'os.write(1, b"1000000 1000000\n" + bytes(1000))', r'os.write(1, b"8 8\n" + bytes(255))', r'os.write(1, b"8 8\n" + bytes(257))',
    r'os.write(1, b"\x89PNG\r\n\x1a\n" + bytes(1000))', 'pass', r'exec("while True: os.write(1, b\"8 8\\n\" + bytes(100000))")',
], ids=['bomb', 'short', 'long', 'a format', 'nothing', 'endless'])
def test_bug_class_H10_what_is_no_picture_is_not_shown(tray, answer):
    pictures(tray, answer)
    with_uuid(tray)
    tray.desktop.wait(lambda: 'xdgicon:mail' in said(tray), 30, 'the picture to be asked for')
    tray.desktop.wait(lambda: not subprocess.run(['pgrep', '-f', tray.temp + '/bin/qrexec-client'], capture_output=True).stdout, 30,
                      'the client to be ended')
    tray.choose('pause work', 'work: Pause')
    assert tray.called('Pause')[0] == 'work'
    assert not cached(tray, 'mail.rgba').exists()
    assert said(tray).count('xdgicon:mail') == 1


@pytest.mark.long
def test_a_stopped_domain_still_has_its_applications(tray):
    pictures(tray, GREEN)
    with_uuid(tray)
    tray.desktop.wait(lambda: cached(tray, 'mail.rgba').exists() and cached(tray, 'menu').exists(), 30, 'its menu to be kept')
    stranger = cached(tray, 'x').parent.parent / '00000000-0000-0000-0000-000000000000'
    stranger.mkdir()
    tray.again('--quit')
    assert tray.p.wait(20) == 0
    tray.tell('set', 'work', {'State': 'stopped'})
    tray.start()
    tray.choose('post', 'work: Post\u00e4mt')
    assert tray.called('Run') == ['work', 'Run', [['mailer']]]
    tray.desktop.wait(lambda: not stranger.exists(), 20, 'what is kept of a domain that is gone to go')
    tray.again('--quit')
    assert tray.p.wait(20) == 0
    # What is on the disk is as little trusted as what the domain said.
    cached(tray, 'menu').write_bytes(b'../x.desktop:Name=x\n\xff\x00' + b'a.desktop:Name=\x1b[31m\n' * 1000)
    cached(tray, 'mail.rgba').write_bytes(b'65536 65536\n')
    tray.start()
    tray.choose('start work', 'work: Start')
    assert tray.called('Start')[0] == 'work'


@pytest.mark.long
def test_they_are_asked_for_once_and_can_be_started(tray):
    client(tray, f'sys.stdout.write({LINES!r})')
    started(tray)
    tray.desktop.wait(lambda: os.path.exists(tray.temp + '/asked'), 20, 'the domain to be asked')
    tray.tell('set', 'work', {'Windows': 1})
    tray.choose('post', 'work: Post\u00e4mt')
    assert tray.called('Run') == ['work', 'Run', [['mailer', '--new']]]
    assert pathlib.Path(tray.temp, 'asked').read_text() == '-d work DEFAULT:QUBESRPC qubes.GetAppmenus dom0\n'


@pytest.mark.long
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


def test_the_service_of_a_domain_gives_a_picture_to_the_admin_domain_only(build):
    if os.geteuid() == 0:
        pytest.skip('domains belong to an ordinary user')
    icon = next(iter(sorted(pathlib.Path('/usr/share/icons/hicolor/48x48/apps').glob('*.png'))), None)
    if not icon or not (build / 'qrexec/qubes.GetImageRGBA').exists():
        pytest.skip('no icon of an application, or gdk-pixbuf, is installed')
    with Session(build, screen='800x600', window_manager=['openbox', '--sm-disable']) as s:
        s.cli('domain', 'create', 'work', '--label', 'blue')
        s.cli('domain', 'create', 'private', '--label', 'green')
        ask = [pathlib.Path(build, 'qrexec/qrexec-client'), '-d', 'work', 'DEFAULT:QUBESRPC qubes.GetImageRGBA dom0']
        out = subprocess.run(ask, env=s.env, input=f'xdgicon:{icon.stem}\n'.encode(), capture_output=True, timeout=120)
        assert out.returncode == 0, out.stderr
        assert out.stdout.startswith(b'48 48\n') and len(out.stdout) == 6 + 48 * 48 * 4
        read = subprocess.run([build / 'qrexec/bulkhead-icon-reader'], input=out.stdout, capture_output=True, timeout=60)
        assert read.returncode == 0 and len(read.stdout) == len(out.stdout)
        assert subprocess.run(ask, env=s.env, input=b'xdgicon:../../x\n', capture_output=True, timeout=120).stdout == b''
        assert 'deny' in s.cli('policy', 'explain', '--', 'work', 'private', 'qubes.GetImageRGBA', check=False).stdout
