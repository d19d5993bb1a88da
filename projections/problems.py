"""What is other than it was meant: networks split or leaking, loops, clashing addresses, no way out, leftovers.

Each problem names the facts that cause it. Nothing is mended here, and nothing that is merely unusual is reported: an
answer without problems means that every L2 network is exactly one broadcast domain, as it was intended, that who is
to be translated on the way out gets there, that routers hear what is sent to their VIPs, that DHCP servers can answer,
and that hosts which report have what they are to have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from domain import l3, router
from projections import holders, ways_in
from projections.domains import Domain, domains, segment_name
from projections.partings import why_split
from projections.problem import Problem, cable_name, listed, problem
from projections.relations import related
from projections.rings import rings_of
from projections.serverless import serverless
from projections.shortfalls import shortfalls
from projections.topology import Topology
from projections.ways_out import shut


Positions = set[int]


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
                *strandings(topology),
                *deafnesses(topology),
                *silences(topology),
                *shortfalls(topology, found),
            ),
            key=lambda p: p.order,
        )
    )


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


# what leads nowhere


def strandings(topology: Topology) -> Iterator[Problem]:
    """Walk the L3 networks that take SNAT and have no way out."""
    for one in shut(topology):
        over = f" over IPv{one.only}" if one.only else ""
        yield problem(
            topology,
            "no-way-out",
            f"L3 network {topology.name(one.l3)} takes SNAT and has no way out{over}: {one.why}",
            l2=[topology.state(one.l3, l3.L3Network).l2],
            hosts=[one.host] if one.host else [],
            because=one.because,
        )


def deafnesses(topology: Topology) -> Iterator[Problem]:
    """Walk the VIPs that their router's host does not hear."""
    for one in ways_in.shut(topology):
        home = topology.name(topology.state(one.router, router.Router).l3)
        yield problem(
            topology,
            "no-way-in",
            f"VIP {topology.name(one.vip)} leads to L3 network {home}, and has no way in: host"
            f" {topology.name(one.host)}, where the router is, lacks L2 network {topology.name(one.l2)}",
            l2=[one.l2],
            hosts=[one.host],
            because=one.because,
        )


def silences(topology: Topology) -> Iterator[Problem]:
    """Walk the L3 networks whose DHCP server has no address to answer from."""
    for one in serverless(topology):
        told = f"L3 network {topology.name(one.l3)} has no IPv{one.version} address left for its DHCP server"
        home = topology.state(one.l3, l3.L3Network).l2
        yield problem(topology, "no-dhcp-address", told, l2=[home], because=one.because)
