# SPDX-License-Identifier: GPL-2.0-or-later
"""bulkheadd and its Xen backend: domains by `bulkhead`, as a person in the admin domain types it."""
import time

from checks_desktop import DOMAINS, admin_screen, share, until
from machine import Failure

NAME = "manager"
PROGRAMS = ["domains/bulkheadd", "domains/bulkhead", "domains/bulkhead-xen-domain", "domains/bulkhead-xen-block", "gui-daemon/bulkhead-gui-daemon", "gui-daemon/bulkhead-gui-decoder",
            "tray/bulkhead-desk", "qrexec/bulkhead-qrexec-daemon", "qrexec/bulkhead-qrexec-broker",
            "qrexec/bulkhead-qrexec-agent", "qrexec/bulkhead-copy", "qrexec/qubes.Filecopy", "qrexec/bulkhead-qrexec-serve", "qrexec/qrexec-client", "qrexec/qrexec-client-vm"]
FILES = []
KINDS = {"alpha": "pv", "beta": "pvh"}


def refused(machine, command, words):
    """The command must fail and say these words."""
    rc, out = machine.finish(machine.start_bulkhead(command), check=False)
    if rc == 0 or words not in out:
        raise Failure(f"bulkhead {command}\nended with {rc}, said (wanted {words!r}):\n{out}")


def state(machine, name):
    for line in machine.bulkhead("domain list").splitlines():
        words = line.split()
        if name in words:
            return next((w for w in words if w in ("stopped", "starting", "running", "paused", "stopping", "failed")), None)
    return None


def processes(machine, pattern):
    return machine.sh(f"pgrep -f '{pattern}' || true").split()


def without(machine):
    """The guests made by hand go; bulkheadd starts as root for the ordinary user's session, with the Xen backend by itself."""
    for name in KINDS:
        machine.sh(f"xl destroy {name} 2>/dev/null; true")
    until(60, lambda: len(machine.sh("xl list").splitlines()) == 2, "the end of the former guests")
    machine.sh("/opt/test/inside/manager", timeout=150)


def definitions(machine):
    """Domains are defined by the ordinary user; what cannot run says why in words."""
    for name, kind in KINDS.items():
        label = DOMAINS[name][0]
        machine.bulkhead(f"domain create {name} --label={label} --template=test --virt-mode={kind} --memory=384 --maxmem=384 "
                          "--vcpus=1 --private-size=64 --shutdown-timeout=60")
    machine.bulkhead("domain create bad --template=test --virt-mode=hvm")
    refused(machine, "domain start bad", "device model")
    machine.bulkhead("domain set bad virt_mode=pvh")
    machine.bulkhead("domain set bad seclabel=system_u:system_r:domU_t")
    refused(machine, "domain start bad", "without XSM")
    machine.bulkhead("domain set bad seclabel=")
    refused(machine, "domain set bad pci=eth0", "pci")
    machine.bulkhead("domain set bad pci=0000:03:00.0")
    refused(machine, "domain start bad", "virt_mode pv only")
    machine.bulkhead("domain set bad virt_mode=pv")
    refused(machine, "domain start bad", "Xen cannot make the domain")
    machine.bulkhead("domain set bad pci= virt_mode=pvh")
    machine.bulkhead("domain set bad template=host")
    refused(machine, "domain start bad", "template")
    machine.bulkhead("domain set bad template=nowhere")
    refused(machine, "domain start bad", "templates/nowhere/root.img")
    machine.bulkhead("domain remove bad")


def create(machine, name, start=None):
    """Starts a domain by bulkheadd and waits for its userspace. As Machine.create: once more for the emulator's own triple fault."""
    kind = KINDS[name]
    for attempt in (1, 2):
        mark = machine.serial.stat().st_size
        machine.sh(f"rm -f /var/log/xen/console/guest-{name}.log")
        if start:
            start()
        else:
            machine.bulkhead(f"domain start {name}", timeout=300)
        start = None
        rc, out = machine.finish(machine.start("ready", 180, name), check=False)
        if rc == 0:
            return
        fresh = machine.serial.read_bytes()[mark:].decode(errors="replace")
        if attempt == 1 and kind == "pvh" and "Triple fault" in fresh:
            print(f"note: the emulator triple-faulted the kernel of {name} (pvh) in early boot; started once more")
            machine.bulkhead(f"domain kill {name}")
            continue
        raise Failure(f"domain {name} ({kind}) did not come up: {out}\n" + machine.console(name)[-2000:])


