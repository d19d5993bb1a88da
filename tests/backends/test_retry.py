"""What fails is tried again ever later, and news at once."""

from __future__ import annotations

import random

from hypothesis import given as property_of
from hypothesis import strategies as st

from backends.retry import Retry
from projections.operations import SetUp


UP, OTHER = (SetUp("eth0"),), (SetUp("eth1"),)


def test_what_was_never_tried_is_tried_at_once() -> None:
    assert Retry(random.Random(1)).wait_s(UP, 0.0) == 0


def test_the_same_waits_and_something_else_does_not() -> None:
    retry = Retry(random.Random(1))
    retry.tried(UP, 0.0)

    assert retry.wait_s(UP, 0.0) > 0
    assert retry.wait_s(OTHER, 0.0) == 0


@property_of(st.integers(0, 1 << 32), st.integers(1, 40))
def test_each_wait_is_between_half_of_twice_the_last_one_and_all_of_it_up_to_a_minute(seed: int, tries: int) -> None:
    retry, now_s = Retry(random.Random(seed), first_s=1.0, most_s=60.0), 0.0
    for number in range(tries):
        retry.tried(UP, now_s)
        whole = min(60.0, 2.0**number)
        wait_s = retry.wait_s(UP, now_s)
        assert whole / 2 <= wait_s <= whole
        now_s += wait_s
    assert retry.wait_s(UP, now_s) < 1e-6


def test_after_a_long_quiet_time_it_begins_anew() -> None:
    retry = Retry(random.Random(1), first_s=1.0, most_s=60.0)
    for _ in range(9):
        retry.tried(UP, 0.0)
    assert retry.wait_s(UP, 1000.0) == 0

    retry.tried(UP, 1000.0)
    assert retry.wait_s(UP, 1000.0) <= 1.0


def test_what_a_failure_left_is_nothing_new_and_waits_from_the_failure_on() -> None:
    retry = Retry(random.Random(1), first_s=1.0)
    retry.tried((*OTHER, *UP), 0.0)
    assert retry.wait_s(UP, 0.1) == 0

    retry.failed(5.0)

    assert 0 < retry.wait_s(UP, 5.0) <= 1.0
    assert retry.wait_s((*UP, SetUp("eth2")), 5.0) == 0


def test_a_try_that_was_none_is_forgotten() -> None:
    retry = Retry(random.Random(1))
    retry.tried(UP, 0.0)
    retry.forget()

    assert retry.wait_s(UP, 0.0) == 0
