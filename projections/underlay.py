"""What a network asks of the host's own interfaces: that its tunnels start at one, and that its frames fit.

They are the administrator's: what they lack is told, and never changed. An MTU of 0 is one that nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain.l2_types import GRE_MTU, TUNNEL_MTU
from projections.found import Found, Link
from projections.obstacle import Obstacle
from projections.plan import DEFAULT_MTU, Bridge, GreMesh, HostPlan, Tunnel


UNKNOWN = Link("", "other")


def grounded(plan: HostPlan, found: Found) -> HostPlan:
    """Give a plan with the MTUs that it leaves to what is below.

    A bridge that carries a host's own addresses always has its uplink's MTU: what a network asks for must fit that,
    and never narrows the host's own way out.
    """
    vlans = tuple(msgspec.structs.replace(v, mtu=v.mtu or mtu_of(v.interface, found)) for v in plan.vlans)
    below = {vlan.bridge: vlan.mtu for vlan in vlans}
    bridges = tuple(msgspec.structs.replace(b, mtu=bridge_mtu(b, below, found)) for b in plan.bridges)
    return msgspec.structs.replace(plan, bridges=bridges, vlans=vlans)


def bridge_mtu(bridge: Bridge, below: dict[str, int], found: Found) -> int:
    own = mtu_of(bridge.uplink, found) if bridge.uplink else 0
    return own or bridge.mtu or below.get(bridge.name, 0)


def mtu_of(interface: str, found: Found) -> int:
    return found.links.get(interface, UNKNOWN).mtu


def obstacles(plan: HostPlan, found: Found) -> Iterator[Obstacle]:
    """Walk what a host's own interfaces lack."""
    homes = {address.cidr.partition("/")[0]: address.interface for address in found.addresses}
    for bridge in plan.bridges:
        if bridge.uplink:
            yield from too_narrow(bridge.uplink, bridge.l2, bridge.mtu, found)
    for vlan in plan.vlans:
        yield from too_narrow(vlan.interface, vlan.l2, vlan.mtu, found)
    for tunnel in plan.tunnels:
        yield from lacking(tunnel, homes, found, around=DEFAULT_MTU - TUNNEL_MTU)
    for mesh in plan.meshes:
        yield from lacking(mesh, homes, found, around=DEFAULT_MTU - GRE_MTU)


def lacking(below: Tunnel | GreMesh, homes: dict[str, str], found: Found, *, around: int) -> Iterator[Obstacle]:
    """Tell when tunnels have nowhere to start, or start at an interface that is too narrow."""
    if below.local in homes:
        yield from too_narrow(homes[below.local], below.l2, below.mtu, found, around=around)
    else:
        why = f"no interface of the host has the address {below.local}, from which tunnels start"
        yield Obstacle(below.local, below.l2, why, foreign=False)


def too_narrow(interface: str, l2: str, mtu: int, found: Found, *, around: int = 0) -> Iterator[Obstacle]:
    """Tell when frames of this length, with what is around them, don't fit through an interface."""
    room = mtu_of(interface, found)
    if mtu and 0 < room < mtu + around:
        header = f" and {around} around them" if around else ""
        why = f"interface {interface} has an MTU of {room}, too small for {mtu} bytes{header}: raise it on the host"
        yield Obstacle(interface, l2, why, foreign=True)
