"""An L3 network is a subnet on one L2 network, for good. It owns its IP ranges, in order, and how addresses are
chosen.

It does not hold the addresses that are in use: each is a claim, so that an L3 network stays small at any fill.
Range rules carry ZStack's numbers, R2 to R11.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, cast, get_args

import msgspec

from domain import values
from domain.errors import Refusal, witness
from domain.history import Fact, State


Category = Literal["private", "public", "system"]
Allocator = Literal["random", "first-available", "ascending"]
MTUS = range(68, 9217)
SMALLEST_HOST_PREFIX = 30
"""A /31 or /32 has no room for a gateway, a network and a broadcast address."""


# facts


class Created(Fact, frozen=True, tag="l3.created"):
    name: str
    l2: str
    category: str
    dns_domain: str
    mtu: int
    """0 where the L2 network's own is meant."""
    allocator: Allocator


class IpRangeAdded(Fact, frozen=True, tag="l3.ip-range-added"):
    name: str
    start: str
    end: str
    netmask: str
    gateway: str
    network_cidr: str


FACTS = (Created, IpRangeAdded)


# state


class IpRange(State, frozen=True):
    name: str
    start: str
    end: str
    netmask: str
    gateway: str
    network_cidr: str

    @property
    def numbers(self) -> range:
        return range(values.number(self.start), values.number(self.end) + 1)

    def overlaps(self, other: IpRange) -> bool:
        mine, theirs = self.numbers, other.numbers
        return mine.start < theirs.stop and theirs.start < mine.stop


class L3Network(State, frozen=True):
    name: str
    l2: str
    category: str
    dns_domain: str
    mtu: int
    allocator: Allocator
    ranges: tuple[IpRange, ...]
    """In order of their first address."""

    def holds(self, ip: str) -> bool:
        return any(values.number(ip) in r.numbers for r in self.ranges)


# evolve


def evolve(state: L3Network | None, fact: Fact) -> L3Network | None:
    match fact:
        case Created():
            return L3Network(**msgspec.structs.asdict(fact), ranges=())
        case IpRangeAdded() if state:
            ordered = sorted((*state.ranges, as_range(fact)), key=lambda r: r.numbers.start)
            return msgspec.structs.replace(state, ranges=tuple(ordered))
        case _:
            raise TypeError(fact)


def as_range(fact: IpRangeAdded) -> IpRange:
    return IpRange(**msgspec.structs.asdict(fact))


# decisions


def create(name: str, *, l2: str, category: str, dns_domain: str, mtu: int, allocator: str) -> Created:
    if category not in get_args(Category):
        raise values.invalid(f"{category!r} is no category: give one of {', '.join(get_args(Category))}")
    if allocator not in get_args(Allocator):
        raise values.invalid(f"{allocator!r} is no allocator: give one of {', '.join(get_args(Allocator))}")
    if mtu and mtu not in MTUS:
        raise values.invalid(f"{mtu} is no MTU: give {MTUS[0]} to {MTUS[-1]}")
    return Created(values.name(name), l2, category, dns_domain, mtu, cast("Allocator", allocator))


def add_ip_range(
    uuid: str, l3: L3Network, *, name: str, start: str, end: str, netmask: str, gateway: str
) -> IpRangeAdded:
    """Add a range by its ends.

    Raises `Refusal` where a rule of the range itself, or one between it and the network's other ranges, is broken.
    """
    cidr = values.subnet_of(start, values.netmask(netmask))
    added = IpRange(
        values.name(name),
        values.ipv4(start),
        values.ipv4(end),
        values.ipv4(netmask),
        values.ipv4(gateway),
        cidr,
    )
    require_usable(added)
    require_inside(added)
    require_same_subnet(uuid, l3, added)
    refuse_overlap(uuid, l3, added)
    return IpRangeAdded(**msgspec.structs.asdict(added))


