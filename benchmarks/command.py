"""One durable command through the whole engine, beside the floor: a raw insert with its own commit.

Both on SQLite in WAL with full durability, in one run, on one disk. Prints commands a second, and the ratio.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from domain import commands, instruments
from domain.history import Author
from domain.network import Network
from projections.follow import Follower


COUNT = 2000


def rate(work: Callable[[int], object]) -> float:
    begun = time.perf_counter()
    for number in range(COUNT):
        work(number)
    return COUNT / (time.perf_counter() - begun)


def floor(folder: Path) -> float:
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    columns = "id TEXT, version INTEGER, topic TEXT, state BLOB, PRIMARY KEY (id, version)"
    connection.execute(f"CREATE TABLE facts ({columns})")
    state = b"x" * 250
    return rate(lambda n: connection.execute("INSERT INTO facts VALUES (?, ?, ?, ?)", (f"id-{n}", 1, "topic", state)))


def ours(folder: Path) -> float:
    network = Network(str(folder / "ours.db"), survey=Follower(), instruments=instruments.real())
    author = Author("benchmark")
    network.execute(commands.CreateZone(name="zone"), author)
    return rate(lambda n: network.execute(commands.CreateCluster(name=f"cluster-{n}", zone="zone"), author))


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        raw, engine = floor(Path(name)), ours(Path(name))
    print(f"raw inserts {raw:8.0f}/s   commands {engine:8.0f}/s   ratio {engine / raw:.2f} (target 0.5)")


if __name__ == "__main__":
    main()
