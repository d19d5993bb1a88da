"""One command's unit of work: what it read, what it asked, and the facts it wants recorded together.

A transaction loads aggregates, applies each new fact at once so that later steps see it, and remembers what the
decision rests on. It saves nothing itself: the network records all of it or none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec

from domain import aggregates, claims, router, security_group, values
from domain.census import Ask, Census
from domain.errors import Refusal, witness
from domain.history import Author, Fact, Loaded, Recorded, State, reference
from domain.instruments import Instruments


S = TypeVar("S", bound=State)


CLAIMED_VERSION = 5
"""Of the uuids that are computed from claims' keys: an object with one could take a claim's place."""


class Shelf(Protocol):
    """Where aggregates are loaded from."""

    def load(self, uuid: str) -> Loaded[State] | None:
        """Give an aggregate as it is now, or nothing when it never was or is gone."""
        ...

    def version(self, uuid: str) -> int:
        """Give the version of the newest fact of an aggregate, gone or not; 0 when there is none."""
        ...


class Premise(msgspec.Struct, frozen=True):
    """What a decision rests on: nothing recorded after a position may touch it."""

    position: int
    read: frozenset[str]
    """Aggregates whose own facts were looked at."""
    asked: frozenset[str]
    """Objects that a question was about: a later fact that so much as mentions one may change the answer."""


class Transaction:
    """The facts of one command in the making."""

    def __init__(self, shelf: Shelf, ask: Ask, author: Author, instruments: Instruments) -> None:
        self.instruments = instruments
        self.command = instruments.ids()
        self.events: list[Recorded] = []
        self.subject = ""
        """The object the command was about, for the caller to go on with."""
        self._shelf = shelf
        self._ask = ask
        self._author = author
        self._now = instruments.clock()
        self._loaded: dict[str, Loaded[State] | None] = {}
        """What was read stays as it was read: others' changes meanwhile are for the premise to notice."""
        self._versions: dict[str, int] = {}
        self._changed: dict[str, State | None] = {}
        self._read: set[str] = set()
        self._asked: set[str] = set()

    def premise(self, position: int) -> Premise:
        return Premise(position, frozenset(self._read), frozenset(self._asked))

    # reading

    def get(self, uuid: str) -> Loaded[State] | None:
        """Load an aggregate, this command's own facts included."""
        self._read.add(uuid)
        if uuid in self._changed:
            state = self._changed[uuid]
            return Loaded(uuid, self._versions[uuid], state) if state else None
        if uuid not in self._loaded:
            self._loaded[uuid] = self._shelf.load(uuid)
        return self._loaded[uuid]

    def rest_on(self, uuids: Iterable[str]) -> None:
        """Let the decision rest on aggregates that the census answered for: a later fact of one's own decides anew."""
        self._read.update(uuids)

    def load(self, uuid: str, state: type[S]) -> Loaded[S]:
        """Load an aggregate that must be there and of this type."""
        return typed(self.get(uuid), state, uuid)

    def find(self, kind: str, text: str) -> Loaded[State]:
        """Find an object by its name or its uuid.

        Raises `Refusal` with `unknown-object` when there is none of this kind, and names the fact that ended one.
        """
        name, uuid = claims.name(kind, text).uuid, values.uuid(text)
        claim = self.get(name)
        holder = claim.state.holder if claim and isinstance(claim.state, claims.Claim) else ""
        subject = holder or uuid
        found = self.get(subject) if subject else None
        if found and isinstance(found.state, aggregates.KINDS[kind]):
            return found
        ended = witness(uuid, Fact) if uuid and not found else witness(name, claims.Released)
        raise Refusal("unknown-object", f"there is no {aggregates.LABELS[kind]} {text!r}", ended)

    def require(self, kind: str, text: str, state: type[S]) -> Loaded[S]:
        """Find an object by name or uuid that must be of one type."""
        return typed(self.find(kind, text), state, text)

    def census(self, *about: str) -> Census:
        """Ask a question about sets of objects; name the ones whose mention by a later fact could change the
        answer.
        """
        self._asked.update(about)
        return self._ask()

    # writing

    def identify(self, uuid: str) -> str:
        """Give a new object the uuid that was asked for, or one of its own."""
        if not uuid:
            return self.instruments.ids()
        subject = values.uuid(uuid)
        if not subject:
            raise Refusal("invalid-argument", f"{uuid!r} is no uuid")
        if UUID(subject).version == CLAIMED_VERSION:
            raise Refusal("invalid-argument", f"{uuid} has version {CLAIMED_VERSION}: those are the claims' own")
        if group := self.census(subject).group_of(subject):
            told = f"there is a rule with uuid {subject} already, in {self.label(group)}"
            raise Refusal("name-in-use", told, witness(group, security_group.RuleAdded, rule=subject))
        born = witness(subject, *aggregates.BIRTHS)
        if self.get(subject):
            told = f"there is an object with uuid {subject} already, {self.label(subject)}"
            raise Refusal("name-in-use", told, born)
        if self._shelf.version(subject):
            told = f"there was an object with uuid {subject}, and uuids are never used again"
            raise Refusal("name-in-use", told, born, witness(subject, Fact))
        return subject

    def create(self, kind: str, subject: str, fact: Any) -> str:
        """Record the first fact of an object and claim its name."""
        key = claims.name(kind, fact.name)
        self.refuse_held(key)
        cause = self.record(subject, fact)
        self.take(key, subject, cause=cause)
        self.subject = subject
        return cause

    def record(self, subject: str, fact: Fact, *, cause: str = "") -> str:
        """Add a fact, apply it, and give its reference for others to be caused by."""
        version = self._version(subject) + 1
        before = self.get(subject)
        self._changed[subject] = aggregates.evolve(before.state if before else None, fact)
        self._versions[subject] = version
        self.events.append(
            Recorded(
                originator_id=subject,
                originator_version=version,
                position=0,
                recorded_at=self._now,
                actor=self._author.actor,
                reason=self._author.reason,
                command=self.command,
                cause=cause,
                fact=fact,
            )
        )
        return reference(subject, version)

    def attribute(self, since: int, cause: str) -> None:
        """Name a fact as the cause of those recorded from a place on that have none yet: they made way for it."""
        for place, event in enumerate(self.events[since:], since):
            if not event.cause and event.reference != cause:
                self.events[place] = msgspec.structs.replace(event, cause=cause)

    def take(self, key: claims.Key, holder: str, *, cause: str = "") -> None:
        """Claim a thing for an object, or refuse and say who holds it."""
        self.refuse_held(key)
        self.record(key.uuid, claims.Taken(key.text, holder), cause=cause)

    def hold(self, key: claims.Key, holder: str, *, cause: str = "") -> None:
        """Claim a thing that this very command chose because it was free.

        Held all the same, it was taken meanwhile, and the command is decided again; nobody is refused for it.
        """
        if held := self.holder(key):
            raise RuntimeError(f"{key.what} was chosen, and is held by {self.label(held)}")
        self.record(key.uuid, claims.Taken(key.text, holder), cause=cause)

    def refuse_held(self, key: claims.Key) -> None:
        """Refuse when somebody holds a thing, and say who."""
        held = self.holder(key)
        if held and any(event.originator_id == key.uuid for event in self.events):
            raise Refusal(key.code, f"{key.what} stands twice in this request")
        if held:
            fact = witness(key.uuid, claims.Taken, holder=held)
            raise Refusal(key.code, f"{key.what} is held by {self.label(held)}", fact)

    def holder(self, key: claims.Key) -> str:
        """Give the object that holds a thing, or nothing."""
        claim = self.get(key.uuid)
        return claim.state.holder if claim and isinstance(claim.state, claims.Claim) else ""

    def release(self, key: claims.Key, holder: str, *, cause: str = "") -> None:
        """Give a thing back."""
        self.record(key.uuid, claims.Released(holder), cause=cause)

    def label(self, uuid: str) -> str:
        """Name an object as people know it."""
        found = self.get(uuid)
        if found is None:
            return uuid
        what = aggregates.LABELS[aggregates.kind_of(found.state)]
        if isinstance(found.state, router.Router):
            return f"{what} of {self.label(found.state.l3)}"
        return f"{what} {getattr(found.state, 'name', uuid)}"

    def _version(self, subject: str) -> int:
        if subject not in self._versions:
            loaded = self.get(subject)
            self._versions[subject] = loaded.version if loaded else self._shelf.version(subject)
        return self._versions[subject]

    def __iter__(self) -> Iterator[Recorded]:
        return iter(self.events)


def typed(loaded: Loaded[State] | None, state: type[S], text: str) -> Loaded[S]:
    if loaded is None or not isinstance(loaded.state, state):
        raise Refusal("unknown-object", f"{text!r} is no {words(state.__name__)}")
    return Loaded(loaded.uuid, loaded.version, loaded.state)


def words(name: str) -> str:
    """Write `VxlanPool` as `vxlan pool`."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
