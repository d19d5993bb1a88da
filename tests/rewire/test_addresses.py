"""`rewire addresses`: how full a network is, what is free, and why an address is not."""

from __future__ import annotations

import json
from collections.abc import Callable
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


def asked(store: str, capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    assert cli.run(["--store", store, "addresses", *arguments, "-o", "json"]) == status
    return json.loads(capsys.readouterr().out)


def test_addresses_are_counted_and_listed(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = asked(store, capsys, "l3-d", "--free", "2", "--ip-version", "4", "--check", "10.6.0.100", status=1)
    assert told == {
        "total": 253,
        "available": 243,
        "used": 2,
        "reserved": 8,
        "free": ["10.6.0.11", "10.6.0.12"],
        "check": {
            "address": "10.6.0.100",
            "available": False,
            "reason": "gateway",
            "holder": "the gateway of l3-d",
            "because": told["check"]["because"],
        },
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
    ("address", "reason", "holder"),
    [
        ("10.6.0.1", "used", "vm-d1/l3-d"),
        ("10.6.0.5", "reserved", ""),
        ("10.7.0.1", "not-in-range", ""),
        ("FD00:6::1", "gateway", "the gateway of l3-d"),
        ("10.6.0.20", "", ""),
    ],
)
def test_an_address_is_checked(
    store: str, capsys: pytest.CaptureFixture[str], address: str, reason: str, holder: str
) -> None:
    told = asked(store, capsys, "l3-d", "--check", address, status=1 if reason else 0)["check"]
    assert bool(told.pop("because")) == bool(holder)
    assert told == {"address": address.lower(), "available": not reason, "reason": reason, "holder": holder}


TAKEN = """
- create-vip: {name: vip, l3: l3-d, address: 10.6.0.40}
- create-network-service-provider: {name: flat, type: Flat, services: [DHCP]}
- attach-network-service-to-l3-network: {l3: l3-d, services: {flat: [DHCP]}}
"""


def test_what_is_taken_is_listed_with_who_has_it(
    store: str, capsys: pytest.CaptureFixture[str], change: Callable[[str], str]
) -> None:
    assert cli.run(["--store", store, "apply", change(TAKEN), "-o", "json"]) == 0
    vip, _, service = (entry["positions"] for entry in json.loads(capsys.readouterr().out))
    taken = asked(store, capsys, "l3-d", "--taken", "5", "--ip-version", "4")["taken"]
    assert [(one["address"], one["holder"]) for one in taken] == [
        ("10.6.0.1", "vm-d1/l3-d"),
        ("10.6.0.10", "vm-d2/l3-d"),
        ("10.6.0.11", "the DHCP server of l3-d"),
        ("10.6.0.40", "VIP vip"),
        ("10.6.0.100", "the gateway of l3-d"),
    ]
    assert [one["because"] for one in taken[2:4]] == [service[:2], vip[:1]]
    assert cli.run(["--store", store, "show", "l3", "l3-d", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["dhcpServerIps"] == ["10.6.0.11", "fd00:6::102"]


def test_a_table_names_who_has_an_address(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("addresses", "l3-d", "--taken", "2", "--check", "10.6.0.100", "-o", "table")
    assert cli.run(["--store", store, *words]) == 1
    table = " ".join(capsys.readouterr().out.split())
    assert "(vm-d1/l3-d)" in table
    assert "10.6.0.100: gateway" in table
    assert "(the gateway of" in table


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
