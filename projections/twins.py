"""Devices of somebody's that are what one of ours would be, under another name: a kernel has room for one of each."""

from __future__ import annotations

from collections.abc import Iterator

from projections.found import Found
from projections.obstacle import Obstacle
from projections.plan import HostPlan


def obstacles(plan: HostPlan, found: Found) -> Iterator[Obstacle]:
    """Walk the networks whose VLAN or VNI is somebody else's on this host already. O(links)."""
    strangers = [link for link in found.links.values() if not link.ours]
    vlans = {(link.interface, link.number): link.name for link in strangers if link.kind == "vlan"}
    tunnels = {(link.number, link.udp_port): link.name for link in strangers if link.kind == "vxlan"}
    for vlan in plan.vlans:
        other = vlans.get((vlan.interface, vlan.vlan), vlan.name)
        if other != vlan.name:
            yield taken(other, vlan.l2, f"VLAN {vlan.vlan} of {vlan.interface}")
    for tunnel in plan.tunnels:
        other = tunnels.get((tunnel.vni, tunnel.port), tunnel.name)
        if other != tunnel.name:
            yield taken(other, tunnel.l2, f"VNI {tunnel.vni} on UDP port {tunnel.port}")


def taken(device: str, l2: str, what: str) -> Obstacle:
    return Obstacle(device, l2, f"{what} is {device} already, which Rewire did not make", foreign=True)
