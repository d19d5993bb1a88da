"""What becomes of a packet that comes to a virtual router, by what the simulator says that hosts have.

What a router translates is asked of the rules that are loaded in its namespace; by which leg and to whom its packets
leave, of the routes and addresses there. Refuses to look at plans: what a plan says and no host has leads nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_interface, ip_network

import msgspec

from domain import values
from projections.found import Found, Room
from projections.nics import Nic
from projections.passage import Packet, Passage, passage, within
from projections.translation import Rules
from tests.conformance.ground import NOWHERE, OUT, Islands, Leg
from tests.conformance.hearing import UNKNOWN, Place


ROUTERS = 4
"""A packet that has come through so many goes round for ever."""


class Router(msgspec.Struct, frozen=True):
    host: str
    name: str
    room: Room
    rules: Rules


class Hop(msgspec.Struct, frozen=True):
    """Whom a router must know the hardware address of, by a leg."""

    router: Router
    leg: Leg
    ip: str
    mac: str


class Fate(msgspec.Struct, frozen=True):
    """What became of a packet. Where it is lost there are no hops and it is nobody's."""

    packet: Packet
    """As it is when it is there."""
    hops: tuple[Hop, ...] = ()
    """One for each time that it left a router."""
    router: Router | None = None
    """The one that it is for."""

    @property
    def is_lost(self) -> bool:
        return not self.hops and self.router is None


class UnsureError(Exception):
    """Where a packet gets to depends on more than is told here."""


class Roads:
    def __init__(self, islands: Islands, everybody: Mapping[Place, Nic], routers: Iterable[Router]) -> None:
        self.islands = islands
        self.everybody = everybody
        self.routers = {Leg(each.host, device): each for each in routers for device in each.room.legs}

    def routers_near(self, place: Place) -> Iterator[tuple[Leg, Router]]:
        """Walk the legs that a place hears."""
        near = self.islands.get(place, NOWHERE).legs
        return ((leg, self.routers[leg]) for leg in sorted(near) if leg in self.routers)

    def fate(self, leg: Leg, packet: Packet) -> Fate:
        """Follow a packet that comes by a leg, from router to router."""
        hops: list[Hop] = []
        for _ in range(ROUTERS):
            router = self.routers[leg]
            found = passage(router.rules, msgspec.structs.replace(packet, leg=leg.device))
            if found is None or not (router.room.forwarding or not found.leg):
                return Fate(packet)
            if not found.leg:
                return Fate(packet, tuple(hops), router)
            packet = translated(packet, found)
            hops.append(self.hop(router, found.leg, packet.dst))
            following = self._leg_of(hops[-1])
            if following is None:
                return Fate(packet, tuple(hops))
            leg = following
        raise UnsureError

    def hop(self, router: Router, device: str, dst: str) -> Hop:
        """Tell to whom a router sends what leaves by a leg."""
        door = next((door for door in router.rules.doors if door.leg == device), None)
        way = looked_up(router.room, door.number if door else 0, dst)
        if way is None or way[0] != device:
            raise RuntimeError(f"{router.name} on {router.host}: {dst} is to leave by {device}, its routes say {way}")
        leg = Leg(router.host, device)
        return Hop(router, leg, way[1], self.hardware(leg, way[1]))

    def answering(self, router: Router, device: str, dst: str) -> Hop | None:
        """Tell to whom a router answers what came by a leg; nothing where it has no route."""
        door = next((door for door in router.rules.doors if door.leg == device), None)
        way = looked_up(router.room, door.number if door else 0, dst)
        leg = Leg(router.host, way[0]) if way else None
        return Hop(router, leg, way[1], self.hardware(leg, way[1])) if way and leg else None

    def hardware(self, leg: Leg, ip: str) -> str:
        """Give who has an address where a leg is: a router, a guest, whoever is outside there; or nobody knows."""
        island = self.islands.get(leg, NOWHERE)
        for other in sorted(island.legs - {leg}):
            if other in self.routers and ip in addresses(self.routers[other].room, other.device):
                return self.routers[other].room.legs[other.device].mac
        guests = sorted(place for place in island.places if ip in self.everybody[place].addresses)
        outside = sorted(place for place in island.places if place.host == OUT)
        return next((place.mac for place in (*guests, *outside)), UNKNOWN)

    def _leg_of(self, hop: Hop) -> Leg | None:
        near = self.islands.get(hop.leg, NOWHERE).legs - {hop.leg}
        found = [leg for leg in near if leg in self.routers and self.mac_of(leg) == hop.mac]
        return found[0] if found else None

    def mac_of(self, leg: Leg) -> str:
        return self.routers[leg].room.legs[leg.device].mac


def routers_of(found: Mapping[str, Found], known: Mapping[str, Rules]) -> Iterator[Router]:
    """Walk the routers that hosts have, given rules by their digests."""
    for host, there in found.items():
        for name, room in there.namespaces.items():
            if room.rules in known:
                yield Router(host, name, room, known[room.rules])


def translated(packet: Packet, found: Passage) -> Packet:
    return msgspec.structs.replace(packet, leg="", src=found.src, dst=found.dst, port=found.port)


def addresses(room: Room, device: str) -> tuple[str, ...]:
    return tuple(cidr.partition("/")[0] for cidr in room.legs[device].addresses)


def looked_up(room: Room, number: int, dst: str) -> tuple[str, str] | None:
    """Give by which leg and to whom something leaves: by the routes of its number, or else by the main ones."""
    told = [(cidr, leg, gateway) for of, cidr, leg, gateway in room.ways if of == number]
    return longest(told, dst) or longest([*near(room), *far(room)], dst)


def longest(routes: Iterable[tuple[str, str, str]], dst: str) -> tuple[str, str] | None:
    leading = [(ip_network(cidr).prefixlen, leg, gateway or dst) for cidr, leg, gateway in routes if leads(cidr, dst)]
    return max(leading)[1:] if leading else None


def leads(cidr: str, dst: str) -> bool:
    return values.family(cidr) == values.family(dst) and within(dst, (cidr,))


def near(room: Room) -> Iterator[tuple[str, str, str]]:
    """Walk the routes that come with addresses."""
    for device, leg in room.legs.items():
        for cidr in leg.addresses:
            network = ip_interface(cidr).network
            if network.prefixlen < network.max_prefixlen:
                yield str(network), device, ""


def far(room: Room) -> Iterator[tuple[str, str, str]]:
    for cidr, gateway in room.routes:
        through = [leg for network, leg, _ in near(room) if ip_address(gateway) in ip_network(network)]
        yield from ((cidr, leg, gateway) for leg in through)
