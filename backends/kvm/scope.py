"""One network's part of a host: what a plan has for it, and what was made for it.

To work on one network alone, everything of ours that belongs to another is shown as foreign: what is
foreign is kept off. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_interface

import msgspec
from immutables import Map

from projections.found import Found, Link, Room
from projections.marks import subject_in, uplink_in
from projections.namespace_operations import LoadFences, NamespaceOperation
from projections.namespaces import Namespace
from projections.obstacles import owners_of
from projections.operations import MoveAddress, MoveNeighbour, MoveRoute, MoveRule, Operation
from projections.ovs import Ovs
from projections.plan import Bridge, HostPlan, Port, Tunnel, Vlan
from projections.service_entries import Services
from projections.targets import name_of


FENCES = ""
"""What stands for all fences among the names of namespaces."""
PLUGGED = frozenset({"port", "leg"})
Device = Bridge | Vlan | Tunnel | Port


def part(plan: HostPlan, l2: str) -> HostPlan:
    """Keep what a plan has for one network, with the ports on it; all of it if no network is named.

    What is for others as well, such as a virtual router, is left as it is.
    """
    if not l2:
        return plan
    bridges = {name for name, owner in owners_of(plan).items() if owner == l2}
    return msgspec.structs.replace(
        plan,
        bridges=tuple(bridge for bridge in plan.bridges if bridge.l2 == l2),
        vlans=tuple(vlan for vlan in plan.vlans if vlan.l2 == l2),
        tunnels=tuple(tunnel for tunnel in plan.tunnels if tunnel.l2 == l2),
        meshes=tuple(mesh for mesh in plan.meshes if mesh.l2 == l2),
        ports=tuple(port for port in plan.ports if port.bridge in bridges),
        services=Services(),
        namespaces=tuple(each for each in plan.namespaces if bridges_of(each) <= bridges),
    )


def without(plan: HostPlan, l2: str) -> HostPlan:
    """Keep what a plan has for all networks but one."""
    bridges = {name for name, owner in owners_of(plan).items() if owner == l2}
    return msgspec.structs.replace(
        plan,
        bridges=tuple(bridge for bridge in plan.bridges if bridge.l2 != l2),
        vlans=tuple(vlan for vlan in plan.vlans if vlan.l2 != l2),
        tunnels=tuple(tunnel for tunnel in plan.tunnels if tunnel.l2 != l2),
        meshes=tuple(mesh for mesh in plan.meshes if mesh.l2 != l2),
        ports=tuple(port for port in plan.ports if port.bridge not in bridges),
        namespaces=tuple(left for each in plan.namespaces if (left := apart(each, bridges)).legs),
    )


def apart(namespace: Namespace, bridges: set[str]) -> Namespace:
    """Keep what a namespace has on other bridges: one with other legs lives on with them."""
    legs = tuple(leg for leg in namespace.legs if leg.bridge not in bridges)
    if legs == namespace.legs:
        return namespace
    devices = {leg.device for leg in legs}
    near = [ip_interface(cidr).network for leg in legs for cidr in leg.addresses]
    return msgspec.structs.replace(
        namespace,
        legs=legs,
        routes=tuple(route for route in namespace.routes if any(ip_address(route.gateway) in n for n in near)),
        ways=tuple(way for way in namespace.ways if way.leg in devices),
        server=namespace.server if namespace.server and namespace.server.leg in devices else None,
    )


def bridges_of(namespace: Namespace) -> set[str]:
    return {leg.bridge for leg in namespace.legs}


def behind(plan: HostPlan, networks: set[str]) -> set[str]:
    """Give the namespaces that have a leg on one of some networks: without it they come to nothing."""
    owners = owners_of(plan)
    return {each.name for each in plan.namespaces if any(owners.get(leg.bridge) in networks for leg in each.legs)}


def legless(plan: HostPlan, found: Found) -> set[str]:
    """Give the namespaces of which a leg is missing that must be kept in from its first moment on."""
    legs = {barrier.leg for barrier in plan.barriers if barrier.leg not in found.links}
    return {each.name for each in plan.namespaces if legs & {leg.device for leg in each.legs}}


def left_out(plan: HostPlan, failed: NamespaceOperation) -> set[str]:
    """Give the namespaces that are left as they are when an operation fails: its own, or all that are to be kept in."""
    if isinstance(failed, LoadFences):
        legs = {barrier.leg for barrier in plan.barriers}
        return {FENCES, *(each.name for each in plan.namespaces if legs & {leg.device for leg in each.legs})}
    return {getattr(failed, "namespace", FENCES)}


def is_in(operation: Operation, namespaces: set[str]) -> bool:
    """Tell whether an operation is about one of some namespaces, or about fences."""
    return isinstance(operation, NamespaceOperation) and getattr(operation, "namespace", FENCES) in namespaces


def narrow(found: Found, plan: HostPlan, l2: str) -> Found:
    """Show all links of ours but one network's as foreign. The plan is that network's part of one."""
    mine = set(names(plan)) | {link.name for link in found.links.values() if subject(link) == l2}
    ovs = narrow_ovs(found.ovs, l2)
    mine |= {port.name for port in ovs.ports.values() if port.ours}
    rooms = {name: room for name, room in found.namespaces.items() if is_seen(name, room, found, plan, mine)}
    others = {leg for name, room in found.namespaces.items() if name not in rooms for leg in room.legs}
    links = found.links
    for link in found.links.values():
        plugged = link.kind in PLUGGED and link.bridge in mine
        if link.ours and (link.name in others or not (plugged or link.name in mine)):
            links = links.set(link.name, msgspec.structs.replace(link, ours=False))
    filters = found.filters if plan.filters.nics else None  # they are the whole host's: no network takes them away
    fence = found.fence if plan.barriers else ""  # the same goes for these
    wall = found.wall if plan.wall.vnis else ""  # and for these
    found = msgspec.structs.replace(found, deaf=found.deaf if plan.deaf else frozenset(), wall=wall)
    return msgspec.structs.replace(found, links=links, filters=filters, namespaces=Map(rooms), fence=fence, ovs=ovs)


def narrow_ovs(ovs: Ovs, l2: str) -> Ovs:
    """Show what Open vSwitch has for other networks as foreign."""
    bridges = {bridge.name for bridge in ovs.bridges.values() if subject_in(bridge.mark) == l2}
    rows = (row if row.name in bridges else msgspec.structs.replace(row, ours=False) for row in ovs.bridges.values())
    ports = (row if row.bridge in bridges else msgspec.structs.replace(row, ours=False) for row in ovs.ports.values())
    return msgspec.structs.replace(
        ovs, bridges=Map({row.name: row for row in rows}), ports=Map({row.name: row for row in ports})
    )


def is_seen(name: str, room: Room, found: Found, plan: HostPlan, mine: set[str]) -> bool:
    """Tell whether a namespace is one of a plan's, or all its legs are on bridges of ours: else it is others' too."""
    homes = [leg in mine or found.links[leg].bridge in mine for leg in room.legs if leg in found.links]
    return name in {each.name for each in plan.namespaces} or (bool(homes) and all(homes))


def names(plan: HostPlan) -> Iterator[str]:
    devices: tuple[Device, ...] = (*plan.bridges, *plan.vlans, *plan.tunnels, *plan.ports)
    yield from (name_of(device) for device in devices)


def subject(link: Link) -> str:
    """Read back from a link's mark whose it is: a network's, or a NIC's."""
    return subject_in(link.mark) if link.ours else ""


