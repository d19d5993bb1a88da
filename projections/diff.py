"""From what a host has to what it must have: `diff(plan, found) -> operations`.

Pure, level-triggered and careful: it looks only at the two states, so a run that was cut off is simply looked
at again; and it plans nothing against a link that is not ours. What is foreign and in the way is an obstacle:
reported, never touched, and nothing of the network behind it is changed until it is gone.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from projections import filter_diff, mesh_diff, namespace_diff, succession
from projections.found import Found, Kind, Link
from projections.marks import mark_of, uplink_in
from projections.namespace_operations import CreateLeg
from projections.namespaces import Leg, Namespace
from projections.obstacles import (
    bridge_l2,
    foreign_ports,
    namespaces_of,
    of_namespace,
    of_networks,
    owners_of,
    ports_of,
)
from projections.operations import (
    AddPeer,
    CreateBridge,
    CreatePort,
    CreateTunnel,
    CreateVlan,
    Delete,
    Enslave,
    Mark,
    MoveAddress,
    MoveNeighbour,
    MoveRoute,
    MoveRule,
    Operation,
    Release,
    RemovePeer,
    Replace,
    SetMtu,
    SetUp,
    apply_all,
)
from projections.plan import DEFAULT_MTU, Bridge, HostPlan, Port, Tunnel, Vlan
from projections.succession import Heir
from projections.underlay import grounded


Device = Bridge | Vlan | Tunnel | Port


class Wanted(msgspec.Struct, frozen=True):
    """A link of ours as it must be, and the operation that makes it."""

    link: Link
    create: Operation


def diff(plan: HostPlan, found: Found) -> tuple[Operation, ...]:
    """Give the operations that bring a host to its plan, in order; none when it is there. O(links)."""
    blocked = {obstacle.l2 for obstacle in of_networks(plan, found)}
    targets = wanted(grounded(plan, found))
    heirs = succession.heirs(plan, found, {link.name for link in found.links.values() if is_gone(link, targets)})
    follow = tuple(heir for heir in heirs if heir.vlan.l2 not in blocked)
    staying = succession.undisturbed(plan, found, blocked) | {heir.old.name for heir in follow}
    gone = tuple(removals(plan, found, targets, staying))
    left = apply_all(found, gone)
    admitted = filter_diff.admitted(plan, left)
    return (
        *gone,
        *namespace_diff.load_fences(plan.fences, left),
        *(o for bridge in plan.bridges if bridge.l2 not in blocked for o in raise_bridge(bridge, left, targets)),
        *(o for mesh in plan.meshes if mesh.l2 not in blocked for o in mesh_diff.raise_bridge(mesh, left)),
        *filter_diff.load(plan.filters, left),
        *(o for heir in follow for o in succeed(heir, left, targets)),
        *(o for name in ports_of_bridges(admitted, blocked, follow) for o in raise_link(targets[name], left)),
        *(o for tunnel in plan.tunnels if tunnel.l2 not in blocked for o in adjust_peers(tunnel, left)),
        *(o for each in free(plan, found, blocked) for o in furnish(each, left, targets)),
        *(o for mesh in plan.meshes if mesh.l2 not in blocked for o in mesh_diff.plug(admitted, mesh, left)),
        *filter_diff.unload(plan.filters, left),
    )


# what must be


def wanted(plan: HostPlan) -> dict[str, Wanted]:
    """Give every link of the plan by name."""
    devices: list[Device] = [*plan.bridges, *plan.vlans, *plan.tunnels, *plugs_of(plan)]
    legs = (want_leg(leg, each) for each in namespaces_of(plan) for leg in legs_of(each, plan))
    return {name_of(device): want(device) for device in devices} | {leg.link.name: leg for leg in legs}


def plugs_of(plan: HostPlan) -> Iterator[Port]:
    """Walk the NICs with the bridge of the kernel's that each is a port of: none where OVS has it."""
    meshed = {mesh.bridge for mesh in plan.meshes}
    for port in ports_of(plan):
        yield msgspec.structs.replace(port, bridge="") if port.bridge in meshed else port


def name_of(device: Device) -> str:
    return device.device if isinstance(device, Port) else device.name


