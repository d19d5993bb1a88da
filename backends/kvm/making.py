"""Makes links, many of one kind at a time: one message makes and marks them, and another brings them up.

Every link of ours is ours from its first moment, and is kept from speaking IPv6 before it comes up, unless it is to
carry a host's own addresses: a tenant must not be able to give the host an address. A run that is cut off between
the messages leaves links that the next look names: down, without their mark, or not there. One that a kernel refuses
keeps none of the others from being made.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Literal

import msgspec

from backends.kvm import tap, wire
from backends.kvm.kernel import Kernel
from backends.kvm.requests import ACK, CREATE, EXCLUSIVE, GUESTS, NEWLINK, OURS, REQUEST, SETLINK, UP, Request
from projections.operations import CreateBridge, CreatePort, CreateTunnel, CreateVlan


Plug = Literal["tap", "veth"]
"""What a NIC's host end is: a tap for a hypervisor, or a veth pair for a guest that is a namespace."""
Creation = CreateBridge | CreateVlan | CreateTunnel | CreatePort
ADDRESS, IFNAME, MTU, LINK, MASTER, LINKINFO, IFALIAS, GROUP = 1, 3, 4, 5, 10, 18, 20, 27
INFO_KIND, INFO_DATA = 1, 2
FORWARD_DELAY, STP_STATE = 1, 5
VLAN_ID = 1
VXLAN_ID, VXLAN_LOCAL, VXLAN_LEARNING, VXLAN_PORT = 1, 4, 7, 15
VETH_PEER = 1
ON = b"\1"


class Birth(msgspec.Struct, frozen=True):
    """A link that is to be made."""

    name: str
    kind: str
    details: tuple[bytes, ...]
    mark: str
    mtu: int = 0
    mac: str = ""
    below: int = 0
    master: int = 0
    silent: bool = True
    """It carries no addresses of the host's."""
    guest: str = ""
    """The other end, which comes up with it."""


def make(kernel: Kernel, operations: Sequence[Creation], plug: Plug) -> list[OSError | None]:
    """Make links, and give for each the kernel's objection, if it has one."""
    if plug == "tap" and any(isinstance(each, CreatePort) for each in operations):
        return [tried(kernel, each) for each in operations if isinstance(each, CreatePort)]
    births = [birth_or_error(kernel, each) for each in operations]
    able = [each for each in births if isinstance(each, Birth)]
    answers = iter(bear(kernel, able))
    return [each if isinstance(each, OSError) else next(answers) for each in births]


def bear(kernel: Kernel, births: list[Birth]) -> list[OSError | None]:
    answers = kernel.attempt(*(request for birth in births for request in (create(birth), marked(birth))))
    errors = [first or second for first, second in zip(answers[::2], answers[1::2], strict=True)]
    there = [birth for birth, error in zip(births, errors, strict=True) if error is None]
    kernel.switch_off_ipv6(*(end for birth in there if birth.silent for end in (birth.name, birth.guest) if end))
    raised = kernel.attempt(*(up(end) for birth in there for end in (birth.guest or birth.name, birth.name)))
    late = iter(first or second for first, second in zip(raised[::2], raised[1::2], strict=True))
    return [error or next(late) for error in errors]


# what each kind is made of


def birth_or_error(kernel: Kernel, wanted: Creation) -> Birth | OSError:
    """Say what is to be made. What it is to be made upon may be missing."""
    try:
        return birth(kernel, wanted)
    except OSError as error:
        return error


