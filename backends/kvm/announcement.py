"""Tells neighbours where an address is now: a VIP that another router had, or a router that was on another host.

Whoever knew it elsewhere learns at once, and so do the switches in between; a lost announcement costs the seconds in
which neighbours find out by themselves.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from contextlib import suppress

from backends.kvm.lab import BROADCAST, octets


ARP_REQUEST = b"\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01"
EVERYONE, HOPS = "ff02::1", 255
ADVERTISEMENT, ROUTER_OVERRIDES, TARGETS_MAC = 136, 0xA0000000, 2


def announce(device: str, mac: str, cidrs: Iterable[str]) -> None:
    """Announce addresses of a device, in the namespace that this thread is in. A device that is down says nothing."""
    for cidr in cidrs:
        address, own = cidr.partition("/")[0], octets(mac)
        with suppress(OSError):
            if ":" in address:
                announce6(device, own, address)
            else:
                announce4(device, own, address)


def announce4(device: str, mac: bytes, address: str) -> None:
    """Ask for an own address (RFC 5227)."""
    own = socket.inet_aton(address)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as cable:
        cable.bind((device, 0))
        cable.send(BROADCAST + mac + ARP_REQUEST + mac + own + bytes(6) + own)


def announce6(device: str, mac: bytes, address: str) -> None:
    """Advertise an own address to everyone, unasked (RFC 4861). The kernel adds the checksum."""
    own, index = socket.inet_pton(socket.AF_INET6, address), socket.if_nametoindex(device)
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as voice:
        voice.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, HOPS)
        voice.bind((address, 0, 0, index))
        told = struct.pack("!BBHI", ADVERTISEMENT, 0, 0, ROUTER_OVERRIDES) + own + bytes((TARGETS_MAC, 1)) + mac
        voice.sendto(told, (EVERYONE, 0, 0, index))
