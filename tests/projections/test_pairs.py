"""Pairs of VMs that hear each other at one moment and not at another: against all pairs, one by one."""

from __future__ import annotations

from itertools import combinations, islice

from hypothesis import given as property_of
from hypothesis import strategies as st

from projections.pairs import Members, parted


GUESTS = st.frozensets(st.sampled_from("abcdefg"))
MOMENTS: st.SearchStrategy[Members] = st.dictionaries(st.sampled_from(["red", "green", "blue"]), GUESTS)


def hearing(members: Members) -> set[tuple[str, str]]:
    return {pair for guests in members.values() for pair in combinations(sorted(guests), 2)}


@property_of(MOMENTS, MOMENTS, st.permutations("abcdefg"))
def test_pairs_are_those_of_one_moment_less_those_of_the_other(
    before: Members, after: Members, order: list[str]
) -> None:
    found = parted(before, after, lambda guest: f"vm{order.index(guest)}")
    named = (sorted(f"vm{order.index(guest)}" for guest in pair) for pair in hearing(before) - hearing(after))
    assert list(found) == sorted((a, b) for a, b in named)
    assert len(found) == len(hearing(before) - hearing(after))


def test_what_nobody_lists_is_counted_all_the_same() -> None:
    crowd = frozenset(f"{number:06}" for number in range(100_000))
    found = parted({"one": crowd}, {}, str)
    assert len(found) == 100_000 * 99_999 // 2
    assert list(islice(found, 2)) == [("000000", "000001"), ("000000", "000002")]
