"""What hosts said last of their L2 networks.

A report is about devices, and stands until the host says something else. What follows from it is not concluded here.
"""

from __future__ import annotations

import msgspec
from immutables import Map

from domain import host_network, l2, pool
from domain.history import Recorded
from domain.host_network import Outcome


class Said(msgspec.Struct, frozen=True):
    """The last word of a host on one L2 network."""

    outcome: Outcome
    reason: str
    """Why it failed, or nothing."""
    drift: str
    """What a look showed to be other than it must be, or nothing."""
    segment: str
    """The shape of the network that the host spoke of; nothing for a VXLAN network."""
    since: int
    """The fact that said so."""
    made: int
    """The fact that said it was realized first, while it was not removed since; or 0."""


class Reports(msgspec.Struct, frozen=True):
    of: Map[str, Map[str, Said]] = Map()
    """Host to L2 network to what the host said last."""
    left: Map[tuple[str, str], int] = Map()
    """(L2 network or pool, cluster) to the fact that parted them, while they are apart."""


NOTHING: Map[str, Said] = Map()


def evolve(reports: Reports, recorded: Recorded) -> Reports:
    """Fold one fact. O(log n)."""
    position = recorded.position
    match recorded.fact:
        case l2.DetachedFromCluster(cluster=cluster) | pool.DetachedFromCluster(cluster=cluster):
            left = reports.left.set((recorded.originator_id, cluster), position)
            return msgspec.structs.replace(reports, left=left)
        case l2.AttachedToCluster(cluster=cluster) | pool.AttachedToCluster(cluster=cluster):
            parted = (recorded.originator_id, cluster)
            there = parted in reports.left
            return msgspec.structs.replace(reports, left=reports.left.delete(parted)) if there else reports
        case host_network.Realized(host=host, l2=network, segment=segment):
            return note(reports, host, network, "realized", position, segment=segment)
        case host_network.Failed(host=host, l2=network, segment=segment, reason=reason):
            return note(reports, host, network, "failed", position, segment=segment, reason=reason)
        case host_network.Removed(host=host, l2=network):
            return note(reports, host, network, "removed", position)
        case host_network.DriftBegan(host=host, l2=network, segment=segment, what=what):
            return note(reports, host, network, "realized", position, segment=segment, drift=what)
        case host_network.DriftEnded(host=host, l2=network):
            return note(reports, host, network, "realized", position)
        case host_network.Forgotten(host=host):
            return msgspec.structs.replace(reports, of=reports.of.delete(host))
        case _:
            return reports


def note(
    reports: Reports,
    host: str,
    network: str,
    outcome: Outcome,
    position: int,
    *,
    segment: str | None = None,
    reason: str = "",
    drift: str = "",
) -> Reports:
    """Keep what a host said. What says nothing of a segment is about the one that the host spoke of last."""
    here = reports.of.get(host, NOTHING)
    before = here.get(network)
    made = 0 if outcome == "removed" else before.made if before else 0
    if outcome == "realized" and not made:
        made = position
    if segment is None:
        segment = before.segment if before else ""
    said = Said(outcome, reason, drift, segment, position, made)
    return msgspec.structs.replace(reports, of=reports.of.set(host, here.set(network, said)))
