"""Every living object: its state, the fact it began with, its name, and what lives in what.

States are the domain's own, folded by the domain's own `evolve`: there is one account of what a fact does to an
object.
"""

from __future__ import annotations

import msgspec
from immutables import Map

from domain import aggregates, claims, cluster, host, l2, l3, pool, switch, vm
from domain.history import Fact, Recorded, State
from projections.relations import Related, Relation, link, unlink


class Departed(msgspec.Struct, frozen=True):
    """An object that is gone, as it was last."""

    state: State
    position: int
    """The fact that ended it."""


SPOKEN_OF = (l2.L2Network, host.Host, cluster.Cluster)
"""What the living still speak of when it is gone: hosts of networks that they have, VMs of where they ran last."""


class Objects(msgspec.Struct, frozen=True):
    """All living objects by uuid. Claims are not objects."""

    states: Map[str, State] = Map()
    born: Map[str, int] = Map()
    """The position of each object's first fact."""
    kinds: Relation[type[State], str] = Map()
    """Type of state to the objects that have it."""
    shaped: Map[str, int] = Map()
    """The position of the last fact that gave an L2 network another VLAN."""
    names: Map[tuple[str, str], str] = Map()
    """(kind, name) to uuid."""
    children: Related = Map()
    """Zone to clusters, L2 networks and switches; cluster to hosts, pool to VXLAN networks, L2 to L3 networks, host to
    VMs.
    """
    departed: Map[str, Departed] = Map()
    """What is gone and still spoken of."""


def evolve(objects: Objects, recorded: Recorded) -> Objects:
    """Fold one fact. O(log n)."""
    if isinstance(recorded.fact, claims.FACTS):
        return objects
    uuid = recorded.originator_id
    before = objects.states.get(uuid)
    after = aggregates.evolve(before, recorded.fact)
    if after is None:
        return remove(objects, uuid, before, recorded.position)
    placed = replace(objects, uuid, before, after, recorded.position)
    if isinstance(recorded.fact, l2.VlanChanged):
        return msgspec.structs.replace(placed, shaped=placed.shaped.set(uuid, recorded.position))
    return rename(placed, uuid, before, after) if before else name(placed, uuid, after, recorded.position)


def rename(objects: Objects, uuid: str, before: State, after: State) -> Objects:
    old, new = getattr(before, "name", uuid), getattr(after, "name", uuid)
    if old == new:
        return objects
    kind = aggregates.kind_of(after)
    return msgspec.structs.replace(objects, names=objects.names.delete((kind, old)).set((kind, new), uuid))


def name(objects: Objects, uuid: str, state: State, position: int) -> Objects:
    key = (aggregates.kind_of(state), getattr(state, "name", uuid))
    return msgspec.structs.replace(
        objects,
        born=objects.born.set(uuid, position),
        kinds=link(objects.kinds, type(state), uuid, position),
        names=objects.names.set(key, uuid),
    )


def replace(objects: Objects, uuid: str, before: State | None, after: State, position: int) -> Objects:
    children = objects.children
    old, new = parents(before), parents(after)
    for parent in old - new:
        children = unlink(children, parent, uuid)
    for parent in new - old:
        children = link(children, parent, uuid, position)
    return msgspec.structs.replace(objects, states=objects.states.set(uuid, after), children=children)


def remove(objects: Objects, uuid: str, before: State | None, position: int) -> Objects:
    children, departed = objects.children, objects.departed
    if isinstance(before, SPOKEN_OF):
        departed = departed.set(uuid, Departed(before, position))
    for parent in parents(before):
        children = unlink(children, parent, uuid)
    key = (aggregates.kind_of(before), getattr(before, "name", uuid)) if before else ("", "")
    return Objects(
        states=objects.states.delete(uuid),
        born=objects.born.delete(uuid),
        kinds=unlink(objects.kinds, type(before), uuid) if before else objects.kinds,
        shaped=objects.shaped.delete(uuid) if uuid in objects.shaped else objects.shaped,
        names=objects.names.delete(key),
        children=children,
        departed=departed,
    )


def last_state(objects: Objects, uuid: str) -> State | None:
    """Give an object as it is, or as it was last where it is gone and still spoken of."""
    gone = objects.departed.get(uuid)
    return gone.state if gone else objects.states.get(uuid)


def parents(state: State | None) -> frozenset[str]:
    """Give the objects that an object lives in."""
    match state:
        case cluster.Cluster(zone=zone) | pool.VxlanPool(zone=zone) | switch.Switch(zone=zone):
            return frozenset({zone})
        case l2.L2Network(zone=zone, pool=owner):
            return frozenset({zone, owner} - {""})
        case host.Host(cluster=parent) | l3.L3Network(l2=parent):
            return frozenset({parent})
        case vm.Vm(host=parent):
            return frozenset({parent} - {""})
        case _:
            return frozenset()


def known(fact: Fact) -> bool:
    """Tell whether a fact says something about an object, rather than about a claim."""
    return not isinstance(fact, claims.FACTS)