def add_ip_range_by_cidr(uuid: str, l3: L3Network, *, name: str, cidr: str, gateway: str) -> tuple[IpRangeAdded, ...]:
    """Add every usable address of a subnet. A gateway in the middle makes two ranges, `NAME` and `NAME-2`."""
    network = values.cidr(cidr)
    subnet = values.subnet(network)
    length = int(network.split("/")[1])
    if length > SMALLEST_HOST_PREFIX:
        raise values.invalid(f"{network} has no usable addresses: give a /{SMALLEST_HOST_PREFIX} or larger")
    router = values.number(gateway) if gateway else subnet.start + 1
    if router not in subnet[1:-1]:
        raise Refusal("gateway-outside-subnet", f"gateway {gateway} is no host address of {network}")
    parts = [part for part in (range(subnet.start + 1, router), range(router + 1, subnet.stop - 1)) if part]
    added: list[IpRangeAdded] = []
    for order, part in enumerate(parts, start=1):
        fact = add_ip_range(
            uuid,
            l3,
            name=name if order == 1 else f"{name}-{order}",
            start=values.address(part.start),
            end=values.address(part.stop - 1),
            netmask=values.address(values.network_mask(length)),
            gateway=values.address(router),
        )
        added.append(fact)
    return tuple(added)


def require_usable(added: IpRange) -> None:
    """R2: no multicast, reserved, loopback or link-local address. R6: a range goes up."""
    for text in (added.start, added.end, added.gateway):
        first, second = (int(part) for part in text.split(".")[:2])
        if first >= 224 or first in {0, 127} or (first, second) == (169, 254):  # noqa: PLR2004 - RFC 5735
            raise values.invalid(f"{text} is a special address (RFC 5735): no network hands it out")
    if added.numbers.start >= added.numbers.stop:
        raise values.invalid(f"a range goes up: {added.start} comes after {added.end}")


def require_inside(added: IpRange) -> None:
    """R4, R5, R9 and R10: range and gateway lie in the subnet, off its ends, and apart from each other."""
    subnet = values.subnet(added.network_cidr)
    numbers = added.numbers
    if numbers.stop - 1 not in subnet or numbers.start == subnet.start or numbers.stop == subnet.stop:
        raise Refusal(
            "ip-range-outside-subnet",
            f"{added.start}-{added.end} does not fit into the host addresses of {added.network_cidr}"
            f" ({values.address(subnet.start + 1)}-{values.address(subnet.stop - 2)})",
        )
    gateway = values.number(added.gateway)
    if gateway not in subnet[1:-1]:
        raise Refusal("gateway-outside-subnet", f"gateway {added.gateway} is no host address of {added.network_cidr}")
    if gateway in numbers:
        raise Refusal(
            "gateway-in-range",
            f"gateway {added.gateway} lies in {added.start}-{added.end}, and would be handed out",
        )


def require_same_subnet(uuid: str, l3: L3Network, added: IpRange) -> None:
    """R8 and R11: all ranges of an L3 network share its subnet and its gateway, and no name."""
    for other in l3.ranges:
        seen = witness(uuid, IpRangeAdded, name=other.name)
        if other.name == added.name:
            raise Refusal("name-in-use", f"L3 network {l3.name} has a range {other.name!r} already", seen)
        if other.network_cidr != added.network_cidr:
            raise Refusal(
                "cidr-mismatch",
                f"range {added.name!r} is in {added.network_cidr}, but L3 network {l3.name} is {other.network_cidr}",
                seen,
            )
        if other.gateway != added.gateway:
            raise Refusal(
                "cidr-mismatch",
                f"range {added.name!r} has gateway {added.gateway}, but L3 network {l3.name} has {other.gateway}",
                seen,
            )


def refuse_overlap(uuid: str, l3: L3Network, added: IpRange) -> None:
    """R7: ranges on one L2 network are disjoint, whichever L3 network they belong to."""
    for other in l3.ranges:
        if other.overlaps(added):
            raise Refusal(
                "ip-range-overlap",
                f"{added.start}-{added.end} overlaps {other.start}-{other.end},"
                f" range {other.name!r} of L3 network {l3.name}",
                witness(uuid, IpRangeAdded, name=other.name),
            )


def require_ranges(facts: Iterable[L3Network]) -> None:
    """Refuse an L3 network that could give nobody an address."""
    for l3 in facts:
        if not l3.ranges:
            raise Refusal("ip-exhausted", f"L3 network {l3.name} has no IP range yet: add one first")


def require_address(l3: L3Network, ip: str) -> str:
    """Refuse an address that lies in none of the network's ranges."""
    text = values.ipv4(ip)
    if not l3.holds(text):
        told = ", ".join(f"{r.start}-{r.end}" for r in l3.ranges) or "none"
        raise Refusal("ip-not-in-range", f"{text} is in no range of L3 network {l3.name}; its ranges: {told}")
    return text
