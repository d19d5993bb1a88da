"""The chart: the fabric part that each known place is in, kept as cables are connected and ports are set.

A part is known whole or not at all: it is explored when a network is first on one of its places, and redrawn where
a fact joins or parts it, so that no fact costs more than what it moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from immutables import Map

from domain import cable, host, switch
from domain.cable import End
from domain.history import Recorded, State
from projections.fabric import Fabric, Segment, hops, leave, plugs_of, rank
from projections.objects import Objects


Edge = tuple[Segment, Segment]
"""Two places that frames get to from one another over one cable, in order."""


class Chart(msgspec.Struct, frozen=True):
    """Every place of each part that is known."""

    names: Map[str, Map[Segment, Segment]] = Map()
    """Of each device, its places, and the part that each is in."""
    parts: Map[Segment, Map[Segment, None]] = Map()
    """The places of each part by its name, which is the first of them."""


NO_PLACES: Map[Segment, Segment] = Map()


class Draft:
    """A chart that one fact redraws."""

    def __init__(self, chart: Chart, objects: Objects, fabric: Fabric) -> None:
        self.renamed: set[Segment] = set()
        """Known places that are in a part of another name than before."""
        self._chart = chart
        self._names = chart.names
        self._parts = chart.parts
        self._objects = objects
        self._fabric = fabric

    @property
    def chart(self) -> Chart:
        """Give what was drawn; the chart itself where it was left as it is."""
        drawn = self._names is not self._chart.names or self._parts is not self._chart.parts
        return Chart(self._names, self._parts) if drawn else self._chart

    def of(self, place: Segment) -> Segment:
        """Name the part that a place is in, and explore it where nobody asked before."""
        return self._name(place) or self._explore(place)

    def redraw(self, recorded: Recorded, objects: Objects, fabric: Fabric) -> None:
        """Part what a fact cut, then join what it connected; objects and fabric are as they were before it.

        O(places that get another name), and for a cut the smaller side, where ways are looked for port by port.
        """
        ends = touched(recorded, objects)
        if ends:
            around = sorted({*nearby(ends, objects, fabric), *nearby(ends, self._objects, self._fabric)})
            was = set(crossings(self._chart, around, objects, fabric))
            now = set(crossings(self._chart, around, self._objects, self._fabric))
            for edge in sorted(was - now):
                self._cut(*edge)
            for edge in sorted(now - was):
                self._join(*edge)
        elif isinstance(recorded.fact, host.Deleted | switch.Deleted):
            self._forget(recorded.originator_id)

    def _name(self, place: Segment) -> Segment | None:
        return self._names.get(place.part, NO_PLACES).get(place)

    def _explore(self, place: Segment) -> Segment:
        """Draw the part of a place. Where that meets a known one, a cable joins them that is yet to be drawn."""
        found, waiting = {place}, [place]
        while waiting:
            for hop in hops(self._objects, self._fabric, waiting.pop()):
                if hop.to and hop.to not in found and not self._name(hop.to):
                    found.add(hop.to)
                    waiting.append(hop.to)
        name = min(found, key=rank)
        self._put(found, name)
        return name

    def _join(self, a: Segment, b: Segment) -> None:
        """Make one part of two, under the name of the older."""
        kept, gone = sorted((self.of(a), self.of(b)), key=rank)
        if kept != gone:
            places = self._parts[gone]
            self._parts = self._parts.delete(gone)
            self._put(places, kept)

    def _cut(self, a: Segment, b: Segment) -> None:
        """Make two parts of one, where no other way leads from one place to the other."""
        name = self.of(a)
        side = self._severed(name, a, b) if self.of(b) == name else None
        if side:
            whole = self._parts[name]
            leaving = {place for place in whole if place not in side} if name in side else side
            self._parts = self._parts.set(name, without(whole, leaving))
            self._put(leaving, min(leaving, key=rank))

    def _severed(self, name: Segment, a: Segment, b: Segment) -> set[Segment] | None:
        """Give the side of a part that is walked first, step by step from both; nothing when they are one still."""
        # a host's place has one way out at most: it comes first
        walks = [(self._walk(end, name), set[Segment]()) for end in sorted((a, b), key=rank, reverse=True)]
        while True:
            for (walk, seen), (_, other) in (walks, walks[::-1]):
                place = next(walk, None)
                if place is None:
                    return seen
                if place in other:
                    return None
                seen.add(place)

    def _walk(self, start: Segment, name: Segment) -> Iterator[Segment]:
        """Walk the places of a part that frames get to from one, itself first."""
        seen, waiting = {start}, [start]
        yield start
        while waiting:
            for hop in hops(self._objects, self._fabric, waiting.pop()):
                if hop.to and hop.to not in seen and self._name(hop.to) == name:
                    seen.add(hop.to)
                    waiting.append(hop.to)
                    yield hop.to

    def _put(self, places: Iterable[Segment], name: Segment) -> None:
        """Write places down under the name of their part."""
        part = self._parts.get(name, Map[Segment, None]()).mutate()
        for place in places:
            here = self._names.get(place.part, NO_PLACES)
            if place in here:
                self.renamed.add(place)
            self._names = self._names.set(place.part, here.set(place, name))
            part[place] = None
        self._parts = self._parts.set(name, part.finish())

    def _forget(self, device: str) -> None:
        """Leave out a device that is gone. Its cables went first: each place of it is a part of its own."""
        for place, name in self._names.get(device, NO_PLACES).items():
            if place == name:
                self._parts = self._parts.delete(name)
        if device in self._names:
            self._names = self._names.delete(device)


def without(whole: Map[Segment, None], leaving: Iterable[Segment]) -> Map[Segment, None]:
    left = whole.mutate()
    for place in leaving:
        del left[place]
    return left.finish()


# what a fact is about


def touched(recorded: Recorded, before: Objects) -> tuple[End, ...]:
    """Give the ends at which a fact may change where frames go."""
    match recorded.fact:
        case switch.PortSet(port=port):
            return ((recorded.originator_id, port),)
        case cable.Connected() as c:
            return (c.a, c.a_port), (c.b, c.b_port)
        case cable.Disconnected():
            state = before.states[recorded.originator_id]
            return (state.a, state.b) if isinstance(state, cable.Cable) else ()
        case _:
            return ()


def nearby(ends: Iterable[End], objects: Objects, fabric: Fabric) -> Iterator[End]:
    """Walk ends, those that stand by for them in a bond, and what each is cabled to."""
    for end in ends:
        for near in stand_ins(objects.states.get(end[0]), end):
            yield near
            if near in fabric.wires:
                yield fabric.wires[near].far


def stand_ins(device: State | None, end: End) -> list[End]:
    bond = device.bond_of(end[1]) if isinstance(device, host.Host) else ""
    return [end, *plugs_of(device, end[0], bond)] if bond else [end]


def crossings(chart: Chart, ends: Iterable[End], objects: Objects, fabric: Fabric) -> Iterator[Edge]:
    """Walk the ways of frames out of known places by some ends."""
    for end in ends:
        device = objects.states.get(end[0])
        for place in leading_out(chart.names.get(end[0], NO_PLACES), device, end):
            found = (
                leave(objects, fabric, end, device.port(end[1]).leaves_as(place.number))
                if isinstance(device, switch.Switch)
                else hops(objects, fabric, place)
            )
            yield from ((min(place, hop.to), max(place, hop.to)) for hop in found if hop.to)


def leading_out(known: Map[Segment, Segment], device: State | None, end: End) -> Iterator[Segment]:
    """Walk a device's known places that may lead out by an end."""
    uuid, port = end
    if not isinstance(device, switch.Switch):
        yield from (place for place in known if end in plugs_of(device, uuid, place.interface))
        return
    setting = device.port(port)
    if setting.mode == "access":
        yield from (place for place in [Segment(uuid, "", setting.vlan)] if place in known)
    else:
        yield from known
