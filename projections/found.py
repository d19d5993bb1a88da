"""What a look at a host shows: its links, addresses, routes and tunnel peers.

A backend fills it from a kernel, a simulator keeps one per host, and operations turn one into the next. It
holds what is ours and what is foreign alike, since a plan must keep off what is foreign.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from immutables import Map


Kind = Literal["bridge", "vlan", "vxlan", "port", "other"]
"""`port` is the host's end of a VM's NIC; `other` is everything we never make, physical interfaces first."""


class Link(msgspec.Struct, frozen=True):
    name: str
    kind: Kind
    bridge: str = ""
    """The bridge it is a port of."""
    ours: bool = False
    """It carries our group number, which the kernel sets together with the link."""
    mark: str = ""
    """Its alias, where it is ours: what it is for and the fact that caused it."""
    up: bool = True
    mtu: int = 0
    interface: str = ""
    """The link below a VLAN device."""
    number: int = 0
    """VLAN or VNI."""
    local: str = ""
    """Where a tunnel starts."""
    udp_port: int = 0


class Address(msgspec.Struct, frozen=True, order=True):
    """An address that an administrator or a daemon gave an interface; not what the kernel makes by itself."""

    interface: str
    cidr: str
    """`10.0.0.1/24`, either family."""
    broadcast: str = ""
    label: str = ""
    scope: int = 0
    flags: int = 0
    valid_s: int = 0
    """Lifetime left in seconds; 0 is for ever."""
    preferred_s: int = 0


class Route(msgspec.Struct, frozen=True, order=True):
    """A route through one interface that the kernel would not make again by itself."""

    interface: str
    destination: str
    """`0.0.0.0/0`, either family."""
    gateway: str = ""
    table: int = 254
    metric: int = 0
    protocol: int = 4
    scope: int = 0
    source: str = ""
    onlink: bool = False
    type: int = 1


class Found(msgspec.Struct, frozen=True):
    """One host at one moment."""

    links: Map[str, Link] = Map()
    addresses: frozenset[Address] = frozenset()
    routes: frozenset[Route] = frozenset()
    peers: frozenset[tuple[str, str]] = frozenset()
    """(tunnel, peer's VTEP): where a tunnel sends broadcasts."""


def bare_host(interfaces: tuple[str, ...]) -> Found:
    """Give a host as it comes out of the box: its physical interfaces, up, and nothing of ours."""
    return Found(links=Map({name: Link(name, "other") for name in interfaces}))
