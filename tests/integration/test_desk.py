# SPDX-License-Identifier: GPL-2.0-or-later
"""bulkhead-desk: global keys, screen lock and the home for docked icons, seen from its manager's end of the socket."""
import os
import socket
import struct

import pytest
from Xlib import X, XK, Xatom, display
from Xlib.ext import xtest

COPY_KEY, PASTE_KEY, CLIP_FROM, CLIP_TO, CLIP_LINE, CLIP_SHOW = 43, 44, 45, 46, 47, 48
GUI_LOCKED, HIDE_ALL, KEYBOARD_LOCK, FOCUSED = 32, 33, 34, 37
SIZE = 288


class Desk:
    def __init__(self, programs, build, screen, **more):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        env = {**os.environ, 'NO_AT_BRIDGE': '1', **more}
        env.pop('DBUS_SESSION_BUS_ADDRESS', None)
        self.p = programs.start([build / 'tray' / 'bulkhead-desk', f'--ctl-fd={theirs.fileno()}'], pass_fds=[theirs.fileno()], env=env)
        theirs.close()
        self.socket = ours
        ours.settimeout(20)
        self.x = display.Display(screen)
        self.root = self.x.screen().root
        self.wait_until_ready()

    def wait_until_ready(self):
        """Giving docked icons a home is the last thing that it does at its start."""
        selection = self.x.intern_atom('_NET_SYSTEM_TRAY_S0')
        while self.x.get_selection_owner(selection) == X.NONE:
            assert self.p.poll() is None, 'bulkhead-desk ended at its start'

    def say(self, kind, value=0, text=''):
        self.socket.send(struct.pack('<II256s24x', kind, value, text.encode()))

    def hear(self):
        data = self.socket.recv(SIZE + 1)
        assert len(data) == SIZE
        return struct.unpack('<II', data[:8])

    def key(self, keysym):
        for kind, sym in [(X.KeyPress, XK.XK_Super_L), (X.KeyPress, keysym), (X.KeyRelease, keysym), (X.KeyRelease, XK.XK_Super_L)]:
            xtest.fake_input(self.x, kind, self.x.keysym_to_keycode(sym))
        self.x.sync()

    def trusted(self):
        """Names of the trusted windows on the screen, topmost last."""
        atom = self.x.intern_atom('_BULKHEAD_TRUSTED')
        return [w.get_wm_name() for w in self.root.query_tree().children
                if w.get_attributes().map_state == X.IsViewable and w.get_full_property(atom, X.AnyPropertyType)]


@pytest.fixture
def desk(programs, build, screen):
    return Desk(programs, build, screen)


def test_hide_key_tells_the_manager_and_shows_a_trusted_banner(desk):
    desk.key(XK.XK_F12)
    assert desk.hear() == (HIDE_ALL, 1)
    desk.key(XK.XK_F12)
    assert desk.hear() == (HIDE_ALL, 0)
    desk.key(XK.XK_F12)
    assert desk.hear() == (HIDE_ALL, 1)
    desk.root.change_attributes(event_mask=X.SubstructureNotifyMask)
    while not desk.trusted():
        desk.x.next_event()
    assert desk.trusted() == ['Bulkhead']


def test_hide_key_works_with_num_lock_and_caps_lock(desk):
    for lock in (XK.XK_Num_Lock, XK.XK_Caps_Lock):
        for kind in (X.KeyPress, X.KeyRelease):
            xtest.fake_input(desk.x, kind, desk.x.keysym_to_keycode(lock))
    desk.key(XK.XK_F12)
    assert desk.hear() == (HIDE_ALL, 1)


def test_keyboard_is_locked_to_the_focused_domain_only(desk):
    desk.key(XK.XK_F11)
    assert desk.hear() == (KEYBOARD_LOCK, 0), 'no domain has the focus: nothing to lock to'
    desk.say(FOCUSED, 7, 'banking')
    desk.key(XK.XK_F12)  # after this answer the line above was read
    assert desk.hear() == (HIDE_ALL, 1)
    desk.key(XK.XK_F11)
    assert desk.hear() == (KEYBOARD_LOCK, 7)
    desk.say(FOCUSED, 8, 'work')
    desk.key(XK.XK_F11)
    assert desk.hear() == (KEYBOARD_LOCK, 0)


