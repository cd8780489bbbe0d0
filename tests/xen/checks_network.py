# SPDX-License-Identifier: GPL-2.0-or-later
"""The driver domain: sys-net has the machine's network card, serves the network to the others and keeps them apart.

Nothing here waits for a packet that must not come: a forbidden packet is sent, then allowed ones on the same ways, and when
those were answered the forbidden one would have been counted.
"""
import json

from checks_desktop import until
from checks_machine import boots
from checks_manager import refused, state
from machine import Failure
from outside import Outside, echo_request

NAME = "network"
PROGRAMS = ["network/bulkhead-network-serve", "network/bulkhead-network-join"]
CARD = "0000:00:10.0"
COMMON = "--template=test --virt-mode=pv --memory=256 --maxmem=256 --vcpus=1 --private-size=16 --qrexec-timeout=600"
# The world outside (outside.py), and sys-net's own addresses there.
OUTSIDE, OTHER, NAMES = ("192.0.2.1", "2001:db8::1"), ("198.51.100.1", "2001:db8:1::1"), "192.0.2.53"
SERVER = ("192.0.2.2", "2001:db8::2")
# Addresses of domains that no domain here has.
NOBODY = ("10.137.200.7", "fd09:24ef:4179::a89:c8c8")
PATIENCE = 600


def ask(machine, name, command):
    """(status, output) of a command in a guest that may fail."""
    return machine.finish(machine.start(command, PATIENCE, name), check=False)


def guest(machine, name, command):
    return machine.sh(command, PATIENCE, name)


def cards(machine, name=None):
    return machine.sh("ls /sys/class/net", PATIENCE, name).split()


def answers(machine, name, address, seconds=60, sender=""):
    return ask(machine, name, f"ping -n -c 1 -W {seconds} {'-I ' + sender if sender else ''} {address}")[0] == 0


def start(machine, name):
    machine.bulkhead(f"domain start {name}", timeout=600)
    rc, out = machine.finish(machine.start("ready", PATIENCE, name), check=False)
    if rc:
        raise Failure(f"domain {name} did not come up: {out}\n" + machine.console(name)[-2000:])


def addresses(machine, name):
    return guest(machine, name, "xenstore-read qubes-ip qubes-ip6").split()


def join(machine, name):
    until(PATIENCE, lambda: "eth0" in cards(machine, name), f"the card of {name}")
    guest(machine, name, "bulkhead-network-join eth0")


def must_reach(machine, name, there):
    for address in there:
        if not answers(machine, name, address):
            seen = [ask(machine, who, "cat /tmp/network-serve.log; ip address; ip route; ip -6 route; ip neighbor; nft list ruleset")[1]
                    for who in (name, "sys-net")]
            raise Failure(f"{name} gets no answer of {address}\n" + "\n".join(seen))


def count(machine, name, hook, priority, senders):
    """Counts packets with these senders at that place of a guest's kernel."""
    rules = "; ".join(f"{'ip6' if ':' in a else 'ip'} saddr {a} counter" for a in senders)
    guest(machine, name, f"nft 'table inet {hook}{abs(priority)} {{ chain c {{ type filter hook {hook} priority {priority}; policy accept; {rules}; }}; }}'")


def counted(machine, name, hook, priority):
    table = json.loads(guest(machine, name, f"nft -j list table inet {hook}{abs(priority)}"))["nftables"]
    return [e["counter"]["packets"] for rule in table if "rule" in rule for e in rule["rule"]["expr"] if "counter" in e]


def booted(machine):
    """Xen boots with an IOMMU, and the admin domain has no network card in use."""
    boots(machine)
    machine.sh("xl info | grep -w pv_directio")
    if (found := cards(machine)) != ["lo"]:
        raise Failure(f"network cards in the admin domain: {found}")


def starts(machine):
    """A domain's netvm starts before it, and the machine's network card is taken from the admin domain for it."""
    machine.sh("chown user /dev/xen/xenbus /dev/xen/evtchn /dev/xen/gntdev /dev/xen/gntalloc; modprobe xen-pciback;"
               "DISPLAY= BULKHEAD_HELPER_PATIENCE=100 /opt/test/inside/manager", timeout=PATIENCE)
    machine.bulkhead(f"domain create sys-net {COMMON} --provides-network=yes --pci={CARD} --label=red")
    machine.bulkhead(f"domain create alpha {COMMON} --netvm=sys-net --label=blue")
    machine.bulkhead(f"domain create beta {COMMON} --net-allow='{OUTSIDE[0]} [{OUTSIDE[1]}]' --label=green")
    start(machine, "alpha")
    if state(machine, "sys-net") != "running":
        raise Failure(machine.bulkhead("domain list"))
    machine.sh(f"readlink /sys/bus/pci/devices/{CARD}/driver | grep -w pciback")
    if (found := cards(machine)) != ["lo"]:
        raise Failure(f"network cards of the admin domain: {found}")
    refused(machine, "domain stop sys-net", "has its network from")


def devices(folder):
    """(QEMU's options for this machine, the world outside it)."""
    world = Outside(folder)
    return ["-machine", "q35", "-device", "intel-iommu,intremap=on", *world.options], world


def card(machine):
    """The card works in the driver domain: the world outside answers it, by IPv4 and IPv6."""
    until(PATIENCE, lambda: "eth0" in cards(machine, "sys-net"), "the card in sys-net")
    guest(machine, "sys-net", f"ip link set eth0 up; ip address add {SERVER[0]}/24 dev eth0; ip address add {SERVER[1]}/64 dev eth0 nodad;"
          f"echo nameserver {NAMES} > /etc/resolv.conf; bulkhead-network-serve --names")
    until(PATIENCE, lambda: guest(machine, "sys-net", "cat /sys/class/net/eth0/carrier").strip() == "1", "the cable")
    guest(machine, "sys-net", f"ip route add default via {OUTSIDE[0]}; ip -6 route add default via {OUTSIDE[1]}")
    must_reach(machine, "sys-net", OUTSIDE + OTHER)


