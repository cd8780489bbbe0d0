# SPDX-License-Identifier: GPL-2.0-or-later
"""Input, focus, order, properties and icons of a domain's windows."""
import subprocess

import pytest
from gui_stage import DOMAIN, FRAME, GROUND, MARK, Screen, Stage, check_frame, start_openbox
from Xlib import XK, X, Xutil
from Xlib.ext import xtest
from Xlib.protocol import event as xevent

IMAGE = 0x123456
SCREEN_LOCKED, HIDE_ALL, KEYBOARD_LOCK, PAUSED, SCREEN_CHANGED, LAUNCHED = 32, 33, 34, 35, 36, 49


@pytest.fixture
def plain(request, programs, build, screen):
    """Without a window manager."""
    st = Stage(programs, build, screen, *getattr(request.node.get_closest_marker('options'), 'args', []))
    st.screen = Screen(screen)
    st.screen.move_pointer_away()
    return st


@pytest.fixture
def managed(request, programs, build, screen):
    """With a reparenting window manager."""
    s = Screen(screen)
    s.move_pointer_away()
    start_openbox(programs, s)
    st = Stage(programs, build, screen, *getattr(request.node.get_closest_marker('options'), 'args', []))
    st.screen = s
    return st


def pointer(screen, x, y):
    xtest.fake_input(screen.x, X.MotionNotify, x=x, y=y)
    screen.x.sync()


def click(screen, x, y):
    pointer(screen, x, y)
    for kind in (X.ButtonPress, X.ButtonRelease):
        xtest.fake_input(screen.x, kind, 1)
    screen.x.sync()


def test_bug_class_A9_identity_stands_before_the_map(plain):
    plain.say('create 1 300 200 200 150 0', 'title 1 hello ü', 'class 1 Nav igator')
    plain.sync()
    s = plain.screen
    outer = s.outer(1)
    assert outer.get_attributes().map_state == X.IsUnmapped
    assert list(s.property(outer, '_QUBES_LABEL')) == [2]
    assert list(s.property(outer, '_QUBES_LABEL_COLOR')) == [GROUND]
    assert s.property(outer, '_QUBES_VMNAME') == b'work'
    assert s.property(outer, '_BULKHEAD_PATTERN') == b'diagonal'
    assert s.property(outer, '_NET_WM_NAME').decode() == '[work] hello ü'
    assert s.property(outer, 'WM_CLASS') == b'work:igator\0work:Nav\0'
    assert list(s.property(outer, '_NET_WM_PID')) == [plain.p.pid]
    assert s.property(outer, 'WM_CLIENT_MACHINE')
    icon = s.property(outer, '_NET_WM_ICON')
    assert len(icon) == 2 + icon[0] * icon[1]
    assert {p & 0xffffff for p in icon[2:]} == {GROUND, 0}
    assert {s.x.get_atom_name(a) for a in s.property(outer, 'WM_PROTOCOLS')} == {'WM_DELETE_WINDOW', '_NET_WM_PING'}


def test_bug_class_A15_size_hints_count_the_frame(plain):
    plain.say('create 1 300 200 200 150 0', 'hints 1 368 50 40 900 800 7 9 3 5')
    plain.sync()
    h = plain.screen.outer(1).get_wm_normal_hints()
    assert (h.min_width, h.min_height) == (50 + 2 * FRAME, 40 + 2 * FRAME)
    assert (h.max_width, h.max_height) == (900 + 2 * FRAME, 800 + 2 * FRAME)
    assert (h.width_inc, h.height_inc, h.base_width, h.base_height) == (7, 9, 3 + 2 * FRAME, 5 + 2 * FRAME)
    assert h.win_gravity == X.StaticGravity
    assert not h.flags & Xutil.USPosition


