"""Stretches of history, and what follows from their overlap.

A stretch runs from the fact that began it up to the fact that ended it, that one left out, or is still going on.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Interval(msgspec.Struct, frozen=True, order=True):
    """A stretch, with every fact that bounds it."""

    since: int
    """The position of the fact it began with."""
    since_time: str
    until: int | None
    """The position of the fact that ended it; `None` while it goes on."""
    until_time: str | None
    because: tuple[int, ...]
    path: tuple[str, ...] = ()
    """What it leads through, where it is a way from one thing to another."""

    def holds(self, position: int) -> bool:
        return self.since <= position and (self.until is None or position < self.until)


FOREVER = 1 << 62


def end(interval: Interval) -> int:
    return FOREVER if interval.until is None else interval.until


def overlap(a: Interval, b: Interval) -> Interval | None:
    """Give the stretch in which both hold, resting on the facts of both."""
    first, last = max(a, b, key=lambda i: i.since), min(a, b, key=end)
    if first.since >= end(last):
        return None
    bounds = tuple(sorted({*a.because, *b.because}))
    relevant = tuple(p for p in bounds if p <= end(last))
    return Interval(first.since, first.since_time, last.until, last.until_time, relevant, a.path or b.path)


def within(interval: Interval, first: int, last: int) -> bool:
    """Tell whether a stretch holds at some position from one up to and including another."""
    return interval.since <= last and end(interval) > first


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Join stretches that overlap or touch, keeping the path of the first and the facts of all. O(n log n)."""
    joined: list[Interval] = []
    for interval in sorted(intervals, key=lambda i: (i.since, end(i))):
        if joined and interval.since <= end(joined[-1]):
            joined[-1] = join(joined[-1], interval)
        else:
            joined.append(interval)
    return tuple(joined)


def join(a: Interval, b: Interval) -> Interval:
    last = max(a, b, key=end)
    because = tuple(sorted({*a.because, *b.because}))
    return Interval(a.since, a.since_time, last.until, last.until_time, because, a.path)
