"""From what a host has to what it must have: `diff(plan, found) -> operations`.

Pure, level-triggered and careful: it looks only at the two states, so a run that was cut off is simply looked
at again; and it plans nothing against a link that is not ours. What is foreign and in the way is an obstacle:
reported, never touched, and nothing of the network behind it is changed until it is gone.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from projections import deafness, filter_diff, mesh_diff, namespace_diff, succession, walls
from projections.deafness import Deafen
from projections.filter_diff import NONE, Kinds
from projections.found import Found, Link
from projections.holding import is_held
from projections.marks import uplink_in
from projections.move_operations import moves
from projections.namespaces import Namespace
from projections.obstacles import (
    bridge_l2,
    namespaces_of,
    of_namespace,
    of_networks,
    of_ports,
    owners_of,
    ports_of,
)
from projections.operations import (
    AddPeer,
    Delete,
    Enslave,
    Operation,
    RaiseWall,
    Release,
    RemovePeer,
    SetUp,
    apply_all,
)
from projections.plan import Bridge, HostPlan, Tunnel
from projections.succession import Heir
from projections.targets import Wanted, identity, legs_of, lower_link, raise_link, wanted
from projections.underlay import grounded


def diff(plan: HostPlan, found: Found, *, refused: Kinds = NONE) -> tuple[Operation, ...]:
    """Give the operations that bring a host to its plan, in order; none when it is there. O(links).

    Of the kinds that a host has refused, and of what must not be without them, there are none.
    """
    blocked = {obstacle.l2 for obstacle in of_networks(plan, found)}
    if Deafen in refused:
        blocked |= set(deafness.open_ears(plan, found).values())
    if RaiseWall in refused:
        blocked |= walls.unwalled(plan, found)
    targets = wanted(grounded(plan, found))
    going = {link.name for link in found.links.values() if is_gone(link, targets)}
    heirs = tuple(succession.heirs(plan, found, going))
    follow = tuple(heir for heir in heirs if heir.bridge.l2 not in blocked)
    waiting = tuple(heir for heir in heirs if heir.bridge.l2 in blocked)
    staying = succession.undisturbed(plan, found, blocked) | {heir.old.name for heir in follow}
    rest = blocked | {heir.bridge.l2 for heir in follow}
    gone = tuple(removals(plan, found, targets, staying, rest))
    left = apply_all(found, gone)
    closed = filter_diff.closed(plan, left, refused) | {obstacle.name for obstacle in of_ports(plan, left)}
    admitted = filter_diff.admitted(plan, closed)
    bridged = (
        *gone,
        *(o for heir in follow for o in succession.prepare(heir, left, targets)),
        *filter_diff.close(closed, left),
        *deafness.deafen(plan, left, blocked),
        *walls.raise_wall(plan, left, blocked),
        *namespace_diff.load_fences(succession.kept(plan.fences, heirs), plan.gates, left),
        *(o for bridge in plan.bridges if bridge.l2 not in rest for o in raise_bridge(bridge, left, targets)),
        *(o for heir in follow for o in succession.succeed(heir, left, targets)),
    )
    on_bridges = apply_all(found, bridged)
    steps = (
        *bridged,
        *deafness.deafen(plan, on_bridges, blocked),
        *namespace_diff.load_fences(succession.kept(plan.fences, waiting), plan.gates, on_bridges),
        *(o for heir in follow for o in succession.settle(heir, left)),
        *(o for mesh in plan.meshes if mesh.l2 not in blocked for o in mesh_diff.raise_bridge(mesh, left, plan.host)),
        *filter_diff.load(plan.filters, left),
        *(o for name in ports_of_bridges(admitted, blocked, follow) for o in raise_link(targets[name], left)),
        *(o for tunnel in plan.tunnels if tunnel.l2 not in blocked for o in adjust_peers(tunnel, left)),
        *(o for each in free(plan, found, blocked) for o in furnish(each, left, targets)),
        *(o for mesh in plan.meshes if mesh.l2 not in blocked for o in mesh_diff.plug(admitted, mesh, left)),
        *filter_diff.unload(plan.filters, left),
    )
    return tuple(step for step in steps if not isinstance(step, tuple(refused)))


# what must go


def removals(
    plan: HostPlan, found: Found, targets: dict[str, Wanted], staying: set[str], rest: set[str]
) -> Iterator[Operation]:
    """Take away what is ours and not in the plan: namespaces, then ports, bridges last. The bridges of some networks
    keep for now what they have.
    """
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
    for link in gone:
        if link.kind != "bridge" and link.name not in staying:
            yield from lower_link(link, found)
    yield from (o for bridge in plan.bridges if bridge.l2 not in rest for o in change_uplink(bridge, found))
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


def lower_bridge(bridge: Link, found: Found) -> Iterator[Operation]:
    """Give the uplink its addresses back and delete the bridge, unless somebody else still uses it."""
    if not is_held(bridge, found):
        yield from give_back(bridge, found)
        yield Delete(bridge.name)


def give_back(bridge: Link, found: Found) -> Iterator[Operation]:
    """Move a bridge's addresses back to its uplink, and let go of that.

    In this order, since a bridge without its uplink is without a carrier, and a kernel drops what it answers for there.
    """
    uplink = found.links.get(uplink_in(bridge.mark))
    if uplink:
        yield from moves(found, bridge.name, uplink.name)
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
        yield from moves(found, bridge.uplink, bridge.name)


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
    following = {heir.name for heir in follow}
    yield from (vlan.name for vlan in plan.vlans if vlan.l2 not in blocked and vlan.name not in following)
    yield from (tunnel.name for tunnel in plan.tunnels if tunnel.l2 not in blocked)
    owners = owners_of(plan)
    yield from (port.device for port in ports_of(plan) if owners[port.bridge] not in blocked)


def adjust_peers(tunnel: Tunnel, found: Found) -> Iterator[Operation]:
    link = found.links.get(tunnel.name)
    kept: frozenset[tuple[str, str]] = found.peers if link and link.ours and link.local == tunnel.local else frozenset()
    yield from (AddPeer(tunnel.name, peer) for peer in tunnel.peers if (tunnel.name, peer) not in kept)
