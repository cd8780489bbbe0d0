# SPDX-License-Identifier: GPL-2.0-or-later
"""The chords of the clipboard at one gui-daemon, with an agent that does what the test says."""
import itertools

import pytest
from gui_stage import Screen, Stage
from Xlib import XK, X
from Xlib.ext import xtest

KEYMAP, CLIPBOARD_REQ = 142, 139
CHORD, FAILED, GET, CANCEL, COPY_KEY, SCREEN_LOCKED, HIDE_ALL = 8, 11, 38, 42, 43, 32, 33
ANSWER = '8c00000000000000050000006162636465'  # CLIPBOARD_DATA "abcde"


@pytest.fixture
def stage(programs, build, screen):
    """One window, with the focus."""
    st = Stage(programs, build, screen)
    st.screen = Screen(screen)
    st.screen.move_pointer_away()
    st.window(1, 100, 100, 200, 150, image=0x123456)
    outer = st.screen.shown(1)
    outer.set_input_focus(X.RevertToParent, X.CurrentTime)
    st.screen.x.sync()
    st.wait_for('focus 1 9')
    return st


def press(stage, name, kind=X.KeyPress):
    xtest.fake_input(stage.screen.x, kind, stage.screen.x.keysym_to_keycode(XK.string_to_keysym(name)))
    stage.screen.x.sync()


def keys_heard(stage, since):
    """(press or release, keycode) of every key that the agent heard of."""
    return [tuple(map(int, line.split()[2:4])) for line in stage.heard[since:] if line.startswith('key ')]


@pytest.mark.parametrize('letter, what', [('c', 1), ('v', 2)])
def test_bug_class_B5_the_chord_is_swallowed_whole(stage, letter, what):
    s, since = stage.screen, len(stage.heard)
    s.type(XK.string_to_keysym(letter), XK.XK_Control_L, XK.XK_Shift_L)
    stage.wait_for(f'ctl {CHORD} {what} ')
    s.type(XK.XK_F5)
    f5 = s.x.keysym_to_keycode(XK.XK_F5)
    stage.wait_for(f'key 1 3 {f5}')
    heard = keys_heard(stage, since)
    assert s.x.keysym_to_keycode(XK.string_to_keysym(letter)) not in [k for _, k in heard]
    modifiers = [s.x.keysym_to_keycode(k) for k in (XK.XK_Control_L, XK.XK_Shift_L)]
    assert [h for h in heard if h[1] in modifiers] == [(2, modifiers[0]), (2, modifiers[1]), (3, modifiers[1]), (3, modifiers[0])]


def test_only_the_whole_chord(stage):
    s, since = stage.screen, len(stage.heard)
    c = s.x.keysym_to_keycode(XK.XK_c)
    for modifiers in ([], [XK.XK_Control_L], [XK.XK_Shift_L], [XK.XK_Control_L, XK.XK_Shift_L, XK.XK_Alt_L]):
        s.type(XK.XK_c, *modifiers)
        stage.wait_for(f'key 1 2 {c}')
        stage.wait_for(f'key 1 3 {c}')
    stage.sync()
    assert not [line for line in stage.heard[since:] if line.startswith(f'ctl {CHORD} ')]


def test_caps_lock_and_num_lock_do_not_matter(stage):
    for lock in (XK.XK_Caps_Lock, XK.XK_Num_Lock):
        stage.screen.type(lock)
        stage.screen.type(XK.XK_c, XK.XK_Control_L, XK.XK_Shift_L)
        stage.wait_for(f'ctl {CHORD} 1 ')
        stage.screen.type(lock)


def test_a_key_that_is_held_is_pressed_once(stage):
    """The X server repeats it; that is no second chord, which would answer a question."""
    s, since = stage.screen, len(stage.heard)
    s.x.change_keyboard_control(auto_repeat_mode=X.AutoRepeatModeOn)
    s.outer(1).change_attributes(event_mask=X.KeyPressMask)  # the test hears the repeats, too
    v, presses = s.x.keysym_to_keycode(XK.XK_v), itertools.count(1)
    for name in ('Control_L', 'Shift_L', 'v'):
        press(stage, name)
    stage.wait_for(f'ctl {CHORD} 2 ')
    s.event(lambda e: e.type == X.KeyPress and e.detail == v and next(presses) == 5)
    for name in ('v', 'Shift_L', 'Control_L'):
        press(stage, name, X.KeyRelease)
    stage.sync()
    assert len([line for line in stage.heard[since:] if line.startswith(f'ctl {CHORD} ')]) == 1


