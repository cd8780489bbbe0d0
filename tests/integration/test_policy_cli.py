# SPDX-License-Identifier: GPL-2.0-or-later
"""`bulkhead policy` as a person and a script use it: every recorded case, messages, exit codes."""
import json
import os
import pathlib
import subprocess

import pytest

data = pathlib.Path(__file__).resolve().parent.parent / 'data' / 'policy-vectors.json'
vectors = json.loads(data.read_text())
exit_codes = {'allow': 0, 'deny': 1, 'ask': 2, 'policy-syntax-error': 3,
              'request-syntax-error': 4, 'request-denied': 4, 'request-error': 4}


@pytest.fixture
def policy(build):
    def run(*args, cwd=None):
        return subprocess.run([str(build / 'domains' / 'cli' / 'bulkhead-policy'), *map(str, args)], capture_output=True,
                              text=True, timeout=60, cwd=cwd, env={**os.environ, 'LC_ALL': 'C.UTF-8'})
    return run


def write(folder, files):
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def write_case(tmp_path, case):
    text = case['policy'] if isinstance(case['policy'], dict) else {'__main__': case['policy']}
    rules = write(tmp_path / 'rules', {'50-main.policy' if k == '__main__' else k: v for k, v in text.items()})
    return rules, write(tmp_path / 'compat', case.get('compat_files', {}))


@pytest.mark.parametrize('case', vectors['vectors'], ids=[v['id'] for v in vectors['vectors']])
def test_recorded_case(policy, tmp_path, case):
    rules, compat = write_case(tmp_path, case)
    requested = ['--requested-source', case['requested_source']] if 'requested_source' in case else []
    r = policy('explain', '--json', '--dir', rules, '--compat-dir', compat, '--domains', data, *requested, '--',
               case['source'], case['target'], case['service'] + case['argument'])
    answer = json.loads(r.stdout)
    expect = {k: v for k, v in case['expect'].items() if k != 'reference_crash'}
    assert {k: answer.get(k) for k in expect} == expect
    assert r.returncode == exit_codes[expect['outcome']]
    assert {'file', 'line', 'passed_over'} <= answer.keys()


def test_text_names_file_and_line(policy, tmp_path):
    rules = write(tmp_path / 'rules', {
        '10-first.policy': '# mine\n\nqubes.Filecopy * work @tag:office deny\n',
        '90-last.policy': 'qubes.Filecopy +x work mail allow\nother.Service * @anyvm @anyvm allow\n'})
    r = policy('explain', '--dir', rules, '--domains', data, '--', 'work', 'mail', 'qubes.Filecopy')
    assert r.returncode == 1
    assert r.stdout.startswith('deny: work -> mail, qubes.Filecopy+\n')
    assert '10-first.policy:3' in r.stdout
    r = policy('explain', '--dir', rules, '--domains', data, '--', 'work', 'vault', 'qubes.Filecopy+y')
    assert r.returncode == 1
    assert 'no rule fits' in r.stdout
    assert '10-first.policy:3: it is for another target' in r.stdout
    assert '90-last.policy:1: it is for another argument' in r.stdout
    assert '1 rules for other services' in r.stdout


def test_redirect_past_a_deny_is_named(policy, tmp_path):
    rules = write(tmp_path / 'rules', {'a.policy': 's.Svc * work mail allow target=vault\ns.Svc * work vault deny\n'})
    r = policy('explain', '--json', '--dir', rules, '--domains', data, '--', 'work', 'mail', 's.Svc')
    answer = json.loads(r.stdout)
    assert (r.returncode, answer['target'], answer['line'], answer['passes_deny']['line']) == (0, 'vault', 1, 2)
    r = policy('lint', '--json', '--dir', rules)
    assert r.returncode == 1
    found = json.loads(r.stdout)['findings']
    assert [(f['kind'], f['line'], f['other']['line']) for f in found] == [('redirect-passes-deny', 1, 2)]


