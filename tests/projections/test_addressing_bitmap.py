"""The set of numbers under the addresses, against a plain set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from projections import bitmap
from projections.bitmap import NONE, WIDTH


NEAR_AN_EDGE = st.builds(
    lambda edge, off: max(0, edge + off),
    st.sampled_from([0, WIDTH, 2 * WIDTH, WIDTH**2, WIDTH**2 + WIDTH, 1 << 64, (1 << 128) - 5]),
    st.integers(-3, 3),
)


@given(st.lists(NEAR_AN_EDGE, max_size=30), NEAR_AN_EDGE, NEAR_AN_EDGE)
def test_numbers_go_in_and_out_as_in_a_plain_set(numbers: list[int], a: int, b: int) -> None:
    found, plain = NONE, set[int]()
    for n in numbers:
        if n in plain:
            found, plain = bitmap.remove(found, n), plain - {n}
        else:
            found, plain = bitmap.add(found, n), plain | {n}
        assert bitmap.holds(found, n) == (n in plain)
    low, high = sorted((a, b))
    inside = sorted(n for n in plain if low <= n <= high)
    assert list(bitmap.within(found, low, high)) == inside
    assert bitmap.count(found, low, high) == len(inside)
    expected = low
    while expected in plain:
        expected += 1
    assert bitmap.gap(found, low) == expected


@given(st.integers(0, 3 * WIDTH), st.integers(1, 4 * WIDTH), st.lists(st.integers(0, 7 * WIDTH), max_size=20))
def test_long_rows_are_climbed_over(first: int, size: int, freed: list[int]) -> None:
    found = NONE
    for n in range(first, first + size):
        found = bitmap.add(found, n)
    assert bitmap.gap(found, first) == first + size
    holes = sorted({n for n in freed if first <= n < first + size})
    for n in holes:
        found = bitmap.remove(found, n)
    assert bitmap.gap(found, first) == min([*holes, first + size])
    assert bitmap.count(found, 0, 1 << 64) == size - len(holes)


def test_a_million_numbers_fill_two_levels_and_leave_none_behind() -> None:
    size = WIDTH * WIDTH
    words = bitmap.WORDS.update((index, bitmap.FULL) for index in range(WIDTH))
    found = (words.set(0, bitmap.FULL ^ 1 << 5), bitmap.WORDS.set(0, bitmap.FULL ^ 1))
    assert bitmap.gap(found, 0) == 5
    again = bitmap.add(found, 5)
    assert bitmap.gap(again, 0) == bitmap.gap(again, size // 2) == size
    assert len(again) == 3
    assert len(bitmap.remove(again, size - 1)) == 2


@given(st.sets(st.integers(0, 5 * WIDTH)))
def test_the_same_numbers_are_the_same_value_however_they_came(numbers: set[int]) -> None:
    one, other = NONE, NONE
    for n in sorted(numbers):
        one = bitmap.add(one, n)
    for n in range(5 * WIDTH, -1, -1):
        other = bitmap.add(other, n)
    for n in set(range(5 * WIDTH + 1)) - numbers:
        other = bitmap.remove(other, n)
    assert one == other
