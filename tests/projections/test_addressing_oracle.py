"""Addresses that are free, in use and reserved, against plain sets that hold them one by one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import commands as c
from domain import values
from projections import addressing
from projections.addressing import Addresses, Capacity
from tests import builders as b
from tests.given import given as given_history


class Oracle:
    """The same, with a set of every address."""

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []
        self.reserved: list[tuple[int, int]] = []
        self.used: set[int] = set()
        self.turn: int | None = None

    @property
    def all(self) -> set[int]:
        return spread(self.ranges)

    @property
    def free(self) -> set[int]:
        return self.all - spread(self.reserved) - self.used

    def expected(self, allocator: str) -> set[int | None]:
        """Give what an allocator may choose."""
        if not self.free:
            return {None}
        if allocator == "random":
            return {*self.free}
        return {self.turn if allocator == "ascending" else min(self.free)}

    def upward(self, start: int) -> int | None:
        return min({n for n in self.free if n >= start} or self.free, default=None)

    def arrange(self) -> None:
        self.turn = self.upward(self.turn or 0)

    def take(self, ip: int) -> None:
        self.used.add(ip)
        if ip == self.turn:
            self.turn = self.upward(ip + 1)

    def give_back(self, ip: int) -> None:
        self.used.remove(ip)
        if self.turn is None:
            self.turn = self.upward(ip)


def spread(intervals: list[tuple[int, int]]) -> set[int]:
    return {n for first, last in intervals for n in range(first, last + 1)}


PLACES = [0, 1000, 2047, 4096, (1 << 64) - 30, (1 << 128) - 100]
"""Small numbers, the edges of words and blocks, and numbers of IPv6's size."""
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["grow", "shrink", "reserve", "unreserve", "take", "take", "give", "choose", "choose"]),
        st.integers(0, 60),
        st.integers(1, 25),
    ),
    max_size=40,
)


@given(STEPS, st.sampled_from(PLACES), st.sampled_from(["random", "first-available", "ascending"]))
def test_addresses_are_what_plain_sets_say(steps: list[tuple[str, int, int]], base: int, allocator: str) -> None:
    found, plain = Addresses(), Oracle()
    chance = random.Random(1)
    for what, place, size in steps:
        chosen = addressing.choose(found, allocator, chance)
        found = step(found, plain, what, (base + place, base + place + size - 1), chosen)
        assert list(addressing.upward(found)) == sorted(plain.free)
        assert addressing.capacity(found) == counted(plain)
        assert found.size == len(plain.all - spread(plain.reserved))
        assert list(addressing.in_use(found, base, base + 100)) == sorted(plain.used)
        assert list(addressing.in_use(found, *(base + 7, base + 30))) == sorted(
            n for n in plain.used if base + 7 <= n <= base + 30
        )
        choice = addressing.choose(found, allocator, chance)
        assert choice in plain.expected(allocator)


def step(found: Addresses, plain: Oracle, what: str, block: tuple[int, int], chosen: int | None) -> Addresses:
    first, _ = block
    match what:
        case "grow" if not spread([block]) & plain.all:
            plain.ranges.append(block)
            plain.arrange()
            return addressing.grow(found, *block)
        case "shrink" if plain.ranges:
            gone = plain.ranges.pop()
            plain.arrange()
            return addressing.shrink(found, *gone)
        case "reserve" if not spread([block]) & spread(plain.reserved):
            plain.reserved.append(block)
            plain.arrange()
            return addressing.reserve(found, *block)
        case "unreserve" if plain.reserved:
            gone = plain.reserved.pop()
            plain.arrange()
            return addressing.unreserve(found, *gone)
        case "take" if first not in plain.used:
            plain.take(first)
            return addressing.take(found, first)
        case "give" if plain.used:
            freed = sorted(plain.used)[first % len(plain.used)]
            plain.give_back(freed)
            return addressing.give_back(found, freed)
        case "choose" if chosen is not None:
            plain.take(chosen)
            return addressing.take(found, chosen)
        case _:
            return found


def counted(plain: Oracle) -> Capacity:
    used = plain.used & plain.all
    kept = plain.all & spread(plain.reserved) - used
    return Capacity(len(plain.all), len(plain.all - used - kept), len(used), len(kept))


@given(st.lists(st.integers(0, 3000), unique=True), st.integers(0, 3001), st.sets(st.integers(0, 50)))
def test_walking_upward_goes_around(used: list[int], start: int, besides: set[int]) -> None:
    found = addressing.grow(Addresses(), 10, 2500)
    for n in used:
        found = addressing.take(found, n)
    free = sorted(set(range(10, 2501)) - set(used))
    around = [n for n in free if n >= start] + [n for n in free if n < start]
    assert list(addressing.upward(found, start)) == around
    left = [n for n in free if n not in besides]
    chosen = addressing.choose(found, "first-available", random.Random(1), besides)
    assert chosen == (left[0] if left else None)


def test_a_full_network_gives_nothing_and_the_one_address_given_back() -> None:
    found = addressing.grow(Addresses(), 0, 4999)
    for n in range(5000):
        found = addressing.take(found, n)
    for allocator in ("random", "first-available", "ascending"):
        assert addressing.choose(found, allocator, random.Random(1)) is None
        one = addressing.give_back(found, 3210)
        assert addressing.choose(one, allocator, random.Random(1)) == 3210


def test_what_was_kept_of_an_earlier_version_stays_as_it_was() -> None:
    early = addressing.take(addressing.grow(Addresses(), 0, 9), 3)
    addressing.take(early, 4)
    addressing.give_back(early, 3)
    assert list(addressing.upward(early)) == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_random_draws_are_even_over_ranges_with_holes() -> None:
    found = addressing.reserve(addressing.grow(addressing.grow(Addresses(), 1, 6), 20, 21), 3, 5)
    chance = random.Random(1)
    draws = [addressing.choose(found, "random", chance) for _ in range(5000)]
    assert {ip: 850 < draws.count(ip) < 1150 for ip in set(draws)} == dict.fromkeys([1, 2, 6, 20, 21], True)


@pytest.mark.parametrize(
    ("ip", "reason"),
    [
        ("192.168.0.1", "gateway"),
        ("192.168.0.9", "not-in-range"),
        ("192.168.0.51", "not-in-range"),
        ("192.168.0.10", "used"),
        ("192.168.0.30", "used"),
        ("192.168.0.31", "reserved"),
        ("192.168.0.11", ""),
        ("192.168.0.50", ""),
    ],
)
def test_an_address_that_is_not_to_be_had_has_a_reason(ip: str, reason: str) -> None:
    case = given_history(*b.A_SUBNET, b.a_vm(), b.a_vm("two", ip="192.168.0.30"))
    case.do(c.AddReservedIpRange(l3="l3", start="192.168.0.30", end="192.168.0.40"))
    addresses = case.topology.addressing[case.id("l3", "l3"), 4]
    gateways = {values.number("192.168.0.1")}
    assert addressing.obstacle(addresses, values.number(ip), gateways) == reason
