"""From what a host has to what it must have, and back; what is foreign is never touched."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given as property_of

from domain import host
from projections import plan as plans
from projections.diff import diff
from projections.found import Address, Found, Link, Route, bare_host
from projections.marks import mark_of, uplink_in
from projections.obstacles import obstacles
from projections.operations import Operation, apply_all, describe
from projections.plan import HostPlan
from tests.builders import A_POOL, ONE_HOST, a_cidr, a_no_vlan, a_vlan, a_vm, a_vxlan, an_l3, attach, detach
from tests.given import Case, given
from tests.machines.planned import lived_in
from tests.strategies import cases


MAC = "52:54:00:00:00:01"
ENDS = ("10.0.0.1",)
FULL = (
    *A_POOL,
    a_vxlan(),
    a_no_vlan(),
    attach("plain"),
    a_vlan(),
    attach("v10"),
    an_l3(),
    a_cidr(),
    a_vm(mac=MAC, host="h1"),
)
"""Host h1 with one network of each type, and a NIC on VLAN 10."""


def plan_of(case: Case) -> HostPlan:
    return plans.plan(case.topology, case.id("host", "h1"))


def told(operations: tuple[Operation, ...]) -> list[str]:
    return [describe(operation) for operation in operations]


def change(found: Found, name: str, **fields: object) -> Found:
    link = msgspec.structs.replace(found.links[name], **fields)
    return msgspec.structs.replace(found, links=found.links.set(name, link))


def add(found: Found, link: Link) -> Found:
    return msgspec.structs.replace(found, links=found.links.set(link.name, link))


def test_a_bare_host_is_built_bridges_first_and_its_addresses_move() -> None:
    before = lived_in(("eth0",))
    assert told(diff(plan_of(given(*FULL)), before)) == [
        "create-bridge br_vx_100",
        "create-bridge br_eth0",
        "enslave eth0 to br_eth0",
        "move-address 10.7.0.1/24 eth0 -> br_eth0",
        "move-address 10.7.0.2/24 eth0 -> br_eth0",
        "move-route 0.0.0.0/0 eth0 -> br_eth0",
        "move-route 10.8.0.0/24 eth0 -> br_eth0",
        "create-bridge br_eth0_10",
        "create-vlan eth0.10",
        "create-tunnel vxlan100",
        "create-port nic525400000001",
        "add-peer vxlan100 10.0.0.2",
    ]


def test_an_empty_plan_takes_everything_of_ours_away_and_gives_the_addresses_back() -> None:
    before = lived_in(("eth0",))
    after = apply_all(before, diff(plan_of(given(*FULL)), before))
    undone = diff(HostPlan("h1", 0), after)
    assert told(undone) == [
        "delete eth0.10",
        "delete nic525400000001",
        "delete vxlan100",
        "move-address 10.7.0.1/24 br_eth0 -> eth0",
        "move-address 10.7.0.2/24 br_eth0 -> eth0",
        "move-route 0.0.0.0/0 br_eth0 -> eth0",
        "move-route 10.8.0.0/24 br_eth0 -> eth0",
        "release eth0",
        "delete br_eth0",
        "delete br_eth0_10",
        "delete br_vx_100",
    ]
    assert apply_all(after, undone) == before


def test_a_host_at_its_plan_has_nothing_to_do() -> None:
    plan, before = plan_of(given(*FULL)), lived_in(("eth0", "eth1"))
    after = apply_all(before, diff(plan, before))
    assert diff(plan, after) == ()
    assert obstacles(plan, after) == ()


def test_a_run_cut_off_after_any_operation_is_made_good_by_the_next() -> None:
    plan, before = plan_of(given(*FULL)), lived_in(("eth0",))
    there = diff(plan, before)
    goal = apply_all(before, there)
    for done in range(len(there)):
        found = apply_all(before, there[:done])
        assert apply_all(found, diff(plan, found)) == goal
    back = diff(HostPlan("h1", 0), goal)
    for done in range(len(back)):
        found = apply_all(goal, back[:done])
        assert apply_all(found, diff(HostPlan("h1", 0), found)) == before


@property_of(cases())
def test_from_any_plan_of_a_history_to_the_last_one_and_nothing_is_left_over(case: Case) -> None:
    uuid = case.id("host", "h2")
    interfaces = case.topology.state(uuid, host.Host).interfaces
    goal = plans.plan(case.topology, uuid)
    fresh = apply_all(lived_in(interfaces), diff(goal, lived_in(interfaces)))
    for at in range(case.network.position() // 2, case.network.position(), 7):
        old = plans.plan(case.at(case.network.settled(at)), uuid)
        found = apply_all(lived_in(interfaces), diff(old, lived_in(interfaces)))
        assert apply_all(found, diff(goal, found)) == fresh


@pytest.mark.parametrize(
    ("name", "fields", "mended"),
    [
        ("br_eth0_10", {"up": False}, ["set-up br_eth0_10"]),
        ("eth0", {"up": False}, ["set-up eth0"]),
        ("eth0", {"bridge": ""}, ["enslave eth0 to br_eth0"]),
        ("eth0.10", {"bridge": ""}, ["enslave eth0.10 to br_eth0_10"]),
        ("eth0.10", {"bridge": "br_eth0"}, ["enslave eth0.10 to br_eth0_10"]),
        ("vxlan100", {"mtu": 9000}, ["set-mtu vxlan100"]),
        ("vxlan100", {"mark": "rewire old"}, ["mark vxlan100"]),
        (
            "nic525400000001",
            {"bridge": "", "up": False},
            ["enslave nic525400000001 to br_eth0_10", "set-up nic525400000001"],
        ),
        ("eth0.10", {"number": 11}, ["delete eth0.10", "create-vlan eth0.10"]),
        (
            "vxlan100",
            {"local": "10.0.0.9"},
            ["delete vxlan100", "create-tunnel vxlan100", "add-peer vxlan100 10.0.0.2"],
        ),
    ],
)
def test_what_differs_on_a_link_of_ours_is_mended(name: str, fields: dict[str, object], mended: list[str]) -> None:
    plan, bare = plan_of(given(*FULL)), bare_host(("eth0",), ENDS)
    goal = apply_all(bare, diff(plan, bare))
    found = change(goal, name, **fields)
    operations = diff(plan, found)
    assert [o for o in told(operations) if not o.startswith("remove-peer")] == mended
    assert apply_all(found, operations) == goal


def test_peers_come_and_go_and_foreign_ones_are_left_alone() -> None:
    plan, bare = plan_of(given(*FULL)), bare_host(("eth0",), ENDS)
    goal = apply_all(bare, diff(plan, bare))
    found = msgspec.structs.replace(goal, peers=frozenset({("vxlan100", "10.0.0.9"), ("theirs", "10.0.0.8")}))
    assert told(diff(plan, found)) == ["remove-peer vxlan100 10.0.0.9", "add-peer vxlan100 10.0.0.2"]


# what is foreign


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("br_eth0_10", {"br_eth0_10", "eth0.10", "nic525400000001"}),
        ("eth0.10", {"br_eth0_10", "eth0.10", "nic525400000001"}),
        ("nic525400000001", {"br_eth0_10", "eth0.10", "nic525400000001"}),
        ("br_eth0", {"br_eth0", "eth0"}),
        ("vxlan100", {"br_vx_100", "vxlan100"}),
        ("br_vx_100", {"br_vx_100", "vxlan100"}),
    ],
)
def test_a_foreign_device_in_the_way_keeps_its_network_out_and_no_other(name: str, lost: set[str]) -> None:
    plan = plan_of(given(*FULL))
    found = add(bare_host(("eth0",), ENDS), Link(name, "other"))
    (obstacle,) = obstacles(plan, found)
    assert obstacle.name == name
    made = {link for o in diff(plan, found) for link in [getattr(o, "name", getattr(o, "tunnel", ""))]}
    assert made == {"br_eth0", "eth0", "br_vx_100", "vxlan100", "br_eth0_10", "eth0.10", "nic525400000001"} - lost
    assert apply_all(found, diff(plan, found)).links[name] == Link(name, "other")


def test_an_interface_that_is_missing_or_somebody_elses_is_an_obstacle() -> None:
    plan = plan_of(given(*FULL))
    assert {o.name for o in obstacles(plan, bare_host(("eth1",), ENDS))} == {"eth0"}
    taken = add(change(bare_host(("eth0",), ENDS), "eth0", bridge="docker0"), Link("docker0", "bridge"))
    (obstacle,) = obstacles(plan, taken)
    assert obstacle.why == "interface eth0 is a port of docker0 already"
    assert "enslave eth0 to br_eth0" not in told(diff(plan, taken))


def test_an_interface_moves_over_from_an_old_bridge_of_ours() -> None:
    case = given(*ONE_HOST, a_no_vlan(), attach("plain"))
    bare = lived_in(("eth0",))
    old = apply_all(bare, diff(plan_of(case), bare))
    case.do(detach("plain"), a_no_vlan("next"), attach("next"))
    new = plan_of(case)
    assert obstacles(new, old) == ()
    found = apply_all(old, diff(new, old))
    assert found.links["eth0"].bridge == new.bridges[0].name
    assert {a.interface for a in found.addresses} == {new.bridges[0].name, "lo"}


def test_a_bridge_of_ours_that_holds_a_foreign_port_stays() -> None:
    plan, bare = plan_of(given(*FULL)), bare_host(("eth0",), ENDS)
    found = add(apply_all(bare, diff(plan, bare)), Link("tap7", "other", bridge="br_eth0"))
    after = apply_all(found, diff(HostPlan("h1", 0), found))
    assert set(after.links) == {"eth0", "tap7", "br_eth0"}


def test_an_uplink_that_vanished_keeps_no_bridge_alive() -> None:
    plan, bare = plan_of(given(*ONE_HOST, a_no_vlan(), attach("plain"))), bare_host(("eth0", "eth1"), ENDS)
    found = apply_all(bare, diff(plan, bare))
    gone = msgspec.structs.replace(found, links=found.links.delete("eth0"))
    assert told(diff(HostPlan("h1", 0), gone)) == ["delete br_eth0"]


def test_foreign_links_addresses_and_routes_are_never_in_an_operation() -> None:
    plan, bare = plan_of(given(*FULL)), lived_in(("eth0",))
    theirs = add(bare, Link("docker0", "bridge"))
    theirs = msgspec.structs.replace(
        theirs,
        addresses=theirs.addresses | {Address("docker0", "172.17.0.1/16")},
        routes=theirs.routes | {Route("docker0", "172.18.0.0/16")},
    )
    assert diff(plan, theirs) == diff(plan, bare)


def test_a_mark_tells_what_a_link_is_for_and_where_its_addresses_belong() -> None:
    assert mark_of("u", (3, 7), uplink="eth0") == "rewire u fact=7 uplink=eth0"
    assert uplink_in(mark_of("u", (3, 7), uplink="eth0")) == "eth0"
    assert uplink_in(mark_of("u", (3,))) == ""
