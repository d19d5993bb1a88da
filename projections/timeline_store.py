"""The stored Timeline: tables of intervals in the store's own file, plain SQL that an auditor can read with any
tool.

It is brought up to date in one transaction with its tracking position, so that a crash leaves it at some
position, never between two. As-of questions are look-ups in its indexes: their cost does not grow with the
history. Tables that another version of Rewire left in another shape are dropped and made anew out of the facts.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from domain.errors import StoreUnreachable
from domain.history import Recorded
from domain.network import MEMORY, Network
from projections import timeline
from projections.follow import Follower
from projections.intervals import Interval
from projections.timeline import TABLES, Opens, Row, Table
from projections.topology import evolve


LOCK_SECONDS = 30
MEANING = 1
"""To be raised when rows of an unchanged shape come to say something else."""
OURS = ("tracking", "moments", *TABLES)
"""The tables of a timeline of any shape, what is no more included; others in the file are other people's."""
BOUNDS = "since INTEGER NOT NULL, since_time TEXT NOT NULL, until INTEGER, until_time TEXT"


class TimelineStore:
    """The Timeline of one history, kept beside it; made anew of a fork, in memory, and for who may only read."""

    def __init__(self, network: Network, follower: Follower) -> None:
        self.network = network
        self.follower = follower
        with told():
            self._connection = connected(network.path)
            if not is_writable(network.path) and not self._is_complete():
                self._connection.close()
                self._connection = connected(MEMORY)
            if not self._fits():
                self._create()

    def _is_complete(self) -> bool:
        return self._fits() and self.position() >= self.network.position()

    def _fits(self) -> bool:
        """Tell whether the tables are there, and of this shape."""
        ask = self._connection.execute
        if not ask("SELECT 1 FROM sqlite_master WHERE name = 'tracking'").fetchone():
            return False
        return ask("SELECT 1 FROM tracking WHERE name = ?", (NAME,)).fetchone() is not None

    def _create(self) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            if not self._fits():  # another process may have been first
                for name in OURS:
                    self._connection.execute(f"DROP TABLE IF EXISTS {name}")
                for statement in schema():
                    self._connection.execute(statement)
                self._connection.execute("INSERT INTO tracking VALUES (?, 0)", (NAME,))

    def close(self) -> None:
        self._connection.close()

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask in SQL, of tables that are up to date."""
        with told():
            return self._connection.execute(statement, values).fetchall()

    # following

    def position(self) -> int:
        ((found,),) = self.query("SELECT position FROM tracking WHERE name = ?", NAME)
        return int(found)

    def catch_up(self) -> None:
        """Bring every table to the newest fact. O(new facts)."""
        if self.position() >= self.network.position():
            return
        with told(), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._extend(self.position(), self.network.position())

    def _extend(self, start: int, end: int) -> None:
        topology = self.follower.at(self.network, start)
        for recorded in self.network.facts(start, end):
            before, topology = topology, evolve(topology, recorded)
            for step in timeline.steps(before, topology, recorded):
                self._write(step, recorded)
        moments = ((r.recorded_at, r.position) for r in self.network.facts(start, end))
        self._connection.executemany("INSERT OR REPLACE INTO moments VALUES (?, ?)", moments)
        self._connection.execute("UPDATE tracking SET position = ? WHERE name = ?", (end, NAME))

    def _write(self, step: timeline.Opens | timeline.Closes, recorded: Recorded) -> None:
        bounds = (recorded.position, recorded.recorded_at)
        if isinstance(step, Opens):
            marks = ", ".join("?" * (len(step.values) + 2))
            self._connection.execute(f"INSERT INTO {step.table} VALUES ({marks}, NULL, NULL)", (*step.values, *bounds))
        else:
            fits = " AND ".join(f"{column} = ?" for column in TABLES[step.table].key)
            self._connection.execute(
                f"UPDATE {step.table} SET until = ?, until_time = ? WHERE {fits} AND until IS NULL",
                (*bounds, *step.key),
            )

    # reading

    def rows(self) -> list[Row]:
        """Give every row, sorted: what `timeline.fold` gives for the same history."""
        found = [row for name, table in TABLES.items() for row in self._rows_of(name, table)]
        return sorted(found, key=timeline.order)

    def _rows_of(self, name: str, table: Table) -> Iterator[Row]:
        width = len(table.columns)
        for values in self.query(f"SELECT * FROM {name}"):
            yield Row(name, values[:width], *values[width:])

    def select(self, table: str, **equal: str) -> list[tuple[dict[str, str], Interval]]:
        """Give the rows of a table in which these columns have these values, each with its interval."""
        fits = " AND ".join(f"{column} = ?" for column in equal)
        width = len(TABLES[table].columns)
        found = self.query(f"SELECT * FROM {table} WHERE {fits} ORDER BY since", *equal.values())
        return [
            (dict(zip(TABLES[table].columns, values[:width], strict=True)), interval(*values[width:]))
            for values in found
        ]

    def position_at(self, moment: str) -> int:
        """Give the position of the last fact recorded up to a moment; 0 before the first."""
        statement = "SELECT position FROM moments WHERE recorded_at <= ? ORDER BY recorded_at DESC LIMIT 1"
        found = self.query(statement, moment)
        return int(found[0][0]) if found else 0


def connected(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)


def is_writable(path: str) -> bool:
    """Tell whether this user may write to a store: to its file, and beside it."""
    places = (path, Path(path).absolute().parent)
    return path == MEMORY or all(os.access(place, os.W_OK, effective_ids=True) for place in places)


def interval(since: int, since_time: str, until: int | None, until_time: str | None) -> Interval:
    because = (since,) if until is None else (since, until)
    return Interval(since, since_time, until, until_time, because)


def schema() -> Iterable[str]:
    """Give the statements that make the tables: each has its columns, then from when until when a row holds."""
    yield "CREATE TABLE tracking (name TEXT PRIMARY KEY, position INTEGER NOT NULL)"
    yield "CREATE TABLE moments (recorded_at TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID"
    for name, table in TABLES.items():
        columns = ", ".join(f"{column} TEXT NOT NULL" for column in table.columns)
        yield f"CREATE TABLE {name} ({columns}, {BOUNDS})"
        yield f"CREATE INDEX {name}_by_key ON {name} ({', '.join(table.key)}, until)"
        for column in table.indexes:
            yield f"CREATE INDEX {name}_by_{column} ON {name} ({column}, since)"


def shape() -> str:
    """Give what the tables look like and what their rows mean, in short."""
    return hashlib.sha256("\n".join([*schema(), str(MEANING)]).encode()).hexdigest()[:16]


NAME = f"timeline/{shape()}"
"""What the tables are tracked under: those of another shape are not ours to go on with."""


@contextmanager
def told() -> Generator[None]:
    """Translate what SQLite raises here, where no race can be lost: every table has one writer at a time."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnreachable(f"the timeline can't be read or written: {error}") from error


def rebuilt(network: Network) -> list[Row]:
    """Recompute every row from the facts alone. O(facts)."""
    return timeline.fold(network.facts())
