# SPDX-License-Identifier: GPL-2.0-or-later
"""What every integration test shares: where the build is, a display of its own, programs that end with the test."""
import os
import pathlib
import subprocess
import sys

import pytest

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent.parent / 'scripts' / 'lib')]


def pytest_configure(config):
    config.addinivalue_line('markers', 'options(*args): of the program under test')
    config.addinivalue_line('markers', 'slow: takes more than half a minute; left out of sanitizer runs and of --quick')
    config.addinivalue_line('markers', 'long: takes more than two seconds; left out of scripts/test --quick')
    config.addinivalue_line('markers', 'measures: compares times or memory; left out of sanitizer runs and of --quick')


@pytest.fixture(scope='session')
def build():
    path = pathlib.Path(os.environ.get('BULKHEAD_BUILD', here.parent.parent / 'build'))
    assert (path / 'build.ninja').exists(), f'{path} is no build folder: ninja -C build first, or set BULKHEAD_BUILD'
    return path


class Programs:
    """Starts programs that end with the test, in reverse order."""

    def __init__(self):
        self.running = []

    def start(self, argv, **more):
        p = subprocess.Popen([str(a) for a in argv], stdin=more.pop('stdin', subprocess.DEVNULL), **more)
        self.running.append(p)
        return p

    def x_server(self, *options, program='Xvfb', **more):
        """(display, process), once it answers."""
        read, write = os.pipe()
        p = self.start([program, *options, '-noreset', '-nolisten', 'tcp', '-displayfd', str(write)], pass_fds=[write],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
        os.close(write)
        with os.fdopen(read) as f:
            number = f.readline().strip()
        assert number, f'{program} did not start'
        return ':' + number, p

    def end(self):
        for p in reversed(self.running):
            if p.poll() is None:
                p.terminate()
                try:
                    p.wait(20)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()


@pytest.fixture
def programs():
    p = Programs()
    yield p
    p.end()


@pytest.fixture
def screen(programs, monkeypatch):
    """A display of its own, 1280x800, without a window manager; $DISPLAY points to it."""
    name, _ = programs.x_server('-screen', '0', '1280x800x24')
    monkeypatch.setenv('DISPLAY', name)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    return name
