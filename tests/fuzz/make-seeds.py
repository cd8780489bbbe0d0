#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of gui-agent, gui-daemon, ext, ctl and view beside this file: one honest conversation each,
and every message at the edges of its fields."""
import pathlib
import struct

corpus = pathlib.Path(__file__).resolve().parent / 'corpus'
EDGES = [0, 1, 6144, 6145, 16384, 16385, 0x7fffffff, 0x80000000, 0xffffffff]


def words(*w):
    return struct.pack(f'<{len(w)}I', *(v & 0xffffffff for v in w))


def message(kind, window, body=b''):
    return words(kind, window, len(body)) + body


def text(s, n):
    return s.encode().ljust(n, b'\0')[:n]


def write(target, name, data):
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def edges(kind, plain):
    """One message a field and edge."""
    for i in range(len(plain)):
        for e in EDGES:
            yield message(kind, 1, words(*plain[:i], e, *plain[i + 1:]))


AGENT = {130: [1, 2, 300, 200, 0, 0], 132: [0, 0], 134: [1, 2, 300, 200, 0], 136: [0, 0, 300, 200],
         144: [0x175, 1, 2, 3, 4, 5, 6, 7, 8], 145: [1, 2], 148: [0x144]}
DAEMON = {124: [2, 1, 1, 0, 38], 125: [4, 1, 1, 0, 1], 126: [1, 1, 0, 0], 127: [7, 1, 1, 0, 0, 0, 1], 128: [9, 0, 3],
          132: [0, 0], 134: [1, 2, 300, 200, 0], 145: [1, 2]}


def agent():
    dump = message(147, 1, words(0, 32, 32, 32, 7))
    honest = b''.join([
        message(130, 1, words(*AGENT[130])), message(144, 1, words(*AGENT[144])), message(141, 1, text('Title', 128)),
        message(146, 1, text('Class', 64) + text('name', 64)), message(145, 1, words(0, 0)), message(132, 1, words(0, 0)),
        dump, message(136, 1, words(0, 0, 32, 32)), message(134, 1, words(*AGENT[134])), message(148, 1, words(0x144)),
        message(143, 1), message(140, 0, b'clipboard'), message(133, 1), message(131, 1)])
    for minor in (0, 1, 4, 7, 8):
        write('gui-agent', f'honest-1.{minor}', bytes([minor]) + honest)
    for kind, plain in AGENT.items():
        write('gui-agent', f'edges-{kind}', b'\x08' + b''.join(edges(kind, plain)))
    dumps = [message(147, 1, words(0, w, h, 32) + bytes(4 * n)) for w in EDGES for h in (0, 1, 6144, 6145) for n in (0, 1, 2)]
    write('gui-agent', 'dumps', b'\x08' + b''.join(dumps))
    write('gui-agent', 'texts', b'\x08' + message(141, 1, b'x' * 128) + message(146, 1, bytes(range(128, 256))))
    for name, head in {'mfndump': words(135, 1, 28), 'huge': words(147, 1, 0xffffffff), 'for-agents': words(124, 1, 20)}.items():
        write('gui-agent', name, b'\x08' + head + bytes(28))


def daemon():
    preface = words(0x10008, 1920, 1080, 24, 8101)
    empty = [message(k, 1) for k in (131, 137, 139, 149)]
    honest = b''.join([message(k, 1, words(*p)) for k, p in DAEMON.items()] + empty +
                      [message(142, 0, bytes(range(32))), message(140, 1, b'clipboard'), message(129, 1, words(1, 1)), message(999, 1, b'?')])
    write('gui-daemon', 'honest', preface + honest)
    for kind, plain in DAEMON.items():
        write('gui-daemon', f'edges-{kind}', preface + b''.join(edges(kind, plain)))
    for name, p in {'odd-2.0': words(0x20000, 0, 0, 0, 0), 'odd-0.9': words(9, 65536, 1, 1, 1)}.items():
        write('gui-daemon', name, p + honest)


def ext():
    def msg(kind, body=b''):
        return words(kind, len(body)) + body
    keyboard = b''.join(text(t, 128) for t in ('evdev', 'pc105', 'us,de', ',nodeadkeys', 'compose:ralt'))
    monitor = [1920, 1080, 1, 0, 0, 1920, 1080, 508, 286]
    two = words(3840, 1080, 2, 0, 0, 1920, 1080, 508, 286, 1920, 0, 1920, 1080, 0, 0)
    write('ext', 'honest', msg(1, words(1)) + msg(2, two) + msg(3, keyboard) + msg(4, words(7)) + msg(5) + msg(6) + msg(99, b'later'))
    odd = [msg(2, words(*monitor[:i], e, *monitor[i + 1:])) for i in range(9) for e in (*EDGES, 65535, 65536)]
    write('ext', 'monitors', b''.join(odd))
    write('ext', 'hello-0', msg(1, words(0)) + msg(1, b'') + msg(1, words(1, 1)))
    write('ext', 'keyboard', msg(3, keyboard[:-1] + b'x') + msg(3, keyboard.replace(b'us,de', b'us;de')))
    write('ext', 'too-long', words(99, 4097) + bytes(4097))


def ctl():
    def msg(kind, value=0, t=''):
        return words(kind, value) + text(t, 256) + bytes(24)
    for kind in (*range(1, 13), *range(32, 49)):
        write('ctl', f'type-{kind}', msg(kind))
    write('ctl', 'refused', msg(5, 0, 'a window of 2147483648 x 1 pixels'))
    write('ctl', 'escapes', msg(5, 0, '\x1b]0;title\x07 \u202egnp.exe'))
    write('ctl', 'combining', msg(5, 0, 'a' + '\u0301' * 120))


def view():
    """Orders (0) and reports (1): a packet of all, and each alone with every word at its edges."""
    def msg(kind, *body):
        return words(kind, 5, *body)

    def packets(*p):
        return b''.join(struct.pack('<H', len(b)) + b for b in p)
    rect = (0, 0, 640, 480)
    orders = {1: (), 2: (8,), 5: (), 16: (*rect, 1), 17: (), 18: (1, 9), 19: (), 20: rect, 21: (), 24: (16, 1, 1, 640, 480, 1, 1, 0, 0), 25: (1, 2),
              26: (0x101,), 27: (640, 480, 1, 3), 28: (), 29: rect}
    texts = [words(3, 0) + text('did it', 256), words(4, 0, 9, 7, 1) + text('line', 256), words(22, 5) + text('title', 128), words(23, 5) + text('c', 64) + text('n', 64)]
    write('view', 'orders', b'\0' + packets(b''.join(msg(k, *b) for k, b in orders.items()) + b''.join(texts)))
    for k, body in orders.items():
        if body:
            odd = [msg(k, *body[:i], e, *body[i + 1:]) for i in range(len(body)) for e in (*EDGES, 2, 3)]
            write('view', f'edges-{k}', b'\0' + packets(*odd))
    write('view', 'texts', b'\0' + packets(words(22, 5) + b'x' * 128, words(22, 5) + text('a\0b', 128), words(4, 0, 38, 7, 0) + text('', 256), *texts))
    screen = words(64, 0, 4, 24, 2, 36, 640, 480, 1, 0, 0, 640, 480, 0, 0, *rect)
    keyboard = words(65, 0, 3, 640) + b''.join(text(t, 128) for t in ('evdev', 'pc105', 'us', '', ''))
    key = message(124, 5, words(2, 1, 1, 0, 38))
    reports = [screen, keyboard, msg(66, *rect), msg(67), msg(68), msg(69), words(70, 5) + key, msg(71, 40, 3, 1)]
    write('view', 'reports', b'\1' + packets(b''.join(reports)))
    write('view', 'reports-odd', b'\1' + packets(words(70, 6) + key, words(64, 0, 0) + screen[12:], screen[:-4] + words(0), msg(71, 38, 3, 1), msg(71, 12, 3, 0)))


if __name__ == '__main__':
    for seeds in (agent, daemon, ext, ctl, view):
        seeds()
