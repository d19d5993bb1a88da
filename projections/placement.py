"""Which hosts have all the L2 networks that a VM needs, and why each other host does not.

Hosts that fit come with the emptiest first, then by age, so that the same history places the same way everywhere.
"""

from __future__ import annotations

from collections.abc import Collection

from domain import host
from domain.census import Exclusion, Placement
from projections import attachment
from projections.relations import related
from projections.topology import Topology


def place(topology: Topology, l2s: Collection[str], *, cluster: str = "") -> Placement:
    """Sort the hosts of one cluster, or of all, into those that fit and those that don't. O(hosts)."""
    reach = {network: set(attachment.clusters_of(topology.objects, network)) for network in l2s}
    fits: list[str] = []
    excluded: list[Exclusion] = []
    for uuid, state in topology.every(host.Host):
        if cluster and state.cluster != cluster:
            continue
        missing = next((network for network in l2s if state.cluster not in reach[network]), "")
        if state.state != "enabled":
            excluded.append(Exclusion(uuid, f"the host is in state {state.state}", ""))
        elif missing:
            where = topology.name(state.cluster)
            excluded.append(Exclusion(uuid, f"L2 network not attached to cluster {where}", missing))
        else:
            fits.append(uuid)
    fits.sort(key=lambda uuid: (len(related(topology.objects.children, uuid)), uuid))
    return Placement(tuple(fits), tuple(excluded))
