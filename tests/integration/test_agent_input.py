# SPDX-License-Identifier: GPL-2.0-or-later
"""The gui-agent: the person's input into a domain, its focus, keyboard, screen, clipboard and tray."""
import select

import pytest
from agent_rig import BUTTON_DOWN, BUTTON_UP, ENTER, FOCUS_IN, FOCUS_OUT, KEY_DOWN, KEY_UP, LEAVE
from test_agent_windows import client, domain, fill, make, pytestmark  # noqa: F401 pylint: disable=unused-import
from Xlib import X, XK, display
from Xlib.ext import randr

A, Q, SHIFT_L, CTRL_L, CAPS, ALT_GR_KEY = 38, 24, 50, 37, 66, 92
SHIFT, LOCK, CTRL, MOD2, MOD5 = 1, 2, 4, 16, 128
EVENTS = (X.KeyPressMask | X.KeyReleaseMask | X.ButtonPressMask | X.ButtonReleaseMask | X.PointerMotionMask | X.EnterWindowMask |
          X.LeaveWindowMask | X.FocusChangeMask | X.StructureNotifyMask)


def next_event(client):
    while (e := client.next_event()).type == X.MappingNotify:
        pass
    return e


def wait_for_layout(client):
    """The layout that the agent sets at its start; a change in the middle would let go all keys."""
    rules = client.intern_atom('_XKB_RULES_NAMES')
    while not bytes(client.screen().root.get_full_property(rules, X.AnyPropertyType).value).startswith(b'evdev'):
        pass


def shown(d, client, **more):
    wait_for_layout(client)
    win = make(client, **more)
    win.change_attributes(event_mask=EVENTS)
    win.map()
    client.sync()
    w = d.window(override=more.get('override', 0))
    d.expect('SHMIMAGE', window=w)
    return win, w


def until(client, kind, **fields):
    while True:
        e = client.next_event()
        if e.type == kind and all(getattr(e, k) == v for k, v in fields.items()):
            return e


def focused(d, client, **more):
    win, w = shown(d, client, **more)
    d.say('focus', w, FOCUS_IN)
    until(client, X.FocusIn)
    return win, w


def keyboard(d, client, *names):
    """Waits until the domain has this layout."""
    wait_for_layout(client)
    d.expect('EXT_HELLO')
    d.say('keyboard', *names)
    d.expect('EXT_READY')


def test_keys_reach_the_focused_window(domain, client):
    d = domain.daemon()
    win, w = focused(d, client)
    d.say('key', w, KEY_DOWN, A, 0)
    e = until(client, X.KeyPress)
    assert (e.detail, e.state, e.window) == (A, 0, win)
    d.say('key', w, KEY_UP, A, 0)
    assert until(client, X.KeyRelease).detail == A


def test_no_focus_means_no_keys(domain, client):
    d = domain.daemon()
    win, w = focused(d, client)
    d.say('focus', w, FOCUS_OUT)
    until(client, X.FocusOut)
    assert client.get_input_focus().focus == X.NONE
    d.say('key', w, KEY_DOWN, A, 0)
    d.say('key', w, KEY_UP, A, 0)
    d.say('focus', w, FOCUS_IN)
    assert next_event(client).type == X.FocusIn


def test_bug_class_B4_state_of_a_key_brings_the_modifiers_in_step(domain, client):
    d = domain.daemon()
    win, w = focused(d, client)
    d.say('key', w, KEY_DOWN, A, SHIFT | CTRL | MOD5)  # held before the focus came
    assert until(client, X.KeyPress, detail=A).state == SHIFT | CTRL | MOD5
    d.say('key', w, KEY_UP, A, SHIFT | CTRL | MOD5)
    until(client, X.KeyRelease, detail=A)
    client.sync()
    time_of_answer(d, w)
    d.say('key', w, KEY_DOWN, A, 0)  # let go elsewhere
    assert until(client, X.KeyPress, detail=A).state == 0
    d.say('key', w, KEY_UP, A, 0)
    time_of_answer(d, w)
    d.say('key', w, KEY_DOWN, A, LOCK)
    assert until(client, X.KeyPress, detail=A).state == LOCK
    d.say('key', w, KEY_UP, A, LOCK)
    time_of_answer(d, w)
    d.say('key', w, KEY_DOWN, A, MOD2)
    assert until(client, X.KeyPress, detail=A).state == MOD2


