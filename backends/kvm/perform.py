"""Carries out one operation on a kernel.

Every link of ours is ours from its first moment, and is kept from speaking IPv6 before it comes up, unless
it is to carry a host's own addresses: a tenant must not be able to give the host an address. A run that is
cut off within an operation leaves something that the next look names: a link that is down, without its
mark, or not there.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from backends.kvm import requests, tap
from backends.kvm.kernel import Kernel
from backends.kvm.look import group_of
from backends.kvm.relocate import relocate
from projections.diff import uplink_in
from projections.operations import (
    AddPeer,
    CreateBridge,
    CreatePort,
    CreateTunnel,
    CreateVlan,
    Delete,
    Enslave,
    Mark,
    MoveAddress,
    MoveRoute,
    Operation,
    Release,
    RemovePeer,
    SetMtu,
    SetUp,
)


Plug = Literal["tap", "veth"]
"""What a NIC's host end is: a tap for a hypervisor, or a veth pair for a guest that is a namespace."""


def perform(kernel: Kernel, operation: Operation, plug: Plug) -> None:
    """Change the kernel as an operation says. Raises `OSError` as the kernel does."""
    match operation:
        case CreateBridge():
            create_bridge(kernel, operation)
        case CreateVlan():
            create_vlan(kernel, operation)
        case CreateTunnel():
            create_tunnel(kernel, operation)
        case CreatePort():
            (create_tap if plug == "tap" else create_veth)(kernel, operation)
        case MoveAddress(address=address, target=target):
            relocate(kernel, address.interface, target, family_of(address.cidr))
        case MoveRoute(route=route, target=target):
            relocate(kernel, route.interface, target, family_of(route.destination))
        case SetUp(name=name):
            bring_up(kernel, name)
        case Delete():
            delete(kernel, [operation])
        case _:
            kernel.commit(alteration(kernel, operation))


def delete(kernel: Kernel, operations: Iterable[Delete]) -> None:
    """Delete links together, in one message. A kernel takes 20 ms to let go of one, and no longer for a hundred."""
    kernel.commit(*(requests.doom(operation.name) for operation in operations), requests.delete_doomed())


def family_of(text: str) -> int:
    return socket.AF_INET6 if ":" in text else socket.AF_INET


def alteration(kernel: Kernel, operation: Operation) -> requests.Request:
    match operation:
        case Mark(name=name, mark=mark):
            return requests.change(name, ifalias=mark)
        case Enslave(name=name, bridge=bridge):
            return requests.change(name, master=kernel.index(bridge))
        case Release(name=name):
            return requests.change(name, master=0)
        case SetMtu(name=name, mtu=mtu):
            return requests.change(name, mtu=mtu)
        case AddPeer(tunnel=tunnel, peer=peer):
            return requests.add_peer(kernel.index(tunnel), peer)
        case RemovePeer(tunnel=tunnel, peer=peer):
            return requests.remove_peer(kernel.index(tunnel), peer)
        case _:
            raise TypeError(operation)


# making links


def create_bridge(kernel: Kernel, wanted: CreateBridge) -> None:
    """Make a bridge that forwards at once. With an uplink it has its MAC address, whatever ports come later."""
    details = {"IFLA_BR_STP_STATE": 0, "IFLA_BR_FORWARD_DELAY": 0}
    mac = kernel.link(wanted.mac_of).get_attr("IFLA_ADDRESS") if wanted.mac_of else ""
    create(kernel, wanted.name, "bridge", details, wanted.mark, mtu=wanted.mtu, address=mac)
    bring_up(kernel, wanted.name)


def create_vlan(kernel: Kernel, wanted: CreateVlan) -> None:
    details = {"IFLA_VLAN_ID": wanted.vlan}
    ends = {"link": kernel.index(wanted.interface), "master": kernel.index(wanted.bridge)}
    create(kernel, wanted.name, "vlan", details, wanted.mark, **ends)
    bring_up(kernel, wanted.name)


def create_tunnel(kernel: Kernel, wanted: CreateTunnel) -> None:
    details = {
        "IFLA_VXLAN_ID": wanted.vni,
        "IFLA_VXLAN_LOCAL": wanted.local,
        "IFLA_VXLAN_PORT": wanted.port,
        "IFLA_VXLAN_LEARNING": 1,
    }
    master = kernel.index(wanted.bridge)
    create(kernel, wanted.name, "vxlan", details, wanted.mark, mtu=wanted.mtu, master=master)
    bring_up(kernel, wanted.name)


def create_veth(kernel: Kernel, wanted: CreatePort) -> None:
    """Make a pair: the host's end on the bridge, and the guest's beside it for whoever plays the guest."""
    guest = {"IFLA_IFNAME": guest_end(wanted.name), "IFLA_ADDRESS": wanted.mac, "IFLA_GROUP": requests.GUESTS}
    details = {"VETH_INFO_PEER": {"attrs": list(guest.items())}}
    create(kernel, wanted.name, "veth", details, wanted.mark, master=kernel.index(wanted.bridge))
    bring_up(kernel, wanted.name)


def create_tap(kernel: Kernel, wanted: CreatePort) -> None:
    with tap.lasting(wanted.name, kernel.namespace):
        master = kernel.index(wanted.bridge)
        kernel.commit(requests.change(wanted.name, group=requests.OURS, ifalias=wanted.mark, master=master))
        bring_up(kernel, wanted.name)


def create(
    kernel: Kernel, name: str, kind: str, details: dict[str, Any], mark: str, *, mtu: int = 0, **more: Any
) -> None:
    """Make a link and mark it. The MTU is set once more: a bridge keeps to one that it is given after its birth."""
    kernel.commit(
        requests.create(name, kind, details, mtu=mtu, **more),
        requests.change(name, ifalias=mark, mtu=mtu or None),
    )


# bringing them up


def bring_up(kernel: Kernel, name: str) -> None:
    """Bring a link up; first, if it is ours, keep the host's own IPv6 out of it, and bring up the guest's end."""
    guests = list(guest_ends(kernel, name))
    for end in (*guests, *own(kernel, name)):
        kernel.switch_off_ipv6(end)
    kernel.commit(*(requests.up(end) for end in (*guests, name)))


def own(kernel: Kernel, name: str) -> Iterator[str]:
    link = kernel.link(name)
    if group_of(link) == requests.OURS and not uplink_in(link.get_attr("IFLA_IFALIAS") or ""):
        yield name


def guest_ends(kernel: Kernel, name: str) -> Iterator[str]:
    end = guest_end(name)
    if name.startswith("nic") and kernel.has(end) and group_of(kernel.link(end)) == requests.GUESTS:
        yield end


def guest_end(name: str) -> str:
    """Name the guest's end of a veth pair after the host's: `nic0a1b2c3d4e5f` has `p0a1b2c3d4e5f`."""
    return f"p{name.removeprefix('nic')}"
