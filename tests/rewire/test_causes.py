"""Deletion at the door: refused with all that is in the way, done with its causes, plans and lists afterwards."""

from __future__ import annotations

from collections.abc import Callable

from tests.rewire.conftest import Rewire


Change = Callable[[str], str]


def test_a_deletion_that_is_refused_names_what_is_in_the_way(network: Rewire, change: Change) -> None:
    answer = network("apply", change("- delete-host: {host: host-1}"))
    assert answer.status == 1
    (step,) = answer.value
    assert step["error"]["code"] == "still-in-use"
    assert step["error"]["conflicts"]


def test_each_fact_of_a_cascade_names_the_position_it_made_way_for(network: Rewire, change: Change) -> None:
    before = network("history").value[-1]["position"]
    zone = network("show", "zone").value[0]["name"]
    steps = f"- delete-zone: {{zone: {zone}, mode: enforcing}}"
    assert network("apply", change(steps)).status == 0
    facts = network("history", "--since", str(before)).value
    positions = {fact["position"] for fact in facts}
    assert facts[-1]["fact"] == "zone.deleted"
    assert [fact["fact"] for fact in facts if fact["cause"] is None] == ["zone.deleted"]
    assert {fact["cause"] for fact in facts if fact["cause"]} <= positions
    assert network("verify").status == 0
    for kind in ("zone", "cluster", "host", "l2", "l3", "vm", "nic"):
        assert network("show", kind).value == []
    assert network("show", "zone", "--at", str(before)).value


def test_a_plan_lists_meshes_and_what_plugins_make(rewire: Rewire, change: Change) -> None:
    steps = """
- create-zone: {name: z}
- create-cluster: {name: c, zone: z}
- add-host: {name: h, cluster: c, interfaces: [bond0=eth0+eth1], address: 10.0.0.1}
- create-l2-ovs-gre-network: {name: g, zone: z, physical-interface: bond0, key: 7}
- attach-l2-network-to-cluster: {l2: g, cluster: c}
"""
    assert rewire("apply", change(steps)).status == 0
    plan = rewire("plan", "h").value
    assert [(mesh["bridge"], mesh["key"], mesh["local"]) for mesh in plan["meshes"]] == [("ovs7", 7, "10.0.0.1")]
    assert plan["customs"] == []
    assert "key 7" in rewire("plan", "h", "-o", "table").out
    assert rewire("show", "host", "h").value["bonds"] == {"bond0": ["eth0", "eth1"]}
