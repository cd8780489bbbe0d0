# SPDX-License-Identifier: GPL-2.0-or-later
"""What applications in domains say: through the receiver that meets their bytes, the tray, and to the notification service; and end to end."""
import os
import pathlib
import shutil
import struct
import subprocess
import sys

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / 'bench')]
from session import Session
from tray_rig import Tray


def packet(app, title, body, magic=0x314e4b42):
    texts = [t if isinstance(t, bytes) else t.encode() for t in (app, title, body)]
    return struct.pack('<4I', magic, *map(len, texts)) + b''.join(texts)


@pytest.fixture
def tray(build, programs, screen):
    t = Tray(build, programs, screen)
    t.listen()
    t.start()
    t.called('ListProperties')
    yield t
    t.end()


def say(tray, domain, data):
    return subprocess.run([tray.build / 'qrexec/rpc/bulkhead.Notify'], env={**tray.env, 'QREXEC_REMOTE_DOMAIN': domain}, input=data,
                          capture_output=True, timeout=60).returncode


def knows_its_domains(tray):
    """What it says of a domain comes behind the answer that named the domains."""
    tray.tell('refused', 'work', 'a window of 1x1')
    tray.desk.until(lambda m: m[0] == 'notify' and m[2] == 'work: something was refused')


def heard(tray):
    return tray.desk.until(lambda m: m[0] == 'notify')[-1]


def test_text_with_the_name_and_the_label_and_nothing_else(tray):
    knows_its_domains(tray)
    assert say(tray, 'work', packet('mail', 'New <b>message</b>', 'from Anna\n\u202e<a href="x">y</a>')) == 0
    assert heard(tray) == ['notify', 0, 'work: an application says',
                           'mail: New &lt;b&gt;message&lt;/b&gt; – from Anna__&lt;a href=&quot;x&quot;&gt;y&lt;/a&gt;', True]


def test_bug_class_H10_what_is_no_notification_is_dropped(tray):
    knows_its_domains(tray)
    for data in (b'', packet('a', 't', 'b')[:-1], packet('a', 't', 'b') + b'x', packet('a', 't', 'b', 7), packet('a' * 65, 't', ''), packet('a', 't' * 257, ''),
                 packet('a', '', 'b' * 1025), packet('a', '', ''), struct.pack('<4I', 0x314e4b42, 0xffffffff, 1, 1), b'\xff' * 100000):
        assert say(tray, 'work', data) != 0
    assert say(tray, '../work', packet('a', 'b', 'c')) != 0
    assert say(tray, 'unknown', packet('a', 'not shown', '')) == 0  # a domain that there is not says nothing
    assert say(tray, 'work', packet('a', 'the end', '')) == 0
    assert heard(tray)[3] == 'a: the end', 'nothing before it was shown'


def test_a_flood_is_merged_and_does_not_hide_what_bulkhead_says(tray):
    for i in range(40):
        assert say(tray, 'work', packet('', str(i), '')) == 0
    tray.tell('refused', 'work', 'a window of 1x1')
    lines = tray.desk.until(lambda m: m[0] == 'notify' and m[2] == 'work: something was refused')
    assert 1 <= len([m for m in lines if m[0] == 'notify' and m[2] == 'work: an application says']) <= 4


@pytest.mark.skipif(not shutil.which('gdbus'), reason='gdbus is not installed')
def test_from_an_application_in_a_domain_to_the_desktop(build, programs):
    if os.geteuid() == 0:
        pytest.skip('domains belong to an ordinary user')
    with Session(build, screen='1024x768', window_manager=['openbox', '--sm-disable']) as s:
        t = Tray(build, programs, s.env['DISPLAY'], domains=None)
        t.env.update({k: s.env[k] for k in ('BULKHEAD_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'BULKHEAD_LIBEXEC')})
        t.listen()
        t.start()
        s.cli('domain', 'create', 'work', '--label', 'blue')
        t.desktop.wait(lambda: os.path.exists(s.env['BULKHEAD_RUNTIME_DIR'] + '/tray.sock'), 20, 'the tray to listen')
        s.cli('run', '--wait', 'work', '--', 'gdbus', 'wait', '--session', '--timeout', '60', 'org.freedesktop.Notifications')
        s.cli('run', '--wait', 'work', '--', 'gdbus', 'call', '--session', '--timeout', '30', '--dest', 'org.freedesktop.Notifications', '--object-path',
                   '/org/freedesktop/Notifications', '--method', 'org.freedesktop.Notifications.Notify', 'mail', '0', '', 'Hello', 'from inside',
                   "['default', 'Open']", '{}', '5000')
        try:
            line = t.desk.until(lambda m: m[0] == 'notify' and 'says' in m[2], 30)[-1]
        except TimeoutError as e:
            raise AssertionError(s.log() + s.cli('domain', 'show', 'work').stdout) from e
        assert line[2:] == ['work: an application says', 'mail: Hello – from inside', True]
        t.again('--quit')
        t.end()