def time_of_answer(d, w):
    """The agent knows the server's state after the keys so far: it echoes this after that answer was due."""
    for x in (1, 2):
        d.say('configure', w, x, 0, 200, 100)
        d.expect('CONFIGURE', window=w, x=x)


def test_bug_class_B4_keys_are_released_when_the_focus_goes(domain, client):
    d = domain.daemon()
    win, w = focused(d, client)
    for code, state in ((CTRL_L, 0), (A, CTRL)):
        d.say('key', w, KEY_DOWN, code, state)
        until(client, X.KeyPress, detail=code)
    d.say('focus', w, FOCUS_OUT)
    assert {until(client, X.KeyRelease).detail, until(client, X.KeyRelease).detail} == {CTRL_L, A}
    assert not any(client.query_keymap())


def test_bug_class_B4_keymap_releases_and_never_presses(domain, client):
    d = domain.daemon()
    win, w = focused(d, client)
    for code, state in ((SHIFT_L, 0), (A, SHIFT)):
        d.say('key', w, KEY_DOWN, code, state)
        until(client, X.KeyPress, detail=code)
    d.say('keymap', SHIFT_L, Q)
    assert until(client, X.KeyRelease).detail == A
    down = [8 * i + b for i, byte in enumerate(client.query_keymap()) for b in range(8) if byte >> b & 1]
    assert down == [SHIFT_L]


def test_bug_class_B1_the_domain_never_repeats_a_key(domain, client):
    d = domain.daemon()
    win, w = focused(d, client)
    client.change_keyboard_control(auto_repeat_mode=X.AutoRepeatModeOn)
    client.sync()
    while client.get_keyboard_control().global_auto_repeat == X.AutoRepeatModeOn:
        pass  # the agent is told and switches it off again
    client.change_keyboard_control(auto_repeat_mode=X.AutoRepeatModeOn)
    client.sync()
    while client.get_keyboard_control().global_auto_repeat == X.AutoRepeatModeOn:
        pass
    d.say('key', w, KEY_DOWN, A, 0)
    until(client, X.KeyPress, detail=A)
    assert client.pending_events() == 0
    assert not select.select([client.display.socket], [], [], 0.9)[0]  # a repeat would have begun after 0.66 s
    d.say('key', w, KEY_DOWN, A, 0)  # but the daemon's side may repeat
    assert [next_event(client).type, next_event(client).type] == [X.KeyRelease, X.KeyPress]


def test_pointer_at_the_right_place(domain, client):
    d = domain.daemon()
    win, w = shown(d, client, x=100, y=50)
    d.say('crossing', w, ENTER, 7, 8)
    e = until(client, X.EnterNotify)
    assert (e.event_x, e.event_y, e.root_x, e.root_y) == (7, 8, 107, 58)
    d.say('motion', w, 20, 30, 0)
    assert until(client, X.MotionNotify, event_x=20).event_y == 30
    d.say('button', w, BUTTON_DOWN, 21, 31, 1, 0)
    e = until(client, X.ButtonPress)
    assert (e.event_x, e.event_y, e.detail) == (21, 31, 1)
    d.say('button', w, BUTTON_UP, 21, 31, 1, 256)
    until(client, X.ButtonRelease)
    for n in (4, 5, 6, 7):
        d.say('button', w, BUTTON_DOWN, 21, 31, n, 0)
        assert until(client, X.ButtonPress).detail == n
        d.say('button', w, BUTTON_UP, 21, 31, n, 0)


def test_pointer_reaches_the_window_that_the_daemon_means(domain, client):
    """Two windows at one place: which is above here says nothing of which is above there."""
    d = domain.daemon()
    a, wa = shown(d, client)
    b, wb = shown(d, client)
    for win, w in ((a, wa), (b, wb), (a, wa)):
        d.say('crossing', w, ENTER, 5, 5)
        d.say('button', w, BUTTON_DOWN, 5, 5, 1, 0)
        assert until(client, X.ButtonPress).window == win
        d.say('button', w, BUTTON_UP, 5, 5, 1, 0)
        until(client, X.ButtonRelease)
        d.say('crossing', w, LEAVE, 5, 5)


def test_leaving_is_seen_by_clients(domain, client):
    d = domain.daemon()
    win, w = shown(d, client)
    d.say('crossing', w, ENTER, 5, 5)
    until(client, X.EnterNotify)
    d.say('crossing', w, LEAVE, 5, 5)
    until(client, X.LeaveNotify)
    other, wo = shown(d, client, colour=0)  # a new window under the absent pointer sees nothing
    d.say('crossing', w, ENTER, 6, 6)
    assert until(client, X.EnterNotify).window == win


