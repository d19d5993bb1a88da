"""The namespaces of one host: looked at, and changed by operations.

A host's own are told from another's by the folder that they are pinned in. What is not ours there is shown as such, and
nothing is done to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from immutables import Map

from backends.kvm import dnsmasq, farewell, fences, pin, requests, room, translator, ways
from backends.kvm.kernel import Kernel
from domain.errors import HostUnreachable
from projections.found import Room
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
from projections.operations import describe


class Rooms:
    """Namespaces by name, below a folder for all that a host remembers."""

    def __init__(self, state: Path) -> None:
        self._pins = state / "netns"

    def look(self) -> Map[str, Room]:
        return room.rooms(self._pins, dnsmasq.alive)

    def perform(self, kernel: Kernel, operation: NamespaceOperation) -> None:
        """Do an operation; the kernel is the host's own."""
        with said(operation):
            self._perform(kernel, operation)

    def _perform(self, kernel: Kernel, operation: NamespaceOperation) -> None:
        match operation:
            case LoadFences(fences=kept, gates=led):
                before = farewell.held(kernel.namespace)
                fences.load(kernel.namespace, kept, led)
                farewell.tell(kernel, before, led)
            case CreateNamespace(namespace=name, mark=mark):
                room.create(self._pins / name, mark)
            case DeleteNamespace(namespace=name):
                delete(self._pins / name)
            case CreateLeg(namespace=name):
                create_leg(kernel, self._pins / name, operation)
            case StartServer(namespace=name, server=server, mark=mark):
                dnsmasq.start(self._pins / name, server, mark)
            case ReloadServer(namespace=name, server=server, mark=mark):
                dnsmasq.reload(self._pins / name, server, mark, kernel.namespace)
            case StopServer(namespace=name):
                dnsmasq.stop(self._pins / name)
            case _:
                change(self._pins / getattr(operation, "namespace", ""), operation)


@contextmanager
def said(operation: NamespaceOperation) -> Iterator[None]:
    """Say during which operation something failed."""
    try:
        yield
    except HostUnreachable as error:
        raise HostUnreachable(f"{describe(operation)}: {error.sentence}") from error


def change(place: Path, operation: NamespaceOperation) -> None:
    """Change what is inside a namespace."""
    match operation:
        case MarkNamespace(mark=mark):
            room.set_mark(place, mark)
        case DeleteLeg(name=name):
            room.delete_leg(place, name)
        case SetLeg(name=name, mac=mac, mtu=mtu):
            room.set_leg(place, name, mac, mtu)
        case SetAddresses(name=name, addresses=addresses):
            room.set_addresses(place, name, addresses)
        case SetRoutes(routes=routes):
            room.set_routes(place, routes)
        case SetForwarding(forwarding=forwarding):
            room.set_forwarding(place, forwarding=forwarding)
        case SetWays(ways=wanted):
            ways.change(place, wanted)
        case LoadRules(rules=rules):
            translator.load(place, rules, describe(operation))
            room.introduce(place)
        case _:
            raise TypeError(operation)


def delete(place: Path) -> None:
    """Take a namespace away: its server with its files, its legs, and its pin last, since by that a look knows it."""
    dnsmasq.stop(place)
    dnsmasq.forget(place)
    room.delete_legs(place)
    pin.remove(place)


def create_leg(kernel: Kernel, place: Path, wanted: CreateLeg, *, group: int = requests.OURS) -> None:
    """Make a pair with one end inside, and plug the other one in unless Open vSwitch is to have it.

    A plugin gives its own end outside the group of plugins' links.
    """
    master = kernel.index(wanted.bridge) if wanted.bridge else 0
    with place.open() as there:
        inner = {"IFLA_IFNAME": wanted.name, "IFLA_ADDRESS": wanted.mac, "IFLA_GROUP": requests.OURS}
        size = {"IFLA_MTU": wanted.mtu} if wanted.mtu else {}
        peer = {"attrs": list({**inner, **size, "IFLA_NET_NS_FD": there.fileno()}.items())}
        details = {"VETH_INFO_PEER": peer}
        kernel.commit(requests.create(wanted.name, "veth", details, mtu=wanted.mtu, master=master, group=group))
    room.set_leg(place, wanted.name, wanted.mac, wanted.mtu)
    kernel.switch_off_ipv6(wanted.name)
    kernel.commit(requests.change(wanted.name, ifalias=wanted.mark), requests.up(wanted.name))