def outside(machine):
    """A domain reaches the world outside through the driver domain, by IPv4 and IPv6, and that sees the driver domain only."""
    join(machine, "alpha")
    must_reach(machine, "alpha", OUTSIDE + OTHER)
    inside = {a for a in machine.world.senders() if a.startswith("10.13") or a.startswith("fd09:")}
    if inside or not set(SERVER) <= machine.world.senders():
        raise Failure(f"senders that the world outside has seen: {machine.world.senders()}")


def names(machine):
    """A domain asks for a name by the driver domain's name server."""
    ask_name = "python3 -c 'import socket; print(*{a[4][0] for a in socket.getaddrinfo(\"outside.test\", None)})'"
    found = guest(machine, "alpha", ask_name).split()
    if set(found) != set(OTHER):
        raise Failure(f"the addresses of outside.test: {found}")


def changed(machine):
    """Without a netvm there is no interface; netvm changes while a domain runs: one comes, it goes, and with it all rules, it comes again."""
    start(machine, "beta")
    if (found := cards(machine, "beta")) != ["lo"]:
        raise Failure(f"network cards of beta: {found}")
    refused(machine, "domain set beta netvm=alpha", "does not provide a network")
    machine.bulkhead("domain set beta netvm=sys-net", timeout=PATIENCE)
    join(machine, "beta")
    must_reach(machine, "beta", OUTSIDE)
    kept = addresses(machine, "alpha")
    machine.bulkhead("domain set alpha netvm=", timeout=PATIENCE)
    until(PATIENCE, lambda: cards(machine, "alpha") == ["lo"], "the end of alpha's interface")
    domid = machine.sh("xl domid alpha").strip()
    until(PATIENCE, lambda: f"vif{domid}." not in guest(machine, "sys-net", "nft list ruleset; ls /sys/class/net"), "the end of alpha's rules")
    machine.bulkhead("domain set alpha netvm=sys-net", timeout=PATIENCE)
    join(machine, "alpha")
    if addresses(machine, "alpha") != kept:
        raise Failure("alpha has other addresses")
    must_reach(machine, "alpha", OUTSIDE)


def places(machine):
    """A domain reaches only what its net_allow names; another is not touched by that."""
    for address in OTHER:
        rc, out = ask(machine, "beta", f"ping -n -c 1 -W {PATIENCE} {address}")
        if rc == 0 or "filtered" not in out.lower() and "prohibited" not in out.lower():
            raise Failure(f"beta to {address}: not refused:\n{out}")
    must_reach(machine, "alpha", OTHER)


def bug_class_N1_nothing_goes_between_domains(machine):
    """A domain is refused to its neighbour, by IPv4 and IPv6, and nothing of it arrives there."""
    alpha, beta = addresses(machine, "alpha"), addresses(machine, "beta")
    count(machine, "beta", "prerouting", -350, alpha)
    for there in beta:
        if answers(machine, "alpha", there, 1):
            raise Failure(f"alpha reaches beta at {there}")
    must_reach(machine, "alpha", OUTSIDE)
    must_reach(machine, "sys-net", beta)
    if counted(machine, "beta", "prerouting", -350) != [0, 0]:
        raise Failure("packets of alpha arrive at beta")
    # It is that rule, and nothing else, that keeps them apart.
    guest(machine, "sys-net", "nft 'insert rule inet bulkhead forward iifname vif* oifname vif* accept'")
    must_reach(machine, "alpha", beta)
    if min(counted(machine, "beta", "prerouting", -350)) == 0:
        raise Failure("nothing was counted")
    guest(machine, "sys-net", "nft flush chain inet bulkhead forward")


def bug_class_N2_a_false_sender_gets_through_from_neither_side(machine):
    """Packets with a false sender are dropped: of a domain, and of the world outside."""
    alpha = addresses(machine, "alpha")
    count(machine, "sys-net", "prerouting", -350, [*NOBODY, *alpha])
    count(machine, "sys-net", "prerouting", -250, NOBODY)
    count(machine, "alpha", "postrouting", 350, NOBODY)
    guest(machine, "alpha", f"ip address add {NOBODY[0]}/32 dev eth0; ip address add {NOBODY[1]}/128 dev eth0 nodad")
    for false, true, there in zip(NOBODY, alpha, SERVER):
        if answers(machine, "alpha", there, 1, false) or not answers(machine, "alpha", there, sender=true):
            raise Failure(f"{false} was answered, or {true} was not")
    if min(counted(machine, "alpha", "postrouting", 350)) == 0:
        raise Failure("alpha sent nothing")
    seen = counted(machine, "sys-net", "prerouting", -350)
    if seen[:2] != [0, 0] or min(seen[2:]) == 0:
        raise Failure(f"false senders on alpha's interface, then true ones: {seen}")
    for false, to, true in zip(NOBODY, alpha, OTHER):
        machine.world.send(echo_request(false, to))
        machine.world.send(echo_request(true, to))
    until(PATIENCE, lambda: min(counted(machine, "sys-net", "prerouting", -350)[:2]) > 0, "false senders from outside")
    if counted(machine, "sys-net", "prerouting", -250) != [0, 0]:
        raise Failure("a false sender from outside got past the first rule")


for check in (booted, starts, card, outside, changed):
    check.vital = True
booted.always = starts.always = card.always = outside.always = True
CHECKS = [booted, starts, card, outside, names, bug_class_N2_a_false_sender_gets_through_from_neither_side, changed, places,
          bug_class_N1_nothing_goes_between_domains]
