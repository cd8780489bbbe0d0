# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program inside a domain tries, and must not reach."""
import json
import os
import socket
import subprocess

import pytest
from domains_rig import Domains

pytestmark = pytest.mark.skipif(os.geteuid() == 0, reason='domains never run as root: run these tests as an ordinary user')


@pytest.fixture(scope='module')
def rig(build):
    from conftest import Programs
    programs = Programs()
    d = Domains(build, programs, DISPLAY=None, SECRET_TOKEN='hunter2', LD_PRELOAD=None, SSH_AUTH_SOCK='/tmp/agent')
    d.start()
    d.cli('domain', 'create', 'work')
    d.cli('domain', 'create', 'other')
    d.cli('domain', 'start', 'work', 'other')
    yield d
    d.end()
    programs.end()


def test_bug_class_H1_no_keys_into_terminals(rig):
    script = '''
import errno, fcntl, os, pty, termios
a, b = pty.openpty()
os.setsid(); fcntl.ioctl(b, termios.TIOCSCTTY, 0)
for number in (termios.TIOCSTI, termios.TIOCSTI | 1 << 32, 0x541C):
    try:
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        r = libc.ioctl(b, ctypes.c_ulong(number), ctypes.c_char_p(b"x"))
        print(r, errno.errorcode.get(ctypes.get_errno()))
    except OSError as e:
        print(e)
'''
    # The whole request is refused by the filter, not by the terminal (which would say EIO or ENOTTY).
    assert rig.python('work', f'import os\nif os.fork() == 0:\n    exec({script!r}, {{}})\n    import sys\n    sys.stdout.flush()\n    os._exit(0)\nos.wait()') == '-1 EPERM\n' * 3
    assert rig.inside('work', 'sh', '-c', 'ps -o tty= -p 1; cat /proc/1/stat | cut -d" " -f7') == '?\n0\n'


def test_bug_class_H2_no_privilege_to_gain(rig):
    status = rig.inside('work', 'cat', '/proc/self/status')
    assert 'NoNewPrivs:\t1' in status and 'Seccomp:\t2' in status
    for kind in ('Inh', 'Prm', 'Eff', 'Bnd', 'Amb'):
        assert f'Cap{kind}:\t0000000000000000' in status
    assert rig.inside('work', 'grep', '-c', 'nosuid', '/proc/self/mounts').strip() == rig.inside('work', 'sh', '-c', 'wc -l < /proc/self/mounts').strip()
    uids = [line.split() for line in rig.inside('work', 'cat', '/proc/self/uid_map').splitlines()]
    assert all(int(inside) != 0 for inside, _, _ in uids) and len(uids) == 1


def test_bug_class_H3_environment_is_an_allow_list(rig):
    environment = dict(line.split('=', 1) for line in rig.inside('work', 'env', '-0').replace('\\x00', '\n').splitlines() if '=' in line)
    assert 'hunter2' not in str(environment) and 'SSH_AUTH_SOCK' not in environment
    assert environment['XDG_DATA_DIRS'] == '/usr/local/share:/usr/share:/run/bulkhead/share'
    assert set(environment) <= {'XDG_DATA_DIRS', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'PATH', 'XDG_RUNTIME_DIR', 'DISPLAY', 'XDG_SESSION_TYPE', 'LANG', 'LC_ALL',
                                'LANGUAGE', 'TZ', 'DBUS_SESSION_BUS_ADDRESS', 'BULKHEAD_DOMAIN', 'PWD', 'SHLVL', '_', 'OLDPWD'}
    assert (environment['HOME'], environment['DISPLAY'], environment['BULKHEAD_DOMAIN']) == ('/home/user', ':0', 'work')


def test_bug_class_H6_home_replaced_by_a_link(rig):
    rig.cli('domain', 'create', 'linked')
    data = rig.home / '.local/share/bulkhead/domains/linked'
    precious = rig.top / 'precious'
    precious.mkdir()
    data.mkdir(mode=0o700)
    (data / 'home').symlink_to(precious)
    p = rig.cli('domain', 'start', 'linked', status=1)
    assert 'symbolic link' in p.stderr
    assert list(precious.iterdir()) == []
    rig.cli('domain', 'remove', 'linked')
    assert precious.is_dir() and not data.exists()


def test_bug_class_H7_no_descriptor_leads_outside(rig):
    script = r'''
import os
for pid in [p for p in os.listdir('/proc') if p.isdigit()]:
    for fd in os.listdir(f'/proc/{pid}/fd'):
        try:
            target = os.readlink(f'/proc/{pid}/fd/{fd}')
            st = os.stat(f'/proc/{pid}/fd/{fd}')
        except OSError:
            continue
        if os.path.isdir(f'/proc/{pid}/fd/{fd}') and not target.startswith('/proc'):
            print('folder', pid, fd, target)
        if target.startswith('/') and not target.startswith(('/dev/', '/proc/', '/run/', '/tmp/', '/memfd:', '/usr/', '/home/user', '/var/')):
            print('outside', pid, fd, target)
'''
    assert rig.python('work', script) == ''


