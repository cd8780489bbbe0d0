# SPDX-License-Identifier: GPL-2.0-or-later
"""What a screen reader hears of the tray's windows: every field, button and entry of the menu has a name."""
import json
import os
import subprocess

import pytest

from tray_rig import PYTHON, Tray, window_manager

# Walks the tree of the application "bulkhead-tray" and says [role, name, states] of everything that can be seen.
WALK = '''
import json, sys
import gi
gi.require_version('Atspi', '2.0')
from gi.repository import Atspi
Atspi.init()
found = []
def walk(node, depth):
    if node is None or depth > 20:
        return
    states = node.get_state_set()
    if states.contains(Atspi.StateType.SHOWING) or depth < 2:
        found.append([node.get_role_name(), node.get_name() or '', states.contains(Atspi.StateType.FOCUSABLE) or node.get_role_name() in ('menu', 'menu item', 'check menu item'),
                      [r.get_target(0).get_name() for r in node.get_relation_set() if r.get_relation_type() == Atspi.RelationType.LABELLED_BY]])
        for i in range(node.get_child_count()):
            walk(node.get_child_at_index(i), depth + 1)
desktop = Atspi.get_desktop(0)
for i in range(desktop.get_child_count()):
    app = desktop.get_child_at_index(i)
    if app and app.get_name() == 'bulkhead-tray':
        walk(app, 0)
print(json.dumps(found))
'''
NEEDS_NAME = {'text', 'password text', 'push button', 'check box', 'combo box', 'menu item', 'check menu item', 'menu'}


@pytest.fixture
def tray(build, programs, screen):
    if subprocess.run([PYTHON, '-c', "import gi; gi.require_version('Atspi', '2.0')"], capture_output=True).returncode:
        pytest.skip('gir1.2-atspi-2.0 is not installed')
    if not os.path.exists('/usr/libexec/at-spi-bus-launcher'):
        pytest.skip('at-spi2-core is not installed')
    window_manager(programs, screen)
    t = Tray(build, programs, screen, accessible=True)
    t.env['GTK_MODULES'] = 'gail:atk-bridge'
    programs.start(['/usr/libexec/at-spi-bus-launcher', '--launch-immediately'], env=t.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    t.start()
    t.called('ListProperties')
    yield t
    t.end()


def heard(tray):
    p = subprocess.run([PYTHON, '-c', WALK], env=tray.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert p.returncode == 0, p.stderr
    return json.loads(p.stdout)


def nameless(nodes):
    return [n for n in nodes if n[0] in NEEDS_NAME and n[2] and not n[1] and not any(n[3])]


@pytest.mark.long
@pytest.mark.parametrize('option, title, must', [
    (['--settings', 'work'], 'Settings of work', {'Name', 'Label', 'Memory at start (MiB)', 'Save', 'Cancel'}),
    (['--search'], 'Search Bulkhead', {'Search'}),
    (['--welcome'], 'Welcome to Bulkhead', {'Create these domains', 'Not now', 'Three windows in the frames of work, private and banking'}),
    (['--menu'], 'bulkhead-tray', {'work, yellow, stopped', 'Search…', 'New domain…'}),
])
def test_everything_has_a_name(tray, option, title, must):
    tray.again(*option)
    tray.wait_shown(title)
    nodes = tray.desktop.wait(lambda: [n for n in heard(tray)] if len(heard(tray)) > 3 else None, 20, 'the tree of the window')
    names = {n[1] for n in nodes} | {x for n in nodes for x in n[3]}
    assert must <= names
    assert nameless(nodes) == []