def test_errors_carry_file_line_column_and_words(policy, tmp_path):
    rules = write(tmp_path / 'rules', {'10-a.policy': '# fine\n  s.Svc * work mail alow\n', 'ignored.txt': 'nonsense'})
    r = policy('lint', '--dir', rules)
    assert r.returncode == 3
    assert f'{rules}/10-a.policy:2:21: the action must be allow, deny or ask, not "alow"' in r.stderr
    assert '    s.Svc * work mail alow' in r.stderr
    answer = json.loads(policy('lint', '--json', '--dir', rules).stdout)
    assert (answer['outcome'], answer['line'], answer['errors'][0]['column']) == ('policy-syntax-error', 2, 21)


def test_control_characters_never_reach_the_terminal(policy, tmp_path):
    rules = write(tmp_path / 'rules', {'10-a.policy': 's.Svc * work mail allow\x1b]0;x\x07\n'})
    r = policy('explain', '--dir', rules, '--', 'work\x1b[2J', 'mail', 's.Svc')
    assert r.returncode == 3
    assert '\x1b' not in r.stdout + r.stderr and '\\x1b' in r.stderr
    (rules / '10-a.policy').write_text('s.Svc * work mail allow\n')
    r = policy('explain', '--dir', rules, '--', 'work\x1b[2J', 'mail\x9b1m', 's.Svc')
    assert r.returncode == 4
    assert '\x1b' not in r.stdout + r.stderr


@pytest.mark.parametrize('args, words', [
    ([], 'usage'),
    (['nonsense'], 'no command'),
    (['explain', '--', 'work', 'mail'], 'usage'),
    (['explain', '--nonsense'], 'nonsense'),
    (['lint', 'more'], 'usage'),
    (['explain', '--domains', '/nonexistent', '--', 'work', 'mail', 's.Svc'], '/nonexistent'),
    (['graph', '--reach', 'nobody', '--domains', data], 'no domain "nobody"'),
])
def test_wrong_use_is_told(policy, tmp_path, args, words):
    rules = write(tmp_path / 'rules', {'a.policy': 's.Svc * work mail allow\n'})
    if args and args[0] in ('explain', 'graph'):
        args = [args[0], '--dir', rules, *args[1:]]
    r = policy(*args)
    assert r.returncode == 4
    assert words in r.stderr


def test_missing_folder_denies_everything(policy, tmp_path):
    r = policy('explain', '--dir', tmp_path / 'none', '--', 'work', 'mail', 's.Svc')
    assert r.returncode == 3
    assert 'cannot be read' in r.stderr


def test_bug_class_E11_a_file_being_written_is_not_read(policy, tmp_path):
    rules = write(tmp_path / 'rules', {'10-a.policy': ''})
    with open(rules / '10-a.policy', 'w') as half:
        half.write('s.Svc * work mail al')
        half.flush()
        r = policy('explain', '--dir', rules, '--', 'work', 'mail', 's.Svc')
        assert r.returncode == 3
        assert 'is being written' in r.stderr
        half.write('low\n')
    assert policy('explain', '--dir', rules, '--', 'work', 'mail', 's.Svc').returncode == 0


def test_earlier_folder_wins(policy, tmp_path):
    run = write(tmp_path / 'run', {'10-a.policy': 's.Svc * work mail deny\n'})
    etc = write(tmp_path / 'etc', {'10-a.policy': 's.Svc * work mail allow\n', '05-b.policy': '# nothing\n'})
    assert policy('explain', '--dir', run, '--dir', etc, '--', 'work', 'mail', 's.Svc').returncode == 1
    assert policy('explain', '--dir', etc, '--dir', run, '--', 'work', 'mail', 's.Svc').returncode == 0


