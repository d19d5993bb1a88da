"""Unordered pairs in bulk: one member, and the set of all its partners.

Thousands of pairs are parted or joined by one operation, most of them by one VM's leaving or coming: so they
are kept as that VM and a set, and taken apart only where pairs must be weighed one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import TypeVar


T = TypeVar("T", int, str)
Tie = tuple[T, AbstractSet[T]]


def pairs(ties: Iterable[Tie[T]]) -> Iterator[tuple[T, T]]:
    """Walk single pairs, the lesser member first; in no order that means anything."""
    for one, partners in ties:
        for other in partners:
            yield (one, other) if one < other else (other, one)


def net(lost: list[Tie[T]], gained: list[Tie[T]]) -> tuple[list[Tie[T]], list[Tie[T]]]:
    """Leave out what was lost and gained back, or gained and lost again, within one moment."""
    if not (lost and gained):
        return lost, gained
    balance: Counter[tuple[T, T]] = Counter(pairs(gained))
    balance.subtract(pairs(lost))
    return tied(p for p, n in balance.items() if n < 0), tied(p for p, n in balance.items() if n > 0)


def tied(found: Iterable[tuple[T, T]]) -> list[Tie[T]]:
    """Gather pairs by their lesser member, sorted."""
    gathered: dict[T, set[T]] = {}
    for one, other in found:
        gathered.setdefault(one, set()).add(other)
    return [(one, gathered[one]) for one in sorted(gathered)]
