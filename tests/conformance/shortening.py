"""The smallest history of a disagreement: not one of its commands can be left out.

What is about something that is left out is refused and left out too, so whatever remains can be applied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain.commands import Command


Fails = Callable[[Sequence[Command]], bool]


def smallest(commands: Sequence[Command], fails: Fails) -> tuple[Command, ...]:
    """Leave out as many as can be, first many at once, then one by one. O(tries of the history, squared at worst)."""
    kept, size = tuple(commands), len(commands) // 2
    while size:
        fewer = without_some(kept, size, fails)
        size = size if size == 1 and len(fewer) < len(kept) else size // 2
        kept = fewer
    return kept


def without_some(commands: tuple[Command, ...], size: int, fails: Fails) -> tuple[Command, ...]:
    """Try to do without each so many in turn, the last ones first."""
    kept = commands
    for start in reversed(range(0, len(commands), size)):
        fewer = kept[:start] + kept[start + size :]
        if len(fewer) < len(kept) and fails(fewer):
            kept = fewer
    return kept
