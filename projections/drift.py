"""What on a host is other than it must be, in words: missing, extra, altered or foreign.

It says what `diff` and the obstacles say, one thing each, and leaves out what only follows from another: a bridge that
is missing has no ports either. What is foreign is told where it is in the way, and, for who asks, wherever it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from domain.host import Host
from projections import filter_operations as filtering
from projections import namespace_operations as rooms
from projections import operations as links
from projections import ovs_operations as ovs
from projections.diff import diff
from projections.faults import alteration, name_of, room_of
from projections.found import Found, Link
from projections.marks import subject_in, uplink_in
from projections.move_operations import Move
from projections.obstacle import Obstacle
from projections.obstacles import obstacles
from projections.operation import Operation
from projections.ovs import OvsPort
from projections.ownership import Owners, source, touched
from projections.parts import FILTERS, table_of
from projections.plan import HostPlan
from projections.service_operation import ServiceOperation


Kind = Literal["missing", "extra", "altered", "foreign"]
KINDS: tuple[Kind, ...] = ("missing", "extra", "altered", "foreign")
MANY = 5
"""How many differences a report spells out."""
CREATION = (
    links.CreateBridge
    | links.CreateVlan
    | links.CreateTunnel
    | links.CreatePort
    | rooms.CreateLeg
    | rooms.CreateNamespace
    | ovs.CreateOvsBridge
    | ovs.AddGrePort
    | ovs.PlugPort
)
FILTERING = filtering.LoadFilters | filtering.AddMember | filtering.RemoveMember
"""What changes filters: connections may have to end after it."""
REMOVAL = links.Delete | rooms.DeleteLeg | rooms.DeleteNamespace | ovs.DeleteOvsBridge | ovs.RemoveOvsPort
WORDS: dict[type[Operation], str] = {
    links.CreateBridge: "bridge",
    links.CreateVlan: "VLAN device",
    links.CreateTunnel: "tunnel",
    links.CreatePort: "NIC",
    rooms.CreateLeg: "leg",
    rooms.CreateNamespace: "namespace",
    ovs.CreateOvsBridge: "OVS bridge",
    ovs.AddGrePort: "GRE tunnel",
    ovs.PlugPort: "OVS port",
}


class Difference(msgspec.Struct, frozen=True):
    """One thing that is other than it must be."""

    kind: Kind
    name: str
    l2: tuple[str, ...]
    """The L2 networks that it is about; none for a host's own."""
    what: str
    because: tuple[int, ...]
    """The facts that say how it must be."""
    blocked: bool = False
    """Something stands in the way: nothing of ours can mend it."""
    table: str = ""
    """The table of the whole host that it is about, if it is one: what that must be, any of its networks says."""


def differences(plan: HostPlan, found: Found) -> tuple[Difference, ...]:
    """Give all that keeps a host from being at its plan, without what is foreign and harmless. O(links)."""
    return spelt(plan, found, diff(plan, found), obstacles(plan, found))


def spelt(
    plan: HostPlan, found: Found, operations: tuple[Operation, ...], ways: tuple[Obstacle, ...]
) -> tuple[Difference, ...]:
    """Say what operations would mend and what stands in the way."""
    if not operations and not ways:
        return ()
    owners = Owners(plan, found)
    return (*(in_the_way(obstacle, owners) for obstacle in ways), *told(operations, found, owners))


def in_the_way(obstacle: Obstacle, owners: Owners) -> Difference:
    network = obstacle.l2 or owners.marked(obstacle.name)
    kind: Kind = "foreign" if obstacle.foreign else "missing"
    l2 = (network,) if network else ()
    return Difference(kind, obstacle.name, l2, obstacle.why, owners.because(network), blocked=True)


def told(operations: Iterable[Operation], found: Found, owners: Owners) -> Iterator[Difference]:
    """Walk what operations would mend, each thing once."""
    steps = tuple(operations)
    made: dict[str, Operation] = {name_of(step): step for step in steps if isinstance(step, CREATION)}
    made |= {table_of(step): step for step in steps if isinstance(step, FILTERING)}
    gone = {name_of(step) for step in steps if isinstance(step, REMOVAL)}
    for step in steps:
        if follows(step, made, gone):
            continue
        kind, what = spoken(step, found, made)
        networks = () if isinstance(step, ServiceOperation) else owners.of(step)  # a plugin's step says its own fact
        facts = tuple(sorted({fact for network in networks for fact in owners.because(network)}))
        because = facts or tuple({owners.cause(step)} - {0})
        yield Difference(kind, name_of(step), owners.of(step), what, because, table=table_of(step))


def follows(step: Operation, made: Mapping[str, Operation], gone: set[str]) -> bool:
    """Tell whether a step only follows from another one: it is about what is missing, or on its way out."""
    if isinstance(step, filtering.EndConnections):
        return FILTERS in made
    if isinstance(step, CREATION):
        return name_of(step) in gone or (not isinstance(step, rooms.CreateNamespace) and room_of(step) in made)
    if isinstance(step, REMOVAL):
        return False
    return any(name in made or name in gone for name in (*touched(step), *(moved(step))))


