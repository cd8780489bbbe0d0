# SPDX-License-Identifier: GPL-2.0-or-later
"""The gui-agent's clipboard with long texts and with programs that do not keep to the rules."""
import socket
import struct

import pytest
from Xlib import X, display
from agent_rig import Domain
from test_agent_input import make, notify, own_clipboard, until

TEXT_MAX = 16 << 20


@pytest.fixture
def domain(tmp_path):
    d = Domain(tmp_path)
    yield d
    d.close()


@pytest.fixture
def client(domain):
    return display.Display(domain.display)


class Port:
    """As the service bulkhead.ClipboardText talks to the agent."""

    def __init__(self, domain, command):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(20)
        self.s.connect(str(domain.folder / 'bulkhead-clipboard'))
        self.s.sendall(command)

    def rest(self):
        data = b''
        while piece := self.s.recv(1 << 20):
            data += piece
        return data


def put(domain, text):
    p = Port(domain, b'put\n' + struct.pack('<I', len(text)) + text)
    assert p.rest() == bytes(4)


def fetch(client, win, pieces=None):
    """The clipboard as UTF8_STRING, in pieces where the owner says so; pieces: how many are taken before the requestor stops."""
    clipboard, utf8, here, incr = (client.intern_atom(n) for n in ('CLIPBOARD', 'UTF8_STRING', 'HERE', 'INCR'))
    win.change_attributes(event_mask=X.PropertyChangeMask)
    win.convert_selection(clipboard, utf8, here, X.CurrentTime)
    client.flush()
    assert until(client, X.SelectionNotify).property == here
    p = win.get_full_property(here, X.AnyPropertyType)
    if p.property_type != incr:
        return bytes(p.value)
    size, data, taken = p.value[0], b'', 0
    win.delete_property(here)
    client.flush()
    while taken != pieces:
        until(client, X.PropertyNotify, state=X.PropertyNewValue, atom=here, window=win)
        piece = bytes(win.get_full_property(here, X.AnyPropertyType).value)
        win.delete_property(here)
        client.flush()
        data, taken = data + piece, taken + 1
        if not piece:
            assert len(data) == size
            return data
    return data


@pytest.mark.parametrize('size', [1, 256 << 10, (256 << 10) + 1, 3 << 20, TEXT_MAX])
def test_long_text_is_offered_whole(domain, client, size):
    text = (b'0123456789abcde\n' * (size // 16 + 1))[:size]
    put(domain, text)
    assert fetch(client, make(client)) == text


def test_a_program_that_stops_taking_is_in_nobodys_way(domain, client):
    text = b'z' * (3 << 20)
    put(domain, text)
    for n in (0, 1):
        fetch(client, make(client), pieces=n)
    gone = display.Display(domain.display)
    fetch(gone, make(gone), pieces=1)
    gone.close()
    assert fetch(client, make(client)) == text


def test_the_text_that_a_program_takes_does_not_change_while_it_takes_it(domain, client):
    put(domain, b'a' * (2 << 20))
    other = display.Display(domain.display)
    win, here = make(client), client.intern_atom('HERE')
    fetch(client, win, pieces=1)
    put(domain, b'b' * 300000)
    assert fetch(other, make(other)) == b'b' * 300000
    rest = b''
    while True:
        until(client, X.PropertyNotify, state=X.PropertyNewValue, atom=here, window=win)
        piece = bytes(win.get_full_property(here, X.AnyPropertyType).value)
        win.delete_property(here)
        client.flush()
        if not piece:
            break
        rest += piece
    assert set(rest) == {ord('a')}


def serve_incr(client, text, step, stop_after=None):
    """Answers the agent's request for text in pieces; stop_after: how many, then nothing more."""
    utf8 = client.intern_atom('UTF8_STRING')
    e = until(client, X.SelectionRequest, target=utf8)
    e.requestor.change_attributes(event_mask=X.PropertyChangeMask)
    e.requestor.change_property(e.property, client.intern_atom('INCR'), 32, [len(text)])
    notify(client, e, True)
    for n, at in enumerate(range(0, len(text) + step, step)):
        until(client, X.PropertyNotify, state=X.PropertyDelete, atom=e.property)
        if n == stop_after:
            return
        e.requestor.change_property(e.property, utf8, 8, text[at:at + step])
        client.flush()


def test_long_text_is_read_whole(domain, client):
    text = b'fedcba987654321\n' * (1 << 16)
    win = own_clipboard(client, text)
    p = Port(domain, b'get\n')
    serve_incr(client, text, 200000)
    assert p.rest() == struct.pack('<I', len(text)) + text
    assert win


@pytest.mark.long
def test_bug_class_C3_an_owner_that_stops_in_the_middle_gives_nothing_not_a_part(domain, client):
    d = domain.daemon()
    win = own_clipboard(client, b'')
    d.say('clip-req', 0)
    serve_incr(client, b'y' * 90000, 30000, stop_after=2)
    assert d.expect('CLIPBOARD_DATA')['size'] == 0
    d.say('clip-req', 0)  # and it can be asked again
    serve_incr(client, b'y' * 90000, 30000)
    assert d.expect('CLIPBOARD_DATA')['size'] == 90000
    assert win


def test_bug_class_C3_more_than_16_mib_is_said_to_be_too_long(domain, client):
    win = own_clipboard(client, b'')
    p = Port(domain, b'get\n')
    serve_incr(client, b'y' * (17 << 20), 200000, stop_after=TEXT_MAX // 200000 + 1)
    assert p.rest() == struct.pack('<I', TEXT_MAX + 1)
    assert win


def test_latin_1(domain, client):
    d = domain.daemon()
    win = own_clipboard(client, b'')
    d.say('clip-req', 0)
    while True:
        e = until(client, X.SelectionRequest)
        good = e.target == 31  # STRING
        if good:
            e.requestor.change_property(e.property, 31, 8, 'Grüße'.encode('latin-1'))
        notify(client, e, good)
        if good:
            break
    assert d.expect('CLIPBOARD_DATA')['text'] == 'Grüße'
    assert win


@pytest.mark.parametrize('what', [b'', b'get', b'nix\n', b'put\n', b'put\n\0\0\0\0', b'put\n\x01\0\0\x01x', b'put\n\xff\xff\xff\xff', b'put\n\x05\0\0\0abc'])
def test_who_does_not_keep_to_the_protocol_changes_nothing(domain, client, what):
    put(domain, b'stays')
    p = Port(domain, what)
    p.s.shutdown(socket.SHUT_WR)
    try:
        assert p.rest() == b''
    except ConnectionResetError:  # it did not even read it all
        pass
    assert fetch(client, make(client)) == b'stays'


def test_nothing_to_fetch(domain, client):
    assert Port(domain, b'get\n').rest() == bytes(4)
