# SPDX-License-Identifier: GPL-2.0-or-later
"""Domains are made, started, used, stopped, removed; their manager, daemons and hypervisor die and come back."""
import json
import os
import pathlib
import signal
import subprocess

import pytest
from domains_rig import PATIENCE, Domains
from gui_stage import decoder_of

pytestmark = pytest.mark.skipif(os.geteuid() == 0, reason='domains never run as root: run these tests as an ordinary user')


@pytest.fixture
def rig(build, programs):
    d = Domains(build, programs, DISPLAY=None)
    d.start()
    yield d
    d.end()


@pytest.fixture
def shown(build, programs, screen):
    d = Domains(build, programs)
    d.start()
    yield d
    d.end()


def until(what, patience=PATIENCE):
    """Asks again and again: the things waited for have no event that a test could hear."""
    import time
    end = time.monotonic() + patience
    while time.monotonic() < end:
        r = what()
        if r:
            return r
        time.sleep(0.02)
    raise AssertionError(f'still not: {what}')


def test_create_show_set_remove(rig):
    rig.cli('domain', 'create', 'work', '--label', 'green', '--memory=200', '--notes', 'first line')
    d = rig.show('work')
    assert (d['name'], d['state'], d['label'], d['color'], d['pattern']) == ('work', 'stopped', 'green', '#73d216', 'dashes')
    assert (d['memory'], d['autostart'], d['notes'], d['id']) == (200, False, 'first line', 0)
    file = rig.home / '.config/bulkhead/domains/work.conf'
    assert file.stat().st_mode & 0o077 == 0
    rig.cli('domain', 'set', 'work', 'label=teal', 'autostart=yes')
    assert (rig.show('work')['color'], rig.show('work')['autostart']) == ('#00a0a0', True)
    assert 'label=teal' in file.read_text()
    rig.cli('domain', 'create', 'other', '--netvm', 'net')
    assert [x['name'] for x in json.loads(rig.cli('domain', 'list', '--json').stdout)] == ['other', 'work']
    rig.cli('domain', 'remove', 'work')
    assert not file.exists()
    assert [x['name'] for x in json.loads(rig.cli('domain', 'list', '--json').stdout)] == ['other']


def test_a_clone_is_alike_but_itself(rig):
    rig.cli('domain', 'create', 'work', '--label', 'blue', '--netvm', 'net', '--notes', 'mine', '--cpu-weight', '70')
    rig.cli('domain', 'start', 'work')
    rig.inside('work', 'touch', 'secret')
    rig.cli('domain', 'clone', 'work', 'other')
    old, new = rig.show('work'), rig.show('other')
    live = {'name', 'id', 'state', 'uuid', 'gui', 'network', 'host_user', 'cgroup'}
    assert {k: v for k, v in old.items() if k not in live} == {k: v for k, v in new.items() if k not in live}
    assert old['uuid'] != new['uuid'] and new['state'] == 'stopped'
    assert rig.inside('work', 'ls') == 'secret\n'
    rig.cli('domain', 'start', 'other')
    assert rig.inside('other', 'ls') == ''
    rig.cli('domain', 'clone', 'none-such', 'x', status=3)
    assert 'already' in rig.cli('domain', 'clone', 'work', 'other', status=1).stderr
    rig.cli('domain', 'clone', 'work', '-x', status=2)


