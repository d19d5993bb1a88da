"""Why hosts can't take a VM or a router, in words and by the facts that keep them from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from domain import cluster, eip, host, host_network, l2, pool
from domain.census import Exclusion
from domain.errors import Witness, witness
from domain.transaction import Transaction


NO_EIPS: Mapping[str, str] = {}
NOT_THERE = (l2.Created, l2.DetachedFromCluster, pool.Created, pool.DetachedFromCluster)
"""What keeps a network from a cluster: it was taken off, or never brought there since it was made."""
REPORTS = (host_network.Failed, host_network.Removed, host_network.DriftBegan)


def explain(t: Transaction, exclusion: Exclusion, eips: Mapping[str, str] = NO_EIPS) -> str:
    """Say why a host can't take a VM, and for which EIP it would have to have a network."""
    if not exclusion.l2:
        return exclusion.why
    needed = f", which {t.label(eips[exclusion.l2])} needs" if exclusion.l2 in eips else ""
    return f"{exclusion.why} ({t.label(exclusion.l2)}{needed})"


def vacancy(t: Transaction, where: str) -> list[Witness]:
    """Name the fact since which a cluster has no host, or none has: the last one's end, or the cluster's own start."""
    if gone := t.census().last_host(where):
        return [witness(gone, host.Deleted)]
    return [witness(where, cluster.Created)] if where else []


def causes(t: Transaction, excluded: Iterable[Exclusion], eips: Mapping[str, str] = NO_EIPS) -> Iterator[Witness]:
    """Name the facts that keep hosts from taking a VM: the state they are in, or what a network is not there by, and
    the EIP that needs it.
    """
    for exclusion in excluded:
        if exclusion.l2 in eips:
            yield witness(eips[exclusion.l2], eip.Attached)
        member = t.load(exclusion.host, host.Host).state
        where = member.cluster
        if not exclusion.l2:
            in_service = member.state == "enabled"
            yield witness(where, cluster.Created) if in_service else witness(exclusion.host, host.StateChanged)
            continue
        network = t.load(exclusion.l2, l2.L2Network)
        subject = network.state.pool or network.uuid
        if is_attached(t, subject, where):
            yield witness(host_network.uuid_of(exclusion.host), *REPORTS, l2=network.uuid)
            continue
        yield absence(subject, where)


def absence(subject: str, where: str) -> Witness:
    """Name the fact by which a network or pool is not on a cluster."""
    return witness(subject, *NOT_THERE, cluster=where)


def is_attached(t: Transaction, subject: str, where: str) -> bool:
    found = t.get(subject)
    return found is not None and where in getattr(found.state, "clusters", ())