def test_input_reaches_the_window_that_is_clicked(plain):
    plain.window(1, 300, 200, 200, 150, image=IMAGE)
    plain.screen.shown(1)
    click(plain.screen, 310, 220)
    plain.wait_for('focus 1 9')
    before = plain.heard[:]
    assert before[-2].startswith('keymap')
    assert 'button 1 4 10 20 1' in before or plain.wait_for('button 1 4 10 20 1')
    plain.screen.type(XK.XK_a, XK.XK_Shift_L)
    code = plain.screen.x.keysym_to_keycode(XK.XK_a)
    plain.wait_for(f'key 1 2 {code} 1')
    plain.wait_for(f'key 1 3 {code} 1')


def test_events_on_the_frame_are_not_forwarded(plain):
    plain.window(1, 300, 200, 200, 150)
    plain.screen.shown(1)
    click(plain.screen, 298, 220)
    assert not [line for line in plain.sync() if line.startswith(('button', 'motion', 'crossing'))]


def test_made_up_events_are_no_input(plain):
    plain.window(1, 300, 200, 200, 150)
    outer = plain.screen.shown(1)
    click(plain.screen, 310, 220)
    plain.wait_for('focus 1 9')
    plain.sync()
    outer.send_event(xevent.KeyPress(detail=38, time=0, root=plain.screen.root, window=outer, child=X.NONE, root_x=0, root_y=0, event_x=0, event_y=0,
                                     state=0, same_screen=1), event_mask=X.KeyPressMask)
    plain.screen.x.sync()
    assert not [line for line in plain.sync() if line.startswith('key ')]


def test_close_and_ping(managed):
    managed.window(1, 300, 200, 200, 150)
    outer = managed.screen.shown(1)
    s = managed.screen
    s.root.change_attributes(event_mask=X.SubstructureNotifyMask)
    protocols = s.atom('WM_PROTOCOLS')
    for name in ('_NET_WM_PING', 'WM_DELETE_WINDOW'):
        outer.send_event(xevent.ClientMessage(window=outer, client_type=protocols, data=(32, [s.atom(name), 99, outer.id, 0, 0])))
    s.x.sync()
    managed.wait_for('close 1')
    e = s.event(lambda e: e.type == X.ClientMessage and e.client_type == protocols and e.window == s.root)
    assert list(e.data[1][:3]) == [s.atom('_NET_WM_PING'), 99, outer.id]


def test_bug_class_B2_new_windows_do_not_take_the_focus(managed):
    """The person types in another program: windows that a domain maps, raises or marks do not get a single key."""
    s = managed.screen
    own = s.root.create_window(500, 500, 200, 100, 0, X.CopyFromParent, event_mask=X.KeyPressMask | X.FocusChangeMask)
    own.map()
    s.x.sync()
    s.event(lambda e: e.type == X.FocusIn)
    s.type(XK.XK_a)
    e = s.event(lambda e: e.type == X.KeyPress)
    own.change_property(s.atom('_NET_WM_USER_TIME'), s.atom('CARDINAL'), 32, [e.time])
    for number in range(1, 21):
        managed.window(number, 10 * number, 10 * number, 200, 150, popup=number % 4 == 0)
        managed.say(f'flags {number:x} 2 0', f'unmap {number:x}', f'map {number:x} 0 {int(number % 4 == 0)}')
        s.type(XK.XK_a)
    s.shown(20)
    s.shown(19)
    s.type(XK.XK_a)
    s.x.sync()
    assert not [line for line in managed.sync() if line.startswith(('key ', 'focus '))]
    assert s.x.get_input_focus().focus.id == own.id


def typed_into(screen, own):
    """The person types a key into this window, which says so as programs do."""
    screen.type(XK.XK_a)
    e = screen.event(lambda e: e.type == X.KeyPress)
    own.change_property(screen.atom('_NET_WM_USER_TIME'), screen.atom('CARDINAL'), 32, [e.time])
    screen.x.sync()


