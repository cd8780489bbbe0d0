# SPDX-License-Identifier: GPL-2.0-or-later
"""The gui-agent: windows and pixels of a domain, as a GUI daemon hears of them."""
import os
import shutil
import signal

import pytest
from agent_rig import PATIENCE, Domain
from Xlib import X, Xatom, display
from Xlib.protocol import request

pytestmark = pytest.mark.skipif(not os.path.exists('/usr/lib/xorg/modules/drivers/dummy_drv.so') or not shutil.which('setxkbmap'),
                                reason='needs xserver-xorg-video-dummy and x11-xkb-utils')


def give_up(*what):
    raise TimeoutError('the test waited too long')


@pytest.fixture
def domain(tmp_path):
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    d = Domain(tmp_path)
    yield d
    signal.alarm(0)
    d.close()


@pytest.fixture
def client(domain):
    c = display.Display(domain.display)
    yield c
    c.close()


def make(client, x=10, y=20, w=200, h=100, colour=0x336699, override=0):
    s = client.screen()
    win = s.root.create_window(x, y, w, h, 0, s.root_depth, background_pixel=colour, override_redirect=override,
                               event_mask=X.StructureNotifyMask | X.ExposureMask)
    return win


def fill(client, win, x, y, w, h, colour):
    gc = win.create_gc(foreground=colour)
    win.fill_rectangle(gc, x, y, w, h)
    gc.free()
    client.flush()


def picture(win, path):
    """The window's own picture as mini-daemon saves one."""
    g = win.get_geometry()
    data = win.get_image(0, 0, g.width, g.height, X.ZPixmap, 0xffffffff).data
    rgb = bytearray(3 * g.width * g.height)
    rgb[0::3], rgb[1::3], rgb[2::3] = data[2::4], data[1::4], data[0::4]
    return b'P6\n%d %d\n255\n' % (g.width, g.height) + bytes(rgb)


def test_xterm_arrives_with_its_pixels(domain, tmp_path):
    d = domain.daemon()
    domain.start(['xterm', '-bg', '#102030', '-fg', '#ffffff', '-title', 'an xterm', '-e', 'echo Bulkhead; sleep 1000'])
    w = d.expect('MAP', override=0)['window']
    assert [m['type'] for m in d.log if m.get('window') == w][0] == 'CREATE'
    assert any(m['type'] == 'WMNAME' and m['text'] == 'an xterm' for m in d.log)
    assert any(m['type'] == 'WMCLASS' and m['class'] == 'XTerm' for m in d.log)
    d.expect('DUMP', window=w)
    d.until_pixel(w, 1, 1, '102030')
    c = display.Display(domain.display)
    win = c.create_resource_object('window', w)
    while True:  # until the text stands still in both
        d.save(w, tmp_path / 'ours')
        if b'\xff\xff\xff' in (ours := (tmp_path / 'ours').read_bytes()) and ours == picture(win, None):
            break
        d.expect('SHMIMAGE', window=w)
    c.close()


def test_order_of_a_new_window(domain, client):
    d = domain.daemon()
    win = make(client)
    win.set_wm_name('plain')
    win.set_wm_class('inst', 'Class')
    win.set_wm_normal_hints(flags=1 << 4 | 1 << 5, min_width=50, min_height=40, max_width=500, max_height=400)
    win.map()
    client.sync()
    w = d.window()
    kinds = [m['type'] for m in d.log if m.get('window') == w]
    assert kinds == ['CREATE', 'WMCLASS', 'HINTS', 'WMNAME', 'MAP', 'DUMP']
    assert d.expect('SHMIMAGE', window=w) == {'type': 'SHMIMAGE', 'window': w, 'x': 0, 'y': 0, 'w': 200, 'h': 100}
    by = {m['type']: m for m in d.log if m.get('window') == w}
    assert (by['CREATE']['x'], by['CREATE']['y'], by['CREATE']['w'], by['CREATE']['h']) == (10, 20, 200, 100)
    assert by['WMCLASS'] == {'type': 'WMCLASS', 'window': w, 'class': 'Class', 'name': 'inst'}
    assert by['HINTS']['flags'] == 48 and by['HINTS']['min'] == [50, 40] and by['HINTS']['max'] == [500, 400]
    assert d.pixel(w, 5, 5) == '336699'


def test_damage_is_told_as_exact_rectangles(domain, client):
    d = domain.daemon()
    win = make(client, w=800, h=600)
    win.map()
    client.sync()
    w = d.window()
    d.expect('SHMIMAGE', window=w)
    fill(client, win, 700, 500, 20, 10, 0xff0000)
    m = d.expect('SHMIMAGE', window=w)
    assert (m['x'], m['y'], m['w'], m['h']) == (700, 500, 20, 10)
    assert [d.pixel(w, 700, 500), d.pixel(w, 719, 509), d.pixel(w, 720, 510)] == ['ff0000', 'ff0000', '336699']


