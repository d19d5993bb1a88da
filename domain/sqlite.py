"""The SQLite store: one file, no server, every acknowledged fact on the disk.

It is the library's recorder with what we need beside it: full durability, a write lock taken before anything is
read for a write, the premise of a decision checked under that lock, a hash chain in the same transaction, and
bulk reading. It refuses files that are not Rewire stores.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from eventsourcing import sqlite as library
from eventsourcing.persistence import IntegrityError, StoredEvent

from domain.errors import StoreUnreachable, StoreUnusable
from domain.sqlite_errors import reason, told
from domain.transaction import Premise


WHAT_IT_IS = (
    "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),"
    " (SELECT COUNT(*) FROM sqlite_master)"
)
"""One statement, and so one snapshot: somebody may be making the store just now."""
APPLICATION_ID = int.from_bytes(b"rwir", "big")
"""SQLite's own mark of what a file is for (PRAGMA application_id)."""
MAGIC = b"SQLite format 3\0"
SCHEMA = 1
CHECKPOINT_PAGES = 4000
"""Size of the write-ahead log before it is folded back: fewer, larger foldings keep long imports fast."""
BATCH = 10_000
PAUSE_SECONDS = 0.01
LOCK_SECONDS = 30
"""How long to wait for another process's write, where nobody says otherwise."""
NOTICE_SECONDS = 1
"""How long to wait for it without a word."""
LOCK = "BEGIN IMMEDIATE"
GENESIS = bytes(32)

CHAIN = "CREATE TABLE IF NOT EXISTS chain (position INTEGER PRIMARY KEY, digest BLOB NOT NULL)"


class Disturbed(IntegrityError):
    """A fact recorded meanwhile touches what the decision rests on: decide again."""


def link(previous: bytes, subject: str, version: int, state: object) -> bytes:
    """Chain a fact to all facts before it. Somebody else may have left anything in its place: that breaks the chain."""
    digest = hashlib.sha256(previous)
    digest.update(f"{subject}@{version}:".encode())
    digest.update(state if isinstance(state, bytes) else str(state).encode())
    return digest.digest()


def mentions(row: sqlite3.Row, asked: list[bytes]) -> bool:
    return any(uuid in row["state"] for uuid in asked)


class Datastore(library.SQLiteDatastore):
    """Connections that write durably and take the write lock first."""

    hear: Callable[[], None] | None = None
    """Whom to tell, once, that what others write keeps a write waiting."""

    @contextmanager
    def transaction(self, *, commit: bool) -> Generator[library.SQLiteCursor]:
        with self.get_connection(commit=commit) as connection:
            cursor = connection.cursor()
            with told():
                if commit:
                    self._lock(cursor)
                else:
                    cursor.execute("BEGIN")
            try:
                with told():
                    yield cursor
                    if commit:
                        connection.commit()
            finally:
                connection.rollback()
                cursor.sqlite_cursor.close()

    def _lock(self, cursor: library.SQLiteCursor) -> None:
        """Take the write lock. Where somebody listens, it is told that it is long in coming."""
        if self.hear is None:
            cursor.execute(LOCK)
            return
        wait(cursor, NOTICE_SECONDS)
        try:
            cursor.execute(LOCK)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            self.hear()
            self.hear = None
            wait(cursor, self.pool.lock_timeout or LOCK_SECONDS)
            cursor.execute(LOCK)


def wait(cursor: library.SQLiteCursor, seconds: int) -> None:
    """Have a connection wait so long for a lock."""
    cursor.execute(f"PRAGMA busy_timeout={seconds * 1000}")


