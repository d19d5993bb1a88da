"""Questions an auditor asks of a history, answered from the Timeline by index, each with the facts it rests on.

Were these two in one broadcast domain, when, since whose change. Answers are about intentions: what the facts
about networks say. Nothing is answered here that the rows do not show.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from projections.intervals import Interval, overlap, union
from projections.timeline_store import TimelineStore


class OnAir(msgspec.Struct, frozen=True):
    """A NIC while its VM ran."""

    nic: str
    l2: str
    during: Interval


def same_domain(timeline: TimelineStore, one: str, other: str) -> tuple[Interval, ...]:
    """Give the stretches in which two VMs were in one broadcast domain, each with a way from one to the other.

    O(the two VMs' own rows, and the networks and segments between them): it does not grow with the history.
    """
    theirs = list(on_air(timeline, other))
    found = (stretch for a in on_air(timeline, one) for b in theirs for stretch in joined(timeline, a, b))
    return union(found)


def on_air(timeline: TimelineStore, vm: str) -> Iterator[OnAir]:
    """Walk the stretches in which a VM's NICs were on a wire. A VM that migrates stays on it all the while."""
    runs = union(run for _, run in timeline.select("runs", vm=vm))
    for nic, attached in timeline.select("nics", vm=vm):
        ((subnet, _),) = timeline.select("subnets", l3=nic["l3"])
        during = (overlap(attached, run) for run in runs)
        yield from (OnAir(nic["nic"], subnet["l2"], stretch) for stretch in during if stretch)


def joined(timeline: TimelineStore, mine: OnAir, theirs: OnAir) -> Iterator[Interval]:
    """Walk the stretches in which two NICs' networks were one domain."""
    together = overlap(mine.during, theirs.during)
    if together is None:
        return
    if mine.l2 == theirs.l2:
        yield along(together, (mine.nic, mine.l2, theirs.nic))
        return
    for segment, way in shared_wires(timeline, mine.l2, theirs.l2):
        stretch = overlap(together, way)
        if stretch:
            yield along(stretch, (mine.nic, mine.l2, segment, theirs.l2, theirs.nic))


def shared_wires(timeline: TimelineStore, one: str, other: str) -> Iterator[tuple[str, Interval]]:
    """Walk the segments that two L2 networks were both on. A network is on one at a time: there is no longer way."""
    for mine, during in timeline.select("wires", l2=one):
        for _, meanwhile in timeline.select("wires", l2=other, segment=mine["segment"]):
            both = overlap(during, meanwhile)
            if both:
                yield mine["segment"], both


def along(interval: Interval, path: tuple[str, ...]) -> Interval:
    return msgspec.structs.replace(interval, path=path)
