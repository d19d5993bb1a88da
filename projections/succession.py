"""How a network's VLAN device gives way to another: the new one is made beside the old, and takes its place at once.

At no moment are both ports of the bridge: that would join the two VLANs. Until the new one is there the old one
stays, and so it does where something keeps the new one out.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from projections.found import Found, Link
from projections.plan import HostPlan, Vlan


class Heir(msgspec.Struct, frozen=True):
    """A VLAN device of the plan, and the one whose place it takes."""

    vlan: Vlan
    old: Link


def heirs(plan: HostPlan, found: Found, gone: set[str]) -> Iterator[Heir]:
    """Walk what takes a place. *gone* are the links of ours that are not to stay."""
    leaving = {link.bridge: link for link in devices(found) if link.name in gone}
    for vlan in plan.vlans:
        old, there = leaving.get(vlan.bridge), found.links.get(vlan.name)
        joined = there is not None and there.bridge == vlan.bridge
        if old and vlan.name not in gone and not joined:
            yield Heir(vlan, old)


def undisturbed(plan: HostPlan, found: Found, blocked: set[str]) -> set[str]:
    """Name the VLAN devices that stay as they are, since what is to follow can't."""
    bridges = {vlan.bridge for vlan in plan.vlans if vlan.l2 in blocked}
    return {link.name for link in devices(found) if link.bridge in bridges}


def devices(found: Found) -> Iterator[Link]:
    return (link for link in sorted(found.links.values(), key=lambda x: x.name) if link.ours and link.kind == "vlan")
