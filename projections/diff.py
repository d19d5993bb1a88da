"""From what a host has to what it must have: `diff(plan, found) -> operations`, and what stands in the way.

Pure, level-triggered and careful: it looks only at the two states, so a run that was cut off is simply looked
at again; and it plans nothing against a link that is not ours. What is foreign and in the way is an obstacle:
reported, never touched, and nothing of the network behind it is changed until it is gone.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from projections.found import Found, Kind, Link
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
    MoveRoute,
    Operation,
    Release,
    RemovePeer,
    SetMtu,
    SetUp,
    apply_all,
)
from projections.plan import Bridge, HostPlan, Port, Tunnel, Vlan


Device = Bridge | Vlan | Tunnel | Port
MARK = "rewire"


class Obstacle(msgspec.Struct, frozen=True):
    """Something on the host that keeps a network from being realized."""

    name: str
    l2: str
    why: str
    foreign: bool
    """Something is there that is not ours; else something is missing."""


class Wanted(msgspec.Struct, frozen=True):
    """A link of ours as it must be, and the operation that makes it."""

    link: Link
    create: Operation


def diff(plan: HostPlan, found: Found) -> tuple[Operation, ...]:
    """Give the operations that bring a host to its plan, in order; none when it is there. O(links)."""
    blocked = {obstacle.l2 for obstacle in obstacles(plan, found)}
    targets = wanted(plan)
    gone = tuple(removals(plan, found, targets))
    left = apply_all(found, gone)
    return (
        *gone,
        *(o for bridge in plan.bridges if bridge.l2 not in blocked for o in raise_bridge(bridge, left, targets)),
        *(o for device in ports_of_bridges(plan, blocked) for o in raise_link(targets[name_of(device)], left)),
        *(o for tunnel in plan.tunnels if tunnel.l2 not in blocked for o in adjust_peers(tunnel, left)),
    )


# what must be


def mark_of(subject: str, because: tuple[int, ...], *, uplink: str = "") -> str:
    """Write what a link is for, and the fact that caused it, for its alias."""
    home = f" uplink={uplink}" if uplink else ""
    return f"{MARK} {subject} fact={max(because)}{home}"


def uplink_in(mark: str) -> str:
    """Read back the interface whose addresses a bridge holds."""
    return next((word.removeprefix("uplink=") for word in mark.split() if word.startswith("uplink=")), "")


def wanted(plan: HostPlan) -> dict[str, Wanted]:
    """Give every link of the plan by name."""
    devices: list[Device] = [*plan.bridges, *plan.vlans, *plan.tunnels, *ports_of(plan)]
    return {name_of(device): want(device) for device in devices}


def name_of(device: Device) -> str:
    return device.device if isinstance(device, Port) else device.name


def want(device: Device) -> Wanted:
    match device:
        case Bridge(name=name, l2=l2, uplink=uplink, mtu=mtu, because=because):
            mark = mark_of(l2, because, uplink=uplink)
            link = ours(name, "bridge", mark=mark, mtu=mtu)
            return Wanted(link, CreateBridge(name, mtu, uplink, mark))
        case Vlan(name=name, l2=l2, interface=interface, vlan=vlan, bridge=bridge, because=because):
            mark = mark_of(l2, because)
            link = ours(name, "vlan", mark=mark, bridge=bridge)
            below = msgspec.structs.replace(link, interface=interface, number=vlan)
            return Wanted(below, CreateVlan(name, interface, vlan, bridge, mark))
        case Tunnel() as t:
            mark = mark_of(t.l2, t.because)
            link = ours(t.name, "vxlan", mark=mark, bridge=t.bridge, mtu=t.mtu)
            ends = msgspec.structs.replace(link, number=t.vni, local=t.local, udp_port=t.port)
            return Wanted(ends, CreateTunnel(t.name, t.vni, t.local, t.port, t.bridge, t.mtu, mark))
        case Port(device=name, nic=nic, mac=mac, bridge=bridge, because=because):
            mark = mark_of(nic, because)
            return Wanted(ours(name, "port", mark=mark, bridge=bridge), CreatePort(name, mac, bridge, mark))


def ours(name: str, kind: Kind, *, mark: str, bridge: str = "", mtu: int = 0) -> Link:
    return Link(name, kind, bridge=bridge, ours=True, mark=mark, mtu=mtu)


# what stands in the way


def obstacles(plan: HostPlan, found: Found) -> tuple[Obstacle, ...]:
    """Give what is foreign, missing or taken on the host and keeps networks of the plan from it."""
    return (
        *(o for b in plan.bridges for o in foreign(b.name, b.l2, found)),
        *(o for b in plan.bridges if b.uplink for o in unusable(b, found)),
        *(o for v in plan.vlans for o in foreign(v.name, v.l2, found)),
        *(o for v in plan.vlans for o in missing(v.interface, v.l2, found)),
        *(o for t in plan.tunnels for o in foreign(t.name, t.l2, found)),
        *(o for p in ports_of(plan) for o in foreign(p.device, bridge_l2(plan, p.bridge), found)),
        *stuck(plan, found),
    )


def ports_of(plan: HostPlan) -> Iterator[Port]:
    """Walk the NICs on bridges that are ours to make: one on a plugin's or on OVS is for that to plug in."""
    bridges = {bridge.name for bridge in plan.bridges}
    return (port for port in plan.ports if port.bridge in bridges)


