"""Ids sort by the order they were made in, and are what RFC 9562 calls version 7."""

from __future__ import annotations

import random
import time
import uuid
from datetime import UTC, datetime

import pytest

from domain import instruments


def test_ids_of_one_maker_are_in_order_even_within_a_millisecond() -> None:
    ids = instruments.TimeOrderedIds(lambda: 1_700_000_000_000, random.Random(1))

    made = [ids() for _ in range(10_000)]

    assert made == sorted(set(made))


def test_ids_stay_in_order_when_the_clock_goes_back() -> None:
    clock = iter([2000, 1000, 3000])
    ids = instruments.TimeOrderedIds(lambda: next(clock), random.Random(1))

    made = [ids() for _ in range(3)]

    assert made == sorted(made)


def test_an_id_is_a_uuid_of_version_7_that_begins_with_its_time() -> None:
    made = uuid.UUID(instruments.TimeOrderedIds(lambda: 0x0123456789AB, random.Random(1))())

    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == 0x0123456789AB


def test_a_timestamp_is_in_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert instruments.timestamp(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000000Z"
    finally:
        monkeypatch.undo()
        time.tzset()
