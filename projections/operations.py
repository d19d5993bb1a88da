"""Operations: the single steps by which a host changes, and what each does to what a look would show.

One list of operations drives the kernel and the simulator. Each is small enough to be done or not done; a run
that is cut off between two of them is made good by looking again. `apply` is the simulator's hand and the
recorder's: it believes every operation and checks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from immutables import Map

from projections import deafness, filter_operations, move_operations, namespace_operations, ovs_operations, walls
from projections.deafness import Deafen as Deafen  # noqa: PLC0414 - it is asked for here
from projections.filter_operations import FilterOperation
from projections.found import Found, Kind, Link
from projections.move_operations import Move
from projections.move_operations import MoveAddress as MoveAddress  # noqa: PLC0414 - these are asked for here
from projections.move_operations import MoveNeighbour as MoveNeighbour  # noqa: PLC0414
from projections.move_operations import MoveRoute as MoveRoute  # noqa: PLC0414
from projections.move_operations import MoveRule as MoveRule  # noqa: PLC0414
from projections.namespace_operations import NamespaceOperation
from projections.operation import Operation as Operation  # noqa: PLC0414 - it is asked for here
from projections.ovs_operations import OvsOperation
from projections.service_operation import ServiceOperation
from projections.walls import RaiseWall as RaiseWall  # noqa: PLC0414 - it is asked for here


class CreateBridge(Operation, frozen=True, tag="create-bridge"):
    name: str
    mtu: int
    mac_of: str
    """The interface whose MAC address it takes, so that neighbours see no change; nothing for one of its own."""
    mark: str


class CreateVlan(Operation, frozen=True, tag="create-vlan"):
    name: str
    interface: str
    vlan: int
    bridge: str
    """Nothing where it is to take another one's place there."""
    mtu: int
    mark: str


class CreateTunnel(Operation, frozen=True, tag="create-tunnel"):
    name: str
    vni: int
    local: str
    port: int
    bridge: str
    mtu: int
    mark: str


class CreatePort(Operation, frozen=True, tag="create-port"):
    name: str
    mac: str
    """The guest's, for the guest's end."""
    bridge: str
    """Nothing where it is to be plugged into Open vSwitch."""
    mtu: int
    mark: str


class Mark(Operation, frozen=True, tag="mark"):
    name: str
    mark: str


class Enslave(Operation, frozen=True, tag="enslave"):
    name: str
    bridge: str


class Release(Operation, frozen=True, tag="release"):
    name: str


class Replace(Operation, frozen=True, tag="replace"):
    """Take a port off its bridge and put another one there at once: frames never pass between the two."""

    name: str
    by: str
    bridge: str


class SetUp(Operation, frozen=True, tag="set-up"):
    name: str


class SetDown(Operation, frozen=True, tag="set-down"):
    name: str


class SetMtu(Operation, frozen=True, tag="set-mtu"):
    name: str
    mtu: int


class AddPeer(Operation, frozen=True, tag="add-peer"):
    tunnel: str
    peer: str


class RemovePeer(Operation, frozen=True, tag="remove-peer"):
    tunnel: str
    peer: str


class Delete(Operation, frozen=True, tag="delete"):
    name: str


def describe(operation: Operation) -> str:
    """Say an operation in one short line: `create-vlan eth0.10`."""
    tag = str(operation.__struct_config__.tag)
    match operation:
        case ServiceOperation(backend=backend, what=what):
            return f"{backend}: {what}"
        case NamespaceOperation():
            return f"{tag} {namespace_operations.subject(operation)}".rstrip()
        case FilterOperation():
            return f"{tag} {filter_operations.subject(operation)}".rstrip()
        case AddPeer(tunnel=tunnel, peer=peer) | RemovePeer(tunnel=tunnel, peer=peer):
            return f"{tag} {tunnel} {peer}"
        case Move():
            return f"{tag} {move_operations.subject(operation)}"
        case OvsOperation():
            return f"{tag} {ovs_operations.subject(operation)}"
        case Replace(name=name, by=by, bridge=bridge):
            return f"{tag} {name} by {by} on {bridge}"
        case Enslave(name=name, bridge=bridge):
            return f"{tag} {name} to {bridge}"
        case _:
            return f"{tag} {getattr(operation, 'name', '')}".rstrip()