def test_drag_reaches_beyond_the_window(domain, client):
    d = domain.daemon()
    win, w = shown(d, client, x=100, y=100)
    d.say('crossing', w, ENTER, 5, 5)
    d.say('button', w, BUTTON_DOWN, 5, 5, 1, 0)
    d.say('crossing', w, LEAVE, -30, 5)
    d.say('motion', w, -40, 300, 256)
    e = until(client, X.MotionNotify, event_x=-40)
    assert (e.event_y, e.window) == (300, win)
    d.say('button', w, BUTTON_UP, -40, 300, 1, 256)
    assert until(client, X.ButtonRelease).event_x == -40


@pytest.mark.parametrize('names,keysym', [(('us',), XK.XK_q), (('fr',), XK.XK_a), (('us', 'dvorak'), XK.XK_apostrophe),
                                          (('us,de', '', 'grp:alt_shift_toggle,ctrl:nocaps'), XK.XK_q)])
def test_layout_follows_the_admin_side(domain, client, names, keysym):
    d = domain.daemon('--ext')
    keyboard(d, client, *names)
    win, w = focused(d, client)
    c = display.Display(domain.display)
    d.say('key', w, KEY_DOWN, Q, 0)
    e = until(client, X.KeyPress)
    assert c.keycode_to_keysym(e.detail, 0) == keysym
    d.say('key', w, KEY_UP, Q, 0)
    until(client, X.KeyRelease)
    assert c.get_keyboard_control().global_auto_repeat == X.AutoRepeatModeOff
    c.close()


def monitors_of(root):
    crtcs = [randr.get_crtc_info(root, c, 0) for c in randr.get_screen_resources(root).crtcs]
    return [(c.x, c.y, c.width, c.height) for c in crtcs if c.mode]


def test_screen_follows_the_admin_side(domain, client):
    wait_for_layout(client)
    d = domain.daemon('--ext')
    d.expect('EXT_HELLO')
    root = client.screen().root
    for text, screen, monitors in [
            ('1700 950 0 0 1700 950', (1700, 950), [(0, 0, 1700, 950)]),
            ('3200 1224 0 0 1920 1080 1920 200 1280 1024', (3200, 1224), [(0, 0, 1920, 1080), (1920, 200, 1280, 1024)]),
            ('3840 1080 0 0 1920 1080 1920 0 1920 1080', (3840, 1080), [(0, 0, 1920, 1080), (1920, 0, 1920, 1080)]),
            ('341 199 0 0 341 199', (341, 199), [(0, 0, 341, 199)]),
            ('8192 4096 0 0 8192 4096', (8192, 4096), [(0, 0, 8192, 4096)])]:
        d.say('monitors', text)
        d.expect('EXT_READY')
        g = root.get_geometry()
        assert (g.width, g.height) == screen
        assert monitors_of(root) == monitors
        area = root.get_full_property(client.intern_atom('_NET_WORKAREA'), X.AnyPropertyType)
    d.say('monitors', '1024 768 0 0 1024 768')
    d.expect('EXT_READY')
    for i in range(40):  # a day of resizing
        d.say('monitors', f'{700 + i} 600 0 0 {700 + i} 600')
        d.expect('EXT_READY')
    assert root.get_geometry().width == 739 and area is not None
    assert len(randr.get_screen_resources(root).modes) < 100


def test_monitors_that_change_while_the_last_change_is_under_way(domain, client):
    """As at every start beside two monitors: first the size of the whole comes, at once behind it the monitors."""
    wait_for_layout(client)
    d = domain.daemon('--ext')
    d.expect('EXT_HELLO')
    root = client.screen().root
    for i in range(10):
        w = 600 + i
        d.say('monitors', f'{2 * w} 500 0 0 {2 * w} 500')
        d.say('monitors', f'{2 * w} 500 0 0 {w} 500 {w} 0 {w} 400')
        wanted = [(0, 0, w, 500), (w, 0, w, 400)]
        while not d.expect('EXT_READY') or monitors_of(root) != wanted:
            pass


def own_clipboard(client, text):
    win = make(client)
    win.set_selection_owner(client.intern_atom('CLIPBOARD'), X.CurrentTime)
    client.sync()
    return win


