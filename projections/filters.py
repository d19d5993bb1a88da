"""What a host filters: the NICs that security groups are for, what their groups let through, and who is a member.

Made from the guards and shields of the services and the ports of NICs: what is compared with a host, loaded on it and
asked for a verdict is one struct. Members stand apart from everything else: they change most, and change one by one.
A NIC in no group is kept from sending as somebody else, and from nothing else. Knows no text of any filter's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address
from typing import TYPE_CHECKING

import msgspec
from immutables import Map

from projections.digest import digest
from projections.service_entries import Filter, Guard, Services, Shield


if TYPE_CHECKING:
    from projections.plan import Bridge, Port


Place = tuple[str, str]
"""A group, and the bridge on which it has its members."""
ZONES = 65_535
"""How many zones a kernel keeps connections apart in, beside the one of the host's own."""
LINK_LOCAL = 0xFE80 << 112


class GuardedNic(msgspec.Struct, frozen=True):
    """A NIC that sends only as itself, and receives what its groups let in: all, where it is in none."""

    device: str
    bridge: str
    mac: str
    ips: tuple[str, ...]
    groups: tuple[str, ...]
    egress_closed: bool
    """Whether it may send only what its groups let out: so from their first egress rule on."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Give all addresses that it may send from: its own, and the one of its MAC address on the link."""
        return (*self.ips, link_local(self.mac))


class Group(msgspec.Struct, frozen=True):
    """A group that a NIC here is in, or that such a group's rule names: on one bridge, since elsewhere an address may
    be somebody else's.
    """

    group: str
    bridge: str
    rules: tuple[Filter, ...]
    """With the one that lets members in to each other; none where no NIC here is in it."""
    members: tuple[str, ...]
    """Addresses of both families, on that network of whatever host."""

    @property
    def place(self) -> Place:
        return (self.group, self.bridge)


class Filters(msgspec.Struct, frozen=True):
    """All that a host filters. Empty where none of its NICs is on a network with security groups."""

    nics: tuple[GuardedNic, ...] = ()
    groups: tuple[Group, ...] = ()
    zones: tuple[tuple[str, int], ...] = ()
    """For each bridge of tenants alone, the zone of its connections: two of them may use the same addresses."""
    because: tuple[int, ...] = ()

    @property
    def devices(self) -> frozenset[str]:
        """Give the devices that are in groups: they must not be up unguarded."""
        return frozenset(nic.device for nic in self.nics if nic.groups)

    @property
    def digest(self) -> str:
        """Tell it from others by everything but the members."""
        bare = tuple(msgspec.structs.replace(group, members=()) for group in self.groups)
        return digest(msgspec.structs.replace(self, groups=bare))

    @property
    def members(self) -> Map[Place, frozenset[str]]:
        """Give the addresses of each group's members on each bridge."""
        return Map({group.place: frozenset(group.members) for group in self.groups})


def filters(services: Services, ports: Iterable[Port], bridges: Iterable[Bridge]) -> Filters:
    """Derive what a host filters, on the bridges that are ours to make. O(NICs, groups, rules and members)."""
    tenants = {bridge.name: not bridge.uplink for bridge in bridges}
    homes = {port.device: port.bridge for port in ports if port.bridge in tenants}
    shields = [shield for shield in services.shields if shield.device in homes]
    if not shields:
        return Filters()
    used = {homes[shield.device] for shield in shields}
    causes = (*(guard.because for guard in services.guards), *(shield.because for shield in shields))
    return Filters(
        nics=tuple(guarded(shield, homes[shield.device]) for shield in shields),
        groups=tuple(group(guard) for guard in services.guards if guard.bridge in used),
        zones=tuple(zones(sorted(bridge for bridge in used if tenants[bridge]))),
        because=tuple(sorted({fact for because in causes for fact in because})),
    )


def guarded(shield: Shield, bridge: str) -> GuardedNic:
    return GuardedNic(
        device=shield.device,
        bridge=bridge,
        mac=shield.mac,
        ips=shield.ips,
        groups=shield.groups,
        egress_closed=shield.egress == "closed",
    )


def group(guard: Guard) -> Group:
    return Group(guard.group, guard.bridge, guard.filters if guard.ports else (), guard.members)


def zones(bridges: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Give each bridge a number by its name, so that a connection stays in its zone when others come and go."""
    taken: set[int] = set()
    for name in bridges:
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest()) % ZONES
        while number in taken:
            number = (number + 1) % ZONES
        taken.add(number)
        yield name, number + 1


def link_local(mac: str) -> str:
    """Give the address that a device makes of its MAC address by itself (RFC 4291, modified EUI-64)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    identifier = bytes((octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]))
    return str(IPv6Address(LINK_LOCAL | int.from_bytes(identifier)))