def bridge_l2(plan: HostPlan, name: str) -> str:
    return next((bridge.l2 for bridge in plan.bridges if bridge.name == name), "")


def foreign(name: str, l2: str, found: Found) -> Iterator[Obstacle]:
    link = found.links.get(name)
    if link and not link.ours:
        yield Obstacle(name, l2, f"there is a device {name} that Rewire did not make", foreign=True)


def missing(interface: str, l2: str, found: Found) -> Iterator[Obstacle]:
    if interface not in found.links:
        yield Obstacle(interface, l2, f"the host has no interface {interface}", foreign=False)


def unusable(bridge: Bridge, found: Found) -> Iterator[Obstacle]:
    yield from missing(bridge.uplink, bridge.l2, found)
    link = found.links.get(bridge.uplink)
    master = found.links.get(link.bridge) if link else None
    if link and link.bridge and link.bridge != bridge.name and not (master and master.ours):
        yield Obstacle(
            bridge.uplink, bridge.l2, f"interface {bridge.uplink} is a port of {link.bridge} already", foreign=True
        )


def stuck(plan: HostPlan, found: Found) -> Iterator[Obstacle]:
    """Walk the bridges that nobody wants any more and that somebody else still uses."""
    kept = {bridge.name for bridge in plan.bridges}
    for bridge in sorted(found.links.values(), key=lambda link: link.name):
        if bridge.ours and bridge.kind == "bridge" and bridge.name not in kept:
            for port in foreign_ports(bridge, found):
                why = f"bridge {bridge.name} can't go: {port} is plugged into it, which Rewire did not do"
                yield Obstacle(bridge.name, "", why, foreign=True)


def foreign_ports(bridge: Link, found: Found) -> Iterator[str]:
    """Walk the ports of a bridge of ours that are neither ours nor its uplink."""
    uplink = uplink_in(bridge.mark)
    ports = (link for link in found.links.values() if link.bridge == bridge.name)
    yield from sorted(link.name for link in ports if not link.ours and link.name != uplink)


# what must go


def removals(plan: HostPlan, found: Found, targets: dict[str, Wanted]) -> Iterator[Operation]:
    """Take away what is ours and not in the plan, ports first, bridges last."""
    for tunnel, peer in sorted(found.peers):
        link = found.links.get(tunnel)
        if link and link.ours and peer not in planned_peers(plan, tunnel) and tunnel in targets:
            yield RemovePeer(tunnel, peer)
    gone = [link for link in sorted(found.links.values(), key=lambda x: x.name) if is_gone(link, targets)]
    yield from (Delete(link.name) for link in gone if link.kind != "bridge")
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
    """Let go of a bridge's uplink, and move its addresses back."""
    uplink = found.links.get(uplink_in(bridge.mark))
    if uplink:
        if uplink.bridge == bridge.name:
            yield Release(uplink.name)
        yield from move(found, bridge.name, uplink.name)


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
        yield Enslave(want.name, want.bridge)
    if not have.up:
        yield SetUp(want.name)


def ports_of_bridges(plan: HostPlan, blocked: set[str]) -> Iterator[Vlan | Tunnel | Port]:
    yield from (vlan for vlan in plan.vlans if vlan.l2 not in blocked)
    yield from (tunnel for tunnel in plan.tunnels if tunnel.l2 not in blocked)
    yield from (port for port in ports_of(plan) if bridge_l2(plan, port.bridge) not in blocked)


def planned_peers(plan: HostPlan, tunnel: str) -> tuple[str, ...]:
    return next((t.peers for t in plan.tunnels if t.name == tunnel), ())


def adjust_peers(tunnel: Tunnel, found: Found) -> Iterator[Operation]:
    link = found.links.get(tunnel.name)
    kept: frozenset[tuple[str, str]] = found.peers if link and link.ours and link.local == tunnel.local else frozenset()
    yield from (AddPeer(tunnel.name, peer) for peer in tunnel.peers if (tunnel.name, peer) not in kept)
