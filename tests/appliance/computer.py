# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulated computer that boots the appliance's image: screen, keyboard, mouse, and a terminal at its serial port."""
import pathlib
import re
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TOP / "appliance"), str(TOP / "tests/xen")]

import emulator  # noqa: E402
from machine import Failure, Machine  # noqa: E402


class Computer(Machine):
    """Only what a person has: no program of the test runs inside."""

    def __init__(self, image, firmware, logs):
        self.logs = pathlib.Path(logs)
        self.sockets = self.logs / "sockets"
        self.sockets.mkdir(parents=True, exist_ok=True)
        self.serial = self.logs / "hypervisor.log"
        monitor, terminal = self._listen("monitor"), self._listen("terminal")
        command = [*emulator.arguments(image, firmware, self.logs), "-display", "none", "-no-reboot",
                   "-chardev", f"socket,id=terminal,path={self.sockets}/terminal,logfile={self.serial}", "-serial", "chardev:terminal",
                   "-chardev", f"socket,id=monitor,path={self.sockets}/monitor", "-mon", "chardev=monitor,mode=control"]
        self.qemu_log = open(self.logs / "qemu.log", "w")
        self.begin = time.monotonic()
        self.qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.qemu_log, stderr=self.qemu_log)
        self.terminal = self._accept(terminal)
        self.monitor = self._accept(monitor)
        self.qmp("qmp_capabilities")
        self.said, self.mark, self.news = "", 0, threading.Condition()
        threading.Thread(target=self._read_terminal, daemon=True).start()

    def seconds(self):
        return time.monotonic() - self.begin

    def _read_terminal(self):
        while data := self.terminal.read(4096):
            with self.news:
                self.said += data.decode(errors="replace")
                self.news.notify_all()

    def expect(self, pattern, seconds):
        """Waits until the serial port says it, after what was expected before."""
        with self.news:
            found = self.news.wait_for(lambda: re.search(pattern, self.said[self.mark:]), seconds)
            if not found:
                raise Failure(f"not within {seconds} s at the serial port: {pattern}; its last words:\n{self.said[-1500:]}")
            self.mark += found.end()
            return found

    def say(self, text):
        self.terminal.write(text.encode() + b"\r")

    def log_in(self, person, password, new):
        """At the serial port, for the first time."""
        self.expect("login: ", 600)
        self.say(person)
        self.expect("Password: ", 60)
        self.say(password)
        self.expect("Current password: ", 60)
        self.say(password)
        self.expect("New password: ", 60)
        self.say(new)
        self.expect("new password: ", 60)
        self.say(new)
        self.expect(r"\$ ", 120)
        # Not bash: what it writes for its line editor stands between the answers.
        self.say("exec sh")
        self.say("stty -echo cols 500; PS1=; export DISPLAY=:0 XAUTHORITY=$HOME/.Xauthority; printf '@%s@\\n' begun")
        self.expect("@begun@", 60)

    def sh(self, sh, timeout=60, check=True):
        """What a command of the person's prints."""
        self.say(f"{{ {sh} ; }} 2>&1 < /dev/null; printf '@%s@\\n' $?")
        with self.news:
            begin = self.mark
        found = self.expect(r"@(\d+)@", timeout)
        with self.news:
            out = self.said[begin:self.mark - len(found[0])].replace("\r\n", "\n")
        if check and found[1] != "0":
            raise Failure(f"{sh}\nended with {found[1]}:\n{out}")
        return out

    def picture(self, path):
        """What the screen shows, as a PNG file."""
        self.qmp("screendump", filename=str(path.resolve()), format="png")

    def collect(self):
        """All that is said inside is in the journal; no program of the test is there to bring it out."""

    def ended(self):
        return self.qemu.poll() is not None


__all__ = ["Computer", "Failure"]