def test_bug_class_H8_nothing_is_setuid_and_doors_are_closed(rig, build):
    for path in build.rglob('bulkhead*'):
        assert not path.stat().st_mode & 0o6000
    assert rig.runtime.stat().st_mode & 0o777 == 0o700
    for path in (rig.runtime / 'domains').iterdir():
        assert path.stat().st_mode & 0o777 == 0o700
        assert (path / 'control').is_socket()
    # What makes no sense changes nothing.
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect(str(rig.runtime / 'domains/other/control'))
        s.send(b'\xff' * 100)
        s.send(b'')
    assert rig.inside('work', 'echo', 'fine') == 'fine\n'


def test_files_of_the_host(rig):
    for path in ('/etc/shadow', '/etc/gshadow', '/root', '/etc/ssh', '/etc/sudoers', '/boot', '/sys/kernel', '/var/log', '/var/lib/dpkg', str(rig.top),
                 str(rig.home), '/home/' + os.environ.get('USER', 'x'), '/run/dbus', '/run/systemd', '/tmp/.X11-unix/X1', '/mnt/3'):
        assert rig.inside('work', 'sh', '-c', 'test -e "$1" && echo there || echo none', 'sh', path) == 'none\n', path
    assert rig.inside('work', 'ls', '/home') == 'user\n'
    for path in ('/usr/x', '/etc/x', '/x', '/bin/x', '/etc/passwd', '/run/bulkhead/bin/bulkhead-domain-init'):
        assert 'denied' in rig.inside('work', 'sh', '-c', 'echo >>"$1"; true', 'sh', path) or 'Read-only' in rig.inside(
            'work', 'sh', '-c', 'echo >>"$1"; true', 'sh', path), path


def test_homes_are_apart(rig):
    rig.inside('work', 'sh', '-c', 'echo secret >~/file; chmod 777 ~ ~/file; echo x >/tmp/shared; echo x >/dev/shm/shared')
    assert rig.inside('other', 'sh', '-c', 'ls ~ /tmp /dev/shm; find / -name file -user user 2>/dev/null; true').count('shared') == 0
    home = rig.home / '.local/share/bulkhead/domains'
    assert home.stat().st_mode & 0o077 == 0
    info = {name: rig.show(name)['host_user'] for name in ('work', 'other')}
    if info['work'].startswith('its own'):
        assert info['work'] != info['other']
        assert (home / 'work/home').stat().st_uid != os.getuid()


def test_processes_of_the_host(rig):
    pids = rig.inside('work', 'ls', '/proc').split()
    assert len([p for p in pids if p.isdigit()]) < 20
    assert rig.inside('work', 'cat', '/proc/1/comm') == 'bulkhead-domain\n'
    assert 'not permitted' in rig.inside('work', '/usr/sbin/chroot', '/', 'true', check=False)
    rig.inside('work', 'sh', '-c', 'kill -9 1; true')
    assert rig.show('work')['state'] == 'running'


CALLS = '''
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    ctypes.set_errno(0)
    r = libc.syscall(number, *args)
    return 'done' if r >= 0 else errno.errorcode[ctypes.get_errno()]
CLONE_NEWUSER = 0x10000000
buffer = ctypes.create_string_buffer(64)
print(' '.join([
    call(321, 0, buffer, 64), call(250, 0, 0, 0), call(248, b'user', b'a', b'a', 1, -4), call(323, 0), call(298, buffer, 0, -1, -1, 0),
    call(246, 0, 0, 0, 0), call(175, buffer, 0, b''), call(169, 0, 0, 0), call(165, b'none', b'/tmp', b'tmpfs', 0, 0), call(166, b'/tmp', 0),
    call(155, b'/tmp', b'/tmp'), call(272, CLONE_NEWUSER), call(308, 3, 0), call(425, 1, buffer), call(435, buffer, 64), call(428, -100, b'/', 1),
    call(430, b'tmpfs', 0), call(103, 2, buffer, 8), call(304, 3, buffer, 0), call(303, -100, b'/', buffer, buffer, 0), call(56, CLONE_NEWUSER, 0, 0, 0, 0)]))
for family in (40, 38, 29, 31, 17, 16):
    try:
        socket.socket(family, socket.SOCK_RAW if family in (16, 17) else socket.SOCK_STREAM if family != 38 else socket.SOCK_SEQPACKET, 0)
        print(family, 'made')
    except OSError as e:
        print(family, errno.errorcode[e.errno])
'''


@pytest.mark.skipif(os.uname().machine != 'x86_64', reason='system call numbers of x86-64')
def test_system_calls(rig):
    lines = rig.python('work', CALLS).splitlines()
    assert lines[0].split() == ['EPERM'] * 13 + ['ENOSYS'] * 4 + ['EPERM'] * 4
    answers = dict(line.split() for line in lines[1:])
    assert answers == {'40': 'EAFNOSUPPORT', '38': 'EAFNOSUPPORT', '29': 'EAFNOSUPPORT', '31': 'EAFNOSUPPORT', '17': 'EAFNOSUPPORT', '16': 'made'}


