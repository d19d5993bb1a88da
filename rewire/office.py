"""A store as a host's agent uses it: opened when it is needed, and again after it was away.

What an agent records is recorded by `agent@HOST`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from domain.commands import Command
from domain.errors import StoreUnreachable, Witness
from domain.history import Author
from domain.network import MEMORY
from projections.topology import Topology
from rewire import session
from rewire.session import Session


class StoreOffice:
    """One store, for one host. Belongs to the thread that uses it first."""

    def __init__(self, url: str | None, host: str, *, patience_s: int = 0) -> None:
        """Name a store; with patience, a write of somebody else's that takes longer counts as its being away."""
        self._url, self._patience_s = url, patience_s
        self._path = session.path_of(url or os.environ.get("REWIRE_STORE") or session.DEFAULT)
        self._author = Author(f"agent@{host}")
        self._stack = ExitStack()
        self._session: Session | None = None
        self._file = (0, 0)

    def topology(self) -> Topology:
        with self._away_if_it_fails():
            return self._open().topology()

    def record(self, command: Command) -> int:
        with self._away_if_it_fails():
            return self._open().network.execute(command, self._author).recorded[0].position

    def newest(self, witnesses: Iterable[Witness]) -> int:
        with self._away_if_it_fails():
            return max(self._open().network.positions(witnesses), default=0)

    def close(self) -> None:
        """Let go of the store until it is needed again."""
        self._stack.close()
        self._session = None

    def _away_if_it_fails(self) -> ExitStack:
        """Let go of a store that fails: the next use opens it anew."""
        guard = ExitStack()
        guard.push(lambda kind, _error, _trace: self.close() if kind and issubclass(kind, StoreUnreachable) else None)
        return guard

    def _open(self) -> Session:
        """Give the open store: not one whose file is gone or has become another one."""
        if self._session and self._file != identity(self._path):
            self.close()
        if self._session is None:
            self._session = self._stack.enter_context(session.opened(self._url, patience_s=self._patience_s))
            self._file = identity(self._path)
        return self._session


def identity(path: str) -> tuple[int, int]:
    """Tell one file of a name from another."""
    if path == MEMORY:
        return (0, 0)
    try:
        found = Path(path).stat()
    except OSError as error:
        raise StoreUnreachable(f"the store {path} is not there: {error.strerror}") from error
    return (found.st_dev, found.st_ino)
