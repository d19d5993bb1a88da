"""What a kernel's look and the simulator's account of the same host differ in, in words.

An MTU that a plan leaves to the kernel is its own matter, and so is the device that Open vSwitch makes for each
bridge. Everything else must be the same, also what is not ours: an operation that changes more than it says is as wrong
as one that changes less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from projections.found import Found, Inside, Link, Room


ANYTHING = 0
"""What the simulator says of an MTU that was left to the kernel."""


def differences(host: str, seen: Found, simulated: Found) -> Iterator[str]:
    real = without_internal(seen)
    for field in msgspec.structs.fields(Found):
        there = plain(getattr(real, field.name))
        meant = plain(getattr(alike(real, simulated), field.name))
        for key in sorted({*there, *meant}, key=str):
            if there.get(key) != meant.get(key):
                yield f"{host}: {field.name} {key}: kernel {there.get(key)}, simulator {meant.get(key)}"


def without_internal(found: Found) -> Found:
    """Leave out the devices that stand for OVS bridges of ours: they go without saying."""
    links = found.links
    for name, bridge in found.ovs.bridges.items():
        if bridge.ours and name in links:
            links = links.delete(name)
    return msgspec.structs.replace(found, links=links)


def plain(value: Any) -> Mapping[Any, Any]:
    """Give what a host has as a mapping, so that what differs can be named."""
    if isinstance(value, AbstractSet):
        return dict.fromkeys(value, "yes")
    return value if isinstance(value, Mapping) else {"": value}


def alike(real: Found, simulated: Found) -> Found:
    """Give the simulator's account with the kernel's MTUs where it has none."""
    links, rooms = simulated.links, simulated.namespaces
    for name, link in simulated.links.items():
        if link.mtu == ANYTHING and name in real.links:
            links = links.set(name, with_mtu(link, real.links[name]))
    for name, room in simulated.namespaces.items():
        if name in real.namespaces:
            rooms = rooms.set(name, with_mtus(room, real.namespaces[name]))
    return msgspec.structs.replace(simulated, links=links, namespaces=rooms)


def with_mtu(link: Link, like: Link) -> Link:
    return msgspec.structs.replace(link, mtu=like.mtu)


def with_mtus(room: Room, like: Room) -> Room:
    legs = room.legs
    for name, leg in room.legs.items():
        there: Inside | None = like.legs.get(name)
        if leg.mtu == ANYTHING and there:
            legs = legs.set(name, msgspec.structs.replace(leg, mtu=there.mtu))
    return msgspec.structs.replace(room, legs=legs)
