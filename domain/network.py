"""The network as one event-sourced application: commands in, facts recorded, one total order of them.

Everything that changes a network goes through `execute`, on the real history and on a fork alike: the same
decisions, the same refusals, the same claims. It decides nothing itself, and it draws no conclusions: those are
projections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, cast

import msgspec
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.persistence import IntegrityError

from domain import aggregates, claims, codec, sqlite
from domain.census import Census
from domain.commands import Command
from domain.errors import Refusal, StoreUnreachable, Witness
from domain.fork import ForkRecorder
from domain.handlers import handle
from domain.history import Author, Loaded, Recorded, State
from domain.instruments import Instruments
from domain.recorder import Log
from domain.transaction import Premise, Transaction


Surveyor = Callable[["Network", int], Census]
"""Answers for the network at a position."""

ATTEMPTS = 100
"""How often a decision is made again when others change what it rests on."""
MEMORY = ":memory:"


class Outcome(msgspec.Struct, frozen=True):
    """What a command recorded."""

    command: str
    subject: str
    """The object it was about."""
    recorded: tuple[Recorded, ...]
    premise: Premise


class Network(Application[str]):
    """A history and the means to add to it."""

    env = {  # noqa: RUF012 - the library's own class attribute
        "PERSISTENCE_MODULE": "domain.sqlite",
        "MAPPER_TOPIC": "domain.codec:FactMapper",
        "AGGREGATE_CACHE_MAXSIZE": "100000",
        "DEEPCOPY_FROM_AGGREGATE_CACHE": "n",  # state is immutable
    }

    def __init__(
        self,
        path: str,
        *,
        survey: Surveyor,
        instruments: Instruments,
        fork_of: Network | None = None,
        at: int = 0,
        patience_s: int = 0,
    ) -> None:
        """Open a store; with patience, wait so long for what others write, and not as long as is usual."""
        self.path = path
        self.survey = survey
        self.instruments = instruments
        self.parent = fork_of
        self._at = at
        super().__init__({"SQLITE_DBNAME": path, "SQLITE_LOCK_TIMEOUT": str(patience_s or "")})

    def construct_recorder(self) -> Any:
        if self.parent:
            return ForkRecorder(self.parent.history, self._at)
        return super().construct_recorder()

    def fork(self, at: int | None = None) -> Network:
        """Start a history that shares this one's past up to a position, and costs a pointer."""
        position = self.position() if at is None else self.settled(at)
        return Network(MEMORY, survey=self.survey, instruments=self.instruments, fork_of=self, at=position)

    def settled(self, at: int) -> int:
        """Give the last position of the command that one lies in: between a fact and its claims nothing is decided."""
        commands = {r.command for r in self.facts(at - 1, at)}
        while commands & {r.command for r in self.facts(at, at + 1)}:
            at += 1
        return at

    # reading

    @property
    def history(self) -> Log:
        return cast("Log", self.recorder)

    @property
    def base(self) -> int:
        """Where this history left its parent's; 0 when it has none."""
        return self._at

    def position(self) -> int:
        """Give the position of the newest fact; 0 when there is none."""
        return self.history.head()

    def facts(self, after: int = 0, upto: int | None = None) -> Iterator[Recorded]:
        """Read the history in order, from after one position up to and including another."""
        last = self.position() if upto is None else upto
        for position, subject, version, state in self.history.rows(after, last):
            yield codec.decode(subject, version, position, state)

    def facts_of(self, subject: str, upto: int | None = None) -> list[Recorded]:
        """Read one aggregate's own history."""
        last = self.position() if upto is None else upto
        rows = self.history.rows_of(subject, last)
        return [codec.decode(subject, version, position, state) for position, version, state in rows]

    def load(self, uuid: str) -> Loaded[State] | None:
        """Give an aggregate as it is now, or nothing when it never was or is gone. O(its facts since the last time)."""
        try:
            found = self.repository.get(uuid, projector_func=cast("Any", aggregates.project))
        except AggregateNotFoundError:
            return None
        if self.repository.cache:
            self.repository.cache.put(uuid, found)  # the library keeps what it loaded first, and folds from there
        return cast("Loaded[State]", found)

    def version(self, uuid: str) -> int:
        """Give the version of the newest fact of an aggregate, gone or not; 0 when there is none."""
        newest = self.recorder.select_events(uuid, desc=True, limit=1)
        return newest[0].originator_version if newest else 0

    # changing

    def execute(self, command: Command, author: Author) -> Outcome:
        """Decide and record one command.

        Raises `Refusal` with the positions of the facts that stand in the way; then nothing was recorded.
        """
        codec.require_text(command, author)
        for _ in range(ATTEMPTS):
            position = self.position()
            transaction = Transaction(self, partial(self.survey, self, position), author, self.instruments)
            try:
                handle(transaction, command)
            except Exception as error:
                if not self.history.undisturbed(transaction.premise(position)):
                    continue  # what it was refused for, or broke on, may be half of another command: look again
                if isinstance(error, Refusal):
                    error.conflicts = tuple(sorted(set(self.positions(error.witnesses))))
                raise
            premise = transaction.premise(position)
            try:
                recorded = self.record(transaction.events, premise)
            except IntegrityError:
                continue
            return Outcome(transaction.command, transaction.subject, recorded, premise)
        raise Refusal("conflict", f"others kept changing what this rests on, {ATTEMPTS} times over: try again")

    def when_waiting(self, hear: Callable[[], None]) -> None:
        """Have it heard, once, that what another process writes keeps a command waiting."""
        if isinstance(self.recorder, sqlite.Recorder):
            self.recorder.datastore.hear = hear

    def record(self, events: Iterable[Recorded], premise: Premise | None) -> tuple[Recorded, ...]:
        """Record facts together or not at all, unless something recorded since touches their premise."""
        recordings = self.save(*cast("Any", events), premise=premise)
        return tuple(
            msgspec.structs.replace(cast("Recorded", r.domain_event), position=r.notification.id) for r in recordings
        )

    def adopt(self, fork: Network, premises: Iterable[Premise]) -> tuple[Recorded, ...] | None:
        """Record all that a fork added, at once; `None` when this history has moved in a way that matters."""
        kept = list(premises)
        read = frozenset(uuid for p in kept for uuid in p.read)
        asked = frozenset(uuid for p in kept for uuid in p.asked)
        try:
            return self.record(fork.facts(after=fork.base), Premise(fork.base, read, asked))
        except IntegrityError:
            return None

    # telling

    def positions(self, witnesses: Iterable[Witness], upto: int | None = None) -> Iterator[int]:
        """Find the facts that stand in the way; for a claim, the fact that it was taken or released for."""
        for witness in witnesses:
            found = self._newest(witness, upto)
            if found is None:
                continue
            about = self.by_reference(found.cause) if isinstance(found.fact, claims.FACTS) and found.cause else None
            yield (about or found).position

    def by_reference(self, text: str) -> Recorded | None:
        """Find a fact by `aggregate@version`."""
        subject, _, version = text.partition("@")
        return next((r for r in self.facts_of(subject) if str(r.originator_version) == version), None)

    def _newest(self, witness: Witness, upto: int | None) -> Recorded | None:
        fitting = (
            r
            for r in self.facts_of(witness.subject, upto)
            if isinstance(r.fact, witness.facts)
            and all(getattr(r.fact, field, value) == value for field, value in witness.fields)
        )
        return max(fitting, key=lambda r: r.position, default=None)

    def broken_link(self) -> int:
        """Give the first position at which the hash chain does not fit, or 0 when it is intact. O(facts)."""
        if not isinstance(self.recorder, sqlite.Recorder):
            raise StoreUnreachable("a fork has no hash chain: verify its parent")
        return self.recorder.broken_link()
