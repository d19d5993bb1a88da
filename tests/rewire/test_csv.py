"""Lists as CSV have one header, whatever is in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from projections import inventory
from rewire import fields
from tests.rewire.conftest import EXAMPLES, Rewire
from tests.test_examples import applied


def header(text: str) -> tuple[str, ...]:
    return tuple(next(csv.reader(io.StringIO(text))))


@pytest.fixture(scope="module")
def shown() -> dict[str, list[str]]:
    """Give, for each kind, the fields that objects of the examples have, in order."""
    found: dict[str, list[str]] = {}
    for path in sorted(EXAMPLES.glob("*.yaml")):
        topology = applied(path.name).topology
        for kind, rows in inventory.KINDS.items():
            found.setdefault(kind, []).extend(key for row in rows(topology) for key in row)
    return {kind: list(dict.fromkeys(keys)) for kind, keys in found.items()}


@pytest.mark.parametrize("kind", sorted(set(inventory.KINDS) - {"l2"}))
def test_a_header_names_the_fields_that_objects_have(shown: dict[str, list[str]], kind: str) -> None:
    assert list(fields.SHOWN[kind]) == shown[kind]


def test_a_header_of_l2_networks_has_the_fields_of_every_type(shown: dict[str, list[str]]) -> None:
    assert set(fields.SHOWN["l2"]) == {*shown["l2"], "greKey", "number"}


@pytest.mark.parametrize("kind", sorted(inventory.KINDS))
def test_a_list_without_objects_has_its_header(network: Rewire, kind: str) -> None:
    assert network("show", kind, "--at", "0", "-o", "csv").out == ",".join(fields.SHOWN[kind]) + "\n"


def test_a_list_with_objects_has_the_same_header(network: Rewire) -> None:
    for kind in inventory.KINDS:
        assert header(network("show", kind, "-o", "csv").out) == fields.SHOWN[kind]


@pytest.mark.parametrize(
    ("words", "expected"),
    [(("domains",), fields.DOMAINS), (("history",), fields.HISTORY), (("problems",), fields.PROBLEMS)],
)
def test_every_list_has_a_header(rewire: Rewire, words: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert rewire("apply", str(EXAMPLES / "fabric-wrong-trunk.yaml")).status == 0
    empty, full = (rewire(*words, *at, "-o", "csv").out for at in (("--at", "0"), ()))
    assert (empty, header(full)) == (",".join(expected) + "\n", expected)
    assert len(full.splitlines()) > 1


def test_what_became_of_no_steps_has_a_header(rewire: Rewire, change: Callable[[str], str]) -> None:
    some, none = (rewire("apply", change(text), "-o", "csv").out for text in ("- create-zone: {name: z}", "[]"))
    assert header(some) == header(none) == fields.STEPS
    assert len(none.splitlines()) == 1
