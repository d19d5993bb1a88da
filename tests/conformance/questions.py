"""What is sent from each NIC, and who must hear it: by the simulator's devices, and by the projection of filters.

A NIC sends an ARP request and a few packets to all, honest ones and one that is not, and asks the servers of its
network by ARP, ICMP and TCP.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from ipaddress import ip_interface

import msgspec

from backends.kvm.lab import octets
from projections.found import Found
from projections.nics import Nic
from projections.plan import HostPlan
from projections.verdict import Judge, Probe
from tests.conformance import answers
from tests.conformance.ground import NOWHERE, Islands
from tests.conformance.hearing import Place
from tests.kernel import packets


NOBODY = "0.0.0.0"  # noqa: S104 - what a guest without an address says it has
DNS = 53
FIRST_PORT, LAST_PORT = 20_000, 60_000


class Side(msgspec.Struct, frozen=True):
    """One host: what it must have, and what the simulator says it has."""

    plan: HostPlan
    found: Found
    judge: Judge


class Question(msgspec.Struct, frozen=True):
    words: str
    place: Place
    frame: bytes
    key: bytes
    """What is listened for: the frame itself, or the answer to it."""
    heard_by: frozenset[Place]
    mark: int = 0
    """What says that a packet is this one, whatever routers make of it; 0 where none gets it."""


class Asker:
    """Makes questions, each unlike any before."""

    def __init__(self, *, tracks: bool) -> None:
        self._tracks = tracks
        """Whether the kernel knows an answer by its connection."""
        self.numbers = itertools.count(1)

    def questions(self, guests: Mapping[Place, Nic], islands: Islands, sides: Mapping[str, Side]) -> Iterator[Question]:
        for place, nic in guests.items():
            near = [(other, guests[other]) for other in islands.get(place, NOWHERE).places if other != place]
            for probe in said(nic, tuple(guests.values())):
                frame = packets.frame(probe, nic.mac, next(self.numbers))
                hearers = (there for there, other in near if passes(sides, place, there, probe, other))
                yield Question(f"{probe} of {place}", place, frame, frame, frozenset(hearers))
            if place.host in sides:
                yield from self._asked(place, nic, sides[place.host])

    def _asked(self, place: Place, nic: Nic, side: Side) -> Iterator[Question]:
        """Walk the questions to the servers on the NIC's bridge."""
        for mac, server, listens in servers(nic, side) if nic.ip else ():
            for probe in asked(nic, server, port_of(next(self.numbers))):
                mark = next(self.numbers)
                frame = packets.frame(probe, nic.mac, mark)
                sent = frame if probe.protocol == "ARP" else octets(mac) + frame[6:]
                key = answers.expected(probe, octets(mac), mark, listens=listens)
                back = answers.answer(probe, established=self._tracks)
                heard = judged(side, probe, nic.device, "") and judged(side, back, "", nic.device)
                hearers = frozenset({place} if heard else ())
                yield Question(f"an answer to {probe} of {place}", place, sent, key, hearers)


def port_of(number: int) -> int:
    """Give a port of one's own."""
    return FIRST_PORT + number % (LAST_PORT - FIRST_PORT)


def said(nic: Nic, everybody: tuple[Nic, ...]) -> Iterator[Probe]:
    """Walk what a NIC says to all."""
    others = sorted(other.ip for other in everybody if other.ip and other is not nic) or ["10.9.9.9"]
    own, to = nic.ip or NOBODY, others[int(nic.mac[-2:], 16) % len(others)]
    yield Probe(source=nic.device, src=own, dst=own, protocol="ARP")
    if nic.ip:
        yield Probe(source=nic.device, src=own, dst=to, protocol="TCP", source_port=1024, port=80)
        yield Probe(source=nic.device, src=own, dst=to, protocol="UDP", source_port=1024, port=DNS)
        yield Probe(source=nic.device, src=own, dst=to, protocol="ICMP", type=8)
        yield Probe(source=nic.device, src="10.99.0.1", dst=to, protocol="TCP", source_port=1024, port=81)
    if nic.ip6:
        yield Probe(source=nic.device, src=nic.ip6, dst="ff02::1", protocol="UDP", source_port=1024, port=DNS)


def asked(nic: Nic, server: str, port: int) -> Iterator[Probe]:
    """Walk what a server is asked. Who asks for its MAC address is known to it from then on."""
    yield Probe(source=nic.device, src=nic.ip, dst=server, protocol="ARP")
    yield Probe(source=nic.device, src=nic.ip, dst=server, protocol="ICMP", type=8)
    yield Probe(source=nic.device, src=nic.ip, dst=server, protocol="TCP", source_port=port, port=DNS)


def servers(nic: Nic, side: Side) -> Iterator[tuple[str, str, bool]]:
    """Walk (MAC address, address, whether it listens for DNS) of the host's servers on a NIC's bridge and subnet."""
    links, listening = side.found.links, {each.name for each in side.plan.namespaces if each.server and each.server.dns}
    bridge = links[nic.device].bridge if nic.device in links else ""
    for name, room in side.found.namespaces.items():
        for device, leg in room.legs.items() if not room.rules else ():
            for known in (ip_interface(cidr) for cidr in leg.addresses):
                if bridge and links[device].bridge == bridge and ip_interface(nic.ip).ip in known.network:
                    yield leg.mac, str(known.ip), room.server is not None and name in listening


def passes(sides: Mapping[str, Side], source: Place, target: Place, probe: Probe, to: Nic) -> bool:
    """Tell whether filters let a packet through: those of one host, or first of the one and then of the other."""
    if source.host == target.host:
        return allowed(sides, source.host, probe, probe.source, to.device)
    leaves = allowed(sides, source.host, probe, probe.source, "")
    return leaves and allowed(sides, target.host, probe, "", to.device)


def allowed(sides: Mapping[str, Side], host: str, probe: Probe, source: str, target: str) -> bool:
    """Tell whether a host's filters let a packet through. Outside there are none."""
    return host not in sides or judged(sides[host], probe, source, target)


def judged(side: Side, probe: Probe, source: str, target: str) -> bool:
    return side.judge.verdict(msgspec.structs.replace(probe, source=source, target=target)).allowed
