"""What a look at a host shows: its links, addresses, routes and tunnel peers.

A backend fills it from a kernel, a simulator keeps one per host, and operations turn one into the next. It
holds what is ours and what is foreign alike, since a plan must keep off what is foreign.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from immutables import Map

from projections.ovs import Ovs


Kind = Literal["bridge", "vlan", "vxlan", "port", "leg", "other"]
"""`port` is the host's end of a VM's NIC, `leg` its end of a cable into a namespace of ours; `other` is everything we
never make, physical interfaces first.
"""


FOREIGN = "foreign"
"""What a look says of the digest of a thing with the name of one of ours that is somebody else's."""
ALTERED = "altered"
"""What it says of one that is ours and not as we left it."""


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
    lower: str = ""
    """The link that one which is not ours stands on, and goes with."""


class Address(msgspec.Struct, frozen=True, order=True):
    """An address that an administrator or a daemon gave an interface; not what the kernel makes by itself.

    Its lifetime is left out: what counts down would be news at each look.
    """

    interface: str
    cidr: str
    """`10.0.0.1/24`, either family."""
    broadcast: str = ""
    label: str = ""
    scope: int = 0
    flags: int = 0


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


class Inside(msgspec.Struct, frozen=True):
    """The inner end of a leg."""

    mac: str
    mtu: int = 0
    up: bool = True
    addresses: tuple[str, ...] = ()
    """Sorted, without what the kernel makes by itself."""


class Running(msgspec.Struct, frozen=True):
    """A server that lives, where it listens, and the digests of what it was started with and of what it read last."""

    leg: str
    settings: str
    entries: str


STRAY = Running("", "", "")
"""One that may live, and nobody knows what it was told: a run was killed, or the leg where it listened is gone."""


class Room(msgspec.Struct, frozen=True):
    """What is in a network namespace that is pinned where ours are."""

    ours: bool = True
    mark: str = ""
    """The alias of its `lo`: what it is for and the fact that caused it. Nothing where only its pin is left of it."""
    legs: Map[str, Inside] = Map()
    """Its devices of ours, by name."""
    routes: frozenset[tuple[str, str]] = frozenset()
    """(destination, gateway), through legs, without what comes with addresses."""
    ways: frozenset[tuple[int, str, str, str]] = frozenset()
    """(number, destination, leg, gateway) of the routes of marked packets."""
    forwarding: bool | None = False
    """Nothing where it forwards one family and not the other."""
    rules: str = ""
    """The digest of the rules that are loaded and in force; nothing where connections before them may go on."""
    server: Running | None = None


class Neighbour(msgspec.Struct, frozen=True, order=True):
    """A neighbour that somebody told a host of for good, or that it answers for."""

    interface: str
    address: str
    mac: str = ""
    proxy: bool = False


class Rule(msgspec.Struct, frozen=True, order=True):
    """A rule of routing that names an interface, as far as it tells one from another."""

    interface: str
    way: Literal["in", "out"]
    """Whether it is about what comes in there, or about what a socket that is bound to it sends."""
    version: int
    priority: int
    source: str = ""
    destination: str = ""
    table: int = 254


class Loaded(msgspec.Struct, frozen=True):
    """The filters that a host has loaded."""

    digest: str
    """Of all but the members; `foreign` where somebody else has a table of that name."""
    members: Map[tuple[str, str], frozenset[str]] = Map()
    """Addresses by group and bridge."""
    settled: bool = True
    """Whether no connection is left that they would not let anybody open."""
    nics: frozenset[str] = frozenset()
    """The devices in groups that they guard, by whatever rules."""


class Found(msgspec.Struct, frozen=True):
    """One host at one moment."""

    links: Map[str, Link] = Map()
    addresses: frozenset[Address] = frozenset()
    routes: frozenset[Route] = frozenset()
    peers: frozenset[tuple[str, str]] = frozenset()
    """(tunnel, peer's VTEP): where a tunnel sends broadcasts. Somebody's entry may have more: `10.0.0.2 port 9`."""
    neighbours: frozenset[Neighbour] = frozenset()
    rules: frozenset[Rule] = frozenset()
    ovs: Ovs = Ovs()
    namespaces: Map[str, Room] = Map()
    """By name, those pinned in our own folder."""
    fence: str = ""
    """The digest of the fences that are loaded; `foreign` where somebody else has a table of that name."""
    filters: Loaded | None = None
    deaf: frozenset[str] | None = frozenset()
    """The bridges on which the host itself hears nothing; `None` where somebody else has a table of that name."""
    wall: str = ""
    """The digest of the wall around its tunnels; `foreign` where somebody else has a table of that name."""
    firewall: Map[str, frozenset[str]] = Map()
    """The words in rules of tables that aren't ours: looked at where a bridge is about to take addresses over."""


def bare_host(interfaces: tuple[str, ...], ends: Iterable[str] = ()) -> Found:
    """Give a host as it comes out of the box: its physical interfaces, up, and nothing of ours.

    *ends* are where its tunnels start: addresses that no interface loses.
    """
    return Found(
        links=Map({name: Link(name, "other") for name in interfaces}),
        addresses=frozenset(Address("lo", f"{end}/{128 if ':' in end else 32}") for end in ends),
    )
