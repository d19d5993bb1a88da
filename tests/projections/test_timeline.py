"""The stored Timeline: plain tables of intervals that equal the fold of the facts, whatever interrupts them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given as property_of

from domain.errors import StoreUnreachable
from projections import timeline
from projections.follow import Follower
from projections.intervals import Interval, overlap, union, within
from projections.timeline import TABLES, Row
from projections.timeline_store import TimelineStore, rebuilt
from tests.builders import A_SUBNET, TWO_SUBNETS, a_vm, attach, destroy, detach, migrate, stop
from tests.domain.racing import opened
from tests.given import ME, Case, given
from tests.strategies import cases, wired_cases


def stored(case: Case) -> TimelineStore:
    store = TimelineStore(case.network, case.follower)
    store.catch_up()
    return store


def told(case: Case, table: str, *columns: str) -> list[tuple[str, ...]]:
    """Give a table's rows by names, with how many facts bound each: 1 while it goes on, 2 when it ended."""
    store, known = stored(case), case.topology.name
    rows = [(*(known(cells(r)[c]) for c in columns), "1" if r.until is None else "2") for r in of(store, table)]
    store.close()
    return rows


def of(store: TimelineStore, table: str) -> list[Row]:
    return [row for row in store.rows() if row.table == table]


def cells(row: Row) -> dict[str, str]:
    return dict(zip(TABLES[row.table].columns, row.values, strict=True))


@property_of(cases() | wired_cases())
def test_what_is_stored_equals_the_fold(case: Case) -> None:
    store = stored(case)
    assert store.rows() == rebuilt(case.network) == timeline.fold(case.network.facts())
    assert store.position() == case.network.position()
    store.close()


def test_each_relation_opens_with_one_fact_and_closes_with_another() -> None:
    case = given(*TWO_SUBNETS, a_vm(host="h1"), migrate(), stop(), detach("v10"))
    assert told(case, "attachments", "l2", "cluster") == [("v10", "c1", "2"), ("v10", "c2", "1")]
    assert told(case, "runs", "vm", "host") == [("vm", "h1", "2"), ("vm", "h2", "2")]
    assert told(case, "subnets", "l3", "l2") == [("l3", "v10", "1")]
    assert told(case, "nics", "vm", "l3", "ip") == [("vm", "l3", "192.168.0.10", "1")]


def test_a_wire_is_left_with_the_last_cluster() -> None:
    case = given(*TWO_SUBNETS, detach("v10"))
    assert [row[-1] for row in told(case, "wires", "l2")] == ["1"]
    assert [row[-1] for row in told(case.do(detach("v10", "c2")), "wires", "l2")] == ["2"]


def test_a_destroyed_vm_closes_all_it_had() -> None:
    case = given(*A_SUBNET, a_vm(), destroy())
    store = stored(case)
    assert all(row.until for table in ("nics", "runs") for row in of(store, table))
    assert [cells(row)["kind"] for row in of(store, "objects") if row.until] == ["vm"]
    store.close()


def test_a_catch_up_that_fails_half_way_leaves_the_timeline_as_it_was() -> None:
    case = given(*A_SUBNET)
    store = stored(case)
    before, position = store.rows(), store.position()
    case.do(a_vm())
    store.query("CREATE TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(StoreUnreachable, match="disk full"):
        store.catch_up()
    assert (store.rows(), store.position()) == (before, position)
    store.query("DROP TRIGGER full")
    store.catch_up()
    assert store.rows() == rebuilt(case.network)
    store.close()


def test_catching_up_in_steps_equals_catching_up_at_once() -> None:
    case = given(*A_SUBNET)
    store = stored(case)
    for command in (a_vm(), stop(), detach("v10"), attach("v10"), destroy()):
        case.do(command)
        store.catch_up()
        assert store.rows() == rebuilt(case.network)
    store.catch_up()
    store.close()


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[TimelineStore]:
    network = opened(tmp_path / "s")
    for command in A_SUBNET:
        network.execute(command, ME)
    store = TimelineStore(network, Follower())
    store.catch_up()
    yield store
    store.close()


def test_the_timeline_lies_beside_the_facts_and_is_there_in_the_next_run(on_disk: TimelineStore) -> None:
    again = TimelineStore(on_disk.network, Follower())
    assert again.position() == on_disk.position() == on_disk.network.position()
    assert again.rows() == on_disk.rows() == rebuilt(on_disk.network)
    again.close()


def test_two_that_follow_one_store_write_each_row_once(on_disk: TimelineStore) -> None:
    other = TimelineStore(on_disk.network, Follower())
    on_disk.network.execute(a_vm(), ME)
    on_disk.catch_up()
    other.catch_up()
    assert other.rows() == rebuilt(on_disk.network)
    other.close()


def test_a_moment_has_the_position_of_the_last_fact_up_to_it() -> None:
    case = given(*A_SUBNET)
    store, facts = stored(case), list(case.network.facts())
    last = {r.recorded_at: r.position for r in facts}
    assert {at: store.position_at(at) for at in last} == last
    assert store.position_at("2025") == 0
    assert store.position_at("2027") == len(facts)
    store.close()


# intervals


def stretch(since: int, until: int | None) -> Interval:
    bounds = (since,) if until is None else (since, until)
    return Interval(since, str(since), until, None if until is None else str(until), bounds)


def test_a_stretch_holds_from_its_first_fact_up_to_its_last() -> None:
    assert [stretch(2, 4).holds(p) for p in (1, 2, 3, 4)] == [False, True, True, False]
    assert stretch(2, None).holds(1 << 40)


@pytest.mark.parametrize(
    ("a", "b", "both"),
    [
        ((1, 5), (3, 9), (3, 5)),
        ((1, None), (3, None), (3, None)),
        ((1, 9), (3, 5), (3, 5)),
        ((1, 3), (3, 5), None),
        ((5, 9), (1, 3), None),
    ],
)
def test_two_stretches_overlap_where_both_hold(
    a: tuple[int, int], b: tuple[int, int], both: tuple[int, int] | None
) -> None:
    for one, other in ((a, b), (b, a)):
        found = overlap(stretch(*one), stretch(*other))
        assert (found and (found.since, found.until)) == both


def test_stretches_that_touch_are_one_resting_on_all_facts() -> None:
    (joined, apart) = union([stretch(5, 7), stretch(1, 3), stretch(3, 4), stretch(2, 3)])
    assert (joined.since, joined.until, joined.because) == (1, 4, (1, 2, 3, 4))
    assert apart == stretch(5, 7)


def test_a_stretch_is_within_a_span_when_some_position_of_it_is() -> None:
    spans = ((1, 1), (1, 2), (3, 9), (4, 9))
    assert [within(stretch(2, 4), *span) for span in spans] == [False, True, True, False]
