# SPDX-License-Identifier: GPL-2.0-or-later
"""What takes long is a job: it is shown while it goes on, says how far it is, and can be cancelled, by D-Bus and by Ctrl-C."""
import json
import os
import pty
import signal
import subprocess

import pytest
from domains_rig import PATIENCE, Domains

gi = pytest.importorskip('gi')
from gi.repository import GLib  # noqa: E402
from test_domains_dbus import DOMAIN, NAME, PROPERTIES, ROOT, Bus, error  # noqa: E402

pytestmark = pytest.mark.skipif(os.geteuid() == 0, reason='domains never run as root: run these tests as an ordinary user')
JOB, JOBS, WORK = 'org.bulkhead.Job1', '/org/bulkhead/jobs/', '/org/bulkhead/domains/work'


class Gate:
    """One of our programs waits here, each time that it is started with (or without) an option, until it is let go."""
    def __init__(self, rig, program, only=None, never=None):
        folder = rig.top / f'gate-{program}'
        folder.mkdir()
        self.path, self.opened = folder / 'gate', folder / 'open'
        os.mkfifo(self.path)
        real = next(rig.build.rglob(program))
        condition = f'case " $*" in *" --{only}="*) ;; *) exec {real} "$@";; esac\n' if only else ''
        condition += f'case " $*" in *" --{never}="*) exec {real} "$@";; esac\n' if never else ''
        wrapper = folder / program
        wrapper.write_text(f'#!/bin/sh\n{condition}test -e {self.opened} || read line < {self.path}\nexec {real} "$@"\n')
        wrapper.chmod(0o755)
        rig.env['BULKHEAD_LIBEXEC'] = f'{folder}:{rig.env["BULKHEAD_LIBEXEC"]}'

    def reached(self):
        """Blocks until it stands there."""
        self.file = open(self.path, 'w')

    def open(self):
        self.opened.touch()
        self.file.write('go\n')
        self.file.close()


@pytest.fixture
def rig(build, programs):
    d = Domains(build, programs, DISPLAY=None)
    yield d
    d.end()


def begin(rig, *properties):
    rig.start()
    rig.cli('domain', 'create', 'work', *properties)
    bus = Bus(f'unix:path={rig.runtime}/bus', None)
    bus.rig = rig
    return bus


def ask(bus, path, method, args=None):
    """Without waiting: what it was answered comes into the list."""
    answers, (interface, _, member) = [], method.rpartition('.')

    def done(c, r):
        try:
            answers.append(c.call_finish(r).unpack())
        except GLib.GError as e:
            answers.append(e.message)

    bus.c.call(bus.name, path, interface, member, args, None, 0, PATIENCE * 1000, None, done)
    return answers


def new_job(bus, what):
    _, _, (path, interfaces) = bus.heard(lambda p, s, a: s.endswith('InterfacesAdded') and a[1].get(JOB, {}).get('What') == what)
    assert path.startswith(JOBS)
    return path, interfaces[JOB]


def states(bus, path):
    """Every state that was told, until it is gone."""
    bus.heard(lambda p, s, a: s.endswith('InterfacesRemoved') and a == (path, [JOB]))
    told = [a[1]['State'] for p, s, a in bus.signals if p == path and s.endswith('PropertiesChanged')]
    return [s for i, s in enumerate(told) if i == 0 or told[i - 1] != s]


def reason(bus, path):
    return [a[1]['Reason'] for p, s, a in bus.signals if p == path and s.endswith('PropertiesChanged')][-1]


def jobs(bus):
    objects = bus.call(ROOT, 'org.freedesktop.DBus.ObjectManager.GetManagedObjects')[0]
    return {path: o[JOB] for path, o in objects.items() if JOB in o}


def test_a_start_is_a_job_with_progress(rig):
    bus = begin(rig)
    answers = ask(bus, WORK, f'{DOMAIN}.Start')
    path, first = new_job(bus, 'start')
    assert first == {'What': 'start', 'Domain': 'work', 'State': 'running', 'Progress': -1, 'Cancellable': True, 'Reason': ''}
    assert states(bus, path) == ['running', 'done'] and reason(bus, path) == ''
    steps = [a[1]['Progress'] for p, s, a in bus.signals if p == path and s.endswith('PropertiesChanged')]
    assert steps == sorted(steps) and 0 < steps[-1] <= 100
    bus.heard(lambda *a: answers)
    assert answers == [()] and jobs(bus) == {} and bus.get(WORK, 'Job') == ''
    assert error(bus.call, path, f'{JOB}.Cancel')[0] == 'org.bulkhead.Error.State'


