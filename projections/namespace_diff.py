"""What network namespaces of ours lack: the part of `diff` that is about them, and about what keeps them to their host.

Default is closed: fences and rules are loaded before the first leg is there, forwarding comes when all is in place, and
a server last. A namespace that is not ours is an obstacle, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from projections.digest import digest
from projections.found import FOREIGN, Found, Inside, Room
from projections.marks import mark_of
from projections.namespace_operations import (
    CreateLeg,
    CreateNamespace,
    DeleteLeg,
    DeleteNamespace,
    LoadFences,
    LoadRules,
    MarkNamespace,
    NamespaceOperation,
    ReloadServer,
    SetAddresses,
    SetForwarding,
    SetLeg,
    SetRoutes,
    SetWays,
    StartServer,
    StopServer,
)
from projections.namespaces import Fence, Gate, Leg, Namespace, barred


Namespaces = tuple[Namespace, ...]


def removals(wanted: Namespaces, found: Found) -> Iterator[NamespaceOperation]:
    """Take away namespaces that nobody wants, then legs: those that lead elsewhere than is wanted, too."""
    planned = {namespace.name: {leg.device for leg in namespace.legs} for namespace in wanted}
    for name, room in sorted(found.namespaces.items()):
        if room.ours and name not in planned:
            yield DeleteNamespace(name)
        elif room.ours:
            yield from (DeleteLeg(leg, name) for leg in sorted(set(room.legs) - planned[name]))


def severed(wanted: Namespaces, found: Found) -> set[str]:
    """Give the legs whose inner end is not where it is wanted: their outer ends are of no use."""
    homes = {leg.device: namespace.name for namespace in wanted for leg in namespace.legs}
    return {leg for leg, home in homes.items() if leg not in inside(found, home)}


def inside(found: Found, namespace: str) -> set[str]:
    room = found.namespaces.get(namespace)
    return set(room.legs) if room and room.ours else set()


def load_fences(fences: tuple[Fence, ...], gates: tuple[Gate, ...], found: Found) -> Iterator[NamespaceOperation]:
    if found.fence not in {barred(fences, gates), FOREIGN}:
        yield LoadFences(fences, gates)


def furnish(namespace: Namespace, found: Found) -> Iterator[NamespaceOperation]:
    """Bring a namespace to what it must be."""
    name, room = namespace.name, found.namespaces.get(namespace.name)
    mark = mark_of(namespace.subject, namespace.because)
    if room is None or not room.mark:
        yield CreateNamespace(name, mark)
        room = Room(mark=mark)
    if room.mark != mark:
        yield MarkNamespace(name, mark)
    if room.rules != (digest(namespace.rules) if namespace.rules else ""):
        yield LoadRules(name, namespace.rules)
    for leg in namespace.legs:
        yield from extend(leg, name, room.legs.get(leg.device), mark)
    if room.routes != frozenset((route.destination, route.gateway) for route in namespace.routes):
        yield SetRoutes(name, namespace.routes)
    if room.ways != frozenset(msgspec.structs.astuple(way) for way in namespace.ways):
        yield SetWays(name, namespace.ways)
    if room.forwarding != namespace.forwarding:
        yield SetForwarding(name, namespace.forwarding)
    yield from serve(namespace, room, mark)


def extend(leg: Leg, namespace: str, end: Inside | None, mark: str) -> Iterator[NamespaceOperation]:
    """Make a leg, or mend its inner end; its outer end is mended like any link."""
    if end is None:
        yield CreateLeg(leg.device, namespace, leg.bridge, leg.mac, leg.mtu, mark)
        end = Inside(leg.mac, leg.mtu)
    elif not end.up or end.mac != leg.mac or (leg.mtu and end.mtu != leg.mtu):
        yield SetLeg(leg.device, namespace, leg.mac, leg.mtu)
    if end.addresses != leg.addresses:
        yield SetAddresses(leg.device, namespace, leg.addresses)


def serve(namespace: Namespace, room: Room, mark: str) -> Iterator[NamespaceOperation]:
    server = namespace.server
    if server is None:
        if room.server:
            yield StopServer(namespace.name)
    elif room.server is None or room.server.settings != server.settings:
        yield StartServer(namespace.name, server, mark)
    elif room.server.entries != server.entries:
        yield ReloadServer(namespace.name, server, mark)
