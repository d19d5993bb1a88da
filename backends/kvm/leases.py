"""dnsmasq's file of leases, and how it is told that one has ended: by the message that the guest itself would send.

It keeps leases in its memory, and while somebody has an address it gives that to nobody else and knows his name. Only
the IPv4 message is spoken here: it needs nothing but what the file says. Pure: it makes a frame, and sends none.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import IPv4Address

import msgspec


BOOTP = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s4s")
BOOTREQUEST, ETHERNET, COOKIE = 1, 1, bytes((99, 130, 83, 99))
MESSAGE_TYPE, SERVER, CLIENT, END = 53, 54, 61, 255
RELEASE = 7
WORDS = 5
"""Of a line: `expiry mac ip name client`, for IPv6 `expiry association ip name client`."""
UNKNOWN = "*"


class Lease(msgspec.Struct, frozen=True):
    line: str
    mac: str
    """Nothing where the file doesn't tell, as for IPv6."""
    ip: str
    client: str


def read(text: str) -> tuple[Lease, ...]:
    told = ((line, line.split()) for line in text.splitlines())
    return tuple(lease(line, words) for line, words in told if len(words) == WORDS)


def lease(line: str, words: list[str]) -> Lease:
    _, holder, ip, _, client = words
    return Lease(line, "" if ":" in ip else holder, ip, client)


def ended(leases: Iterable[Lease], before: dict[str, str], now: dict[str, str]) -> tuple[Lease, ...]:
    """Give the leases that are not meant any more. Whose each address was, and is now, is given by MAC addresses."""
    return tuple(each for each in leases if now.get(each.ip, "") != (each.mac or before.get(each.ip, "?")))


def release(lease: Lease, server: IPv4Address, server_mac: str) -> bytes:
    """Write the frame by which a guest gives an IPv4 address back (RFC 2131, 4.4.6)."""
    mac, ip = octets(lease.mac), IPv4Address(lease.ip)
    told = bytes((MESSAGE_TYPE, 1, RELEASE, SERVER, 4)) + server.packed
    if lease.client != UNKNOWN:
        client = octets(lease.client)
        told += bytes((CLIENT, len(client))) + client
    nobody = bytes(4)
    fields = (BOOTREQUEST, ETHERNET, 6, 0, 0, 0, 0, ip.packed, nobody, nobody, nobody, mac, b"", b"", COOKIE)
    message = BOOTP.pack(*fields) + told + bytes((END,))
    return octets(server_mac) + mac + b"\x08\x00" + packet(ip, server, message)


def packet(source: IPv4Address, target: IPv4Address, message: bytes) -> bytes:
    """Write an UDP packet from a DHCP client's port to a server's; without a checksum of its own, which is allowed."""
    segment = struct.pack("!HHHH", 68, 67, 8 + len(message), 0) + message
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, 17, 0) + source.packed + target.packed
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + struct.pack("!H", 0xFFFF & ~(total + (total >> 16))) + head[12:] + segment


def octets(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))
