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


class Asker:
    """Makes questions, each unlike any before."""

    def __init__(self, *, tracks: bool) -> None:
        self._tracks = tracks
        """Whether the kernel knows an answer by its connection."""
        self._numbers = itertools.count(1)

    def questions(
        self, guests: Mapping[Place, Nic], islands: Mapping[Place, frozenset[Place]], sides: Mapping[str, Side]
    ) -> Iterator[Question]:
        for place, nic in guests.items():
            near = [(other, guests[other]) for other in islands.get(place, ()) if other != place]
            for probe in said(nic, tuple(guests.values())):
                frame = packets.frame(probe, nic.mac, next(self._numbers))
                hearers = (there for there, other in near if passes(sides, place, there, probe, other))
                yield Question(f"{probe} of {place}", place, frame, frame, frozenset(hearers))
            yield from self._asked(place, nic, sides[place.host])

    def _asked(self, place: Place, nic: Nic, side: Side) -> Iterator[Question]:
        """Walk the questions to the servers on the NIC's bridge."""
        for mac, server, listens in servers(nic, side) if nic.ip else ():
            for probe in asked(nic, server, FIRST_PORT + next(self._numbers) % (LAST_PORT - FIRST_PORT)):
                mark = next(self._numbers)
                frame = packets.frame(probe, nic.mac, mark)
                sent = frame if probe.protocol == "ARP" else octets(mac) + frame[6:]
                key = answers.expected(probe, octets(mac), mark, listens=listens)
                back = answers.answer(probe, established=self._tracks)
                allowed = judged(side, probe, nic.device, "") and judged(side, back, "", nic.device)
                hearers = frozenset({place} if allowed else ())
                yield Question(f"an answer to {probe} of {place}", place, sent, key, hearers)


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
    """Walk (MAC address, address, whether it listens for DNS) of the servers on a NIC's bridge and in its subnet."""
    links, listening = side.found.links, {each.name for each in side.plan.namespaces if each.server and each.server.dns}
    bridge = links[nic.device].bridge if nic.device in links else ""
    for name, room in side.found.namespaces.items():
        for device, leg in room.legs.items():
            for known in (ip_interface(cidr) for cidr in leg.addresses):
                if bridge and links[device].bridge == bridge and ip_interface(nic.ip).ip in known.network:
                    yield leg.mac, str(known.ip), room.server is not None and name in listening


def passes(sides: Mapping[str, Side], source: Place, target: Place, probe: Probe, to: Nic) -> bool:
    """Tell whether filters let a packet through: those of one host, or first of the one and then of the other."""
    if source.host == target.host:
        return judged(sides[source.host], probe, probe.source, to.device)
    return judged(sides[source.host], probe, probe.source, "") and judged(sides[target.host], probe, "", to.device)


def judged(side: Side, probe: Probe, source: str, target: str) -> bool:
    return side.judge.verdict(msgspec.structs.replace(probe, source=source, target=target)).allowed