@pytest.fixture
def other_program(managed):
    """The person's own program has the focus and was typed into."""
    s = managed.screen
    own = s.root.create_window(500, 500, 200, 100, 0, X.CopyFromParent, event_mask=X.KeyPressMask | X.FocusChangeMask)
    own.map()
    s.x.sync()
    s.event(lambda e: e.type == X.FocusIn)
    typed_into(s, own)
    return own


def test_bug_class_B2_what_the_person_launched_gets_the_focus_once(managed, other_program):
    """A pop-up does not use the wish up, the first ordinary window does; the next one gets nothing."""
    managed.say(f'ctl {LAUNCHED} 0')
    managed.sync()
    managed.window(1, 100, 100, 50, 50, popup=1)
    managed.window(2, 200, 200, 200, 150)
    managed.hears('focus 2 9')
    s = managed.screen
    other_program.set_input_focus(X.RevertToParent, X.CurrentTime)
    s.event(lambda e: e.type == X.FocusIn)
    managed.hears('focus 2 10')
    typed_into(s, other_program)
    before = len(managed.heard)
    managed.window(3, 300, 300, 200, 150)
    s.shown(3)
    typed_into(s, other_program)
    managed.sync()
    assert not [line for line in managed.heard[before:] if line.startswith(('key ', 'focus '))]
    assert s.x.get_input_focus().focus.id == other_program.id


def test_bug_class_B2_a_launch_is_void_once_the_person_types_elsewhere(managed, other_program):
    managed.say(f'ctl {LAUNCHED} 0')
    managed.sync()
    typed_into(managed.screen, other_program)
    managed.window(1, 200, 200, 200, 150)
    managed.screen.shown(1)
    typed_into(managed.screen, other_program)
    managed.sync()
    assert not [line for line in managed.heard if line.startswith(('key ', 'focus '))]
    assert managed.screen.x.get_input_focus().focus.id == other_program.id


def frame_colours(screen, outer):
    """What the upper edge of a frame shows: the set of its colours where the pattern has a mark, and where it has ground."""
    x, y, _, _ = screen.place(outer)
    row = screen.pixels(x, y, 64, 1)[0]  # the right bar has a corner of its own
    return {p for i, p in enumerate(row) if i % 16 < 4}, {p for i, p in enumerate(row) if i % 16 >= 4}


FLASH = '--flash=800'  # slow enough to be seen from here
OWN, EXCHANGED = ({MARK}, {GROUND}), ({GROUND}, {MARK})


def keeps_its_frame_until_another_flashes(screen, outer, other):
    """A domain that asks later has flashed, and this frame was its own all the time."""
    other.window(7, 500, 50, 100, 100)
    second = screen.shown(7)
    while frame_colours(screen, second) != EXCHANGED:
        assert frame_colours(screen, outer) == OWN


@pytest.mark.long
@pytest.mark.options(FLASH)
def test_a_window_without_the_focus_flashes_its_frame_and_is_exact_again(managed, other_program, programs, build, screen):
    """Twice, by exchanging the label's two colours; seldom; never while its domain has the focus; not a pixel stays."""
    s = managed.screen
    managed.window(1, 200, 200, 200, 150, image=IMAGE)
    outer = s.shown(1)
    for colours in (EXCHANGED, OWN, EXCHANGED, OWN):
        s.wait_until(lambda c=colours: frame_colours(s, outer) == c, f'frame {colours}')
    check_frame(s, outer, IMAGE)
    assert s.x.get_input_focus().focus.id == other_program.id
    # Again at once, however often it asks: no. Another domain, which asks later, has flashed meanwhile.
    for _ in range(20):
        managed.say('flags 1 2 0', 'flags 1 0 2')
    managed.sync()
    keeps_its_frame_until_another_flashes(s, outer, Stage(programs, build, screen, FLASH, name='private'))
    check_frame(s, outer, IMAGE)


