"""What is other than it was meant: networks split or leaking, loops, clashing addresses, and what hosts left behind.

Each problem names the facts that cause it. Nothing is mended here, and nothing that is merely unusual is reported: an
answer without problems means that every L2 network is exactly one broadcast domain, as it was intended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Literal

import msgspec

from domain import cable, l2, l3, switch
from domain.cable import End
from projections import holders
from projections.domains import Domain, domains, segment_name
from projections.fabric import Segment, hops, plugs_of, reached
from projections.leftovers import leftovers
from projections.relations import related
from projections.rings import rings_of
from projections.topology import Topology


Kind = Literal["split", "leak", "loop", "ranges-overlap", "address-collision", "stale"]
KINDS: tuple[Kind, ...] = ("split", "leak", "loop", "ranges-overlap", "address-collision", "stale")
"""In the order in which they are told."""
Positions = set[int]


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong, by names."""

    kind: Kind
    l2: tuple[str, ...]
    segments: tuple[str, ...]
    hosts: tuple[str, ...]
    cables: tuple[str, ...]
    because: tuple[int, ...]
    what: str


def problems(topology: Topology) -> tuple[Problem, ...]:
    """Give all that is wrong, sorted by kind. O(networks + hosts + NICs + reports, and the fabric's ports)."""
    found = domains(topology)
    return tuple(
        sorted(
            (
                *splits(topology, found),
                *leaks(topology, found),
                *loops(topology, found),
                *overlaps(topology, found),
                *collisions(topology, found),
                *stale(topology),
            ),
            key=lambda p: (KINDS.index(p.kind), p.l2, p.hosts, p.because),
        )
    )


def problem(
    topology: Topology,
    kind: Kind,
    what: str,
    *,
    l2: Iterable[str],
    because: Iterable[int],
    segments: Iterable[Segment] = (),
    hosts: Iterable[str] = (),
    cables: Iterable[str] = (),
) -> Problem:
    return Problem(
        kind=kind,
        l2=tuple(sorted(topology.name(n) for n in l2)),
        segments=tuple(segment_name(topology, s) for s in segments),
        hosts=tuple(sorted(topology.name(h) for h in hosts)),
        cables=tuple(sorted(cable_name(topology, c) for c in cables)),
        because=tuple(sorted({p for p in because if p})),
        what=what,
    )


def listed(found: Iterable[str]) -> str:
    return ", ".join(sorted(found))


# splits


def splits(topology: Topology, found: Iterable[Domain]) -> Iterator[Problem]:
    """Walk the L2 networks that are several domains."""
    homes: dict[str, list[Domain]] = {}
    for domain in found:
        for network in domain.l2:
            homes.setdefault(network, []).append(domain)
    for network, parts in homes.items():
        if len(parts) > 1:
            told = (f"{listed(hosts_in(topology, part, network))} on {segments_told(topology, part)}" for part in parts)
            yield problem(
                topology,
                "split",
                f"L2 network {topology.name(network)} is {len(parts)} domains: {'; '.join(told)}",
                l2=[network],
                segments=[s for part in parts for s in part.segments],
                hosts={member for part in parts for n, member in part.places if n == network},
                because=why_split(topology, network, parts),
            )


def hosts_in(topology: Topology, domain: Domain, network: str) -> set[str]:
    return {topology.name(member) for n, member in domain.places if n == network}


def segments_told(topology: Topology, domain: Domain) -> str:
    return ", ".join(segment_name(topology, s) for s in domain.segments)


def why_split(topology: Topology, network: str, parts: Iterable[Domain]) -> Positions:
    """Name the facts of ports that stop a network's frames on the way to its other parts, and of missing cables."""
    areas = [area(topology, network, part) for part in parts]
    goals = {device for places in areas for device in devices(places)}
    alone = {place for places in areas if len(places) == 1 for place in places if place.interface}
    stops = {s for places in areas for s in stops_of(topology, places, goals - devices(places))}
    unplugged = {p for place in alone for p in cable_missing(topology, place)}
    if stops or unplugged:
        return stops | unplugged
    return {p for device in goals for p in pulled_from(topology, device)} or {topology.objects.born[d] for d in goals}


def area(topology: Topology, network: str, part: Domain) -> frozenset[Segment]:
    """Give all places that a network's frames get to in one of its parts."""
    interface, _, number = topology.state(network, l2.L2Network).segment.rpartition("/")
    start = next(member for n, member in sorted(part.places) if n == network)
    return reached(topology.objects, topology.fabric, Segment(start, interface, int(number)))


def devices(places: Iterable[Segment]) -> set[str]:
    return {place.part for place in places}


def stops_of(topology: Topology, places: frozenset[Segment], goals: set[str]) -> Iterator[int]:
    """Walk the facts of the ports that drop frames which would get from here to one of the goals."""
    here = devices(places)
    for place in sorted(places):
        for hop in hops(topology.objects, topology.fabric, place):
            if hop.dropped_by and leads_to(topology, hop.far[0], goals, besides=here):
                yield fact_of_port(topology, hop.dropped_by)


def leads_to(topology: Topology, start: str, goals: set[str], *, besides: set[str]) -> bool:
    """Tell whether cables lead from a device to one of the goals, around some others."""
    seen, waiting = {start, *besides}, [] if start in besides else [start]
    while waiting:
        device = waiting.pop()
        if device in goals:
            return True
        nearby = neighbours(topology, device) - seen
        seen |= nearby
        waiting.extend(nearby)
    return False


