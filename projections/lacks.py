"""What a host lacks of an L2 network, by its own word."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain import host, l2
from projections.placement import complaint
from projections.plan import HostPlan
from projections.problem import Kind
from projections.relations import related
from projections.reports import Said
from projections.topology import Topology


class Lack(msgspec.Struct, frozen=True):
    """How a network is not as it is to be, while the host needs it."""

    kind: Kind
    why: str
    because: tuple[int, ...]


def lack(topology: Topology, uuid: str, network: str) -> Lack | None:
    """Say how a host has a network otherwise than it is to, where it needs that: by what it said of it last."""
    said, state = topology.reports.of[uuid][network], topology.state(network, l2.L2Network)
    cluster = topology.state(uuid, host.Host).cluster
    if found := complaint(topology, uuid, cluster, network):
        return Lack(kind_of(said), found.why, (said.since,))
    if said.outcome == "removed" and state.realize == "vm":
        return Lack("gone", "the host reported it gone", (said.since,))
    if said.drift and said.segment == state.segment:
        return Lack("drifted", f"the host reported that it drifted: {said.drift}", (said.since,))
    if said.outcome == "realized" and said.segment != state.segment:
        told = f"by its last report it is on {said.segment}, and it is to be on {state.segment}"
        return Lack("outdated", told, (said.since, topology.objects.shaped.get(network, 0)))
    return None


def kind_of(said: Said) -> Kind:
    """Give the kind of problem that a host complains of."""
    if said.outcome == "failed":
        return "failed"
    return "gone" if said.outcome == "removed" else "drifted"


def is_missed(topology: Topology, intended: HostPlan, network: str) -> bool:
    """Tell whether a host needs a network that it reported gone: one that is made for VMs, since before that report."""
    state, said = topology.state(network, l2.L2Network), topology.reports.of[intended.host][network]
    if said.outcome != "removed" or state.realize == "attach":
        return True
    return any(since < said.since for bridge, since in needs(topology, intended) if bridge == state.bridge)


def needs(topology: Topology, intended: HostPlan) -> Iterator[tuple[str, int]]:
    """Walk the bridges that VMs, virtual routers and EIPs on a host need, each with the fact since which one does."""
    yield from ((port.bridge, max(port.because)) for port in intended.ports)
    yield from ((eip.vip_bridge, max(eip.because)) for eip in intended.services.eips)
    for one in intended.services.routers:
        placed = related(topology.services.users, intended.host)[one.router]
        yield from ((leg.bridge, max(placed, min(leg.because))) for leg in one.legs)
