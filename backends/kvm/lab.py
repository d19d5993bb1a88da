"""A data centre on one machine: each host a network namespace, joined by one switch for each interface name.

For the demonstration and for tests: real bridges, tunnels and frames, with nothing but this kernel. The
namespaces have no names and end with their last user, even when that is killed. Refuses to touch the machine's
own network.
"""

from __future__ import annotations

import ctypes
import os
import select
import socket
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import msgspec
from pyroute2 import IPRoute

from backends.kvm.namespace import CLONE_NEWNET, OWN, inside, step_into


SWITCH_MTU = 1600
"""Room for a tunnel's header, so that a guest's 1450 bytes are never in question."""
UNDERLAY_LENGTH = 24
ETHERTYPE_ARP = 0x0806
ETHERTYPE_ALL = 0x0003
BROADCAST = b"\xff" * 6
QUIET_S = 0.2
"""How long nothing must be heard before all is taken to have been heard."""
PATIENCE_S = 3.0
LOOPING = 100
"""A frame that was heard so often will be heard for ever."""

_libc = ctypes.CDLL(None, use_errno=True)


class Guest(msgspec.Struct, frozen=True):
    """A VM's end of a NIC, as a device inside its host's namespace."""

    name: str
    host: str
    device: str
    mac: str
    ip: str


class Lab:
    """Namespaces that stand for hosts, by name."""

    def __init__(self, hosts: Mapping[str, Iterable[str]], underlay: Mapping[str, str] | None = None) -> None:
        self._descriptors: dict[str, int] = {name: new_namespace() for name in ("", *hosts)}
        interfaces = sorted({interface for each in hosts.values() for interface in each})
        with inside(self.path("")), IPRoute() as switch:
            for interface in interfaces:
                add_bridge(switch, f"sw-{interface}")
            for number, (name, each) in enumerate(hosts.items()):
                for interface in each:
                    self._cable(switch, f"{interface}-{number}", f"sw-{interface}", name, interface)
        for name, address in (underlay or {}).items():
            self._give(name, next(iter(hosts[name])), address)

    def path(self, host: str) -> str:
        """Give what stands for a host's namespace wherever one is asked for."""
        return f"/proc/{os.getpid()}/fd/{self._descriptors[host]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in self._descriptors.values():
            os.close(descriptor)

    def who_hears(self, guests: Iterable[Guest]) -> dict[str, tuple[str, ...]]:
        """Send an ARP request from each guest's NIC, and give the names of those that heard it."""
        places = sorted(guests, key=lambda guest: guest.name)
        ears = {guest.name: self._ear(guest) for guest in places}
        try:
            for guest in places:
                ears[guest.name].send(arp_request(guest))
            return heard(places, ears)
        finally:
            for ear in ears.values():
                ear.close()

    def copies_heard(self, guests: Iterable[Guest]) -> set[int]:
        """Send one ARP request from each guest's NIC in turn, and give how often those that heard it did."""
        places = sorted(guests, key=lambda guest: guest.name)
        ears = {guest.name: self._ear(guest) for guest in places}
        try:
            return {count for guest in places for count in copies(guest, ears)}
        finally:
            for ear in ears.values():
                ear.close()

    def _ear(self, guest: Guest) -> socket.socket:
        with inside(self.path(guest.host)):
            ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE_ARP))
            ear.bind((guest.device, ETHERTYPE_ARP))
            return ear

    def _cable(self, switch: IPRoute, plug: str, bridge: str, host: str, interface: str) -> None:
        """Lay a cable from a port of the switch to an interface of a host."""
        peer = {"ifname": interface, "mtu": SWITCH_MTU, "net_ns_fd": self._descriptors[host]}
        switch.link("add", ifname=plug, kind="veth", mtu=SWITCH_MTU, peer=peer)
        port, master = (index_of(switch, name) for name in (plug, bridge))
        switch.link("set", index=port, master=master, state="up")
        with inside(self.path(host)), IPRoute() as kernel:
            kernel.link("set", index=index_of(kernel, interface), state="up")

    def _give(self, host: str, interface: str, address: str) -> None:
        with inside(self.path(host)), IPRoute() as kernel:
            index = index_of(kernel, interface)
            kernel.addr("add", index=index, address=address, prefixlen=UNDERLAY_LENGTH)


def new_namespace() -> int:
    """Make a network namespace that lives as long as the descriptor that is given back."""
    with OWN.open() as home:
        if _libc.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        try:
            return os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
        finally:
            step_into(home.fileno())


def index_of(kernel: Any, name: str) -> int:
    return int(kernel.link_lookup(ifname=name)[0])


def add_bridge(switch: IPRoute, name: str) -> None:
    switch.link("add", ifname=name, kind="bridge", mtu=SWITCH_MTU)
    switch.link("set", index=index_of(switch, name), state="up")


NO_ADDRESS = "0.0.0.0"  # noqa: S104 - what a guest without an IPv4 address says it has (RFC 5227)


def octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def arp_request(guest: Guest) -> bytes:
    """Write the broadcast by which a guest asks who has its own address (RFC 826, RFC 5227)."""
    sender = octets(guest.mac)
    address = socket.inet_aton(guest.ip or NO_ADDRESS)
    header = b"\x00\x01\x08\x00\x06\x04\x00\x01"
    return BROADCAST + sender + b"\x08\x06" + header + sender + address + bytes(6) + address


def copies(sender: Guest, ears: Mapping[str, socket.socket]) -> Iterable[int]:
    """Send a request, listen until it is quiet, and give how often each that heard it did."""
    ears[sender.name].send(arp_request(sender))
    counts: Counter[int] = Counter()
    while ready := select.select([ear.fileno() for ear in ears.values()], [], [], QUIET_S)[0]:
        for ear in ears.values():
            if ear.fileno() in ready:
                frame, address = ear.recvfrom(2048)
                counts[ear.fileno()] += frame[6:12] == octets(sender.mac) and address[2] != socket.PACKET_OUTGOING
        if max(counts.values(), default=0) > LOOPING:
            break
    return [count for count in counts.values() if count]


def heard(guests: Iterable[Guest], ears: Mapping[str, socket.socket]) -> dict[str, tuple[str, ...]]:
    """Listen until it is quiet, and give who heard whom."""
    senders = {octets(guest.mac): guest.name for guest in guests}
    listeners = {ear.fileno(): name for name, ear in ears.items()}
    found: dict[str, set[str]] = {name: set() for name in ears}
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        ready, _, _ = select.select(list(listeners), [], [], QUIET_S)
        if not ready:
            break
        for descriptor in ready:
            name = listeners[descriptor]
            frame, address = ears[name].recvfrom(2048)
            sender = senders.get(frame[6:12])
            if sender and address[2] != socket.PACKET_OUTGOING:
                found[sender].add(name)
    return {name: tuple(sorted(names)) for name, names in sorted(found.items())}