def network_of(plan: HostPlan, operation: Operation) -> str:
    """Give the network of a plan that an operation serves; nothing when it takes away what is in no plan."""
    owners = owners_of(plan)
    owners |= {vlan.name: vlan.l2 for vlan in plan.vlans}
    owners |= {tunnel.name: tunnel.l2 for tunnel in plan.tunnels}
    owners |= {port.device: owners.get(port.bridge, "") for port in plan.ports}
    return next((owners[name] for name in touched(operation) if name in owners), "")


def touched(operation: Operation) -> Iterator[str]:
    """Walk the names of what an operation changes."""
    if isinstance(operation, MoveAddress | MoveRoute | MoveNeighbour | MoveRule):
        yield operation.target
    for field in ("name", "tunnel", "bridge"):
        if name := getattr(operation, field, ""):
            yield name


def is_new(found: Found, plan: HostPlan, l2: str) -> bool:
    """Tell whether a host doesn't have a network's bridge yet, or nothing leads off the host there that is to."""
    there = {bridge.name for bridge in found.ovs.bridges.values() if bridge.ours}
    meshed = any(mesh.l2 == l2 and mesh.bridge not in there for mesh in plan.meshes)
    return meshed or any(bridge.l2 == l2 and not is_joined(found, bridge) for bridge in plan.bridges)


def is_joined(found: Found, bridge: Bridge) -> bool:
    """Tell whether a bridge of ours has its uplink, or what is to give way to that."""
    link, uplink = found.links.get(bridge.name), found.links.get(bridge.uplink)
    if link is None or not link.ours:
        return False
    ways = {bridge.uplink, uplink_in(link.mark)}
    ports = (port for port in found.links.values() if port.bridge == bridge.name)
    return uplink is None or any(port.name in ways or (port.ours and port.kind == "vlan") for port in ports)
