"""What a server's answer to a question of ours is known by: its sender, and what it must repeat of the question.

A key is made twice: of an answer that came, and of a question for the answer that must come.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address

from projections.verdict import Probe
from tests.kernel import packets


TCP, ICMP = 6, 1
SYN_ACK, RESET = 0x12, 0x14
ARP_ANSWER, ECHO_ANSWER = 2, 0
IP = 14
"""Where an IP header begins; ours and the kernel's answers have no options."""
ABOVE = IP + 20
ECHOED = ABOVE + 8
PORTS = struct.Struct("!HH")


def keys(data: bytes, mac: bytes) -> Iterator[bytes]:
    """Walk what a frame may be known by where it came to a MAC address: all of it, or what it answers."""
    yield data
    if data[:6] == mac and len(data) >= ECHOED:
        if data[12:14] == packets.ARP and data[21] == ARP_ANSWER:
            yield b"arp" + data[22:32]
        if data[12:14] == packets.IPV4 and data[IP + 9] == ICMP and data[ABOVE] == ECHO_ANSWER:
            yield b"icmp" + data[6:12] + data[ECHOED : ECHOED + 8]
        if data[12:14] == packets.IPV4 and data[IP + 9] == TCP:
            yield b"tcp" + data[6:12] + data[ABOVE : ABOVE + 4] + data[ABOVE + 13 : ABOVE + 14]


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
