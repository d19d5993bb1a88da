"""`rewire apply`, as the contract has it."""

from __future__ import annotations

import contextlib
import io
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import DEVNULL, PIPE

import pytest

from rewire import session
from rewire.apply import all_or_none, author
from rewire.change_file import Step, parse
from tests.rewire.conftest import Rewire


Change = Callable[[str], str]

ZONE = "- create-zone: { name: zone-1 }\n"
TWICE = ZONE + ZONE + "- create-zone: { name: zone-2 }\n"


def zones(rewire: Rewire) -> list[str]:
    return [zone["name"] for zone in rewire("show", "zone").value]


def test_each_step_is_reported_with_what_it_recorded(rewire: Rewire, change: Change) -> None:
    answer = rewire("apply", change(ZONE))

    (entry,) = answer.value
    assert answer.status == 0
    assert set(entry) == {"step", "command", "status", "uuid", "positions", "error"}
    assert (entry["step"], entry["command"], entry["status"]) == (1, "create-zone", "ok")
    assert entry["positions"] == [1, 2]
    assert entry["uuid"] == rewire("show", "zone", "zone-1").value["uuid"]


def test_a_run_stops_at_the_first_refusal_and_keeps_what_came_before(rewire: Rewire, change: Change) -> None:
    answer = rewire("apply", change(TWICE))

    assert answer.status == 1
    assert [entry["status"] for entry in answer.value] == ["ok", "refused"]
    assert answer.value[1]["error"]["code"] == "name-in-use"
    assert answer.err == "error: name-in-use: the name 'zone-1' is held by zone zone-1 (fact 1)\n"
    assert zones(rewire) == ["zone-1"]


def test_an_atomic_run_records_nothing_after_a_refusal(rewire: Rewire, change: Change) -> None:
    answer = rewire("apply", "--atomic", change(TWICE))

    assert answer.status == 1
    assert zones(rewire) == []


def test_an_atomic_run_does_not_claim_a_step_that_it_undid(rewire: Rewire, change: Change) -> None:
    wrong = "- create-zone: { name: zone-9, uuid: seven }\n  expect-error: invalid-argument\n"
    answer = rewire("apply", "--atomic", change(wrong + TWICE))

    expected, undone, refused = answer.value
    assert (expected["status"], expected["error"]["code"]) == ("expected", "invalid-argument")
    assert (undone["status"], undone["uuid"], undone["positions"]) == ("refused", "", [])
    assert undone["error"] == {
        "code": "conflict",
        "message": "not recorded: step 3 was refused, and it was to be all or none",
        "conflicts": [],
    }
    assert (refused["status"], refused["error"]["code"]) == ("refused", "name-in-use")


def test_an_atomic_run_records_all_steps_at_the_positions_it_tells(rewire: Rewire, change: Change) -> None:
    answer = rewire("apply", "--atomic", change(ZONE + "- create-zone: { name: zone-2 }\n"))

    assert [entry["positions"] for entry in answer.value] == [[1, 2], [3, 4]]
    assert zones(rewire) == ["zone-1", "zone-2"]


def test_an_atomic_run_points_at_the_facts_of_its_own_that_others_moved(store: Path) -> None:
    """Others record a fact while the run is on a fork: what stood in its way got another position."""
    text = ZONE + "- create-zone: { name: zone-1 }\n  expect-error: name-in-use\n- create-zone: { name: zone-2 }\n"
    url, by = f"sqlite:{store}", author("tester", "")
    others = iter(parse(b"- create-zone: { name: other }", "others"))
    with session.opened(url, absent="make") as mine, session.opened(url) as theirs:

        def meddle(_: Step) -> None:
            for step in others:
                theirs.network.execute(step.command, by)

        first, expected, last = all_or_none(mine.network, parse(text.encode(), "mine"), by, watch=meddle).entries

    assert (first.positions, last.positions) == ((3, 4), (5, 6))
    assert expected.error
    assert expected.error.conflicts == (3,)


