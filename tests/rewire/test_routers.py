"""Virtual routers at the door: what a host must have for one, who they are, and which has no way out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rewire.conftest import EXAMPLES, Rewire


@pytest.fixture
def routed(rewire: Rewire) -> Rewire:
    """A command line on a network with a router on host-p2."""
    assert rewire("apply", str(EXAMPLES / "provider-change.yaml")).status == 0
    return rewire


def test_a_plan_has_the_routers_with_all_their_nics(routed: Rewire) -> None:
    (found,) = routed("plan", "host-p2").value["routers"]
    (shown,) = routed("show", "router").value
    assert (found["router"], found["l3"], found["gateway"]) == (shown["uuid"], shown["l3NetworkUuid"], "203.0.113.1")
    assert [(leg["device"], leg["mac"]) for leg in found["legs"]] == [(n["device"], n["mac"]) for n in shown["nics"]]
    assert [leg["addresses"] for leg in found["legs"]] == [["10.1.0.1/24"], ["203.0.113.10/24", "203.0.113.15/32"]]
    assert routed("plan", "host-p1").value["routers"] == []


def test_a_plan_lists_the_nics_of_routers_for_people(routed: Rewire) -> None:
    table = " ".join(routed("plan", "host-p2", "-o", "table").out.split())
    assert "way out" in table
    assert "to 203.0.113.10" in table


def test_a_router_is_shown_by_its_uuid(routed: Rewire) -> None:
    (found,) = routed("show", "router").value
    assert routed("show", "router", found["uuid"]).value == found
    assert found["nics"][1]["ips"] == ["203.0.113.10"]


def test_a_network_without_a_way_out_is_a_problem(routed: Rewire, change: Callable[[str], str]) -> None:
    assert routed("problems").status == 0
    (step,) = routed("apply", change("- delete-l3-network: {l3: l3-public, mode: enforcing}")).value
    answer = routed("problems")
    (problem,) = answer.value
    assert (answer.status, problem["kind"], problem["l2"]) == (1, "no-way-out", ["vlan-guest"])
    assert set(problem["because"]) & set(step["positions"])
