"""Broadcast domains as people ask for them: networks, segment, hosts and NICs of each.

There are three levels, never mixed: intended is what the facts about L2 networks and the fabric say; realized is what
hosts reported done; observed is that, less what a look showed to have drifted. The fabric is the same at all three.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Literal

import msgspec

from domain import l2, pool, switch, vm
from projections import attachment, broadcast
from projections.broadcast import EVERY_HOST, Place
from projections.fabric import Parts, Segment
from projections.relations import related
from projections.topology import Topology


Level = Literal["intended", "realized", "observed"]


class Domain(msgspec.Struct, frozen=True):
    """NICs that hear one another's broadcasts."""

    id: str
    """The uuid of its oldest L2 network: it stays while the domain grows or shrinks around it. Its segment follows
    where that network is split into several domains.
    """
    l2: tuple[str, ...]
    segments: tuple[Segment, ...]
    """The one that it is; none for a network that is nowhere."""
    hosts: tuple[str, ...]
    nics: tuple[str, ...]
    """NICs of running VMs."""
    places: frozenset[Place]
    """Each of its networks at each of its hosts."""


def domains(topology: Topology, level: Level = "intended") -> tuple[Domain, ...]:
    """Give every domain, sorted by id. O(networks + hosts + NICs)."""
    networks = [uuid for uuid, _ in topology.networks()]
    if level == "intended":
        return tuple(domains_of(topology, networks))
    return tuple(at_level(topology, networks, level))


def domains_of(topology: Topology, networks: Iterable[str]) -> Iterator[Domain]:
    """Walk the intended domains that some networks are in, sorted by id."""
    wanted, segments = list(networks), topology.segments
    found = {s: list(related(segments.carried, s)) for n in wanted for s in segments_of(segments, n)}
    return assemble(topology, wanted, found, lambda network: segments_of(segments, network))


def segments_of(segments: broadcast.Segments, network: str) -> set[Segment]:
    return set(segments.of.get(network, broadcast.NOWHERE).values())


def at_level(topology: Topology, networks: Iterable[str], level: Level) -> Iterator[Domain]:
    """Walk the domains of what hosts reported, meant to be there or not. O(reports)."""
    parts, scene = Parts(topology.objects, topology.fabric), topology.scene
    found: dict[Segment, list[Place]] = {}
    homes: dict[str, set[Segment]] = {}
    for member, network, wire in reported(topology, level):
        segment = broadcast.segment_on(scene, network, wire, member, parts)
        if segment and member in topology.objects.states:
            found.setdefault(segment, []).append((network, member))
            homes.setdefault(network, set()).add(segment)
    return assemble(topology, networks, found, lambda network: homes.get(network, set()))


def reported(topology: Topology, level: Level) -> Iterator[tuple[str, str, str]]:
    """Walk (host, L2 network, the wire it is on there) of all that hosts have, by their own word."""
    for member, here in topology.reports.of.items():
        for network, said in here.items():
            if said.outcome == "realized" and not (level == "observed" and said.impaired):
                yield member, network, said.segment


def assemble(
    topology: Topology,
    networks: Iterable[str],
    found: Mapping[Segment, Iterable[Place]],
    segments: Callable[[str], set[Segment]],
) -> Iterator[Domain]:
    """Make a domain of each segment, and one of each network that is on none."""

    @cache
    def on_air(network: str) -> dict[str, list[str]]:
        return nics_on(topology, network)

    idle = (Domain(n, (n,), (), (), (), frozenset()) for n in networks if not segments(n))
    live = (domain(topology, s, places, segments, on_air) for s, places in found.items())
    yield from sorted([*idle, *live], key=lambda d: d.id)


def domain(
    topology: Topology,
    segment: Segment,
    on_it: Iterable[Place],
    segments: Callable[[str], set[Segment]],
    on_air: Callable[[str], dict[str, list[str]]],
) -> Domain:
    places = list(on_it)
    networks = sorted({network for network, _ in places})
    nics = (nic for network, member in places for nic in nics_at(on_air(network), member))
    everywhere = frozenset(p for place in places for p in spread(topology, *place))
    oldest = networks[0]
    return Domain(
        id=oldest if len(segments(oldest)) == 1 else f"{oldest}/{broadcast.text(segment)}",
        l2=tuple(networks),
        segments=(segment,),
        hosts=tuple(sorted({member for _, member in everywhere})),
        nics=tuple(sorted(nics)),
        places=everywhere,
    )


def spread(topology: Topology, network: str, member: str) -> Iterator[Place]:
    """Walk the hosts that a place stands for."""
    if member != EVERY_HOST:
        yield network, member
    else:
        yield from ((network, uuid) for uuid in attachment.hosts_of(topology.objects, network))


def nics_on(topology: Topology, network: str) -> dict[str, list[str]]:
    """Give the NICs that an L2 network has on air, those of running VMs, by host."""
    found: dict[str, list[str]] = {}
    for subnet in related(topology.objects.children, network):
        for uuid in related(topology.nics.on_l3, subnet):
            if member := topology.state(topology.nics.all[uuid].vm, vm.Vm).host:
                found.setdefault(member, []).append(uuid)
    return found


def nics_at(found: Mapping[str, list[str]], member: str) -> Iterator[str]:
    if member != EVERY_HOST:
        yield from found.get(member, ())
    else:
        yield from (nic for nics in found.values() for nic in nics)


def segment_name(topology: Topology, segment: Segment) -> str:
    """Write a segment as people read it: `zone1/eth0/vlan10`, `switch1/vlan10`, `host1/eth0/untagged`, `pool1/vni9`,
    `net1/key7`.
    """
    part = topology.name(segment.part)
    match topology.objects.states.get(segment.part):
        case pool.VxlanPool():
            return f"{part}/vni{segment.number}"
        case l2.L2Network():
            return f"{part}/key{segment.number}"
        case switch.Switch():
            return f"{part}/vlan{segment.number}"
        case _:
            pass
    carrier, colon, interface = segment.interface.partition(":")
    if colon:
        return f"{part}/{interface}/{carrier}{segment.number}"
    return f"{part}/{segment.interface}/{f'vlan{segment.number}' if segment.number else 'untagged'}"