@pytest.mark.options(FLASH)
def test_a_flash_ends_with_the_focus(managed, other_program):
    s = managed.screen
    managed.window(1, 200, 200, 200, 150, image=IMAGE)
    outer = s.shown(1)
    s.wait_until(lambda: frame_colours(s, outer) == EXCHANGED, 'the flash')
    x, y, _, _ = s.place(outer)
    click(s, x + 50, y + 50)
    managed.hears('focus 1 9')
    managed.sync()
    check_frame(s, outer, IMAGE)


def test_no_flash_unless_it_is_wanted(managed, other_program, programs, build, screen):
    """Without --flash (`quiet = yes`) the frame never changes; another domain, which asked later, has flashed meanwhile."""
    s = managed.screen
    managed.window(1, 200, 200, 200, 150, image=IMAGE)
    outer = s.shown(1)
    managed.say('flags 1 2 0')
    managed.sync()
    keeps_its_frame_until_another_flashes(s, outer, Stage(programs, build, screen, FLASH, name='private'))


def test_bug_class_A16_nothing_while_the_screen_is_locked(plain):
    plain.window(1, 300, 200, 200, 150)
    plain.screen.shown(1)
    click(plain.screen, 310, 220)
    plain.wait_for('focus 1 9')
    plain.hears('button 1 5')
    plain.say(f'ctl {SCREEN_LOCKED} 1')
    plain.wait_for('focus 1 10')
    plain.screen.type(XK.XK_a)
    click(plain.screen, 320, 230)
    assert not [line for line in plain.sync() if line.startswith(('key', 'button', 'motion', 'crossing', 'focus'))]
    plain.say(f'ctl {SCREEN_LOCKED} 0')
    plain.wait_for('focus 1 9')
    plain.screen.type(XK.XK_a)
    plain.wait_for('key 1 2')


def test_bug_class_A16_monitors_that_come_and_go_while_locked(plain, screen):
    """Whatever happens to the monitors, a locked screen gives a domain no input."""
    def xrandr(*argv):
        subprocess.run(['xrandr', '--display', screen, *argv], check=True, stdout=subprocess.DEVNULL)
    plain.window(1, 300, 200, 200, 150)
    plain.screen.shown(1)
    click(plain.screen, 310, 220)
    plain.wait_for('focus 1 9')
    plain.hears('button 1 5')
    plain.say(f'ctl {SCREEN_LOCKED} 1')
    plain.wait_for('focus 1 10')
    before = len(plain.heard)
    for _ in range(10):
        xrandr('--setmonitor', 'left', '640/170x800/210+0+0', 'screen')
        xrandr('--setmonitor', 'right', '640/170x800/210+640+0', 'none')
        plain.wait_for('monitors 2')
        plain.screen.type(XK.XK_a)
        click(plain.screen, 320, 230)
        for name in ('left', 'right'):
            xrandr('--delmonitor', name)
        plain.wait_for('monitors 1')
        plain.screen.type(XK.XK_a)
    plain.sync()
    assert not [line for line in plain.heard[before:] if line.startswith(('key', 'button', 'motion', 'crossing', 'focus'))]
    plain.say(f'ctl {SCREEN_LOCKED} 0')
    plain.wait_for('focus 1 9')
    plain.screen.type(XK.XK_a)
    plain.wait_for('key 1 2')


def test_keyboard_locked_to_another_domain(plain):
    plain.window(1, 300, 200, 200, 150)
    plain.screen.shown(1)
    click(plain.screen, 310, 220)
    plain.wait_for('focus 1 9')
    plain.say(f'ctl {KEYBOARD_LOCK} {DOMAIN + 1}')
    plain.wait_for('focus 1 10')
    plain.screen.type(XK.XK_a)
    assert not [line for line in plain.sync() if line.startswith('key ')]
    plain.say(f'ctl {KEYBOARD_LOCK} {DOMAIN}')
    plain.wait_for('focus 1 9')
    plain.screen.type(XK.XK_a)
    plain.wait_for('key 1 2')


