# SPDX-License-Identifier: GPL-2.0-or-later
"""The gui-daemon with an agent that does what the test says (gui-daemon/stage.c), and what stands on the X server."""
import os
import queue
import re
import subprocess
import threading
import time

from Xlib import X, display
from Xlib.error import BadWindow
from Xlib.ext import xtest

FRAME = 4
GROUND, MARK = 0xf57900, 0x000000  # label orange; its marks
PATIENCE = float(os.environ.get('PATIENCE', 20))
DOMAIN = 5


def program_of(build):
    return build / 'gui-daemon' / 'bulkhead-gui-daemon'


def decoder_of(daemon):
    """The process id of the other half of a gui-daemon: the one that reads the domain's bytes."""
    with open(f'/proc/{daemon}/task/{daemon}/children') as f:
        pids = f.read().split()
    assert len(pids) == 1, f'children of {daemon}: {pids}'
    with open(f'/proc/{pids[0]}/cmdline') as f:
        assert f.read().startswith('bulkhead-gui-decoder\0')
    return int(pids[0])


class Agent:
    """An agent that does what the test says, at the end of its own vchan."""

    def __init__(self, programs, build, path):
        self.start(programs, [build / 'gui-daemon' / 'gui-daemon-stage', 'agent', f'local:{path}'], os.environ)

    def start(self, programs, argv, env):
        self.p = programs.start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True, bufsize=1)
        self.lines = queue.Queue()
        self.heard = []
        self.errors = []
        self.readers = []
        for stream, take in ((self.p.stdout, self.lines.put), (self.p.stderr, self.errors.append)):
            t = threading.Thread(target=lambda s=stream, t=take: [t(line.rstrip('\n')) for line in s], daemon=True)
            t.start()
            self.readers.append(t)
        self.wait_for('connected')

    def say(self, *commands):
        for c in commands:
            self.p.stdin.write(c + '\n')
        self.p.stdin.flush()

    def wait_for(self, pattern, patience=PATIENCE):
        """The next line that matches; what came before it is in self.heard."""
        end = time.monotonic() + patience
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f'no "{pattern}"; heard {self.heard[-20:]}, errors {self.errors}') from None
            self.heard.append(line)
            if re.match(pattern, line):
                return line

    def ended(self):
        """Its exit status; everything that it said is there."""
        status = self.p.wait(PATIENCE)
        for t in self.readers:
            t.join(PATIENCE)
        return status

    def hears(self, pattern):
        """A line that matches, whether it came already or comes yet."""
        return next((line for line in self.heard if re.match(pattern, line)), None) or self.wait_for(pattern)

    def sync(self):
        """The daemon and the X server have done all that was said so far. The lines heard meanwhile."""
        before = len(self.heard)
        self.say('sync')
        self.wait_for('synced')
        return self.heard[before:]

    def window(self, number, x, y, w, h, popup=0, image=None):
        self.say(f'create {number:x} {x} {y} {w} {h} {popup}', f'title {number:x} test', f'map {number:x} 0 {popup}')
        if image is not None:
            self.show(number, w, h, image)

    def show(self, number, w, h, rgb):
        self.say(f'dump {number:x} {w} {h} {rgb:06x}', f'damage {number:x} 0 0 {w} {h}')
        self.wait_for(f'frame {number:x}')


class Stage(Agent):
    """The daemon and its agent in one process."""

    def __init__(self, programs, build, x_display, *options, name='work', minor=None):
        env = {**os.environ, 'DISPLAY': x_display}
        if minor is not None:
            env['STAGE_MINOR'] = str(minor)
        self.start(programs, [build / 'gui-daemon' / 'gui-daemon-stage', f'--domain-id={DOMAIN}', f'--name={name}', '--label=orange',
                              '--vchan=memory', *options], env)


