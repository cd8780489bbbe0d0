# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls between domains that bulkheadd runs: sandboxes, broker, daemons, the person's own commands."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

import qrexec_wire as wire

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
POLICY = '''qubes.Filecopy * work banking allow
qubes.Filecopy * work private deny
qubes.Filecopy * work @dispvm allow
'''


class Manager:
    def __init__(self, build, tmp):
        self.build, self.dir = build, tmp
        self.policy = tmp / 'config/bulkhead/policy.d'
        self.policy.mkdir(parents=True)
        (self.policy / '30-user.policy').write_text(POLICY)
        env = {k: v for k, v in os.environ.items() if k not in ('DISPLAY', 'DBUS_SESSION_BUS_ADDRESS')}
        folders = sorted({str(p.parent) for p in build.rglob('bulkhead-*') if p.is_file() and os.access(p, os.X_OK)})
        self.env = dict(env, XDG_CONFIG_HOME=str(tmp / 'config'), XDG_DATA_HOME=str(tmp / 'data'), XDG_STATE_HOME=str(tmp / 'state'),
                        BULKHEAD_RUNTIME_DIR=str(tmp / 'run'), BULKHEAD_POLICY_PATH=f'{self.policy}:{TOP}/policy/rules',
                        BULKHEAD_LIBEXEC=':'.join(folders + [str(build / 'domains')]))
        for name in ('data', 'state'):
            (tmp / name).mkdir()
        (tmp / 'run').mkdir(mode=0o700)
        self.log = open(tmp / 'log', 'wb')
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.build / 'domains/bulkheadd'], env=self.env, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        wire.wait_for('bulkheadd', lambda: self.cli('domain', 'list', check=False).returncode == 0)
        wire.wait_for('the broker', (self.dir / 'run/broker.sock').exists)

    def cli(self, *argv, check=True):
        p = subprocess.run([self.build / 'domains/bulkhead', *argv], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           timeout=60)
        assert not check or p.returncode == 0, (argv, p.stderr, (self.dir / 'log').read_text())
        return p

    def inside(self, domain, command, stdin=b''):
        """As the person: a command in a domain, its output and exit code."""
        p = subprocess.run([self.build / 'qrexec/qrexec-client', '-d', domain, 'DEFAULT:PATH=$PATH:/run/bulkhead/bin; ' + command],
                           env=self.env, input=stdin, capture_output=True, timeout=60)
        return p.stdout, p.stderr, p.returncode

    def audit(self):
        f = self.dir / 'state/bulkhead/audit.jsonl'
        return [a for a in map(json.loads, f.read_text().splitlines() if f.exists() else []) if a['event'] == 'call']

    def copies(self):
        """Without the reports of their progress to the admin domain, which may come later."""
        return [a for a in self.audit() if a['service'].startswith('qubes.Filecopy')]

    def states(self):
        return {d['name']: d['state'] for d in json.loads(self.cli('domain', 'list', '--json').stdout)}

    def stop(self):
        for name, state in self.states().items():
            if state != 'stopped':
                self.cli('domain', 'kill', name)
            self.cli('domain', 'remove', name)
        self.cli('manager', 'quit', check=False)
        self.process.terminate()
        self.process.wait(wire.SECONDS)
        self.log.close()


@pytest.fixture
def manager(build, tmp_path):
    if os.geteuid() == 0:
        pytest.skip('bulkheadd does not run as root')
    if not shutil.which('bwrap'):
        pytest.skip('bubblewrap is not installed')
    m = Manager(build, tmp_path)
    yield m
    m.stop()


def test_files_between_sandboxes(manager):
    """A copy starts the target; a denied one is recorded with file and line; nothing else crosses."""
    for name in ('work', 'banking', 'private'):
        manager.cli('domain', 'create', name, '--label=red')
    out, err, code = manager.inside('work', 'echo secret > a.txt; bulkhead-copy -t banking a.txt')
    assert code == 0 and b'1 files, 7 bytes' in err, (out, err)
    assert manager.states()['banking'] == 'running' and manager.states()['private'] == 'stopped'
    assert manager.inside('banking', 'cat QubesIncoming/work/a.txt')[0] == b'secret\n'
    out, err, code = manager.inside('work', 'qvm-copy -t private a.txt')
    assert code == 126 and b'refused' in err
    allow, deny = manager.audit()[1], manager.audit()[-1]
    calls = [a for a in manager.audit() if a['service'].startswith('qubes.Filecopy')]
    assert [(a['outcome'], a['line']) for a in calls] == [('allow', 1), ('deny', 2)]
    assert deny['file'].endswith('30-user.policy') and allow['start_us'] > 0
    assert manager.states()['private'] == 'stopped'


