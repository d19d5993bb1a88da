"""How what leads a network off its host gives way to another: the new one is ready before the old one is let go.

A VLAN device or an interface of the host's own takes the place of another on the bridge at once. At no moment are both
ports of it: that would join two wires. Until the new one is there the old one stays, and so it does where something
keeps the new one out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from projections.found import Found, Link
from projections.marks import uplink_in
from projections.move_operations import moves
from projections.namespaces import Fence
from projections.operations import Operation, Release, Replace, SetUp
from projections.plan import Bridge, HostPlan
from projections.targets import Wanted, lower_link, raise_link


class Heir(msgspec.Struct, frozen=True):
    """A bridge of the plan, what is to lead off the host there, and whose place that takes."""

    bridge: Bridge
    name: str
    old: Link


def heirs(plan: HostPlan, found: Found, gone: set[str]) -> Iterator[Heir]:
    """Walk what takes a place. *gone* are the links of ours that are not to stay."""
    leaving = {link.bridge: link for link in devices(found) if link.name in gone}
    coming = {vlan.bridge: vlan.name for vlan in plan.vlans}
    for bridge in plan.bridges:
        name = bridge.uplink or coming.get(bridge.name, "")
        there = found.links.get(name)
        joined = there is not None and there.bridge == bridge.name
        old = leaving.get(bridge.name) or former(bridge, found)
        if old and name and name not in gone and not joined:
            yield Heir(bridge, name, old)


def former(bridge: Bridge, found: Found) -> Link | None:
    """Give the interface of the host's own that a bridge of ours has still, and is to have no more."""
    have = found.links.get(bridge.name)
    uplink = found.links.get(uplink_in(have.mark)) if have and have.ours else None
    return uplink if uplink and uplink.bridge == bridge.name and uplink.name != bridge.uplink else None


def undisturbed(plan: HostPlan, found: Found, blocked: set[str]) -> set[str]:
    """Name the VLAN devices that stay as they are, since what is to follow can't."""
    bridges = {bridge.name for bridge in plan.bridges if bridge.l2 in blocked}
    return {link.name for link in devices(found) if link.bridge in bridges}


def devices(found: Found) -> Iterator[Link]:
    return (link for link in sorted(found.links.values(), key=lambda x: x.name) if link.ours and link.kind == "vlan")


def kept(fences: tuple[Fence, ...], heirs: Iterable[Heir]) -> tuple[Fence, ...]:
    """Give fences that keep servers from what leads off the host still, too."""
    still = {heir.bridge.name: heir.old.name for heir in heirs}
    return tuple(
        msgspec.structs.replace(each, outside=(*each.outside, still[each.bridge])) if each.bridge in still else each
        for each in fences
    )


def prepare(heir: Heir, found: Found, targets: Mapping[str, Wanted]) -> Iterator[Operation]:
    """Have what is to come ready, beside the bridge: what fails here leaves the old one where it is."""
    target, there = targets.get(heir.name), found.links.get(heir.name)
    if target:
        create = msgspec.structs.replace(target.create, bridge="")
        home = there.bridge if there else ""
        yield from raise_link(Wanted(msgspec.structs.replace(target.link, bridge=home), create), found)
    elif there and not there.up:
        yield SetUp(heir.name)


def succeed(heir: Heir, found: Found, targets: Mapping[str, Wanted]) -> Iterator[Operation]:
    """Let it take the place. An interface of the host's own gets its addresses back right before it leaves.

    The bridge's mark names such an interface for as long as it may have its addresses.
    """
    old, bridge = heir.old, heir.bridge.name
    if not old.ours:
        yield from moves(found, bridge, old.name)
    mended = tuple(raise_link(targets[bridge], found))
    swap = Replace(old.name, heir.name, bridge)
    if not heir.bridge.uplink:
        yield from (swap, *mended)
    elif old.ours:
        yield from (*mended, swap)
    else:
        yield from (Release(old.name), *mended, swap)
    if old.ours:
        yield from lower_link(msgspec.structs.replace(old, bridge=""), found)


def settle(heir: Heir, found: Found) -> Iterator[Operation]:
    """Move an interface's addresses to the bridge that it is a port of now."""
    if heir.name == heir.bridge.uplink:
        yield from moves(found, heir.name, heir.bridge.name)
