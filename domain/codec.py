"""Facts to bytes and back.

One row of JSON a fact: the envelope as an array, the fact as an object with its tag, so that an auditor can
read a store with any SQL tool. Constructors run on load, so a fact that is not well formed never comes back
from a store. Old forms of a fact are read for ever; this module refuses to guess at tags it does not know.
"""

from __future__ import annotations

from typing import Union, cast

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent

from domain import aggregates, values
from domain.errors import StoreUnusable
from domain.history import Fact, Recorded


AnyFact = Union[aggregates.FACTS]  # type: ignore[valid-type] # noqa: UP007 - a union made of a list


class Row(msgspec.Struct, frozen=True, array_like=True):
    """What is stored of a fact beside its aggregate, version and tag."""

    recorded_at: str
    actor: str
    reason: str
    command: str
    cause: str
    fact: AnyFact  # pyright: ignore[reportInvalidTypeForm, reportUnknownVariableType]


ENCODER = msgspec.json.Encoder()
DECODER = msgspec.json.Decoder(Row)


def encode(recorded: Recorded) -> bytes:
    row = Row(
        recorded.recorded_at,
        recorded.actor,
        recorded.reason,
        recorded.command,
        recorded.cause,
        recorded.fact,
    )
    return ENCODER.encode(row)


def decode(subject: str, version: int, position: int, state: bytes) -> Recorded:
    """Read a stored fact.

    Raises `StoreUnusable` when the bytes are no fact that this version knows.
    """
    try:
        row = DECODER.decode(state)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        where = f"fact {position}" if position else f"fact {version} of {subject}"
        raise StoreUnusable(f"{where} can't be read: {error}") from error
    return Recorded(
        originator_id=subject,
        originator_version=version,
        position=position,
        recorded_at=row.recorded_at,
        actor=row.actor,
        reason=row.reason,
        command=row.command,
        cause=row.cause,
        fact=cast("Fact", row.fact),  # pyright: ignore[reportUnknownMemberType]
    )


def require_text(*parts: msgspec.Struct) -> None:
    """Refuse what no store can keep: half a surrogate pair, as bytes that are no UTF-8 become."""
    try:
        ENCODER.encode(parts)
    except UnicodeEncodeError:
        raise values.invalid("it holds characters that can't be written as UTF-8") from None


class FactMapper(Mapper[str]):
    """The event store's mapper, for facts in envelopes."""

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        recorded = cast("Recorded", domain_event)
        return StoredEvent(recorded.originator_id, recorded.originator_version, recorded.fact.tag(), encode(recorded))

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        return cast(
            "DomainEventProtocol[str]",
            decode(str(stored_event.originator_id), stored_event.originator_version, 0, stored_event.state),
        )
