# SPDX-License-Identifier: GPL-2.0-or-later
"""Timeline and policy: the tray's windows over files, looked at through AT-SPI, used by keys."""
import json
import os
import pathlib
import subprocess

import pytest

from tray_rig import PYTHON, Spoken, Tray, window_manager

SHIPPED = 'qubes.Filecopy * @anyvm @anyvm ask\nqubes.ClipboardPaste * @anyvm @anyvm ask\n* * @anyvm @anyvm deny\n'


@pytest.fixture
def tray(build, programs, screen):
    if not Spoken.possible():
        pytest.skip('at-spi2-core or gir1.2-atspi-2.0 is not installed')
    window_manager(programs, screen)
    t = Tray(build, programs, screen, accessible=True)
    t.own, t.shipped = pathlib.Path(t.temp, 'config/bulkhead/policy.d'), pathlib.Path(t.temp, 'shipped')
    t.own.mkdir(parents=True)
    t.shipped.mkdir()
    (t.shipped / '90-default.policy').write_text(SHIPPED)
    t.env['BULKHEAD_POLICY_PATH'] = f'{t.own}:{t.shipped}'
    t.audit = pathlib.Path(t.temp, 'state/bulkhead/audit.jsonl')
    t.audit.parent.mkdir(parents=True)
    yield t
    t.end()


def record(tray, **keys):
    with open(tray.audit, 'a') as f:
        f.write(json.dumps({'time': 1764236571.5, 'event': 'call', **keys}) + '\n')


def started(tray, *options):
    tray.start()
    tray.called('ListProperties')
    tray.again(*options)
    return tray


@pytest.mark.long
def test_the_timeline_follows_and_filters(tray):
    for i in range(3):
        record(tray, source='work', target='private', service=f'qubes.Filecopy+{i}', outcome='deny', reason='a rule says no')
    record(tray, source='banking', target='work', service='evil\u00e2\u0080\u00ae', outcome='allow')
    started(tray, '--timeline')
    tray.wait_shown('Timeline')
    tray.spoken.wait('4 of 4 entries')
    assert 'evil_' in tray.spoken.names(), 'a bidi character of a caller is not shown'
    record(tray, source='private', target='work', service='qubes.OpenURL', outcome='allow')
    tray.spoken.wait('5 of 5 entries')
    tray.spoken.wait('qubes.OpenURL')
    tray.spoken.act('Text', 'grab')
    tray.type('filecopy')
    tray.spoken.wait('3 of 5 entries')
    assert 'qubes.OpenURL' not in tray.spoken.names()


@pytest.mark.long
def test_why_of_the_timeline_leads_to_the_deciding_line(tray):
    (tray.own / '30-own.policy').write_text('# mine\nqubes.Filecopy * work private deny\n')
    record(tray, source='work', target='private', service='qubes.Filecopy', outcome='deny', file=str(tray.own / '30-own.policy'), line=2)
    started(tray, '--timeline')
    tray.wait_shown('Timeline')
    tray.spoken.wait('1 of 1 entry')
    tray.spoken.act('What crossed between domains', 'grab')
    tray.keys('Home', 'space')
    tray.spoken.until(lambda: 'sensitive' in tray.spoken.states('Why?'), 'the entry to be chosen')
    tray.keys('alt+w')
    tray.wait_shown('Policy')
    answer = tray.spoken.until(lambda: next((n for n in tray.spoken.texts() if n.startswith('refused: ')), None), 'the answer')
    assert f'{tray.own}/30-own.policy:2: qubes.Filecopy * work private deny' in answer