def test_a_key_that_was_let_go_elsewhere_is_pressed_anew(stage):
    for name in ('Control_L', 'Shift_L', 'v'):
        press(stage, name)
    stage.wait_for(f'ctl {CHORD} 2 ')
    stage.screen.root.set_input_focus(X.RevertToNone, X.CurrentTime)
    for name in ('v', 'Shift_L', 'Control_L'):
        press(stage, name, X.KeyRelease)
    stage.wait_for('focus 1 10')
    stage.screen.outer(1).set_input_focus(X.RevertToParent, X.CurrentTime)
    stage.screen.x.sync()
    stage.wait_for('focus 1 9')
    stage.screen.type(XK.XK_v, XK.XK_Control_L, XK.XK_Shift_L)
    stage.wait_for(f'ctl {CHORD} 2 ')


@pytest.mark.parametrize('lock', [SCREEN_LOCKED, HIDE_ALL])
def test_nothing_while_the_screen_is_locked(stage, lock):
    since = len(stage.heard)
    stage.say(f'ctl {lock} 1')
    stage.sync()
    stage.screen.type(XK.XK_v, XK.XK_Control_L, XK.XK_Shift_L)
    stage.sync()
    assert not [line for line in stage.heard[since:] if line.startswith(f'ctl {CHORD} ')]


def test_another_chord(stage):
    stage.say(f'ctl {COPY_KEY} {ord("x") | 1 << 26 | 1 << 27}')  # Control, Mod1
    stage.sync()
    stage.screen.type(XK.XK_x, XK.XK_Control_L, XK.XK_Alt_L)
    stage.wait_for(f'ctl {CHORD} 1 ')
    since = len(stage.heard)
    stage.screen.type(XK.XK_c, XK.XK_Control_L, XK.XK_Shift_L)
    stage.wait_for('key 1 3 54')
    assert not [line for line in stage.heard[since:] if line.startswith(f'ctl {CHORD} ')]


def test_bug_class_C5_one_answer_a_request(stage):
    stage.say(f'ctl {GET} 7')
    stage.wait_for(f'message {CLIPBOARD_REQ} ')
    stage.say(f'raw {ANSWER}', f'raw {ANSWER}')
    stage.wait_for('ctl 9 7 abcde')
    stage.wait_for('ctl 5 .*nobody asked for')


def test_bug_class_C2_an_agent_that_sleeps_in_the_middle_of_its_answer(stage):
    """Its answer is complete when the person has long copied elsewhere; and it answers no other request meanwhile."""
    stage.say(f'ctl {GET} 7')
    stage.wait_for(f'message {CLIPBOARD_REQ} ')
    stage.say(f'raw {ANSWER[:30]}')
    stage.say(f'ctl {CANCEL} 7', f'ctl {GET} 8')
    stage.wait_for(f'ctl {FAILED} 8 ')
    stage.screen.type(XK.XK_v, XK.XK_Control_L, XK.XK_Shift_L)  # the daemon is not held up
    stage.wait_for(f'ctl {CHORD} 2 ')
    stage.say(f'raw {ANSWER[30:]}')
    stage.wait_for('ctl 5 .*too late')
    stage.say(f'ctl {GET} 9')
    stage.wait_for(f'message {CLIPBOARD_REQ} ')
    stage.say(f'raw {ANSWER}')
    stage.wait_for('ctl 9 9 abcde')
    assert not [line for line in stage.heard if line.startswith(('ctl 9 7', 'ctl 9 8'))]


def test_bug_class_B2_the_text_comes_only_while_the_focus_is_where_the_keys_were_pressed(stage):
    put = 40
    stage.screen.type(XK.XK_v, XK.XK_Control_L, XK.XK_Shift_L)
    stage.wait_for(f'ctl {CHORD} 2 ')
    stage.say(f'ctl {put} 5')
    stage.wait_for(f'ctl {FAILED} 5 the text is not there')  # it would have been given: the test sends none
    stage.window(2, 400, 100, 200, 150, image=0x123456)
    stage.screen.shown(2).set_input_focus(X.RevertToParent, X.CurrentTime)
    stage.screen.x.sync()
    stage.wait_for('focus 2 9')
    stage.say(f'ctl {put} 6')
    stage.wait_for(f'ctl {FAILED} 6 another window got the focus')
    stage.screen.root.set_input_focus(X.RevertToNone, X.CurrentTime)
    stage.screen.x.sync()
    stage.wait_for('focus 2 10')
    stage.say(f'ctl {put} 7')
    stage.wait_for(f'ctl {FAILED} 7 another window got the focus')