def want(device: Device) -> Wanted:
    match device:
        case Bridge(name=name, l2=l2, uplink=uplink, mtu=mtu, because=because):
            mark = mark_of(l2, because, uplink=uplink)
            link = ours(name, "bridge", mark=mark, mtu=mtu)
            return Wanted(link, CreateBridge(name, mtu, uplink, mark))
        case Vlan(name=name, l2=l2, interface=interface, vlan=vlan, bridge=bridge, because=because, mtu=mtu):
            mark = mark_of(l2, because)
            link = ours(name, "vlan", mark=mark, bridge=bridge, mtu=mtu)
            below = msgspec.structs.replace(link, interface=interface, number=vlan)
            return Wanted(below, CreateVlan(name, interface, vlan, bridge, mtu, mark))
        case Tunnel() as t:
            mark = mark_of(t.l2, t.because)
            link = ours(t.name, "vxlan", mark=mark, bridge=t.bridge, mtu=t.mtu)
            ends = msgspec.structs.replace(link, number=t.vni, local=t.local, udp_port=t.port)
            return Wanted(ends, CreateTunnel(t.name, t.vni, t.local, t.port, t.bridge, t.mtu, mark))
        case Port(device=name, nic=nic, mac=mac, bridge=bridge, because=because, mtu=mtu):
            mark = mark_of(nic, because)
            link = ours(name, "port", mark=mark, bridge=bridge, mtu=mtu or DEFAULT_MTU)
            return Wanted(link, CreatePort(name, mac, bridge, link.mtu, mark))


def legs_of(namespace: Namespace, plan: HostPlan) -> tuple[Leg, ...]:
    """Give a namespace's legs, each with the bridge of the kernel's that it is a port of, as NICs have it."""
    meshed = {mesh.bridge for mesh in plan.meshes}
    return tuple(msgspec.structs.replace(x, bridge="") if x.bridge in meshed else x for x in namespace.legs)


def want_leg(leg: Leg, namespace: Namespace) -> Wanted:
    mark = mark_of(namespace.subject, namespace.because)
    create = CreateLeg(leg.device, namespace.name, leg.bridge, leg.mac, leg.mtu, mark)
    return Wanted(ours(leg.device, "leg", mark=mark, bridge=leg.bridge, mtu=leg.mtu), create)


def ours(name: str, kind: Kind, *, mark: str, bridge: str = "", mtu: int = 0) -> Link:
    return Link(name, kind, bridge=bridge, ours=True, mark=mark, mtu=mtu)


# what must go


def removals(plan: HostPlan, found: Found, targets: dict[str, Wanted], staying: set[str]) -> Iterator[Operation]:
    """Take away what is ours and not in the plan: namespaces, then ports, bridges last."""
    yield from mesh_diff.removals(plan, found)
    planned = tuple(namespaces_of(plan))
    yield from namespace_diff.removals(planned, found)
    found = apply_all(found, namespace_diff.removals(planned, found))
    severed = namespace_diff.severed(planned, found)
    planned_peers = {(tunnel.name, peer) for tunnel in plan.tunnels for peer in tunnel.peers}
    for tunnel, peer in sorted(found.peers - planned_peers):
        link = found.links.get(tunnel)
        if link and link.ours and tunnel in targets:
            yield RemovePeer(tunnel, peer)
    links = sorted(found.links.values(), key=lambda link: link.name)
    gone = [link for link in links if is_gone(link, targets) or (link.ours and link.name in severed)]
    yield from (Delete(link.name) for link in gone if link.kind != "bridge" and link.name not in staying)
    yield from (o for bridge in plan.bridges for o in change_uplink(bridge, found))
    for link in gone:
        if link.kind == "bridge":
            yield from lower_bridge(link, found)


def change_uplink(bridge: Bridge, found: Found) -> Iterator[Operation]:
    """Let go of the interface that a bridge had before, and give it its addresses back. The bridge stays."""
    link = found.links.get(bridge.name)
    if link and link.ours and link.kind == "bridge" and uplink_in(link.mark) != bridge.uplink:
        yield from give_back(link, found)


def is_gone(link: Link, targets: dict[str, Wanted]) -> bool:
    """Tell whether a link is ours and unwanted, or is wanted as something that it can't be turned into."""
    if not link.ours:
        return False
    target = targets.get(link.name)
    return target is None or identity(target.link) != identity(link)


def identity(link: Link) -> tuple[str, str, int, str, int]:
    """Give what a link can't change while it lives."""
    return (link.kind, link.interface, link.number, link.local, link.udp_port)


def lower_bridge(bridge: Link, found: Found) -> Iterator[Operation]:
    """Give the uplink its addresses back and delete the bridge, unless somebody else's link hangs on it."""
    if any(foreign_ports(bridge, found)):
        return
    yield from give_back(bridge, found)
    yield Delete(bridge.name)