@pytest.mark.parametrize('argv, status, says', [
    (['domain', 'create', 'work'], 1, 'work already'),
    (['domain', 'create', '9lives'], 2, '9lives'),
    (['domain', 'create', 'dom0'], 2, 'admin domain'),
    (['domain', 'create', '../up'], 2, 'cannot be a domain'),
    (['domain', 'create', 'x', '--label', 'blau'], 2, 'label list'),
    (['domain', 'create', 'x', '--memory', '1'], 2, '64 to 1048576'),
    (['domain', 'create', 'x', '--bogus', '1'], 2, 'bogus'),
    (['domain', 'create'], 2, 'one name'),
    (['domain', 'set', 'work', 'memory'], 2, 'KEY=VALUE'),
    (['domain', 'set', 'work', 'colour=red'], 2, 'no property'),
    (['domain', 'set', 'work', 'maxmem=100'], 2, 'at least as much'),
    (['domain', 'show', 'nobody'], 3, 'nobody'),
    (['domain', 'start', 'nobody'], 3, 'nobody'),
    (['domain', 'remove', 'nobody'], 3, 'nobody'),
    (['domain', 'pause', 'work'], 4, 'stopped'),
    (['domain', 'frobnicate'], 2, ''),
    (['run', 'work'], 2, 'a command'),
    (['run', '--wait', 'work', '--', '/nonexistent/program'], 126, 'No such file'),
    (['run', '--wait', 'work', '--', 'sh', '-c', 'exit 9'], 9, ''),
    (['run', '--wait', 'work', '--', 'sh', '-c', 'kill -TERM $$'], 143, ''),
])
def test_exit_status_and_words(rig, argv, status, says):
    rig.cli('domain', 'create', 'work')
    p = rig.cli(*argv, status=status)
    assert says in p.stderr


def test_arguments_arrive_byte_for_byte(rig):
    rig.cli('domain', 'create', 'work')
    text = 'a "b" $HOME `id` ; \\ * \u00e4\n--x'
    assert rig.inside('work', 'printf', '%s|', text, '', '-n') == text + '||-n|'


def test_broken_definitions_are_named(build, programs):
    d = Domains(build, programs, DISPLAY=None)
    try:
        folder = d.home / '.config/bulkhead/domains'
        folder.mkdir(parents=True)
        (folder / 'good.conf').write_text('[domain]\nlabel=blue\n')
        (folder / 'bad.conf').write_text('[domain]\nlabel=blue\nmemroy=3\n')
        d.start()
        p = d.cli('domain', 'list')
        assert 'good' in p.stdout and 'bad.conf:3' in p.stderr and 'memroy' in p.stderr
        (folder / 'bad.conf').write_text('[domain]\nlabel=blue\n')
        d.cli('manager', 'reload')
        p = d.cli('domain', 'list')
        assert 'bad' in p.stdout and not p.stderr
    finally:
        d.end()


def mounts():
    return pathlib.Path('/proc/self/mounts').read_text()


def test_stop_leaves_nothing(rig):
    before = mounts()
    rig.cli('domain', 'create', 'work')
    rig.inside('work', 'sh', '-c', 'nohup sleep 1000 >/dev/null & (setsid sleep 1000 &) ; touch ~/kept')
    running = rig.pid_of('bulkhead-local-domain')
    inner = [int(p) for p in subprocess.run(['pgrep', '-s', '0', '-P', str(running)], capture_output=True, text=True).stdout.split()]
    rig.cli('domain', 'stop', 'work')
    assert rig.show('work')['state'] == 'stopped'
    until(lambda: not any('local-domain' in line or 'sleep 1000' in line for line in rig.processes().values()))
    assert not [p for p in inner if os.path.exists(f'/proc/{p}')]
    assert mounts() == before
    assert list((rig.runtime / 'domains').iterdir()) == []
    assert 'kept' in rig.inside('work', 'ls')  # the home is kept
    rig.cli('domain', 'kill', 'work')
    assert rig.show('work')['state'] == 'stopped'
    rig.cli('domain', 'remove', 'work')
    assert list((rig.home / '.local/share/bulkhead/domains').iterdir()) == []


def test_a_stubborn_program_is_ended(rig):
    rig.cli('domain', 'create', 'work', '--shutdown-timeout', '1')
    rig.cli('run', 'work', '--', 'sh', '-c', 'trap "" TERM; touch /tmp/up; while :; do sleep 100; done')
    rig.inside('work', 'sh', '-c', 'until test -e /tmp/up; do :; done')
    rig.cli('domain', 'stop', 'work')
    assert rig.show('work')['state'] == 'stopped'
    assert 'was killed' in rig.domain_log('work')


