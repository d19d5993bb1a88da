"""Why an L2 network is several domains: the facts of ports that stop its frames, and of cables that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain import l2, switch
from domain.cable import End
from projections.domains import Domain
from projections.fabric import Segment, hops, plugs_of, reached
from projections.topology import Topology


def why_split(topology: Topology, network: str, parts: Iterable[Domain]) -> set[int]:
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
