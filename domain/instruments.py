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


class Instruments(msgspec.Struct, frozen=True):
    """What a command may use that is not in the history."""

    clock: Callable[[], str]
    ids: Callable[[], str]
    chance: random.Random


def timestamp(moment: datetime) -> str:
    """Write a moment as facts carry it: UTC, to the microsecond, of one width."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def time_ordered_id(milliseconds: int, chance: random.Random) -> str:
    """Make a UUID of version 7 out of a time since 1970 and 74 bits of chance."""
    high = milliseconds << 16 | 0x7 << 12 | chance.getrandbits(12)
    low = 0b10 << 62 | chance.getrandbits(62)
    return str(uuid.UUID(int=high << 64 | low))


def real() -> Instruments:
    """Give the machine's clock and its own chance."""
    chance = random.SystemRandom()
    return Instruments(
        clock=lambda: timestamp(datetime.now(UTC)),
        ids=lambda: time_ordered_id(time.time_ns() // 1_000_000, chance),
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

    return Instruments(clock=clock, ids=lambda: time_ordered_id(now[0] * 1000, chance), chance=chance)
