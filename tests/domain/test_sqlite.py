"""The store: what is acknowledged is on the disk, what is not ours stays, what was changed by hand is found."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain import sqlite
from domain.commands import Command
from domain.errors import StoreUnreachable
from domain.network import Network
from tests.builders import A_SUBNET, a_cluster, a_vm, a_zone
from tests.domain.racing import opened, race
from tests.given import ME, given


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def written(path: Path, *commands: Command) -> Network:
    network = opened(path)
    for command in commands or A_SUBNET:
        network.execute(command, ME)
    return network


def by_hand(path: Path, *statements: str) -> None:
    """Work on a store as somebody with a SQL tool would."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def recorder(network: Network) -> sqlite.Recorder:
    assert isinstance(network.history, sqlite.Recorder)
    return network.history


def pragma(network: Network, name: str) -> object:
    ((found,),) = recorder(network).query(f"PRAGMA {name}", ())
    return found


# durability


def test_every_connection_writes_ahead_and_waits_for_the_disk(path: Path) -> None:
    network = written(path)
    network.execute(a_vm(), ME)
    assert pragma(network, "journal_mode") == "wal"
    assert pragma(network, "synchronous") == 2


def test_every_connection_of_the_pool_is_alike(path: Path) -> None:
    network = opened(path)
    store = recorder(network).datastore
    with store.transaction(commit=False) as one, store.transaction(commit=False) as other:
        for cursor in (one, other):
            cursor.execute("PRAGMA synchronous")
            assert tuple(cursor.fetchone()) == (2,)
        assert one.sqlite_cursor.connection is not other.sqlite_cursor.connection


def test_a_store_says_in_its_header_what_it_is_for(path: Path) -> None:
    written(path).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (int.from_bytes(b"rwir", "big"),)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_what_was_recorded_is_there_in_the_next_run(path: Path) -> None:
    first = written(path)
    facts = list(first.facts())
    first.close()
    assert list(opened(path).facts()) == facts


def test_another_process_sees_facts_as_soon_as_they_are_acknowledged(path: Path) -> None:
    writer, reader = opened(path), opened(path)
    writer.execute(a_zone(), ME)
    assert [r.fact for r in reader.facts()] == [r.fact for r in writer.facts()]


def test_reading_waits_for_no_writer(path: Path) -> None:
    network = written(path, a_zone())
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert len(list(network.facts())) == network.position()


def test_opening_a_store_to_read_it_writes_nothing(path: Path) -> None:
    written(path).close()
    before = path.read_bytes()
    network = opened(path)
    assert network.position() > 0
    network.close()
    assert path.read_bytes() == before


# files that are no stores


def a_text(path: Path) -> None:
    path.write_text("- create-zone: { name: z }\n" * 100)


def somebody_elses(path: Path) -> None:
    by_hand(path, "CREATE TABLE bookmarks (url TEXT)", "INSERT INTO bookmarks VALUES ('x')")


def somebody_elses_with_a_mark(path: Path) -> None:
    by_hand(path, "PRAGMA application_id = 77")


def a_newer_one(path: Path) -> None:
    written(path).close()
    by_hand(path, "PRAGMA user_version = 2")


def a_picture(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5000))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (a_text, "is not a Rewire store: it is no SQLite database"),
        (a_picture, "is not a Rewire store: it is no SQLite database"),
        (somebody_elses, "is not a Rewire store: it is another program's database"),
        (somebody_elses_with_a_mark, "is not a Rewire store: it is another program's database"),
        (a_newer_one, r"was written by a newer Rewire \(schema 2, this one reads 1\)"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_file_that_is_no_store_of_ours_is_refused_and_not_touched(path: Path, make: object, told: str) -> None:
    assert callable(make)
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreUnreachable, match=told):
        opened(path)
    assert path.read_bytes() == before


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable, match="can't be read: Is a directory"):
        opened(tmp_path)


@pytest.mark.parametrize("folder", ["/proc", "/nowhere"])
def test_a_folder_that_nobody_can_write_to_takes_no_store(folder: str) -> None:
    with pytest.raises(StoreUnreachable, match="unable to open database file"):
        opened(Path(folder) / "store.db")


@pytest.fixture
def locked_folder() -> Iterator[Path]:
    """Give a folder with a store in it that everybody may read and nobody but root may change."""
    folder = Path(tempfile.mkdtemp())
    written(folder / "store.db").close()
    (folder / "store.db").chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def as_nobody(path: Path, answers: multiprocessing.SimpleQueue[str]) -> None:
    if os.getuid() == 0:
        os.setuid(65534)
    try:
        answers.put(f"read {opened(path).position()}")
    except StoreUnreachable as error:
        answers.put(error.sentence)


def test_a_store_in_a_folder_that_may_only_be_read_is_refused_clearly(locked_folder: Path) -> None:
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    reader = context.Process(target=as_nobody, args=(locked_folder / "store.db", answers))
    reader.start()
    reader.join()
    told = answers.get()
    assert told.startswith(f"{locked_folder}/store.db can't be opened: ")
    assert told.endswith("; its folder must be writable")
    assert [file.name for file in locked_folder.iterdir()] == ["store.db"]


