# SPDX-License-Identifier: GPL-2.0-or-later
"""Windows of guests on the admin domain's screen, seen and used from outside the machine."""
import re
import time

from machine import Failure

NAME = "desktop"
PROGRAMS = ["gui-agent/bulkhead-gui-agent"]
FILES = ["gui-agent/xorg-dummy.conf"]
BACKGROUND = (0x20, 0x40, 0x60)
FRAME = 4
# Name, label, its colour in common/label.c, and whether its pattern leaves the whole frame in that colour.
DOMAINS = {"alpha": ("red", (0xcc, 0x00, 0x00), True), "beta": ("green", (0x73, 0xd2, 0x16), False)}


def until(seconds, ask, what):
    """The first true answer; a failure says what was waited for."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(0.3)


def window_of(machine, name):
    """(x, y, width, height) of the domain's visible window with its frame, or None. Only the admin domain's X server is asked."""
    found = machine.sh(f"DISPLAY=:0 xwininfo -root -tree | grep '\"\\[{name}\\] ' | awk '{{ print $1 }}' | head -1").strip()
    if not found:
        return None
    info = machine.sh(f"DISPLAY=:0 xwininfo -id {found} || true")
    if "IsViewable" not in info:
        return None
    numbers = [re.search(rf"{what}: +(-?\d+)", info) for what in
               ("Absolute upper-left X", "Absolute upper-left Y", "Width", "Height")]
    return tuple(int(n[1]) for n in numbers)


class Picture:
    def __init__(self, machine, name):
        self.width, self.height, self.data = machine.screen(name)

    def at(self, x, y):
        place = (y * self.width + x) * 3
        return tuple(self.data[place:place + 3])

    def ring(self, window):
        """All pixels of the frame around a window's content."""
        x, y, width, height = window
        for line in range(FRAME):
            for i in range(width):
                yield self.at(x + i, y + line)
                yield self.at(x + i, y + height - 1 - line)
            for i in range(height):
                yield self.at(x + line, y + i)
                yield self.at(x + width - 1 - line, y + i)

    def content(self, window):
        x, y, width, height = window
        for j in range(y + FRAME, y + height - FRAME):
            for i in range(x + FRAME, x + width - FRAME):
                yield self.at(i, j)


def frame_problem(machine, name):
    """What is wrong with the domain's frame on the picture that a person would see, or None."""
    window = window_of(machine, name)
    if not window:
        return "no window"
    _, colour, solid = DOMAINS[name]
    picture = Picture(machine, f"frame-{name}")
    ring = list(picture.ring(window))
    ours = sum(pixel == colour for pixel in ring)
    dark = sum(pixel == (0, 0, 0) for pixel in ring)
    if ours + dark != len(ring) or ours < len(ring) // 4 or (solid and dark):
        return f"{len(ring)} pixels of frame: {ours} in the label's colour, {dark} black"
    return None


def place(machine, name, x, y):
    """Puts the domain's window there, so that none covers the other."""
    machine.sh("DISPLAY=:0 xdotool search --name '^\\[" + name + f"\\] ' windowmove {x} {y}")


def start_xterm(machine, name):
    """An xterm whose program writes every key that arrives to a file."""
    machine.sh("DISPLAY=:0 setsid runuser -u user -- xterm -e bash -c 'stty -icanon -echo; echo ready; exec tee /tmp/typed'"
               " > /tmp/xterm.log 2>&1 < /dev/null &", guest=name)


def admin_screen(machine):
    """The admin domain's X server shows its background on the emulated screen."""
    machine.sh("/opt/test/inside/desktop", timeout=300)
    until(20, lambda: Picture(machine, "background").at(5, 5) == BACKGROUND, "the background's colour")


def guest_screens(machine):
    """X server and gui-agent start in a PV and a PVH guest, as an ordinary user."""
    for started in [machine.start("/opt/test/inside/domain-desktop", 500, name) for name in DOMAINS]:
        machine.finish(started)


def screen_size(machine):
    """bulkheadd has started a gui-daemon for each domain, as the ordinary user; the guests' screens take the admin screen's size."""
    width, height, _ = machine.screen("size")
    for name in DOMAINS:
        until(180, lambda: f"{width} x {height}" in machine.sh("DISPLAY=:0 xrandr 2>&1 | head -1; true", guest=name),
              f"a screen of {width} x {height} in {name}")


