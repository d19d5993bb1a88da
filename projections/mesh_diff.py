"""GRE networks on Open vSwitch: what they must have there, what is in their way, and how it comes and goes.

Every tunnel is a protected port: what comes out of one goes to guests, and never into another, so that a full
mesh has no loops and needs no spanning tree. A tunnel is found again by where it leads; its name is only a
name. Pure, and planning nothing against a row that is not ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2s

from projections import ovs
from projections.found import Found
from projections.marks import mark_of
from projections.obstacle import Obstacle
from projections.operation import Operation
from projections.ovs import OvsPort
from projections.ovs_operations import AddGrePort, CreateOvsBridge, DeleteOvsBridge, PlugPort, RemoveOvsPort
from projections.plan import GreMesh, HostPlan


TUNNEL = "gre"
DIGITS = 12


def tunnel_name(l2: str, peer: str) -> str:
    """Name a tunnel after its network and its far end, in 15 bytes."""
    return f"{TUNNEL}{blake2s(f'{l2} {peer}'.encode(), digest_size=DIGITS // 2).hexdigest()}"


def wanted(plan: HostPlan) -> dict[str, OvsPort]:
    """Give every port of the plan on Open vSwitch, by name."""
    return {port.name: port for mesh in plan.meshes for port in (*tunnels(mesh), *plugs(plan, mesh))}


def tunnels(mesh: GreMesh) -> Iterator[OvsPort]:
    mark = mark_of(mesh.l2, mesh.because)
    for peer in mesh.peers:
        name = tunnel_name(mesh.l2, peer)
        yield ovs.gre(name, mesh.bridge, ends=(mesh.local, peer), key=mesh.key, mark=mark)


def plugs(plan: HostPlan, mesh: GreMesh) -> Iterator[OvsPort]:
    for port in plan.ports:
        if port.bridge == mesh.bridge:
            yield ovs.plugged(port.device, mesh.bridge, mark_of(port.nic, port.because))
    fenced = {fence.leg for fence in plan.fences}
    for each in plan.namespaces:
        for leg in each.legs:
            if leg.bridge == mesh.bridge:
                mark = mark_of(each.subject, each.because)
                yield ovs.plugged(leg.device, mesh.bridge, mark, protected=leg.device in fenced)


# what stands in the way


def obstacles(plan: HostPlan, found: Found) -> Iterator[Obstacle]:
    """Walk what keeps GRE networks out, and OVS bridges that nobody wants from going."""
    for mesh in plan.meshes:
        if found.ovs.down:
            yield Obstacle("Open vSwitch", mesh.l2, found.ovs.down, foreign=False)
        else:
            yield from taken(mesh, found)
            yield from (o for port in (*tunnels(mesh), *plugs(plan, mesh)) for o in occupied(port, mesh.l2, found))
    yield from stuck(plan, found)


def taken(mesh: GreMesh, found: Found) -> Iterator[Obstacle]:
    bridge = found.ovs.bridges.get(mesh.bridge)
    if bridge and not bridge.ours:
        why = f"there is an OVS bridge {mesh.bridge} that Rewire did not make"
        yield Obstacle(mesh.bridge, mesh.l2, why, foreign=True)
    elif bridge is None and mesh.bridge in found.links:
        why = f"there is a device {mesh.bridge} that Rewire did not make"
        yield Obstacle(mesh.bridge, mesh.l2, why, foreign=True)


def occupied(port: OvsPort, l2: str, found: Found) -> Iterator[Obstacle]:
    there = found.ovs.ports.get(port.name)
    if there and not there.ours:
        why = f"there is an OVS port {port.name} on {there.bridge} that Rewire did not make"
        yield Obstacle(port.name, l2, why, foreign=True)


def stuck(plan: HostPlan, found: Found) -> Iterator[Obstacle]:
    kept = {mesh.bridge for mesh in plan.meshes}
    for name in sorted(bridge.name for bridge in found.ovs.bridges.values() if bridge.ours):
        if name not in kept:
            for port in foreign_ports(name, found):
                why = f"OVS bridge {name} can't go: {port} is plugged into it, which Rewire did not do"
                yield Obstacle(name, "", why, foreign=True)


def foreign_ports(bridge: str, found: Found) -> list[str]:
    return sorted(port.name for port in found.ovs.ports.values() if port.bridge == bridge and not port.ours)


# what must go, and what must come


def removals(plan: HostPlan, found: Found) -> Iterator[Operation]:
    """Take away what is ours and not in the plan, ports first."""
    targets = wanted(plan)
    for port in sorted(found.ovs.ports.values(), key=lambda port: port.name):
        if port.ours and not is_kept(port, targets.get(port.name)):
            yield RemoveOvsPort(port.name, port.bridge)
    kept = {mesh.bridge for mesh in plan.meshes}
    for bridge in sorted(found.ovs.bridges.values(), key=lambda bridge: bridge.name):
        if bridge.ours and bridge.name not in kept and not foreign_ports(bridge.name, found):
            yield DeleteOvsBridge(bridge.name)


def is_kept(port: OvsPort, target: OvsPort | None) -> bool:
    """Tell whether a port can become what it must be where it is."""
    return target is not None and (target.bridge, target.kind) == (port.bridge, port.kind)


def raise_bridge(mesh: GreMesh, found: Found, host: str) -> Iterator[Operation]:
    """Make a mesh's bridge and its tunnels, or mend what differs."""
    mark = mark_of(mesh.l2, mesh.because, host=host)
    bridge = found.ovs.bridges.get(mesh.bridge)
    if bridge is None or bridge.mark != mark:
        yield CreateOvsBridge(mesh.bridge, mark)
    for port in tunnels(mesh):
        if found.ovs.ports.get(port.name) != port:
            yield AddGrePort(port.name, port.bridge, port.local, port.remote, port.key, port.mark)


def plug(plan: HostPlan, mesh: GreMesh, found: Found) -> Iterator[Operation]:
    """Plug in the guests' ports and the namespaces' legs, once they are there."""
    for port in plugs(plan, mesh):
        if found.ovs.ports.get(port.name) != port:
            yield PlugPort(port.name, port.bridge, port.mark, port.protected)
