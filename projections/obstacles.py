"""What stands in the way of a plan on a host: foreign, missing or taken. Reported, and never touched.

An obstacle keeps out what is behind it, a network or a service, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

from projections import deafness, filter_diff, firewall, mesh_diff, twins, underlay, walls
from projections.found import FOREIGN, Found
from projections.holding import holders
from projections.namespaces import Namespace
from projections.obstacle import Obstacle as Obstacle  # noqa: PLC0414 - it is asked for here
from projections.plan import Bridge, HostPlan, Port


def obstacles(plan: HostPlan, found: Found) -> tuple[Obstacle, ...]:
    """Give what is foreign, missing or taken on the host and keeps networks of the plan, or services, from it."""
    return (
        *of_networks(plan, found),
        *(o for each in namespaces_of(plan) for o in of_namespace(plan, each, found)),
        *of_ports(plan, found),
        *of_filters(plan, found),
        *unrealized(plan),
        *elsewhere(plan),
    )


def of_networks(plan: HostPlan, found: Found) -> tuple[Obstacle, ...]:
    return (
        *(o for b in plan.bridges for o in foreign(b.name, b.l2, found)),
        *(o for b in plan.bridges if b.uplink for o in unusable(b, found)),
        *(o for v in plan.vlans for o in foreign(v.name, v.l2, found)),
        *(o for v in plan.vlans for o in missing(v.interface, v.l2, found)),
        *(o for t in plan.tunnels for o in foreign(t.name, t.l2, found)),
        *twins.obstacles(plan, found),
        *underlay.obstacles(plan, found),
        *mesh_diff.obstacles(plan, found),
        *deafness.obstacles(plan, found),
        *walls.obstacles(plan, found),
        *firewall.obstacles(plan, found),
        *stuck(plan, found),
    )


def ports_of(plan: HostPlan) -> Iterator[Port]:
    """Walk the NICs on bridges that are ours to make, of the kernel's or of OVS: a plugin plugs in its own."""
    owners = owners_of(plan)
    return (port for port in plan.ports if port.bridge in owners)


def owners_of(plan: HostPlan) -> dict[str, str]:
    """Give the network of each bridge that is ours to make."""
    return {bridge.name: bridge.l2 for bridge in plan.bridges} | {mesh.bridge: mesh.l2 for mesh in plan.meshes}


def bridge_l2(plan: HostPlan, name: str) -> str:
    return owners_of(plan).get(name, "")


def foreign(name: str, l2: str, found: Found) -> Iterator[Obstacle]:
    link = found.links.get(name)
    if link and not link.ours:
        yield Obstacle(name, l2, f"there is a device {name} that Rewire did not make", foreign=True)


def missing(interface: str, l2: str, found: Found) -> Iterator[Obstacle]:
    if interface not in found.links:
        yield Obstacle(interface, l2, f"the host has no interface {interface}", foreign=False)


def unusable(bridge: Bridge, found: Found) -> Iterator[Obstacle]:
    yield from missing(bridge.uplink, bridge.l2, found)
    if plug := found.ovs.ports.get(bridge.uplink):
        why = f"interface {bridge.uplink} is a port of the OVS bridge {plug.bridge} already"
        yield Obstacle(bridge.uplink, bridge.l2, why, foreign=True)
    link = found.links.get(bridge.uplink)
    if bridge.uplink == "lo" or (link and link.kind == "bridge"):
        why = f"{bridge.uplink} can't be a port of a bridge: give the network an interface that leads off the host"
        yield Obstacle(bridge.uplink, bridge.l2, why, foreign=True)
    master = found.links.get(link.bridge) if link else None
    if link and link.bridge and link.bridge != bridge.name and not (master and master.ours):
        yield Obstacle(
            bridge.uplink, bridge.l2, f"interface {bridge.uplink} is a port of {link.bridge} already", foreign=True
        )


def namespaces_of(plan: HostPlan) -> Iterator[Namespace]:
    """Walk the namespaces whose legs are all on bridges that are ours to make."""
    owners = owners_of(plan)
    return (each for each in plan.namespaces if all(leg.bridge in owners for leg in each.legs))


