"""Tells a guest whose EIP has ended that the wire's own gateway is its gateway again: it would find out in a minute.

By IPv4 the gateway is asked for in the guest's name, so that the answer gets to the guest. By IPv6 the guest alone is
told that the host's own leg is nobody's router any more; who else is one is asked under no name, which is answered to
all. A lost word costs the time in which guests find out by themselves.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv6Address
from typing import Any

from backends.kvm import fences, nft
from backends.kvm.announcement import ARP_REQUEST, HOPS
from backends.kvm.kernel import Kernel
from backends.kvm.lab import BROADCAST, octets
from backends.kvm.namespace import inside
from projections.namespaces import Gate


Held = dict[tuple[str, str], tuple[str, ...]]
"""By port and gateway: the hardware addresses of the legs that may have been that gateway."""
ARP_NOBODY, IPV6, ICMPV6 = bytes(4), b"\x86\xdd", 58
NOBODY, EVERYONE, ROUTERS = "::", "ff02::1", "ff02::2"
SOLICITATION, NEIGHBOUR, ADVERTISEMENT = 133, 135, 134
NO_ROUTER = bytes(12)
"""An advertisement's words: a lifetime of nothing, and nothing else."""


def held(namespace: str | None) -> Held:
    """Give who has which gateway by the gates that are loaded."""
    found = {
        each["set"]["name"]: each["set"] for each in nft.table(namespace, *fences.TABLE.split()) or () if "set" in each
    }
    macs = tuple(elements(found.get("gate_macs", {})))
    holders = (*elements(found.get("gateways", {})), *elements(found.get("gateways6", {})))
    return {(port, spelt(gateway)): macs for port, gateway in (each["concat"] for each in holders)}


def elements(told: dict[str, Any]) -> list[Any]:
    return list(told.get("elem", ()))


def spelt(gateway: str) -> str:
    """Write an address that may be told as a number."""
    return str(IPv6Address(int(gateway, 16))) if gateway.startswith("0x") else gateway


def tell(kernel: Kernel, before: Held, led: Iterable[Gate]) -> None:
    """Tell those that held a gateway before and do no more, where they still are on a bridge."""
    now = {holder for gate in led for holder in gate.holders}
    for (port, gateway), macs in before.items():
        if (port, gateway) not in now and kernel.has(port):
            with suppress(OSError), inside(kernel.namespace):
                bridge = socket.if_indextoname(kernel.link(port).get_attr("IFLA_MASTER") or 0)
                say(port, bridge, gateway, macs)


def say(port: str, bridge: str, gateway: str, macs: Iterable[str]) -> None:
    if ":" not in gateway:
        send(bridge, asking(octets(guest_of(port)), gateway))
        return
    for mac in macs:
        send(port, packet(octets(mac), (link_local(mac), EVERYONE), ADVERTISEMENT, NO_ROUTER))
    own = octets(guest_of(port))
    send(bridge, packet(own, (NOBODY, solicited(gateway)), NEIGHBOUR, bytes(4) + IPv6Address(gateway).packed))
    send(bridge, packet(own, (NOBODY, ROUTERS), SOLICITATION, bytes(4)))


def guest_of(port: str) -> str:
    """Read a guest's hardware address off the name of its NIC's device."""
    digits = port.removeprefix("nic")
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def asking(sender: bytes, gateway: str) -> bytes:
    """Write an ARP request by who names no address of its own (RFC 5227)."""
    head = BROADCAST + sender + ARP_REQUEST
    return head + sender + ARP_NOBODY + bytes(6) + socket.inet_aton(gateway)


def packet(sender: bytes, ends: tuple[str, str], kind: int, words: bytes) -> bytes:
    """Write a message of neighbour discovery to a group (RFC 4861)."""
    source, group = (IPv6Address(end).packed for end in ends)
    body = struct.pack("!BBH", kind, 0, 0) + words
    total = checksum(source + group + struct.pack("!II", len(body), ICMPV6) + body)
    head = struct.pack("!IHBB", 6 << 28, len(body), ICMPV6, HOPS) + source + group
    return b"\x33\x33" + group[12:] + sender + IPV6 + head + body[:2] + total + body[4:]


def checksum(data: bytes) -> bytes:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)


def solicited(ip: str) -> str:
    """Give the group in which somebody with an address is asked for."""
    return str(IPv6Address(IPv6Address("ff02::1:ff00:0").packed[:13] + IPv6Address(ip).packed[13:]))


def link_local(mac: str) -> str:
    """Give the address that a kernel makes of a hardware address (RFC 4291)."""
    own = octets(mac)
    return str(IPv6Address(b"\xfe\x80" + bytes(6) + bytes((own[0] ^ 2,)) + own[1:3] + b"\xff\xfe" + own[3:]))


def send(device: str, frame: bytes) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as cable:
        cable.bind((device, 0))
        cable.send(frame)