def locker(desk, name, w=1280, h=800, override_redirect=True):
    window = desk.root.create_window(0, 0, w, h, 0, X.CopyFromParent, override_redirect=override_redirect)
    window.set_wm_class(name, name)
    window.map()
    desk.x.sync()
    return window


def test_bug_class_A16_a_locker_window_locks_input(desk):
    window = locker(desk, 'i3lock')
    assert desk.hear() == (GUI_LOCKED, 1)
    second = locker(desk, 'xscreensaver')
    window.destroy()
    desk.x.sync()
    second.destroy()
    desk.x.sync()
    assert desk.hear() == (GUI_LOCKED, 0)


@pytest.mark.parametrize('name, w, managed', [('work:i3lock', 1280, False), ('i3lock', 600, False), ('firefox', 1280, False), ('i3lock', 1280, True)])
def test_what_is_no_locker_locks_nothing(desk, name, w, managed):
    locker(desk, name, w=w, override_redirect=not managed)
    desk.key(XK.XK_F12)
    assert desk.hear() == (HIDE_ALL, 1), 'the next thing heard is the key, not a lock'


def test_docked_icons_find_a_home_and_move_to_a_real_tray(desk):
    selection = desk.x.intern_atom('_NET_SYSTEM_TRAY_S0')
    opcode = desk.x.intern_atom('_NET_SYSTEM_TRAY_OPCODE')
    while desk.x.get_selection_owner(selection) == X.NONE:
        desk.x.sync()
    owner = desk.x.get_selection_owner(selection)
    icon = desk.root.create_window(0, 0, 24, 24, 0, X.CopyFromParent, event_mask=X.StructureNotifyMask, background_pixel=0xff0000)
    from Xlib.protocol import event
    owner.send_event(event.ClientMessage(window=owner, client_type=opcode, data=(32, [X.CurrentTime, 0, icon.id, 0, 0])))
    desk.x.sync()
    parent = None
    while True:
        e = desk.x.next_event()
        if e.type == X.ReparentNotify:
            parent = e.parent
        if e.type == X.MapNotify:
            break
    assert parent is not None and parent.id != desk.root.id
    # A real tray takes over: the icon is back at the root for it.
    tray = desk.root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
    tray.set_selection_owner(selection, X.CurrentTime)
    desk.x.sync()
    while True:
        e = desk.x.next_event()
        if e.type == X.ReparentNotify:
            assert e.parent.id == desk.root.id
            break


def test_the_desk_ends_with_its_manager(desk):
    desk.socket.close()
    assert desk.p.wait(20) == 0


def test_the_keys_of_the_clipboard_are_told_where_they_are_not_the_usual_ones(programs, build, screen, tmp_path):
    (tmp_path / 'bulkhead').mkdir()
    (tmp_path / 'bulkhead/desk.conf').write_text('[keys]\ncopy=<Control><Alt>x\npaste=\n')
    d = Desk(programs, build, screen, XDG_CONFIG_HOME=str(tmp_path))
    assert d.hear() == (COPY_KEY, ord('x') | 1 << 26 | 1 << 27)  # Control, Mod1
    assert d.hear() == (PASTE_KEY, 0)


def test_what_is_shown_of_the_clipboard_is_trusted_and_in_nobodys_way(desk):
    focus = desk.x.get_input_focus().focus
    desk.root.change_attributes(event_mask=X.SubstructureNotifyMask)
    desk.say(CLIP_FROM, 1, 'work')
    desk.say(CLIP_TO, 2, 'private')
    desk.say(CLIP_LINE, 16777216, 'W' * 250)
    desk.say(CLIP_SHOW, 2)
    while 'Bulkhead clipboard' not in desk.trusted():
        desk.x.next_event()
    window = next(w for w in desk.root.query_tree().children if w.get_wm_name() == 'Bulkhead clipboard')
    screen, own = desk.root.get_geometry(), window.get_geometry()
    assert own.width < screen.width and own.height < screen.height, 'whatever the line'
    desk.root.warp_pointer(own.x + 5, own.y + 5)
    assert desk.root.query_pointer().child != window, 'a click goes to what is below'
    assert desk.x.get_input_focus().focus == focus
    desk.say(CLIP_SHOW, 0)
    while 'Bulkhead clipboard' in desk.trusted():
        desk.x.next_event()
