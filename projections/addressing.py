"""Which addresses of an L3 network are free, as disjoint intervals in order.

Whole numbers throughout: text is made of them at the edge. Taking or giving back an address costs a search in the
intervals, O(log k), and their copy, O(k), with k the number of gaps.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Collection, Iterator

import msgspec
from immutables import Map

from domain import l3, values, vm
from domain.history import Recorded


Interval = tuple[int, int]
"""First and last address, both free."""
DRAWS = 8


class Addresses(msgspec.Struct, frozen=True):
    """The free addresses of one L3 network."""

    free: tuple[Interval, ...] = ()
    size: int = 0
    """How many addresses its ranges hold."""
    cursor: int = 0
    """The address given out last: the ascending allocator goes on from here."""


Addressing = Map[str, Addresses]


def evolve(addressing: Addressing, recorded: Recorded, nics: Map[str, tuple[str, str]]) -> Addressing:
    """Fold one fact; `nics` gives (L3 network, address) of the NICs as they were before it."""
    match recorded.fact:
        case l3.Created():
            return addressing.set(recorded.originator_id, Addresses())
        case l3.IpRangeAdded(start=start, end=end):
            uuid = recorded.originator_id
            return addressing.set(uuid, grow(addressing[uuid], values.number(start), values.number(end)))
        case vm.NicAttached(l3=uuid, ip=ip):
            return addressing.set(uuid, take(addressing[uuid], values.number(ip)))
        case vm.NicDetached() | vm.Destroyed():
            for uuid, ip in nics.values():
                addressing = addressing.set(uuid, give_back(addressing[uuid], values.number(ip)))
            return addressing
        case _:
            return addressing


def grow(addresses: Addresses, first: int, last: int) -> Addresses:
    return msgspec.structs.replace(insert(addresses, first, last), size=addresses.size + last - first + 1)


def take(addresses: Addresses, ip: int) -> Addresses:
    free = addresses.free
    place = bisect_right(free, (ip, 1 << 32)) - 1
    first, last = free[place]
    parts = tuple(p for p in ((first, ip - 1), (ip + 1, last)) if p[0] <= p[1])
    return msgspec.structs.replace(addresses, free=free[:place] + parts + free[place + 1 :], cursor=ip)


def give_back(addresses: Addresses, ip: int) -> Addresses:
    return insert(addresses, ip, ip)


def insert(addresses: Addresses, first: int, last: int) -> Addresses:
    """Add an interval, joined to the neighbours it touches."""
    free = addresses.free
    place = bisect_right(free, (first, last))
    before, after = free[:place], free[place:]
    if before and before[-1][1] == first - 1:
        first, before = before[-1][0], before[:-1]
    if after and after[0][0] == last + 1:
        last, after = after[0][1], after[1:]
    return msgspec.structs.replace(addresses, free=(*before, (first, last), *after))


def available(addresses: Addresses) -> int:
    return sum(last - first + 1 for first, last in addresses.free)


def choose(addresses: Addresses, allocator: str, chance: random.Random, besides: Collection[int]) -> int | None:
    """Give a free address in the allocator's order, or nothing when all are taken."""
    if allocator == "random":
        for _ in range(DRAWS):
            ip = drawn(addresses, chance)
            if ip is None or ip not in besides:
                return ip
    start = addresses.cursor + 1 if allocator == "ascending" else 0
    return next((ip for ip in ascending(addresses, start) if ip not in besides), None)


def drawn(addresses: Addresses, chance: random.Random) -> int | None:
    count = available(addresses)
    if not count:
        return None
    index = chance.randrange(count)
    for first, last in addresses.free:
        if index <= last - first:
            return first + index
        index -= last - first + 1
    raise AssertionError("the intervals hold what was counted")


def ascending(addresses: Addresses, start: int) -> Iterator[int]:
    """Walk the free addresses upward from one, and around to it: an address given back waits for the way round."""
    for first, last in addresses.free:
        yield from range(max(first, start), last + 1)
    for first, last in addresses.free:
        yield from range(first, min(last, start - 1) + 1)
