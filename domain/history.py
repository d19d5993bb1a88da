"""Facts, and the envelope they are kept in.

A fact says what happened, in plain values, and nothing about who or when: that is the envelope's. Facts have no
defaults, since a default would silently rewrite what an old fact said. This module knows no kind of fact by name.
"""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

import msgspec


class Fact(msgspec.Struct, frozen=True, tag_field="fact", forbid_unknown_fields=True):
    """Base of every fact. The tag (`zone.created`) is what is stored: a class may be renamed or moved, a tag may
    not.
    """

    @classmethod
    def tag(cls) -> str:
        return str(cls.__struct_config__.tag)


class State(msgspec.Struct, frozen=True):
    """Base of what an aggregate's facts fold into."""


class Author(msgspec.Struct, frozen=True):
    """Who asks for a change, and why."""

    actor: str
    reason: str = ""


class Recorded(msgspec.Struct, frozen=True):
    """A fact in its envelope: the unit of history."""

    originator_id: str
    """The aggregate the fact is about."""
    originator_version: int
    """The fact's place in that aggregate's own history, from 1."""
    position: int
    """The fact's place in the whole history, from 1; 0 until it is recorded."""
    recorded_at: str
    """UTC, ISO 8601 with microseconds: text that sorts by time."""
    actor: str
    reason: str
    command: str
    """One id for all facts of one command."""
    cause: str
    """The fact that led to this one, as `aggregate@version`, or nothing."""
    fact: Fact

    @property
    def reference(self) -> str:
        return reference(self.originator_id, self.originator_version)


def reference(subject: str, version: int) -> str:
    """Name a fact before its position is known."""
    return f"{subject}@{version}"


S = TypeVar("S", bound=State)


class Loaded(msgspec.Struct, Generic[S], frozen=True):
    """An aggregate as its facts up to a version make it."""

    uuid: str
    version: int
    state: S


class Evolve(Protocol):
    """Fold one fact into a state. Never validates: history is already true. `None` stands for not there."""

    def __call__(self, state: Any, fact: Fact, /) -> State | None: ...
