# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures for docs/pictures: each window of the tray in a session of its own under Xvfb, with invented domains, records and rules."""
import argparse
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent.parent / 'tests' / 'integration')]
import qrexec_rig  # noqa: E402
from tray_rig import Tray  # noqa: E402

PATIENCE, BORDER, TITLE = 30, 6, 26
RECORDS = [('work', 'private', 'qubes.Filecopy', 'deny', 'a rule denies it'), ('private', '@dispvm', 'qubes.OpenURL', 'allow', ''),
           ('banking', 'work', 'qubes.ClipboardPaste', 'deny', 'the person refused'), ('work', '@dispvm', 'qubes.PdfConvert', 'allow', '')]
RULES = '# My own rules; the first that fits decides.\nqubes.Filecopy  *  work     private  deny\nqubes.OpenURL   *  private  @dispvm  allow\n'


class Programs:
    def __init__(self):
        self.all = []

    def start(self, argv, **more):
        more.setdefault('stdin', subprocess.DEVNULL)
        self.all.append(subprocess.Popen([str(a) for a in argv], **more))
        return self.all[-1]

    def end(self):
        for p in reversed(self.all):
            p.terminate()
            p.wait()


def x_server(programs):
    read, write = os.pipe()
    programs.start(['Xvfb', '-screen', '0', '1280x800x24', '-nolisten', 'tcp', '-displayfd', str(write)], pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as f:
        return ':' + f.readline().strip()


def fill(tray):
    """What there is to see: an audit file and rules."""
    audit = pathlib.Path(tray.env['XDG_STATE_HOME'], 'bulkhead/audit.jsonl')
    audit.parent.mkdir(parents=True)
    lines = [json.dumps({'time': 1764236571.5 + 61 * i, 'event': 'call', 'source': s, 'target': t, 'service': v, 'outcome': o, 'policy_us': 12,
                         **({'reason': r} if r else {})}) for i, (s, t, v, o, r) in enumerate(RECORDS * 5)]
    audit.write_text('\n'.join(lines) + '\n')
    own = pathlib.Path(tray.env['XDG_CONFIG_HOME'], 'bulkhead/policy.d')
    own.mkdir(parents=True)
    (own / '30-own.policy').write_text(RULES)
    shipped = shutil.copytree(here.parent.parent / 'policy' / 'rules', tray.temp + '/shipped')
    tray.env['BULKHEAD_POLICY_PATH'] = f'{own}:{shipped}'


def take(tray, folder, name, window=None, area=None):
    """The window with its frame, or an area of the screen. What a program has drawn is not announced: the picture is one that stayed for half a second."""
    desktop = tray.desktop
    path, before = str(folder / f'{name}.png'), None
    for _ in range(PATIENCE):
        if window is not None:
            x, y, w, h = desktop.absolute(window)
            area = (x - BORDER, y - TITLE, w + 2 * BORDER, h + TITLE + BORDER)
        desktop.screenshot(path, area)
        now = pathlib.Path(path).read_bytes()
        if now == before:
            break
        before = now
        subprocess.run(['xdotool', 'sleep', '0.5'], env=tray.env, check=True)
    print(f'{path}: {len(now) // 1024} KiB')


def windows(tray, folder):
    fill(tray)
    tray.start()
    tray.called('ListProperties')
    tray.tell('set', 'work', {'State': 'running', 'Windows': 3})
    tray.tell('set', 'banking', {'State': 'paused'})
    tray.tell('global', {'FocusedDomain': 'work'})
    for option, title, name in (('--timeline', 'Timeline', 'timeline'), ('--policy', 'Policy', 'policy'), ('--search', 'Search Bulkhead', 'search'),
                                ('--health', 'Health', 'health'), ('--welcome', 'Welcome to Bulkhead', 'first-run')):
        tray.again(option)
        window = tray.wait_shown(title)
        if name == 'search':
            tray.type('fire')
        if name == 'health':
            tray.tell('set', 'work', {'Network': 'missing: /dev/net/tun is not there'})
        if name == 'policy':
            tray.keys('alt+f')
            tray.type('work')
            tray.keys('alt+t')
            tray.type('private')
            tray.keys('alt+v')
            tray.type('qubes.Filecopy')
            tray.keys('Return')
        take(tray, folder, name, window)
        tray.keys('Escape' if name == 'search' else 'alt+F4')
        tray.wait_gone(title)
    tray.again('--settings', 'work')
    take(tray, folder, 'settings', tray.wait_shown('Settings of work'))
    tray.keys('alt+F4')
    tray.wait_gone('Settings of work')
    subprocess.run(['xdotool', 'mousemove', '40', '40'], env=tray.env, check=True)
    tray.again('--menu')
    tray.wait_shown('bulkhead-tray')
    tray.keys('Down', 'Down', 'Down', 'Right')
    take(tray, folder, 'menu', area=(20, 20, 660, 360))
    tray.keys('Escape', 'Escape')


def trusted(tray):
    return [w for w, _ in tray.shown()]


def question(tray, programs, folder):
    """What is asked before the first file goes."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    before = trusted(tray)
    programs.start([tray.build / 'tray/bulkhead-ask', '--broker-fd', str(theirs.fileno())], pass_fds=[theirs.fileno()], env=tray.env)
    theirs.close()
    ours.send(qrexec_rig.pack(qrexec_rig.QUESTION, 'work', 'qubes.Filecopy', '+', 'banking', '90-default.policy:14', 'blue', 'banking', 'red',
                              'qubes.Filecopy * work banking allow', id=1, value=1))
    window = tray.desktop.wait(lambda: [w for w in trusted(tray) if w not in before], PATIENCE, 'the question')[0]
    take(tray, folder, 'ask', window)
    tray.keys('Escape')
    ours.recv(1000)


def report(tray, programs, domain, role, peer, *records):
    """An end of a copy: (kind, files, bytes, total, digest) each."""
    p = programs.start([tray.build / 'qrexec/rpc/bulkhead.CopyReport'], env={**tray.env, 'QREXEC_REMOTE_DOMAIN': domain}, stdin=subprocess.PIPE)
    for kind, files, size, total, digest in records:
        tell(p, kind, role, files, size, total, digest, peer)
    return p


def tell(p, kind, role, files, size, total, digest, peer):
    p.stdin.write(struct.pack('<4I3Q', 0x31524b42, kind, role, 0, files, size, total) + digest.ljust(32, b'\0') + peer.encode().ljust(32, b'\0'))
    p.stdin.flush()


def copy(tray, programs, folder):
    """The window while a copy runs, and its receipt."""
    receiver = report(tray, programs, 'banking', 2, 'work', (1, 0, 0, 0, b''))
    sender = report(tray, programs, 'work', 1, '', (1, 1, 1, 640_000_000, b''))
    window = tray.wait_shown('Copying files')
    tell(receiver, 1, 2, 12, 210_000_000, 0, b'', 'work')
    take(tray, folder, 'copy', window)
    tell(receiver, 2, 2, 37, 640_000_000, 0, bytes(range(7, 249, 7))[:32], 'work')
    take(tray, folder, 'receipt', window)
    for p in (receiver, sender):
        p.stdin.close()


def refusal(tray, programs, folder):
    """The notification of a copy that the rules refuse."""
    if not shutil.which('dunst'):
        return print('no picture of a refusal: dunst is not installed')
    config = pathlib.Path(tray.temp, 'dunstrc')
    config.write_text('[global]\n width = 520\n height = 200\n origin = top-left\n offset = 20x20\n font = DejaVu Sans 11\n')
    programs.start(['dunst', '-config', config], env=tray.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(['gdbus', 'wait', '--session', '--timeout', '30', 'org.freedesktop.Notifications'], env=tray.env, check=True)
    tray.tell('refused', 'work', 'qubes.Filecopy to private was refused: a rule denies it (30-user.policy:3)')
    bubble = tray.desktop.wait(lambda: [w for w in tray.desktop.root.query_tree().children if 'dunst' in str(w.get_wm_class()).lower()
                                        and w.get_attributes().map_state == 2], PATIENCE, 'the notification')[0]
    take(tray, folder, 'refused', area=tray.desktop.absolute(bubble))


def main():
    parser = argparse.ArgumentParser(description='Makes the pictures of docs/pictures.')
    parser.add_argument('--build', required=True)
    parser.add_argument('--out', default=str(here.parent.parent / 'docs' / 'pictures'))
    args = parser.parse_args()
    folder = pathlib.Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    programs = Programs()
    tray = None
    try:
        display = x_server(programs)
        programs.start(['openbox', '--sm-disable'], env={**os.environ, 'DISPLAY': display}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        tray = Tray(args.build, programs, display)
        windows(tray, folder)
        question(tray, programs, folder)
        copy(tray, programs, folder)
        refusal(tray, programs, folder)
    finally:
        if tray:
            tray.end()
        programs.end()


main()