def starts(machine):
    """A PV and a PVH domain start through bulkheadd, each with a helper of its own, its private volume and its share of processors."""
    for name in KINDS:
        create(machine, name)
        if state(machine, name) != "running":
            raise Failure(machine.bulkhead("domain list"))
        if len(processes(machine, f"^/opt/test/bin/bulkhead-xen-domain --name={name} ")) != 1:
            raise Failure(machine.sh("ps ax"))
        label = machine.sh("blkid -s LABEL -o value /dev/xvdb", guest=name).strip()
        if label != "private":
            raise Failure(f"{name}'s private volume has the label {label!r}")


def resources(machine):
    """Processors, their weight and cap, and memory are as defined; memory changes on the running domain within its bounds."""
    machine.bulkhead("domain create many --label=gray --template=test --virt-mode=pv --memory=128 --maxmem=192 --vcpus=2 "
                     "--cpu-weight=200 --cpu-cap=150 --private-size=64")
    machine.bulkhead("domain start many", timeout=300)  # what it does then is of no interest
    if share(machine, "many") != (512, 150) or share(machine, "alpha") != (256, 0):
        raise Failure(machine.sh("xl sched-credit2"))
    if len(machine.sh("xl vcpu-list many").splitlines()) != 3:
        raise Failure(machine.sh("xl vcpu-list"))
    memory = f"/local/domain/{machine.sh('xl domid many').strip()}/memory"
    if machine.sh(f"xenstore-read {memory}/static-max").strip() != str(192 * 1024):
        raise Failure(machine.sh(f"xenstore-ls {memory}"))
    machine.bulkhead("domain set many memory=160")
    until(60, lambda: machine.sh(f"xenstore-read {memory}/target").strip() == str(160 * 1024), "Xen's target of 160 MiB")
    refused(machine, "domain set many memory=193", "maxmem")
    machine.bulkhead("domain kill many", timeout=120)
    machine.bulkhead("domain remove many")


def restart_manager(machine):
    """Kills bulkheadd and starts it again."""
    machine.sh("kill -KILL $(pgrep -x bulkheadd)")
    until(60, lambda: not processes(machine, "^/opt/test/bin/bulkhead-xen-domain"), "the end of the helpers")
    machine.sh("/opt/test/inside/manager", timeout=150)


def helper_killed(machine):
    """A helper that is killed, and one that hangs, is replaced and takes its domain over again; the domain runs on."""
    domid = machine.sh("xl domid alpha").strip()
    pattern = "^/opt/test/bin/bulkhead-xen-domain --name=alpha "
    for signal in ("KILL", "STOP"):
        before = processes(machine, pattern)
        machine.sh(f"kill -{signal} {before[0]}")
        if signal == "STOP":  # noticed when something is asked of it
            machine.bulkhead("domain pause alpha", timeout=120)
            machine.bulkhead("domain unpause alpha")
        until(60, lambda: processes(machine, pattern) not in ([], before), "another helper")
        until(60, lambda: state(machine, "alpha") == "running", "alpha's state")
    if machine.sh("xl domid alpha").strip() != domid:
        raise Failure("the domain is another one")


def manager_restarted(machine):
    """bulkheadd killed and started again finds its domains; their ids are the same."""
    ids = machine.sh("xl domid alpha; xl domid beta")
    restart_manager(machine)
    for name in KINDS:
        until(60, lambda name=name: state(machine, name) == "running", f"{name} running again")
    if machine.sh("xl domid alpha; xl domid beta") != ids:
        raise Failure("the domains are others")


def pauses(machine):
    """pause and unpause, as Xen sees them."""
    machine.bulkhead("domain pause beta")
    if "paused" != state(machine, "beta") or not machine.sh("xl list beta | tail -1").split()[4].count("p"):
        raise Failure(machine.sh("xl list") + machine.bulkhead("domain list"))
    machine.bulkhead("domain unpause beta")
    machine.sh("true", guest="beta")