class Screen:
    def __init__(self, name):
        self.x = display.Display(name)
        self.root = self.x.screen().root

    def atom(self, name):
        return self.x.intern_atom(name)

    def property(self, window, name):
        # In one request: between two it may have changed.
        p = window.get_property(self.atom(name), X.AnyPropertyType, 0, 1 << 20)
        return p.value if p else None

    def wait_until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                got = condition()
            except BadWindow:
                got = None
            if got:
                return got
            time.sleep(0.01)
        raise AssertionError(f'never: {what}')

    def event(self, match):
        """The next event that matches."""
        def found():
            while self.x.pending_events():
                e = self.x.next_event()
                if match(e):
                    return e
            return None
        return self.wait_until(found, 'the event')

    def _all(self, window):
        for w in window.query_tree().children:
            yield w
            yield from self._all(w)

    def outer(self, number):
        """The outer window of a domain's window."""
        for w in self._all(self.root):
            ids = self.property(w, '_QUBES_VMWINDOWID')
            if ids and ids[0] == number:
                return w
        return None

    def outer_of(self, number, name):
        """The outer window of the window of that domain."""
        for w in self._all(self.root):
            ids, whose = self.property(w, '_QUBES_VMWINDOWID'), self.property(w, '_QUBES_VMNAME')
            if ids and ids[0] == number and bytes(whose).rstrip(b'\0').decode() == name:
                return w
        return None

    def viewable(self, number):
        w = self.outer(number)
        return w if w and w.get_attributes().map_state == X.IsViewable else None

    def shown(self, number):
        return self.wait_until(lambda: self.viewable(number), f'window {number:x} on the screen')

    def configure(self, window, **changes):
        window.configure(**changes)
        self.x.sync()

    def place(self, window):
        """Rectangle of a window in root coordinates, without borders."""
        g = window.get_geometry()
        at = self.root.translate_coords(window, 0, 0)
        return at.x, at.y, g.width, g.height

    def pixels(self, x, y, w, h):
        """Rows of 0xRRGGBB from the root."""
        data = self.root.get_image(x, y, w, h, X.ZPixmap, 0xffffffff).data
        flat = memoryview(data).cast('I')
        return [[flat[row * w + column] & 0xffffff for column in range(w)] for row in range(h)]

    def pixel(self, x, y):
        return self.pixels(x, y, 1, 1)[0][0]

    def type(self, keysym, *modifiers):
        codes = [self.x.keysym_to_keycode(k) for k in (*modifiers, keysym)]
        for c in codes:
            xtest.fake_input(self.x, X.KeyPress, c)
        for c in reversed(codes):
            xtest.fake_input(self.x, X.KeyRelease, c)
        self.x.sync()

    def move_pointer_away(self):
        g = self.root.get_geometry()
        self.root.warp_pointer(g.width - 1, g.height - 1)
        self.x.sync()


def start_openbox(programs, screen):
    """Openbox, once it really manages windows: requests that come during its start can stay in its queue."""
    programs.start(['openbox', '--sm-disable'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    screen.wait_until(lambda: screen.property(screen.root, '_NET_SUPPORTING_WM_CHECK'), 'openbox')
    probe = screen.root.create_window(0, 0, 10, 10, 0, X.CopyFromParent)
    probe.map()

    def managed():
        probe.configure(width=10)
        return screen.property(probe, 'WM_STATE')
    screen.wait_until(managed, 'openbox at work')
    probe.destroy()
    screen.wait_until(lambda: not screen.property(screen.root, '_NET_CLIENT_LIST'), 'openbox without windows')


def diagonal(x, y):
    return MARK if (x + y) % 16 < 4 else GROUND


def frame_pixel(x, y, w, h, f=FRAME):
    """What the frame shows at (x, y) of an outer window w x h; None inside. The bars have their own corners."""
    if y >= h - f:
        return diagonal(x, y - (h - f))
    if x >= w - f:
        return diagonal(x - (w - f), y)
    if x < f or y < f:
        return diagonal(x, y)
    return None


def check_frame(screen, outer, content=None, f=FRAME):
    """Every pixel of the frame that is on the screen is exact; inside, all has the colour `content` if given."""
    x, y, w, h = screen.place(outer)
    g = screen.root.get_geometry()
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, g.width), min(y + h, g.height)
    assert right > left and bottom > top, 'the window is not on the screen'
    rows = screen.pixels(left, top, right - left, bottom - top)
    for py, row in enumerate(rows, top):
        for px, got in enumerate(row, left):
            want = frame_pixel(px - x, py - y, w, h, f)
            if want is None:
                want = content if content is not None else got
            assert got == want, f'pixel {px - x},{py - y} of {w}x{h} is {got:06x}, not {want:06x}'
