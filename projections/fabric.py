"""The fabric: which end is cabled to which, and where frames go from there, hop by hop.

A place that frames can be at is a segment: (switch, VLAN), or a form of frame on an interface of a host. All places
that frames get to from one are a fabric part, named after the oldest switch in it. Whether any network is on it is
not asked here.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from immutables import Map

from domain import cable, host, switch
from domain.cable import End
from domain.history import Recorded, State
from projections.objects import Objects


class Segment(msgspec.Struct, frozen=True, order=True):
    """What carries frames between hosts."""

    part: str
    """A zone without a fabric, a switch, a host whose interface leads to no switch, a pool, or a GRE network."""
    interface: str
    """Nothing for a VLAN of a switch, for a VNI and for a key."""
    number: int
    """0 for untagged frames, the VLAN, the VNI, or the key."""


class Wire(msgspec.Struct, frozen=True):
    """What an end is cabled to."""

    far: End
    cable: str


class Fabric(msgspec.Struct, frozen=True):
    """All cables, by their ends."""

    wires: Map[End, Wire] = Map()
    sizes: Map[str, int] = Map()
    """Switches and cables of each zone that has a fabric."""
    set_at: Map[End, int] = Map()
    """The fact that set each port that was set."""
    loose: Map[End, int] = Map()
    """The fact that pulled the last cable from each end that had one."""


def evolve(fabric: Fabric, recorded: Recorded, before: Objects) -> Fabric:
    """Fold one fact. O(log n)."""
    uuid, position = recorded.originator_id, recorded.position
    match recorded.fact:
        case switch.Added(zone=zone):
            return grow(fabric, zone, 1)
        case switch.Deleted():
            return grow(fabric, getattr(before.states[uuid], "zone", ""), -1)
        case switch.PortSet(port=port):
            return msgspec.structs.replace(fabric, set_at=fabric.set_at.set((uuid, port), position))
        case cable.Connected() as c:
            return plug(grow(fabric, c.zone, 1), uuid, (c.a, c.a_port), (c.b, c.b_port))
        case cable.Disconnected():
            return pull(fabric, before.states[uuid], position)
        case _:
            return fabric


def grow(fabric: Fabric, zone: str, by: int) -> Fabric:
    size = fabric.sizes.get(zone, 0) + by
    sizes = fabric.sizes.set(zone, size) if size else fabric.sizes.delete(zone)
    return msgspec.structs.replace(fabric, sizes=sizes)


def plug(fabric: Fabric, uuid: str, a: End, b: End) -> Fabric:
    wires = fabric.wires.set(a, Wire(b, uuid)).set(b, Wire(a, uuid))
    return msgspec.structs.replace(fabric, wires=wires)


def pull(fabric: Fabric, state: State, position: int) -> Fabric:
    if not isinstance(state, cable.Cable):
        raise TypeError(state)
    wires = fabric.wires.delete(state.a).delete(state.b)
    loose = fabric.loose.set(state.a, position).set(state.b, position)
    return msgspec.structs.replace(grow(fabric, state.zone, -1), wires=wires, loose=loose)


def recompute(objects: Objects) -> tuple[dict[End, Wire], dict[str, int]]:
    """Derive wires and sizes from states alone. O(objects)."""
    wires: dict[End, Wire] = {}
    sizes: dict[str, int] = {}
    for uuid, state in objects.states.items():
        if isinstance(state, switch.Switch | cable.Cable):
            sizes[state.zone] = sizes.get(state.zone, 0) + 1
        if isinstance(state, cable.Cable):
            wires |= {state.a: Wire(state.b, uuid), state.b: Wire(state.a, uuid)}
    return wires, sizes


# where frames go


class Hop(msgspec.Struct, frozen=True):
    """A way of frames out of a place, over one cable."""

    near: End
    far: End
    cable: str
    to: Segment | None
    """Where they arrive, or nothing where one of the ends drops them."""
    dropped_by: End | None


def hops(objects: Objects, fabric: Fabric, place: Segment) -> Iterator[Hop]:
    """Walk the ways out of a place, those on which frames are dropped too, in order of port."""
    device = objects.states.get(place.part)
    if not isinstance(device, switch.Switch):
        yield from leave(objects, fabric, plug_of(device, fabric, place.part, place.interface), place.number)
        return
    for port in device.ports:
        if (place.part, port) in fabric.wires:
            yield from leave(objects, fabric, (place.part, port), device.port(port).leaves_as(place.number))


def plug_of(device: State | None, fabric: Fabric, uuid: str, interface: str) -> End:
    """Give the end that a host's interface leads to a cable by: for a bond, its first member that has one.

    The other members of a bond stand by, and drop what comes in.
    """
    ends = plugs_of(device, uuid, interface)
    return next((end for end in ends if end in fabric.wires), ends[0])


def plugs_of(device: State | None, uuid: str, interface: str) -> list[End]:
    """Give the ends of a host's interface: one, or those of a bond's members."""
    bonds = dict(device.bonds) if isinstance(device, host.Host) else {}
    return [(uuid, member) for member in bonds.get(interface, (interface,))]


def leave(objects: Objects, fabric: Fabric, near: End, form: int | None) -> Iterator[Hop]:
    wire = fabric.wires.get(near)
    if wire is None:
        return
    to = None if form is None else arrival(objects, fabric, wire.far, form)
    dropped_by = near if form is None else wire.far if to is None else None
    yield Hop(near, wire.far, wire.cable, to, dropped_by)


def arrival(objects: Objects, fabric: Fabric, end: End, form: int) -> Segment | None:
    """Give the place that a frame gets to which comes in at an end, or nothing when it is dropped there."""
    device, port = end
    match objects.states.get(device):
        case switch.Switch() as state:
            vlan = state.port(port).enters_as(form)
            return None if vlan is None else Segment(device, "", vlan)
        case host.Host() as state if bond := state.bond_of(port):
            return Segment(device, bond, form) if plug_of(state, fabric, device, bond) == end else None
        case _:
            return Segment(device, port, form)


def reached(objects: Objects, fabric: Fabric, start: Segment) -> frozenset[Segment]:
    """Give all places that frames get to from one, itself included. O(ports on the way)."""
    seen, waiting = {start}, [start]
    while waiting:
        for hop in hops(objects, fabric, waiting.pop()):
            if hop.to and hop.to not in seen:
                seen.add(hop.to)
                waiting.append(hop.to)
    return frozenset(seen)


def rank(place: Segment) -> tuple[bool, Segment]:
    """Tell which of a part's places it is named after: its oldest switch, else its oldest host."""
    return bool(place.interface), place


class Parts:
    """The fabric part that each place is in, found when asked for, and every one once."""

    def __init__(self, objects: Objects, fabric: Fabric) -> None:
        self._objects = objects
        self._fabric = fabric
        self._known: dict[Segment, Segment] = {}

    def of(self, place: Segment) -> Segment:
        """Name the part: by its oldest switch, else by its oldest host."""
        if place not in self._known:
            part = reached(self._objects, self._fabric, place)
            self._known |= dict.fromkeys(part, min(part, key=rank))
        return self._known[place]