def test_graph_text_dot_and_reach(policy, tmp_path):
    rules = write(tmp_path / 'rules', {'a.policy': 's.Copy * work mail allow\ns.Copy * mail vault ask\n'
                                                   'o.Other * vault work allow\n'})
    text = policy('graph', '--dir', rules, '--domains', data, '--service', 's.Copy')
    assert text.returncode == 0
    assert text.stdout.splitlines() == ['mail -> vault: ask s.Copy', 'work -> mail: allow s.Copy']
    dot = policy('graph', '--dot', '--dir', rules, '--domains', data).stdout
    assert dot.startswith('digraph policy {') and '"mail" -> "vault" [style=dashed, label="ask s.Copy"];' in dot
    reach = policy('graph', '--json', '--reach', 'work', '--service', 's.Copy', '--dir', rules, '--domains', data).stdout
    found = {x['domain']: [(s['source'], s['target'], s['direction']) for s in x['path']]
             for x in json.loads(reach)['reach']}
    assert found == {'mail': [('work', 'mail', 'call')], 'vault': [('work', 'mail', 'call'), ('mail', 'vault', 'call')]}


def domains_file(tmp_path, **domains):
    """Each domain: a dict that overrides the usual."""
    usual = {'type': 'AppVM', 'tags': [], 'template_for_dispvms': False, 'default_dispvm': None, 'netvm': None}
    path = tmp_path / 'domains.json'
    path.write_text(json.dumps({'domains': {n.replace('_', '-'): {**usual, **d} for n, d in domains.items()}}))
    return path


def test_bug_class_E8_disposable_with_a_network_is_seen_in_the_closure(policy, tmp_path):
    """QSB-047: a domain without network may start a disposable that has one: the graph must show the way out."""
    rules = write(tmp_path / 'rules', {'a.policy': 's.Open * vault @dispvm allow\n'})
    world = dict(vault={'default_dispvm': 'dvm'}, sys_net={'tags': ['net']})
    for netvm, out in (('sys-net', True), (None, False)):
        domains = domains_file(tmp_path, dvm={'template_for_dispvms': True, 'netvm': netvm}, **world)
        r = policy('graph', '--json', '--reach', 'vault', '--dir', rules, '--domains', domains)
        reach = {x['domain']: x['path'] for x in json.loads(r.stdout)['reach']}
        assert '@dispvm:dvm' in reach
        assert ('sys-net' in reach) == out
    shown = policy('graph', '--reach', 'vault', '--dir', rules, '--domains',
                   domains_file(tmp_path, dvm={'template_for_dispvms': True, 'netvm': 'sys-net'}, **world)).stdout
    assert '@dispvm:dvm -> sys-net: network' in shown


def test_shipped_rules_have_no_findings_and_deny_by_default(policy, tmp_path):
    rules = pathlib.Path(__file__).resolve().parent.parent.parent / 'policy' / 'rules'
    domains = domains_file(tmp_path, dom0={'type': 'AdminVM'}, work={'default_dispvm': 'dvm'},
                           private={'default_dispvm': 'dvm'}, banking={}, dvm={'template_for_dispvms': True})
    assert policy('lint', '--dir', rules, '--domains', domains).returncode == 0

    def code(*call):
        return policy('explain', '--dir', rules, '--domains', domains, '--', *call).returncode
    assert code('work', 'banking', 'qubes.Filecopy') == 2
    assert code('work', 'dom0', 'qubes.Filecopy') == 1
    assert code('work', '@dispvm', 'qubes.OpenInVM') == 0
    assert code('banking', '@dispvm', 'qubes.OpenInVM') == 1
    assert code('work', 'banking', 'qubes.VMShell') == 1
    assert code('work', 'banking', 'qubes.VMExec+x') == 1
    assert code('work', 'banking', 'never.Heard') == 1
    assert code('work', 'dom0', 'admin.vm.List') == 1
    assert code('work', 'dom0', 'qubes.SyncAppMenus') == 0
    assert code('work', 'banking', 'qubes.SyncAppMenus') == 1


