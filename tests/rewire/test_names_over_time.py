"""A name may have been another's: questions about the past mean whoever bore it then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rewire.cli import COMMANDS
from tests.rewire.conftest import Rewire


AGAIN = """
- destroy-vm: { vm: vm-a }
- create-vm: { name: vm-a, networks: [l3-2], host: host-3 }
"""


@pytest.fixture
def reborn(network: Rewire, change: Callable[[str], str]) -> Rewire:
    """The first picture's network, in which `vm-a` has become another VM on another network."""
    assert network("apply", change(AGAIN)).status == 0
    return network


def test_a_moment_means_the_bearer_of_that_moment(reborn: Rewire) -> None:
    assert reborn("audit", "same-domain", "vm-a", "vm-b", "--at", "68").status == 0
    assert reborn("audit", "same-domain", "vm-a", "vm-b").status == 1
    assert reborn("audit", "same-domain", "vm-a", "vm-d").status == 0


def test_ever_means_every_bearer(reborn: Rewire) -> None:
    assert reborn("audit", "same-domain", "vm-a", "vm-b", "--ever").status == 0
    assert reborn("audit", "same-domain", "vm-a", "vm-d", "--ever").status == 0


def test_a_history_by_name_is_that_of_every_bearer(reborn: Rewire) -> None:
    tags = [fact["fact"] for fact in reborn("history", "vm-a").value]

    assert tags.count("vm.created") == 2


@pytest.mark.parametrize(
    "words",
    [("--ever", "--at", "5"), ("--between", "now", "3"), ("--between", "3", "2999-01-01"), ("--at", "2999-01-01")],
)
def test_a_window_that_is_none_is_misuse(network: Rewire, words: tuple[str, ...]) -> None:
    answer = network("audit", "same-domain", "vm-a", "vm-c", *words)

    assert answer.status == 2
    assert answer.err.startswith("error: invalid-argument: ")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_by_its_short_name(rewire: Rewire, name: str) -> None:
    answer = rewire(name, "-h")

    assert answer.status == 0
    assert answer.out.startswith(f"Usage: rewire {name} ")


def test_a_while_ago_may_be_an_argument(network: Rewire) -> None:
    assert network("diff", "-1h", "now").value["reach"]["gained"] != []
