"""`rewire history`: the facts, in order."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

import click
import msgspec

from domain import claims
from domain.errors import Refusal
from domain.history import Recorded
from rewire import options, output, session, when
from rewire.session import Session


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
        about = subject_of(open_session, subject) if subject else ""
        entries = [
            entry
            for recorded, entry in numbered(open_session, first, last)
            if (not about or mentions(recorded, about))
            and (not by or recorded.actor == by)
            and fits(recorded, kind, with_claims=with_claims)
        ]
        name = open_session.topology().name
    columns = ("position", "at", "actor", "fact", "subject", "data", "reason")
    output.show(entries, output_format, columns=columns, name=name, empty="no fact fits")


def subject_of(open_session: Session, text: str) -> str:
    """Find the object meant, living or gone; a name that several kinds have is refused."""
    rows = open_session.timeline.query("SELECT DISTINCT uuid, kind FROM objects WHERE name = ? OR uuid = ?", text, text)
    rows += open_session.timeline.query("SELECT DISTINCT nic, 'nic' FROM nics WHERE nic = ?", text)
    if not rows:
        raise Refusal("unknown-object", f"there never was an object {text!r}")
    if len({kind for _, kind in rows}) > 1:
        kinds = ", ".join(sorted(f"{kind} {uuid}" for uuid, kind in rows))
        raise Refusal("ambiguous-name", f"{text!r} is more than one object: give the uuid of one ({kinds})")
    return str(rows[-1][0])


def numbered(open_session: Session, first: int, last: int) -> Iterator[tuple[Recorded, dict[str, object]]]:
    """Walk the facts with the causes of each command's facts turned into positions."""
    command_id, positions = "", dict[str, int]()
    for recorded in open_session.network.facts(first, last):
        if recorded.command != command_id:
            command_id, positions = recorded.command, {}
        positions[recorded.reference] = recorded.position
        yield recorded, entry_of(recorded, positions.get(recorded.cause))


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


def mentions(recorded: Recorded, uuid: str) -> bool:
    """Tell whether a fact is about an object or names it."""
    return recorded.originator_id == uuid or uuid in msgspec.structs.astuple(recorded.fact)


def fits(recorded: Recorded, kind: str | None, *, with_claims: bool) -> bool:
    tag = recorded.fact.tag()
    if kind:
        return fnmatch.fnmatchcase(tag, kind)
    return with_claims or not isinstance(recorded.fact, claims.FACTS)
