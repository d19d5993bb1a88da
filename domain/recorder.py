"""What every store of facts must be able to do, beyond the library's own recorder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from domain.transaction import Premise


class Log(Protocol):
    """The total order of facts, and each aggregate's part of it, up to a position."""

    def head(self) -> int:
        """Give the position of the newest fact; 0 when there is none."""
        ...

    def rows(self, after: int, upto: int) -> Iterator[tuple[int, str, int, bytes]]:
        """Read (position, subject, version, state) of the facts after one position up to another, in order."""
        ...

    def rows_of(self, subject: str, upto: int) -> list[tuple[int, int, bytes]]:
        """Read (position, version, state) of one aggregate's facts up to a position, in order."""
        ...

    def undisturbed(self, premise: Premise) -> bool:
        """Tell whether nothing recorded since a decision's position touches what it rests on."""
        ...