@pytest.mark.long
def test_rules_are_linted_as_they_are_typed_and_saved_whole(tray):
    mine = tray.own / '30-own.policy'
    mine.write_text('qubes.Filecopy * work private allow\n')
    started(tray, '--policy')
    tray.wait_shown('Policy')
    tray.spoken.wait('No errors, 0 remarks')
    tray.spoken.act(str(mine), 'grab')
    tray.keys('ctrl+End')
    tray.type('qubes.Filecopy * work private alow')
    tray.spoken.wait('Errors: with these rules every call would be refused.')
    assert 'sensitive' not in tray.spoken.states('Save')
    assert mine.read_text() == 'qubes.Filecopy * work private allow\n'
    tray.keys('BackSpace', 'BackSpace', 'BackSpace', 'BackSpace')
    tray.type('deny')
    tray.spoken.wait('No errors, 1 remark')  # it never decides: shadowed
    tray.keys('alt+s')
    tray.desktop.wait(lambda: mine.read_text() == 'qubes.Filecopy * work private allow\nqubes.Filecopy * work private deny', 20, 'the file to be saved')
    assert (tray.own / '30-own.policy~').read_text() == 'qubes.Filecopy * work private allow\n'
    tray.spoken.until(lambda: 'sensitive' in tray.spoken.states('Version before'), 'saving to be over')
    tray.keys('alt+b')
    tray.spoken.wait('No errors, 0 remarks')
    tray.keys('alt+s')
    tray.desktop.wait(lambda: mine.read_text() == 'qubes.Filecopy * work private allow\n', 20, 'the version before to be saved')


@pytest.mark.long
def test_an_answer_always_is_taken_back(tray):
    answers = tray.own / '20-answers.policy'
    answers.write_text('# answer 1 (2026-11-27 10:00): work asked\nqubes.Filecopy * work private allow\n')
    listed = json.loads(subprocess.run(['bulkhead', 'policy', 'undo', '--list', '--json'], env=tray.env, capture_output=True, check=True).stdout)
    if not listed:
        pytest.fail('the file of answers is written in another way: ' + answers.read_text())
    started(tray, '--policy')
    tray.wait_shown('Policy')
    tray.spoken.act('Answers that hold', 'select')
    tray.spoken.act(f'Take back: always: {listed[0]["rule"]}', 'click')
    tray.desktop.wait(lambda: not any(line.startswith('qubes.Filecopy') for line in answers.read_text().split('\n')), 20, 'the answer to be taken back')


@pytest.mark.long
def test_what_is_wrong_is_said_in_the_window_the_icon_and_a_note(tray):
    tray.listen()
    started(tray, '--health')
    tray.wait_shown('Health')
    tray.spoken.wait('All is well.')
    tray.tell('set', 'work', {'State': 'running', 'Gui': 'missing: no X server', 'Network': 'missing: no \u202etun'})
    tray.spoken.wait('work: Its windows cannot be shown: no X server')
    tray.spoken.wait('work: It has no network: no _tun')
    tray.tell('global', {'Broken': [('x.conf', 'no such key')]})
    tray.spoken.wait('1 definition of a domain is ignored: x.conf: no such key')
    note = tray.desk.until(lambda m: m[0] == 'notify' and 'x.conf' in m[3])[-1]
    assert note[2] == 'Bulkhead: something went wrong'
    (tray.own / '30-own.policy').write_text('nonsense\n')
    tray.desk.until(lambda m: m[0] == 'notify' and 'every call is refused' in m[3] and '30-own.policy:1:9: ' in m[3])
    tray.again('--menu')
    tray.spoken.wait('Health… (4 problems)')
    tray.keys('Escape')
    (tray.own / '30-own.policy').write_text('')
    tray.tell('set', 'work', {'State': 'stopped', 'Gui': '', 'Network': ''})
    tray.tell('global', {'Broken': []})
    tray.spoken.wait('All is well.')


def test_the_name_of_the_focused_domain_is_always_seen(tray):
    tray.start()
    tray.called('ListProperties')
    tray.tell('global', {'FocusedDomain': 'banking'})
    strip = tray.wait_shown('Bulkhead')
    tray.spoken.wait('banking has the focus')
    x, y, w, h = tray.desktop.absolute(strip)
    colors = {p for row in tray.desktop.pixels(x, y, 30, h) for p in row}
    assert (0xbd, 0x27, 0x27) in colors, "the label's colour"
    tray.tell('global', {'FocusedDomain': ''})
    tray.wait_gone('Bulkhead')
