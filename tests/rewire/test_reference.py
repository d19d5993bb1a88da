"""The reference is made from the code, and says neither less nor something else."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from domain import aggregates
from domain.commands import COMMANDS
from rewire import reference


DOCS = Path(__file__).parents[2] / "docs"
GOLDEN = Path(__file__).parents[1] / "domain" / "golden"
REMEDY = "run `make docs`"


def test_the_page_of_commands_is_that_of_the_code() -> None:
    assert (DOCS / "commands.md").read_text() == reference.commands(), REMEDY


def test_the_schema_of_facts_is_that_of_the_code() -> None:
    assert (DOCS / "facts.schema.json").read_bytes() == reference.facts_schema(), REMEDY


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_its_page_with_every_field(name: str) -> None:
    page = reference.commands().split(f"\n## {name}\n")[1].split("\n## ")[0]

    assert all(f"| {field.encode_name}" in page for field in msgspec.structs.fields(COMMANDS[name]))
    assert "Refused with: `" in page


def test_what_a_command_records_stands_on_its_page() -> None:
    """Every fact of the golden history stands on the page of some command."""
    listed = reference.commands()

    golden = (GOLDEN / "part2.jsonl").read_text().splitlines()
    tags = {msgspec.json.decode(line)[2] for line in golden}
    assert {tag for tag in tags if f"`{tag}`" not in listed} == set()


def test_the_schema_knows_every_kind_of_fact_by_its_tag() -> None:
    document = msgspec.json.decode(reference.facts_schema())

    assert sorted(document["$defs"]) == sorted(fact.tag() for fact in aggregates.FACTS)
    assert document["$defs"]["zone.created"]["required"] == ["fact", "name"]