def of_namespace(plan: HostPlan, namespace: Namespace, found: Found) -> Iterator[Obstacle]:
    """Walk what keeps a namespace from being made; its networks can be there all the same."""
    network, room = bridge_l2(plan, namespace.legs[0].bridge), found.namespaces.get(namespace.name)
    if room and not room.ours:
        why = f"there is a network namespace {namespace.name} that Rewire did not make"
        yield Obstacle(namespace.name, network, why, foreign=True)
    if found.fence == FOREIGN and is_kept(namespace, plan):
        why = "there is a table rewire_dhcp in nftables' bridge family that Rewire did not make"
        yield Obstacle("rewire_dhcp", network, why, foreign=True)
    for leg in namespace.legs:
        yield from foreign(leg.device, network, found)


def is_kept(namespace: Namespace, plan: HostPlan) -> bool:
    """Tell whether a leg of a namespace is to be kept to its host."""
    kept = {barrier.leg for barrier in plan.barriers}
    return any(leg.device in kept for leg in namespace.legs)


def of_ports(plan: HostPlan, found: Found) -> Iterator[Obstacle]:
    """Walk the NICs that are kept out because somebody else's device has their name; their networks can be there."""
    owners = owners_of(plan)
    yield from (way for port in ports_of(plan) for way in foreign(port.device, owners[port.bridge], found))


def of_filters(plan: HostPlan, found: Found) -> Iterator[Obstacle]:
    """Walk the NICs that are kept out because nothing would guard them; their networks can be there all the same."""
    unguarded, owners = filter_diff.unguarded(plan, found), owners_of(plan)
    for port in ports_of(plan):
        if why := unguarded.get(port.device):
            foreign_table = filter_diff.is_blocked(plan.filters, found)
            closed = f"{port.device} is in a group, and kept down: {why}"
            yield Obstacle(port.device, owners[port.bridge], closed, foreign_table)


def unrealized(plan: HostPlan) -> Iterator[Obstacle]:
    """Walk the EIPs that the host itself is to do and can't. No network lacks anything by that."""
    gated, made = {bridge.name for bridge in plan.bridges}, owners_of(plan)
    for eip in plan.services.eips:
        if not eip.namespace and eip.bridge not in gated:
            why = "can't be done by the host, which keeps a gateway to one NIC on bridges of its kernel alone"
            yield Obstacle(eip.vip, "", f"EIP {eip.vip} {why}, and {eip.bridge} is none", foreign=False)
        elif not eip.namespace and eip.vip_bridge not in made:
            why = f"can't come in by {eip.vip_bridge}, which is made by a plugin: nothing of ours is plugged in there"
            yield Obstacle(eip.vip, "", f"EIP {eip.vip} {why}", foreign=False)


def elsewhere(plan: HostPlan) -> Iterator[Obstacle]:
    """Walk what would have to be on bridges that plugins make, where nothing of ours is plugged in or filters."""
    owners = owners_of(plan)
    for each in plan.namespaces:
        for bridge in sorted({leg.bridge for leg in each.legs} - owners.keys()):
            why = f"{each.name} is not made: {bridge} is made by a plugin, and nothing of ours is plugged in there"
            yield Obstacle(each.name, "", why, foreign=False)
    homes = {port.device: port.bridge for port in plan.ports}
    for shield in plan.services.shields:
        if shield.groups and (bridge := homes.get(shield.device, "")) and bridge not in owners:
            why = f"{shield.device} is in a group: {bridge} is made by a plugin, and nothing of ours filters there"
            yield Obstacle(shield.device, "", why, foreign=False)


def stuck(plan: HostPlan, found: Found) -> Iterator[Obstacle]:
    """Walk the links of ours that nobody wants any more and that somebody else still uses."""
    kept = {*(b.name for b in plan.bridges), *(v.name for v in plan.vlans), *(t.name for t in plan.tunnels)}
    for link in sorted(found.links.values(), key=lambda link: link.name):
        if link.ours and link.name not in kept:
            for why in holders(link, found):
                yield Obstacle(link.name, "", f"{link.name} can't go: {why}, which Rewire did not do", foreign=True)