def frames(machine):
    """An xterm of each guest shows in its own frame, with the label's exact colours."""
    for name in DOMAINS:
        start_xterm(machine, name)
    for name in DOMAINS:
        until(120, lambda: window_of(machine, name), f"a window of {name}")
    place(machine, "alpha", 40, 60)
    place(machine, "beta", 720, 430)  # not under the pointer, which starts in the middle
    for name in DOMAINS:
        until(60, lambda: frame_problem(machine, name) is None, f"{name}'s exact frame")
        until(60, lambda: sum(p != (255, 255, 255) for p in Picture(machine, "content").content(window_of(machine, name))) > 50,
              f"text in {name}'s window")


def typed(machine, name):
    return machine.sh("cat /tmp/typed", guest=name)


def has_focus(machine, name):
    title = machine.sh("DISPLAY=:0 xdotool getactivewindow getwindowname 2>&1; true")
    return title.startswith(f"[{name}] ")


def click_into(machine, name, paused=False):
    """A click with the real mouse; keys typed before the click has had its effect belong to nobody."""
    x, y, width, height = window_of(machine, name)
    machine.click(x + width // 2, y + height // 2)
    until(60, lambda: has_focus(machine, name), f"the focus in {name}")
    if not paused:
        until(60, lambda: "0x0" not in machine.sh("DISPLAY=:0 xprop -root _NET_ACTIVE_WINDOW", guest=name), f"{name}'s own focus")


def keys_arrive(machine):
    """Keys of the real keyboard arrive in the clicked domain only."""
    click_into(machine, "alpha")
    machine.type("only alpha 1\n")
    until(60, lambda: typed(machine, "alpha") == "only alpha 1\n", "the text in alpha")
    click_into(machine, "beta")
    machine.type("only beta 2\n")
    until(60, lambda: typed(machine, "beta") == "only beta 2\n", "the text in beta")
    if typed(machine, "alpha") != "only alpha 1\n":
        raise Failure(f"alpha got what was typed for beta: {typed(machine, 'alpha')!r}")


def share(machine, name):
    """(weight, cap) of credit2."""
    return tuple(int(word) for word in machine.sh(f"xl sched-credit2 -d {name} | tail -1").split()[2:4])


def weights(machine):
    """The domain that the person works in counts four times for the processors, the one before no more."""
    for name, want in (("beta", {"alpha": 256, "beta": 1024}), ("alpha", {"alpha": 1024, "beta": 256})):
        click_into(machine, name)
        until(60, lambda want=want: {d: share(machine, d)[0] for d in DOMAINS} == want, f"the weights {want} while {name} has the focus")


def pause(machine):
    """A paused guest keeps its window and gets its keys when it goes on; the other is not disturbed."""
    machine.bulkhead("domain pause beta")
    click_into(machine, "beta", paused=True)
    machine.type("later")
    click_into(machine, "alpha")
    machine.type("meanwhile")
    until(60, lambda: typed(machine, "alpha").endswith("meanwhile"), "alpha's text while beta is paused")
    if problem := frame_problem(machine, "beta"):
        raise Failure("the paused domain's frame: " + problem)
    machine.bulkhead("domain unpause beta")
    until(60, lambda: typed(machine, "beta").endswith("later"), "beta's text after the pause")


def destroyed(machine):
    """Destroying a guest removes its windows and nobody else's."""
    x, y, width, height = window_of(machine, "beta")
    machine.bulkhead("domain kill beta")
    until(60, lambda: window_of(machine, "beta") is None, "the end of beta's window")
    until(60, lambda: set(Picture(machine, "destroyed").content((x, y, width, height))) == {BACKGROUND}, "the background in its place")
    until(60, lambda: machine.finish(machine.start("pgrep -f 'name=bet[a]'"), check=False)[0] == 1, "the end of its gui-daemon")
    if problem := frame_problem(machine, "alpha"):
        raise Failure("alpha's frame: " + problem)
    click_into(machine, "alpha")
    machine.type("still here")
    until(60, lambda: typed(machine, "alpha").endswith("still here"), "text in alpha afterwards")
    until(60, lambda: "(null)" not in machine.sh("xl list"), "the end of the domain")


for check in (guest_screens, screen_size, frames):
    check.vital = True
CHECKS = [guest_screens, screen_size, frames, keys_arrive, weights, pause, destroyed]
