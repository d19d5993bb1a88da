"""What is tried on a fork comes out as on the history itself, for every example."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rewire.conftest import EXAMPLES, Rewire


FILES = sorted(EXAMPLES.glob("*.yaml"))


def told(rewire: Rewire, *words: str) -> list[tuple[object, ...]]:
    answer = rewire("apply", *words)
    assert answer.status == 0, answer.err
    return [(e["step"], e["command"], e["status"], e["positions"]) for e in answer.value]


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_dry_run_foretells_what_applying_then_does(rewire: Rewire, file: Path) -> None:
    foretold = told(rewire, str(file), "--dry-run")

    assert told(rewire, str(file)) == foretold


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_all_or_none_records_what_one_by_one_does(rewire: Rewire, file: Path, tmp_path: Path) -> None:
    at_once = told(rewire, str(file), "--atomic")

    assert told(rewire, str(file), "--store", f"sqlite:{tmp_path}/other.db") == at_once
    assert rewire("verify").status == 0


def test_a_refused_all_or_none_run_names_no_fact_that_is_not_there(rewire: Rewire, tmp_path: Path) -> None:
    change = tmp_path / "twice.yaml"
    change.write_text("- create-zone: { name: z }\n- create-zone: { name: z }\n")

    answer = rewire("apply", str(change), "--atomic", "-o", "json")

    assert answer.value[1]["error"]["conflicts"] == []
    assert "nothing was recorded" in answer.err


def test_all_examples_live_in_one_store(rewire: Rewire) -> None:
    assert rewire("apply", *map(str, FILES), "--quiet").status == 0
    assert rewire("verify").status == 0
