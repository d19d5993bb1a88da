"""What hosts said last of their L2 networks.

A report is about devices, and stands until the host says something else; of a network that is deleted it is
forgotten once the host has removed it. What follows from a report is not concluded here.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from immutables import Map

from domain import host, host_network, l2, pool
from domain.history import Recorded, State
from projections.broadcast import Scene
from projections.objects import Objects, last_state
from projections.relations import related


Outcome = Literal["realized", "failed", "removed"]


class Said(msgspec.Struct, frozen=True):
    """The last word of a host on one L2 network."""

    outcome: Outcome
    reason: str
    """Why it failed, or nothing."""
    drift: str
    """What a look showed to be other than it must be, or nothing."""
    segment: str
    """The shape of the network that the host spoke of; nothing for a VXLAN network."""
    devices: tuple[str, ...]
    """The names that its devices had in that shape."""
    since: int
    """The fact that said so."""
    made: int
    """The fact that said it was realized first, while it was not removed since; or 0."""
    parted: int
    """The fact that parted them before the host came to its cluster, be it the move there; or 0."""

    @property
    def impaired(self) -> bool:
        """Whether something of it is other than it must be, and not only something foreign beside it."""
        return bool(self.drift) and not self.drift.startswith("foreign:")


class Reports(msgspec.Struct, frozen=True):
    of: Map[str, Map[str, Said]] = Map()
    """Host to L2 network to what the host said last."""
    left: Map[tuple[str, str], int] = Map()
    """(L2 network or pool, cluster) to the fact that parted them, while they are apart."""


NOTHING: Map[str, Said] = Map()
Shape = tuple[str, tuple[str, ...]]
"""A segment, and the names of the devices that a network has on it."""
UNSHAPED: Shape = ("", ())
Shaping = host_network.Realized | host_network.Failed | host_network.DriftBegan
"""What says which shape of a network a host speaks of."""


def evolve(reports: Reports, recorded: Recorded, before: Scene) -> Reports:
    """Fold one fact. O(log n); for a removal or a move, the networks that the host spoke of."""
    if isinstance(recorded.fact, host_network.FACTS):
        return hear(reports, recorded, before.objects)
    return part(reports, recorded, before)


def part(reports: Reports, recorded: Recorded, before: Scene) -> Reports:
    """Note what comes to a cluster and leaves it."""
    uuid, position = recorded.originator_id, recorded.position
    match recorded.fact:
        case host.Moved(cluster=cluster) if uuid in reports.of:
            return move(reports, uuid, cluster, before, position)
        case l2.DetachedFromCluster(cluster=cluster) | pool.DetachedFromCluster(cluster=cluster):
            return msgspec.structs.replace(reports, left=reports.left.set((uuid, cluster), position))
        case l2.AttachedToCluster(cluster=cluster) | pool.AttachedToCluster(cluster=cluster):
            there = (uuid, cluster) in reports.left
            return msgspec.structs.replace(reports, left=reports.left.delete((uuid, cluster))) if there else reports
        case _:
            return reports


def move(reports: Reports, member: str, there: str, before: Scene, position: int) -> Reports:
    """Note what a host has from its last cluster that is not in the next one, and since when it was to go."""
    here, last = reports.of[member], before.objects.states[member]
    for network, said in here.items():
        subject = attached_as(before.objects, network)
        parted = max(said.parted, reports.left.get((subject, home_of(last)), 0))
        if subject in related(before.attached, home_of(last)):
            parted = position
        if subject in related(before.attached, there):
            parted = 0
        here = here.set(network, msgspec.structs.replace(said, parted=parted))
    return msgspec.structs.replace(reports, of=reports.of.set(member, here))


def home_of(state: State) -> str:
    return state.cluster if isinstance(state, host.Host) else ""


def attached_as(objects: Objects, network: str) -> str:
    """Give what stands for an L2 network in clusters: its pool or itself, also when it is gone."""
    state = last_state(objects, network)
    return (state.pool if isinstance(state, l2.L2Network) else "") or network


def parted(reports: Reports, objects: Objects, member: str, network: str) -> int:
    """Give the fact for which a host is to have a network no more; 0 where it is another one than those known here.

    That is its end, its detachment or its pool's, or the host's move to where it is not.
    """
    left = reports.left.get((attached_as(objects, network), home_of(objects.states[member])), 0)
    gone = objects.departed.get(network)
    ends = {max(reports.of[member][network].parted, left), gone.position if gone else 0} - {0}
    return min(ends, default=0)


def hear(reports: Reports, recorded: Recorded, objects: Objects) -> Reports:
    """Note what a host said."""
    position = recorded.position
    match recorded.fact:
        case host_network.Realized(host=member, l2=network):
            return note(reports, member, network, "realized", position, shape=shape(reports, recorded.fact, objects))
        case host_network.Failed(host=member, l2=network, reason=reason):
            now = shape(reports, recorded.fact, objects)
            return note(reports, member, network, "failed", position, shape=now, reason=reason)
        case host_network.Removed(host=member, l2=network):
            return forget(note(reports, member, network, "removed", position), member, objects)
        case host_network.DriftBegan(host=member, l2=network, what=what):
            now = shape(reports, recorded.fact, objects)
            return note(reports, member, network, "realized", position, shape=now, drift=what)
        case host_network.DriftEnded(host=member, l2=network):
            return note(reports, member, network, "realized", position)
        case host_network.Forgotten(host=member):
            return msgspec.structs.replace(reports, of=reports.of.delete(member))
        case _:
            raise TypeError(recorded.fact)


def shape(reports: Reports, fact: Shaping, objects: Objects) -> Shape:
    """Give what a host speaks of: a segment, and the names of its devices; those of before where all is gone."""
    state = objects.states.get(fact.l2)
    if isinstance(state, l2.L2Network):
        return fact.segment, l2.device_names(state)
    before = reports.of.get(fact.host, NOTHING).get(fact.l2)
    return fact.segment, before.devices if before else ()


def forget(reports: Reports, member: str, objects: Objects) -> Reports:
    """Drop what a host said of networks that are deleted, where it has removed them: nothing can ask for it."""
    here = reports.of[member]
    gone = [network for network, said in here.items() if said.outcome == "removed" and network not in objects.states]
    for network in gone:
        here = here.delete(network)
    return msgspec.structs.replace(reports, of=reports.of.set(member, here))


def note(
    reports: Reports,
    member: str,
    network: str,
    outcome: Outcome,
    position: int,
    *,
    shape: Shape | None = None,
    reason: str = "",
    drift: str = "",
) -> Reports:
    """Keep what a host said. What says nothing of a shape is about the one that the host spoke of last."""
    here = reports.of.get(member, NOTHING)
    before = here.get(network)
    made = 0 if outcome == "removed" else before.made if before else 0
    if outcome == "realized" and not made:
        made = position
    segment, devices = shape or ((before.segment, before.devices) if before else UNSHAPED)
    parted = before.parted if before and made else 0
    said = Said(outcome, reason, drift, segment, devices, position, made, parted)
    return msgspec.structs.replace(reports, of=reports.of.set(member, here.set(network, said)))
