# SPDX-License-Identifier: GPL-2.0-or-later
"""The icon in the panel of XFCE, which shows StatusNotifierItems, and the menu that a click on it opens; high contrast."""
import pathlib
import shutil
import subprocess

import pytest

from tray_rig import Tray, window_manager

PANEL = '''<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array"><value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty"><property name="plugin-1" type="string" value="systray"/></property>
</channel>
'''


@pytest.fixture
def desk(build, programs, screen):
    """A tray that is not started yet, on a desktop with openbox."""
    window_manager(programs, screen)
    t = Tray(build, programs, screen)
    yield t
    t.end()


def panel(tray):
    folder = pathlib.Path(tray.env['XDG_CONFIG_HOME'], 'xfce4/xfconf/xfce-perchannel-xml')
    folder.mkdir(parents=True)
    (folder / 'xfce4-panel.xml').write_text(PANEL)
    tray.programs.start(['xfce4-panel', '--disable-wm-check'], env=tray.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def find_color(tray, color, w, h):
    """Where the label's colour stands in the panel at the top of the screen."""
    rows = tray.desktop.pixels(0, 0, w, h)
    return next(((x, y) for y, row in enumerate(rows) for x, p in enumerate(row) if p == color), None)


@pytest.mark.long
@pytest.mark.skipif(not shutil.which('xfce4-panel'), reason='xfce4-panel is not installed')
def test_a_click_on_the_icon_in_the_panel_of_xfce_opens_the_menu(desk):
    panel(desk)
    desk.start()
    desk.called('ListProperties')
    desk.tell('global', {'FocusedDomain': 'banking'})
    width = desk.desktop.root.get_geometry().width
    at = desk.desktop.wait(lambda: find_color(desk, (0xbd, 0x27, 0x27), width, 32), 60, "the icon in the label's colour")
    subprocess.run(['xdotool', 'mousemove', str(at[0] + 2), str(at[1] + 2), 'click', '1'], env=desk.env, check=True, timeout=20)
    desk.wait_shown('bulkhead-tray')
    desk.keys('Down', 'Down', 'Down', 'Right', 'Down', 'Down', 'Down', 'Return')  # work > Start
    assert desk.called('Start')[0] == 'work'


def test_high_contrast_keeps_colours_and_names(desk):
    desk.env['GTK_THEME'] = 'HighContrast'
    desk.start()
    desk.called('ListProperties')
    desk.again('--menu')
    menu = desk.wait_shown('bulkhead-tray')
    x, y, w, h = desk.desktop.absolute(menu)
    desk.desktop.wait(lambda: {(0xff, 0xff, 0xff), (0, 0, 0), (0xbd, 0x27, 0x27)} <= {p for row in desk.desktop.pixels(x, y, w, h) for p in row}, 20,
                      'black on white and the red of banking')
