"""Timeline: every relation an audit asks about, as intervals that a fact begins and a fact ends.

Each row rests on exactly two facts at most, so that whatever is concluded from rows can name the facts it rests
on. The steps are pure; where the rows are kept is `timeline_store`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from domain import aggregates, l2, l3, pool, vm
from domain.history import Recorded
from projections.broadcast import text
from projections.objects import known
from projections.topology import Topology, evolve


class Table(msgspec.Struct, frozen=True):
    """A relation over time: the columns that tell one row that holds from another, then what it says beside."""

    key: tuple[str, ...]
    says: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.key, *self.says)


TABLES: dict[str, Table] = {
    "objects": Table(("uuid",), ("kind", "name"), ("name",)),
    "attachments": Table(("l2", "cluster"), (), ("cluster",)),
    "wires": Table(("l2", "host", "segment"), (), ("segment",)),
    "subnets": Table(("l3",), ("l2",), ("l2",)),
    "nics": Table(("nic",), ("vm", "l3", "ip", "ip6", "mac"), ("vm", "ip", "ip6", "mac", "l3")),
    "runs": Table(("vm",), ("host",), ("host",)),
}


class Opens(msgspec.Struct, frozen=True):
    table: str
    values: tuple[str, ...]
    """One for each column."""


class Closes(msgspec.Struct, frozen=True):
    table: str
    key: tuple[str, ...]


class Row(msgspec.Struct, frozen=True, order=True):
    """One interval of one table."""

    table: str
    values: tuple[str, ...]
    since: int
    since_time: str
    until: int | None = None
    until_time: str | None = None


def steps(before: Topology, after: Topology, recorded: Recorded) -> Iterator[Opens | Closes]:
    """Give what one fact begins and ends. What ends comes first."""
    if known(recorded.fact):
        yield from existence(before, after, recorded.originator_id)
        yield from wires(before, after)
        yield from guests(before, after, recorded)
        yield from attachments(recorded)


def existence(before: Topology, after: Topology, uuid: str) -> Iterator[Opens | Closes]:
    was, now = before.objects.states.get(uuid), after.objects.states.get(uuid)
    renamed = bool(was and now) and before.name(uuid) != after.name(uuid)
    if was and (renamed or not now):
        yield Closes("objects", (uuid,))
    if now and (renamed or not was):
        yield Opens("objects", (uuid, aggregates.kind_of(now), after.name(uuid)))
    if isinstance(was, l3.L3Network) and not now:
        yield Closes("subnets", (uuid,))
    if isinstance(now, l3.L3Network) and not was:
        yield Opens("subnets", (uuid, now.l2))


def attachments(recorded: Recorded) -> Iterator[Opens | Closes]:
    match recorded.fact:
        case l2.AttachedToCluster(cluster=cluster) | pool.AttachedToCluster(cluster=cluster):
            yield Opens("attachments", (recorded.originator_id, cluster))
        case l2.DetachedFromCluster(cluster=cluster) | pool.DetachedFromCluster(cluster=cluster):
            yield Closes("attachments", (recorded.originator_id, cluster))
        case _:
            pass


def wires(before: Topology, after: Topology) -> Iterator[Opens | Closes]:
    """Walk the places that left a segment or came onto one. In a zone without a fabric, a place is every host's."""
    if before.segments is after.segments:
        return
    moves = after.segments.moves
    yield from (Closes("wires", (m.network, m.host, text(m.old))) for m in moves if m.old)
    yield from (Opens("wires", (m.network, m.host, text(m.new))) for m in moves if m.new)


def guests(before: Topology, after: Topology, recorded: Recorded) -> Iterator[Opens | Closes]:
    uuid = recorded.originator_id
    was = before.objects.states.get(uuid)
    match recorded.fact:
        case vm.NicAttached() as fact:
            yield Opens("nics", (fact.nic, uuid, fact.l3, fact.ip, fact.ip6, fact.mac))
        case vm.NicDetached(nic=nic):
            yield Closes("nics", (nic,))
        case vm.Destroyed():
            yield from (Closes("nics", (nic.uuid,)) for nic in before.nics_of(uuid))
        case _:
            pass
    now = after.objects.states.get(uuid)
    host_was = was.host if isinstance(was, vm.Vm) else ""
    host_now = now.host if isinstance(now, vm.Vm) else ""
    if host_was != host_now:
        if host_was:
            yield Closes("runs", (uuid,))
        if host_now:
            yield Opens("runs", (uuid, host_now))


def fold(facts: Iterable[Recorded]) -> list[Row]:
    """Give every row that a history makes, sorted. O(facts)."""
    topology = Topology()
    going: dict[tuple[str, tuple[str, ...]], Row] = {}
    done: list[Row] = []
    for recorded in facts:
        before, topology = topology, evolve(topology, recorded)
        for step in steps(before, topology, recorded):
            if isinstance(step, Opens):
                key = step.values[: len(TABLES[step.table].key)]
                row = Row(step.table, step.values, recorded.position, recorded.recorded_at)
                going[step.table, key] = row
            else:
                row = going.pop((step.table, step.key))
                done.append(msgspec.structs.replace(row, until=recorded.position, until_time=recorded.recorded_at))
    return sorted([*done, *going.values()], key=order)


def order(row: Row) -> tuple[str, tuple[str, ...], int]:
    return (row.table, row.values, row.since)
