"""Whose an operation is: the L2 networks that it serves, and the fact behind it.

Hosts report of L2 networks, so whatever is done or fails on a host has to be told of one. What serves a whole host,
such as its filters, is every network's that it reaches. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from projections.deafness import Deafen
from projections.filter_operations import FilterOperation, LoadFilters
from projections.found import Found
from projections.marks import fact_in, subject_in
from projections.move_operations import Move, MoveAddress, MoveNeighbour, MoveRoute, MoveRule
from projections.namespace_operations import LoadFences
from projections.obstacles import owners_of
from projections.operation import Operation
from projections.plan import Bridge, Custom, GreMesh, HostPlan, Tunnel, Vlan
from projections.walls import RaiseWall


Device = Bridge | Vlan | Tunnel | GreMesh | Custom


class Owners:
    """The L2 networks behind the things of one plan and of one look."""

    def __init__(self, plan: HostPlan, found: Found) -> None:
        self._plan = plan
        self._found = found
        self._planned = dict(planned(plan))
        self._facts: dict[str, tuple[int, ...]] = {}
        devices: tuple[Device, ...] = (*plan.bridges, *plan.vlans, *plan.tunnels, *plan.meshes, *plan.customs)
        for device in devices:
            self._facts[device.l2] = tuple(sorted({*self._facts.get(device.l2, ()), *device.because}))

    def of(self, operation: Operation) -> tuple[str, ...]:
        """Give the L2 networks that an operation serves, those of the plan first; none where nobody can tell."""
        if isinstance(operation, LoadFences):
            return self._of_bridges(barrier.bridge for barrier in operation.barriers or self._plan.barriers)
        if isinstance(operation, Deafen):
            return self._of_bridges(set(operation.bridges) - (self._found.deaf or frozenset()))
        if isinstance(operation, RaiseWall):
            return self._of_bridges(tunnel.bridge for tunnel in self._plan.tunnels)
        if isinstance(operation, FilterOperation):
            filters = operation.filters if isinstance(operation, LoadFilters) else self._plan.filters
            return self._of_bridges(nic.bridge for nic in filters.nics)
        names = tuple(touched(operation))
        network = next((self._planned[name] for name in names if name in self._planned), "")
        for name in names:
            network = network or self.marked(name)
        return (network,) if network else ()

    def marked(self, name: str) -> str:
        """Tell whose something on the host is by its mark, or by that of the bridge that it is on."""
        found = self._found
        bridge, link, plug = found.ovs.bridges.get(name), found.links.get(name), found.ovs.ports.get(name)
        if bridge:
            return subject_in(bridge.mark) if bridge.ours else ""
        above = (link.bridge if link else "") or (plug.bridge if plug else "")
        if above and above != name and (own := self.marked(above)):
            return own
        if link and link.ours and not above:
            return subject_in(link.mark)
        room = found.namespaces.get(name)
        for leg in sorted(room.legs) if room else ():
            if own := self.marked(leg):
                return own
        return ""

    def because(self, l2: str) -> tuple[int, ...]:
        """Give the facts that a network of the plan rests on."""
        return self._facts.get(l2, ())

    def cause(self, operation: Operation) -> int:
        """Give the newest fact behind an operation; for one that takes away, the fact that had made the thing; or 0."""
        if wanted := fact_in(getattr(operation, "mark", "")):
            return wanted
        facts = [fact for network in self.of(operation) for fact in self.because(network)]
        links = self._found.links
        marks = (links[name].mark for name in touched(operation) if name in links and links[name].ours)
        return max(facts, default=0) or max(map(fact_in, marks), default=0)

    def _of_bridges(self, bridges: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({self._planned[bridge] for bridge in bridges if bridge in self._planned}))


def planned(plan: HostPlan) -> Iterator[tuple[str, str]]:
    """Walk the names of a plan's things, each with its L2 network."""
    bridges = owners_of(plan)
    yield from bridges.items()
    yield from ((vlan.name, vlan.l2) for vlan in plan.vlans)
    yield from ((tunnel.name, tunnel.l2) for tunnel in plan.tunnels)
    yield from ((custom.bridge, custom.l2) for custom in plan.customs)
    yield from ((port.device, bridges[port.bridge]) for port in plan.ports if port.bridge in bridges)
    for namespace in plan.namespaces:
        for leg in namespace.legs:
            if leg.bridge in bridges:
                yield leg.device, bridges[leg.bridge]
    for namespace in plan.namespaces:
        if namespace.legs and namespace.legs[0].bridge in bridges:
            yield namespace.name, bridges[namespace.legs[0].bridge]


def touched(operation: Operation) -> Iterator[str]:
    """Walk the names of what an operation changes: what it is done to first."""
    if isinstance(operation, Move):
        yield from (getattr(operation, "target", ""), source(operation))
        return
    for field in ("name", "tunnel", "bridge", "namespace"):
        if name := getattr(operation, field, ""):
            yield name


def source(operation: Move) -> str:
    """Give the interface that something is moved from."""
    match operation:
        case (
            MoveAddress(address=thing) | MoveRoute(route=thing) | MoveNeighbour(neighbour=thing) | MoveRule(rule=thing)
        ):
            return thing.interface
        case _:
            raise TypeError(operation)
