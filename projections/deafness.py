"""Where a host itself is deaf: on the bridges of tenants alone, nothing that comes in is for it.

A bridge hands up to its host what is for everybody and what is for its own MAC address, and a host answers for all its
addresses wherever it is asked. A setting of a device would keep it from answering ARP, and from nothing that a guest
sends unasked; so all of it is dropped. A bridge with the host's own addresses is left as it is. It is done before the
first such bridge is there, and undone when the last is gone.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from projections.found import Found
from projections.marks import uplink_in
from projections.obstacle import Obstacle
from projections.operation import Operation
from projections.plan import HostPlan


TABLE = "table bridge rewire_deaf"
"""Where a host keeps the names of the bridges."""


class Deafen(Operation, frozen=True, tag="deafen"):
    """Drop what comes in on these bridges for the host itself, and on no others: all at once."""

    bridges: tuple[str, ...]


def deafen(plan: HostPlan, found: Found, blocked: set[str]) -> Iterator[Deafen]:
    """Have a host hear nothing where it must not. Networks that are blocked come to nothing new."""
    if found.deaf is not None and (wanted := frozenset(deaf(plan, found, blocked))) != found.deaf:
        yield Deafen(tuple(sorted(wanted)))


def deaf(plan: HostPlan, found: Found, blocked: set[str]) -> Iterator[str]:
    """Walk the bridges that must be deaf: those of the plan, and what is left of others until it is gone.

    One that is to lose the host's own addresses is not before its mark says so, and one that is to get them is until it
    has their interface.
    """
    planned = {bridge.name: bridge.l2 for bridge in plan.bridges}
    for name in plan.deaf:
        link, already = found.links.get(name), name in (found.deaf or ())
        if name not in planned:  # another network's, where there is work on one alone
            wanted = already
        elif link:
            wanted = link.ours and (already or not uplink_in(link.mark))
        else:
            wanted = already or planned[name] not in blocked
        if wanted:
            yield name
    for bridge in plan.bridges:
        link, uplink = found.links.get(bridge.name), found.links.get(bridge.uplink)
        if bridge.uplink and link and link.ours and not (uplink and uplink.bridge == bridge.name):
            yield from {bridge.name} & (found.deaf or set())
    for link in found.links.values():
        if link.ours and link.kind == "bridge" and link.name not in planned and not uplink_in(link.mark):
            yield link.name


def apply(found: Found, operation: Deafen) -> Found:
    """Give what a look would show after it."""
    return msgspec.structs.replace(found, deaf=frozenset(operation.bridges))


def open_ears(plan: HostPlan, found: Found) -> dict[str, str]:
    """Give the bridges of the plan that must be deaf and are not, each with its network."""
    deaf = set(plan.deaf) - (found.deaf or frozenset())
    return {bridge.name: bridge.l2 for bridge in plan.bridges if bridge.name in deaf}


def obstacles(plan: HostPlan, found: Found) -> Iterator[Obstacle]:
    """Walk the networks that are kept out because somebody else has a table of that name."""
    for l2 in open_ears(plan, found).values() if found.deaf is None else ():
        yield Obstacle("rewire_deaf", l2, f"there is a {TABLE} in nftables that Rewire did not make", foreign=True)
