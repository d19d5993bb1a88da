"""With whom a host has a VXLAN network: the tunnels' other ends.

A host has a network that is made for VMs while it has a NIC on it, or serves it.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain import host, l2, pool
from projections import service_plan
from projections.relations import related
from projections.topology import Topology


def peers(topology: Topology, uuid: str, network_uuid: str) -> Iterator[str]:
    """Walk the VTEPs of the other hosts that have a VXLAN network."""
    network = topology.state(network_uuid, l2.L2Network)
    owner = topology.state(network.pool, pool.VxlanPool)
    for cluster, cidr in owner.attachments:
        for other in related(topology.objects.children, cluster):
            if other != uuid and (network.realize == "attach" or is_used(topology, other, network_uuid)):
                yield topology.state(other, host.Host).tunnel_address(cidr)


def is_used(topology: Topology, uuid: str, network: str) -> bool:
    """Tell whether a host has a NIC on an L2 network, or serves it."""
    return has_guest(topology, uuid, network) or network in service_plan.networks(topology, uuid)


def has_guest(topology: Topology, uuid: str, network: str) -> bool:
    """Tell whether a VM on a host has a NIC on an L2 network."""
    guests = related(topology.objects.children, uuid)
    on_network = (
        nic for subnet in related(topology.objects.children, network) for nic in related(topology.nics.on_l3, subnet)
    )
    return any(topology.nics.all[nic].vm in guests for nic in on_network)
