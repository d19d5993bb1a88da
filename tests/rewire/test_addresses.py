"""`rewire addresses`: how full a network is, what is free, and why an address is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rewire import cli


EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "dual-stack.yaml"


@pytest.fixture
def store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    url = f"sqlite:{tmp_path}/rewire.db"
    assert cli.run(["--store", url, "apply", str(EXAMPLE)]) == 0
    capsys.readouterr()
    return url


def asked(store: str, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert cli.run(["--store", store, "addresses", *arguments, "-o", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_addresses_are_counted_and_listed(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = asked(store, capsys, "l3-d", "--free", "2", "--ip-version", "4", "--check", "10.6.0.100")
    assert told == {
        "total": 253,
        "available": 243,
        "used": 2,
        "reserved": 8,
        "free": ["10.6.0.11", "10.6.0.12"],
        "check": {"address": "10.6.0.100", "available": False, "reason": "gateway"},
    }


def test_both_families_add_up(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = asked(store, capsys, "l3-d", "--free", "300")
    assert (told["total"], told["available"], told["used"], told["reserved"]) == (65773, 65521, 4, 248)
    assert told["free"][242:244] == ["10.6.0.254", "fd00:6::102"]
    assert "check" not in told


def test_a_count_beyond_every_json_reader_is_text(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = asked(store, capsys, "l3-slaac", "--free", "1")
    assert told == {
        "total": str(2**64 - 2),
        "available": str(2**64 - 3),
        "used": 1,
        "reserved": 0,
        "free": ["fd00:8::2"],
    }


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("10.6.0.1", "used"),
        ("10.6.0.5", "reserved"),
        ("10.7.0.1", "not-in-range"),
        ("FD00:6::1", "gateway"),
        ("10.6.0.20", ""),
    ],
)
def test_an_address_is_checked(store: str, capsys: pytest.CaptureFixture[str], address: str, reason: str) -> None:
    told = asked(store, capsys, "l3-d", "--check", address)["check"]
    assert told == {"address": address.lower(), "available": not reason, "reason": reason}


def test_the_past_had_other_free_addresses(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = asked(store, capsys, "l3-d", "--free", "1", "--at", "19")
    assert told["used"] == 0


def test_a_table_is_for_people(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--store", store, "addresses", "l3-slaac", "--check", "fd00:8::9", "-o", "table"]) == 0
    assert "fd00:8::9 is free" in " ".join(capsys.readouterr().out.split())


def test_what_is_no_network_or_no_address_is_said(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--store", store, "addresses", "nobody"]) == 1
    assert cli.run(["--store", store, "addresses", "l3-d", "--check", "ten"]) == 1
    assert "unknown-object" in (error := capsys.readouterr().err)
    assert "invalid-argument" in error
