"""Carries out what changes links that are there, on a kernel: operations one by one, or many of a kind together."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence

from backends.kvm import filters, requests
from backends.kvm.kernel import Kernel
from backends.kvm.look import group_of
from backends.kvm.making import guest_end
from backends.kvm.relocate import relocate
from projections.filter_operations import FilterOperation
from projections.marks import uplink_in
from projections.operations import (
    AddPeer,
    Delete,
    Enslave,
    Mark,
    MoveAddress,
    MoveNeighbour,
    MoveRoute,
    MoveRule,
    Operation,
    Release,
    RemovePeer,
    Replace,
    SetMtu,
    SetUp,
    describe,
)


IPV6 = 6


Peering = AddPeer | RemovePeer


def perform(kernel: Kernel, operation: Operation) -> None:
    """Change the kernel as an operation says. Raises `OSError` as the kernel does."""
    match operation:
        case MoveAddress(address=address, target=target):
            relocate(kernel, address.interface, target, family_of(address.cidr))
        case MoveRoute(route=route, target=target):
            relocate(kernel, route.interface, target, family_of(route.destination))
        case MoveNeighbour(neighbour=neighbour, target=target):
            relocate(kernel, neighbour.interface, target, family_of(neighbour.address))
        case MoveRule(rule=rule, target=target):
            relocate(kernel, rule.interface, target, socket.AF_INET6 if rule.version == IPV6 else socket.AF_INET)
        case Replace(name=name, by=by, bridge=bridge):
            kernel.commit(requests.change(name, master=0), requests.change(by, master=kernel.index(bridge)))
        case SetUp(name=name):
            bring_up(kernel, name)
        case Delete():
            delete(kernel, [operation])
        case FilterOperation():
            filters.perform(kernel.namespace, operation, describe(operation))
        case _:
            kernel.commit(alteration(kernel, operation))


def delete(kernel: Kernel, operations: Iterable[Delete]) -> None:
    """Delete links together, in one message. A kernel takes 20 ms to let go of one, and no longer for a hundred."""
    kernel.commit(*(requests.doom(operation.name) for operation in operations), requests.delete_doomed())


def change_peers(kernel: Kernel, operations: Sequence[Peering]) -> list[OSError | None]:
    """Change many peers in one message, and give the kernel's objection to each, if it has one."""
    numbers = {name: kernel.index(name) for name in {operation.tunnel for operation in operations}}
    return kernel.attempt(*(peering(operation, numbers[operation.tunnel]) for operation in operations))


def peering(operation: Peering, tunnel: int) -> requests.Request:
    change = requests.add_peer if isinstance(operation, AddPeer) else requests.remove_peer
    return change(tunnel, operation.peer)


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
        case _:
            raise TypeError(operation)


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
