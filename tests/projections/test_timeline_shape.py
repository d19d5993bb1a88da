"""A timeline that another version of Rewire stored in another shape is made anew, and the facts are left alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from domain.network import Network
from projections import timeline_store
from projections.follow import Follower
from projections.timeline import TABLES
from projections.timeline_store import TimelineStore, rebuilt
from tests.builders import A_SUBNET, a_vm
from tests.domain.racing import opened
from tests.given import ME


FORMER = """
CREATE TABLE tracking (name TEXT PRIMARY KEY, position INTEGER NOT NULL);
INSERT INTO tracking VALUES ('timeline', 3);
CREATE TABLE moments (recorded_at TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO moments VALUES ('2020-01-01T00:00:00.000000Z', 3);
CREATE TABLE objects (
    uuid TEXT NOT NULL, name TEXT NOT NULL,
    since INTEGER NOT NULL, since_time TEXT NOT NULL, until INTEGER, until_time TEXT
);
CREATE INDEX objects_by_key ON objects (uuid, until);
INSERT INTO objects VALUES ('nobody', 'of old', 1, '2020-01-01T00:00:00.000000Z', NULL, NULL);
"""
"""What was stored once: a table with fewer columns."""
OTHERS = """
CREATE TABLE leases (address TEXT NOT NULL, since TEXT NOT NULL, until_time TEXT);
INSERT INTO leases VALUES ('10.0.0.1', '2020-01-01', NULL);
"""
"""What somebody else keeps in the same file."""


@pytest.fixture
def network(tmp_path: Path) -> Network:
    made = opened(tmp_path / "s")
    for command in (*A_SUBNET, a_vm()):
        made.execute(command, ME)
    return made


def tables(path: str) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def run(path: str, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def caught_up(network: Network) -> TimelineStore:
    store = TimelineStore(network, Follower())
    store.catch_up()
    return store


def test_a_timeline_of_a_former_shape_is_made_anew(network: Network) -> None:
    facts, beside = list(network.facts()), tables(network.path)
    run(network.path, FORMER)

    store = caught_up(network)

    assert store.rows() == rebuilt(network)
    assert store.position() == network.position()
    assert store.position_at("2020-01-02") == 0
    assert store.query("SELECT COUNT(*) FROM tracking") == [(1,)]
    assert tables(network.path) == beside | {"tracking", "moments", *TABLES}
    assert list(network.facts()) == facts
    assert network.broken_link() == 0
    store.close()


@pytest.mark.parametrize("change", ["MEANING", "BOUNDS"])
def test_rows_that_mean_something_else_are_another_shape(monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    before = timeline_store.shape()
    monkeypatch.setattr(timeline_store, change, "another")
    assert timeline_store.shape() != before


def test_a_table_of_other_people_is_left_alone(network: Network) -> None:
    run(network.path, FORMER + OTHERS)

    store = caught_up(network)

    assert store.query("SELECT address FROM leases") == [("10.0.0.1",)]
    assert store.rows() == rebuilt(network)
    store.close()


def test_a_timeline_of_this_shape_is_kept(network: Network) -> None:
    caught_up(network).close()
    run(network.path, "INSERT INTO moments VALUES ('2020-01-01T00:00:00.000000Z', 3)")

    store = caught_up(network)

    assert store.position_at("2020-01-02") == 3
    store.close()
