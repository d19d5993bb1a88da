"""One network's part of a host: what a plan has for it, and what was made for it.

To work on one network alone, everything of ours that belongs to another is shown as foreign: what is
foreign is kept off. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from projections.diff import name_of
from projections.found import Found, Link
from projections.operations import MoveAddress, MoveRoute, Operation
from projections.plan import Bridge, HostPlan, Port, Tunnel, Vlan


Device = Bridge | Vlan | Tunnel | Port


def part(plan: HostPlan, l2: str) -> HostPlan:
    """Keep what a plan has for one network, with the ports on it; all of it if no network is named."""
    if not l2:
        return plan
    bridges = {bridge.name for bridge in plan.bridges if bridge.l2 == l2}
    return msgspec.structs.replace(
        plan,
        bridges=tuple(bridge for bridge in plan.bridges if bridge.l2 == l2),
        vlans=tuple(vlan for vlan in plan.vlans if vlan.l2 == l2),
        tunnels=tuple(tunnel for tunnel in plan.tunnels if tunnel.l2 == l2),
        ports=tuple(port for port in plan.ports if port.bridge in bridges),
    )


def without(plan: HostPlan, l2: str) -> HostPlan:
    """Keep what a plan has for all networks but one."""
    bridges = {bridge.name for bridge in plan.bridges if bridge.l2 == l2}
    return msgspec.structs.replace(
        plan,
        bridges=tuple(bridge for bridge in plan.bridges if bridge.l2 != l2),
        vlans=tuple(vlan for vlan in plan.vlans if vlan.l2 != l2),
        tunnels=tuple(tunnel for tunnel in plan.tunnels if tunnel.l2 != l2),
        ports=tuple(port for port in plan.ports if port.bridge not in bridges),
    )


def narrow(found: Found, plan: HostPlan, l2: str) -> Found:
    """Show all links of ours but one network's as foreign. The plan is that network's part of one."""
    mine = set(names(plan)) | {link.name for link in found.links.values() if subject(link) == l2}
    links = found.links
    for link in found.links.values():
        if link.ours and link.name not in mine and not (link.kind == "port" and link.bridge in mine):
            links = links.set(link.name, msgspec.structs.replace(link, ours=False))
    return msgspec.structs.replace(found, links=links)


def names(plan: HostPlan) -> Iterator[str]:
    devices: tuple[Device, ...] = (*plan.bridges, *plan.vlans, *plan.tunnels, *plan.ports)
    yield from (name_of(device) for device in devices)


def subject(link: Link) -> str:
    """Read back from a link's mark whose it is: a network's, or a NIC's."""
    words = link.mark.split()
    return words[1] if link.ours and len(words) > 1 else ""


def network_of(plan: HostPlan, operation: Operation) -> str:
    """Give the network of a plan that an operation serves; nothing when it takes away what is in no plan."""
    owners = {bridge.name: bridge.l2 for bridge in plan.bridges}
    owners |= {vlan.name: vlan.l2 for vlan in plan.vlans}
    owners |= {tunnel.name: tunnel.l2 for tunnel in plan.tunnels}
    owners |= {port.device: owners.get(port.bridge, "") for port in plan.ports}
    return next((owners[name] for name in touched(operation) if name in owners), "")


def touched(operation: Operation) -> Iterator[str]:
    """Walk the names of what an operation changes."""
    if isinstance(operation, MoveAddress | MoveRoute):
        yield operation.target
    for field in ("name", "tunnel", "bridge"):
        if name := getattr(operation, field, ""):
            yield name


def is_new(found: Found, plan: HostPlan, l2: str) -> bool:
    """Tell whether a host doesn't have a network's bridge yet, or the bridge doesn't have its uplink."""
    return any(bridge.l2 == l2 and not is_joined(found, bridge) for bridge in plan.bridges)


def is_joined(found: Found, bridge: Bridge) -> bool:
    link, uplink = found.links.get(bridge.name), found.links.get(bridge.uplink)
    return link is not None and link.ours and (uplink is None or uplink.bridge == bridge.name)
