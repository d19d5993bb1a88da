"""The agent's page tells of every option that its commands have, and of no other; its unit starts what there is."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from domain import host_network
from rewire.cli import cli
from rewire.commands.agent import INTERVAL_S, MEMORY
from rewire.commands.agent import command as agent
from rewire.commands.drift import command as drift


DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "agent.md").read_text()
UNIT = (DOCS / "rewire-agent.service").read_text()


def options(command: click.Command) -> set[str]:
    return {name for option in command.params if isinstance(option, click.Option) for name in option.opts[:1]}


def told(section: str) -> set[str]:
    """Give the options in the first column of a section's table."""
    rows = [line for line in section.splitlines() if line.startswith("| `-")]
    return {name for row in rows for name in re.findall(r"`(--?[a-z-]+)", row.split(" | ")[0])}


def test_the_page_tells_of_each_option_of_the_agent_and_of_no_other() -> None:
    assert told(PAGE.partition("## What it reports")[0]) == options(agent)


def test_the_page_tells_of_each_option_of_drift_and_of_no_other() -> None:
    assert told(PAGE.partition("## Drift without an agent")[2]) == options(drift)


def test_the_page_has_the_defaults_and_the_facts_that_the_code_has() -> None:
    facts = {fact.tag() for fact in host_network.FACTS} - {"host-network.forgotten"}

    assert f"nothing calls for one; {INTERVAL_S:g} |" in PAGE
    assert f"`{MEMORY}`" in PAGE
    assert set(re.findall(r"`(host-network\.[a-z-]+)`", PAGE)) == facts


def test_the_unit_starts_a_command_line_that_is_understood_and_leaves_servers_alive() -> None:
    line = next(line for line in UNIT.splitlines() if line.startswith("ExecStart="))
    _, _, words = line.partition("rewire ")

    name, *rest = words.split()
    assert name in cli.list_commands(click.Context(cli))
    assert {word for word in rest if word.startswith("--")} <= options(agent)
    assert {"KillMode=process", "Restart=always"} <= set(UNIT.splitlines())


@pytest.mark.parametrize("interval", ["0", "-1", "x"])
def test_an_interval_that_is_none_is_refused(interval: str) -> None:
    assert CliRunner().invoke(cli, ["agent", "--host", "h1", "--interval", interval]).exit_code == 2