def serve(client, win, text, incremental=0):
    """Answers selection requests until one was for text."""
    utf8 = client.intern_atom('UTF8_STRING')
    while True:
        e = until(client, X.SelectionRequest)
        good = e.target == utf8
        if good and not incremental:
            e.requestor.change_property(e.property, utf8, 8, text)
        elif good:
            e.requestor.change_attributes(event_mask=X.PropertyChangeMask)
            e.requestor.change_property(e.property, client.intern_atom('INCR'), 32, [len(text)])
        notify(client, e, good)
        if good:
            break
    for at in range(0, len(text) + incremental, incremental or len(text) * 2):
        if not incremental:
            break
        until(client, X.PropertyNotify, state=X.PropertyDelete, atom=e.property)
        e.requestor.change_property(e.property, utf8, 8, text[at:at + incremental])
        client.flush()


def notify(client, e, good):
    from Xlib.protocol import event
    e.requestor.send_event(event.SelectionNotify(time=e.time, requestor=e.requestor, selection=e.selection, target=e.target,
                                                 property=e.property if good else X.NONE))
    client.flush()


@pytest.mark.parametrize('size,incremental', [(3, 0), (64000, 0), (250000, 60000), (256000, 0)])
def test_clipboard_is_read_when_asked(domain, client, size, incremental):
    d = domain.daemon('--ext')
    d.expect('EXT_HELLO')
    text = b'abc' if size == 3 else b'x' * size
    win = own_clipboard(client, text)
    d.expect('EXT_CLIPBOARD_OWNER')
    d.say('clip-req', 0)
    serve(client, win, text, incremental)
    m = d.expect('CLIPBOARD_DATA')
    assert m['size'] == size and m['text'] == text[:200].decode()


def test_bug_class_C3_clipboard_beyond_the_limit_is_never_cut_to_fit(domain, client):
    d = domain.daemon()
    win = own_clipboard(client, b'')
    d.say('clip-req', 0)
    serve(client, win, b'y' * 300000, 60000)
    assert d.expect('CLIPBOARD_DATA')['size'] == 256001  # one over means too large
    d.close()
    d = domain.daemon('--minor=7')
    d.say('clip-req', 0)
    serve(client, win, b'y' * 65001)
    assert d.expect('CLIPBOARD_DATA')['size'] == 0


def test_empty_clipboard(domain, client):
    d = domain.daemon()
    d.say('clip-req', 5)
    assert d.expect('CLIPBOARD_DATA')['size'] == 0


def test_clipboard_from_the_daemon_is_offered(domain, client):
    d = domain.daemon()
    d.say('clip-data', 'Grüße aus der Ferne')
    win = make(client)
    clipboard, utf8, here = (client.intern_atom(n) for n in ('CLIPBOARD', 'UTF8_STRING', 'HERE'))
    while client.get_selection_owner(clipboard) == X.NONE:
        pass
    for target, check in ((client.intern_atom('TARGETS'), lambda p: utf8 in p.value),
                          (utf8, lambda p: bytes(p.value).decode() == 'Grüße aus der Ferne'),
                          (client.intern_atom('text/plain;charset=utf-8'), lambda p: bytes(p.value).decode() == 'Grüße aus der Ferne')):
        win.convert_selection(clipboard, target, here, X.CurrentTime)
        client.flush()
        assert until(client, X.SelectionNotify).property == here
        assert check(win.get_full_property(here, X.AnyPropertyType))


def test_cursor_names(domain, client):
    import ctypes
    import ctypes.util
    d = domain.daemon()
    win, w = shown(d, client)
    d.say('crossing', w, ENTER, 5, 5)
    until(client, X.EnterNotify)
    xlib, fixes = (ctypes.CDLL(ctypes.util.find_library(n)) for n in ('X11', 'Xfixes'))
    xlib.XOpenDisplay.restype = ctypes.c_void_p
    x = ctypes.c_void_p(xlib.XOpenDisplay(domain.display.encode()))
    for name, glyph in ((b'text', 0x100 + 152), (b'sb_h_double_arrow', 0x100 + 108), (b'unheard-of', 0)):
        cursor = xlib.XCreateFontCursor(x, 34)
        fixes.XFixesSetCursorName(x, ctypes.c_ulong(cursor), name)
        xlib.XDefineCursor(x, ctypes.c_ulong(win.id), ctypes.c_ulong(cursor))
        xlib.XSync(x, 0)
        d.expect('CURSOR', window=w, glyph=glyph)
    xlib.XCloseDisplay(x)


