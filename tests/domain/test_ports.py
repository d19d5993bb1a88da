"""Port ranges are read, counted and compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.ports import Ports, ports


SOME = st.tuples(st.integers(1, 40), st.integers(1, 40)).map(lambda ends: Ports(*sorted(ends)))


@given(SOME, SOME)
def test_ranges_overlap_where_they_share_a_number(one: Ports, other: Ports) -> None:
    shared = set(range(one.first, one.last + 1)) & set(range(other.first, other.last + 1))
    assert one.overlaps(other) is bool(shared)
    assert other.overlaps(one) is one.overlaps(other)


@given(SOME)
def test_what_is_written_is_read_back(some: Ports) -> None:
    assert ports(str(some)) == some
    assert len(some) == len(range(some.first, some.last + 1))


@pytest.mark.parametrize(("text", "first", "last"), [("80", 80, 80), ("90-80", 80, 90), ("1-65535", 1, 65535)])
def test_one_port_or_two_ends_are_ports(text: str, first: int, last: int) -> None:
    assert ports(text) == Ports(first, last)


def test_a_port_may_be_a_number() -> None:
    assert ports(80) == Ports(80, 80)


@pytest.mark.parametrize("text", ["", "0", "65536", "80-", "-80", "80-90-99", "http", "8²", "1.5", -1])
def test_anything_else_is_not(text: str | int) -> None:
    with pytest.raises(Refusal, match="invalid-argument"):
        ports(text)