def test_a_dry_run_tells_what_would_be_recorded_and_records_nothing(rewire: Rewire, change: Change) -> None:
    rewire("apply", change(ZONE))

    answer = rewire("apply", "--dry-run", change("- create-zone: { name: zone-2 }\n"))

    assert answer.value[0]["positions"] == [3, 4]
    assert answer.err == "dry run: 2 facts would be recorded, none was\n"
    assert zones(rewire) == ["zone-1"]


def test_who_waits_for_what_another_process_writes_is_told(rewire: Rewire, change: Change, store: Path) -> None:
    rewire("apply", change(ZONE))
    holder = sqlite3.connect(store, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    words = [sys.executable, "-m", "rewire", "apply", change(ZONE.replace("zone-1", "zone-2"))]
    with contextlib.closing(holder), subprocess.Popen(words, stdout=DEVNULL, stderr=PIPE, text=True) as waiting:
        assert waiting.stderr
        told = waiting.stderr.readline()
        holder.execute("ROLLBACK")
        status, rest = waiting.wait(), waiting.stderr.read()

    assert told == "waiting: the store is locked by another process\n"
    assert (status, rest) == (0, "")
    assert zones(rewire) == ["zone-1", "zone-2"]


def test_a_dry_run_makes_no_store(rewire: Rewire, change: Change, store: Path) -> None:
    answer = rewire("apply", "--dry-run", change(ZONE))

    assert answer.status == 0
    assert not store.exists()


def test_an_expected_refusal_lets_the_run_go_on(rewire: Rewire, change: Change) -> None:
    text = ZONE + "- create-zone: { name: zone-1 }\n  expect-error: name-in-use\n- create-zone: { name: zone-2 }\n"

    answer = rewire("apply", change(text))

    assert answer.status == 0
    assert [entry["status"] for entry in answer.value] == ["ok", "expected", "ok"]


def test_a_step_that_should_be_refused_and_would_not_be_is_not_recorded(rewire: Rewire, change: Change) -> None:
    answer = rewire("apply", "-o", "json", change(ZONE.rstrip() + "\n  expect-error: name-in-use\n"))

    assert answer.status == 1
    assert answer.error["code"] == "expected-error-missing"
    assert zones(rewire) == []


def test_an_expected_refusal_with_another_code_is_a_refusal(rewire: Rewire, change: Change) -> None:
    answer = rewire("apply", change(ZONE + "- create-zone: { name: zone-1 }\n  expect-error: conflict\n"))

    assert answer.status == 1
    assert answer.value[1]["status"] == "refused"


def test_objects_are_named_by_uuid_too(rewire: Rewire, change: Change) -> None:
    uuid = "0191f3a0-0000-7000-8000-000000000001"
    text = f"- create-zone: {{ name: zone-1, uuid: {uuid} }}\n- create-cluster: {{ name: c, zone: {uuid} }}\n"

    assert rewire("apply", change(text)).status == 0
    assert rewire("show", "cluster", "c").value["zoneUuid"] == uuid


def test_a_file_may_be_json_and_come_by_standard_input(rewire: Rewire, monkeypatch: pytest.MonkeyPatch) -> None:
    text = b'[{"create-zone": {"name": "zone-1"}, "note": "from a program"}]'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))

    assert rewire("apply", "-").status == 0
    assert zones(rewire) == ["zone-1"]


def test_several_files_are_one_run_numbered_through(rewire: Rewire, change: Change) -> None:
    answer = rewire("apply", change(ZONE), change("- create-zone: { name: zone-2 }\n"))

    assert [entry["step"] for entry in answer.value] == [1, 2]


def test_actor_and_reason_stand_in_the_history(rewire: Rewire, change: Change) -> None:
    rewire("apply", change(ZONE), "--actor", "alice", "--reason", "first racks")

    (fact,) = rewire("history").value
    assert (fact["actor"], fact["reason"]) == ("alice", "first racks")
