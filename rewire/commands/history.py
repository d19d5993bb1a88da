"""`rewire history`: the facts, in order."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator
from functools import partial
from itertools import groupby

import click
import msgspec

from domain import claims
from domain.history import Recorded
from projections.timeline_store import TimelineStore
from projections.topology import Topology
from rewire import fields, naming, options, output, session, subjects, when
from rewire.session import Session


Label = Callable[[str], str]


@click.command(name="history")
@click.argument("subject", metavar="[OBJECT]", required=False)
@click.option("--since", metavar="WHEN", help="Only facts after this moment.")
@click.option("--until", metavar="WHEN", help="Only facts up to this moment.")
@click.option("--by", metavar="ACTOR", help="Only facts by this actor.")
@click.option("--kind", metavar="TAG", help="Only facts of this kind; l2.* for several.")
@click.option("--claims", "with_claims", is_flag=True, help="With the claims that facts took and gave back.")
@options.reading
def command(
    *,
    subject: str | None,
    since: str | None,
    until: str | None,
    by: str | None,
    kind: str | None,
    with_claims: bool,
    store: str | None,
    at: str | None,
    output_format: str | None,
) -> None:
    """List the facts, all of them or those about an OBJECT (name or uuid), in the order they were recorded."""
    with session.opened(store) as open_session:
        first = when.position(open_session, since) if since else 0
        last = when.position(open_session, until or at)
        about = about_whom(open_session, subject) if subject else frozenset[str]()
        entries = [
            entry
            for recorded, entry in numbered(open_session, first, last)
            if (not about or mentions(recorded, about))
            and (not by or recorded.actor == by)
            and fits(recorded, kind, with_claims=with_claims)
        ]
        wanted = output.chosen(output_format)
        label = partial(label_of, open_session.timeline, open_session.topology(last))
        rows = [named(label, entry) for entry in entries] if wanted == "table" else entries
    columns = ("position", "at", "actor", "fact", "subject", "data", "reason")
    output.show(rows, output_format, columns=columns, fields=fields.HISTORY, empty="no fact fits")


def about_whom(open_session: Session, text: str) -> frozenset[str]:
    """Give the uuids of all objects or NICs meant, living or gone."""
    if found := subjects.nics(open_session, text):
        return found
    return frozenset(bearer.uuid for bearer in subjects.bearers(open_session, text))


def numbered(open_session: Session, first: int, last: int) -> Iterator[tuple[Recorded, dict[str, object]]]:
    """Walk the facts with the causes of each command's facts turned into positions.

    In a deletion a cause comes after what it caused: what hangs on an object goes before the object.
    """
    for _, group in groupby(open_session.network.facts(first, last), key=lambda r: r.command):
        facts = list(group)
        positions = {r.reference: r.position for r in facts}
        yield from ((r, entry_of(r, positions.get(r.cause))) for r in facts)


def entry_of(recorded: Recorded, cause: int | None) -> dict[str, object]:
    return {
        "position": recorded.position,
        "at": recorded.recorded_at,
        "actor": recorded.actor,
        "reason": recorded.reason,
        "fact": recorded.fact.tag(),
        "subject": recorded.originator_id,
        "data": msgspec.structs.asdict(recorded.fact),
        "command": recorded.command,
        "cause": cause,
    }


def mentions(recorded: Recorded, about: frozenset[str]) -> bool:
    """Tell whether a fact is about one of some objects or names it."""
    said = {value for value in msgspec.structs.astuple(recorded.fact) if isinstance(value, str)}
    return recorded.originator_id in about or not about.isdisjoint(said)


def fits(recorded: Recorded, kind: str | None, *, with_claims: bool) -> bool:
    tag = recorded.fact.tag()
    if kind:
        return fnmatch.fnmatchcase(tag, kind)
    return with_claims or not isinstance(recorded.fact, claims.FACTS)


def named(label: Label, entry: dict[str, object]) -> dict[str, object]:
    """Give an entry with names for uuids, those of objects that are gone included."""
    data = entry["data"]
    said = {key: told(label, value) for key, value in data.items() if value} if isinstance(data, dict) else {}
    return entry | {"subject": label(str(entry["subject"])), "data": said}


def told(label: Label, value: object) -> object:
    """Name what a fact says, and each thing in a list of it."""
    return [told(label, each) for each in value] if isinstance(value, tuple) else label(str(value))


def label_of(timeline: TimelineStore, topology: Topology, text: str) -> str:
    """Name an object as people know it, living or gone; one without a name by what it is to others."""
    name = subjects.label(timeline, text)
    return naming.label(topology, text) if name == text else name
