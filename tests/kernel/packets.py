"""Frames as bytes, made from a probe: what a verdict is asked about, a kernel can be sent.

Checksums are right, since a kernel that tracks connections looks at them. Refuses to be a general tool: there is what
filters look at, and nothing else.
"""

from __future__ import annotations

import socket
import struct
from ipaddress import IPv4Address, IPv6Address

from projections.verdict import ADVERT, REDIRECT, ROUTER_ADVERT, ROUTER_SOLICIT, SOLICIT, Probe


EVERYONE = b"\xff" * 6
ARP, IPV4, IPV6 = b"\x08\x06", b"\x08\x00", b"\x86\xdd"
NUMBERS = {"TCP": 6, "UDP": 17, "ICMP": 1, "other": 132}
ICMPV6 = 58
SYN = 0x02
ABOUT_SOMEBODY = {SOLICIT, ADVERT}
LENGTHS = {ROUTER_SOLICIT: 4, ROUTER_ADVERT: 12, REDIRECT: 36}


def frame(probe: Probe, mac: str, mark: int) -> bytes:
    """Write a probe as a broadcast from a MAC address. The mark makes it unlike any other."""
    sender = bytes.fromhex(mac.replace(":", ""))
    if probe.protocol == "ARP":
        return EVERYONE + sender + ARP + arp(probe, sender) + mark.to_bytes(18)
    if probe.is_ipv6:
        return EVERYONE + sender + IPV6 + ipv6(probe, mark.to_bytes(8))
    return EVERYONE + sender + IPV4 + ipv4(probe, mark.to_bytes(8))


def arp(probe: Probe, sender: bytes) -> bytes:
    ends = sender + IPv4Address(probe.src).packed + bytes(6) + IPv4Address(probe.dst).packed
    return b"\x00\x01\x08\x00\x06\x04\x00\x01" + ends


def ipv4(probe: Probe, mark: bytes) -> bytes:
    ends = IPv4Address(probe.src).packed + IPv4Address(probe.dst).packed
    number = NUMBERS[probe.protocol]
    pseudo = ends + struct.pack("!BBH", 0, number, len(payload(probe, mark)))
    body = summed(probe, payload(probe, mark), b"" if probe.protocol == "ICMP" else pseudo)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, number, 0) + ends
    return head[:10] + checksum(head) + head[12:] + body


def ipv6(probe: Probe, mark: bytes) -> bytes:
    ends = IPv6Address(probe.src).packed + IPv6Address(probe.dst).packed
    number = ICMPV6 if probe.protocol == "ICMP" else NUMBERS[probe.protocol]
    plain = payload(probe, mark)
    body = summed(probe, plain, ends + struct.pack("!II", len(plain), number))
    return struct.pack("!IHBB", 6 << 28, len(body), number, 255) + ends + body


def payload(probe: Probe, mark: bytes) -> bytes:
    """Write what is above IP, with its checksum left out."""
    ports = struct.pack("!HH", probe.source_port, probe.port)
    match probe.protocol:
        case "TCP":
            return ports + struct.pack("!IIBBHHH", 1, 0, 5 << 4, SYN, 1024, 0, 0) + mark
        case "UDP":
            return ports + struct.pack("!HH", 8 + len(mark), 0) + mark
        case "ICMP":
            return struct.pack("!BBH", probe.type, 0, 0) + message(probe) + mark
        case _:
            return ports + mark


def message(probe: Probe) -> bytes:
    """Write what is in an ICMP message: of a neighbour's, the address that it is about; else a number of its own."""
    if probe.is_ipv6 and probe.type in ABOUT_SOMEBODY:
        return bytes(4) + IPv6Address(probe.about or probe.src).packed
    if probe.is_ipv6 and probe.type in LENGTHS:
        return bytes(LENGTHS[probe.type])
    return struct.pack("!HH", probe.source_port, 0)


def summed(probe: Probe, body: bytes, pseudo: bytes) -> bytes:
    place = {"TCP": 16, "UDP": 6, "ICMP": 2}.get(probe.protocol)
    if place is None:
        return body
    return body[:place] + checksum(pseudo + body) + body[place + 2 :]


def checksum(data: bytes) -> bytes:
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)


def ear(device: str) -> socket.socket:
    """Listen to all that a device receives, and send from it."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    opened.bind((device, 3))
    return opened
