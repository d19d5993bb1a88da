"""Free addresses as intervals, against a plain set."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from projections import addressing
from projections.addressing import Addresses


STEPS = st.lists(
    st.tuples(st.sampled_from(["grow", "take", "give"]), st.integers(0, 60), st.integers(1, 6)), max_size=40
)


@given(STEPS, st.sampled_from(["random", "first-available", "ascending"]))
def test_intervals_hold_what_a_plain_set_holds(steps: list[tuple[str, int, int]], allocator: str) -> None:
    found, free, used = Addresses(), set[int](), set[int]()
    for what, first, size in steps:
        block = set(range(first, first + size))
        if what == "grow" and not block & (free | used):
            found, free = addressing.grow(found, first, first + size - 1), free | block
        if what == "take" and first in free:
            found, free, used = addressing.take(found, first), free - {first}, used | {first}
        if what == "give" and first in used:
            found, free, used = addressing.give_back(found, first), free | {first}, used - {first}
        assert {n for a, b in found.free for n in range(a, b + 1)} == free
        assert addressing.available(found) == len(free)
        assert found.size == len(free | used)
        assert all(b + 1 < c for (_, b), (c, _) in zip(found.free, found.free[1:], strict=False))
        assert addressing.choose(found, allocator, random.Random(1), ()) in {*free} | (set() if free else {None})


@given(st.sets(st.integers(1, 40), min_size=1), st.integers(0, 41))
def test_ascending_walks_upward_and_around(numbers: set[int], start: int) -> None:
    found = Addresses()
    for number in numbers:
        found = addressing.grow(found, number, number)
    ordered = sorted(n for n in numbers if n >= start) + sorted(n for n in numbers if n < start)
    assert list(addressing.ascending(found, start)) == ordered


def test_neighbours_grow_together() -> None:
    found = addressing.grow(addressing.grow(addressing.grow(Addresses(), 1, 2), 5, 6), 3, 4)
    assert found == Addresses(free=((1, 6),), size=6)


def test_the_cursor_is_where_the_last_address_was_taken() -> None:
    assert addressing.take(Addresses(free=((1, 9),), size=9), 4) == Addresses(((1, 3), (5, 9)), 9, cursor=4)
