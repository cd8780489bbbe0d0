# SPDX-License-Identifier: GPL-2.0-or-later
"""Our vchan and shared pages between real domains."""
from machine import Failure

NAME = "vchan"
PROGRAMS = ["tests/xen/xen-peer"]
WAIT = 60


class Peers:
    """xen-peer in the admin domain (None) and in guests; every vchan of the test has a port of its own."""

    port = 7000

    def __init__(self, machine):
        self.machine = machine
        Peers.port += 1

    def domid(self, where):
        return "0" if where in (None, 0) else self.machine.sh(f"xl domid {where}").strip()

    def start(self, where, mode, peer, extra=""):
        peer = peer if str(peer).isdigit() else self.domid(peer)
        return self.machine.start(f"timeout {WAIT} xen-peer {mode} {peer} {self.port} {extra}", WAIT + 5, where)

    def end(self, started, expected, status=0):
        rc, out = self.machine.finish(started, check=False)
        if rc != status or expected not in out:
            raise Failure(f"{started[3]}\nended with {rc}, printed (wanted {expected!r}):\n{out}")

    def to_end(self, where, mode, peer, expected, extra=""):
        self.end(self.start(where, mode, peer, extra), expected)


def round_trips(machine, server, client, server_mode="echo", client_mode="ping"):
    peers = Peers(machine)
    serving = peers.start(server, server_mode, client)
    peers.to_end(client, client_mode, server, "messages came back")
    peers.end(serving, "closed")
    left = machine.sh(f"xenstore-ls -f /local/domain/{peers.domid(server)}/data/vchan 2>/dev/null || true")
    if left.strip() and server_mode == "echo":
        raise Failure("the server's xenstore entry is still there:\n" + left)


def from_pv(machine):
    """A PV guest serves the admin domain."""
    round_trips(machine, "alpha", None)


def from_pvh(machine):
    """A PVH guest serves the admin domain."""
    round_trips(machine, "beta", None)


def to_guest(machine):
    """The admin domain serves a guest."""
    round_trips(machine, None, "beta")


def between_guests(machine):
    """A PV guest serves a PVH guest."""
    round_trips(machine, "alpha", "beta")


def bare_server(machine):
    """Xen's own library serves our client."""
    round_trips(machine, "alpha", None, server_mode="bare-echo")


def bare_client(machine):
    """Our server serves a client of Xen's own library."""
    peers = Peers(machine)
    serving = peers.start("beta", "echo", None)
    wait_for_entry(machine, peers, "beta", 0)
    peers.to_end(None, "bare-ping", "beta", "messages came back")
    peers.end(serving, "closed")


def wait_for_entry(machine, peers, server, client, there=True):
    machine.sh(f"until {'' if there else '!'} xenstore-exists /local/domain/{peers.domid(server)}/data/vchan/{client}/"
               f"{peers.port}/event-channel; do sleep 0.1; done", timeout=40)


def not_there(machine):
    """A client of a domain that is not there is told so."""
    Peers(machine).to_end(None, "no-such-domain", 77, "no such domain")


def program_killed(machine):
    """The end of the peer's program is noticed."""
    peers = Peers(machine)
    serving = peers.start(None, "echo", "alpha")
    wait_for_entry(machine, peers, None, peers.domid("alpha"))
    watching = peers.start("alpha", "watch", None)
    wait_for_entry(machine, peers, None, peers.domid("alpha"), there=False)
    machine.sh(f"kill -9 $(pgrep -fx 'xen-peer echo [0-9]* {peers.port} *')")
    peers.end(watching, "peer gone")
    machine.finish(serving, check=False)


def nonsense(machine):
    """What a guest publishes wrongly is waited over: numbers that are none, references that nobody granted."""
    peers = Peers(machine)
    path = f"data/vchan/0/{peers.port}"
    machine.sh(f"xenstore-write {path}/ring-ref 99999 {path}/event-channel 4000", guest="alpha")
    client = peers.start(None, "ping", "alpha")
    for ref, channel in (("", "x"), ("-1", "5"), ("99999999999999999999", "1"), ("8", "0x1"), ("a" * 2000, "3"), ("3", "2")):
        machine.sh(f"xenstore-write -- {path}/ring-ref '{ref}' {path}/event-channel '{channel}'", guest="alpha")
    serving = peers.start("alpha", "echo", 0)
    peers.end(client, "messages came back")
    peers.end(serving, "closed")


def pages(machine, guest, count):
    peers = Peers(machine)
    sharing = peers.start(guest, "share", None, str(count))
    peers.to_end(None, "view", guest, "pages are right")
    peers.end(sharing, "closed")


def bug_class_D4_pages_pv(machine):
    """Pages of a PV guest are seen, refreshed by range, and survive the owner's taking them back (bug class D4)."""
    pages(machine, "alpha", 2025)


def bug_class_D4_pages_pvh(machine):
    """Pages of a PVH guest are seen, refreshed by range, and survive the owner's taking them back (bug class D4)."""
    pages(machine, "beta", 2025)


def pages_limit(machine):
    """More pages than the kernel grants are an answer, not an end."""
    limit = "/sys/module/xen_gntalloc/parameters/limit"
    before = machine.sh(f"cat {limit}; echo 2000 > {limit}", guest="alpha").strip()
    Peers(machine).to_end("alpha", "share-too-much", None, "over quota")
    machine.sh(f"echo {before} > {limit}", guest="alpha")


def bug_class_D4_domain_destroyed(machine):
    """Destroying a guest whose vchan is open and pages are mapped is noticed, the pages stay, nothing is left (bug class D4)."""
    machine.create("gamma", "pvh")
    peers = Peers(machine)
    machine.start(f"xen-peer share 0 {peers.port} 100", 300, "gamma")
    viewing = machine.start(f"timeout 60 xen-peer view-of-the-dead {peers.domid('gamma')} {peers.port} > /run/dead.txt 2>&1", 70)
    machine.sh("until grep -q mapped /run/dead.txt; do sleep 0.1; done", timeout=40)
    other = Peers(machine)
    waiting = other.start("alpha", "serve-and-watch", "gamma")
    wait_for_entry(machine, other, "alpha", other.domid("gamma"))
    unanswered = Peers(machine)
    never = unanswered.start(None, "no-such-domain", "gamma")
    machine.sh("xl destroy gamma")
    machine.finish(viewing, check=False)
    seen = machine.sh("cat /run/dead.txt")
    if "peer gone" not in seen or "pages outlive their owner" not in seen:
        raise Failure("the admin domain's end:\n" + seen)
    other.end(waiting, "peer gone")
    unanswered.end(never, "no such domain")
    listed = machine.sh("xl list")
    if "(null)" in listed or "gamma" in listed:
        raise Failure("something of the guest is left:\n" + listed)


CHECKS = [from_pv, from_pvh, to_guest, between_guests, bare_server, bare_client, not_there, program_killed, nonsense,
          bug_class_D4_pages_pv, bug_class_D4_pages_pvh, pages_limit, bug_class_D4_domain_destroyed]