def neighbours(topology: Topology, device: str) -> set[str]:
    """Give the devices that a switch's cables lead to. A host passes nothing on."""
    state = topology.objects.states.get(device)
    ports = state.ports if isinstance(state, switch.Switch) else ()
    wires = (topology.fabric.wires.get((device, port)) for port in ports)
    return {wire.far[0] for wire in wires if wire}


def fact_of_port(topology: Topology, end: End) -> int:
    """Give the fact that made a port what it is: the one that set it, or the one that brought the switch."""
    return topology.fabric.set_at.get(end) or topology.objects.born[end[0]]


def cable_missing(topology: Topology, place: Segment) -> Iterator[int]:
    """Give the fact that left a host's interface without a cable: the one that pulled it, or that brought the host."""
    fabric, born = topology.fabric, topology.objects.born[place.part]
    ends = plugs_of(topology.objects.states[place.part], place.part, place.interface)
    if not any(end in fabric.wires for end in ends):
        yield max(fabric.loose.get(end, born) for end in ends)


def pulled_from(topology: Topology, device: str) -> Iterator[int]:
    """Walk the facts that pulled cables from a device's ends that are free now."""
    state = topology.objects.states[device]
    ports = state.ports if isinstance(state, switch.Switch) else ()
    free = ((device, port) for port in ports if (device, port) not in topology.fabric.wires)
    yield from (topology.fabric.loose[end] for end in free if end in topology.fabric.loose)


# leaks


def leaks(topology: Topology, found: Iterable[Domain]) -> Iterator[Problem]:
    """Walk the domains that hold several L2 networks."""
    for domain in found:
        if len(domain.l2) > 1:
            names = listed(topology.name(n) for n in domain.l2)
            yield problem(
                topology,
                "leak",
                f"L2 networks {names} are one domain on {segments_told(topology, domain)}",
                l2=domain.l2,
                segments=domain.segments,
                hosts=domain.hosts,
                because=why_joined(topology, domain),
            )


def why_joined(topology: Topology, domain: Domain) -> Positions:
    """Name, for each network of a domain, the fact that first put it on the segment."""
    first: dict[str, int] = {}
    for segment in domain.segments:
        for (network, _), position in related(topology.segments.carried, segment).items():
            first[network] = min(position, first.get(network, position))
    return set(first.values())


# loops


def loops(topology: Topology, found: Iterable[Domain]) -> Iterator[Problem]:
    """Walk the sets of cables that lead frames of some network in a circle."""
    rings: dict[frozenset[str], list[Domain]] = {}
    for domain in found:
        for segment in domain.segments:
            for ring in rings_of(topology, segment):
                rings.setdefault(ring, []).append(domain)
    for ring, suffering in rings.items():
        networks = {network for domain in suffering for network in domain.l2}
        names = listed(topology.name(n) for n in networks)
        yield problem(
            topology,
            "loop",
            f"frames of {names} go round in circles over {listed(cable_name(topology, c) for c in ring)}",
            l2=networks,
            segments=[segment for domain in suffering for segment in domain.segments],
            cables=ring,
            because=[topology.objects.born[c] for c in ring],
        )


# addresses


def overlaps(topology: Topology, found: Iterable[Domain]) -> Iterator[Problem]:
    """Walk the L3 networks of one domain, but of different L2 networks, whose ranges overlap."""
    ranges = topology.ranges
    for domain in found:
        for one, other in combinations(sorted(subnets(topology, domain)), 2):
            mine, theirs = topology.state(one, l3.L3Network), topology.state(other, l3.L3Network)
            pairs = [(a, b) for a in mine.ranges for b in theirs.ranges if a.overlaps(b)]
            if pairs and mine.l2 != theirs.l2:
                told = "; ".join(f"{a.start}-{a.end} and {b.start}-{b.end}" for a, b in pairs)
                yield problem(
                    topology,
                    "ranges-overlap",
                    f"L3 networks {mine.name} and {theirs.name} are in one domain, and their ranges overlap: {told}",
                    l2=[mine.l2, theirs.l2],
                    segments=domain.segments,
                    because={p for a, b in pairs for p in (ranges[one][a.name], ranges[other][b.name])}
                    | why_joined(topology, domain),
                )


def subnets(topology: Topology, domain: Domain) -> Iterator[str]:
    if len(domain.l2) > 1:
        yield from (uuid for network in domain.l2 for uuid in related(topology.objects.children, network))


def collisions(topology: Topology, found: Iterable[Domain]) -> Iterator[Problem]:
    """Walk the addresses that several have in one domain."""
    for domain in found:
        for ip, several in holders.doubled(topology, domain):
            names = listed(holders.label(topology, holder) for holder in several)
            yield problem(
                topology,
                "address-collision",
                f"address {ip} is that of {names}, all in one domain",
                l2={holders.l2_of(topology, holder) for holder in several},
                segments=domain.segments,
                hosts={member for holder in several if (member := holders.host_of(topology, holder))},
                because={p for holder in several for p in holders.because(topology, holder, ip)},
            )


# what is left behind


def stale(topology: Topology) -> Iterator[Problem]:
    """Walk what hosts have left of networks that they are to have no more."""
    for uuid in sorted(topology.reports.of):
        if uuid in topology.objects.states:
            for left in leftovers(topology, uuid):
                told = f"host {topology.name(uuid)} still has L2 network {topology.name(left.l2)}"
                what = f"{told}, which is no longer in its plan"
                yield problem(topology, "stale", what, l2=[left.l2], hosts=[uuid], because=left.because)


# names


def cable_name(topology: Topology, uuid: str) -> str:
    state = topology.state(uuid, cable.Cable)
    return " - ".join(f"{topology.name(device)}:{port}" for device, port in sorted((state.a, state.b)))