def birth(kernel: Kernel, wanted: Creation) -> Birth:
    details: tuple[bytes, ...]
    match wanted:
        case CreateBridge(name=name, mtu=mtu, mac_of=uplink, mark=mark):
            mac = kernel.link(uplink).get_attr("IFLA_ADDRESS") if uplink else ""
            details = (wire.number(FORWARD_DELAY, 0), wire.number(STP_STATE, 0))
            return Birth(name, "bridge", details, mark, mtu, mac, silent=not uplink)
        case CreateVlan(name=name, vlan=vlan, bridge=bridge, mtu=mtu, mark=mark):
            details = (wire.attribute(VLAN_ID, wire.U16.pack(vlan)),)
            ends = (kernel.index(wanted.interface), number_of(kernel, bridge))
            return Birth(name, "vlan", details, mark, mtu, below=ends[0], master=ends[1])
        case CreateTunnel(name=name, bridge=bridge, mtu=mtu, mark=mark):
            return Birth(name, "vxlan", tunnel(wanted), mark, mtu, master=number_of(kernel, bridge))
        case CreatePort(name=name, bridge=bridge, mtu=mtu, mark=mark):
            details, home = (peer(wanted),), number_of(kernel, bridge)
            return Birth(name, "veth", details, mark, mtu, master=home, guest=guest_end(name))


def tunnel(wanted: CreateTunnel) -> tuple[bytes, ...]:
    return (
        wire.number(VXLAN_ID, wanted.vni),
        wire.attribute(VXLAN_LOCAL, socket.inet_aton(wanted.local)),
        wire.attribute(VXLAN_PORT, wire.PORT.pack(wanted.port)),
        wire.attribute(VXLAN_LEARNING, ON),
    )


def peer(wanted: CreatePort) -> bytes:
    """Give the guest's end, for whoever plays the guest."""
    mac = wire.attribute(ADDRESS, bytes.fromhex(wanted.mac.replace(":", "")))
    size = wire.number(MTU, wanted.mtu) if wanted.mtu else b""
    named = wire.text(IFNAME, guest_end(wanted.name)) + wire.number(GROUP, GUESTS)
    return wire.attribute(VETH_PEER, wire.IFINFO.pack(0, 0, 0, 0, 0) + named + mac + size)


def guest_end(name: str) -> str:
    """Name the guest's end of a veth pair after the host's: `nic0a1b2c3d4e5f` has `p0a1b2c3d4e5f`."""
    return f"p{name.removeprefix('nic')}"


def number_of(kernel: Kernel, bridge: str) -> int:
    """Give a bridge's number; 0 for none."""
    return kernel.index(bridge) if bridge else 0


# messages


def create(birth: Birth) -> Request:
    numbers = {GROUP: OURS, MTU: birth.mtu, LINK: birth.below, MASTER: birth.master}
    given = b"".join(wire.number(kind, value) for kind, value in numbers.items() if value)
    mac = wire.attribute(ADDRESS, bytes.fromhex(birth.mac.replace(":", ""))) if birth.mac else b""
    info = wire.nested(LINKINFO, wire.text(INFO_KIND, birth.kind), wire.nested(INFO_DATA, *birth.details))
    return link_request(NEWLINK, birth.name, given + mac + info, more=CREATE | EXCLUSIVE)


def marked(birth: Birth) -> Request:
    """Mark a link. The MTU is set once more: a bridge keeps to one that it is given after its birth."""
    size = wire.number(MTU, birth.mtu) if birth.mtu else b""
    return link_request(SETLINK, birth.name, wire.text(IFALIAS, birth.mark) + size)


def up(name: str) -> Request:
    return link_request(SETLINK, name, b"", flags=UP)


def link_request(kind: int, name: str, given: bytes, *, flags: int = 0, more: int = 0) -> Request:
    body = wire.IFINFO.pack(0, 0, 0, flags, flags) + wire.text(IFNAME, name) + given
    return Request(wire.message(kind, REQUEST | ACK | more, body))


# taps


def tried(kernel: Kernel, wanted: CreatePort) -> OSError | None:
    try:
        create_tap(kernel, wanted)
    except OSError as error:
        return error
    return None


def create_tap(kernel: Kernel, wanted: CreatePort) -> None:
    with tap.lasting(wanted.name, kernel.namespace):
        numbers = {GROUP: OURS, MTU: wanted.mtu, MASTER: number_of(kernel, wanted.bridge)}
        given = b"".join(wire.number(kind, value) for kind, value in numbers.items() if value)
        kernel.commit(link_request(SETLINK, wanted.name, given + wire.text(IFALIAS, wanted.mark)))
        kernel.switch_off_ipv6(wanted.name)
        kernel.commit(up(wanted.name))
