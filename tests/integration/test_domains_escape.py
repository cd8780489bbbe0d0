# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program inside a domain tries, and must not reach."""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import uuid

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


LOOK = '''
import os, socket, sys
for path in sys.argv[1:]:
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect(path)
        print('REACHED', path)
    except OSError as e:
        if os.path.lexists(path):
            print('THERE', path)
'''


@contextlib.contextmanager
def things_outside(rig):
    """Paths of files and of sockets that listen, where programs of the host keep theirs."""
    name = f'bulkhead-test-{uuid.uuid4().hex}'
    folders = ['/tmp', '/var/tmp', '/dev/shm', str(rig.top), str(rig.home), str(pathlib.Path.home())]
    if os.access(f'/run/user/{os.getuid()}', os.W_OK):
        folders.append(f'/run/user/{os.getuid()}')
    for folder in ('/tmp/.X11-unix', '/tmp/.ICE-unix'):
        if os.access(folder, os.W_OK):
            folders.append(folder)
    with contextlib.ExitStack() as made:
        paths = []
        for folder in folders:
            for kind in ('file', 'socket'):
                path = pathlib.Path(folder) / f'{name}.{kind}'
                made.callback(path.unlink, missing_ok=True)
                if kind == 'file':
                    path.write_text('of the host')
                else:
                    s = made.enter_context(socket.socket(socket.AF_UNIX))
                    s.bind(str(path))
                    s.listen()
                path.chmod(0o777)
                paths.append(str(path))
        yield paths


def sockets_of_the_host(rig):
    """{path: (device, inode)} of the manager's and of all domains."""
    found = {}
    for path in rig.runtime.rglob('*'):
        if path.is_socket():
            found[str(path)] = (path.stat().st_dev, path.stat().st_ino)
    return found


def test_files_of_the_host(rig):
    places = ['/etc/shadow', '/root', '/boot', '/sys/kernel', '/var/log', '/var/lib/dpkg', str(rig.top), str(rig.home), str(pathlib.Path.home())]
    assert all(os.path.exists(p) for p in places)
    places += [p for p in ('/etc/gshadow', '/etc/ssh', '/etc/sudoers', '/run/dbus', '/run/systemd', '/mnt/3') if os.path.exists(p)]
    with things_outside(rig) as made:
        assert len(made) >= 12 and subprocess.run(['/usr/bin/python3', '-c', LOOK, *made], capture_output=True, text=True, check=True).stdout.splitlines() == [
            f"{'REACHED' if p.endswith('socket') else 'THERE'} {p}" for p in made]
        assert rig.python('work', LOOK, *places, *made) == ''
    assert rig.inside('work', 'ls', '/home') == 'user\n'
    for path in ('/usr/x', '/etc/x', '/x', '/bin/x', '/etc/passwd', '/run/bulkhead/bin/bulkhead-domain-init'):
        assert 'denied' in rig.inside('work', 'sh', '-c', 'echo >>"$1"; true', 'sh', path) or 'Read-only' in rig.inside(
            'work', 'sh', '-c', 'echo >>"$1"; true', 'sh', path), path