def test_a_running_domain_is_not_removed(rig):
    rig.cli('domain', 'create', 'work')
    rig.cli('domain', 'start', 'work')
    assert 'stop it first' in rig.cli('domain', 'remove', 'work', status=4).stderr
    assert 'while it is stopped' in rig.cli('domain', 'set', 'work', 'memory=100', status=4).stderr
    rig.cli('domain', 'set', 'work', 'notes=now')


def test_manager_dies_and_finds_its_domains(rig):
    rig.cli('domain', 'create', 'work')
    rig.cli('domain', 'create', 'idle')
    rig.cli('run', 'work', '--', 'sleep', '1000')
    ident, helper = rig.show('work')['id'], rig.pid_of('bulkhead-local-domain')
    inside = rig.inside('work', 'pgrep', 'sleep')
    rig.kill_manager()
    rig.start()
    until(lambda: rig.show('work')['state'] == 'running')
    assert rig.show('idle')['state'] == 'stopped'
    assert (rig.show('work')['id'], rig.pid_of('bulkhead-local-domain')) == (ident, helper)
    assert rig.inside('work', 'pgrep', 'sleep') == inside
    assert 'host user' in rig.show('work')['host_user'] or 'this user' in rig.show('work')['host_user']


@pytest.mark.parametrize('asked', [False, True], ids=['nobody asked', 'a stop was asked'])
def test_one_that_ends_while_it_is_adopted_is_recorded(rig, asked):
    """Its helper stands still, so that the adoption does not end before the domain does."""
    rig.cli('domain', 'create', 'work')
    rig.cli('domain', 'start', 'work')
    helper = rig.pid_of('bulkhead-local-domain')
    os.kill(helper, signal.SIGSTOP)
    rig.kill_manager()
    rig.start()
    assert rig.show('work')['state'] == 'starting'
    p = rig.programs.start([rig.build / 'domains' / 'bulkhead', 'domain', 'stop', 'work'], env=rig.env, stderr=subprocess.DEVNULL) if asked else None
    os.kill(helper, signal.SIGKILL)
    until(lambda: rig.show('work')['state'] in ('stopped', 'failed'))
    if p:
        p.wait(PATIENCE)
    audit = [json.loads(line) for line in (rig.home / '.local/state/bulkhead/audit.jsonl').read_text().splitlines()]
    assert [r['event'] for r in audit if r.get('domain') == 'work'] == ['start', 'stop']


def test_manager_ends_politely_and_domains_run_on(rig):
    rig.cli('domain', 'create', 'work')
    rig.cli('domain', 'start', 'work')
    helper = rig.pid_of('bulkhead-local-domain')
    rig.manager.terminate()
    assert rig.manager.wait(PATIENCE) == 0
    rig.start()
    until(lambda: rig.show('work')['state'] == 'running')
    assert rig.pid_of('bulkhead-local-domain') == helper


def test_helper_dies(rig):
    rig.cli('domain', 'create', 'work')
    rig.cli('domain', 'start', 'work')
    os.kill(rig.pid_of('bulkhead-local-domain'), signal.SIGKILL)
    until(lambda: rig.show('work')['state'] == 'failed')
    assert 'helper' in rig.show('work')['failure_reason']
    assert rig.inside('work', 'echo', 'again') == 'again\n'


def test_second_manager_is_refused(rig):
    p = subprocess.run([rig.build / 'domains' / 'bulkheadd'], env=rig.env, capture_output=True, text=True, timeout=PATIENCE)
    assert p.returncode == 1 and 'another bulkheadd runs already' in p.stderr
    rig.cli('domain', 'list')