def test_nested_sandbox_only_where_it_is_allowed(rig):
    assert 'not permitted' in rig.inside('work', 'unshare', '--user', 'true', check=False)
    rig.cli('domain', 'create', 'chromium', '--nested-sandbox', 'yes')
    assert rig.inside('chromium', 'unshare', '--user', 'echo', 'made') == 'made\n'
    rig.cli('domain', 'stop', 'chromium')
    rig.cli('domain', 'remove', 'chromium')


def listeners():
    """Sockets of the host that listen wherever a socket can; {name: port}."""
    made = []
    for family, address in ((socket.AF_INET, '0.0.0.0'), (socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::')):
        s = socket.socket(family)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.bind((address, 0))
        s.listen()
        s.settimeout(0.2)
        made.append(s)
    return made


def host_addresses():
    out = json.loads(subprocess.run(['ip', '-json', 'address'], capture_output=True, text=True, check=True).stdout)
    return [a['local'] for i in out for a in i.get('addr_info', [])]


KNOCK = '''
import socket, sys
for target in sys.argv[1:]:
    address, port = target.rsplit('/', 1)
    s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET)
    s.settimeout(1)
    try:
        s.connect((address, int(port)))
        print('REACHED', target)
    except OSError as e:
        pass
'''


def knock(rig, name, made):
    targets = [f'{a}/{s.getsockname()[1]}' for s in made for a in [*host_addresses(), '127.0.0.1', '::1'] if not a.startswith('fe80')]
    text = rig.python(name, KNOCK, *targets)
    for s in made:
        with pytest.raises(TimeoutError):
            s.accept()
    return text


def test_no_network_is_no_network(rig):
    assert rig.show('work')['network'] == 'none'
    assert rig.inside('work', 'ls', '/sys/class/net', check=False) != 'eth0\n'
    assert 'eth0' not in rig.inside('work', 'cat', '/proc/net/dev')
    made = listeners()
    assert knock(rig, 'work', made) == ''


def test_host_and_siblings_do_not_answer(rig):
    for name in ('neta', 'netb'):
        rig.cli('domain', 'create', name, '--netvm', 'net')
        rig.cli('domain', 'start', name)
    if rig.show('neta')['network'] != 'connected':
        assert rig.show('neta')['network'].startswith('missing: ')
        pytest.skip('no network for domains here: ' + rig.show('neta')['network'])
    assert len(rig.inside('neta', 'cat', '/proc/net/dev').splitlines()) > 3
    made = listeners()
    assert knock(rig, 'neta', made) == ''
    # A service of one domain, on every address it has, is not there for the other, nor on the host.
    rig.cli('run', 'netb', '--', 'python3', '-c', 'import socket, time\ns = socket.socket(socket.AF_INET6)\ns.bind(("::", 4711))\ns.listen()\nopen("/tmp/up", "w")\ntime.sleep(1000)')
    rig.inside('netb', 'sh', '-c', 'until test -e /tmp/up; do :; done')
    targets = [f'{a}/4711' for a in [*host_addresses(), '127.0.0.1', '::1'] if not a.startswith('fe80')]
    assert rig.python('netb', KNOCK, *targets) != ''
    assert rig.python('neta', KNOCK, *targets) == ''
    for family, address in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):
        with socket.socket(family) as s:
            assert s.connect_ex((address, 4711)) != 0
    for name in ('neta', 'netb'):
        rig.cli('domain', 'stop', name)


def test_only_the_places_that_are_named(rig):
    """A second address of the host is asked for by its number; what is named is let through to pasta, what is not is refused at once."""
    rig.cli('domain', 'create', 'bank', '--netvm', 'net', '--net-allow', '192.0.2.77:443 [2001:db8::77]')
    rig.cli('domain', 'start', 'bank')
    if rig.show('bank')['network'] != 'connected':
        assert rig.show('bank')['network'].startswith('missing: ')
        pytest.skip('no network for domains here: ' + rig.show('bank')['network'])
    script = """
import errno, socket, sys
for target in sys.argv[1:]:
    address, port = target.rsplit('/', 1)
    s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((address, int(port)))
    try:
        s.send(b'x')
        print('sent', target)
    except OSError as e:
        print(errno.errorcode[e.errno], target)
"""
    out = rig.python('bank', script, '192.0.2.77/443', '192.0.2.77/80', '192.0.2.78/443', '198.51.100.1/443', '198.51.100.1/53')
    assert out.splitlines()[0] == 'sent 192.0.2.77/443'
    assert all(line.startswith('EPERM') or line.startswith('ECONNREFUSED') for line in out.splitlines()[1:]), out
    rig.inside('bank', 'sh', '-c', '/usr/sbin/nft flush ruleset; /usr/sbin/ip link set lo down; true')
    assert rig.python('bank', script, '192.0.2.77/80') == out.splitlines()[1] + '\n'
    rig.cli('domain', 'stop', 'bank')


def test_abstract_sockets_of_the_host(rig):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind('\0bulkhead-test')
        s.listen()
        assert rig.python('work', 'import socket\ns = socket.socket(socket.AF_UNIX)\nprint(s.connect_ex("\\0bulkhead-test"))') == f'{111}\n'