def test_policy_explains_the_domains_there_are(manager):
    """Without a list of domains, `bulkhead policy` asks bulkheadd: templates, classes and states are the real ones."""
    manager.cli('domain', 'create', 'dvm', '--label=gray', '--template-for-dispvms=yes')
    manager.cli('domain', 'create', 'work', '--label=red', '--default-dispvm=dvm')
    manager.cli('domain', 'create', 'private', '--label=green')
    told = manager.cli('policy', 'explain', '--json', '--', 'work', '@dispvm', 'qubes.Filecopy')
    answer = json.loads(told.stdout)
    assert (answer['outcome'], answer['target'], answer['line']) == ('allow', '@dispvm:dvm', 3)
    assert 'domains_made_up' not in answer
    told = manager.cli('policy', 'explain', '--', 'work', 'private', 'qubes.Filecopy', check=False)
    assert told.returncode == 1 and '30-user.policy:2' in told.stdout
    assert manager.cli('policy', 'explain', '--', 'work', 'nobody', 'qubes.Filecopy', check=False).returncode == 2
    found = json.loads(manager.cli('policy', 'lint', '--json', check=False).stdout)['findings']
    assert {'unknown-domain'} <= {f['kind'] for f in found if f['line'] == 1}  # there is no "banking" yet
    assert json.loads(manager.cli('policy', 'leases', '--json').stdout) == []
    reach = json.loads(manager.cli('policy', 'graph', '--json', '--reach', 'private').stdout)
    assert {r['domain'] for r in reach['reach']} >= {'work', 'dvm'}


def call_outcome(manager, service):
    """Calls vault from work; what the broker decided."""
    before = len(manager.audit())
    manager.inside('work', f'qrexec-client-vm vault {service} </dev/null')
    new = [a['outcome'] for a in manager.audit()[before:] if a['service'] == service + '+']
    assert len(new) == 1
    return new[0]


def test_rules_match_tags_and_uuids(manager):
    """Both stand in the definition, reach the broker and `bulkhead policy`, and change with it."""
    manager.cli('domain', 'create', 'work', '--tags=office blue')
    manager.cli('domain', 'create', 'vault')
    manager.cli('domain', 'start', 'vault')
    listed = {d['name']: d for d in json.loads(manager.cli('domain', 'list', '--json').stdout)}
    uuid = listed['vault']['uuid']
    assert listed['work']['tags'] == 'office blue' and len({d['uuid'] for d in listed.values()}) == 2
    assert uuid in (shown := manager.cli('domain', 'list').stdout) and 'office blue' in shown
    new = manager.policy / '.new'
    new.write_text(f'test.Tag * @tag:office @tag:safe allow\ntest.Uuid * work uuid:{uuid} allow\n* * @anyvm @anyvm deny\n')
    new.rename(manager.policy / '30-user.policy')
    wire.wait_for('the new rules', lambda: call_outcome(manager, 'test.Uuid') == 'allow')

    def explained():
        return manager.cli('policy', 'explain', '--', 'work', 'vault', 'test.Tag', check=False).returncode
    assert (explained(), call_outcome(manager, 'test.Tag')) == (1, 'deny')
    manager.cli('domain', 'set', 'vault', 'tags=safe')
    assert (explained(), call_outcome(manager, 'test.Tag')) == (0, 'allow')
    manager.cli('domain', 'set', 'vault', 'tags=safer')
    assert (explained(), call_outcome(manager, 'test.Tag')) == (1, 'deny')