class Recorder(library.SQLiteApplicationRecorder):
    """The log of facts in one table, whose rowid is the position."""

    datastore: Datastore

    def construct_create_table_statements(self) -> list[str]:
        return [*super().construct_create_table_statements(), CHAIN]

    def _insert_events(
        self, c: library.SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int]:
        premise: Premise | None = kwargs.get("premise")
        if premise and not self._holds(c, premise):
            raise Disturbed
        positions = list(super()._insert_events(c, stored_events) or ())
        self._chain(c, positions, stored_events)
        return positions

    def undisturbed(self, premise: Premise) -> bool:
        with self.datastore.transaction(commit=False) as c:
            return self._holds(c, premise)

    def _holds(self, c: library.SQLiteCursor, premise: Premise) -> bool:
        c.execute("SELECT originator_id, state FROM stored_events WHERE rowid > ?", (premise.position,))
        asked = [uuid.encode() for uuid in premise.asked]
        touched = premise.read | premise.asked
        return not any(row["originator_id"] in touched or mentions(row, asked) for row in c.fetchall())

    def _chain(self, c: library.SQLiteCursor, positions: list[int], stored: Sequence[StoredEvent]) -> None:
        digests: list[tuple[int, bytes]] = []
        c.execute("SELECT digest FROM chain ORDER BY position DESC LIMIT 1")
        row = c.fetchone()
        digest = row["digest"] if row else GENESIS
        for position, event in zip(positions, stored, strict=True):
            digest = link(digest, str(event.originator_id), event.originator_version, event.state)
            digests.append((position, digest))
        c.executemany("INSERT INTO chain VALUES (?, ?)", digests)

    # reading in bulk

    def head(self) -> int:
        return self.max_notification_id() or 0

    def rows(self, after: int, upto: int) -> Iterator[tuple[int, str, int, bytes]]:
        """Read in batches, so that memory does not grow with the history. O(facts read)."""
        query = (
            "SELECT rowid, originator_id, originator_version, state FROM stored_events"
            " WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?"
        )
        while after < upto:
            batch = self.query(query, (after, upto, BATCH))
            if not batch:
                return
            yield from batch
            after = batch[-1][0]

    def rows_of(self, subject: str, upto: int) -> list[tuple[int, int, bytes]]:
        query = (
            "SELECT rowid, originator_version, state FROM stored_events"
            " WHERE originator_id = ? AND rowid <= ? ORDER BY originator_version"
        )
        return self.query(query, (subject, upto))

    def broken_link(self) -> int:
        """Give the first position whose place in the chain does not fit, or 0. O(facts)."""
        previous, expected = GENESIS, 1
        digests = dict(self.query("SELECT position, digest FROM chain", ()))
        for position, subject, version, state in self.rows(0, self.head()):
            previous = link(previous, subject, version, state)
            if position != expected or digests.pop(position, None) != previous:
                return expected
            expected += 1
        return min(digests, default=0)

    def query(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        with self.datastore.transaction(commit=False) as c:
            c.execute(statement, values)
            return [tuple(row) for row in c.fetchall()]


class Pool(library.SQLiteConnectionPool):
    """Connections that reach the disk before a command is acknowledged."""

    def _create_connection(self) -> library.SQLiteConnection:
        with told():
            connection = patiently(super()._create_connection, self.lock_timeout or 0)
            cursor = connection.cursor()
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
            return connection


def patiently(connect: Callable[[], library.SQLiteConnection], seconds: int) -> library.SQLiteConnection:
    """Connect, and again while others make the same store: SQLite waits for no lock when a file first turns to WAL."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return connect()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)


class Factory(library.SQLiteFactory):
    """The infrastructure that the library builds an application from, with our datastore and recorder."""

    application_recorder_class = Recorder

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        name = self.datastore.pool.db_name
        path = Path(name)
        self.fresh = self.datastore.pool.is_sqlite_memory_mode or is_blank(path)
        self.datastore = Datastore(db_name=name, originator_id_type="text")
        patience_s = int(self.env.get(self.SQLITE_LOCK_TIMEOUT) or LOCK_SECONDS)
        self.datastore.pool = Pool(db_name=name, lock_timeout=patience_s)
        if self.fresh:
            mark(self.datastore)

    def env_create_table(self) -> bool:
        """Make tables in a new store only: opening an old one to read writes nothing."""
        return self.fresh


def mark(datastore: Datastore) -> None:
    """Make a new file known as a Rewire store."""
    with datastore.get_connection(commit=True) as connection:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA application_id={APPLICATION_ID}")
        cursor.execute(f"PRAGMA user_version={SCHEMA}")


def is_blank(path: Path) -> bool:
    """Tell whether a store is still to be made: there is nothing, or what a run left that was cut off while making it.

    Raises `StoreUnreachable` for a file that another program made, before anything in it is changed.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except FileNotFoundError:
        return True
    except OSError as error:
        raise StoreUnreachable(f"{path} can't be read: {error.strerror}") from error
    if head and head != MAGIC:
        raise StoreUnusable(f"{path} is not a Rewire store: it is no SQLite database")
    return not head or not holds_tables(path)


def holds_tables(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            found, schema, tables = connection.execute(WHAT_IT_IS).fetchone()
    except sqlite3.OperationalError as error:
        words = reason(error, ", and SQLite keeps files beside what it reads; its folder must be writable")
        raise StoreUnreachable(f"{path} can't be opened: {words}") from error
    except sqlite3.Error as error:
        raise StoreUnreachable(f"{path} is not a Rewire store: {error}") from error
    if found != APPLICATION_ID and (found or tables):
        raise StoreUnusable(f"{path} is not a Rewire store: it is another program's database")
    if schema > SCHEMA:
        raise StoreUnusable(f"{path} was written by a newer Rewire (schema {schema}, this one reads {SCHEMA})")
    return bool(tables)
