"""`rewire drift` without a host tells what hosts reported, and never seems to have looked at one."""

from __future__ import annotations

import pytest

from tests.rewire.conftest import Rewire


@pytest.mark.parametrize("words", [("--netns", "nh1"), ("--no-heal",), ("--allow", "docker*"), ("--plug", "tap")])
def test_how_to_look_without_which_host_is_refused(network: Rewire, words: tuple[str, ...]) -> None:
    answer = network("drift", *words)

    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith(
        f"error: invalid-argument: {words[0]} is for a look at a host: give its name, HOST, too."
    )


def test_what_is_no_wish_for_a_look_is_none(network: Rewire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REWIRE_STATE", "/run/elsewhere")

    assert network("drift", "-o", "json").value == []
