"""Operations on network namespaces of ours and what lives in them, and what each does to what a look would show.

Each brings one thing to what it should be, whatever it was: done again it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from projections.digest import digest
from projections.found import STRAY, Found, Inside, Link, Room, Running
from projections.name_server import Server
from projections.namespaces import Barrier, Fence, Gate, Route, Way, barred
from projections.operation import Operation
from projections.translation import Rules


class NamespaceOperation(Operation, frozen=True):
    """Base of them: it can be carried out where its namespace is, if it has one."""


class LoadFences(NamespaceOperation, frozen=True, tag="load-fences"):
    """Keep these legs to their host, or to some of its NICs, and no others: all at once."""

    fences: tuple[Fence, ...]
    gates: tuple[Gate, ...] = ()

    @property
    def barriers(self) -> tuple[Barrier, ...]:
        return (*self.fences, *self.gates)


class CreateNamespace(NamespaceOperation, frozen=True, tag="create-namespace"):
    namespace: str
    mark: str


class MarkNamespace(NamespaceOperation, frozen=True, tag="mark-namespace"):
    namespace: str
    mark: str


class DeleteNamespace(NamespaceOperation, frozen=True, tag="delete-namespace"):
    """With all that lives in it: its server first, then its legs."""

    namespace: str


class CreateLeg(NamespaceOperation, frozen=True, tag="create-leg"):
    """Both ends up, the outer one on the bridge; no addresses yet."""

    name: str
    namespace: str
    bridge: str
    """Nothing where it is to be plugged into Open vSwitch."""
    mac: str
    mtu: int
    mark: str


class SetLeg(NamespaceOperation, frozen=True, tag="set-leg"):
    """Mend the inner end, and bring it up."""

    name: str
    namespace: str
    mac: str
    mtu: int


class DeleteLeg(NamespaceOperation, frozen=True, tag="delete-leg"):
    """Delete the inner end of a leg, and with it the outer one."""

    name: str
    namespace: str


class SetAddresses(NamespaceOperation, frozen=True, tag="set-addresses"):
    """Give the inner end of a leg these addresses, and no others."""

    name: str
    namespace: str
    addresses: tuple[str, ...]


class SetRoutes(NamespaceOperation, frozen=True, tag="set-routes"):
    namespace: str
    routes: tuple[Route, ...]


class SetWays(NamespaceOperation, frozen=True, tag="set-ways"):
    """Have these routes for marked packets, and no others."""

    namespace: str
    ways: tuple[Way, ...]


class SetForwarding(NamespaceOperation, frozen=True, tag="set-forwarding"):
    namespace: str
    forwarding: bool


class LoadRules(NamespaceOperation, frozen=True, tag="load-rules"):
    """Have these rules in place of those before, at once; without any: none. What they would not open is ended."""

    namespace: str
    rules: Rules | None


class StartServer(NamespaceOperation, frozen=True, tag="start-server"):
    """Start it, in place of the one that runs if there is one."""

    namespace: str
    server: Server
    mark: str


class ReloadServer(NamespaceOperation, frozen=True, tag="reload-server"):
    """Have the one that runs read its book again."""

    namespace: str
    server: Server
    mark: str


class StopServer(NamespaceOperation, frozen=True, tag="stop-server"):
    namespace: str


def subject(operation: NamespaceOperation) -> str:
    """Say what an operation is done to: `leg0a1b2c3d4e5f in dhcp-0a1b2c3d4e`."""
    name, namespace = getattr(operation, "name", ""), getattr(operation, "namespace", "")
    return f"{name} in {namespace}" if name else namespace


def apply(found: Found, operation: NamespaceOperation) -> Found:
    """Give what a look would show after an operation."""
    match operation:
        case LoadFences(fences=fences, gates=gates):
            return msgspec.structs.replace(found, fence=barred(fences, gates))
        case CreateNamespace(namespace=name, mark=mark):
            return furnish(found, name, Room(mark=mark))
        case DeleteNamespace(namespace=name):
            return demolish(found, name)
        case CreateLeg(name=name, bridge=bridge, mtu=mtu, mark=mark) as leg:
            link = Link(name, "leg", bridge=bridge, ours=True, mark=mark, mtu=mtu)
            outside = msgspec.structs.replace(found, links=found.links.set(name, link))
            return plug(outside, leg.namespace, name, Inside(leg.mac, mtu))
        case DeleteLeg(name=name):
            return unplug(cut(found, [name]), name)
        case SetLeg(name=name, namespace=namespace, mac=mac, mtu=mtu):
            end = found.namespaces[namespace].legs[name]
            return plug(found, namespace, name, msgspec.structs.replace(end, mac=mac, mtu=mtu, up=True))
        case SetAddresses(name=name, namespace=namespace, addresses=addresses):
            end = found.namespaces[namespace].legs[name]
            return plug(found, namespace, name, msgspec.structs.replace(end, addresses=addresses))
        case _:
            return refurnish(found, operation)


def refurnish(found: Found, operation: NamespaceOperation) -> Found:
    match operation:
        case MarkNamespace(namespace=name, mark=mark):
            return change(found, name, mark=mark)
        case SetRoutes(namespace=name, routes=routes):
            return change(found, name, routes=frozenset((route.destination, route.gateway) for route in routes))
        case SetWays(namespace=name, ways=ways):
            return change(found, name, ways=frozenset(msgspec.structs.astuple(way) for way in ways))
        case SetForwarding(namespace=name, forwarding=forwarding):
            return change(found, name, forwarding=forwarding)
        case LoadRules(namespace=name, rules=rules):
            return change(found, name, rules=digest(rules) if rules else "")
        case StartServer(namespace=name, server=server) | ReloadServer(namespace=name, server=server):
            return change(found, name, server=Running(server.leg, server.settings, server.entries))
        case StopServer(namespace=name):
            return change(found, name, server=None)
        case _:
            raise TypeError(operation)


def change(found: Found, name: str, **fields: Any) -> Found:
    return furnish(found, name, msgspec.structs.replace(found.namespaces[name], **fields))


def furnish(found: Found, name: str, room: Room) -> Found:
    return msgspec.structs.replace(found, namespaces=found.namespaces.set(name, room))


def demolish(found: Found, name: str) -> Found:
    left = cut(found, found.namespaces[name].legs)
    return msgspec.structs.replace(left, namespaces=found.namespaces.delete(name))


def cut(found: Found, names: Iterable[str]) -> Found:
    """Remove the outer ends of legs."""
    links = found.links
    for name in names:
        if name in links and links[name].kind == "leg":
            links = links.delete(name)
    return msgspec.structs.replace(found, links=links)


def plug(found: Found, namespace: str, name: str, end: Inside) -> Found:
    return change(found, namespace, legs=found.namespaces[namespace].legs.set(name, end))


def unplug(found: Found, name: str) -> Found:
    """Take the inner end of a leg out of the namespace that it is in. A server that listened there is deaf."""
    for namespace, room in found.namespaces.items():
        if name in room.legs:
            deaf = room.server is not None and room.server.leg == name
            found = change(found, namespace, legs=room.legs.delete(name), server=STRAY if deaf else room.server)
    return found
