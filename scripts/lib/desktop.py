# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person sees on an X display, for the scripts and the tests: windows of domains, pixels, screenshots."""
import os
import select
import struct
import time
import zlib

from Xlib import X, display, error


class Desktop:
    def __init__(self, name=None):
        self.d = display.Display(name)
        self.root = self.d.screen().root
        self.root.change_attributes(event_mask=X.SubstructureNotifyMask | X.PropertyChangeMask)
        # A window may go at any moment between two requests: that is no error of ours.
        self.d.set_error_handler(lambda *a: None)

    def _all(self, w):
        try:
            children = w.query_tree().children
        except error.XError:
            return
        for c in children:
            yield c
            yield from self._all(c)

    def property(self, w, name):
        try:
            p = w.get_property(self.d.intern_atom(name), X.AnyPropertyType, 0, 1 << 20)  # in one request: between two it may have changed
        except error.XError:
            return None
        return p.value if p else None

    def domain_windows(self):
        """Outer windows of domains: [(window, domain, title)] of those that are on the screen."""
        found = []
        for w in self._all(self.root):
            name = self.property(w, '_QUBES_VMNAME')
            if name is None:
                continue
            try:
                if w.get_attributes().map_state != X.IsViewable:
                    continue
            except error.XError:
                continue
            title = self.property(w, '_NET_WM_NAME') or b''
            text = lambda v: v.decode('utf-8', 'replace') if isinstance(v, bytes) else str(v)
            found.append((w, text(name), text(title)))
        return found

    def wait(self, condition, seconds, what):
        """Until condition() is true; looks again after every event of the display, and at least each half second, since pixels
        change without an event to us."""
        end = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f'after {seconds:g} s still waiting for {what}')
            while self.d.pending_events():
                self.d.next_event()
            select.select([self.d.fileno()], [], [], min(left, 0.5))

    def wait_managed(self):
        """Until a window manager is at work: what asks for something during its start can stay in its queue."""
        self.wait(lambda: self.property(self.root, '_NET_SUPPORTING_WM_CHECK') is not None, 60, 'a window manager')
        probe = self.root.create_window(0, 0, 10, 10, 0, X.CopyFromParent)
        probe.map()
        self.wait(lambda: probe.configure(width=10) or self.property(probe, 'WM_STATE') is not None, 60, 'the window manager to be at work')
        probe.destroy()
        self.wait(lambda: not self.property(self.root, '_NET_CLIENT_LIST'), 60, 'the window manager to be without windows')

    def has_keys(self, w):
        """Keys go to this window, or to one in it."""
        focus = self.d.get_input_focus().focus
        while not isinstance(focus, int):
            if focus.id == w.id:
                return True
            if focus.id == self.root.id:
                return False
            try:
                focus = focus.query_tree().parent
            except error.XError:  # it went between two questions
                return False
        return False

    def place(self, w, x, y, width, height):
        """As a person would by the window manager."""
        try:
            w.configure(x=x, y=y, width=width, height=height)
        except error.XError:
            pass
        self.d.sync()

    def pixels(self, x, y, w, h, drawable=None):
        """Rows of (r, g, b)."""
        image = (drawable or self.root).get_image(x, y, w, h, X.ZPixmap, 0xffffffff)
        data = image.data if isinstance(image.data, bytes) else image.data.encode('latin-1')
        return [[(data[o + 2], data[o + 1], data[o]) for o in range(r * w * 4, (r + 1) * w * 4, 4)] for r in range(h)]

    def absolute(self, w):
        """(x, y, width, height) of a window in root coordinates."""
        g = w.get_geometry()
        t = w.translate_coords(self.root, 0, 0)
        return (-t.x, -t.y, g.width, g.height)

    def content(self, w):
        """The bytes of what a window shows on the screen, its frame included; None if it lies partly outside."""
        g = self.root.get_geometry()
        x, y, width, height = self.absolute(w)
        if x < 0 or y < 0 or x + width > g.width or y + height > g.height:
            return None
        return self.root.get_image(x, y, width, height, X.ZPixmap, 0xffffffff).data

    def screenshot(self, path, area=None):
        """area: (x, y, width, height), cut to the screen; else all of it."""
        g = self.root.get_geometry()
        x, y, width, height = area or (0, 0, g.width, g.height)
        x, y, right, bottom = max(0, x), max(0, y), min(g.width, x + width), min(g.height, y + height)
        width, height = right - x, bottom - y
        data = self.root.get_image(x, y, width, height, X.ZPixmap, 0xffffffff).data
        rows = bytearray()
        for row in range(height):
            line = data[row * width * 4:(row + 1) * width * 4]
            rgb = bytearray(width * 3)
            rgb[0::3], rgb[1::3], rgb[2::3] = line[2::4], line[1::4], line[0::4]
            rows += b'\0' + rgb
        chunk = lambda kind, body: (struct.pack('>I', len(body)) + kind + body
                                    + struct.pack('>I', zlib.crc32(kind + body)))
        partial = path + '.partial'
        with open(partial, 'wb') as f:
            f.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
                    + chunk(b'IDAT', zlib.compress(bytes(rows), 9)) + chunk(b'IEND', b''))
        os.replace(partial, path)