def apply_all(found: Found, operations: Iterable[Operation]) -> Found:
    for operation in operations:
        found = apply(found, operation)
    return found


def apply(found: Found, operation: Operation) -> Found:
    """Give what a look would show after an operation. O(log links), and for addresses their number."""
    match operation:
        case NamespaceOperation():
            return namespace_operations.apply(found, operation)
        case FilterOperation():
            return filter_operations.apply(found, operation)
        case OvsOperation():
            return msgspec.structs.replace(found, ovs=ovs_operations.apply(found.ovs, operation))
        case Move():
            return move_operations.apply(found, operation)
        case Deafen():
            return deafness.apply(found, operation)
        case RaiseWall():
            return walls.apply(found, operation)
        case AddPeer(tunnel=tunnel, peer=peer):
            return msgspec.structs.replace(found, peers=found.peers | {(tunnel, peer)})
        case RemovePeer(tunnel=tunnel, peer=peer):
            return msgspec.structs.replace(found, peers=found.peers - {(tunnel, peer)})
        case _:
            return relinked(found, operation)


def relinked(found: Found, operation: Operation) -> Found:
    match operation:
        case CreateBridge(name=name, mtu=mtu, mark=mark):
            return put(found, made(name, "bridge", mark=mark, mtu=mtu))
        case CreateVlan(name=name, interface=interface, vlan=vlan, bridge=bridge, mtu=mtu, mark=mark):
            link = made(name, "vlan", mark=mark, bridge=bridge, mtu=mtu)
            return put(found, msgspec.structs.replace(link, interface=interface, number=vlan))
        case CreateTunnel(name=name, bridge=bridge, mtu=mtu, mark=mark) as tunnel:
            link = made(name, "vxlan", mark=mark, bridge=bridge, mtu=mtu)
            ends = msgspec.structs.replace(link, number=tunnel.vni, local=tunnel.local, udp_port=tunnel.port)
            return put(found, ends)
        case CreatePort(name=name, bridge=bridge, mtu=mtu, mark=mark):
            return put(found, made(name, "port", mark=mark, bridge=bridge, mtu=mtu))
        case Replace(name=name, by=by, bridge=bridge):
            return put(put(found, altered(found.links, Release(name))), altered(found.links, Enslave(by, bridge)))
        case Delete(name=name):
            return delete(found, name)
        case _:
            return put(found, altered(found.links, operation))


def made(name: str, kind: Kind, *, mark: str, bridge: str = "", mtu: int = 0) -> Link:
    return Link(name, kind, bridge=bridge, ours=True, mark=mark, mtu=mtu)


def altered(links: Map[str, Link], operation: Operation) -> Link:
    match operation:
        case Mark(name=name, mark=mark):
            return msgspec.structs.replace(links[name], mark=mark)
        case Enslave(name=name, bridge=bridge):
            return msgspec.structs.replace(links[name], bridge=bridge)
        case Release(name=name):
            return msgspec.structs.replace(links[name], bridge="")
        case SetUp(name=name):
            return msgspec.structs.replace(links[name], up=True)
        case SetDown(name=name):
            return msgspec.structs.replace(links[name], up=False)
        case SetMtu(name=name, mtu=mtu):
            return msgspec.structs.replace(links[name], mtu=mtu)
        case _:
            raise TypeError(operation)


def put(found: Found, link: Link) -> Found:
    return msgspec.structs.replace(found, links=found.links.set(link.name, link))


def delete(found: Found, name: str) -> Found:
    """Remove a link with what the kernel removes along with it: its addresses, routes and peers, its ports' bond, and
    the other end of a leg.
    """
    links, kind = found.links.delete(name), found.links[name].kind
    for link in found.links.values() if kind in ("bridge", "other") else ():
        if link.bridge == name and link.name != name:
            links = links.set(link.name, msgspec.structs.replace(link, bridge=""))
    return msgspec.structs.replace(
        namespace_operations.unplug(found, name),
        links=links,
        addresses=frozenset(a for a in found.addresses if a.interface != name),
        routes=frozenset(r for r in found.routes if r.interface != name),
        peers=frozenset(p for p in found.peers if p[0] != name),
        neighbours=frozenset(n for n in found.neighbours if n.interface != name),
    )