@pytest.mark.parametrize('which', ['plain', 'managed'])
def test_hide_all_and_show_again(which, request):
    st = request.getfixturevalue(which)
    st.window(1, 300, 200, 200, 150, image=IMAGE)
    st.window(2, 100, 100, 50, 50, 1, image=IMAGE)
    s = st.screen
    place = s.place(s.shown(1))
    s.shown(2)
    st.say(f'ctl {HIDE_ALL} 1')
    s.wait_until(lambda: not s.viewable(1) and not s.viewable(2), 'all hidden')
    st.say('create 3 10 10 50 50 0', 'map 3 0 0')
    st.sync()
    assert not s.viewable(3)
    st.say(f'ctl {HIDE_ALL} 0')
    s.shown(2)
    s.shown(3)
    outer = s.shown(1)
    s.wait_until(lambda: s.place(outer) == place, 'where it was')


def test_windows_come_back_as_the_person_had_them(managed):
    """Hidden and shown again: each where it was, the maximised one maximised, the minimised one minimised."""
    s = managed.screen
    for number, x, y in ((1, 420, 330), (2, 700, 90), (3, 40, 500), (4, 600, 300)):
        managed.window(number, 10, 10, 200, 150)
        outer = s.shown(number)
        before = s.place(outer)
        s.configure(outer, x=x, y=y)
        s.wait_until(lambda outer=outer, before=before: s.place(outer) != before, 'moved')
    maximised, minimised = s.outer(3), s.outer(4)
    states = [s.atom(f'_NET_WM_STATE_MAXIMIZED_{side}') for side in ('VERT', 'HORZ')]
    s.root.send_event(xevent.ClientMessage(window=maximised, client_type=s.atom('_NET_WM_STATE'), data=(32, [1, *states, 2, 0])),
                      event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
    s.x.sync()
    s.wait_until(lambda: s.place(maximised)[2] > 1200, 'maximised')
    managed.say('flags 4 4 0')
    managed.hears('flags 4 4 0')
    managed.sync()
    places = {number: s.place(s.outer(number)) for number in (1, 2, 3)}
    managed.say(f'ctl {HIDE_ALL} 1')
    s.wait_until(lambda: not s.property(s.root, '_NET_CLIENT_LIST'), 'all hidden')
    managed.say(f'ctl {HIDE_ALL} 0')
    for number, place in places.items():
        outer = s.shown(number)
        s.wait_until(lambda outer=outer, place=place: s.place(outer) == place, f'window {number} at {place}')
    assert set(states) <= set(s.property(maximised, '_NET_WM_STATE'))
    s.wait_until(lambda: list(s.property(minimised, 'WM_STATE') or [0])[0] == Xutil.IconicState, 'minimised')
    assert not s.viewable(4)
    managed.say('unmap 4', 'map 4 0 0')  # the domain's own mapping is an ordinary one
    s.shown(4)


def trusted_window(s, name='trusted', override_redirect=1):
    w = s.root.create_window(300, 200, 300, 300, 0, X.CopyFromParent, background_pixel=0x00ff00, override_redirect=override_redirect)
    if name == 'trusted':
        w.change_property(s.atom('_BULKHEAD_TRUSTED'), s.atom('CARDINAL'), 32, [1])
    else:
        w.set_wm_class(name, name)
    w.map()
    s.x.sync()
    return w


@pytest.mark.parametrize('kind', ['trusted', 'xscreensaver'])
def test_bug_class_A8_popup_stays_below_trusted_windows(plain, kind):
    s = plain.screen
    trusted_window(s, kind)
    plain.window(1, 320, 220, 100, 100, 1)
    s.shown(1)
    assert s.pixel(330, 230) == 0x00ff00
    plain.say('unmap 1', 'map 1 0 1')
    plain.window(2, 250, 220, 100, 100, 1)
    s.shown(2)
    s.shown(1)
    assert s.pixel(330, 230) == 0x00ff00
    assert s.pixel(270, 230) == GROUND


def test_bug_class_A8_popup_stays_below_a_trusted_dialog_in_its_frame(managed):
    s = managed.screen
    w = trusted_window(s, override_redirect=0)
    s.wait_until(lambda: s.property(w, 'WM_STATE') and w.get_attributes().map_state == X.IsViewable, 'dialog shown')
    x, y, _, _ = s.place(w)
    managed.window(1, x + 20, y + 20, 100, 100, 1)
    s.shown(1)
    assert s.pixel(x + 40, y + 40) == 0x00ff00


@pytest.mark.parametrize('where', ['plain', 'managed'])
def test_bug_class_A8_popup_goes_below_a_trusted_window_that_comes_later(where, request):
    st = request.getfixturevalue(where)
    s = st.screen
    st.window(1, 320, 220, 800, 400, 1)
    s.wait_until(lambda: s.shown(1) and s.pixel(330, 230) == GROUND, 'the pop-up')
    w = trusted_window(s, override_redirect=where == 'plain')
    if where == 'managed':
        s.wait_until(lambda: s.property(w, 'WM_STATE'), 'managed')
    w.configure(x=400, y=300)

    def on_top():
        x, y, width, height = s.place(w)
        return s.pixel(x + width // 2, y + height // 2) == 0x00ff00
    s.wait_until(on_top, 'the trusted window above the pop-up')


def test_popup_stands_above_ordinary_windows(plain):
    s = plain.screen
    trusted_window(s, 'something else')
    plain.window(1, 320, 220, 100, 100, 1)
    s.shown(1)
    assert s.pixel(330, 230) == GROUND


def tray(s):
    """A system tray of the test's own; returns its window and the one that it embeds next."""
    t = s.root.create_window(0, 0, 200, 24, 0, X.CopyFromParent)
    t.map()
    selection = s.atom('_NET_SYSTEM_TRAY_S0')
    t.set_selection_owner(selection, X.CurrentTime)
    s.root.send_event(xevent.ClientMessage(window=s.root, client_type=s.atom('MANAGER'), data=(32, [0, selection, t.id, 0, 0])),
                      event_mask=X.StructureNotifyMask)
    s.x.sync()

    def embed():
        e = s.event(lambda e: e.type == X.ClientMessage and e.client_type == s.atom('_NET_SYSTEM_TRAY_OPCODE'))
        icon = s.x.create_resource_object('window', e.data[1][2])
        icon.reparent(t, 10, 0)
        icon.configure(width=24, height=24)
        icon.map()
        s.x.sync()
        return icon
    return t, embed


def test_docked_icon_is_framed(plain):
    s = plain.screen
    _, embed = tray(s)
    plain.say('create 1 0 0 22 22 0', 'dock 1')
    icon = embed()
    plain.wait_for('configure 1 12 2 20 20')
    plain.hears('map 1')
    check_frame(s, icon, GROUND, f=2)
    plain.show(1, 20, 20, IMAGE)
    check_frame(s, icon, IMAGE, f=2)


def test_icon_waits_for_a_tray_and_survives_it(plain):
    s = plain.screen
    plain.say('create 1 0 0 22 22 0', 'dock 1')
    plain.sync()
    check_frame(s, s.shown(1), GROUND)
    t, embed = tray(s)
    embed()
    plain.hears('configure 1 12 2 20 20')
    t.destroy()
    s.x.sync()
    check_frame(s, s.shown(1), f=2)  # it stands alone again, where it can be seen
    _, embed = tray(s)
    check_frame(s, embed(), f=2)


def test_icon_in_a_tray_is_hidden_with_everything(plain):
    s = plain.screen
    _, embed = tray(s)
    plain.say('create 1 0 0 22 22 0', 'dock 1')
    embed()
    s.shown(1)
    for _ in range(2):
        plain.say(f'ctl {HIDE_ALL} 1')
        s.wait_until(lambda: not s.viewable(1), 'the icon to go')
        plain.say(f'ctl {HIDE_ALL} 0')
        s.shown(1)


def test_paused_domain_says_so(plain):
    plain.window(1, 300, 200, 200, 150)
    plain.say(f'ctl {PAUSED} 1')
    s = plain.screen
    s.wait_until(lambda: s.property(s.shown(1), '_NET_WM_NAME') == b'[work] test (paused)', 'paused')


def test_transient_for(plain):
    plain.window(1, 300, 200, 200, 150)
    plain.say('create 2 0 0 50 50 0', 'map 2 1 0')
    s = plain.screen
    s.shown(2)
    assert s.outer(2).get_wm_transient_for().id == s.outer(1).id


def test_screen_window_shows_through_windows_without_image(plain):
    plain.say('create 0 0 0 1280 800 0', 'dump 0 1280 800 123456')
    plain.window(1, 300, 200, 200, 150)
    plain.say('damage 1 0 0 200 150')
    plain.wait_for('frame 1')
    check_frame(plain.screen, plain.screen.shown(1), IMAGE)


@pytest.mark.parametrize('minor', [0, 3, 4, 6, 8])
def test_versions(programs, build, screen, minor):
    st = Stage(programs, build, screen, minor=minor)
    st.wait_for(f'ctl 2 {minor}')
    st.say('create 1 300 200 200 150 0', 'map 1 0 0', 'dump 1 200 150 123456', 'damage 1 0 0 200 150')
    st.wait_for('frame 1')
    assert ('dump-ack 1' in st.heard) == (minor >= 7)


@pytest.mark.parametrize('what', [
    'raw ' + '00' * 12,                                                              # type 0
    'raw 8400000001000000080000000000000000000000',                                  # MAP of an unknown window
    'create 1 0 0 10 10 0\ncreate 1 0 0 10 10 0',                                    # twice
    'create 1 0 0 10 10 0\nraw 930000000100000010000000000000000000010000000100ff000000',  # DUMP without pages
    'raw 820000000100000017000000',                                                  # CREATE one byte short
    'raw 8700000001000000ffffffff',                                                  # MFNDUMP
    'create 1 0 0 10 10 0\nforeign-dump 1 10 10',
])
def test_what_breaks_the_protocol_ends_that_connection(plain, what):
    plain.say(*what.split('\n'))
    plain.wait_for('ctl 5 .*connection ended')
    plain.wait_for('ctl 6')
    plain.wait_for('over')
    assert plain.ended() == 0
    assert len([e for e in plain.errors if 'connection ended' in e]) == 1


def test_unasked_clipboard_data_is_dropped(plain):
    plain.say('raw 8c00000000000000050000006162636465')
    plain.wait_for('ctl 5 .*nobody asked for')
    plain.sync()


def test_monitors_and_keyboard_are_told_when_they_change(plain, screen):
    s = plain.screen
    plain.hears('monitors 1')
    subprocess.run(['xrandr', '--display', screen, '--setmonitor', 'left', '640/170x800/210+0+0', 'screen'], check=True)
    subprocess.run(['xrandr', '--display', screen, '--setmonitor', 'right', '640/170x800/210+640+0', 'none'], check=True)
    plain.say(f'ctl {SCREEN_CHANGED} 0')
    plain.wait_for('monitors 2')
    plain.window(1, 600, 200, 100, 50, 1)
    assert s.place(s.shown(1)) == (640, 196, 108, 58)  # whole on the right one
    subprocess.run(['setxkbmap', '-display', screen, 'de'], check=True)
    plain.wait_for('keyboard de')


def test_popups_over_a_monitor_become_ordinary_windows(managed):
    s = managed.screen
    managed.window(1, 0, 0, 1280, 800, 1)
    managed.wait_for('ctl 5 .*covered a monitor')
    outer = s.shown(1)
    s.wait_until(lambda: s.property(outer, 'WM_STATE'), 'managed')
    check_frame(s, outer, GROUND)
