"""Virtual time: whole microseconds inside, so that equal moments are equal; seconds where people read."""

from __future__ import annotations


Microseconds = int
PER_SECOND = 1_000_000
PER_MILLISECOND = 1_000


def from_ms(milliseconds: float) -> Microseconds:
    return round(milliseconds * PER_MILLISECOND)


def seconds(moment: Microseconds) -> float:
    return moment / PER_SECOND
