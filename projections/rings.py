"""Which cables of a fabric lead frames in a circle.

A circle alone is no fault: what becomes of it is said elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from domain import switch
from projections.fabric import Segment, hops, reached
from projections.topology import Topology


class Edge(msgspec.Struct, frozen=True, order=True):
    """A cable that carries frames from one place to another, and back."""

    cable: str
    a: Segment
    b: Segment


def rings_of(topology: Topology, segment: Segment) -> Iterator[frozenset[str]]:
    """Walk the knots of a fabric part: what is left of its cables when every dead end is cut off, again and again."""
    if not isinstance(topology.objects.states.get(segment.part), switch.Switch):
        return
    edges = edges_of(topology, reached(topology.objects, topology.fabric, segment))
    while dead := dead_ends(edges):
        edges -= dead
    while edges:
        knot = connected(edges)
        edges -= knot
        yield frozenset(edge.cable for edge in knot)


def edges_of(topology: Topology, places: Iterable[Segment]) -> frozenset[Edge]:
    ways = ((place, hop) for place in places for hop in hops(topology.objects, topology.fabric, place))
    return frozenset(Edge(hop.cable, *sorted((place, hop.to))) for place, hop in ways if hop.to)


def dead_ends(edges: Iterable[Edge]) -> frozenset[Edge]:
    """Give the edges with an end that nothing else leads to."""
    found = list(edges)
    degrees = Counter(place for edge in found for place in (edge.a, edge.b))
    return frozenset(edge for edge in found if 1 in {degrees[edge.a], degrees[edge.b]})


def connected(edges: Iterable[Edge]) -> frozenset[Edge]:
    """Give the edges that hang together with the first one."""
    at: dict[Segment, list[Edge]] = {}
    for edge in edges:
        at.setdefault(edge.a, []).append(edge)
        at.setdefault(edge.b, []).append(edge)
    first = min(edges)
    knot, waiting = {first}, [first]
    while waiting:
        edge = waiting.pop()
        more = {e for place in (edge.a, edge.b) for e in at[place]} - knot
        knot |= more
        waiting.extend(more)
    return frozenset(knot)
