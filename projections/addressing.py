"""Which addresses of an L3 network are free, of each family: those of its ranges that are neither reserved nor in use.

Ranges and reserved ranges are intervals, however long; the addresses in use are a bitmap. Whole numbers throughout:
text is made of them at the edge. Choosing, taking and giving back cost the same at any fill.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

import msgspec
from immutables import Map

from domain import ip_range, l3, router, values, vip, vm
from domain.history import Recorded
from domain.values import Family
from projections import bitmap


Interval = tuple[int, int]
"""First and last address, both included."""


class Addresses(msgspec.Struct, frozen=True):
    """The addresses of one family of one L3 network."""

    ranges: tuple[Interval, ...] = ()
    reserved: tuple[Interval, ...] = ()
    spans: tuple[Interval, ...] = ()
    """The ranges less the reserved ones: all that may be handed out, in order."""
    size: int = 0
    """How many addresses the spans hold."""
    used: bitmap.Numbers = bitmap.NONE
    """In use, in a range or not: an address stays with its holder when it is reserved."""
    turn: int | None = None
    """The free address that the ascending allocator gives next; nothing where none is free."""


class Capacity(msgspec.Struct, frozen=True):
    """How full the ranges are. Every address is counted once: one that is in use is used, reserved or not."""

    total: int
    available: int
    used: int
    reserved: int


EMPTY = Addresses()
Addressing = Map[tuple[str, Family], Addresses]
"""(L3 network, family) to its addresses; nothing for a network without any of that family."""


# folding


def evolve(addressing: Addressing, recorded: Recorded, lost: Iterable[tuple[str, str]]) -> Addressing:
    """Fold one fact; `lost` gives (L3 network, address) of all that it set free."""
    uuid = recorded.originator_id
    match recorded.fact:
        case l3.IpRangeAdded(start=start) as fact:
            return put(addressing, uuid, start, grow(of(addressing, uuid, start), *ends(fact.start, fact.end)))
        case l3.IpRangeDeleted(start=start) as fact:
            return put(addressing, uuid, start, shrink(of(addressing, uuid, start), *ends(fact.start, fact.end)))
        case l3.ReservedIpRangeAdded(start=start) as fact:
            return put(addressing, uuid, start, reserve(of(addressing, uuid, start), *ends(fact.start, fact.end)))
        case l3.ReservedIpRangeDeleted(start=start) as fact:
            return put(addressing, uuid, start, unreserve(of(addressing, uuid, start), *ends(fact.start, fact.end)))
        case l3.Deleted():
            return forgotten(addressing, uuid)
        case _:
            return use(addressing, recorded, lost)


def use(addressing: Addressing, recorded: Recorded, lost: Iterable[tuple[str, str]]) -> Addressing:
    """Fold a fact about who has an address."""
    uuid = recorded.originator_id
    match recorded.fact:
        case vm.NicAttached(l3=subnet, ip=ip, ip6=ip6):
            return taken(addressing, subnet, ip, ip6)
        case vip.Created(l3=subnet, ip=ip) | router.NicAddressAssigned(l3=subnet, ip=ip):
            return taken(addressing, subnet, ip)
        case router.NicAdded(l3=subnet, ips=ips):
            return taken(addressing, subnet, *ips)
        case l3.DhcpServerAddressAssigned(ip=ip):
            return taken(addressing, uuid, ip)
        case l3.DhcpServerAddressReleased(ip=ip):
            return freed(addressing, [(uuid, ip)])
        case _:
            return freed(addressing, lost)


def of(addressing: Addressing, uuid: str, ip: str) -> Addresses:
    """Give the addresses of an L3 network that an address is one of."""
    return addressing.get((uuid, values.family(ip)), EMPTY)


def put(addressing: Addressing, uuid: str, ip: str, addresses: Addresses) -> Addressing:
    return addressing.set((uuid, values.family(ip)), addresses)


def forgotten(addressing: Addressing, uuid: str) -> Addressing:
    for version in values.FAMILIES:
        if (uuid, version) in addressing:
            addressing = addressing.delete((uuid, version))
    return addressing


def ends(start: str, end: str) -> Interval:
    return values.number(start), values.number(end)


def taken(addressing: Addressing, uuid: str, *ips: str) -> Addressing:
    for ip in filter(None, ips):
        addressing = put(addressing, uuid, ip, take(of(addressing, uuid, ip), values.number(ip)))
    return addressing


def freed(addressing: Addressing, lost: Iterable[tuple[str, str]]) -> Addressing:
    for uuid, ip in lost:
        if (uuid, values.family(ip)) not in addressing:
            continue  # its network went first
        addressing = put(addressing, uuid, ip, give_back(of(addressing, uuid, ip), values.number(ip)))
    return addressing


# changing


def grow(addresses: Addresses, first: int, last: int) -> Addresses:
    return arranged(addresses, (*addresses.ranges, (first, last)), addresses.reserved)


def shrink(addresses: Addresses, first: int, last: int) -> Addresses:
    return arranged(addresses, without(addresses.ranges, (first, last)), addresses.reserved)


def reserve(addresses: Addresses, first: int, last: int) -> Addresses:
    return arranged(addresses, addresses.ranges, (*addresses.reserved, (first, last)))


def unreserve(addresses: Addresses, first: int, last: int) -> Addresses:
    return arranged(addresses, addresses.ranges, without(addresses.reserved, (first, last)))


def without(intervals: tuple[Interval, ...], one: Interval) -> tuple[Interval, ...]:
    return tuple(interval for interval in intervals if interval != one)


def arranged(addresses: Addresses, ranges: Iterable[Interval], reserved: Iterable[Interval]) -> Addresses:
    """Work out again what may be handed out. O(ranges * reserved ranges), and no address is looked at."""
    ordered, held = tuple(sorted(ranges)), tuple(sorted(reserved))
    holes = [range(first, last + 1) for first, last in held]
    parts = (part for first, last in ordered for part in ip_range.cut(range(first, last + 1), holes))
    spans = tuple((part.start, part.stop - 1) for part in parts)
    size = sum(length(span) for span in spans)
    turn = around(spans, addresses.used, addresses.turn or 0)
    return msgspec.structs.replace(addresses, ranges=ordered, reserved=held, spans=spans, size=size, turn=turn)


def length(interval: Interval) -> int:
    return interval[1] - interval[0] + 1


def take(addresses: Addresses, ip: int) -> Addresses:
    """Put an address into use. O(log n).

    Only the one whose turn it was passes the turn on: one that was asked for leaves it where it is.
    """
    kept, used = addresses, bitmap.add(addresses.used, ip)
    turn = around(kept.spans, used, ip + 1) if ip == kept.turn else kept.turn
    return Addresses(kept.ranges, kept.reserved, kept.spans, kept.size, used, turn)


def give_back(addresses: Addresses, ip: int) -> Addresses:
    """Set an address free, for everybody or, in a reserved range, for nobody. O(log n)."""
    kept, used = addresses, bitmap.remove(addresses.used, ip)
    turn = around(kept.spans, used, ip) if kept.turn is None else kept.turn
    return Addresses(kept.ranges, kept.reserved, kept.spans, kept.size, used, turn)


# choosing


def choose(addresses: Addresses, allocator: str, chance: random.Random, besides: Collection[int] = ()) -> int | None:
    """Give a free address in the allocator's order, or nothing when all are taken.

    At random, two draws are tried, and then the next free address above the second: in no time at any fill, though in a
    crowded network one that follows a long row of used addresses is likelier than its neighbour.
    """
    start = 0
    if allocator == "ascending":
        start = addresses.turn or 0
    elif allocator == "random" and addresses.size:
        start = drawn(addresses, chance)
        if bitmap.holds(addresses.used, start):
            start = drawn(addresses, chance)
    if besides:
        return next((ip for ip in upward(addresses, start) if ip not in besides), None)
    return around(addresses.spans, addresses.used, start)


def around(spans: tuple[Interval, ...], used: bitmap.Numbers, start: int) -> int | None:
    """Give the first free address from one upward and around to it, or nothing when all are taken. O(log n) a span."""
    for first, last in spans:
        if start <= last:
            ip = bitmap.gap(used, first if first > start else start)  # noqa: FURB136 - a call would cost a tenth of all
            if ip <= last:
                return ip
    return around(spans, used, 0) if start else None


def drawn(addresses: Addresses, chance: random.Random) -> int:
    """Draw one address of the spans, each as likely as the others."""
    bits = (addresses.size - 1).bit_length()
    index = chance.getrandbits(bits)
    while index >= addresses.size:
        index = chance.getrandbits(bits)
    for first, last in addresses.spans:
        if index <= last - first:
            return first + index
        index -= last - first + 1
    raise AssertionError("the spans hold what was counted")


def upward(addresses: Addresses, start: int = 0) -> Iterator[int]:
    """Walk the free addresses upward from one, and around to it: an address given back waits for the way round."""
    used = addresses.used
    for first, last in chain(starting(addresses.spans, start), ending(addresses.spans, start)):
        ip = bitmap.gap(used, first)
        while ip <= last:
            yield ip
            ip = bitmap.gap(used, ip + 1)


def starting(spans: Iterable[Interval], start: int) -> Iterator[Interval]:
    """Walk what of the spans is not below an address."""
    return ((max(first, start), last) for first, last in spans if last >= start)


def ending(spans: Iterable[Interval], start: int) -> Iterator[Interval]:
    """Walk what of the spans is below an address."""
    return ((first, min(last, start - 1)) for first, last in spans if first < start)


# telling


def capacity(addresses: Addresses) -> Capacity:
    """Count. O(words of the bitmap)."""
    total = sum(length(interval) for interval in addresses.ranges)
    used = sum(bitmap.count(addresses.used, *interval) for interval in addresses.ranges)
    available = addresses.size - sum(bitmap.count(addresses.used, *span) for span in addresses.spans)
    return Capacity(total, available, used, total - used - available)


def in_use(addresses: Addresses, first: int, last: int) -> Iterator[int]:
    """Walk the addresses in use from one to another, in order."""
    return bitmap.within(addresses.used, first, last)


def obstacle(addresses: Addresses, ip: int, gateways: Collection[int]) -> str:
    """Say why an address is not to be had, or nothing when it is free."""
    if ip in gateways:
        return "gateway"
    if bitmap.holds(addresses.used, ip):
        return "used"
    if not any(first <= ip <= last for first, last in addresses.ranges):
        return "not-in-range"
    return "" if any(first <= ip <= last for first, last in addresses.spans) else "reserved"
