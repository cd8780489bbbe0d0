# SPDX-License-Identifier: GPL-2.0-or-later
"""Windows that come, change their size and go: nothing of them is left, in the guest, in the hypervisor, in the admin domain."""
import re

from checks_desktop import until, window_of
from machine import Failure

NAME = "cycles"
PROGRAMS = ["tests/xen/x11-cycles", "tests/hostile/hostile-agent"]
FILES = []
BY_PROGRAMS, BY_WIRE, ROUNDS = 100, 250, 4
GROWTH_KIB = 256  # of private memory: what malloc and the loop keep once they were used
PEAK_FRAMES = 1  # a frame has 512 entries and is never given back; all images of a check need more than ten
PEAK_MAPPED = 32  # the disks' grants come and go


def daemon_of(machine, name):
    """The process id of the domain's gui-daemon."""
    return until(60, lambda: machine.sh(f"pgrep -f '^/opt/test/bin/bulkhead-gui-daemon .*--name={name} ' || true").strip(), f"{name}'s gui-daemon")


def process(machine, pid, guest=None):
    """{what: how much} of a process: descriptors, mappings, mapped grants (in mappings), private memory."""
    out = machine.sh(f"ls /proc/{pid}/fd | wc -l; wc -l < /proc/{pid}/maps; grep -c '/xen/gnt' /proc/{pid}/maps; "
                     f"sed -n 's/^RssAnon: *//p' /proc/{pid}/status", guest=guest, timeout=120).split()
    return dict(zip(("descriptors", "mappings", "mapped grants", "private KiB"), map(int, out[:4])))


def hypervisor(machine, name):
    """(frames of the guest's grant table, entries of it that are mapped by others), as Xen itself counts them."""
    domid = machine.sh(f"xl domid {name}").strip()
    text = machine.sh("xl dmesg -c > /dev/null; xl debug-keys g; until xl dmesg | grep -q 'gnttab_usage_print_all . done'; do :; done; xl dmesg")
    table = re.search(rf"grant-table for remote d{domid} \(v\d\)\n(.*?)(-------- active|gnttab_usage_print_all)", text, re.S)
    if not table:
        raise Failure(f"Xen says nothing of the grants of domain {domid}:\n{text}")
    return int(re.search(r"(\d+) frames", table[1])[1]), len(re.findall(r"^\(XEN\) \[0x", table[1], re.M))


def granted(machine, name):
    return int(machine.sh("python3 /opt/test/inside/granted.py", guest=name, timeout=60))


def seen(machine, name, agent):
    pid = daemon_of(machine, name)
    decoder = machine.sh(f"pgrep -P {pid}").strip()
    frames, mapped = hypervisor(machine, name)
    return {"gui-daemon": (pid, process(machine, pid)), "decoder": process(machine, decoder), "agent": process(machine, machine.sh(f"pgrep -f '{agent}'", guest=name).strip(), name),
            "granted": granted(machine, name), "frames": frames, "mapped": mapped}


def flat(before, after):
    """Fails unless nothing was left."""
    for who in ("gui-daemon", "decoder", "agent"):
        old, new = ((v[1] if isinstance(v, tuple) else v) for v in (before[who], after[who]))
        if any(new[k] != old[k] for k in old if k != "private KiB") or new["private KiB"] > old["private KiB"] + GROWTH_KIB:
            raise Failure(f"{who}: {old}, then {new}")
    if before["gui-daemon"][0] != after["gui-daemon"][0]:
        raise Failure("the gui-daemon is another one")
    if after["granted"] != before["granted"] or after["frames"] > before["frames"] + PEAK_FRAMES or after["mapped"] > before["mapped"] + PEAK_MAPPED:
        raise Failure(f"in the guest: {before}, then {after}")
    print(f"    granted {after['granted']} pages, {after['mapped']} mapped by others (before {before['mapped']}); gui-daemon {after['gui-daemon'][1]}, decoder {after['decoder']}")


def by_programs(machine, count):
    there = [machine.start(f"DISPLAY=:0 timeout 600 x11-cycles {role} {count}", 620, guest) for role, guest in (("program", "alpha"), ("person", None))]
    for started in there:
        out = machine.finish(started)[1]
        if out != f"{count} windows opened, {count} closed\n":
            raise Failure(out)


def bug_class_D7_programs(machine):
    """Windows of a guest's programs that a person resizes and closes leave no grant, mapping, descriptor or memory behind (bug class D7)."""
    machine.sh("pkill xterm; true", guest="alpha")
    until(60, lambda: window_of(machine, "alpha") is None, "the end of alpha's xterm")
    by_programs(machine, 20)  # what is kept for later is there after these
    before = seen(machine, "alpha", "^bulkhead-gui-agent")
    by_programs(machine, BY_PROGRAMS)
    until(60, lambda: granted(machine, "alpha") == before["granted"], "the agent's last pages given back")
    flat(before, seen(machine, "alpha", "^bulkhead-gui-agent"))


def start_wire(machine, name, attack):
    """hostile-agent in place of the domain's gui-agent; it plays once more for each line in /run/again."""
    machine.sh("pkill -f '^bulkhead-gui-agent'; pkill hostile-agent; rm -f /run/again; mkfifo /run/again; "
               f"setsid sh -c 'exec 3<> /run/again; exec hostile-agent xen {attack} <&3' > /tmp/hostile.log 2>&1 < /dev/null &", guest=name)


def heard(machine, name, line, times=1, seconds=600):
    """Waits until hostile-agent has printed the line so often."""
    rc, _ = machine.finish(machine.start(f"until [ $(grep -cx '{line}' /tmp/hostile.log) -ge {times} ]; do "
                                         "pgrep -x hostile-agent > /dev/null || exit 1; sleep 0.2; done", seconds, name), check=False)
    if rc:
        raise Failure(f"hostile-agent in {name} printed:\n" + machine.sh("cat /tmp/hostile.log", guest=name))


def bug_class_D7_wire(machine):
    """1,000 pop-up windows that are made, shown, resized, shown anew and destroyed, each step acknowledged, leave nothing behind (bug class D7)."""
    start_wire(machine, "alpha", f"cycle {BY_WIRE} 1")
    heard(machine, "alpha", "done")
    before = seen(machine, "alpha", "^hostile-agent")
    for turn in range(1, ROUNDS):
        machine.sh("echo again > /run/again", guest="alpha")
        heard(machine, "alpha", "done", turn + 1)
    flat(before, seen(machine, "alpha", "^hostile-agent"))
    machine.sh("pkill hostile-agent", guest="alpha")


CHECKS = [bug_class_D7_programs, bug_class_D7_wire]
