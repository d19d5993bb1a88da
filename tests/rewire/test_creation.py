"""A package that wants a say in L2 networks has it: it may refuse one, and hears of those that are there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugins import creation
from tests.plugins.distribution import install
from tests.rewire.conftest import Rewire


ENTRIES = "[rewire.l2_network_create]\nnaming = tests.plugins.creation:Naming\n"
ZONE = "- create-zone: {name: z}\n"


def a_network(name: str) -> str:
    return f"- create-l2-no-vlan-network: {{name: {name}, zone: z, physical-interface: eth0}}\n"


@pytest.fixture
def naming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    install(folder, "rewire_naming", ENTRIES)
    monkeypatch.setattr(creation, "heard", [])


def names(rewire: Rewire) -> list[str]:
    return [shown["name"] for shown in rewire("show", "l2").value]


def test_a_plugin_may_refuse_an_l2_network_before_it_is_there(
    rewire: Rewire, change: Callable[[str], str], naming: None
) -> None:
    answer = rewire("apply", change(ZONE + a_network("allowed") + a_network("forbidden")))

    assert answer.status == 1
    assert "no L2 network may be called forbidden here" in answer.err
    assert names(rewire) == ["allowed"]


def test_a_plugin_hears_of_what_was_recorded_and_of_nothing_else(
    rewire: Rewire, change: Callable[[str], str], naming: None
) -> None:
    rewire("apply", "--dry-run", change(ZONE + a_network("never")))
    rewire("apply", "--atomic", change(ZONE + a_network("undone") + a_network("forbidden")))
    rewire("apply", change(ZONE + a_network("plain")))

    (shown,) = rewire("show", "l2").value
    assert creation.heard == [("plain", shown["uuid"])]


def test_a_dry_run_is_refused_what_a_plugin_refuses(rewire: Rewire, change: Callable[[str], str], naming: None) -> None:
    assert rewire("apply", "--dry-run", change(ZONE + a_network("forbidden"))).status == 1


def test_a_plugin_that_breaks_afterwards_is_told_and_undoes_nothing(
    rewire: Rewire, change: Callable[[str], str], naming: None
) -> None:
    answer = rewire("apply", change(ZONE + a_network("cursed")))

    assert answer.status == 0
    assert "Naming failed to hear of the L2 network" in answer.err
    assert names(rewire) == ["cursed"]


def test_where_nothing_is_installed_networks_are_made_as_ever(rewire: Rewire, change: Callable[[str], str]) -> None:
    assert rewire("apply", change(ZONE + a_network("forbidden"))).status == 0