def test_root_is_refused(rig):
    for program in ('bulkheadd', 'bulkhead-local-domain'):
        p = subprocess.run(['unshare', '--user', '--map-root-user', rig.build / 'domains' / program], env=rig.env, capture_output=True, text=True,
                           timeout=PATIENCE)
        assert p.returncode == 1 and 'root' in p.stderr


def test_command_line_starts_the_manager(build, programs):
    d = Domains(build, programs, DISPLAY=None)
    try:
        assert 'no bulkheadd runs' in d.cli('manager', 'status', status=5).stderr
        assert json.loads(d.cli('domain', 'list', '--json').stdout) == []
        d.cli('manager', 'quit')
    finally:
        d.end()


def test_pause(rig):
    rig.cli('domain', 'create', 'work')
    rig.cli('domain', 'start', 'work')
    p = rig.cli('domain', 'pause', 'work', check=False)
    if rig.show('work')['cgroup'].startswith('none'):
        assert p.returncode == 4 and 'BULKHEAD_CGROUP' in p.stderr
        return
    assert p.returncode == 0 and rig.show('work')['state'] == 'paused'
    assert pathlib.Path(rig.show('work')['cgroup'], 'cgroup.freeze').read_text().strip() == '1'
    assert 'paused' in rig.cli('run', 'work', 'true', status=4).stderr
    rig.cli('domain', 'unpause', 'work')
    assert rig.inside('work', 'echo', 'again') == 'again\n'
    rig.cli('domain', 'pause', 'work')
    folder = rig.show('work')['cgroup']
    rig.cli('domain', 'stop', 'work')
    assert not os.path.exists(folder)


def test_throw_away_domains_leave_nothing(rig):
    rig.cli('domain', 'create', 'model', '--label', 'purple', '--shutdown-timeout', '9')
    assert 'template_for_dispvms' in rig.cli('run', '--disposable', 'model', 'true', status=4).stderr
    rig.cli('domain', 'set', 'model', 'template_for_dispvms=yes')
    rig.cli('run', '--disposable', 'model', '--', 'sh', '-c', 'touch ~/x; exit 5', status=5)
    rig.cli('run', '--disposable', 'model', '--', '/nonexistent', status=126)
    until(lambda: [x['name'] for x in json.loads(rig.cli('domain', 'list', '--json').stdout)] == ['model'])
    until(lambda: not list((rig.home / '.local/share/bulkhead/domains').glob('disp*')))
    assert not list((rig.home / '.config/bulkhead/domains').glob('disp*'))
    assert not list((rig.home / '.local/state/bulkhead/domains').glob('disp*'))
    # Like its model, and one that a dead manager left is gone too.
    p = subprocess.Popen([rig.build / 'domains' / 'bulkhead', 'run', '--disposable', 'model', 'sleep', '1000'], env=rig.env)
    d = until(lambda: [x for x in json.loads(rig.cli('domain', 'list', '--json').stdout) if x['state'] == 'running'])[0]
    assert (d['label'], d['shutdown_timeout'], d['kind'], d['template_for_dispvms']) == ('purple', 9, 'disposable', False)
    rig.kill_manager()
    p.wait(PATIENCE)
    os.kill(rig.pid_of('bulkhead-local-domain'), signal.SIGKILL)
    rig.start()
    until(lambda: [x['name'] for x in json.loads(rig.cli('domain', 'list', '--json').stdout)] == ['model'])


def test_a_removal_that_is_refused_ends_and_says_so(rig):
    """Under no_new_privs newuidmap may not map."""
    rig.cli('domain', 'create', 'work')
    rig.cli('domain', 'start', 'work')
    if not rig.show('work')['host_user'].startswith('its own'):
        pytest.skip('no subordinate ids here: nothing to refuse')
    rig.cli('domain', 'stop', 'work')
    helper = rig.build / 'domains' / 'bulkhead-local-domain'
    p = subprocess.run(['setpriv', '--no-new-privs', helper, '--forget=work', '--slot=0'], env=rig.env, capture_output=True, text=True,
                       timeout=PATIENCE)
    assert p.returncode == 1 and 'cannot be removed' in p.stderr
    assert (rig.home / '.local/share/bulkhead/domains/work/home').is_dir()


