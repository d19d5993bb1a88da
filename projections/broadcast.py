"""Broadcast domains: which L2 networks are one, whatever was intended.

A port belongs to its L2 network, and only segments join L2 networks: so domains are computed over networks and
segments, never over ports, and an attach or detach costs the same at a thousand ports and at a million. A
segment is what carries frames between hosts. In a zone without a fabric, equal interface names are wired
together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from immutables import Map

from domain import l2, pool
from domain.history import Recorded
from projections.objects import Objects
from projections.relations import Relation, link, related, unlink


class Segment(msgspec.Struct, frozen=True, order=True):
    """A wire: untagged frames or one VLAN on an interface of a zone, or one VNI of a pool."""

    part: str
    """The zone, or the pool."""
    interface: str
    """Nothing for a VNI."""
    number: int
    """0 for untagged frames, the VLAN, or the VNI."""


class Segments(msgspec.Struct, frozen=True):
    """Which network puts its frames on which segment, both ways round."""

    of: Relation[str, Segment] = Map()
    carried: Relation[Segment, str] = Map()


def evolve(segments: Segments, recorded: Recorded, before: Objects, after: Objects) -> Segments:
    """Fold one fact. O(log n) and, for a pool, its networks."""
    match recorded.fact:
        case l2.Created() | l2.AttachedToCluster() | l2.DetachedFromCluster():
            return move(segments, recorded.originator_id, before, after, recorded.position)
        case pool.AttachedToCluster() | pool.DetachedFromCluster():
            for member in sorted(related(after.children, recorded.originator_id)):
                segments = move(segments, member, before, after, recorded.position)
            return segments
        case _:
            return segments


def move(segments: Segments, network: str, before: Objects, after: Objects, position: int) -> Segments:
    old, new = segment_of(before, network), segment_of(after, network)
    if old == new:
        return segments
    of, carried = segments.of, segments.carried
    if old:
        of, carried = unlink(of, network, old), unlink(carried, old, network)
    if new:
        of, carried = link(of, network, new, position), link(carried, new, network, position)
    return Segments(of, carried)


def segment_of(objects: Objects, network: str) -> Segment | None:
    """Give the wire a network is on, or nothing while it is on no cluster."""
    match objects.states.get(network):
        case l2.L2Network(pool=owner, virtual_network_id=vni) if owner:
            parent = objects.states.get(owner)
            live = isinstance(parent, pool.VxlanPool) and parent.attachments
            return Segment(owner, "", vni) if live else None
        case l2.L2Network(clusters=clusters) as state if clusters:
            return Segment(state.zone, state.physical_interface, state.virtual_network_id)
        case _:
            return None


def recompute(objects: Objects) -> dict[str, Segment]:
    """Derive every network's segment from states alone. O(networks)."""
    networks = (uuid for uuid, state in objects.states.items() if isinstance(state, l2.L2Network))
    found = ((uuid, segment_of(objects, uuid)) for uuid in networks)
    return {uuid: segment for uuid, segment in found if segment}


def component(segments: Segments, network: str) -> tuple[list[str], list[Segment]]:
    """Give the networks and segments of the domain that a network is in, sorted. O(the domain)."""
    networks, wires, waiting = {network}, set[Segment](), [network]
    while waiting:
        for wire in related(segments.of, waiting.pop()):
            if wire not in wires:
                wires.add(wire)
                found = set(related(segments.carried, wire)) - networks
                networks |= found
                waiting.extend(found)
    return sorted(networks), sorted(wires)


def components(segments: Segments, networks: Iterable[str]) -> Iterator[tuple[list[str], list[Segment]]]:
    """Walk the domains that these networks are in, each once, in order of its first network."""
    seen: set[str] = set()
    for network in sorted(networks):
        if network not in seen:
            found = component(segments, network)
            seen.update(found[0])
            yield found
