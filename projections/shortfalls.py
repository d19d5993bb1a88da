"""Where hosts are behind what was intended, by their own word: on other wires than is meant, without a network that
they are to have, or with one that they are to have no more.

What a host never reported is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from projections import plan
from projections.domains import Domain, domains, segment_name
from projections.lacks import is_missed, lack
from projections.leftovers import leftovers, networks_in
from projections.problem import Problem, listed, problem
from projections.topology import Topology


def shortfalls(topology: Topology, intended: Iterable[Domain]) -> Iterator[Problem]:
    """Walk what hosts did otherwise than the intended domains have it. O(networks + reports + plans)."""
    meant, done = list(intended), domains(topology, "realized")
    yield from splits(topology, meant, done)
    yield from leaks(topology, meant, done)
    for uuid in sorted(topology.reports.of):
        if uuid in topology.objects.states:
            yield from missing(topology, uuid)
            yield from stale(topology, uuid)


# domains


def splits(topology: Topology, meant: Iterable[Domain], done: Iterable[Domain]) -> Iterator[Problem]:
    """Walk the L2 networks whose hosts are to be one domain, and by their reports are several."""
    realized: dict[str, list[Domain]] = {}
    for domain in done:
        for network in domain.l2:
            realized.setdefault(network, []).append(domain)
    for domain in meant:
        for network in domain.l2:
            here = domain.places
            parts = [part for part in realized.get(network, ()) if hosts_of(part, network, here)]
            if len(parts) > 1:
                yield split(topology, network, domain, parts)


def split(topology: Topology, network: str, meant: Domain, parts: list[Domain]) -> Problem:
    hosts = [hosts_of(part, network, meant.places) for part in parts]
    told = (
        f"{listed(topology.name(h) for h in members)} on {segments_told(topology, part)}"
        for part, members in zip(parts, hosts, strict=True)
    )
    return problem(
        topology,
        "realized-split",
        f"by what its hosts reported, L2 network {topology.name(network)} is {len(parts)} domains: {'; '.join(told)}",
        l2=[network],
        segments=[segment for part in parts for segment in part.segments],
        hosts={member for members in hosts for member in members},
        because=why(topology, ((network, min(members)) for members in hosts)),
    )


def leaks(topology: Topology, meant: Iterable[Domain], done: Iterable[Domain]) -> Iterator[Problem]:
    """Walk the L2 networks that are one domain by what hosts reported, and are to be several."""
    together = [set(domain.l2) for domain in meant if len(domain.l2) > 1]
    for domain in done:
        if len(domain.l2) > 1 and not any(set(domain.l2) <= networks for networks in together):
            names = listed(topology.name(n) for n in domain.l2)
            first = dict(sorted(domain.places, reverse=True))
            yield problem(
                topology,
                "realized-leak",
                f"by what hosts reported, L2 networks {names} are one domain on {segments_told(topology, domain)}",
                l2=domain.l2,
                segments=domain.segments,
                hosts=domain.hosts,
                because=why(topology, first.items()),
            )


def hosts_of(part: Domain, network: str, among: Iterable[tuple[str, str]]) -> set[str]:
    """Give the hosts of a network that are in a part, among those of some places."""
    return {member for n, member in part.places.intersection(among) if n == network}


def segments_told(topology: Topology, domain: Domain) -> str:
    return ", ".join(segment_name(topology, segment) for segment in domain.segments)


def why(topology: Topology, places: Iterable[tuple[str, str]]) -> set[int]:
    """Name what hosts said of networks, and the facts that gave these another VLAN."""
    found = list(places)
    said = {topology.reports.of[member][network].since for network, member in found}
    return said | {topology.objects.shaped.get(network, 0) for network, _ in found}


# hosts


def missing(topology: Topology, uuid: str) -> Iterator[Problem]:
    """Walk the networks that a host is to have, and by its own word has not, or not as it must."""
    spoken_of = sorted(n for n in topology.reports.of[uuid] if n in topology.objects.states)
    bad = {network: found for network in spoken_of if (found := lack(topology, uuid, network))}
    if not bad:
        return
    intended = plan.plan(topology, uuid)
    due = networks_in(intended)
    for network, found in bad.items():
        if network in due and is_missed(topology, intended, network):
            what = f"{topology.name(uuid)} does not have L2 network {topology.name(network)} as it is to: {found.why}"
            yield problem(topology, found.kind, what, l2=[network], hosts=[uuid], because=found.because)


def stale(topology: Topology, uuid: str) -> Iterator[Problem]:
    """Walk what a host has left of networks that it is to have no more."""
    for left in leftovers(topology, uuid):
        told = f"host {topology.name(uuid)} still has L2 network {topology.name(left.l2)}"
        gone = left.l2 in topology.objects.departed
        what = f"{told}, which is {'deleted' if gone else 'no longer in its plan'}"
        yield problem(topology, "stale", what, l2=[left.l2], hosts=[uuid], because=left.because)
