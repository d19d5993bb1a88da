"""What README.md has people type does what stands beside it, and prints what stands below it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


ROOT = Path(__file__).parent.parent
REWIRE = f"""rewire() {{ '{sys.executable}' -m rewire "$@"; }}"""
BY_CHANCE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\bnic[0-9a-f]{12}\b|\b\d+\.\d+ s\b")
"""Times, and devices named after MAC addresses."""
APART = ("unshare", "--mount", "--net")
"""Lets a shell make network namespaces that only it can see, once it has a `/run` of its own."""


def samples() -> list[tuple[str, list[str]]]:
    """Give the commands after a `$`, each with the lines that it is said to print."""
    found: list[tuple[str, list[str]]] = []
    within = False
    for line in (ROOT / "README.md").read_text().splitlines():
        if line.startswith("    $ "):
            found.append((line.removeprefix("    $ "), []))
        elif within and line.startswith("    "):
            found[-1][1].append(line.removeprefix("    "))
        within = line.startswith("    ") and (within or line.startswith("    $ "))
    return found


def on_kernels() -> list[str]:
    return [command for command, _ in samples() if "netns" in command]


def run(folder: Path, script: str, *before: str) -> subprocess.CompletedProcess[str]:
    """Run a shell as a user does, with a store of the folder's own."""
    here = {name: value for name, value in os.environ.items() if name != "REWIRE_STORE"}
    words = [*before, "sh", "-ec", f"{REWIRE}\n{script}"]
    return subprocess.run(words, cwd=folder, env=here, capture_output=True, text=True, check=False)


def blurred(lines: list[str]) -> list[str]:
    return [BY_CHANCE.sub("...", line) for line in lines]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


def test_every_command_is_done_and_prints_what_is_said(folder: Path) -> None:
    assert sum(bool(told) for _, told in samples()) == 2
    for command, told in samples():
        if command in on_kernels():
            continue
        done = run(folder, f"{command} -o table" if told else command)
        found = int(command.endswith("rewire problems"))  # the status says that there are some
        assert (done.returncode, done.stderr) == (found, ""), command
        assert not told or blurred(done.stdout.splitlines()) == blurred(told)


@pytest.mark.kernel("bridge", "tap", "veth")
def test_a_host_is_brought_to_its_plan_and_a_second_time_there_is_nothing_to_do(folder: Path) -> None:
    run(folder, samples()[0][0])
    script = "\n".join(["mount -t tmpfs none /run", *on_kernels(), "rewire realize host-3 --netns h3 -o table"])

    done = run(folder, script, *APART)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("nothing done: the host is at its plan\n")
