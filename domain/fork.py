"""A history that shares another's past up to a position and then goes its own way.

A fork copies nothing: it reads its parent's facts up to where it left, and keeps its own beside them. It never
writes to its parent. Dry runs, what-ifs and all-or-nothing changes are forks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    StoredEvent,
    Subscription,
)

from domain.recorder import Log
from domain.transaction import Premise


class ForkRecorder(ApplicationRecorder):
    """A parent's log up to a position, and what was added since."""

    def __init__(self, parent: Log, at: int) -> None:
        self.parent = parent
        self.at = at
        self.added: list[StoredEvent] = []
        self._of: dict[str, list[int]] = {}

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        versions: dict[str, int] = {}
        for event in stored_events:
            subject = str(event.originator_id)
            before = versions[subject] if subject in versions else self._version(subject)
            if event.originator_version != before + 1:
                raise IntegrityError(subject)
            versions[subject] = event.originator_version
        start = self.head() + 1
        for position, event in enumerate(stored_events, start):
            self._of.setdefault(str(event.originator_id), []).append(position)
            self.added.append(event)
        return range(start, self.head() + 1)

    def select_events(
        self,
        originator_id: Any,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        rows = self.rows_of(str(originator_id), self.head())
        found = [
            StoredEvent(originator_id, version, "", state)
            for _, version, state in rows
            if (gt is None or version > gt) and (lte is None or version <= lte)
        ]
        ordered = found[::-1] if desc else found
        return ordered[:limit]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        raise NotImplementedError("a fork is read by rows()")  # the library demands the method

    def max_notification_id(self) -> int:
        return self.head()

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        raise NotImplementedError("nobody waits for a fork")  # the library demands the method

    # the log

    def head(self) -> int:
        return self.at + len(self.added)

    def rows(self, after: int, upto: int) -> Iterator[tuple[int, str, int, bytes]]:
        yield from self.parent.rows(after, min(upto, self.at))
        for position in range(max(after, self.at) + 1, min(upto, self.head()) + 1):
            event = self.added[position - self.at - 1]
            yield position, str(event.originator_id), event.originator_version, event.state

    def rows_of(self, subject: str, upto: int) -> list[tuple[int, int, bytes]]:
        inherited = self.parent.rows_of(subject, min(upto, self.at))
        own = [p for p in self._of.get(subject, ()) if p <= upto]
        events = [(p, self.added[p - self.at - 1]) for p in own]
        return [*inherited, *((p, e.originator_version, e.state) for p, e in events)]

    def undisturbed(self, _: Premise) -> bool:
        """Nobody else writes to a fork."""
        return True

    def _version(self, subject: str) -> int:
        rows = self.rows_of(subject, self.head())
        return rows[-1][1] if rows else 0