def test_resize_by_the_daemon_is_echoed_and_dumped(domain, client):
    d = domain.daemon()
    win = make(client)
    win.map()
    client.sync()
    w = d.window()
    d.say('configure', w, 300, 40, 640, 480)
    assert d.expect('CONFIGURE', window=w) == {'type': 'CONFIGURE', 'window': w, 'x': 300, 'y': 40, 'w': 640, 'h': 480}
    m = d.expect('DUMP', window=w)
    assert (m['w'], m['h'], m['refs']) == (640, 480, 300)
    g = win.get_geometry()
    assert (g.x, g.y, g.width, g.height) == (300, 40, 640, 480)
    d.say('configure', w, 300, 40, 640, 480)  # nothing changes: still echoed
    d.expect('CONFIGURE', window=w, x=300, w=640)


def test_pure_move_sends_no_dump(domain, client):
    d = domain.daemon()
    win = make(client)
    win.map()
    client.sync()
    w = d.window()
    d.expect('SHMIMAGE', window=w)
    win.configure(x=77, y=88)
    client.sync()
    d.expect('CONFIGURE', window=w, x=77, y=88)
    d.say('configure', w, 5, 6, 200, 100)
    d.expect('CONFIGURE', window=w, x=5, y=6)
    fill(client, win, 0, 0, 5, 5, 0)
    d.expect('SHMIMAGE', window=w)
    assert len([m for m in d.log if m['type'] == 'DUMP']) == 1


def test_configure_request_that_changes_nothing_is_answered(domain, client):
    d = domain.daemon()
    win = make(client)
    win.map()
    client.sync()
    d.window()
    win.configure(x=10, width=200)
    while not ((e := client.next_event()).type == X.ConfigureNotify and e.send_event):
        pass
    assert (e.x, e.y, e.width, e.height) == (10, 20, 200, 100)


def test_menu_is_told_as_override_redirect(domain, client):
    d = domain.daemon()
    win = make(client)
    win.map()
    client.sync()
    w = d.window()
    menu = make(client, 50, 60, 120, 90, colour=0x00ff00, override=1)
    menu.set_wm_transient_for(win)
    menu.map()
    client.sync()
    m = d.expect('MAP', override=1)
    assert m['transient'] == w and d.log[-2]['type'] in ('CREATE', 'WMCLASS', 'HINTS', 'WMNAME')
    d.expect('DUMP', window=m['window'], w=120, h=90)
    assert d.pixel(m['window'], 119, 89) == '00ff00'
    menu.unmap()
    client.sync()
    d.expect('UNMAP', window=m['window'])
    menu.configure(x=300, y=5)
    menu.map()
    client.sync()
    d.expect('CONFIGURE', window=m['window'], x=300, y=5)
    d.expect('MAP', window=m['window'])
    d.expect('DUMP', window=m['window'])
    menu.destroy()
    client.sync()
    d.expect('DESTROY', window=m['window'])


def test_input_only_and_unmapped_windows_are_not_told(domain, client):
    d = domain.daemon()
    s = client.screen()
    make(client)  # never mapped
    s.root.create_window(0, 0, 5, 5, 0, 0, window_class=X.InputOnly).map()
    win = make(client, w=33)
    win.map()
    client.sync()
    d.window()
    assert [m['w'] for m in d.log if m['type'] == 'CREATE'] == [33]


def test_daemon_that_comes_back_finds_all_windows(domain, client):
    d = domain.daemon()
    a, b = make(client, colour=0x111111), make(client, w=64, h=64, colour=0x222222, override=1)
    a.map()
    client.sync()
    d.window()
    b.map()
    client.sync()
    d.window(override=1)
    d.close()
    fill(client, a, 0, 0, 200, 100, 0x777777)
    a.set_wm_name('later')
    client.sync()
    for _ in range(3):
        d = domain.daemon()
        seen = {d.expect('MAP')['window'] for _ in (a, b)}
        assert seen == {a.id, b.id}
        d.until_pixel(a.id, 100, 50, '777777')
        d.until_pixel(b.id, 63, 63, '222222')
        assert any(m['type'] == 'WMNAME' and m['text'] == 'later' for m in d.log)
        d.close()
    domain.daemon()


def test_windows_that_were_there_before_the_agent(tmp_path):
    domain = Domain(tmp_path, start_agent=False)
    client = display.Display(domain.display)
    win = make(client, colour=0xabcdef)
    win.map()
    client.sync()
    domain.start_agent()
    d = domain.daemon()
    w = d.window()
    assert (w, d.pixel(w, 1, 1)) == (win.id, 'abcdef')
    client.close()
    domain.close()


