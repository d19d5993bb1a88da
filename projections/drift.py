"""What on a host is other than it must be, in words: missing, extra, altered or foreign.

It says what `diff` and the obstacles say, one thing each, and leaves out what only follows from another: a bridge that
is missing has no ports either. What is foreign is told where it is in the way, and, for who asks, wherever it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from projections import namespace_operations as rooms
from projections import operations as links
from projections import ovs_operations as ovs
from projections.diff import diff
from projections.faults import alteration, name_of, room_of
from projections.found import Found, Link
from projections.move_operations import Move
from projections.obstacle import Obstacle
from projections.obstacles import obstacles
from projections.operation import Operation
from projections.ownership import Owners, source, touched
from projections.plan import HostPlan


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
    made = {name_of(step): step for step in steps if isinstance(step, CREATION)}
    gone = {name_of(step) for step in steps if isinstance(step, REMOVAL)}
    for step in steps:
        if follows(step, made, gone):
            continue
        kind, what = spoken(step, found, made)
        facts = tuple(sorted({fact for network in owners.of(step) for fact in owners.because(network)}))
        yield Difference(kind, name_of(step), owners.of(step), what, facts or tuple({owners.cause(step)} - {0}))


def follows(step: Operation, made: Mapping[str, Operation], gone: set[str]) -> bool:
    """Tell whether a step only follows from another one: it is about what is missing, or on its way out."""
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
    return "altered", alteration(step, found)


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


def strangers(found: Found, own: Iterable[str], allowed: Iterable[str] = ()) -> tuple[Difference, ...]:
    """Give the devices that are neither ours nor the host's own interfaces, nor allowed by a pattern."""
    known, patterns = {"lo", *own}, tuple(allowed)
    others = sorted(found.links.values(), key=lambda link: link.name)
    strange = (link for link in others if not link.ours and link.name not in known)
    return tuple(stranger(link) for link in strange if not is_allowed(link, patterns))


def stranger(link: Link) -> Difference:
    on = f" on {link.bridge}" if link.bridge else ""
    kind = "device" if link.kind == "other" else f"{link.kind} device"
    return Difference("foreign", link.name, (), f"{kind} {link.name}{on} is not ours", (), blocked=True)


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
