"""Carries out what changes links that are there, on a kernel: operations one by one, or many of a kind together."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence

from backends.kvm import deafness, filters, requests, settings, walls
from backends.kvm.kernel import Kernel
from backends.kvm.look import group_of
from backends.kvm.making import guest_end
from backends.kvm.relocate import relocate
from projections.filter_operations import FilterOperation
from projections.marks import uplink_in
from projections.move_operations import Move
from projections.operations import (
    AddPeer,
    Deafen,
    Delete,
    Enslave,
    Mark,
    Operation,
    RaiseWall,
    Release,
    RemovePeer,
    Replace,
    SetDown,
    SetMtu,
    SetUp,
    describe,
)
from projections.ownership import touched


Peering = AddPeer | RemovePeer


def perform(kernel: Kernel, operation: Operation) -> None:
    """Change the kernel as an operation says. Raises `OSError` as the kernel does."""
    match operation:
        case Move():
            there, here = touched(operation)
            move(kernel, here, there)
        case Replace(name=name, by=by, bridge=bridge):
            replace(kernel, name, by, bridge)
        case Enslave(name=name, bridge=bridge):
            enslave(kernel, name, bridge)
        case SetUp(name=name):
            bring_up(kernel, name)
        case Deafen():
            deafness.perform(kernel.namespace, operation)
        case RaiseWall():
            walls.perform(kernel.namespace, operation)
        case Delete():
            delete(kernel, [operation])
        case FilterOperation():
            filters.perform(kernel.namespace, operation, describe(operation))
        case _:
            kernel.commit(alteration(operation))


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


def alteration(operation: Operation) -> requests.Request:
    match operation:
        case Mark(name=name, mark=mark):
            return requests.change(name, ifalias=mark)
        case Release(name=name):
            return requests.change(name, master=0)
        case SetDown(name=name):
            return requests.down(name)
        case SetMtu(name=name, mtu=mtu):
            return requests.change(name, mtu=mtu)
        case _:
            raise TypeError(operation)


def replace(kernel: Kernel, name: str, by: str, bridge: str) -> None:
    """Put a link into another one's place on a bridge, or leave that one there."""
    home = kernel.index(bridge)
    was_there = kernel.link(name).get_attr("IFLA_MASTER") == home
    try:
        enslave(kernel, by, bridge, requests.change(name, master=0))
    except OSError:
        if was_there:
            kernel.attempt(requests.change(by, master=0), requests.change(name, master=home))
        raise


def enslave(kernel: Kernel, name: str, bridge: str, *leaving: requests.Request) -> None:
    """Make a link a port of a bridge, in the moment in which another one is so no more, if there is one.

    For one of the host's own, the bridge stands from then on: it has the addresses in the same moment, and keeps out
    what is tagged, which belongs to other networks on the same wire.
    """
    joining = (*leaving, requests.change(name, master=kernel.index(bridge)))
    if group_of(kernel.link(name)) == requests.OURS:
        kernel.commit(*joining)
    else:
        settings.copy(kernel, name, bridge, socket.AF_INET, socket.AF_INET6)
        kernel.commit(*requests.keep_tags_out(bridge))
        relocate(kernel, name, bridge, first=joining)


def move(kernel: Kernel, here: str, there: str) -> None:
    """Move what an interface has to another one; if that is a port of the first, it is let go in the same moment."""
    master = kernel.link(there).get_attr("IFLA_MASTER") or 0
    parting = [requests.change(there, master=0)] if master == kernel.index(here) else []
    relocate(kernel, here, there, last=parting)


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