def test_bug_class_E12_a_uuid_is_never_given_again(manager):
    """A rule for one domain never holds for another: not for its copy, not for one of its name that is made later."""
    manager.cli('domain', 'create', 'work')
    first = json.loads(manager.cli('domain', 'show', 'work', '--json').stdout)['uuid']
    for change in (('set', 'work', 'uuid='), ('set', 'work', 'uuid=3c5b7bd1-6d2b-4d7c-9a53-0b6d3a1f4e0c'), ('create', 'twin', f'--uuid={first}')):
        assert manager.cli('domain', *change, check=False).returncode != 0
    folder = manager.dir / 'config/bulkhead/domains'
    text = (folder / 'work.conf').read_text()
    (folder / 'copied.conf').write_text(text)
    (folder / 'fresh.conf').write_text('[domain]\nlabel=red\n')
    manager.cli('manager', 'reload')
    told = manager.cli('domain', 'list', '--json')
    listed = {d['name']: d['uuid'] for d in json.loads(told.stdout)}
    assert set(listed) == {'work', 'fresh'} and listed['work'] == first and listed['fresh'] not in ('', first)
    assert 'its uuid is that of work' in told.stderr
    assert f"uuid={listed['fresh']}" in (folder / 'fresh.conf').read_text()
    (folder / 'copied.conf').unlink()
    manager.cli('manager', 'reload')
    manager.cli('domain', 'remove', 'work')
    manager.cli('domain', 'create', 'work')
    assert json.loads(manager.cli('domain', 'show', 'work', '--json').stdout)['uuid'] != first


def test_bug_class_E12_who_takes_a_name_of_old_rules_is_asked(manager):
    """Removing a domain tells the rules that name it, making one of that name asks first."""
    manager.cli('domain', 'create', 'work')
    assert '30-user.policy:1: ' in manager.cli('domain', 'remove', 'work').stderr
    for answer, code in ((b'\n', 1), (b'n\n', 1), (b'y\n', 0)):
        ours, theirs = os.openpty()
        p = subprocess.Popen([manager.build / 'domains/bulkhead', 'domain', 'create', 'work'], env=manager.env, stdin=theirs,
                             stderr=subprocess.PIPE)
        os.close(theirs)
        os.write(ours, answer)
        said = p.communicate(timeout=wire.SECONDS)[1].decode()
        os.close(ours)
        assert p.returncode == code, said
        assert '30-user.policy:1: ' in said and 'Make the domain?' in said
    assert set(manager.states()) == {'work'}


def test_disposable_for_a_call(manager):
    """A throw-away domain is made for a call and is gone after it."""
    manager.cli('domain', 'create', 'dvm', '--label=gray', '--template-for-dispvms=yes')
    manager.cli('domain', 'create', 'work', '--label=red', '--default-dispvm=dvm')
    out, err, code = manager.inside('work', 'echo x > a; bulkhead-copy -t @dispvm a')
    assert code == 0, (err, (manager.dir / 'log').read_text())
    wire.wait_for('it is gone', lambda: set(manager.states()) == {'dvm', 'work'})
    assert manager.copies()[-1]['final_target'].startswith('disp')


@pytest.mark.long
def test_prepared_disposable_for_a_call(manager):
    """@dispvm takes one that was prepared."""
    manager.cli('domain', 'create', 'dvm', '--label=gray', '--template-for-dispvms=yes', '--disposable-pool=1')
    manager.cli('domain', 'create', 'work', '--label=red', '--default-dispvm=dvm')

    def frozen():
        return [name for name, _, state in json.loads(manager.cli('manager', 'status', '--json').stdout)['Prepared'] if state == 'paused']

    wire.wait_for('one is prepared', frozen)
    name = frozen()[0]
    out, err, code = manager.inside('work', 'echo x > a; bulkhead-copy -t @dispvm a')
    assert code == 0, (err, (manager.dir / 'log').read_text())
    assert manager.copies()[-1]['final_target'] == name
    wire.wait_for('it is gone', lambda: set(manager.states()) == {'dvm', 'work'})
    wire.wait_for('there is another', lambda: frozen() not in ([], [name]))


def test_broker_and_daemon_come_back(manager):
    """Killed, they come again; calls go on."""
    manager.cli('domain', 'create', 'work', '--label=red')
    manager.cli('domain', 'create', 'banking', '--label=green')
    assert manager.inside('work', 'echo x > a; bulkhead-copy -t banking a')[2] == 0
    for name in ('bulkhead-qrexec-broker', 'bulkhead-qrexec-daemon'):
        for pid in children(manager.process.pid, name):
            os.kill(pid, 9)
        wire.wait_for('calls work again', lambda: manager.inside('work', 'bulkhead-copy -t banking a')[2] == 0)


def children(parent, name):
    for p in pathlib.Path('/proc').iterdir():
        if p.name.isdigit():
            try:
                stat, cmd = (p / 'stat').read_text(), (p / 'cmdline').read_bytes()
            except OSError:
                continue
            if int(stat.rsplit(')', 1)[1].split()[1]) == parent and name.encode() in cmd.split(b'\0')[0]:
                yield int(p.name)