def agents(machine):
    """The guests' qrexec-agents come; `bulkhead run --wait` runs a command there and ends with it."""
    for name in KINDS:
        machine.sh("/opt/test/inside/domain-qrexec", timeout=120, guest=name)
    for name in KINDS:
        machine.bulkhead(f"run --wait {name} -- sh -c 'echo $HOSTNAME > /tmp/ran; id -un >> /tmp/ran; exit 0'", timeout=120)
        until(60, lambda name=name: machine.sh("cat /tmp/ran 2>&1 || true", guest=name).strip() != "", "what the command wrote")


def copies(machine):
    """A file goes from the PV domain to the PVH one where the policy allows it, and not where it does not."""
    machine.sh("head -c 3000000 /dev/urandom > /home/user/big; chown user /home/user/big", guest="alpha")
    run = "cd /home/user; runuser -u user -- bulkhead-copy -t %s %s 2>&1"
    machine.sh(run % ("beta", "big"), timeout=120, guest="alpha")
    sums = [machine.sh(f"sha256sum < /home/user/{path}", guest=name)
            for name, path in (("alpha", "big"), ("beta", "QubesIncoming/alpha/big"))]
    if sums[0] != sums[1]:
        raise Failure(f"another file arrived: {sums}")
    machine.sh("echo no > /home/user/back", guest="beta")
    rc, out = machine.finish(machine.start(run % ("alpha", "back"), 120, "beta"), check=False)
    if rc != 126 or "refused" not in out:
        raise Failure(f"the copy that the policy forbids ended with {rc}: {out}")
    machine.sh("! test -e /home/user/QubesIncoming", guest="alpha")
    seen = machine.sh("cat /var/log/bulkhead-session/audit.jsonl")
    if '"allow"' not in seen or '"deny"' not in seen:
        raise Failure("the broker's record:\n" + seen)


def stops(machine):
    """stop ends a domain cleanly; the private volume stays and the volatile one goes."""
    begin = time.monotonic()
    machine.sh("mount /dev/xvdb /mnt && echo kept > /mnt/file && umount /mnt", guest="beta")
    machine.bulkhead("domain stop beta", timeout=180)
    if time.monotonic() - begin > 55:
        raise Failure("beta had to be destroyed: it did not listen")
    if state(machine, "beta") != "stopped" or "beta" in machine.sh("xl list"):
        raise Failure(machine.sh("xl list") + machine.bulkhead("domain list"))
    machine.sh("test -e /var/lib/bulkhead/domains/beta/private.img && ! test -e /var/lib/bulkhead/domains/beta/volatile.img")


def autostart(machine):
    """A domain with autostart starts with bulkheadd; what it had in its private volume is there."""
    machine.bulkhead("domain set beta autostart=yes")
    create(machine, "beta", lambda: restart_manager(machine))
    until(60, lambda: state(machine, "beta") == "running", "beta running")
    machine.bulkhead("domain set beta autostart=no")
    if machine.sh("mount /dev/xvdb /mnt && cat /mnt/file && umount /mnt", guest="beta").strip() != "kept":
        raise Failure("what was in the private volume is gone")


def bug_class_N5_partition_table(machine):
    """The admin domain looks at nothing that a guest wrote on its volume: a partition table there makes no device here."""
    machine.sh("python3 -c \"open('/dev/xvdb', 'r+b').write(bytes(446) + (bytes([128, 0, 1, 0, 131, 0, 1, 0]) + "
               "(8).to_bytes(4, 'little') + (64).to_bytes(4, 'little')) * 4 + bytes([85, 170]))\" && sync", guest="alpha")
    machine.sh("blockdev --rereadpt /dev/xvdb; grep -q xvdb1 /proc/partitions", guest="alpha")  # a guest does look
    machine.bulkhead("domain kill alpha", timeout=120)
    create(machine, "alpha")
    seen = machine.sh("cat /proc/partitions; ls /dev")
    if "loop0\n" not in seen or any(f"loop{n}p" in seen for n in range(8)):
        raise Failure("block devices of the admin domain:\n" + seen)


for check in (admin_screen, without, definitions, starts, autostart):
    check.vital = True
CHECKS = [admin_screen, without, definitions, starts, resources, pauses, helper_killed, manager_restarted, agents, copies, stops, autostart, bug_class_N5_partition_table]
