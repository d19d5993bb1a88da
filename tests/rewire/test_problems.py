"""`rewire problems`, and what hosts report, at the door."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rewire.conftest import EXAMPLES, Rewire


@pytest.fixture
def wrong_trunk(rewire: Rewire) -> Rewire:
    """A command line on the example's network, with both its mistakes."""
    assert rewire("apply", str(EXAMPLES / "fabric-wrong-trunk.yaml")).status == 0
    return rewire


def test_problems_are_told_with_their_facts_and_a_status_of_1(wrong_trunk: Rewire) -> None:
    answer = wrong_trunk("problems", "-o", "json")

    assert answer.status == 1
    split, leak, overlap, gateways, nics = answer.value
    assert split == {
        "kind": "split",
        "l2": ["racks-20"],
        "segments": ["tor-1/vlan20", "tor-2/vlan20"],
        "hosts": ["host-f1", "host-f2", "host-f3"],
        "because": split["because"],
        "what": "L2 network racks-20 is 2 domains: host-f1, host-f2 on tor-1/vlan20; host-f3 on tor-2/vlan20",
    }
    assert [p["kind"] for p in (leak, overlap)] == ["leak", "ranges-overlap"]
    assert [p["kind"] for p in (gateways, nics)] == ["address-collision"] * 2
    facts = {f["position"]: f["fact"] for f in wrong_trunk("history").value}
    assert [facts[p] for p in split["because"]] == ["switch.port-set"]
    assert [facts[p] for p in leak["because"]] == ["l2.attached-to-cluster", "switch.port-set"]
    assert [facts[p] for p in gateways["because"]] == ["l3.ip-range-added", "l3.ip-range-added"]
    assert [facts[p] for p in nics["because"]] == ["vm.nic-attached", "vm.nic-attached"]


def test_before_the_mistakes_there_was_no_problem(wrong_trunk: Rewire) -> None:
    (first,) = wrong_trunk("problems").value[0]["because"]
    answer = wrong_trunk("problems", "--at", str(first - 1), "-o", "json")
    assert (answer.status, answer.value) == (0, [])


def test_a_table_tells_each_problem_in_a_sentence(wrong_trunk: Rewire) -> None:
    answer = wrong_trunk("problems", "-o", "table")
    assert answer.status == 1
    assert "split" in answer.out


def test_no_problem_is_told_as_such(network: Rewire) -> None:
    answer = network("problems", "-o", "table")
    assert (answer.status, answer.out.strip()) == (0, "all is as it was meant")


def test_a_switch_inventory_shows_ports_and_cables(wrong_trunk: Rewire) -> None:
    ports = {port["name"]: port for port in wrong_trunk("show", "switch", "tor-1").value["ports"]}
    trunk = {"name": "up", "mode": "trunk", "vlans": "10,30-40", "native": None, "cabledTo": "tor-2:up"}
    assert ports["up"] == trunk
    assert ports["s1"] == {"name": "s1", "mode": "access", "vlan": 30, "cabledTo": "host-f1:eth1"}


def test_verify_finds_the_timeline_of_a_fabric_equal(wrong_trunk: Rewire) -> None:
    assert wrong_trunk("verify").value["projections"] == "equal"


REPORTS = """
- report-l2-realized: { host: host-1, l2: l2-1, milliseconds: 12 }
- report-l2-realized: { host: host-2, l2: l2-1 }
- report-l2-realized: { host: host-3, l2: l2-1 }
- report-drift: { host: host-2, l2: l2-1, what: the bridge is down }
- report-drift: { host: host-2, l2: l2-9, what: the bridge is down }
  expect-error: unknown-object
"""


def test_the_levels_of_domains_come_from_reports(network: Rewire, change: Callable[[str], str]) -> None:
    assert network("domains", "--level", "realized").value[0]["hosts"] == []
    assert network("apply", change(REPORTS)).status == 0
    hosts = {level: network("domains", "--level", level).value[0]["hosts"] for level in ("realized", "observed")}
    assert hosts == {"realized": ["host-1", "host-2", "host-3"], "observed": ["host-1", "host-3"]}
    assert {d["level"] for d in network("domains", "--level", "observed").value} == {"observed"}


def test_a_plan_tells_what_a_host_is_to_give_up(network: Rewire, change: Callable[[str], str]) -> None:
    assert network("plan", "host-3").value["leftovers"] == []
    assert network("apply", change(REPORTS)).status == 0
    (left,) = network("plan", "host-3").value["leftovers"]
    facts = {f["position"]: f["fact"] for f in network("history").value}
    assert left["l2"] == "l2-1"
    assert [facts[p] for p in left["because"]] == ["l2.detached-from-cluster", "host-network.realized"]
    answer = network("problems", "-o", "json")
    assert answer.status == 1
    assert [(p["kind"], p["hosts"]) for p in answer.value] == [("drifted", ["host-2"]), ("stale", ["host-3"])]


def test_a_plan_as_a_table_tells_what_is_left_behind(network: Rewire, change: Callable[[str], str]) -> None:
    assert "left behind" not in network("plan", "host-3", "-o", "table").out
    assert network("apply", change(REPORTS)).status == 0
    (left,) = network("plan", "host-3").value["leftovers"]
    (line,) = [text for text in network("plan", "host-3", "-o", "table").out.splitlines() if "left behind" in text]
    told = [*left["devices"], "l2-1", "to be removed", *map(str, left["because"])]
    assert [word for word in told if word not in line] == []
    steps = f"""
- delete-l2-network: {{ l2: l2-1, mode: enforcing }}
- report-l2-removed: {{ host: host-3, l2: {left["uuid"]} }}
"""
    assert network("apply", change(steps)).status == 0
    assert network("plan", "host-3").value["leftovers"] == []


def test_placement_leaves_out_a_host_that_drifted(network: Rewire, change: Callable[[str], str]) -> None:
    assert network("apply", change(REPORTS)).status == 0
    excluded = {e["host"]: (e["why"], e["l2"]) for e in network("placement", "--networks", "l2-1").value["excluded"]}
    assert excluded["host-2"] == ("the host reported that it drifted: the bridge is down", "l2-1")
