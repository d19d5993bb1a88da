"""Which L2 network is on which cluster, and so on which hosts.

A VXLAN network is where its pool is. Only facts about L2 networks count here: this is the intention, whether or
not a host has done its part.
"""

from __future__ import annotations

from collections.abc import Iterator

from immutables import Map

from domain import l2, pool
from domain.history import Recorded
from projections.objects import Objects
from projections.relations import Related, link, related, unlink


def evolve(attached: Related, recorded: Recorded) -> Related:
    """Fold one fact into cluster-to-network. O(log n)."""
    match recorded.fact:
        case l2.AttachedToCluster(cluster=cluster) | pool.AttachedToCluster(cluster=cluster):
            return link(attached, cluster, recorded.originator_id, recorded.position)
        case l2.DetachedFromCluster(cluster=cluster) | pool.DetachedFromCluster(cluster=cluster):
            return unlink(attached, cluster, recorded.originator_id)
        case _:
            return attached


def recompute(objects: Objects) -> dict[str, set[str]]:
    """Derive the same relation from the states of the networks alone, without positions. O(networks)."""
    found: dict[str, set[str]] = {}
    for uuid, state in objects.states.items():
        if isinstance(state, l2.L2Network | pool.VxlanPool):
            for cluster in state.clusters:
                found.setdefault(cluster, set()).add(uuid)
    return found


def clusters_of(objects: Objects, network: str) -> tuple[str, ...]:
    """Give the clusters that an L2 network is on, its own or its pool's, in order of attachment."""
    match objects.states.get(network):
        case l2.L2Network(pool=owner) if owner:
            return clusters_of(objects, owner)
        case l2.L2Network(clusters=clusters):
            return clusters
        case pool.VxlanPool() as state:
            return state.clusters
        case _:
            return ()


def networks_on(objects: Objects, attached: Related, cluster: str) -> Iterator[tuple[str, int]]:
    """Walk the L2 networks of a cluster, a pool's members for the pool, each with the fact that brought it there."""
    here: Map[str, int] = related(attached, cluster)
    for uuid in sorted(here):
        if isinstance(objects.states[uuid], pool.VxlanPool):
            yield from ((member, here[uuid]) for member in sorted(related(objects.children, uuid)))
        else:
            yield uuid, here[uuid]


def hosts_of(objects: Objects, network: str) -> Iterator[str]:
    """Walk the hosts that an L2 network is meant to be on."""
    for cluster in clusters_of(objects, network):
        yield from sorted(related(objects.children, cluster))
