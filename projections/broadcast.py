"""Broadcast domains: which L2 networks are one, and which are several, whatever was intended.

A segment is what carries frames between hosts, and a domain is a segment: what is on it hears all of it, and nothing
else. Each L2 network is placed on a segment, host by host where a zone has a fabric. In a zone without one, equal
interface names are wired together, so that a network is on the same segment on every host: it is placed once for
all of them, and an attach or detach costs the same at a thousand ports and at a million.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from immutables import Map

from domain import cable, host, l2, pool, switch
from domain.history import Recorded, State
from projections import attachment
from projections.chart import Chart, Draft
from projections.fabric import Fabric, Parts, Segment
from projections.objects import Objects
from projections.relations import Related, Relation, link, related, unlink


EVERY_HOST = ""
"""Stands for all hosts that a network is on."""
Place = tuple[str, str]
"""An L2 network, and the host that it is on a segment at, or every host."""
Wire = tuple[str, str]
"""A cluster, and a network's segment in the words of its hosts: `eth0/10`."""


class Move(msgspec.Struct, frozen=True, order=True):
    """What one fact did to one place: `None` for on no segment."""

    network: str
    host: str
    old: Segment | None
    new: Segment | None


def text(segment: Segment) -> str:
    """Write a segment for a table: `zone/eth0/10`, `switch//10`, or `pool//100` for a VNI, `l2//7` for a key."""
    return f"{segment.part}/{segment.interface}/{segment.number}"


class Segments(msgspec.Struct, frozen=True):
    """Which network puts its frames on which segment at which host, both ways round."""

    of: Map[str, Map[str, Segment]] = Map()
    carried: Relation[Segment, Place] = Map()
    moves: tuple[Move, ...] = ()
    """What the fact did that made this version."""
    users: Relation[Wire, str] = Map()
    """Which networks put their frames on which wire in which cluster."""
    chart: Chart = Chart()
    """The fabric parts that networks are on."""


class Scene(msgspec.Struct, frozen=True):
    """What places follow from, as of one position."""

    objects: Objects
    attached: Related
    fabric: Fabric


def evolve(segments: Segments, recorded: Recorded, before: Scene, after: Scene) -> Segments:
    """Fold one fact. O(log n); for a pool, its networks; for a host, those of its cluster; in a zone with a fabric, a
    network's hosts; for a cable or a port, the places that it moves; for a zone's first or last one, all there are.
    """
    draft = Draft(segments.chart, after.objects, after.fabric)
    draft.redraw(recorded, before.objects, before.fabric)
    uuid = recorded.originator_id
    moves = [m for m in moved(segments, uuid, before, after, draft) if m.old != m.new]
    users = used(segments.users, uuid, before.objects, after.objects)
    if not moves and users is segments.users and draft.chart is segments.chart:
        return segments
    return apply(msgspec.structs.replace(segments, users=users, chart=draft.chart), moves, recorded.position)


def apply(segments: Segments, moves: list[Move], position: int) -> Segments:
    of, carried = segments.of, segments.carried
    for move in moves:
        place, here = (move.network, move.host), of.get(move.network, NOWHERE)
        if move.old:
            carried, here = unlink(carried, move.old, place), here.delete(move.host)
        if move.new:
            carried, here = link(carried, move.new, place, position), here.set(move.host, move.new)
        of = of.set(move.network, here) if here else of.delete(move.network)
    return msgspec.structs.replace(segments, of=of, carried=carried, moves=tuple(moves))


def used(users: Relation[Wire, str], uuid: str, before: Objects, after: Objects) -> Relation[Wire, str]:
    """Fold what a network is called where it is, in the words of its hosts."""
    was, now = wires_of(before.states.get(uuid)), wires_of(after.states.get(uuid))
    for wire in was - now:
        users = unlink(users, wire, uuid)
    for wire in now - was:
        users = link(users, wire, uuid, 0)
    return users


def wires_of(state: State | None) -> set[Wire]:
    return {(where, state.segment) for where in state.clusters} if isinstance(state, l2.L2Network) else set()


NOWHERE: Map[str, Segment] = Map()


def moved(segments: Segments, uuid: str, before: Scene, after: Scene, draft: Draft) -> Iterator[Move]:
    """Walk the places that a fact about an object may have moved."""
    was, now = before.objects.states.get(uuid), after.objects.states.get(uuid)
    match now or was:
        case l2.L2Network():
            yield from of_networks(segments, [uuid], after, draft)
        case pool.VxlanPool():
            yield from of_networks(segments, related(before.objects.children, uuid), after, draft)
        case switch.Switch(zone=zone) | cable.Cable(zone=zone):
            if (zone in before.fabric.sizes) == (zone in after.fabric.sizes):
                yield from of_parts(segments, after, draft)
            else:
                yield from of_networks(segments, related(after.objects.children, zone), after, draft)
        case host.Host() if clusters(was) != clusters(now):
            yield from of_host(segments, uuid, before, after, draft)
        case _:
            pass


