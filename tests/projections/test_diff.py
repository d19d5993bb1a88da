"""From what a host has to what it must have, and back; what is foreign is never touched."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from domain import commands as c
from domain import host
from domain.commands import Command
from projections import plan as plans
from projections.diff import diff
from projections.found import Address, Found, Link, Route, bare_host
from projections.marks import mark_of, uplink_in
from projections.namespaces import barred
from projections.obstacles import obstacles
from projections.operations import Deafen, Operation, RaiseWall, apply_all, describe
from projections.plan import HostPlan
from tests.builders import (
    A_POOL,
    ONE_HOST,
    a_cidr,
    a_no_vlan,
    a_vlan,
    a_vm,
    a_vxlan,
    an_l3,
    attach,
    detach,
    migrate,
    start,
    stop,
)
from tests.given import Case, attempt, given
from tests.machines.planned import lived_in
from tests.service_builders import SERVED, a_vip, an_eip, attach_eip, serve, unserve
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


EIPS = (
    *(a_vm(name, host="h1") for name in "ab"),
    *(wish for name in "vw" for wish in (a_vip(name), an_eip(f"e{name}", vip=name))),
    attach_eip("ev", vm="a"),
)
"""Two VMs with what hosts do for them, and two EIPs, one of them attached."""
MOVES: tuple[Command, ...] = (
    *(attach_eip(f"e{name}", vm=guest) for name in "vw" for guest in "ab"),
    *(c.DetachEip(eip=f"e{name}") for name in "vw"),
    *(migrate(guest, host=host) for guest in "ab" for host in ("h1", "h2")),
    *(wish for guest in "ab" for wish in (stop(guest), start(guest))),
    serve(flat=("DHCP",)),
    unserve(flat=("DHCP",)),
)


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
        "deafen",
        "raise-wall",
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
        "deafen",
        "raise-wall",
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


@property_of(st.lists(st.sampled_from(MOVES), max_size=12), st.integers(0, 11))
def test_from_any_eips_to_others_with_all_that_keeps_them_to_their_guests(moves: list[Command], at: int) -> None:
    case = given(*SERVED, *EIPS)
    for move in moves[:at]:
        attempt(case.network, move)
    old = plan_of(case)
    for move in moves[at:]:
        attempt(case.network, move)
    goal, bare = plan_of(case), lived_in(("eth0", "eth1"))
    found = apply_all(bare, diff(old, bare))
    after = apply_all(found, diff(goal, found))
    assert after == apply_all(bare, diff(goal, bare))
    assert after.fence == barred(goal.fences, goal.gates)
    assert {gate.leg for gate in goal.gates} <= set(after.links)


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
        ("nic525400000001", {"nic525400000001"}),
        ("br_eth0", {"br_eth0", "eth0"}),
        ("vxlan100", {"br_vx_100", "vxlan100"}),
        ("br_vx_100", {"br_vx_100", "vxlan100"}),
    ],
)
def test_a_foreign_device_in_the_way_keeps_its_network_out_or_its_nic_and_nothing_else(
    name: str, lost: set[str]
) -> None:
    plan = plan_of(given(*FULL))
    found = add(bare_host(("eth0",), ENDS), Link(name, "other"))
    (obstacle,) = obstacles(plan, found)
    assert obstacle.name == name
    steps = [o for o in diff(plan, found) if not isinstance(o, Deafen | RaiseWall)]
    made = {link for o in steps for link in [getattr(o, "name", getattr(o, "tunnel", ""))]}
    assert made == {"br_eth0", "eth0", "br_vx_100", "vxlan100", "br_eth0_10", "eth0.10", "nic525400000001"} - lost
    assert apply_all(found, diff(plan, found)).links[name] == Link(name, "other")


def test_an_interface_that_is_missing_or_somebody_elses_is_an_obstacle() -> None:
    plan = plan_of(given(*FULL))
    assert {o.name for o in obstacles(plan, bare_host(("eth1",), ENDS))} == {"eth0"}
    taken = add(change(bare_host(("eth0",), ENDS), "eth0", bridge="docker0"), Link("docker0", "bridge"))
    (obstacle,) = obstacles(plan, taken)
    assert obstacle.why == "interface eth0 is a port of docker0 already"
    assert "enslave eth0 to br_eth0" not in told(diff(plan, taken))


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (Link("foo", "vlan", interface="eth0", number=10), "VLAN 10 of eth0 is foo already, which Rewire did not make"),
        (
            Link("bar", "vxlan", number=100, udp_port=8472),
            "VNI 100 on UDP port 8472 is bar already, which Rewire did not make",
        ),
    ],
)
def test_what_somebody_has_already_under_another_name_is_told_beforehand(link: Link, why: str) -> None:
    plan = plan_of(given(*FULL))
    (obstacle,) = obstacles(plan, add(bare_host(("eth0",), ENDS), link))
    assert (obstacle.name, obstacle.why) == (link.name, why)
    other = msgspec.structs.replace(link, number=11)
    assert obstacles(plan, add(bare_host(("eth0",), ENDS), other)) == ()


def test_a_bridge_is_no_interface_for_a_network() -> None:
    plan = plan_of(given(*ONE_HOST, a_no_vlan(), attach("plain")))
    found = change(bare_host(("eth0",), ENDS), "eth0", kind="bridge")
    (obstacle,) = obstacles(plan, found)
    assert obstacle.why.startswith("eth0 can't be a port of a bridge")
    assert not [o for o in diff(plan, found) if not isinstance(o, Deafen)]


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
