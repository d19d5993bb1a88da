"""Which objects a name means: in the past, several may have borne it, one after another."""

from __future__ import annotations

import msgspec

from domain import values
from domain.errors import Refusal
from projections.intervals import Interval, within
from projections.timeline_store import TimelineStore
from rewire.session import Session


class Bearer(msgspec.Struct, frozen=True):
    """An object that bears a name, or did."""

    uuid: str
    kind: str
    during: Interval


def bearers(session: Session, text: str, *, kind: str = "") -> list[Bearer]:
    """Give all objects that ever bore a name, or the one of a uuid, oldest first.

    Raises `Refusal` with `unknown-object` when there never was one, and with `ambiguous-name` when the name is one of
    several kinds.
    """
    rows = named(session.timeline, text)
    found = [Bearer(row["uuid"], row["kind"], during) for row, during in rows if not kind or row["kind"] == kind]
    if not found:
        raise Refusal("unknown-object", f"there never was {'a ' + kind if kind else 'an object'} {text!r}")
    if len({bearer.kind for bearer in found}) > 1:
        told = ", ".join(f"{bearer.kind} {bearer.uuid}" for bearer in found)
        raise Refusal("ambiguous-name", f"{text!r} is more than one object: give the uuid of one ({told})")
    return found


def nics(session: Session, text: str) -> frozenset[str]:
    """Give the NICs that were ever called `vm/l3`, or the one of a uuid; none where no NIC is meant."""
    timeline = session.timeline
    found = {row["nic"] for row, _ in timeline.select("nics", nic=values.uuid(text))}
    # a name may have a slash in it: each may be the one between VM and L3 network
    for place in (place for place, letter in enumerate(text) if letter == "/"):
        ends = (text[:place], text[place + 1 :])
        guests, subnets = ({row["uuid"] for row, _ in named(timeline, end)} for end in ends)
        rows = (row for guest in guests for row, _ in timeline.select("nics", vm=guest))
        found |= {row["nic"] for row in rows if row["l3"] in subnets}
    return frozenset(found)


def named(timeline: TimelineStore, text: str) -> list[tuple[dict[str, str], Interval]]:
    """Give the rows of all objects that ever bore a name, or the one of a uuid."""
    return timeline.select("objects", name=text) + timeline.select("objects", uuid=values.uuid(text))


def between(found: list[Bearer], first: int, last: int) -> list[str]:
    """Give those that were there at some position from one up to and including another."""
    return [bearer.uuid for bearer in found if within(bearer.during, first, last)]


def label(timeline: TimelineStore, step: str) -> str:
    """Name an object as people know it, living or gone: `vm/l3` for a NIC, a segment by its parts."""
    nic = timeline.select("nics", nic=step)
    if nic:
        row = nic[-1][0]
        return f"{label(timeline, row['vm'])}/{label(timeline, row['l3'])}"
    part, slash, rest = step.partition("/")
    found = timeline.select("objects", uuid=part)
    return (found[-1][0]["name"] if found else part) + slash + rest
