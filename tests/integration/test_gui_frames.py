# SPDX-License-Identifier: GPL-2.0-or-later
"""The frame of every window is pixel-exact in every state of its life, with and without a window manager."""
import os
import signal

import pytest
from gui_stage import FRAME, GROUND, Screen, Stage, check_frame, start_openbox
from Xlib import XK, X

IMAGE = 0x123456


@pytest.fixture(params=['no window manager', 'openbox'])
def stage(request, programs, build, screen):
    s = Screen(screen)
    s.move_pointer_away()
    if request.param == 'openbox':
        start_openbox(programs, s)
    st = Stage(programs, build, screen, *getattr(request.node.get_closest_marker('options'), 'args', []))
    st.screen = s
    st.has_wm = request.param == 'openbox'
    return st


def test_bug_class_A3_window_never_damaged_has_its_frame(stage):
    stage.window(1, 300, 200, 200, 150)
    stage.say('dump 1 200 150 ff0000')
    stage.wait_for('dump-ack 1')
    check_frame(stage.screen, stage.screen.shown(1))


def set_dpi(screen, dpi):
    screen.root.change_property(screen.atom('RESOURCE_MANAGER'), screen.atom('STRING'), 8, f'Xcursor.size:\t24\nXft.dpi:\t{dpi}\n'.encode())
    screen.x.sync()


def test_frame_follows_the_scale(stage):
    """Frames are as wide as the screen's scale wants, at once and for what comes later; contents keep the domain's sizes."""
    s = stage.screen
    stage.window(1, 300, 200, 200, 150, image=0x123456)
    check_frame(s, s.shown(1), 0x123456)
    for dpi, f in ((192, 8), (96, FRAME), (192, 8)):
        set_dpi(s, dpi)
        s.wait_until(lambda f=f: s.place(s.outer(1))[2:] == (200 + 2 * f, 150 + 2 * f), f'a frame of {f} pixels')
        stage.sync()
        stage.say('damage 1 0 0 200 150')
        stage.wait_for('frame 1')
        check_frame(s, s.outer(1), 0x123456, f)
        hints = s.outer(1).get_wm_normal_hints()
        assert (hints.min_width, hints.min_height) == (1 + 2 * f, 1 + 2 * f)
    stage.window(2, 700, 200, 120, 90, image=0x654321)
    check_frame(s, s.shown(2), 0x654321, 8)
    stage.window(3, 0, 0, 60, 40, popup=1, image=0x334455)
    check_frame(s, s.shown(3), 0x334455, 8)
    assert s.place(s.outer(3))[:2] == (0, 0)


def test_frame_follows_the_scale_of_a_screen_that_was_scaled_before(programs, build, screen):
    s = Screen(screen)
    s.move_pointer_away()
    set_dpi(s, 192)
    st = Stage(programs, build, screen, '--frame-width=3')
    st.window(1, 300, 200, 200, 150, image=0x123456)
    check_frame(s, s.shown(1), 0x123456, 6)


def test_dump_is_acknowledged_only_when_the_x_server_has_attached_it(programs, build):
    """The X server stands still: the daemon has read the dump (it counts the windows mapped behind it), and says nothing of it."""
    name, server = programs.x_server('-screen', '0', '1280x800x24')
    st = Stage(programs, build, name)
    st.window(1, 300, 200, 200, 150)
    st.say('create 2 10 10 50 50 0')
    st.sync()
    server.send_signal(signal.SIGSTOP)
    try:
        st.say('dump 1 200 150 ff0000')
        for _ in range(3):  # an early answer would be there by then
            st.say('map 2 0 0')
            st.wait_for('ctl 3 2')
            st.say('unmap 2')
            st.wait_for('ctl 3 1')
        assert 'dump-ack 1' not in st.heard
    finally:
        server.send_signal(signal.SIGCONT)
    st.wait_for('dump-ack 1')


def test_bug_class_A4_window_without_image_is_all_label(stage):
    stage.window(1, 300, 200, 200, 150)
    check_frame(stage.screen, stage.screen.shown(1), GROUND)