def test_a_start_is_cancelled(rig):
    gate = Gate(rig, 'bulkhead-local-domain', never='forget')
    bus = begin(rig)
    answers = ask(bus, WORK, f'{DOMAIN}.Start')
    path, first = new_job(bus, 'start')
    gate.reached()
    assert jobs(bus) == {path: first} == {path: bus.call(path, f'{PROPERTIES}.GetAll', GLib.Variant('(s)', (JOB,)))[0]}
    assert bus.get(WORK, 'Job') == 'start'
    bus.call(path, f'{JOB}.Cancel')
    bus.call(path, f'{JOB}.Cancel')
    assert bus.call(path, f'{PROPERTIES}.Get', GLib.Variant('(ss)', (JOB, 'State')))[0] == 'cancelling' and not answers
    gate.open()
    assert states(bus, path) == ['cancelling', 'cancelled'] and 'cancelled' in reason(bus, path)
    bus.heard(lambda *a: answers)
    assert 'its start was cancelled' in answers[0] and rig.show('work')['state'] in ('stopped', 'failed')
    rig.cli('domain', 'start', 'work')
    assert rig.show('work')['state'] == 'running'


def test_a_stop_cannot_be_cancelled(rig):
    bus = begin(rig, '--shutdown-timeout', '1000')
    rig.cli('domain', 'start', 'work')
    rig.cli('run', 'work', '--', 'sh', '-c', 'trap "" TERM; touch /tmp/up; while :; do sleep 100; done')
    rig.cli('run', '--wait', 'work', '--', 'sh', '-c', 'until test -e /tmp/up; do :; done')
    answers = ask(bus, WORK, f'{DOMAIN}.Stop', GLib.Variant('(b)', (False,)))
    path, first = new_job(bus, 'stop')
    assert (first['What'], first['Cancellable'], first['Progress']) == ('stop', False, -1)
    name, words = error(bus.call, path, f'{JOB}.Cancel')
    assert name == 'org.bulkhead.Error.State' and 'cannot be taken back' in words and not answers
    p = interrupted(rig, 'domain', 'stop', 'work')
    assert p.returncode == 130 and 'it goes on' in p.err and 'taken back' in p.err
    bus.call(WORK, f'{DOMAIN}.Kill')
    assert states(bus, path) == ['done']
    bus.heard(lambda *a: answers)
    assert answers == [()]


@pytest.mark.parametrize('what', ['snapshot', 'rollback'])
def test_a_copy_is_cancelled(rig, what):
    gate = Gate(rig, 'bulkhead-snapshot', only='rollback' if what == 'rollback' else 'take')
    bus = begin(rig)
    rig.cli('domain', 'start', 'work')
    rig.cli('run', '--wait', 'work', '--', 'sh', '-c', 'echo first > /home/user/notes')
    rig.cli('domain', 'stop', 'work')
    if what == 'rollback':
        rig.cli('domain', 'snapshot', 'work', 'good')
        rig.cli('domain', 'start', 'work')
        rig.cli('run', '--wait', 'work', '--', 'sh', '-c', 'echo second > /home/user/notes')
        rig.cli('domain', 'stop', 'work')
    answers = ask(bus, WORK, f'{DOMAIN}.{"Rollback" if what == "rollback" else "TakeSnapshot"}', GLib.Variant('(s)', ('good',)))
    path, first = new_job(bus, what)
    assert (first['What'], first['Cancellable']) == (what, True) and bus.get(WORK, 'Job') == what
    gate.reached()
    bus.call(path, f'{JOB}.Cancel')
    gate.open()
    assert states(bus, path) == ['cancelling', 'cancelled'] and 'all is as it was' in reason(bus, path)
    bus.heard(lambda *a: answers)
    assert 'all is as it was' in answers[0] and bus.get(WORK, 'Job') == ''
    left = json.loads(rig.cli('domain', 'snapshots', 'work', '--json').stdout)
    assert [s['name'] for s in left] == (['good'] if what == 'rollback' else [])
    rig.cli('domain', 'start', 'work')
    assert rig.inside('work', 'cat', '/home/user/notes') == ('second\n' if what == 'rollback' else 'first\n')