@pytest.mark.parametrize("size", [1, 15, 16, 50, 100, 1000, 4096, 8192, -4096, -1])
def test_a_store_that_was_cut_short_is_refused_and_not_touched(path: Path, size: int) -> None:
    written(path, *A_SUBNET, *(a_vm(f"vm{i}") for i in range(5))).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:size])
    with pytest.raises(StoreUnreachable):
        list(opened(path).facts())
    assert path.read_bytes() == whole[:size]


@pytest.mark.parametrize("cut_off_after", ["nothing", "journal", "mark"])
def test_a_store_whose_making_was_cut_off_is_made_whole(path: Path, cut_off_after: str) -> None:
    path.touch()
    if cut_off_after != "nothing":
        by_hand(path, "PRAGMA journal_mode = WAL")
    if cut_off_after == "mark":
        by_hand(path, f"PRAGMA application_id = {sqlite.APPLICATION_ID}")
    network = written(path, a_zone())
    assert network.broken_link() == 0
    assert pragma(network, "application_id") == sqlite.APPLICATION_ID


def test_two_processes_may_make_one_store_at_the_same_moment(tmp_path: Path) -> None:
    for number in range(3):
        (told,) = race(tmp_path / str(number), [a_zone("a")], [a_zone("b")])
        assert [answer.code for answer in told] == ["", ""]


def test_a_table_that_was_dropped_by_hand_is_told_and_not_a_crash(path: Path) -> None:
    written(path).close()
    by_hand(path, "DROP TABLE stored_events")
    with pytest.raises(StoreUnreachable, match="the store does not answer: no such table"):
        list(opened(path).facts())


def test_a_stored_fact_that_was_mangled_is_told_with_its_position(path: Path) -> None:
    written(path).close()
    by_hand(path, "UPDATE stored_events SET state = '?' WHERE rowid = 3")
    with pytest.raises(StoreUnreachable, match="fact 3 can't be read"):
        list(opened(path).facts())


# the chain


def test_an_untouched_history_has_its_chain_intact(path: Path) -> None:
    assert written(path).broken_link() == 0
    assert opened(path).broken_link() == 0
    assert given().network.broken_link() == 0


@pytest.mark.parametrize("position", [1, 7, 13])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE stored_events SET state = CAST(replace(state, 'tester', 'nobody') AS BLOB) WHERE rowid = {0}",
        "UPDATE stored_events SET state = CAST(replace(state, '2026', '2025') || ' ' AS BLOB) WHERE rowid = {0}",
        "UPDATE stored_events SET originator_version = 99 WHERE rowid = {0}",
        "UPDATE stored_events SET originator_id = 'x' WHERE rowid = {0}",
        "DELETE FROM stored_events WHERE rowid = {0}",
        "DELETE FROM chain WHERE position = {0}",
        "UPDATE chain SET digest = zeroblob(32) WHERE position = {0}",
    ],
    ids=["actor", "space", "version", "subject", "deleted", "link deleted", "link zeroed"],
)
def test_what_was_changed_by_hand_is_found_at_its_position(path: Path, position: int, change: str) -> None:
    written(path).close()
    by_hand(path, change.format(position))
    assert opened(path).broken_link() == position


def test_a_flipped_byte_is_found_at_its_position(path: Path) -> None:
    written(path).close()
    with closing(sqlite3.connect(path)) as connection:
        (state,) = connection.execute("SELECT state FROM stored_events WHERE rowid = 5").fetchone()
        flipped = bytes([state[0], state[1], state[2] ^ 1]) + state[3:]
        connection.execute("UPDATE stored_events SET state = ? WHERE rowid = 5", (flipped,))
        connection.commit()
    assert opened(path).broken_link() == 5


def test_facts_that_were_swapped_are_found(path: Path) -> None:
    written(path).close()
    by_hand(
        path,
        *(f"UPDATE stored_events SET rowid = {new} WHERE rowid = {old}" for old, new in ((3, 99), (4, 3), (99, 4))),  # noqa: S608 - our own numbers
    )
    assert opened(path).broken_link() == 3


def test_facts_cut_off_the_end_are_found(path: Path) -> None:
    network = written(path)
    last = network.position()
    network.close()
    by_hand(path, f"DELETE FROM stored_events WHERE rowid > {last - 2}")  # noqa: S608 - our own numbers
    assert opened(path).broken_link() == last - 1


def test_a_fact_smuggled_in_at_the_end_is_found(path: Path) -> None:
    network = written(path)
    last = network.position()
    network.close()
    by_hand(path, f"INSERT INTO stored_events SELECT 'x', 1, topic, state FROM stored_events WHERE rowid = {last}")  # noqa: S608 - our own numbers
    assert opened(path).broken_link() == last + 1


def test_a_long_history_is_read_in_batches_without_a_gap(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BATCH", 4)
    network = written(path)
    assert [r.position for r in network.facts()] == list(range(1, network.position() + 1))
    assert [r.position for r in network.facts(3, 9)] == [4, 5, 6, 7, 8, 9]


def test_a_fork_has_no_chain_of_its_own() -> None:
    case = given(a_zone(), a_cluster())
    with pytest.raises(StoreUnreachable, match="verify its parent"):
        case.network.fork().broken_link()
