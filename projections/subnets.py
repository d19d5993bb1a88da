"""What follows for an L3 network from its ranges and from the L2 network that it is on."""

from __future__ import annotations

from domain import l2, l3
from domain.l2_types import GRE_MTU, TUNNEL_MTU
from projections.topology import Topology


TUNNELS = {"tunnel": TUNNEL_MTU, "gre": GRE_MTU}
"""What the carriers leave of a frame."""


def l2_of(topology: Topology, subnet: str) -> str:
    return topology.state(subnet, l3.L3Network).l2


def bridge_of(topology: Topology, subnet: str) -> str:
    return topology.state(l2_of(topology, subnet), l2.L2Network).bridge


def mtu_of(topology: Topology, subnet: str) -> int:
    """Give the MTU that guests are told: the network's own, in a tunnel what that leaves, or else none."""
    state = topology.state(subnet, l3.L3Network)
    return state.mtu or TUNNELS.get(topology.state(state.l2, l2.L2Network).carrier, 0)


def networks(topology: Topology, subnet: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(r.network_cidr for r in topology.state(subnet, l3.L3Network).ranges))


def gateways(topology: Topology, subnet: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(r.gateway for r in topology.state(subnet, l3.L3Network).ranges))
