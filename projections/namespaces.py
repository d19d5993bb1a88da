"""Network namespaces that a host must have from us: where its servers and routers live, apart from it and its guests.

Only what there must be. What a server or a translation is, is in files of their own; who needs a namespace, too.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from projections.digest import digest, named
from projections.name_server import Server
from projections.translation import Rules


Purpose = Literal["dhcp", "router", "eip"]


LEG = "leg"
"""How the name of every leg begins, and of nothing else."""


class Leg(msgspec.Struct, frozen=True):
    """A cable from a bridge of ours into a namespace: a veth pair, both ends with one name."""

    device: str
    bridge: str
    mac: str
    """Of the end inside."""
    addresses: tuple[str, ...] = ()
    """`10.0.0.1/24`, either family, sorted."""
    mtu: int = 0
    """0: as the kernel has it."""


class Route(msgspec.Struct, frozen=True, order=True):
    destination: str
    """`0.0.0.0/0`, either family."""
    gateway: str
    """On the subnet of one of the legs."""


class Way(msgspec.Struct, frozen=True, order=True):
    """A route for what has a number as its mark, in a table of that number."""

    number: int
    destination: str
    leg: str
    gateway: str
    """Nothing where what is there is on the leg itself."""


class Namespace(msgspec.Struct, frozen=True):
    """Everything that lives in a namespace. Nothing else may."""

    name: str
    purpose: Purpose
    subject: str
    """The object that it is for: an L3 network, a virtual router."""
    legs: tuple[Leg, ...]
    because: tuple[int, ...]
    routes: tuple[Route, ...] = ()
    """Beside those that come with the legs' addresses; sorted."""
    ways: tuple[Way, ...] = ()
    forwarding: bool = False
    """Whether it passes packets from leg to leg, of both families."""
    rules: Rules | None = None
    """What it lets through and translates: loaded before a leg of it is there."""
    server: Server | None = None


class Fence(msgspec.Struct, frozen=True):
    """Keeps a leg to its own host: nothing passes between it and what leads off the host, nor does any DHCP."""

    leg: str
    bridge: str
    outside: tuple[str, ...]
    """The ports of the bridge that lead off the host."""
    addresses: tuple[str, ...]
    """The leg's own, that nobody outside may claim."""


class Gate(msgspec.Struct, frozen=True):
    """Keeps a leg to the NICs that it is the gateway of: nobody else hears it or is heard by it, the host included, and
    they hear nobody else who would be their gateway.
    """

    leg: str
    bridge: str
    mac: str
    """The leg's, that nobody else may have."""
    holders: tuple[tuple[str, str], ...]
    """(port, the gateway's address): what is of that family passes between the port and the leg."""
    networks: tuple[str, ...] = ()
    """Where the holders are. What they send elsewhere by IPv6 is the leg's to pass on, whatever router they know."""


Barrier = Fence | Gate


def barred(fences: tuple[Fence, ...], gates: tuple[Gate, ...]) -> str:
    """Give the digest of all that keeps legs where they belong; nothing where there is nothing to keep."""
    return digest((fences, gates)) if fences or gates else ""


def leg_name(namespace: str, subnet: str) -> str:
    """Name the leg of a namespace on an L3 network: `leg0a1b2c3d4e5f`."""
    return named(LEG, namespace, subnet)


def is_leg(device: str) -> bool:
    return device.startswith(LEG)


def leg_mac(namespace: str, subnet: str) -> str:
    """Give a leg a hardware address, the same wherever and whenever it is made. Its first byte says: no vendor's."""
    digits = named("", namespace, subnet, length=10)
    return ":".join(("06", *(digits[i : i + 2] for i in range(0, len(digits), 2))))
