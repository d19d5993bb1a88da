"""When to try the same thing again: at once the first time, then ever later, and never quite at the same moment.

The same is what the same operations would mend, or after a failure, some of them: the rest was done. So news is taken
up at once, while what fails again and again, or is undone by somebody else again and again, is tried at most once a
minute.
"""

from __future__ import annotations

import random

from projections.operation import Operation


FIRST_S = 1.0
MOST_S = 60.0
DOUBLINGS = 16
"""More change nothing, and would overflow."""


class Retry:
    """How often the same operations were tried in a row, and when."""

    def __init__(self, chance: random.Random, *, first_s: float = FIRST_S, most_s: float = MOST_S) -> None:
        self._chance = chance
        self._first_s, self._most_s = first_s, most_s
        self._wanted: tuple[Operation, ...] = ()
        self._failed = False
        self._count = 0
        self._due_s = 0.0

    def wait_s(self, wanted: tuple[Operation, ...], now_s: float) -> float:
        """Give how long it is until operations may be tried: nothing for others than the last ones."""
        return max(0.0, self._due_s - now_s) if self._is_known(wanted, now_s) else 0.0

    def tried(self, wanted: tuple[Operation, ...], now_s: float) -> None:
        """Note that operations are tried."""
        again = self._is_known(wanted, now_s)
        self._count = min(self._count + 1, DOUBLINGS) if again else 0
        self._wanted, self._failed = wanted, False
        self._due_s = now_s + self._pause_s()

    def failed(self, now_s: float) -> None:
        """Note that something of what was tried last failed: what is left of it is nothing new, and waits from now."""
        self._failed = True
        self._due_s = now_s + self._pause_s()

    def forget(self) -> None:
        """Let the next try be the first: this one was none."""
        self._wanted, self._count, self._failed = (), 0, False

    def _is_known(self, wanted: tuple[Operation, ...], now_s: float) -> bool:
        """Tell whether operations are those that were tried last, or what a failure left of them, and not long ago."""
        left = self._failed and bool(wanted) and set(wanted) <= set(self._wanted)
        return (left or wanted == self._wanted) and now_s <= self._due_s + 2 * self._most_s

    def _pause_s(self) -> float:
        """Draw between half of the pause and all of it: many hosts that failed together don't come back together."""
        whole = min(self._most_s, self._first_s * 2.0**self._count)
        return whole * (0.5 + self._chance.random() / 2)
