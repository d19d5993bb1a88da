"""What is sent to virtual routers, and where it must come out as what: by the simulator's devices, routes and rules.

Everybody calls every router on its island: the router itself, VIPs, who is behind it, and an address that is nowhere
near; and once as somebody else. Refuses to say what a second router answers to a first one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from backends.kvm.lab import octets
from domain import provider_types, values
from projections.nics import Nic
from projections.passage import DNS, Packet
from projections.translation import Forward
from projections.verdict import Probe
from tests.conformance import answers
from tests.conformance.ground import BEYOND, BEYOND6, NOWHERE, Leg
from tests.conformance.hearing import UNKNOWN, Place
from tests.conformance.questions import Question, Side, allowed, port_of
from tests.conformance.roads import Fate, Hop, Roads, Router, UnsureError, addresses
from tests.kernel import packets


HTTP = 80
LIAR = "10.99.0.1"
ECHO, ECHO6 = 8, 128
ANSWERS = {ECHO: 0, ECHO6: 129}
FAR = {values.IPV4: BEYOND, values.IPV6: BEYOND6}


class Caller:
    """Makes questions to routers, and remembers whom these must know to send on what they get."""

    def __init__(self, roads: Roads, sides: Mapping[str, Side], *, tracks: bool) -> None:
        self._roads, self._sides, self._everybody = roads, sides, roads.everybody
        self._tracks = tracks
        self.hops: set[Hop] = set()

    def questions(self, numbers: itertools.count[int]) -> Iterator[Question]:
        for place, nic in self._everybody.items():
            for leg, router in self._roads.routers_near(place):
                for probe in called(nic, router, leg, port_of(next(numbers))):
                    try:
                        yield self._question(place, leg, probe, next(numbers))
                    except UnsureError:
                        continue
            if nic.ip:
                yield from self._who_has(place, nic, numbers)

    def _question(self, place: Place, leg: Leg, probe: Probe, mark: int) -> Question:
        own = probe.source
        frame = octets(self._roads.mac_of(leg)) + packets.frame(probe, place.mac, mark)[6:]
        words = f"{probe} of {place} by {leg.device} on {leg.host}"
        key, hearers = answers.routed(probe, mark), frozenset[Place]()
        if allowed(self._sides, place.host, probe, own, ""):
            key, hearers = self._outcome(place, leg, probe, mark)
        return Question(words, place, frame, key, hearers, mark)

    def _outcome(self, place: Place, leg: Leg, probe: Probe, mark: int) -> tuple[bytes, frozenset[Place]]:
        """Tell as what a packet is heard, and by whom."""
        fate = self._roads.fate(leg, packet_of(leg, probe))
        if fate.router and fate.hops:
            raise UnsureError
        self.hops |= set(fate.hops)
        if fate.router:
            return self._answer(fate.router, leg, probe, mark)
        if fate.is_lost:
            return answers.routed(probe, mark), frozenset()
        said = probe_of(fate, probe)
        return answers.routed(said, mark), frozenset(self._hearers(fate.hops[-1], said))

    def _answer(self, router: Router, leg: Leg, probe: Probe, mark: int) -> tuple[bytes, frozenset[Place]]:
        """Tell what a router itself answers, and who hears that."""
        hop = self._roads.answering(router, leg.device, probe.src)
        back = answers.answer(probe, established=self._tracks)
        key = answers.routed(probe, mark)
        if probe.protocol == "ICMP":
            back = msgspec.structs.replace(back, type=ANSWERS[probe.type])
            key = answers.routed(back, mark)
        elif probe.protocol == "TCP" and not probe.is_ipv6 and hop:
            key = answers.expected(probe, octets(self._roads.mac_of(hop.leg)), mark, listens=listens(router, probe))
        if hop is None or probe.protocol == "UDP" or (probe.protocol == "TCP" and probe.is_ipv6):
            return key, frozenset()
        self.hops.add(hop)
        return key, frozenset(self._hearers(hop, back))

    def _hearers(self, hop: Hop, said: Probe) -> Iterator[Place]:
        """Walk who hears what leaves a router: whom it is for, or everybody where nobody knows who that is."""
        for place in self._roads.islands.get(hop.leg, NOWHERE).places:
            if hop.mac in {place.mac, UNKNOWN}:
                device = self._everybody[place].device
                source = hop.leg.device if place.host == hop.leg.host else ""
                if allowed(self._sides, place.host, said, source, device):
                    yield place

    def _who_has(self, place: Place, nic: Nic, numbers: itertools.count[int]) -> Iterator[Question]:
        """Ask who has each address of the routers that a place hears: every leg that has it answers, and no other."""
        owners: dict[str, list[Leg]] = {}
        for leg, router in self._roads.routers_near(place):
            for ip in addresses(router.room, leg.device):
                owners.setdefault(ip, []).append(leg)
        for ip, legs in owners.items():
            if ip != nic.ip and values.family(ip) == values.IPV4:
                probe = Probe(source=nic.device, src=nic.ip, dst=ip, protocol="ARP")
                frame = packets.frame(probe, nic.mac, next(numbers))
                heard = frozenset({place} if allowed(self._sides, place.host, probe, nic.device, "") else ())
                for leg in legs:
                    key = answers.expected(probe, octets(self._roads.mac_of(leg)), 0, listens=False)
                    yield Question(f"{leg.device} answer {probe} of {place}", place, frame, key, heard)


def called(nic: Nic, router: Router, leg: Leg, port: int) -> Iterator[Probe]:
    """Walk what a NIC sends to a router that it hears by a leg."""
    for src in nic.addresses:
        version = values.family(src)
        for dst in targets(router, version):
            if dst != src:
                told = (at(protocol, number) for protocol, number in ways(router, dst, version))
                yield from (sent(nic, src, dst, each, port) for each in told)
    if nic.ip and leg.device == router.rules.inside:
        yield sent(nic, LIAR, BEYOND, at("TCP", HTTP), port)


def targets(router: Router, version: int) -> list[str]:
    """Give the router's own addresses, VIPs, one that is far away, and guests that are led to."""
    rules = router.rules
    led = (*(pair.guest for pair in rules.pairs), *(one.guest for one in rules.forwards))
    found = dict.fromkeys((*rules.addresses, FAR[version], *led))
    return [ip for ip in found if values.family(ip) == version]