def moved(step: Operation) -> tuple[str, ...]:
    return (source(step),) if isinstance(step, Move) else ()


def spoken(step: Operation, found: Found, made: Mapping[str, Operation]) -> tuple[Kind, str]:
    """Say what is wrong that a step would mend."""
    if isinstance(step, CREATION):
        return "missing", f"{WORDS[type(step)]} {name_of(step)} is missing"
    if isinstance(step, REMOVAL):
        return removal(step, found, made)
    lack: Kind = step.lack if isinstance(step, ServiceOperation) else "altered"
    return lack, alteration(step, found)


def removal(step: Operation, found: Found, made: Mapping[str, Operation]) -> tuple[Kind, str]:
    name = name_of(step)
    if name in made:
        return "altered", f"{WORDS[type(made[name])]} {name} is another than it must be{ends(found, made[name])}"
    return "extra", f"{name} is there and not wanted"


def ends(found: Found, wanted: Operation) -> str:
    """Say in which of the things that a link can't change while it lives it differs."""
    have = found.links.get(name_of(wanted))
    if have is None:
        return ""
    match wanted:
        case links.CreateVlan(interface=interface, vlan=vlan):
            pairs = [("VLAN", have.number, vlan), ("interface", have.interface, interface)]
        case links.CreateTunnel(vni=vni, local=local, port=port):
            pairs = [("VNI", have.number, vni), ("start", have.local, local), ("UDP port", have.udp_port, port)]
        case _:
            return ""
    return "".join(f", {word} {was or 'none'} instead of {must}" for word, was, must in pairs if was != must)


# what is foreign


def own_devices(member: Host, found: Found) -> frozenset[str]:
    """Give the devices that the facts know to be the host's own: its interfaces, what has its management address or its
    VTEP, and what these stand on.
    """
    ends = {address.interface for address in found.addresses if address.cidr.partition("/")[0] in member.ends}
    own = {*member.devices, *ends}
    return frozenset(own | {found.links[name].lower for name in own if name in found.links})


def strangers(found: Found, own: Iterable[str], allowed: Iterable[str] = ()) -> tuple[Difference, ...]:
    """Give the devices that are neither ours nor the host's own, nor allowed by a pattern."""
    known, patterns = {"lo", *own}, tuple(allowed)
    others = sorted(found.links.values(), key=lambda link: link.name)
    strange = (link for link in others if not link.ours and link.name not in known)
    return tuple(stranger(link, found) for link in strange if not is_allowed(link, patterns))


def stranger(link: Link, found: Found) -> Difference:
    on = f" on {link.bridge}" if link.bridge else ""
    kind = "device" if link.kind == "other" else f"{link.kind} device"
    bridge = found.links.get(link.bridge)
    l2 = (subject_in(bridge.mark),) if bridge and bridge.ours else ()
    return Difference("foreign", link.name, l2, f"{kind} {link.name}{on} is not ours", (), blocked=True)


def guests(found: Found) -> tuple[Difference, ...]:
    """Give the foreign devices that are plugged into bridges of ours: they keep no network from being what it must be,
    and hear what is said there.
    """
    bridges = {link.name: link for link in found.links.values() if link.ours and link.kind == "bridge"}
    plugged = (link for link in found.links.values() if not link.ours and link.bridge in bridges)
    strange = [link for link in plugged if link.name != uplink_in(bridges[link.bridge].mark)]
    ports = (port for port in found.ovs.ports.values() if not port.ours and port.bridge in found.ovs.bridges)
    return (
        *(stranger(link, found) for link in sorted(strange, key=lambda link: link.name)),
        *(o for port in sorted(ports, key=lambda port: port.name) for o in strange_port(port, found)),
    )


def strange_port(port: OvsPort, found: Found) -> Iterator[Difference]:
    bridge = found.ovs.bridges[port.bridge]
    if bridge.ours:
        what = f"OVS port {port.name} on {bridge.name} is not ours"
        yield Difference("foreign", port.name, (subject_in(bridge.mark),), what, (), blocked=True)


def is_allowed(link: Link, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(link.name, pattern) or fnmatchcase(link.kind, pattern) for pattern in patterns)


# as a report carries it


def summary(found: Iterable[Difference]) -> str:
    """Put differences into one line that `kind_in` understands; the first ones, where there are many."""
    every = tuple(dict.fromkeys(f"{one.kind}: {one.what}" for one in found))
    more = f"; and {len(every) - MANY} more" if len(every) > MANY else ""
    return "; ".join(every[:MANY]) + more


def kind_in(what: str) -> Kind:
    """Read back the first kind that a report tells of."""
    for kind in KINDS:
        if what.startswith(f"{kind}:"):
            return kind
    return "altered"