def clusters(state: State | None) -> set[str]:
    return {state.cluster} if isinstance(state, host.Host) else set()


def of_networks(segments: Segments, networks: Iterable[str], scene: Scene, draft: Draft) -> Iterator[Move]:
    for network in sorted(networks):
        was, now = segments.of.get(network, NOWHERE), places(scene, network, draft)
        for member in sorted({*was, *now}):
            yield Move(network, member, was.get(member), now.get(member))


def of_parts(segments: Segments, scene: Scene, draft: Draft) -> Iterator[Move]:
    """Walk the networks that start at a place whose part has another name now."""
    for place in sorted(draft.renamed):
        wire = f"{place.interface}/{place.number}"
        for parent in clusters(scene.objects.states.get(place.part)):
            for network in sorted(related(segments.users, (parent, wire))):
                yield Move(network, place.part, segments.of.get(network, NOWHERE).get(place.part), draft.of(place))


def of_host(segments: Segments, uuid: str, before: Scene, after: Scene, draft: Draft) -> Iterator[Move]:
    """Walk what a host takes along that comes, goes or changes its cluster: in an ideal zone, nothing."""
    for scene in (before, after):
        for parent in clusters(scene.objects.states.get(uuid)):
            for network, _ in attachment.networks_on(scene.objects, scene.attached, parent):
                was = segments.of.get(network, NOWHERE).get(uuid)
                yield from of_member(after, network, uuid, was, draft)


def of_member(scene: Scene, network: str, uuid: str, was: Segment | None, draft: Draft) -> Iterator[Move]:
    if wired(scene, network):
        homes = attachment.clusters_of(scene.objects, network)
        here = not clusters(scene.objects.states.get(uuid)).isdisjoint(homes)
        yield Move(network, uuid, was, segment_at(scene, network, uuid, draft) if here else None)


# where a network is


def places(scene: Scene, network: str, parts: Parts | Draft) -> Mapping[str, Segment]:
    """Give the segment of a network at each of its hosts, or at every host at once."""
    if not attachment.clusters_of(scene.objects, network):
        return {}
    if wired(scene, network):
        found = (
            (uuid, segment_at(scene, network, uuid, parts)) for uuid in attachment.hosts_of(scene.objects, network)
        )
        return {uuid: segment for uuid, segment in found if segment}
    everywhere = segment_at(scene, network, EVERY_HOST, parts)
    return {EVERY_HOST: everywhere} if everywhere else {}


def segment_at(scene: Scene, network: str, uuid: str, parts: Parts | Draft) -> Segment | None:
    """Give the segment that a network's frames are on at a host, whether or not it is meant to be there."""
    state = scene.objects.states.get(network)
    return segment_on(scene, network, state.segment, uuid, parts) if isinstance(state, l2.L2Network) else None


def segment_on(scene: Scene, network: str, wire: str, uuid: str, parts: Parts | Draft) -> Segment | None:
    """Give the segment that a network's frames are on at a host that puts them on a wire, maybe not its own any more.

    Tunnels are the same at all times: those of a pool's VNI are one, and each GRE network is a mesh of its own.
    """
    state = scene.objects.states.get(network)
    if not isinstance(state, l2.L2Network):
        return None
    if state.pool or state.carrier == "gre":
        return Segment(state.pool or network, "", state.virtual_network_id)
    interface, _, number = wire.rpartition("/")
    if wired(scene, network):
        return parts.of(Segment(uuid, interface, int(number)))
    return Segment(state.zone, interface, int(number))


def wired(scene: Scene, network: str) -> bool:
    """Tell whether a network's frames go over cables: where there is a fabric, and they are in no tunnel."""
    state = scene.objects.states.get(network)
    return isinstance(state, l2.L2Network) and state.zone in scene.fabric.sizes and is_wire(state)


def is_wire(state: l2.L2Network) -> bool:
    return not state.pool and ":" not in state.segment


def recompute(scene: Scene) -> dict[str, dict[str, Segment]]:
    """Derive every place from states alone. O(networks, and in zones with a fabric their hosts)."""
    parts = Parts(scene.objects, scene.fabric)
    networks = (uuid for uuid, state in scene.objects.states.items() if isinstance(state, l2.L2Network))
    found = {uuid: dict(places(scene, uuid, parts)) for uuid in networks}
    return {uuid: here for uuid, here in found.items() if here}
