"""Operations: the single steps by which a host changes, and what each does to what a look would show.

One list of operations drives the kernel and the simulator. Each is small enough to be done or not done; a run
that is cut off between two of them is made good by looking again. `apply` is the simulator's hand and the
recorder's: it believes every operation and checks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from immutables import Map

from projections.found import Address, Found, Kind, Link, Route


class Operation(msgspec.Struct, frozen=True, tag_field="do"):
    """Base of the steps."""


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
    mark: str


class Mark(Operation, frozen=True, tag="mark"):
    name: str
    mark: str


class Enslave(Operation, frozen=True, tag="enslave"):
    name: str
    bridge: str


class Release(Operation, frozen=True, tag="release"):
    name: str


class SetUp(Operation, frozen=True, tag="set-up"):
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


class MoveAddress(Operation, frozen=True, tag="move-address"):
    address: Address
    target: str


class MoveRoute(Operation, frozen=True, tag="move-route"):
    route: Route
    target: str


class Delete(Operation, frozen=True, tag="delete"):
    name: str


def describe(operation: Operation) -> str:
    """Say an operation in one short line: `create-vlan eth0.10`."""
    tag = str(operation.__struct_config__.tag)
    match operation:
        case AddPeer(tunnel=tunnel, peer=peer) | RemovePeer(tunnel=tunnel, peer=peer):
            return f"{tag} {tunnel} {peer}"
        case MoveAddress(address=address, target=target):
            return f"{tag} {address.cidr} {address.interface} -> {target}"
        case MoveRoute(route=route, target=target):
            return f"{tag} {route.destination} {route.interface} -> {target}"
        case Enslave(name=name, bridge=bridge):
            return f"{tag} {name} to {bridge}"
        case _:
            return f"{tag} {getattr(operation, 'name', '')}"


def apply_all(found: Found, operations: Iterable[Operation]) -> Found:
    for operation in operations:
        found = apply(found, operation)
    return found


def apply(found: Found, operation: Operation) -> Found:
    """Give what a look would show after an operation. O(log links), and for addresses their number."""
    match operation:
        case CreateBridge(name=name, mtu=mtu, mark=mark):
            return put(found, made(name, "bridge", mark=mark, mtu=mtu))
        case CreateVlan(name=name, interface=interface, vlan=vlan, bridge=bridge, mark=mark):
            link = made(name, "vlan", mark=mark, bridge=bridge)
            return put(found, msgspec.structs.replace(link, interface=interface, number=vlan))
        case CreateTunnel(name=name, bridge=bridge, mtu=mtu, mark=mark) as tunnel:
            link = made(name, "vxlan", mark=mark, bridge=bridge, mtu=mtu)
            ends = msgspec.structs.replace(link, number=tunnel.vni, local=tunnel.local, udp_port=tunnel.port)
            return put(found, ends)
        case CreatePort(name=name, bridge=bridge, mark=mark):
            return put(found, made(name, "port", mark=mark, bridge=bridge))
        case Delete(name=name):
            return delete(found, name)
        case AddPeer(tunnel=tunnel, peer=peer):
            return msgspec.structs.replace(found, peers=found.peers | {(tunnel, peer)})
        case RemovePeer(tunnel=tunnel, peer=peer):
            return msgspec.structs.replace(found, peers=found.peers - {(tunnel, peer)})
        case MoveAddress(address=address, target=target):
            moved = msgspec.structs.replace(address, interface=target)
            return msgspec.structs.replace(found, addresses=found.addresses - {address} | {moved})
        case MoveRoute(route=route, target=target):
            rerouted = msgspec.structs.replace(route, interface=target)
            return msgspec.structs.replace(found, routes=found.routes - {route} | {rerouted})
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
        case SetMtu(name=name, mtu=mtu):
            return msgspec.structs.replace(links[name], mtu=mtu)
        case _:
            raise TypeError(operation)


def put(found: Found, link: Link) -> Found:
    return msgspec.structs.replace(found, links=found.links.set(link.name, link))


def delete(found: Found, name: str) -> Found:
    """Remove a link with what the kernel removes along with it: its addresses, routes and peers, and its ports'
    bond.
    """
    links = found.links.delete(name)
    for link in found.links.values():
        if link.bridge == name and link.name != name:
            links = links.set(link.name, msgspec.structs.replace(link, bridge=""))
    return Found(
        links=links,
        addresses=frozenset(a for a in found.addresses if a.interface != name),
        routes=frozenset(r for r in found.routes if r.interface != name),
        peers=frozenset(p for p in found.peers if p[0] != name),
    )
