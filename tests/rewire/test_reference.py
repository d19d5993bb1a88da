"""The reference is made from the code, and says neither less nor something else."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from domain import aggregates, claims, host, l2, l3, port_forwarding, provider_types, security_group, switch
from domain import commands as c
from domain.commands import COMMANDS, Mode
from domain.transaction import Transaction
from rewire import reference
from rewire.change_file import BESIDE


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


@pytest.mark.parametrize(
    ("command", "field", "choices"),
    [
        ("add-security-group-rule", "direction", security_group.Direction),
        ("add-security-group-rule", "protocol", security_group.Protocol),
        ("create-port-forwarding-rule", "protocol", port_forwarding.Protocol),
        ("create-l3-network", "category?", l3.Category),
        ("update-l3-network", "allocator?", l3.Allocator),
        ("change-l3-network-state", "state", l3.Condition),
        ("set-host-state", "state", host.Condition),
        ("create-l2-vxlan-network", "realize?", l2.Realize),
        ("set-switch-port", "mode", switch.Mode),
        ("delete-host", "mode?", Mode),
    ],
)
def test_a_field_that_takes_a_few_words_has_them_all(command: str, field: str, choices: object) -> None:
    assert f"| {field} | {', '.join(get_args(choices))} |" in reference.page(command, COMMANDS[command])


def test_services_are_told_with_what_their_keys_and_values_are() -> None:
    page = reference.page("attach-network-service-to-l3-network", c.AttachNetworkServiceToL3Network)
    (row,) = [line for line in page.splitlines() if line.startswith("| services |")]

    assert row.startswith("| services | mapping: each provider, by its name, to a list of ")
    assert all(service in row for kind in provider_types.BUILT_IN.values() for service in kind.services)


def test_what_may_stand_beside_a_command_is_told() -> None:
    assert all(f"- `{key}`: {meaning}\n" in reference.commands() for key, meaning in BESIDE.items())


def test_what_a_command_records_stands_on_its_page() -> None:
    """Every fact of the golden history stands on the page of some command."""
    listed = reference.commands()

    golden = (GOLDEN / "part2.jsonl").read_text().splitlines()
    tags = {msgspec.json.decode(line)[2] for line in golden}
    assert {tag for tag in tags if f"`{tag}`" not in listed} == set()


@pytest.mark.parametrize(
    ("tag", "command"),
    [("host.bond-declared", "add-host"), ("l3.updated", "update-l3-network"), ("host.state-changed", "set-host-state")],
)
def test_a_fact_of_one_command_stands_on_no_other_page(tag: str, command: str) -> None:
    """A fact that is only applied, or a form that two facts share, is not recorded."""
    pages = (reference.page(name, kind).split("Refused with:")[0] for name, kind in sorted(COMMANDS.items()))
    assert [page.split()[1] for page in pages if f"`{tag}`" in page] == [command]


def test_a_claim_that_is_only_looked_up_refuses_nobody() -> None:
    def look(t: Transaction) -> str:
        return t.holder(claims.router(""))

    def take(t: Transaction) -> None:
        t.take(claims.router(""), "")

    assert reference.reach(look)[1] == set()
    assert reference.reach(take)[1] == {"conflict"}


def test_the_schema_knows_every_kind_of_fact_by_its_tag() -> None:
    document = msgspec.json.decode(reference.facts_schema())

    assert sorted(document["$defs"]) == sorted(fact.tag() for fact in aggregates.FACTS)
    assert document["$defs"]["zone.created"]["required"] == ["fact", "name"]
