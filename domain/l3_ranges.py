"""What the ranges of an L3 network owe to one another, and to the addresses asked for out of them.

These are decisions of the L3 network's; its facts are in `l3`. They carry ZStack's numbers: R7, R8 and R11.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from domain import ip_range, values
from domain.errors import Refusal, witness
from domain.ip_range import IpRange, ReservedRange
from domain.l3 import (
    IPV6_MTU,
    Created,
    IpRangeAdded,
    IpRangeDeleted,
    L3Network,
    ReservedIpRangeAdded,
    ReservedIpRangeDeleted,
    Updated,
)


def add(uuid: str, l3: L3Network, added: IpRange) -> IpRangeAdded:
    """Add a range that keeps its own rules.

    Raises `Refusal` where one between it and the network's other ranges is broken.
    """
    if l3.category == "system" and added.version != values.IPV4:
        raise Refusal(
            "invalid-argument",
            f"L3 network {l3.name} is a system network: it has IPv4 ranges only",
            witness(uuid, Updated, Created, category="system"),
        )
    if added.version == values.IPV6 and 0 < l3.mtu < IPV6_MTU:
        raise Refusal(
            "invalid-argument",
            f"L3 network {l3.name} has an MTU of {l3.mtu}, and IPv6 needs {IPV6_MTU}: change that first",
            witness(uuid, Updated, Created, mtu=l3.mtu),
        )
    require_same_subnet(uuid, l3, added)
    refuse_overlap(uuid, l3, added)
    return IpRangeAdded(**msgspec.structs.asdict(added))


def delete(uuid: str, l3: L3Network, name: str) -> IpRangeDeleted:
    found = next((r for r in l3.ranges if r.name == name), None)
    if found is None:
        known = told(l3.ranges)
        because = witness(uuid, IpRangeDeleted, name=name)
        raise Refusal("unknown-object", f"L3 network {l3.name} has no range {name!r}; it has {known}", because)
    return IpRangeDeleted(found.name, found.start, found.end)


def require_same_subnet(uuid: str, l3: L3Network, added: IpRange) -> None:
    """R8 and R11: all ranges of a family share their subnet, gateway and address mode. No two have one name."""
    for other in l3.ranges:
        seen = witness(uuid, IpRangeAdded, name=other.name)
        if other.name == added.name:
            raise Refusal("name-in-use", f"L3 network {l3.name} has a range {other.name!r} already", seen)
        if other.version != added.version:
            continue
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
        if other.address_mode != added.address_mode:
            raise Refusal(
                "cidr-mismatch",
                f"range {added.name!r} is {added.address_mode}, but L3 network {l3.name} is {other.address_mode}",
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


def reserve(uuid: str, l3: L3Network, *, start: str, end: str) -> ReservedIpRangeAdded:
    """Keep addresses back, in a range or not.

    Raises `Refusal` outside the subnet, and where some are kept back already.
    """
    added = reserved_range(start, end)
    cidr = next((r.network_cidr for r in l3.ranges_of(added.version)), "")
    subnet = values.subnet(cidr) if cidr else range(0)
    if added.numbers.start not in subnet or added.numbers.stop - 1 not in subnet:
        where = f"subnet {cidr}" if cidr else "subnets: it has no range of that family yet"
        raise Refusal(
            "ip-range-outside-subnet",
            f"{added.start}-{added.end} does not fit into L3 network {l3.name}'s {where}",
            *(witness(uuid, IpRangeAdded, name=r.name) for r in l3.ranges),
        )
    for other in l3.reserved:
        if other.version == added.version and ip_range.meet(other.numbers, added.numbers):
            raise Refusal(
                "ip-range-overlap",
                f"{added.start}-{added.end} overlaps {other.start}-{other.end}, which is reserved already",
                witness(uuid, ReservedIpRangeAdded, start=other.start, end=other.end),
            )
    return ReservedIpRangeAdded(added.start, added.end)


def unreserve(uuid: str, l3: L3Network, *, start: str, end: str) -> ReservedIpRangeDeleted:
    found = reserved_range(start, end)
    if found not in l3.reserved:
        known = told(l3.reserved)
        raise Refusal(
            "unknown-object",
            f"{start}-{end} is no reserved range of L3 network {l3.name}; it has {known}",
            witness(uuid, ReservedIpRangeDeleted, start=found.start, end=found.end),
        )
    return ReservedIpRangeDeleted(found.start, found.end)


def reserved_range(start: str, end: str) -> ReservedRange:
    found = ReservedRange(values.ip(start), values.ip(end))
    values.require_family(found.end, found.version)
    if not found.numbers:
        raise values.invalid(f"a range goes up: {found.start} comes after {found.end}")
    return found


def told(ranges: Iterable[IpRange | ReservedRange]) -> str:
    return ", ".join(f"{r.start}-{r.end}" for r in ranges) or "none"


def require_address(uuid: str, l3: L3Network, ip: str) -> str:
    """Refuse an address that lies in none of the network's ranges, or is kept back."""
    text = values.ip(ip)
    if not l3.holds(text):
        raise Refusal(
            "ip-not-in-range", f"{text} is in no range of L3 network {l3.name}; its ranges: {told(l3.ranges)}"
        )
    refuse_reserved(uuid, l3, text)
    return text


def refuse_reserved(uuid: str, l3: L3Network, ip: str) -> None:
    for kept in l3.reserved:
        if kept.holds(ip):
            because = witness(uuid, ReservedIpRangeAdded, start=kept.start, end=kept.end)
            raise Refusal("ip-in-use", f"{ip} is reserved in L3 network {l3.name}: give another", because)
