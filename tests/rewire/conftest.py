"""A command line to call: in this process, on a store of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rewire.cli import run


EXAMPLES = Path(__file__).parents[2] / "examples"


class Answer(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The JSON on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The JSON error on standard error."""
        found: dict[str, Any] = json.loads(self.err)["error"]
        return found


Rewire = Callable[..., Answer]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "rewire.db"


@pytest.fixture
def rewire(store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rewire:
    monkeypatch.setenv("REWIRE_STORE", f"sqlite:{store}")

    def call(*words: str) -> Answer:
        capsys.readouterr()
        status = run(words)
        return Answer(status, *capsys.readouterr())

    return call


@pytest.fixture
def change(tmp_path: Path) -> Callable[[str], str]:
    """Write a change file and give its name."""
    numbers = iter(range(1000))

    def write(text: str) -> str:
        path = tmp_path / f"change-{next(numbers)}.yaml"
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture
def network(rewire: Rewire) -> Rewire:
    """A command line on the first picture's network, rewired."""
    assert rewire("apply", str(EXAMPLES / "partial-attachment.yaml"), "--actor", "alice").status == 0
    return rewire
