"""Time, identity and chance, handed in from outside.

Decisions never look at a clock or a die themselves, or a fork could not be replayed. Ids sort by time (UUID
version 7, RFC 9562): rows that are made together lie together in a store's index.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec


COUNT_BITS = 12


class Instruments(msgspec.Struct, frozen=True):
    """What a command may use that is not in the history."""

    clock: Callable[[], str]
    ids: Callable[[], str]
    chance: random.Random


def timestamp(moment: datetime) -> str:
    """Write a moment as facts carry it: UTC, to the microsecond, of one width."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class TimeOrderedIds:
    """Makes UUIDs of version 7, each greater than the last: 12 of the bits of chance count within a millisecond.

    RFC 9562, section 6.2, method 1. Only the ids of one maker are in strict order.
    """

    def __init__(self, milliseconds: Callable[[], int], chance: random.Random) -> None:
        self._milliseconds = milliseconds
        self._chance = chance
        self._newest = 0
        """The last id's time and count, as one number."""

    def __call__(self) -> str:
        start = self._milliseconds() << COUNT_BITS | self._chance.getrandbits(COUNT_BITS - 1)
        self._newest = max(start, self._newest + 1)
        milliseconds, count = divmod(self._newest, 1 << COUNT_BITS)
        high = milliseconds << 16 | 0x7 << 12 | count
        low = 0b10 << 62 | self._chance.getrandbits(62)
        return str(uuid.UUID(int=high << 64 | low))


def real() -> Instruments:
    """Give the machine's clock and its own chance."""
    chance = random.SystemRandom()
    return Instruments(
        clock=lambda: timestamp(datetime.now(UTC)),
        ids=TimeOrderedIds(lambda: time.time_ns() // 1_000_000, chance),
        chance=chance,
    )


def repeatable(seed: int, *, start: str = "2026-01-01T00:00:00.000000Z") -> Instruments:
    """Give instruments that say the same in every run: each look at the clock is one second after the last."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose, and no secret
    base = int(datetime.fromisoformat(start).timestamp())
    ticks = iter(range(base, 1 << 62))
    now = [base]

    def clock() -> str:
        now[0] = next(ticks)
        return timestamp(datetime.fromtimestamp(now[0], UTC))

    return Instruments(clock=clock, ids=TimeOrderedIds(lambda: now[0] * 1000, chance), chance=chance)
