"""What an answer to a question of ours is known by, and a packet that routers changed: what neither can be without.

A key is made twice: of what came, and of a question for what must come. A server's answer has its sender, and what it
must repeat of the question. A packet that comes from a router has its ends and its mark.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address

from projections.verdict import Probe
from tests.kernel import packets


TCP, ICMP, UDP = 6, 1, 17
SYN_ACK, RESET = 0x12, 0x14
ARP_ANSWER, ECHO_ANSWER = 2, 0
IP = 14
"""Where an IP header begins; ours and the kernel's answers have no options."""
ABOVE = IP + 20
ECHOED = ABOVE + 8
PORTS = struct.Struct("!HH")
MARK = 8
ROUTED = b"routed"
MARKED_AT = {TCP: 20, UDP: 8, ICMP: 8, packets.ICMPV6: 8}
"""Where above IP what we write begins."""


def keys(data: bytes, mac: bytes, nobodys: bytes) -> Iterator[bytes]:
    """Walk what a frame may be known by where it came to a MAC address: all of it, what it answers, or its ends."""
    yield data
    if data[:6] in (mac, nobodys):
        yield from come(data)
    if data[:6] == mac and len(data) >= ECHOED:
        if data[12:14] == packets.ARP and data[21] == ARP_ANSWER:
            yield b"arp" + data[22:32]
        if data[12:14] == packets.IPV4 and data[IP + 9] == ICMP and data[ABOVE] == ECHO_ANSWER:
            yield b"icmp" + data[6:12] + data[ECHOED : ECHOED + 8]
        if data[12:14] == packets.IPV4 and data[IP + 9] == TCP:
            yield b"tcp" + data[6:12] + data[ABOVE : ABOVE + 4] + data[ABOVE + 13 : ABOVE + 14]


def come(data: bytes) -> Iterator[bytes]:
    """Walk what a packet is known by that may have come from a router."""
    if data[12:14] == packets.IPV4 and len(data) >= ABOVE:
        yield from of_ends(data[IP + 12 : ABOVE], data[IP + 9], data[ABOVE:])
    if data[12:14] == packets.IPV6 and len(data) >= IP + 40:
        yield from of_ends(data[IP + 8 : IP + 40], data[IP + 6], data[IP + 40 :])


def of_ends(ends: bytes, protocol: int, above: bytes) -> Iterator[bytes]:
    start = MARKED_AT.get(protocol, len(above))
    if len(above) >= start + MARK:
        to = above[2:4] if protocol in (TCP, UDP) else bytes((0, above[0]))
        yield ROUTED + ends + bytes((protocol,)) + to + above[start : start + MARK]


def routed(probe: Probe, mark: int) -> bytes:
    """Give what a packet is known by when it comes like this from a router."""
    ends = ip_address(probe.src).packed + ip_address(probe.dst).packed
    echo = packets.ICMPV6 if probe.is_ipv6 else ICMP
    number = echo if probe.protocol == "ICMP" else packets.NUMBERS[probe.protocol]
    to = probe.type if probe.protocol == "ICMP" else probe.port
    return ROUTED + ends + bytes((number,)) + to.to_bytes(2) + mark.to_bytes(MARK)


def is_routed(key: bytes) -> bool:
    return key.startswith(ROUTED)


def mark_of(key: bytes) -> bytes:
    return key[-MARK:]


def told(key: bytes) -> str:
    """Say what a packet from a router was."""
    ends, number, to = key[len(ROUTED) : -MARK - 3], key[-MARK - 3], int.from_bytes(key[-MARK - 2 : -MARK])
    half = len(ends) // 2
    return f"{ip_address(ends[:half])} to {ip_address(ends[half:])} (protocol {number}, {to})"


def expected(probe: Probe, server: bytes, mark: int, *, listens: bool) -> bytes:
    """Give what the answer is known by. *listens* is whether somebody waits at a TCP port there."""
    if probe.protocol == "ARP":
        return b"arp" + server + IPv4Address(probe.dst).packed
    if probe.protocol == "ICMP":
        return b"icmp" + server + mark.to_bytes(8)
    return b"tcp" + server + PORTS.pack(probe.port, probe.source_port) + bytes((SYN_ACK if listens else RESET,))


def answer(probe: Probe, *, established: bool) -> Probe:
    """Give what filters see of an answer."""
    return Probe(
        src=probe.dst,
        dst=probe.src,
        protocol=probe.protocol,
        source_port=probe.port,
        port=probe.source_port,
        established=established,
    )
