"""Questions an auditor asks of a history, answered from the Timeline by index, each with the facts it rests on.

Were these two in one broadcast domain, when, since whose change. Answers are about intentions: what the facts
about networks say. Nothing is answered here that the rows do not show.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from projections.broadcast import EVERY_HOST
from projections.intervals import Interval, overlap, union
from projections.timeline_store import TimelineStore


class OnAir(msgspec.Struct, frozen=True):
    """A NIC while its VM ran on a host whose frames of the NIC's network went onto a segment."""

    nic: str
    l2: str
    segment: str
    during: Interval


def same_domain(timeline: TimelineStore, one: str, other: str) -> tuple[Interval, ...]:
    """Give the stretches in which two VMs were in one broadcast domain, each with a way from one to the other.

    O(the two VMs' own rows, and those of their networks at their hosts): it does not grow with the history.
    """
    theirs: dict[str, list[OnAir]] = {}
    for heard in on_air(timeline, other):
        theirs.setdefault(heard.segment, []).append(heard)
    pairs = ((mine, yours) for mine in on_air(timeline, one) for yours in theirs.get(mine.segment, ()))
    return union(stretch for mine, yours in pairs if (stretch := joined(mine, yours)))


def on_air(timeline: TimelineStore, vm: str) -> Iterator[OnAir]:
    """Walk the stretches in which a VM's NICs were on a segment."""
    runs = [(row["host"], run) for row, run in timeline.select("runs", vm=vm)]
    for nic, attached in timeline.select("nics", vm=vm):
        ((subnet, _),) = timeline.select("subnets", l3=nic["l3"])
        for host, run in runs:
            plugged = overlap(attached, run)
            for wire, carried in wires(timeline, subnet["l2"], host) if plugged else ():
                during = overlap(plugged, carried) if plugged else None
                if during:
                    yield OnAir(nic["nic"], subnet["l2"], wire["segment"], during)


def wires(timeline: TimelineStore, l2: str, host: str) -> Iterator[tuple[dict[str, str], Interval]]:
    """Walk the segments that a network was on at a host: its own there, and those of every host."""
    for member in (EVERY_HOST, host):
        yield from timeline.select("wires", l2=l2, host=member)


def joined(mine: OnAir, theirs: OnAir) -> Interval | None:
    """Give the stretch in which two NICs on one segment heard each other, and the way between them."""
    stretch = overlap(mine.during, theirs.during)
    way = (mine.l2,) if mine.l2 == theirs.l2 else (mine.l2, mine.segment, theirs.l2)
    return along(stretch, (mine.nic, *way, theirs.nic)) if stretch else None


def along(interval: Interval, path: tuple[str, ...]) -> Interval:
    return msgspec.structs.replace(interval, path=path)
