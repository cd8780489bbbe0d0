# SPDX-License-Identifier: GPL-2.0-or-later
"""The clipboard between domains as a person uses it: whole Bulkhead, real programs, keys on the admin's keyboard."""
import json
import os
import pathlib
import subprocess
import sys

import pytest
from Xlib import X, XK
from Xlib.ext import xtest

top = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(top / 'tests' / 'bench'))
from session import Session

pytestmark = pytest.mark.skipif(os.geteuid() == 0, reason='Bulkhead does not run as root; scripts/test uses an ordinary user')
RULES = '''qubes.ClipboardPaste * work banking allow
qubes.ClipboardPaste * private banking allow
qubes.ClipboardPaste * work private ask
qubes.ClipboardPaste * banking work deny
qubes.ClipboardPaste * banking private allow
bulkhead.ClipboardRaw * banking private allow
'''
PLACES = {'work': (20, 40), 'private': (540, 40), 'banking': (1060, 40)}


class Clip:
    """The session with one xterm a domain."""

    def __init__(self, session):
        self.s = session
        self.windows = {}
        for name, (x, y) in PLACES.items():
            session.cli('domain', 'create', name, '--label', {'work': 'blue', 'private': 'green', 'banking': 'red'}[name])
            session.cli('run', name, '--', 'xterm', '-T', 'here')
            self.windows[name] = session.wait_window(name)
            session.desktop.place(self.windows[name], x, y, 480, 300)
        self.mark = 0

    def focus(self, name):
        d, w = self.s.desktop.d, self.windows[name]
        x, y, width, height = self.s.desktop.absolute(w)
        d.screen().root.warp_pointer(x + width // 2, y + height // 2)
        for kind in (X.ButtonPress, X.ButtonRelease):
            xtest.fake_input(d, kind, 1)
        d.sync()
        self.s.desktop.wait(lambda: d.get_input_focus().focus.id == w.id, 20, 'the focus')

    def chord(self, letter, *, hold=False):
        d = self.s.desktop.d
        codes = [d.keysym_to_keycode(k) for k in (XK.XK_Control_L, XK.XK_Shift_L, XK.string_to_keysym(letter))]
        for c in codes:
            xtest.fake_input(d, X.KeyPress, c)
        for c in reversed(codes):
            xtest.fake_input(d, X.KeyRelease, c)
        d.sync()

    def inside(self, name, script, *, check=True):
        p = self.s.cli('run', '--wait', name, '--', 'sh', '-c', script, check=False)
        assert not check or p.returncode == 0, f'{script}: {p.returncode} {p.stderr}'
        return p.returncode

    def own(self, name, make):
        """A program of the domain puts into its clipboard what the shell script `make` prints."""
        self.inside(name, f'{make} > ~/own; xclip -selection clipboard -i ~/own')
        self.has(name, 'cat ~/own')  # xclip returns before it owns it

    def has(self, name, make):
        """Until the domain's clipboard is exactly what `make` prints."""
        self.s.desktop.wait(lambda: self.inside(name, f'{make} > ~/want; timeout 20 xclip -selection clipboard -o > ~/got; cmp ~/want ~/got',
                                                check=False) == 0, 30, f'the clipboard of {name} to be: {make}')

    def records(self):
        path = pathlib.Path(self.s.env['XDG_STATE_HOME']) / 'bulkhead' / 'audit.jsonl'
        lines = path.read_text().splitlines() if path.exists() else []
        return [r for r in map(json.loads, lines) if r['event'] in ('copy', 'paste')]

    def next_record(self):
        """The next record of a copy or a paste."""
        self.s.desktop.wait(lambda: len(self.records()) > self.mark, 40, 'a record')
        self.mark += 1
        return self.records()[self.mark - 1]

    def copy(self, name, **want):
        self.focus(name)
        self.chord('c')
        r = self.next_record()
        assert (r['event'], r['source']) == ('copy', name)
        for k, v in (want or {'outcome': 'ok'}).items():
            assert r[k] == v, json.dumps(r)
        return r

    def paste(self, name, **want):
        self.focus(name)
        self.chord('v')
        r = self.next_record()
        assert (r['event'], r['target']) == ('paste', name)
        for k, v in (want or {'outcome': 'allow'}).items():
            assert r[k] == v, json.dumps(r)
        return r


@pytest.fixture(scope='module')
def clip(build):
    with Session(build, screen='1600x700', window_manager=['openbox', '--sm-disable'], rules=RULES) as s:
        yield Clip(s)


@pytest.mark.long
def test_copy_and_paste(clip):
    clip.own('work', 'printf "gr\\303\\274\\303\\237e\\nzwei"')
    r = clip.copy('work')
    assert r['bytes'] == 12 and 'target' not in r
    r = clip.paste('banking')
    assert r['source'] == 'work' and r['bytes'] == 12 and r['file'].endswith('.policy') and 'allow' in r['rule']
    clip.has('banking', 'cat /dev/null; printf "gr\\303\\274\\303\\237e\\nzwei"')


def test_pasted_once_then_wiped(clip):
    clip.own('work', 'printf once')
    clip.copy('work')
    clip.paste('banking')
    clip.focus('private')
    clip.chord('v')
    clip.s.desktop.wait(lambda: 'domain private: clipboard: nothing was pasted into it: nothing was copied' in clip.s.log(), 20, 'the refusal')


def test_bug_class_C1_a_shorter_text_leaves_nothing_of_the_longer_one(clip):
    clip.own('work', 'head -c 64000 /dev/zero | tr "\\0" x')
    assert clip.copy('work')['bytes'] == 64000
    clip.own('private', 'printf abc')
    assert clip.copy('private')['bytes'] == 3
    assert clip.paste('banking')['bytes'] == 3
    clip.has('banking', 'printf abc')


def test_bug_class_C4_control_characters_do_not_cross_unless_the_rules_say_so(clip):
    evil = 'printf "ls\\033[201~\\r\\001\\302\\233 \\342\\200\\256x"'
    clip.own('private', evil)
    clip.copy('private')
    clip.paste('banking')
    clip.has('banking', 'printf "ls[201~\\n x"')
    clip.own('banking', evil)
    clip.copy('banking')
    clip.paste('private')  # ClipboardRaw allows it for this pair
    clip.has('private', evil)


def test_the_rules_deny(clip):
    clip.own('banking', 'printf secret')
    clip.own('work', 'printf mine')
    clip.copy('banking')
    r = clip.paste('work', outcome='deny')
    assert 'deny' in r['rule'] and r['reason']
    clip.has('work', 'printf mine')


def preview(clip):
    """The window of ours that shows the preview, where it stands; None."""
    for w in clip.s.desktop.d.screen().root.query_tree().children:
        if w.get_wm_name() == 'Bulkhead clipboard' and w.get_attributes().map_state == X.IsViewable:
            return w
    return None


def asked(clip, name):
    """The person pressed the keys in `private` and sees the preview of what work's clipboard had: with both labels, unlike the news of the copy."""
    clip.focus(name)
    clip.chord('v')
    both = {(0x34, 0x65, 0xa4), (0x73, 0xd2, 0x16)}

    def there():
        w = preview(clip)
        return w if w and both <= {p for row in clip.s.desktop.pixels(*clip.s.desktop.absolute(w)) for p in row} else None
    return clip.s.desktop.wait(there, 20, 'the preview with both labels')


def test_ask_shows_the_preview_and_the_keys_again_paste(clip):
    clip.own('private', 'printf before')
    clip.own('work', 'printf "asked for\\nand more"')
    clip.copy('work')
    w = asked(clip, 'private')
    d = clip.s.desktop.d
    assert w.get_full_property(d.intern_atom('_BULKHEAD_TRUSTED'), X.AnyPropertyType)
    clip.has('private', 'printf before')  # nothing has left yet
    assert d.get_input_focus().focus.id == clip.windows['private'].id, 'the preview takes no focus'
    assert len(clip.records()) == clip.mark

    def pressed():
        """A press before the preview could be read does not count; one while it is being pasted would end that."""
        clip.chord('v')
        try:
            return clip.s.desktop.wait(lambda: len(clip.records()) > clip.mark, 2, 'a record')
        except TimeoutError:
            return False
    clip.s.desktop.wait(pressed, 20, 'the second press to count')
    r = clip.next_record()
    assert (r['event'], r['outcome'], r['source'], r['target']) == ('paste', 'allow', 'work', 'private')
    clip.has('private', 'printf "asked for\\nand more"')


def test_bug_class_B2_another_window_gets_the_focus_before_the_answer(clip):
    clip.own('private', 'printf untouched')
    clip.own('work', 'printf secret')
    clip.copy('work')
    asked(clip, 'private')
    clip.focus('banking')
    r = clip.next_record()
    assert (r['outcome'], r['target']) == ('gone', 'private') and 'focus' in r['reason']
    clip.s.desktop.wait(lambda: not preview(clip), 20, 'the preview to go')
    clip.has('private', 'printf untouched')
    assert clip.paste('banking')['bytes'] == 6  # the text is there still


def test_into_a_gtk_entry(clip):
    """As a person does it: the keys of Bulkhead, then the application's own."""
    clip.own('work', 'printf "to the entry"')
    clip.copy('work')
    clip.s.cli('run', 'banking', '--', 'sh', '-c', 'rm -f ~/typed; zenity --entry --title=entry > ~/typed')
    terminal, clip.windows['banking'] = clip.windows['banking'], clip.s.wait_window('banking', title='entry')
    try:
        clip.paste('banking')
        d = clip.s.desktop.d
        for keys in ((XK.XK_Control_L, XK.XK_a), (XK.XK_Control_L, XK.XK_v), (XK.XK_Return,)):
            codes = [d.keysym_to_keycode(k) for k in keys]
            for c in codes:
                xtest.fake_input(d, X.KeyPress, c)
            for c in reversed(codes):
                xtest.fake_input(d, X.KeyRelease, c)
        d.sync()
        clip.s.desktop.wait(lambda: clip.inside('banking', 'test "$(cat ~/typed)" = "to the entry"', check=False) == 0, 20, 'the entry to be typed')
    finally:
        clip.windows['banking'] = terminal


def test_bug_class_C3_over_the_limit_is_refused_and_nothing_is_pasted(clip):
    clip.own('work', 'printf old')
    clip.copy('work')
    clip.own('work', 'head -c 16777217 /dev/zero | tr "\\0" x')
    assert '16 MiB' in clip.copy('work', outcome='fail')['reason']
    clip.focus('banking')
    clip.chord('v')
    clip.s.desktop.wait(lambda: 'domain banking: clipboard: nothing was pasted' in clip.s.log(), 20, 'the refusal')


def test_sixteen_mebibytes(clip):
    make = 'yes 0123456789abcde | head -c 16777216'
    clip.own('work', make)
    assert clip.copy('work')['bytes'] == 16777216
    assert clip.paste('banking')['bytes'] == 16777216
    clip.has('banking', make)


def test_the_text_of_a_domain_that_ended_is_not_pasted(clip):
    clip.own('private', 'printf last')
    clip.copy('private')
    clip.s.cli('domain', 'kill', 'private')
    clip.focus('banking')
    clip.chord('v')
    clip.s.desktop.wait(lambda: clip.s.log().count('domain banking: clipboard: nothing was pasted') > 0, 20, 'the refusal')
