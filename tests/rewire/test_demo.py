"""The demonstration plays to its end, and what it claims is true."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rewire import cli
from rewire.demo import wire


ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Run it as a user does, away from the checkout."""
    words = [sys.executable, "-m", "rewire", "demo"]
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder)
    assert done.stderr == ""
    assert done.returncode == 0
    assert not list(folder.iterdir())
    return " ".join(done.stdout.split())


def test_it_plays_every_scene(shown: str) -> None:
    assert all(f" {number}. " in f" {shown}" for number in range(1, 9))


def test_it_foretells_what_then_happens(shown: str) -> None:
    question, answer = shown.split("3. The rewiring")
    assert "vm-a can no longer reach vm-c" in question
    assert "l2-1 zone-1/eth0/untagged host-1, host-2 vm-a/l3-1, vm-b/l3-1" in answer


def test_it_answers_the_auditor(shown: str) -> None:
    assert "yes: vm-a - vm-a/l3-1 - l2-1 - vm-c/l3-1 - vm-c" in shown
    assert "no: vm-a and vm-d were not in one broadcast domain" in shown


def test_frames_agree_or_it_says_why_there_are_none(shown: str) -> None:
    assert "CONTRADICT" not in shown
    assert "agree with the projection" in shown or "left out here" in shown


def test_without_root_the_wire_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert wire.lacking() == "it needs root: try `sudo make demo`"


def test_away_from_a_checkout_it_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("rewire.demo.stage.EXAMPLES", tmp_path / "none")

    assert cli.run(["demo"]) == 2
    assert "run it from a checkout" in capsys.readouterr().err
