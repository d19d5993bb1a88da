"""Whatever comes in: one line that says what is wrong, its code, the right exit status, and nothing recorded."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import claims
from domain.errors import InvalidFile
from rewire import change_file
from tests.rewire.conftest import Rewire


Change = Callable[[str], str]

FILES = {
    "an unknown key": ("- create-zone: { name: z, colour: red }", "there is no field colour; its fields are"),
    "a missing field": ("- create-zone: {}", "the field name is missing"),
    "a wrong type": ("- create-zone: { name: 3 }", "name must be text, and is a whole number (put text that"),
    "nothing where text must be": (
        "- create-zone: { name: null }",
        "name must be text, and is nothing (leave it out, or give it a value);",
    ),
    "a wrong type inside": ("- create-vm: { name: v, networks: l3 }", "networks must be a list, and is text;"),
    "a wrong type further inside": (
        "- create-vm: { name: v, networks: [[l3]] }",
        "an entry of networks must be text, and is a list;",
    ),
    "a wrong key": ("- create-vm: { name: v, networks: [], macs: { 1: x } }", "a key of macs must be text"),
    "no number": (
        "- create-l2-vxlan-network: { name: n, pool: p, vni: x }",
        "vni must be a whole number, and is text;",
    ),
    "neither text nor number": (
        "- add-security-group-rule: { group: g, direction: ingress, protocol: TCP, ports: [80] }",
        "ports must be a whole number or text, and is a list;",
    ),
    "a way to delete that is none": (
        "- delete-host: { host: h, mode: foo }",
        "mode must be permissive or enforcing, and is 'foo';",
    ),
    "an unknown command": ("- build-zone: { name: z }", "no command 'build-zone'"),
    "two commands in a step": ("- create-zone: { name: z }\n  create-cluster: {}", "must have one command"),
    "an unknown key of a step": (
        "- create-zone: { name: z }\n  expect: oops",
        "must have one command, beside expect-error and note, and has create-zone, expect",
    ),
    "no command in a step": ("- note: nothing", "must have one command"),
    "an unknown error code": ("- create-zone: { name: z }\n  expect-error: oops", "which is no error code"),
    "no list": ("create-zone: { name: z }", "no list of steps"),
    "nothing": ("", "no list of steps"),
    "a step that is no mapping": ("- create-zone", "is no mapping"),
    "a half-written file": ("- create-zone: { name: z", "not valid YAML"),
    "a half-written JSON file": ('[{"create-zone": {"na', "not valid YAML"),
    "a key twice": ("- create-zone: { name: a, name: b }", "not valid YAML"),
    "a command of a list": ("- create-zone: [z]", "what follows the command must be a mapping, and is a list;"),
}


@pytest.mark.parametrize(("text", "told"), FILES.values(), ids=FILES.keys())
def test_a_file_that_cannot_be_understood_records_nothing(
    rewire: Rewire, change: Change, store: Path, text: str, told: str
) -> None:
    answer = rewire("apply", change(text))

    assert answer.status == 2
    assert answer.err.startswith("error: invalid-file: ")
    assert told in answer.err
    assert answer.err.count("\n") == 1
    assert not store.exists()


def test_a_bad_step_keeps_the_good_ones_before_it_from_being_run(rewire: Rewire, change: Change, store: Path) -> None:
    assert rewire("apply", change("- create-zone: { name: z }\n- nonsense: {}")).status == 2
    assert not store.exists()


def test_a_file_that_is_not_there_is_told(rewire: Rewire, tmp_path: Path) -> None:
    answer = rewire("apply", str(tmp_path / "none.yaml"))

    assert answer.status == 2
    assert answer.err == f"error: invalid-file: {tmp_path}/none.yaml can't be read: No such file or directory\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_are_steps_or_an_invalid_file(text: bytes) -> None:
    with contextlib.suppress(InvalidFile):
        assert isinstance(change_file.parse(text, "file"), list)


REFUSED = {
    "VLAN 0": ("create-l2-vlan-network: { name: v, zone: z, physical-interface: eth0, vlan: 0 }", "invalid-argument"),
    "VLAN 4095": (
        "create-l2-vlan-network: { name: v, zone: z, physical-interface: eth0, vlan: 4095 }",
        "invalid-argument",
    ),
    "an unknown name": ("create-cluster: { name: c, zone: nowhere }", "unknown-object"),
    "a name of another kind": ("add-host: { name: h, cluster: z, interfaces: [eth0] }", "unknown-object"),
    "an empty name": ("create-zone: { name: '' }", "invalid-argument"),
    "no uuid": ("create-zone: { name: y, uuid: 1234 }", "invalid-file"),
    "a uuid that is none": ("create-zone: { name: y, uuid: 'not-one' }", "invalid-argument"),
}


@pytest.mark.parametrize(("step", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_step_that_breaks_a_rule_is_refused_with_its_code(
    rewire: Rewire, change: Change, step: str, code: str
) -> None:
    rewire("apply", change("- create-zone: { name: z }"))

    answer = rewire("apply", "-o", "json", change(f"- {step}"))

    assert answer.status == (2 if code == "invalid-file" else 1)
    assert answer.error["code"] == code
    assert len(rewire("history", "--claims").value) == 2


MISUSES = {
    "no such command": ("nonsense",),
    "no such option": ("show", "zone", "--colour"),
    "no such kind": ("show", "planet"),
    "an argument too few": ("plan",),
    "an option without its value": ("domains", "--at"),
    "nothing to simulate": ("simulate",),
}


@pytest.mark.parametrize("words", MISUSES.values(), ids=MISUSES.keys())
def test_wrong_usage_is_one_line_and_status_2(rewire: Rewire, words: tuple[str, ...]) -> None:
    answer = rewire(*words)

    assert answer.status == 2
    assert answer.err.startswith("error: invalid-argument: ")
    assert answer.err.count("\n") == 1


def test_reading_where_there_is_no_store_says_so_and_makes_none(rewire: Rewire, store: Path) -> None:
    answer = rewire("show", "zone")

    assert answer.status == 3
    assert answer.err.startswith(f"error: store-unreachable: there is no store at {store}")
    assert not store.exists()


def test_a_file_that_is_no_store_is_left_alone(rewire: Rewire, change: Change, store: Path) -> None:
    store.write_text("a shopping list")

    for words in (("show", "zone"), ("apply", change("- create-zone: { name: z }"))):
        answer = rewire(*words)
        assert answer.status == 3
        assert "is not a Rewire store" in answer.err
    assert store.read_text() == "a shopping list"


def test_a_database_of_another_program_is_left_alone(rewire: Rewire, change: Change, store: Path) -> None:
    with sqlite3.connect(store) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    before = store.read_bytes()

    answer = rewire("apply", change("- create-zone: { name: z }"))

    assert answer.status == 3
    assert "another program's database" in answer.err
    assert store.read_bytes() == before


def test_a_store_url_that_is_none_is_told(rewire: Rewire) -> None:
    answer = rewire("--store", "carrier-pigeon:", "show", "zone")

    assert answer.status == 3
    assert "is no store" in answer.err


MOMENTS = ["9999", "yesterday", "2026-13-01", "@none", "-5y"]


@pytest.mark.parametrize("when", MOMENTS)
def test_a_moment_that_is_none_is_refused(network: Rewire, when: str) -> None:
    answer = network("domains", "--at", when)

    assert answer.status == (1 if when.startswith("@") else 2)
    assert answer.err.split(": ")[1] == ("unknown-object" if when.startswith("@") else "invalid-argument")


def test_an_error_of_ours_is_one_line_without_a_traceback(rewire: Rewire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rewire.session.path_of", lambda _: 1 / 0)

    answer = rewire("show", "zone")

    assert answer.status == 3
    assert answer.err.startswith("error: internal: ZeroDivisionError")
    assert "Traceback" not in answer.err


def test_the_program_itself_leaves_with_the_status(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "rewire", "--store", f"sqlite:{tmp_path}/none.db", "show", "zone"]

    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("error: store-unreachable: ")


ODDITIES = {
    "deep JSON": "[" * 100_000,
    "an endless number": f"- create-l2-vlan-network: {{ vlan: 0x{'f' * 5000} }}",
    "a truth that is none": "- create-zone: { name: !!bool abc }",
    "a JSON key twice": '[{"create-zone": {"name": "a", "name": "b"}}]',
}


@pytest.mark.parametrize("text", ODDITIES.values(), ids=ODDITIES.keys())
def test_oddities_are_invalid_files_too(rewire: Rewire, change: Change, text: str) -> None:
    answer = rewire("apply", change(text))

    assert answer.status == 2
    assert answer.err.startswith("error: invalid-file: ")


ODD_MOMENTS = ["-99999999999w", "0001-01-01T00:00+14:00", "1" * 5000, "2999-01-01"]


@pytest.mark.parametrize("when", ODD_MOMENTS)
def test_no_moment_is_too_odd(network: Rewire, when: str) -> None:
    answer = network("show", "zone", f"--at={when}")

    assert answer.status in {0, 2}
    assert "internal" not in answer.err


def test_an_id_that_a_claim_might_have_is_refused(rewire: Rewire, change: Change) -> None:
    uuid = claims.name("zone", "z2").uuid

    answer = rewire("apply", change(f"- create-zone: {{ name: z1, uuid: {uuid} }}"))

    assert answer.status == 1
    assert "the claims' own" in answer.err


def test_a_name_that_looks_like_an_id_is_refused(rewire: Rewire, change: Change) -> None:
    answer = rewire("apply", change("- create-zone: { name: 0191f3a0-0000-7000-8000-000000000001 }"))

    assert answer.status == 1
    assert "taken for a uuid" in answer.err


def test_errors_are_json_however_it_is_asked_for(rewire: Rewire) -> None:
    for words in (("-o", "json"), ("-ojson",), ("--output", "json"), ("--output=json",)):
        assert rewire("show", "zone", *words).error["code"] == "store-unreachable"


def test_a_trace_that_cannot_be_written_is_told(network: Rewire, tmp_path: Path) -> None:
    answer = network("simulate", "--since", "0", "--trace", str(tmp_path / "none" / "trace"))

    assert answer.status == 3
    assert "trace can't be read or written: No such file or directory" in answer.err


def test_tampering_with_a_fact_is_found_whatever_is_left_there(network: Rewire, store: Path) -> None:
    with sqlite3.connect(store) as other:
        other.execute("UPDATE stored_events SET state = replace(state, 'alice', 'mallory') WHERE rowid = 30")
    other.close()

    answer = network("verify")

    assert answer.status == 1
    assert answer.value["chain"] == "broken at 30"
