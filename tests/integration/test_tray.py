# SPDX-License-Identifier: GPL-2.0-or-later
"""bulkhead-tray as a person meets it: keys and pointer on a display, its calls seen from the manager's end."""
import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from Xlib import X

from tray_rig import Spoken, Tray, USUAL, write_apps, window_manager


def make(build, programs, screen, manage=True, **more):
    if manage:
        window_manager(programs, screen)
    return Tray(build, programs, screen, **more)


def ready(tray):
    """Its model is filled, and its menu is there."""
    tray.called('ListProperties')
    return tray


def tell_desk(tray, *command):
    tray.desk.p.stdin.write(json.dumps(command).encode() + b'\n')
    tray.desk.p.stdin.flush()


@pytest.fixture
def tray(build, programs, screen):
    t = make(build, programs, screen)
    yield t
    t.end()


@pytest.fixture
def heard(build, programs, screen):
    """What is on the screen can be heard too, so that a test need not guess it."""
    if not Spoken.possible():
        pytest.skip('at-spi2-core or gir1.2-atspi-2.0 is not installed')
    t = make(build, programs, screen, accessible=True)
    yield t
    t.end()


def open_menu(tray):
    tray.again('--menu')
    tray.wait_shown('bulkhead-tray')


def test_an_application_is_opened_by_keys_alone(tray):
    ready(tray.start())
    tray.tell('set', 'banking', {'State': 'running', 'Windows': 1})
    open_menu(tray)
    tray.keys('Down', 'Right', 'Right')  # banking > Applications > the first of them
    tray.keys('Return')
    ghost = tray.wait_shown('banking')  # at once, before the manager has answered anything
    assert tray.called('Start')[0] == 'banking'
    assert tray.called('Run') == ['banking', 'Run', [['thunar']]]
    x, y, w, h = tray.desktop.absolute(ghost)
    assert tray.desktop.pixels(x + w // 2, y + 3, 1, 1) == [[(0xbd, 0x27, 0x27)]], "the ghost's frame has the label's colour"
    tray.tell('set', 'banking', {'Windows': 2})
    tray.wait_gone('banking')


@pytest.mark.long
def test_the_search_finds_applications_and_actions(heard):
    tray = heard
    ready(tray.start())
    tray.tell('set', 'work', {'State': 'running'})
    tray.choose('fire work', 'work: Firefox')
    assert tray.called('Run') == ['work', 'Run', [['firefox']]]
    tray.choose('pause', 'work: Pause')
    assert tray.called('Pause')[0] == 'work'


@pytest.mark.long
def test_the_search_finds_windows_of_domains_and_goes_there(heard):
    tray = heard
    ready(tray.start())
    d = tray.desktop
    made = {}
    for domain, title in (('work', 'Budget 2026'), ('private', 'Photos\u202e'), ('', 'Budget of the desktop')):
        w = made[domain] = d.root.create_window(100, 100, 300, 200, 0, X.CopyFromParent)
        if domain:
            w.change_property(d.d.intern_atom('_QUBES_VMNAME'), d.d.intern_atom('STRING'), 8, domain.encode())
            title = f'[{domain}] {title}'
        w.change_property(d.d.intern_atom('_NET_WM_NAME'), d.d.intern_atom('UTF8_STRING'), 8, title.encode())
        w.map()
        d.wait(lambda: d.has_keys(w), 20, f'{title} to have the keys')
    tray.choose('budget', 'work: window Budget 2026')
    d.wait(lambda: d.has_keys(made['work']), 20, 'the window that was chosen to have the keys')
    tray.search('photos', 'private: window Photos_')
    made['private'].destroy()  # it goes while the person looks
    tray.spoken.wait('Nothing fits.')


@pytest.mark.long
def test_kill_asks_first_and_enter_is_not_yes(heard):
    tray = heard
    ready(tray.start())
    tray.tell('set', 'work', {'State': 'stopping'})
    for keys, killed in ((['Return'], False), (['alt+k'], True)):
        tray.choose('kill work', 'work: Kill\u2026')
        tray.wait_active('Kill')
        tray.keys(*keys)
        tray.wait_gone('Kill')
    assert tray.called('Kill')[0] == 'work'
    tray.tell('set', 'work', {'State': 'stopped'})


def test_settings_save_what_changed_and_show_the_rule_that_was_broken(tray):
    ready(tray.start())
    tray.again('--settings', 'work')
    tray.wait_active('Settings of work')
    tray.tell('answer', 'SetText', 'memory: "12" is not allowed; it must be MiB, 64 to 1048576')
    tray.keys('alt+m', 'ctrl+a')
    tray.type('12')
    tray.keys('Return')
    assert tray.called('SetText') == ['work', 'SetText', ['memory', '12']]
    tray.desktop.wait(lambda: tray.shown('Settings of work'), 5, 'the window to stay')
    tray.tell('answer', 'SetText', None)
    tray.type('0')  # the field that was named has the keys: "12" became "120" (or "0", if it was selected)
    tray.keys('Return')
    assert tray.called('SetText')[2][0] == 'memory'
    tray.wait_gone('Settings of work')


@pytest.mark.long
def test_a_domain_is_made_and_removed(tray):
    ready(tray.start())
    tray.again('--new')
    tray.wait_active('New domain')
    tray.type('travel')
    tray.keys('Return')
    assert tray.called('CreateDomain')[2][0] == 'travel'
    tray.wait_gone('New domain')
    tray.desktop.wait(lambda: tray.again('--settings', 'travel').returncode == 0, 10, 'travel to be known')
    tray.wait_active('Settings of travel')
    for answer in ('Return', 'alt+r'):  # Cancel is the default
        tray.keys('alt+r')
        tray.wait_active('Remove')
        tray.keys(answer)
        tray.wait_gone('Remove')
    assert tray.called('RemoveDomain')[2] == ['travel', False]
    tray.wait_gone('Settings of travel')


def test_the_first_run_offers_three_domains_and_a_model(build, programs, screen):
    t = make(build, programs, screen, domains=())
    ready(t.start())
    t.wait_active('Welcome to Bulkhead')
    t.keys('Return')
    made = [t.called('CreateDomain')[2] for _ in range(4)]
    assert [m[0] for m in made] == ['throw-away', 'work', 'private', 'banking'], 'the model before those that name it'
    assert made[0][1] == {'label': 'gray', 'netvm': 'net', 'template_for_dispvms': 'yes'}
    assert made[1][1] == {'label': 'blue', 'netvm': 'net', 'default_dispvm': 'throw-away'}
    t.wait_gone('Welcome to Bulkhead')
    t.end()


def test_notifications_are_merged_and_say_only_text(tray):
    tray.listen()
    ready(tray.start())
    tray.tell('set', 'work', {'State': 'starting'})
    tray.tell('set', 'work', {'State': 'failed', 'FailureReason': '<b>bold</b>'})
    line = tray.desk.until(lambda m: m[0] == 'notify')[-1]
    assert line == ['notify', 0, 'work: something went wrong', '&lt;b&gt;bold&lt;/b&gt;', True]
    tray.tell('refused', 'banking', 'a window\u202e of 1x1', 5000)
    tray.tell('set', 'private', {'State': 'starting'})
    tray.tell('set', 'private', {'State': 'running'})
    lines = tray.desk.until(lambda m: m[0] == 'notify' and 'private' in m[2])
    mine = [m for m in lines if m[0] == 'notify' and 'banking' in m[2]]
    assert 1 <= len(mine) <= 3, 'five thousand refusals are at most three notes'
    assert mine[0][3] == 'a window_ of 1x1'


def test_the_icon_is_a_notifier_item_and_docks_without_a_watcher(tray):
    tray.listen()
    ready(tray.start())
    tray.desk.until(lambda m: m[0] == 'item')
    tray.tell('focus', 'work')
    while True:
        tell_desk(tray, 'get', 'Title')
        if tray.desk.until(lambda m: m[0] == 'property')[-1][1] == 'work has the focus':
            break
    tell_desk(tray, 'get', 'IconPixmap')
    assert tray.desk.until(lambda m: m[0] == 'property')[-1][1] == [[32, 32, 32 * 32 * 4]]
    tell_desk(tray, 'activate', 300, 200)
    menu = tray.wait_shown('bulkhead-tray')
    assert tray.desktop.absolute(menu)[:2] == (300, 200)
    tray.keys('Escape')
    # Now a tray of the other kind, and the watcher goes.
    d = tray.desktop.d
    own = tray.desktop.root.create_window(0, 0, 30, 30, 0, X.CopyFromParent, event_mask=X.SubstructureNotifyMask)
    own.set_selection_owner(d.intern_atom('_NET_SYSTEM_TRAY_S0'), X.CurrentTime)
    d.sync()
    from Xlib.protocol import event
    note = event.ClientMessage(window=tray.desktop.root, client_type=d.intern_atom('MANAGER'),
                               data=(32, [X.CurrentTime, d.intern_atom('_NET_SYSTEM_TRAY_S0'), own.id, 0, 0]))
    tray.desktop.root.send_event(note, event_mask=X.StructureNotifyMask)
    tell_desk(tray, 'leave')
    opcode = d.intern_atom('_NET_SYSTEM_TRAY_OPCODE')
    while True:
        e = d.next_event()
        if e.type == X.ClientMessage and e.client_type == opcode and e.data[1][1] == 0:
            break


@pytest.mark.skipif(not shutil.which('tint2'), reason='tint2 is not installed')
def test_a_click_on_the_docked_icon_opens_the_menu(tray):
    config = tray.temp + '/tint2rc'
    with open(config, 'w') as f:
        f.write('panel_items = S\npanel_size = 100% 32\npanel_position = top left horizontal\nsystray_padding = 0 4 2\n')
    tray.programs.start(['tint2', '-c', config], env=tray.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ready(tray.start())

    def icon():
        for w in tray.desktop._all(tray.desktop.root):
            name = tray.desktop.property(w, 'WM_CLASS')
            if name and name.startswith(b'bulkhead\0') and w.get_attributes().map_state == X.IsViewable:
                return w
        return None
    w = tray.desktop.wait(icon, 20, 'the docked icon')
    x, y, width, height = tray.desktop.absolute(w)
    subprocess.run(['xdotool', 'mousemove', str(x + width // 2), str(y + height // 2), 'click', '1'], env=tray.env, check=True, timeout=20)
    tray.wait_shown('bulkhead-tray')


@pytest.mark.long
def test_applications_stand_in_the_menu_of_the_desktop_and_go_with_their_domain(tray):
    folder = os.path.join(tray.env['XDG_DATA_HOME'], 'applications')
    names = lambda: set(os.listdir(folder)) if os.path.isdir(folder) else set()
    ready(tray.start())
    tray.desktop.wait(lambda: len(names()) == 3 * len(USUAL), 20, 'the entries')
    with open(os.path.join(folder, 'bulkhead-work-firefox.desktop')) as f:
        text = f.read()
    assert 'Name=Work: Firefox\n' in text and 'Exec=bulkhead run "work" -- "firefox"\n' in text
    tray.tell('remove', 'work')
    tray.desktop.wait(lambda: len(names()) == 2 * len(USUAL), 20, 'the entries to go')
    assert not [n for n in names() if 'work' in n]


def test_the_menu_opens_while_the_manager_is_stopped(heard):
    """The bound of the design is 50 ms (tests/bench/menu.py measures it); here only that nothing waits for the manager."""
    tray = heard
    ready(tray.start())
    tray.manager.p.send_signal(signal.SIGSTOP)
    begin = time.monotonic()
    open_menu(tray)
    assert time.monotonic() - begin < 5
    tray.keys('Escape')
    tray.choose('fire work', 'work: Firefox')
    tray.wait_shown('work')  # the ghost is there although nobody answers
    tray.manager.p.send_signal(signal.SIGCONT)
    assert tray.called('Start')[0] == 'work'


@pytest.mark.skipif(not shutil.which('msgfmt'), reason='gettext is not installed')
def test_it_speaks_german(build, programs, screen):
    t = make(build, programs, screen)
    t.env.update(LANGUAGE='de', BULKHEAD_LOCALE_DIR=str(build / 'po'))
    ready(t.start())
    t.again('--settings', 'work')
    t.wait_shown('Einstellungen von work')
    t.end()


def test_it_finds_the_manager_again(tray):
    ready(tray.start())
    tray.manager.p.kill()
    tray.manager.p.wait()
    tray.desktop.wait(lambda: 'no domain' in tray.again('--settings', 'nobody').stderr, 10, 'an answer')
    os.unlink(tray.env['BULKHEAD_RUNTIME_DIR'] + '/bus')
    tray.domains = ('travel',)
    tray.start_manager()
    ready(tray)
    tray.desktop.wait(lambda: tray.again('--settings', 'travel').returncode == 0, 20, 'travel to be known')
    assert tray.again('--settings', 'work').returncode == 1


@pytest.mark.measures
def test_bug_class_H10_hostile_menus_are_bounded(build, programs, screen):
    """Ten thousand entries with endless and turned-round names, and pictures that are none or far too large."""
    share = programs_share = None
    t = make(build, programs, screen, apps=())
    share = t.share
    icons = os.path.join(share, 'icons/hicolor/48x48/apps')
    os.makedirs(icons)
    # A picture of 60000 x 60000 pixels in a few bytes of header, and a file that is no picture.
    import struct
    import zlib
    header = struct.pack('>IIBBBBB', 60000, 60000, 8, 6, 0, 0, 0)
    with open(icons + '/bomb.png', 'wb') as f:
        f.write(b'\x89PNG\r\n\x1a\n' + struct.pack('>I', 13) + b'IHDR' + header + struct.pack('>I', zlib.crc32(b'IHDR' + header)))
    with open(icons + '/lie.png', 'wb') as f:
        f.write(b'GIF89a' + b'\xff' * 1000)
    write_apps(share, [(f'a{i}', '\u202egnp.' + 'W' * 300 + str(i), 'x', 'bomb' if i % 2 else 'lie', '') for i in range(10000)])
    ready(t.start())
    t.search('www')
    t.desktop.wait(lambda: t.keys('Return') or not t.shown('Search Bulkhead'), 30, 'an application to be found')
    t.wait_shown('banking')
    open_menu(t)
    t.keys('Down', 'Right', 'Right')
    t.desktop.wait(lambda: len(t.shown('bulkhead-tray')) >= 3, 20, 'the list of applications')
    with open(f'/proc/{t.p.pid}/status') as f:
        rss = next(int(line.split()[1]) for line in f if line.startswith('VmRSS'))
    assert rss < 250 * 1024, f'{rss} KiB'
    t.end()