@pytest.mark.parametrize('minor', [4, 6, 7])
def test_older_daemons_are_served(domain, client, minor):
    d = domain.daemon(f'--minor={minor}')
    win = make(client, colour=0x010203)
    win.map()
    client.sync()
    w = d.window()
    assert d.pixel(w, 0, 0) == '010203'
    for size in (150, 250, 350):
        d.say('configure', w, 0, 0, size, size)
        d.expect('DUMP', window=w, w=size)
    win.destroy()
    client.sync()
    d.expect('DESTROY', window=w)


def test_pages_stay_until_the_dump_is_acknowledged(domain, client):
    d = domain.daemon()
    win = make(client)
    win.map()
    client.sync()
    w = d.window()
    d.say('acks', 0)
    d.say('configure', w, 0, 0, 300, 300)
    first = d.expect('DUMP', window=w)
    for size in range(301, 340):
        d.say('configure', w, 0, 0, size, size)
        d.expect('CONFIGURE', window=w, w=size)
    d.quiet()
    assert not [m for m in d.log if m['type'] == 'DUMP' and m['w'] > 300], 'a second dump before the first was acknowledged'
    assert d.pixel(w, 299, 299) == '336699' and first['refs'] == 88
    d.say('acks', 1)
    d.say('raw', '95000000' + w.to_bytes(4, 'little').hex() + '00000000')
    d.expect('DUMP', window=w, w=339)


def test_destroyed_id_is_not_used_again_before_the_acknowledgement(domain, client):
    d = domain.daemon()
    d.say('acks', 0)
    win = make(client)
    win.map()
    client.sync()
    w = d.expect('MAP')['window']
    win.destroy()
    client.sync()
    d.expect('DESTROY', window=w)
    for wid, width in ((w, 30), (w + 0x100, 77)):
        request.CreateWindow(display=client.display, depth=client.screen().root_depth, wid=wid, parent=client.screen().root,
                             x=1, y=2, width=width, height=40, border_width=0, window_class=X.InputOutput, visual=X.CopyFromParent)
        client.create_resource_object('window', wid).map()
    client.sync()
    d.expect('CREATE', w=77)
    assert len([m for m in d.log if m['type'] == 'CREATE' and m['window'] == w]) == 1
    d.say('raw', '83000000' + w.to_bytes(4, 'little').hex() + '00000000')
    d.expect('CREATE', window=w, w=30)


def test_title_is_utf8_and_cut_at_a_character(domain, client):
    d = domain.daemon()
    win = make(client)
    win.set_wm_name('latin')
    name = client.intern_atom('_NET_WM_NAME')
    utf8 = client.intern_atom('UTF8_STRING')
    win.change_property(name, utf8, 8, 'Grüße'.encode())
    win.map()
    client.sync()
    w = d.expect('WMNAME', text='Grüße')['window']
    win.change_property(name, utf8, 8, ('ä' * 100).encode())
    client.sync()
    text = d.expect('WMNAME', window=w)['text']
    assert text == 'ä' * 62 + '…' and len(text.encode()) <= 127
    win.delete_property(name)
    win.change_property(Xatom.WM_NAME, Xatom.STRING, 8, 'Grüße'.encode('latin-1'))
    client.sync()
    d.expect('WMNAME', window=w, text='Grüße')


def test_close_asks_or_kills(domain, client):
    d = domain.daemon()
    polite = make(client)
    delete, protocols = client.intern_atom('WM_DELETE_WINDOW'), client.intern_atom('WM_PROTOCOLS')
    polite.set_wm_protocols([delete])
    polite.map()
    client.sync()
    w = d.window()
    d.say('close', w)
    while (e := client.next_event()).type != X.ClientMessage:
        pass
    assert e.client_type == protocols and e.data[1][0] == delete
    other = domain.start(['xterm', '-e', 'sleep 1000'])
    rude = display.Display(domain.display)
    win = make(rude, w=99)
    win.map()
    rude.sync()
    w = d.expect('CREATE', w=99)['window']
    d.expect('DUMP', window=w)
    d.say('close', w)
    d.expect('DESTROY', window=w)
    assert other.poll() is None


@pytest.mark.measures
def test_daemon_that_never_reads_costs_nothing(domain, client):
    d = domain.daemon()
    win = make(client, w=400, h=400)
    win.map()
    client.sync()
    w = d.window()
    d.expect('SHMIMAGE', window=w)
    d.say('reads', 0)
    d.say('pixel', w, 0, 0)
    d.expect('PIXEL')
    for i in range(6000):
        fill(client, win, i % 390, i * 7 % 390, 3, 3, i)
        win.set_wm_name(f'title {i}')
        if i % 50 == 0:
            client.sync()
    fill(client, win, 0, 0, 400, 400, 0x123456)
    client.sync()
    with open(f'/proc/{domain.agent.pid}/status') as f:
        rss = next(int(line.split()[1]) for line in f if line.startswith('VmRSS'))
    assert rss < 16000
    d.say('reads', 1)
    d.until_pixel(w, 399, 399, '123456')
    d.expect('WMNAME', text='title 5999') if not any(m.get('text') == 'title 5999' for m in d.log) else None
