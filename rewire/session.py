"""The one place that knows concrete classes: it opens a store and wires the projections to it."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Literal

from domain import instruments
from domain.errors import Refusal, StoreUnreachable
from domain.network import MEMORY, Network
from projections.follow import Follower
from projections.timeline_store import TimelineStore
from projections.topology import Topology


DEFAULT = "sqlite:rewire.db"


class Session:
    """An open store with everything that follows from it."""

    def __init__(self, network: Network, follower: Follower) -> None:
        self.network = network
        self.follower = follower

    def topology(self, position: int | None = None) -> Topology:
        """Give the topology as of a position, or of now."""
        return self.follower.now(self.network) if position is None else self.follower.at(self.network, position)

    def find(self, topology: Topology, kind: str, text: str) -> str:
        """Give the uuid of an object by name or uuid.

        Raises `Refusal` with `unknown-object`, and the position of the fact that ended one, when there is none.
        """
        try:
            return topology.find(kind, text)
        except Refusal as refusal:
            raise self.pointed(refusal, topology) from None

    def pointed(self, refusal: Refusal, topology: Topology) -> Refusal:
        """Give a refusal the positions of its facts, of those that were there as of a topology."""
        found = self.network.positions(refusal.witnesses, topology.position)
        refusal.conflicts = tuple(sorted(set(found)))
        return refusal

    @cached_property
    def timeline(self) -> TimelineStore:
        """Give the Timeline, up to date."""
        timeline = TimelineStore(self.network, self.follower)
        timeline.catch_up()
        return timeline

    def close(self) -> None:
        if "timeline" in self.__dict__:
            self.timeline.close()
        self.network.close()


Absent = Literal["refuse", "make", "pretend"]
"""What to do where there is no store yet: refuse, make one, or work on an empty one in memory."""


@contextmanager
def opened(url: str | None, *, absent: Absent = "refuse", patience_s: int = 0) -> Generator[Session]:
    """Open the store of a URL, of `REWIRE_STORE`, or the default one; patience is for what others write.

    Raises `StoreUnreachable` when it is not there and not to be made, or is no store.
    """
    follower = Follower()
    path = found(path_of(url or os.environ.get("REWIRE_STORE") or DEFAULT), absent)
    network = Network(path, survey=follower, instruments=instruments.real(), patience_s=patience_s)
    session = Session(network, follower)
    try:
        yield session
    finally:
        session.close()


def found(path: str, absent: Absent) -> str:
    """Give the path to open for a store that may not be there."""
    if path == MEMORY or is_begun(Path(path)):
        return path
    if absent == "pretend":
        return MEMORY
    if absent == "refuse":
        raise StoreUnreachable(f"there is no store at {path}: `rewire apply` makes one, --store names another")
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise StoreUnreachable(f"there is no folder {folder} to keep the store in")
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        raise StoreUnreachable(f"this user may not write to the folder {folder}, where the store is to be")
    return path


def is_begun(path: Path) -> bool:
    """Tell whether something is in a file, or what is there is no file: reading makes no store of an empty one."""
    return path.exists() and not (path.is_file() and path.stat().st_size == 0)


def absolute(url: str | None) -> str:
    """Give a URL that means the same store from every folder, with nothing of the environment in it."""
    path = path_of(url or os.environ.get("REWIRE_STORE") or DEFAULT)
    if path == MEMORY:
        raise StoreUnreachable("a store in memory ends with the command that opened it: give sqlite:PATH")
    return f"sqlite:{Path(path).absolute()}"


def path_of(url: str) -> str:
    """Turn `sqlite:PATH` or `memory:` into what SQLite opens."""
    scheme, colon, rest = url.partition(":")
    if url == "memory:":
        return MEMORY
    if scheme == "sqlite" and colon and rest:
        return rest.removeprefix("//") if rest.startswith("///") else rest
    if scheme in {"postgresql", "postgres"}:
        raise StoreUnreachable("PostgreSQL stores are not supported yet: use sqlite:PATH")
    raise StoreUnreachable(f"{url!r} is no store: give sqlite:PATH or memory:")
