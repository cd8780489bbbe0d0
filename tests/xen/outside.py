# SPDX-License-Identifier: GPL-2.0-or-later
"""The world outside the emulated machine, at the other end of its network card's cable: every address answers pings and questions
for its hardware address, a name server knows one name, and all senders are remembered. Packets with wrong checksums are dropped."""
import ipaddress
import os
import pathlib
import socket
import struct
import threading

ETHER_IP4, ETHER_ARP, ETHER_IP6 = 0x0800, 0x0806, 0x86DD
ICMP, UDP, ICMP6 = 1, 17, 58
CHECKSUM_AT = {ICMP: 2, UDP: 6, ICMP6: 2}
ECHO = {ICMP: (8, 0), ICMP6: (128, 129)}  # request, reply
SOLICITATION, ADVERTISEMENT = 135, 136
MAC = bytes.fromhex("020000000001")
NAME = b"\x07outside\x04test\x00"
NAME_ADDRESSES = {1: "198.51.100.1", 28: "2001:db8:1::1"}  # types A and AAAA


def checksum(data):
    """The Internet checksum; over data that hold the right one it is 0."""
    data += bytes(len(data) % 2)
    n = sum(struct.unpack(f">{len(data) // 2}H", data))
    while n >> 16:
        n = (n & 0xFFFF) + (n >> 16)
    return n ^ 0xFFFF


def pseudo_header(sender, to, size, protocol):
    return b"" if protocol == ICMP else sender + to + struct.pack(">II", size, protocol)


def packet(sender, to, protocol, payload):
    """An IP packet between two addresses (bytes); the payload's checksum is put in."""
    before, after = payload[:CHECKSUM_AT[protocol]], payload[CHECKSUM_AT[protocol] + 2:]
    right = checksum(pseudo_header(sender, to, len(payload), protocol) + before + b"\0\0" + after)
    payload = before + struct.pack(">H", right) + after
    if len(sender) == 16:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 255) + sender + to + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0) + sender + to
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def parse(data):
    """(sender, to, protocol, payload) of a whole IP packet with right checksums, or None."""
    if data[0] >> 4 == 4:
        size = (data[0] & 15) * 4
        sender, to, protocol, payload = data[12:16], data[16:20], data[9], data[size:struct.unpack_from(">H", data, 2)[0]]
        if checksum(data[:size]):
            return None
    else:
        sender, to, protocol, payload = data[8:24], data[24:40], data[6], data[40:40 + struct.unpack_from(">H", data, 4)[0]]
    if protocol not in CHECKSUM_AT or checksum(pseudo_header(sender, to, len(payload), protocol) + payload):
        return None
    return sender, to, protocol, payload


def answer_name(question):
    """A name server's answer: the address of NAME, else that there is no such name."""
    end = question.index(b"\0", 12) + 5
    kind = struct.unpack_from(">H", question, end - 4)[0]
    address = NAME_ADDRESSES.get(kind) if question[12:end - 4] == NAME else None
    known = question[12:end - 4] == NAME
    out = question[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, 1 if address else 0, 0, 0) + question[12:end]
    if address:
        packed = ipaddress.ip_address(address).packed
        out += struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(packed)) + packed
    return out


def answer(data):
    """The packet that answers this one, or None."""
    parsed = parse(data)
    if not parsed:
        return None
    sender, to, protocol, payload = parsed
    if protocol == UDP and struct.unpack_from(">H", payload, 2)[0] == 53:
        said = answer_name(payload[8:])
        return packet(to, sender, UDP, payload[2:4] + payload[:2] + struct.pack(">HH", 8 + len(said), 0) + said)
    if protocol in ECHO and payload[0] == ECHO[protocol][0]:
        return packet(to, sender, protocol, bytes([ECHO[protocol][1]]) + payload[1:])
    if protocol == ICMP6 and payload[0] == SOLICITATION and any(sender):
        target = payload[8:24]
        return packet(target, sender, ICMP6, struct.pack(">BBHI", ADVERTISEMENT, 0, 0, 0x60000000) + target + b"\2\1" + MAC)
    return None


def answer_arp(data):
    """Every address is ours, but the asker's own (that is how one looks whether it is taken)."""
    asker, sender, wanted = data[8:14], data[14:18], data[24:28]
    if data[7] != 1 or sender in (wanted, bytes(4)):
        return None
    return data[:7] + b"\2" + MAC + wanted + asker + sender


def echo_request(sender, to):
    a, b = (ipaddress.ip_address(address).packed for address in (sender, to))
    protocol = ICMP if len(a) == 4 else ICMP6
    return packet(a, b, protocol, bytes([ECHO[protocol][0]]) + bytes(7))


class Outside:
    """options: QEMU's, for a card with this world behind it."""

    def __init__(self, folder, card="e1000e,addr=10.0"):
        here, there = (pathlib.Path(folder).resolve() / name for name in ("outside", "card"))
        here.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(os.path.relpath(here))
        self.there = os.path.relpath(there)
        self.options = ["-netdev", f"dgram,id=outside,local.type=unix,local.path={there},remote.type=unix,remote.path={here}",
                        "-device", f"{card},netdev=outside"]
        self.lock = threading.Lock()
        self.seen = set()
        self.card = b"\xff" * 6
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            frame = self.socket.recv(65536)
            kind, data = struct.unpack_from(">H", frame, 12)[0], frame[14:]
            self.card = frame[6:12]
            try:
                if kind == ETHER_ARP:
                    self._put(kind, answer_arp(data))
                elif kind in (ETHER_IP4, ETHER_IP6):
                    sender = data[12:16] if kind == ETHER_IP4 else data[8:24]
                    with self.lock:
                        self.seen.add(str(ipaddress.ip_address(sender)))
                    self._put(kind, answer(data))
            except (IndexError, ValueError, struct.error):
                continue  # cut short

    def _put(self, kind, data):
        if not data:
            return
        try:
            self.socket.sendto(self.card + MAC + struct.pack(">H", kind) + data, self.there)
        except OSError:
            pass  # the machine is gone

    def send(self, data):
        """An IP packet comes into the machine."""
        self._put(ETHER_IP4 if data[0] >> 4 == 4 else ETHER_IP6, data)

    def senders(self):
        """All that have sent something so far."""
        with self.lock:
            return set(self.seen)
