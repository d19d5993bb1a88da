"""Who may only read a store reads it; who may not write to it, or not even read it, is told what is in the way."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from rewire.cli import run
from tests.rewire.conftest import Answer, Rewire


NOBODY = 65534
Change = Callable[[str], str]


@contextmanager
def nobody() -> Iterator[None]:
    """Be a user without rights of its own."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.fixture
def shelf() -> Iterator[Path]:
    """Give a folder that everybody gets to, and that only its owner may write to once it is locked."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def as_nobody(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Call Rewire without rights, on a store on the shelf."""
    monkeypatch.setenv("REWIRE_STORE", f"sqlite:{shelf}/rewire.db")

    def call(*words: str) -> Answer:
        capsys.readouterr()
        with nobody():
            status = run(words)
        told = capsys.readouterr()
        return Answer(status, told.out, told.err)

    return call


def lock(shelf: Path) -> None:
    for file in shelf.iterdir():
        file.chmod(0o444)
    shelf.chmod(0o555)


@contextmanager
def used(shelf: Path) -> Iterator[None]:
    """Have somebody with rights use the store: SQLite's own files are beside it then."""
    with closing(sqlite3.connect(shelf / "rewire.db", isolation_level=None)) as other:
        other.execute("CREATE TABLE notes (text)")
        lock(shelf)
        yield


def test_who_may_only_read_reads_the_present_and_the_past(
    network: Rewire, store: Path, shelf: Path, as_nobody: Callable[..., Answer]
) -> None:
    shutil.copy(store, shelf / "rewire.db")
    with used(shelf):
        answers = [as_nobody(*words) for words in (("show", "zone"), ("history",), ("verify",), ("diff", "63", "now"))]

    assert [(answer.status, answer.err) for answer in answers] == [(0, "")] * len(answers)
    assert answers[1].value == network("history").value


@pytest.mark.usefixtures("network")
def test_who_may_only_read_changes_nothing(
    store: Path, shelf: Path, as_nobody: Callable[..., Answer], change: Change
) -> None:
    shutil.copy(store, shelf / "rewire.db")
    file = shelf / "change.yaml"
    shutil.copy(change("- create-zone: { name: z9 }"), file)
    with used(shelf):
        answer = as_nobody("apply", str(file))

    told = "the store does not answer: this user may not write there; its file and its folder must be writable"
    assert (answer.status, answer.err) == (3, f"error: store-unreachable: {told}\n")


@pytest.mark.usefixtures("network")
def test_a_store_that_can_t_be_read_without_writing_beside_it_is_told(
    store: Path, shelf: Path, as_nobody: Callable[..., Answer]
) -> None:
    shutil.copy(store, shelf / "rewire.db")
    lock(shelf)

    answer = as_nobody("show", "zone")

    assert answer.status == 3
    assert "this user may not write there, and SQLite keeps files beside what it reads" in answer.err


def test_a_folder_in_which_no_store_can_be_made_is_named(shelf: Path, as_nobody: Callable[..., Answer]) -> None:
    (shelf / "change.yaml").write_text("- create-zone: { name: z9 }")
    lock(shelf)

    answer = as_nobody("apply", str(shelf / "change.yaml"))

    told = f"this user may not write to the folder {shelf}, where the store is to be"
    assert (answer.status, answer.err) == (3, f"error: store-unreachable: {told}\n")


def test_an_empty_file_is_no_store_and_stays_empty_until_something_is_recorded(
    rewire: Rewire, store: Path, change: Change
) -> None:
    store.touch()

    refused = rewire("show", "zone")
    assert (refused.status, store.stat().st_size) == (3, 0)
    assert f"there is no store at {store}" in refused.err
    assert rewire("apply", change("- create-zone: { name: z }")).status == 0
    assert [zone["name"] for zone in rewire("show", "zone").value] == ["z"]
