# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine itself: what everything after stands on."""
from machine import Failure

NAME = "machine"


def boots(machine):
    """Xen and the admin domain boot."""
    machine.wait_ready()
    name = machine.sh("xl info | sed -n 's/^xen_version *: //p'").strip()
    if not name.startswith("4.17."):
        raise Failure(f"the hypervisor calls itself {name!r}")


def computes(machine):
    """The emulated machine computes rightly (a fault of the emulator is not taken for ours)."""
    sums = machine.sh("cd /dev/shm; head -c 8M /dev/urandom > soak; for i in 1 2 3 4 5 6 7 8; do cp soak copy$((i % 2));"
                      " sha256sum < copy$((i % 2)); md5sum < soak; done | sort -u; rm -f soak copy?", timeout=90)
    if len(sums.split("\n")) != 3:
        raise Failure("different checksums of the same bytes:\n" + sums)


def guests(machine):
    """A PV and a PVH guest come up."""
    machine.create("alpha", "pv", memory=384)
    machine.create("beta", "pvh", memory=384)
    for name in ("alpha", "beta"):
        seen = machine.sh("hostname", guest=name).strip()
        if seen != name:
            raise Failure(f"guest {name} calls itself {seen!r}")


for check in (boots, computes, guests):
    check.always = check.vital = True
CHECKS = [boots, computes, guests]
