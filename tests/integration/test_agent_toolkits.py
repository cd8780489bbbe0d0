# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs as they are, in a domain: what their toolkits ask of a window manager and of an input method is there."""
import importlib.util
import shutil
import sys

import pytest
from agent_rig import BUTTON_DOWN, BUTTON_UP, ENTER, FOCUS_IN, KEY_DOWN, KEY_UP
from test_agent_windows import domain, picture, pytestmark  # noqa: F401 pylint: disable=unused-import
from Xlib import X, display

GTK = '''
import gi
gi.require_version('Gtk', '3.0')
from gi.repository import Gtk
win = Gtk.Window(title='gtk window')
win.set_default_size(300, 200)
box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
bar, top, menu = Gtk.MenuBar(), Gtk.MenuItem(label='File'), Gtk.Menu()
item = Gtk.MenuItem(label='Rename')
menu.append(item)
top.set_submenu(menu)
bar.append(top)
entry = Gtk.Entry()
item.connect('activate', lambda *a: win.set_title('chosen'))
entry.connect('changed', lambda e: win.set_title('typed ' + e.get_text()))
win.connect('destroy', Gtk.main_quit)
box.pack_start(bar, False, False, 0)
box.pack_start(entry, True, True, 0)
win.add(box)
win.show_all()
entry.grab_focus()
Gtk.main()
'''
QT = '''
from PyQt5.QtWidgets import QApplication, QLineEdit, QMainWindow
app = QApplication([])
win, edit = QMainWindow(), QLineEdit()
win.setWindowTitle('qt window')
win.resize(300, 200)
menu = win.menuBar().addMenu('File')
menu.addAction('Rename', lambda: win.setWindowTitle('chosen'))
win.menuBar().setNativeMenuBar(False)
edit.textChanged.connect(lambda t: win.setWindowTitle('typed ' + t))
win.setCentralWidget(edit)
win.show()
edit.setFocus()
app.exec()
'''
toolkits = [pytest.param(GTK, id='gtk', marks=pytest.mark.skipif(not importlib.util.find_spec('gi'), reason='needs python3-gi')),
            pytest.param(QT, id='qt', marks=pytest.mark.skipif(not importlib.util.find_spec('PyQt5'), reason='needs python3-pyqt5'))]
H, I, CTRL = 43, 31, 4


def press(d, w, code, state=0):
    d.say('key', w, KEY_DOWN, code, state)
    d.say('key', w, KEY_UP, code, state)


def click(d, w, x, y):
    d.say('crossing', w, ENTER, x, y)
    d.say('button', w, BUTTON_DOWN, x, y, 1, 0)
    d.say('button', w, BUTTON_UP, x, y, 1, 256)


@pytest.mark.parametrize('program', toolkits)
def test_typing_menus_and_closing(domain, program):
    d = domain.daemon()
    p = domain.start([sys.executable, '-c', program])
    w = d.expect('MAP', override=0)['window']
    d.expect('SHMIMAGE', window=w)
    d.say('focus', w, FOCUS_IN)
    d.say('crossing', w, ENTER, 100, 100)
    press(d, w, H)
    press(d, w, I)
    d.expect('WMNAME', window=w, text='typed hi')
    click(d, w, 15, 10)  # "File"
    menu = d.expect('MAP', override=1)
    assert menu['transient'] == w
    dump = d.expect('DUMP', window=menu['window'])
    d.expect('SHMIMAGE', window=menu['window'])
    click(d, menu['window'], dump['w'] // 2, dump['h'] // 2)
    d.expect('WMNAME', window=w, text='chosen')
    d.say('configure', w, 100, 100, 500, 400)
    d.expect('DUMP', window=w, w=500, h=400)
    d.say('close', w)
    d.expect('DESTROY', window=w)
    assert p.wait(20) == 0


@pytest.mark.skipif(not shutil.which('firefox-esr'), reason='needs firefox-esr')
@pytest.mark.slow
def test_a_browser_page_arrives_unchanged(domain, tmp_path):
    page, profile = tmp_path / 'page.html', tmp_path / 'profile'
    page.write_text('<!doctype html><html style="height:100%"><title>a page</title><body style="margin:0;height:100%;background:linear-gradient(90deg, #f00, #0f0 50%, #00f)">')
    profile.mkdir()
    (profile / 'user.js').write_text('user_pref("browser.aboutwelcome.enabled", false);\n'
                                     'user_pref("datareporting.policy.dataSubmissionEnabled", false);\n')
    d = domain.daemon()
    domain.start(['firefox-esr', '--new-instance', '--profile', profile, page.as_uri()], env={'HOME': str(tmp_path)})
    while 'a page' not in d.expect('WMNAME')['text']:
        pass
    w = d.log[-1]['window']
    size = next(m for m in reversed(d.log) if m['type'] == 'DUMP' and m['window'] == w)
    c = display.Display(domain.display)
    while True:
        d.say('pixel', w, 2, size['h'] - 20)
        if d.expect('PIXEL', window=w)['rgb'] in ('fe0100', 'ff0000', 'fe0000', 'ff0100'):
            d.save(w, tmp_path / 'ours')
            if (tmp_path / 'ours').read_bytes() == picture(c.create_resource_object('window', w), None):
                break
        d.expect('SHMIMAGE', window=w)
    c.close()