def painted(stage, number, rgb):
    """The window, on the screen with its image: what was painted before the map comes again with the exposure."""
    outer = stage.screen.shown(number)

    def seen():
        x, y, w, h = stage.screen.place(outer)
        return stage.screen.pixel(x + w // 2, y + h // 2) == rgb
    stage.screen.wait_until(seen, 'the image')
    return outer


@pytest.mark.parametrize('popup', [0, 1])
def test_image_fills_the_content_only(stage, popup):
    stage.window(1, 300, 200, 200, 150, popup, image=IMAGE)
    check_frame(stage.screen, painted(stage, 1, IMAGE), IMAGE)


@pytest.mark.parametrize('popup', [0, 1])
def test_one_pixel(stage, popup):
    stage.window(1, 300, 200, 1, 1, popup, image=IMAGE)
    outer = painted(stage, 1, IMAGE) if popup else stage.screen.shown(1)
    assert stage.screen.place(outer)[2:] == (1 + 2 * FRAME, 1 + 2 * FRAME) or not popup
    check_frame(stage.screen, outer, IMAGE if popup else None)


def whole(stage, outer):
    x, y, w, h = stage.screen.place(outer)
    return x >= 0 and y >= 0 and x + w <= 1280 and y + h <= 800


def test_widest_window(stage):
    stage.window(1, 100, 200, 16384, 40, image=IMAGE)
    outer = stage.screen.shown(1)
    stage.hears(r'configure 1 \d+ \d+ 12\d\d 40')
    stage.screen.wait_until(lambda: whole(stage, outer), 'all of its frame on the screen')
    check_frame(stage.screen, outer)


def test_bug_class_A6_no_window_can_have_its_frame_off_the_screen(stage):
    """Larger than the screen from the beginning, made so later, and by its least size."""
    stage.window(1, -100, -100, 2000, 1400, image=IMAGE)
    outer = stage.screen.shown(1)
    stage.screen.wait_until(lambda: whole(stage, outer), 'all of its frame on the screen')
    check_frame(stage.screen, outer)
    for line in ('configure 1 -100 -100 2000 1400', 'configure 1 -4 -4 1280 800', 'configure 1 0 0 1280 792', 'hints 1 16 2000 1400 0 0 0 0 0 0'):
        stage.say(line)
        stage.sync()
        stage.screen.wait_until(lambda: whole(stage, outer), line)
    check_frame(stage.screen, outer)


def test_widest_popup_is_cut_to_the_monitor(stage):
    stage.window(1, 100, 200, 16384, 40, 1)
    outer = stage.screen.shown(1)
    stage.wait_for('configure 1 4 200 1272 40')
    assert stage.screen.place(outer) == (0, 196, 1280, 48)
    check_frame(stage.screen, outer, GROUND)


def test_image_larger_and_smaller_than_the_window(stage):
    stage.window(1, 300, 200, 200, 150)
    stage.show(1, 400, 300, IMAGE)
    check_frame(stage.screen, painted(stage, 1, IMAGE), IMAGE)
    stage.show(1, 20, 10, 0xffffff)
    outer = stage.screen.shown(1)
    x, y, w, h = stage.screen.place(outer)
    stage.screen.wait_until(lambda: stage.screen.pixel(x + FRAME + 5, y + FRAME + 5) == 0xffffff, 'the small image')
    stage.screen.wait_until(lambda: stage.screen.pixel(x + w - FRAME - 1, y + h - FRAME - 1) == GROUND, 'nothing of the large one')
    check_frame(stage.screen, outer)


def test_moved_partly_off_the_screen(stage):
    stage.window(1, 300, 200, 200, 150, image=IMAGE)
    outer = stage.screen.shown(1)
    stage.screen.configure(outer, x=1200, y=720)
    stage.wait_for('configure 1 (11|12).. 7..')
    stage.screen.wait_until(lambda: stage.screen.pixel(1250, 760) == IMAGE, 'its image there')
    stage.say('damage 1 0 0 200 150')
    stage.sync()
    stage.screen.wait_until(lambda: stage.screen.pixel(1279, 799) == IMAGE, 'all of its image')
    check_frame(stage.screen, outer, IMAGE)


def test_bug_class_A6_popup_moved_by_somebody_comes_back(stage):
    stage.window(1, 300, 200, 200, 150, 1, image=IMAGE)
    outer = stage.screen.shown(1)
    stage.screen.configure(outer, x=1250, y=790)
    stage.wait_for('configure 1 ')
    stage.screen.wait_until(lambda: stage.screen.place(outer) == (1280 - 208, 800 - 158, 208, 158), 'pop-up back on the monitor')
    check_frame(stage.screen, outer)


def test_resized_by_the_person(stage):
    stage.window(1, 300, 200, 200, 150, image=IMAGE)
    outer = stage.screen.shown(1)
    stage.screen.configure(outer, width=120, height=90)
    stage.wait_for('configure 1 .* 112 82')
    check_frame(stage.screen, outer, IMAGE)
    stage.screen.configure(outer, width=320, height=290)
    stage.wait_for('configure 1 .* 312 282')
    check_frame(stage.screen, outer)


def test_smaller_than_its_frame(stage):
    stage.window(1, 300, 200, 200, 150, 1, image=IMAGE)
    outer = stage.screen.shown(1)
    stage.screen.configure(outer, width=5, height=6)
    stage.screen.wait_until(lambda: stage.screen.place(outer)[2:] == (5, 6), 'small')
    x, y, w, h = stage.screen.place(outer)
    assert IMAGE not in sum(stage.screen.pixels(x, y, w, h), [])


def test_unmapped_and_mapped_again(stage):
    stage.window(1, 300, 200, 200, 150, image=IMAGE)
    stage.screen.shown(1)
    stage.say('unmap 1', 'map 1 0 0')
    stage.sync()
    check_frame(stage.screen, stage.screen.shown(1), GROUND)


def test_maximised(stage):
    if not stage.has_wm:
        pytest.skip('without a window manager nothing maximises')
    stage.window(1, 300, 200, 200, 150, image=IMAGE)
    stage.screen.shown(1)
    stage.say('flags 1 1 0')  # full screen, which is not allowed
    stage.wait_for('flags 1 1 0')
    outer = stage.screen.shown(1)
    assert stage.screen.place(outer)[2] >= 1200
    check_frame(stage.screen, outer)


@pytest.mark.options('--allow-fullscreen')
def test_full_screen_keeps_the_frame_and_the_key_leaves_it(stage):
    stage.window(1, 300, 200, 200, 150, image=IMAGE)
    outer = stage.screen.shown(1)
    stage.say('flags 1 1 0')
    stage.wait_for('flags 1 1 0')
    stage.screen.wait_until(lambda: stage.screen.place(outer) == (0, 0, 1280, 800), 'full screen')
    stage.hears('configure 1 4 4 1272 792')
    check_frame(stage.screen, outer)
    outer.set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
    stage.screen.x.sync()
    stage.hears('focus 1 9')
    stage.screen.type(XK.XK_Escape, XK.XK_Super_L)
    stage.hears('flags 1 0 1')
    stage.screen.wait_until(lambda: stage.screen.place(outer)[2:] == (208, 158), 'its old size')
    escape = stage.screen.x.keysym_to_keycode(XK.XK_Escape)
    assert not [line for line in stage.sync() if line.startswith(f'key 1 2 {escape} ')]
    stage.say('flags 1 1 0', 'flags 1 0 1', 'flags 1 1 0')  # not again by itself
    stage.sync()
    assert stage.screen.place(outer)[2:] == (208, 158)
    stage.screen.type(XK.XK_F11)
    f11 = stage.screen.x.keysym_to_keycode(XK.XK_F11)
    stage.hears(f'key 1 2 {f11} ')
    stage.say('flags 1 1 0')  # what the person's key in this window asked for
    stage.screen.wait_until(lambda: stage.screen.place(outer) == (0, 0, 1280, 800), 'full screen once more')


def test_frame_covers_everything_before_the_daemon_reacts(stage):
    """While the daemon is stopped the X server alone keeps the frame, whatever the size becomes."""
    stage.window(1, 300, 200, 200, 150, 1, image=IMAGE)
    outer = stage.screen.shown(1)
    stage.screen.wait_until(lambda: stage.screen.pixel(310, 210) == IMAGE, 'its image')
    os.kill(stage.p.pid, signal.SIGSTOP)
    stage.screen.configure(outer, width=100, height=60)
    stage.screen.x.sync()
    check_frame(stage.screen, outer, IMAGE)
    os.kill(stage.p.pid, signal.SIGCONT)