def windows(rig, name, n=1):
    return until(lambda: rig.show(name)['windows'] == n)


def test_gui_daemon_dies_and_windows_come_back(shown):
    shown.cli('domain', 'create', 'work')
    shown.cli('run', 'work', 'xterm')
    windows(shown, 'work')
    inside = shown.inside('work', 'pgrep', 'xterm')
    daemon = shown.pid_of('bulkhead-gui-daemon')
    os.kill(daemon, signal.SIGKILL)
    until(lambda: shown.pid_of('bulkhead-gui-daemon') not in (daemon, None))
    windows(shown, 'work')
    assert shown.inside('work', 'pgrep', 'xterm') == inside


def test_decoder_dies_and_windows_come_back(shown):
    """The half of the gui-daemon that reads the domain's bytes: its end is the end of both, and a fresh pair follows."""
    shown.cli('domain', 'create', 'work')
    shown.cli('run', 'work', 'xterm')
    windows(shown, 'work')
    inside = shown.inside('work', 'pgrep', 'xterm')
    daemon = shown.pid_of('bulkhead-gui-daemon')
    os.kill(decoder_of(daemon), signal.SIGKILL)
    until(lambda: shown.pid_of('bulkhead-gui-daemon') not in (daemon, None))
    windows(shown, 'work')
    assert shown.inside('work', 'pgrep', 'xterm') == inside


def test_manager_dies_and_the_windows_stay(shown):
    shown.cli('domain', 'create', 'work')
    shown.cli('run', 'work', 'xterm')
    windows(shown, 'work')
    daemon = shown.pid_of('bulkhead-gui-daemon')
    shown.kill_manager()
    shown.start()
    until(lambda: shown.show('work')['gui'] == 'connected')
    assert shown.pid_of('bulkhead-gui-daemon') == daemon
    # It is the one that is listened to: its end is seen.
    os.kill(daemon, signal.SIGKILL)
    until(lambda: shown.pid_of('bulkhead-gui-daemon') not in (daemon, None))
    windows(shown, 'work')


def test_hypervisor_dies_and_windows_come_back(shown):
    shown.cli('domain', 'create', 'work')
    shown.cli('run', 'work', 'xterm')
    windows(shown, 'work')
    inside, hv, daemon = shown.inside('work', 'pgrep', 'xterm'), shown.pid_of('bulkhead-hv'), shown.pid_of('bulkhead-gui-daemon')
    os.kill(hv, signal.SIGKILL)
    until(lambda: [p for p, line in shown.processes().items() if 'bulkhead-hv' in line and p != hv])
    until(lambda: shown.pid_of('bulkhead-gui-daemon') not in (daemon, None))
    windows(shown, 'work')
    assert shown.inside('work', 'pgrep', 'xterm') == inside
    shown.cli('domain', 'stop', 'work')
    until(lambda: not any('gui-daemon' in line for line in shown.processes().values()))


def test_agent_dies_and_windows_come_back(shown):
    shown.cli('domain', 'create', 'work')
    shown.cli('run', 'work', 'xterm')
    windows(shown, 'work')
    shown.inside('work', 'pkill', '-KILL', 'bulkhead-gui-ag')
    until(lambda: 'GUI agent ended' in shown.domain_log('work'))
    windows(shown, 'work')


def test_command_line_lends_its_display(build, programs, screen):
    d = Domains(build, programs, DISPLAY=None)
    try:
        d.start()
        d.cli('domain', 'create', 'work')
        d.cli('domain', 'start', 'work')
        assert 'no X display' in d.show('work')['gui']
        d.env['DISPLAY'] = screen
        d.cli('run', 'work', 'xterm')
        windows(d, 'work')
    finally:
        d.end()
