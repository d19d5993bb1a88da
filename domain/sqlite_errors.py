"""What SQLite says when it can't, in the words that help whoever asked. A lost race is left to the library."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from eventsourcing.persistence import IntegrityError, PersistenceError

from domain.errors import StoreUnreachable


FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
PRIMARY = 0xFF
"""The part of SQLite's codes that says what is wrong; the rest says where."""
REMEDIES = {
    sqlite3.SQLITE_BUSY: ": another process is writing to it",
    sqlite3.SQLITE_CANTOPEN: "; its folder must be there and be writable",
}


@contextmanager
def told() -> Generator[None]:
    """Translate what SQLite raises: a lost race for the library, everything else for the user."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise IntegrityError(error) from error
    except IntegrityError:
        raise
    except (sqlite3.Error, PersistenceError) as error:
        raise StoreUnreachable(f"the store does not answer: {reason(error)}") from error


def reason(error: Exception, otherwise: str = "") -> str:
    """Say what SQLite says, and what helps; of a full disk, which keeps from reading too, it says other things."""
    code = getattr(error if isinstance(error, sqlite3.Error) else error.__cause__, "sqlite_errorcode", 0)
    if code in FULL:
        return "its disk is full: make room there"
    if code & PRIMARY == sqlite3.SQLITE_READONLY:
        return f"this user may not write there{otherwise or '; its file and its folder must be writable'}"
    return f"{error}{otherwise or REMEDIES.get(code & PRIMARY, '')}"
