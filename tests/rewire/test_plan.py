"""`rewire plan`: what a host lets through, and what becomes of the rest, with the facts it rests on."""

from __future__ import annotations

from collections.abc import Callable

from tests.rewire.conftest import EXAMPLES, Rewire


EGRESS = "- add-security-group-rule: {group: data, direction: egress, protocol: UDP, ports: 53}"


def test_a_plan_tells_what_nics_in_groups_may_do(rewire: Rewire, change: Callable[[str], str]) -> None:
    assert rewire("apply", str(EXAMPLES / "security-groups.yaml")).status == 0
    (step,) = rewire("apply", change(EGRESS)).value
    services = rewire("plan", "host-s1").value["services"]
    groups = {group["uuid"]: group["name"] for group in rewire("show", "security-group").value}
    shields = {groups[one["groups"][0]]: one for one in services if "groups" in one}
    told = {name: (one["service"], one["ingress"], one["egress"], one["ips"]) for name, one in shields.items()}
    assert told == {
        "web": ("SecurityGroup", "closed", "open", ["10.2.0.10"]),
        "data": ("SecurityGroup", "closed", "closed", ["10.2.0.12"]),
    }
    assert step["positions"][0] in shields["data"]["because"]
    assert {one["group"] for one in services if "filters" in one} == set(groups)


def test_a_plan_lists_policies_for_people(rewire: Rewire) -> None:
    assert rewire("apply", str(EXAMPLES / "security-groups.yaml")).status == 0
    table = " ".join(rewire("plan", "host-s1", "-o", "table").out.split())
    assert "ingress closed" in table


def test_a_rule_without_ports_shows_none(rewire: Rewire, change: Callable[[str], str]) -> None:
    text = (
        "- create-security-group: {name: g}\n- add-security-group-rule: {group: g, direction: egress, protocol: ICMP}"
    )
    assert rewire("apply", change(text)).status == 0
    (rule,) = rewire("show", "security-group", "g").value["rules"]
    assert (rule["startPort"], rule["endPort"]) == (None, None)
    assert "Port" not in rewire("show", "security-group", "-o", "table").out
