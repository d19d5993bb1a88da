"""An agent's exchange with the store: the newest topology comes in, reports go out, and none is lost while it is away.

Reports wait in order until the store takes them. One of a network that got another shape meanwhile is dropped, and
one that the store refuses was overtaken by what somebody else reported: it is told. The next look says what there is
to say.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from domain.commands import Command
from domain.errors import Refusal, StoreUnreachable, StoreUnusable, Witness
from projections.topology import Topology


class Event(msgspec.Struct, frozen=True):
    """One line of an agent's log: something that it did, or could not do."""

    operation: str
    l2: str = ""
    """The network's name."""
    because: int = 0
    """The position of the fact behind it."""
    result: str = "done"


Tell = Callable[[Event], object]


class Office(Protocol):
    """The store as an agent needs it. Both raise `StoreUnreachable` while it is away."""

    def topology(self) -> Topology:
        """Give the newest topology. Costs little where nothing is new."""
        ...

    def record(self, command: Command) -> int:
        """Record a report, and give its position."""
        ...

    def newest(self, witnesses: Iterable[Witness]) -> int:
        """Give the position of the newest fact of those that are looked for; 0 where there is none."""
        ...


class Correspondence:
    """What was heard last, and what is still to be told."""

    def __init__(self, office: Office, tell: Tell, *, patient: bool = True) -> None:
        self._office = office
        self._tell = tell
        self._patient = patient
        self._owed: deque[Command] = deque()
        self._away = ""
        self._newest: Topology | None = None

    @property
    def owed(self) -> tuple[Command, ...]:
        """The reports that the store has not taken yet, in order."""
        return tuple(self._owed)

    @property
    def newest(self) -> Topology | None:
        """The last topology that was heard of."""
        return self._newest

    def news(self) -> bool:
        """Send what is owed and hear what is new. Tell whether the store was there."""
        try:
            newest = self._office.topology()
            self._owed = deque(one for one in self._owed if self._is_about(one, newest))
            self._newest = newest
            self._flush()
        except StoreUnreachable as error:
            self._wait(error)
            return False
        if self._away:
            self._tell(Event("store", result="back"))
        self._away = ""
        return True

    def position(self, witnesses: Iterable[Witness]) -> int:
        """Give the position of the newest fact of those that are looked for; 0 where none is known now."""
        asked = tuple(witnesses)
        try:
            return self._office.newest(asked) if asked else 0
        except StoreUnreachable:
            return 0

    def send(self, reports: Iterable[Command]) -> None:
        """Report, now or as soon as the store is there."""
        last = {getattr(report, "l2", ""): report for report in self._owed}
        self._owed.extend(report for report in reports if report != last.get(getattr(report, "l2", "")))
        try:
            self._flush()
        except StoreUnreachable as error:
            self._wait(error)

    def _is_about(self, report: Command, newest: Topology) -> bool:
        """Tell whether a network still has the shape that a report was made of: of another one it would be untrue."""
        uuid = getattr(report, "l2", "")
        return self._newest is None or shape(self._newest, uuid) == shape(newest, uuid)

    def _flush(self) -> None:
        while self._owed:
            report, position, result = self._owed[0], 0, "recorded"
            try:
                position = self._office.record(report)
            except Refusal as refusal:
                result = f"refused: {refusal.sentence}"
            self._owed.popleft()
            self._newest = self._office.topology()  # what was reported is known from now on, also if the store goes
            self._told(report, position, result)

    def _told(self, report: Command, position: int, result: str) -> None:
        uuid = getattr(report, "l2", "")
        name = self._newest.name(uuid) if self._newest else uuid
        words = next(filter(None, (getattr(report, field, "") for field in ("reason", "what"))), "")
        self._tell(Event(report.tag(), name, position, f"{result}: {words}" if words else result))

    def _wait(self, error: StoreUnreachable) -> None:
        """Say once that the store is away. One that will never be of use ends the agent, and any does a single run."""
        if isinstance(error, StoreUnusable) or not self._patient:
            raise error
        if self._away != error.sentence:
            self._tell(Event("store", result=f"waiting: {error.sentence}"))
        self._away = error.sentence


def shape(topology: Topology, uuid: str) -> str:
    """Give the segment of an L2 network; nothing where it has none or is gone."""
    return str(getattr(topology.objects.states.get(uuid), "segment", ""))