def test_a_removal_is_a_job(rig):
    gate = Gate(rig, 'bulkhead-local-domain', only='forget')
    bus = begin(rig)
    answers = ask(bus, ROOT, f'{NAME}.RemoveDomain', GLib.Variant('(sb)', ('work', False)))
    path, first = new_job(bus, 'remove')
    assert (first['What'], first['Domain'], first['Cancellable']) == ('remove', 'work', False)
    assert 'had back' in error(bus.call, path, f'{JOB}.Cancel')[1]
    gate.reached()
    gate.open()
    assert states(bus, path) == ['done']
    bus.heard(lambda *a: answers)
    assert answers == [()]


def interrupted(rig, *argv, when=lambda: None, after=lambda: None, terminal=False):
    """The command line, with Ctrl-C as soon as `when` returns; .err: what it said."""
    read, write = pty.openpty() if terminal else os.pipe()
    p = subprocess.Popen([rig.build / 'domains' / 'bulkhead', *argv], env=rig.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=write)
    os.close(write)
    waits_in_its_loop(p)
    when()
    p.send_signal(signal.SIGINT)
    after()
    p.err = ''
    while part := chunk(read):
        p.err += part
    os.close(read)
    p.wait(PATIENCE)
    return p


def chunk(fd):
    try:
        return os.read(fd, 4096).decode()
    except OSError:  # a terminal's other end is gone
        return ''


def waits_in_its_loop(p):
    """It catches SIGINT only while it waits for a job."""
    caught = 0
    while not caught >> (signal.SIGINT - 1) & 1:
        with open(f'/proc/{p.pid}/status') as f:
            caught = int(next(line for line in f if line.startswith('SigCgt:')).split()[1], 16)


@pytest.mark.parametrize('terminal', [True, False])
def test_ctrl_c_cancels_a_start(rig, terminal):
    gate = Gate(rig, 'bulkhead-local-domain', never='forget')
    bus = begin(rig)

    def when():
        gate.reached()
        bus.heard(lambda p, s, a: s.endswith('InterfacesAdded') and JOB in a[1])

    def after():
        bus.heard(lambda p, s, a: p.startswith(JOBS) and a[1].get('State') == 'cancelling')
        gate.open()

    p = interrupted(rig, 'domain', 'start', 'work', when=when, after=after, terminal=terminal)
    assert p.returncode == 130 and 'start is being cancelled' in p.err and 'work: its start was cancelled' in p.err
    assert ('\033[K' in p.err) == terminal
    assert rig.show('work')['state'] in ('stopped', 'failed')


def test_progress_is_shown_at_a_terminal_only(rig):
    begin(rig)
    read, write = pty.openpty()
    p = subprocess.Popen([rig.build / 'domains' / 'bulkhead', 'domain', 'start', 'work'], env=rig.env, stdin=subprocess.DEVNULL, stderr=write)
    os.close(write)
    text = ''
    while part := chunk(read):
        text += part
    os.close(read)
    assert p.wait(PATIENCE) == 0 and 'work: start, ' in text and ' %' in text and text.endswith('\033[K'), text
    rig.cli('domain', 'stop', 'work')
    assert rig.cli('domain', 'start', 'work').stderr == ''


def test_ctrl_c_throws_a_throw_away_domain_away(rig):
    bus = begin(rig, '--template-for-dispvms', 'yes')
    p = interrupted(rig, 'run', '--disposable', 'work', 'sleep', '1000',
                    when=lambda: bus.heard(lambda p, s, a: p.startswith('/org/bulkhead/domains/disp') and a[1].get('State') == 'running'))
    assert p.returncode == 130, p.err
    bus.heard(lambda p, s, a: s.endswith('InterfacesRemoved') and DOMAIN in a[1])
    assert 'is thrown away' in p.err and 'disp' not in rig.cli('domain', 'list').stdout