def test_homes_are_apart(rig):
    name, content = f'name-{uuid.uuid4().hex}', f'content-{uuid.uuid4().hex}'
    rig.inside('work', 'sh', '-c', 'for d in ~ /tmp /dev/shm "$XDG_RUNTIME_DIR"; do echo "$2" >"$d/$1"; chmod 777 "$d" "$d/$1"; done', 'sh', name, content)
    seen = {}
    for domain in ('work', 'other'):
        names = rig.inside(domain, 'sh', '-c', 'echo $(find / -name "$1" 2>/dev/null)', 'sh', name)
        contents = rig.inside(domain, 'sh', '-c', 'echo $(grep -rls "$1" ~ /tmp /dev/shm /run "$XDG_RUNTIME_DIR")', 'sh', content)
        seen[domain] = names.split(), contents.split()
    assert all(len(set(found)) >= 4 for found in seen['work']), seen
    assert seen['other'] == ([], [])
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
    """Sockets of the host, TCP and UDP, wherever one can listen."""
    made = []
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        for family, address in ((socket.AF_INET, '0.0.0.0'), (socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::')):
            s = socket.socket(family, kind)
            if family == socket.AF_INET6:
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            s.bind((address, 0))
            if kind == socket.SOCK_STREAM:
                s.listen()
            s.setblocking(False)
            made.append(s)
    return made


def addresses_of(text):
    """Of the output of ip -json address; link-local ones with their interface."""
    return [a['local'] + (f"%{i['ifname']}" if a['local'].startswith('fe80') else '') for i in json.loads(text) for a in i.get('addr_info', [])]


def host_addresses():
    return addresses_of(subprocess.run(['ip', '-json', 'address'], capture_output=True, text=True, check=True).stdout)


KNOCK = '''
import select, socket, sys
waiting, poll = {}, select.poll()
for target in sys.argv[1:]:
    kind, address, port = target.split('/')
    s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM if kind == 'udp' else socket.SOCK_STREAM)
    s.setblocking(False)
    try:
        s.connect(socket.getaddrinfo(address, int(port))[0][4])
        if kind == 'udp':
            s.send(b'knock')
    except BlockingIOError:
        pass
    except OSError:
        continue
    waiting[s.fileno()] = s, target
    poll.register(s, select.POLLIN if kind == 'udp' else select.POLLOUT)
while waiting and (ready := poll.poll(1000)):
    for fd, what in ready:
        s, target = waiting.pop(fd)
        poll.unregister(fd)
        if not s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            print('REACHED', target)
'''


def came(s):
    """Somebody connected, or sent something."""
    try:
        s.accept() if s.type == socket.SOCK_STREAM else s.recv(9)
    except BlockingIOError:
        return False
    return True


def targets_on(made, addresses):
    return [f"{'udp' if s.type == socket.SOCK_DGRAM else 'tcp'}/{a}/{s.getsockname()[1]}"
            for s in made for a in addresses if (':' in a) == (s.family == socket.AF_INET6)]


def knock(rig, name, made):
    targets = targets_on(made, dict.fromkeys([*host_addresses(), '127.0.0.1', '::1']))
    subprocess.run(['/usr/bin/python3', '-c', KNOCK, *targets_on(made, ['127.0.0.1', '::1'])], check=True)
    assert all(came(s) for s in made), 'they listen'
    for s in made:
        while came(s):
            pass
    text = rig.python(name, KNOCK, *targets)
    assert not any(came(s) for s in made)
    return text


def test_no_network_is_no_network(rig):
    assert rig.show('work')['network'] == 'none'
    assert rig.inside('work', 'ls', '/sys/class/net', check=False) != 'eth0\n'
    assert 'eth0' not in rig.inside('work', 'cat', '/proc/net/dev')
    made = listeners()
    assert knock(rig, 'work', made) == ''


SERVE = '''
import os, select, socket
made = []
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    s = socket.socket(socket.AF_INET6, kind)
    s.bind(("::", 4711))
    made.append(s)
for path in ("/tmp/sibling", os.environ["XDG_RUNTIME_DIR"] + "/sibling", os.path.expanduser("~/sibling"), "\\0sibling", "/tmp/.X11-unix/X4711", "\\0/tmp/.X11-unix/X4711"):
    s = socket.socket(socket.AF_UNIX)
    os.makedirs(os.path.dirname(path), exist_ok=True) if path[0] == "/" else None
    s.bind(path)
    made.append(s)
for s in made:
    if s.type == socket.SOCK_STREAM:
        s.listen()
open("/tmp/up", "w")
while True:
    for s in select.select(made, [], [])[0]:
        s.accept() if s.type == socket.SOCK_STREAM else s.sendto(*s.recvfrom(9))
'''

CALL = '''
import os, socket
for path in ("/tmp/sibling", os.environ["XDG_RUNTIME_DIR"] + "/sibling", os.path.expanduser("~/sibling"), "\\0sibling", "/tmp/.X11-unix/X4711", "\\0/tmp/.X11-unix/X4711"):
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        print("REACHED")
    except OSError as e:
        print("none")
'''


@pytest.fixture(scope='module')
def networked(rig):
    """Two domains with a network."""
    for name in ('neta', 'netb'):
        rig.cli('domain', 'create', name, '--netvm', 'net')
        rig.cli('domain', 'start', name)
    if rig.show('neta')['network'] != 'connected':
        assert rig.show('neta')['network'].startswith('missing: ')
        pytest.skip('no network for domains here: ' + rig.show('neta')['network'])
    yield rig
    for name in ('neta', 'netb'):
        rig.cli('domain', 'stop', name)


def test_host_and_siblings_do_not_answer(networked):
    rig = networked
    assert len(rig.inside('neta', 'cat', '/proc/net/dev').splitlines()) > 3
    made = listeners()
    assert knock(rig, 'neta', made) == ''
    # A service of one domain, on every address it has, is not there for the other, nor on the host.
    rig.cli('run', 'netb', '--', '/usr/bin/python3', '-c', SERVE)
    rig.inside('netb', 'sh', '-c', 'until test -e /tmp/up; do :; done')
    own = addresses_of(rig.inside('netb', '/usr/sbin/ip', '-json', 'address'))
    targets = [f'{kind}/{a}/4711' for kind in ('udp', 'tcp') for a in dict.fromkeys([*host_addresses(), *own, '127.0.0.1', '::1'])]
    reached = rig.python('netb', KNOCK, *targets).splitlines()
    assert {f'REACHED {kind}/{a}/4711' for kind in ('udp', 'tcp') for a in own} <= set(reached)
    assert rig.python('neta', KNOCK, *targets) == ''
    assert subprocess.run(['/usr/bin/python3', '-c', KNOCK, *targets], capture_output=True, text=True, check=True).stdout == ''
    # Nor are its Unix sockets.
    assert rig.python('netb', CALL).split() == ['REACHED'] * 6
    for name in ('neta', 'work'):
        assert rig.python(name, CALL).split() == ['none'] * 6


def test_sockets_of_the_manager_and_of_other_domains(networked):
    """Of all sockets under the runtime folder only a domain's own are seen in it, whatever they are called there."""
    rig = networked
    outside = sockets_of_the_host(rig)
    assert sum(f'/domains/{name}/' in path for path in outside for name in ('work', 'neta', 'netb')) >= 3
    for name in ('work', 'neta'):
        assert rig.python(name, LOOK, *outside) == ''
        seen = rig.python(name, """
import os
for folder, _, names in os.walk('/'):
    if folder.startswith(('/proc', '/sys')):
        continue
    for n in names:
        try:
            st = os.lstat(os.path.join(folder, n))
        except OSError:
            continue
        if st.st_mode >> 12 == 0o14:
            print(st.st_dev, st.st_ino)
""")
        mine = {tuple(map(int, line.split())) for line in seen.splitlines()}
        met = {path for path, which in outside.items() if which in mine}
        assert met and all(path.startswith(f'{rig.runtime}/domains/{name}/') for path in met), met


ASK = '''
import errno, select, socket, sys
for target in sys.argv[1:]:
    kind, address, port = target.split('/')
    s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM if kind == 'udp' else socket.SOCK_STREAM)
    s.setblocking(False)
    error = s.connect_ex((address, int(port)))
    if kind == 'udp':
        try:
            s.send(b'x')
        except OSError as e:
            error = e.errno
    elif error == errno.EINPROGRESS:
        error = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    print(errno.errorcode.get(error, 'sent'), target)
'''


def test_only_the_places_that_are_named(rig):
    """What is named is let through to pasta, what is not is refused at once."""
    rig.cli('domain', 'create', 'bank', '--netvm', 'net', '--net-allow', '192.0.2.77:443 [2001:db8::77]')
    rig.cli('domain', 'start', 'bank')
    if rig.show('bank')['network'] != 'connected':
        assert rig.show('bank')['network'].startswith('missing: ')
        pytest.skip('no network for domains here: ' + rig.show('bank')['network'])
    named = ['udp/192.0.2.77/443', 'tcp/192.0.2.77/443']
    others = [f'{kind}/{a}' for kind in ('udp', 'tcp') for a in (
        '192.0.2.77/80', '192.0.2.78/443', '198.51.100.1/443', '198.51.100.1/53')]
    if rig.inside('bank', '/usr/sbin/ip', '-6', 'route', 'show', 'default'):
        named += ['udp/2001:db8::77/443', 'tcp/2001:db8::77/443', 'tcp/2001:db8::77/22']
        others += [f'{kind}/{a}' for kind in ('udp', 'tcp') for a in ('2001:db8::78/443', '2001:db8:1::77/443')]
    assert rig.python('bank', ASK, *named).splitlines() == [f'sent {t}' for t in named]
    out = rig.python('bank', ASK, *others)
    assert all(line.split()[0] in ('EPERM', 'ECONNREFUSED') for line in out.splitlines()), out
    rig.inside('bank', 'sh', '-c', '/usr/sbin/nft flush ruleset; /usr/sbin/ip link set lo down; true')
    assert rig.python('bank', ASK, *others) == out
    rig.cli('domain', 'stop', 'bank')


def test_abstract_sockets_of_the_host(networked):
    name = f'bulkhead-test-{uuid.uuid4().hex}'
    script = 'import socket, sys\nprint(socket.socket(socket.AF_UNIX).connect_ex("\\0" + sys.argv[1]))'
    with socket.socket(socket.AF_UNIX) as s:
        s.bind('\0' + name)
        s.listen()
        assert subprocess.run(['/usr/bin/python3', '-c', script, name], capture_output=True, text=True, check=True).stdout == '0\n'
        for domain in ('work', 'neta'):
            assert networked.python(domain, script, name) == '111\n'
            assert name not in networked.inside(domain, 'cat', '/proc/net/unix')