def test_tray_icon_is_docked(domain, client):
    d = domain.daemon()
    tray = client.get_selection_owner(client.intern_atom('_NET_SYSTEM_TRAY_S0'))
    icon = make(client, w=22, h=22, colour=0xff00ff)
    from Xlib.protocol import event
    tray.send_event(event.ClientMessage(window=tray, client_type=client.intern_atom('_NET_SYSTEM_TRAY_OPCODE'),
                                        data=(32, [X.CurrentTime, 0, icon.id, 0, 0])))
    client.sync()
    w = d.expect('DOCK')['window']
    assert w != icon.id
    d.expect('DUMP', window=w)
    d.until_pixel(w, 3, 3, 'ff00ff')
    d.say('configure', w, 500, 2, 32, 30)
    d.expect('CONFIGURE', window=w, x=500, y=2, w=32, h=30)
    d.expect('DUMP', window=w, w=32, h=30)
    d.until_pixel(w, 31, 29, 'ff00ff')
    assert icon.get_geometry().width == 32
    icon.change_attributes(event_mask=EVENTS)
    client.sync()
    d.say('crossing', w, ENTER, 4, 4)
    d.say('button', w, BUTTON_DOWN, 4, 4, 1, 0)
    assert until(client, X.ButtonPress).window == icon
    icon.destroy()
    client.sync()
    d.expect('DESTROY', window=w)
    assert not [m for m in d.log if m['type'] == 'MAP']


def ewmh_state(client, win, action, name):
    from Xlib.protocol import event
    client.screen().root.send_event(event.ClientMessage(window=win, client_type=client.intern_atom('_NET_WM_STATE'),
                                                        data=(32, [action, client.intern_atom(name), 0, 1, 0])),
                                    event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
    client.sync()


def test_full_screen_follows_the_daemon(domain, client):
    d = domain.daemon()
    win, w = shown(d, client)
    state = client.intern_atom('_NET_WM_STATE')
    win.change_attributes(event_mask=EVENTS | X.PropertyChangeMask)
    ewmh_state(client, win, 1, '_NET_WM_STATE_FULLSCREEN')
    assert d.expect('FLAGS', window=w)['set'] == 1
    assert not win.get_full_property(state, X.AnyPropertyType)
    d.say('flags', w, 1, 0)
    until(client, X.PropertyNotify, atom=state)
    assert list(win.get_full_property(state, X.AnyPropertyType).value) == [client.intern_atom('_NET_WM_STATE_FULLSCREEN')]
    d.say('configure', w, 0, 0, 1280, 1024)
    d.expect('CONFIGURE', window=w, w=1280)
    win.configure(width=50)
    client.sync()
    until(client, X.ConfigureNotify, width=1280)
    ewmh_state(client, win, 0, '_NET_WM_STATE_FULLSCREEN')
    assert d.expect('FLAGS', window=w)['unset'] == 1


def test_take_focus_gets_a_real_time(domain, client):
    d = domain.daemon()
    win, w = shown(d, client)
    win.set_wm_protocols([client.intern_atom('WM_TAKE_FOCUS')])
    win.set_wm_hints(flags=1, input=0)
    client.sync()
    time_of_answer(d, w)
    d.say('focus', w, FOCUS_IN)
    e = until(client, X.ClientMessage)
    assert e.data[1][0] == client.intern_atom('WM_TAKE_FOCUS') and e.data[1][1] > 0
    assert client.get_input_focus().focus != win
    win.set_input_focus(X.RevertToParent, e.data[1][1])
    until(client, X.FocusIn)
    d.say('key', w, KEY_DOWN, A, 0)
    until(client, X.KeyPress, detail=A)


def test_frames_are_paced_by_the_daemon(domain, client):
    d = domain.daemon('--ext')
    d.expect('EXT_HELLO')
    d.say('frames', 1)
    win, w = shown(d, client)
    fill(client, win, 0, 0, 10, 10, 1)
    d.until_pixel(w, 0, 0, '000001')
    time_of_answer(d, w)
    d.say('frames', 0)
    d.quiet()
    for i in range(20):
        fill(client, win, i, 20, 10, 10, 0xff0000 + i)
        client.sync()
        d.quiet()
    time_of_answer(d, w)
    d.quiet()
    assert len([m for m in d.log if m['type'] == 'SHMIMAGE']) < 8  # of more than 20 that could have been
    d.until_pixel(w, 20, 20, 'ff0013')  # a frame that nobody answers is not the window's last