def give_back(bridge: Link, found: Found) -> Iterator[Operation]:
    """Move a bridge's addresses back to its uplink, and let go of that.

    In this order, since a bridge without its uplink is without a carrier, and a kernel drops what it answers for there.
    """
    uplink = found.links.get(uplink_in(bridge.mark))
    if uplink:
        yield from move(found, bridge.name, uplink.name)
        if uplink.bridge == bridge.name:
            yield Release(uplink.name)


# what must come


def raise_bridge(bridge: Bridge, found: Found, targets: dict[str, Wanted]) -> Iterator[Operation]:
    yield from raise_link(targets[bridge.name], found)
    if bridge.uplink:
        uplink = found.links[bridge.uplink]
        if not uplink.up:
            yield SetUp(uplink.name)
        if uplink.bridge != bridge.name:
            yield Enslave(uplink.name, bridge.name)
        yield from move(found, bridge.uplink, bridge.name)


def move(found: Found, source: str, target: str) -> Iterator[Operation]:
    """Move every address, then every route: a route needs its address to be there first."""
    for address in sorted(found.addresses):
        if address.interface == source:
            yield MoveAddress(address, target)
    for route in sorted(found.routes, key=lambda r: (bool(r.gateway), r)):
        if route.interface == source:
            yield MoveRoute(route, target)
    yield from (MoveNeighbour(n, target) for n in sorted(found.neighbours) if n.interface == source)
    yield from (MoveRule(rule, target) for rule in sorted(found.rules) if rule.interface == source)


def raise_link(target: Wanted, found: Found) -> Iterator[Operation]:
    """Make a link, or mend what differs on one of ours."""
    want, have = target.link, found.links.get(target.link.name)
    if have is None or identity(have) != identity(want):
        yield target.create
        return
    if have.mark != want.mark:
        yield Mark(want.name, want.mark)
    if want.mtu and have.mtu != want.mtu:
        yield SetMtu(want.name, want.mtu)
    if have.bridge != want.bridge:
        yield Enslave(want.name, want.bridge) if want.bridge else Release(want.name)
    if not have.up:
        yield SetUp(want.name)


def succeed(heir: Heir, found: Found, targets: dict[str, Wanted]) -> Iterator[Operation]:
    """Let one VLAN device take another's place on its bridge."""
    target, bridge = targets[heir.vlan.name], heir.vlan.bridge
    there = found.links.get(heir.vlan.name)
    home = there.bridge if there else ""
    create = msgspec.structs.replace(target.create, bridge="")
    yield from raise_link(Wanted(msgspec.structs.replace(target.link, bridge=home), create), found)
    yield Replace(heir.old.name, heir.vlan.name, bridge)
    yield Delete(heir.old.name)


def free(plan: HostPlan, found: Found, blocked: set[str]) -> Iterator[Namespace]:
    """Walk the namespaces that nothing keeps from being made."""
    for each in namespaces_of(plan):
        networks = {bridge_l2(plan, leg.bridge) for leg in each.legs}
        if not blocked & networks and not any(of_namespace(plan, each, found)):
            yield msgspec.structs.replace(each, legs=legs_of(each, plan))


def furnish(namespace: Namespace, found: Found, targets: dict[str, Wanted]) -> Iterator[Operation]:
    """Bring a namespace to what it must be, and first the outer ends of its legs."""
    for leg in namespace.legs:
        if leg.device in found.links:
            yield from raise_link(targets[leg.device], found)
    yield from namespace_diff.furnish(namespace, found)


def ports_of_bridges(plan: HostPlan, blocked: set[str], follow: tuple[Heir, ...]) -> Iterator[str]:
    """Name the links that go onto bridges, but for those that take another one's place there."""
    following = {heir.vlan.name for heir in follow}
    yield from (vlan.name for vlan in plan.vlans if vlan.l2 not in blocked and vlan.name not in following)
    yield from (tunnel.name for tunnel in plan.tunnels if tunnel.l2 not in blocked)
    owners = owners_of(plan)
    yield from (port.device for port in ports_of(plan) if owners[port.bridge] not in blocked)


def adjust_peers(tunnel: Tunnel, found: Found) -> Iterator[Operation]:
    link = found.links.get(tunnel.name)
    kept: frozenset[tuple[str, str]] = found.peers if link and link.ours and link.local == tunnel.local else frozenset()
    yield from (AddPeer(tunnel.name, peer) for peer in tunnel.peers if (tunnel.name, peer) not in kept)