def ways(router: Router, dst: str, version: int) -> Iterator[tuple[str, int]]:
    """Walk (protocol, port or type) of what is sent to an address: by every rule that there may be for it."""
    yield "ICMP", ECHO if version == values.IPV4 else ECHO6
    led = [one for one in router.rules.forwards if one.vip == dst]
    yield from dict.fromkeys(pair for one in led for pair in around(one))
    if not led:
        yield "TCP", DNS if dst in router.rules.own else HTTP
        yield "UDP", HTTP


def around(one: Forward) -> Iterator[tuple[str, int]]:
    """Walk the first and the last port of a rule, the one beyond, and its port of the other protocol."""
    yield from ((one.protocol, port) for port in (one.ports.first, one.ports.last, min(one.ports.last + 1, 65_535)))
    yield "UDP" if one.protocol == "TCP" else "TCP", one.ports.first


def at(protocol: str, number: int) -> dict[str, Any]:
    return {"protocol": protocol, "type" if protocol == "ICMP" else "port": number}


def sent(nic: Nic, src: str, dst: str, what: dict[str, Any], port: int) -> Probe:
    return Probe(source=nic.device, src=src, dst=dst, source_port=port, **what)


def packet_of(leg: Leg, probe: Probe) -> Packet:
    return Packet(
        leg=leg.device, src=probe.src, dst=probe.dst, protocol=probe.protocol, port=probe.port, type=probe.type
    )


def probe_of(fate: Fate, probe: Probe) -> Probe:
    """Give what a packet is when it is out of a router."""
    packet = fate.packet
    return msgspec.structs.replace(probe, source="", src=packet.src, dst=packet.dst, port=packet.port)


def listens(router: Router, probe: Probe) -> bool:
    server = router.room.server
    return server is not None and provider_types.DNS in router.rules.serves and probe.dst in router.rules.own


def known_to(hops: Iterable[Hop]) -> dict[tuple[str, str], list[str]]:
    """Give what `ip` is told so that routers know whom they send to, by host and namespace."""
    told: dict[tuple[str, str], list[str]] = {}
    for hop in sorted(hops, key=lambda hop: (hop.leg, hop.ip)):
        line = f"neigh replace {hop.ip} lladdr {hop.mac} dev {hop.leg.device} nud permanent"
        told.setdefault((hop.router.host, hop.router.name), []).append(line)
    return told