def test_undo_takes_answers_back(policy, tmp_path):
    own = write(tmp_path / 'own', {'20-answers.policy': '# mine\n# answer 1 (then, asked by x:1):\ns + work mail allow\n'
                                                        '# answer 2 (then, asked by x:1):\ns + work vault allow\n'})
    assert policy('undo', '--list', '--folder', own).stdout.splitlines() == [
        '   1  s + work mail allow', '   2  s + work vault allow']
    assert policy('explain', '--dir', own, '--', 'work', 'vault', 's').returncode == 0
    r = policy('undo', '--folder', own)
    assert (r.returncode, r.stdout) == (0, 'taken back: answer 2\n      s + work vault allow\n')
    assert policy('explain', '--dir', own, '--', 'work', 'vault', 's').returncode == 1
    assert policy('undo', '--folder', own, '2').returncode == 1
    assert policy('undo', '--folder', own, '1').returncode == 0
    assert policy('undo', '--folder', own).returncode == 1
    listed = json.loads(policy('undo', '--list', '--json', '--folder', own).stdout)
    assert [(a['number'], a['undone']) for a in listed] == [(1, True), (2, True)]
    assert policy('undo', '--folder', own, 'x').returncode == 4
    assert policy('undo', '--folder', tmp_path / 'none').returncode == 1
    assert (own / '20-answers.policy').read_text().startswith('# mine\n')


def test_bug_class_E12_rules_that_name_a_domain_are_listed(policy, tmp_path):
    rules = write(tmp_path / 'rules', {'a.policy': 's * @anyvm mail allow\ns * work @tag:mail deny\n'
                                                   's * work uuid:00000000-0000-4000-8000-000000000002 ask\n'
                                                   's * work vault allow target=@dispvm:mail\n'})
    r = policy('names', '--json', '--dir', rules, '--domains', data, 'mail')
    assert (r.returncode, [x['line'] for x in json.loads(r.stdout)]) == (1, [1, 3, 4])
    assert f'{rules}/a.policy:4\n      s * work vault allow target=@dispvm:mail\n' in policy(
        'names', '--dir', rules, '--domains', data, 'mail').stdout
    r = policy('names', '--dir', rules, '--domains', data, 'Mail')
    assert (r.returncode, r.stdout) == (0, 'no rule names Mail\n')
    assert policy('names', '--dir', rules).returncode == 4


def test_a_draft_is_linted_in_place_of_the_file_and_changes_nothing(build, tmp_path):
    own, shipped = tmp_path / 'config/bulkhead/policy.d', tmp_path / 'shipped'
    own.mkdir(parents=True)
    shipped.mkdir()
    (own / '30-own.policy').write_text('a.B * work private allow\n')
    (shipped / '30-own.policy').write_text('# hidden by the one of the same name\n')
    (shipped / '90-default.policy').write_text('* * * * deny\n')
    env = {**os.environ, 'XDG_CONFIG_HOME': str(tmp_path / 'config'), 'BULKHEAD_POLICY_PATH': f'{own}:{shipped}'}

    def run(*args, text=''):
        return subprocess.run([str(build / 'domains' / 'cli' / 'bulkhead-policy'), *args], env=env, input=text, capture_output=True, text=True, timeout=60)
    files = json.loads(run('files', '--json').stdout)
    assert files['own'] == str(own)
    assert [(f['folder'], f['name'], f['own']) for f in files['files']] == [(str(own), '30-own.policy', True), (str(shipped), '90-default.policy', False)]
    broken = run('lint', '--json', '--draft', '30-own.policy', text='# first\na.B * work private alow\n')
    assert broken.returncode == 3 and json.loads(broken.stdout)['errors'][0]['line'] == 2
    assert run('lint', '--draft', 'new.policy', text='a.B * work private deny\n').returncode == 1, 'the new file is shadowed by the one that is there'
    assert run('lint', text='nonsense').returncode == 0
    for name in ('../30-own.policy', '.x.policy', 'x.txt', ''):
        assert run('lint', '--draft', name, text='').returncode == 3
    assert (own / '30-own.policy').read_text() == 'a.B * work private allow\n' and not (own / 'new.policy').exists()
