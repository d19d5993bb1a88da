"""What is other than it was meant, each with the facts that cause it."""

from __future__ import annotations

import pytest
from hypothesis import given as property_of

from domain import commands as c
from domain import l2
from domain.commands import Command
from projections.domains import domains
from projections.leftovers import Leftover, leftovers
from projections.problem import Problem
from projections.problems import problems
from tests.builders import (
    A_POOL,
    TWO_CLUSTERS,
    TWO_SUBNETS,
    a_cidr,
    a_cluster,
    a_host,
    a_no_vlan,
    a_range,
    a_switch,
    a_vlan,
    a_vm,
    a_vxlan,
    a_zone,
    access,
    an_l3,
    attach,
    attach_pool,
    connect,
    destroy,
    detach,
    disconnect,
    failed,
    realized,
    removed,
    trunk,
)
from tests.given import Case, given
from tests.machines import flood
from tests.service_builders import a_provider, a_vip, an_eip, serve, unserve
from tests.strategies import cases, wired_cases


def found(case: Case, kind: str = "") -> list[Problem]:
    return [p for p in problems(case.topology) if kind in {"", p.kind}]


def one(case: Case, kind: str) -> Problem:
    (problem,) = found(case, kind)
    return problem


def said(case: Case, *commands: Command) -> list[int]:
    """Run commands, and give the position of each one's first fact."""
    return [case.when(command).recorded[0].position for command in commands]


TWO_ROOMS = (*TWO_CLUSTERS, a_switch("s1"), a_switch("s2"), connect("s1:1", "h1:eth0"), connect("s2:1", "h2:eth0"))
"""h1 on s1, h2 on s2, and nothing between the switches yet."""
EVERYWHERE = (a_vlan(), attach("v10"), attach("v10", "c2"))


def rooms(*commands: Command) -> Case:
    """Give two rooms with VLAN 10 on every trunk."""
    trunks = (trunk(end, "10") for end in ("s1:1", "s1:3", "s2:1", "s2:3"))
    return given(*TWO_ROOMS, connect("s1:3", "s2:3"), *trunks, *EVERYWHERE, *commands)


def test_what_is_as_it_was_meant_is_no_problem() -> None:
    assert found(rooms(a_vlan("idle", vlan=11))) == []


# splits


@pytest.mark.parametrize("end", ["s1:1", "s1:3", "s2:3", "s2:1"])
def test_a_trunk_that_lacks_a_vlan_splits_a_network(end: str) -> None:
    case = rooms()
    because = said(case, trunk(end, "20"))
    problem = one(case, "split")
    assert (problem.l2, problem.hosts) == (("v10",), ("h1", "h2"))
    assert list(problem.because) == because
    assert len(problem.segments) == 2
    assert found(case) == [problem]


def test_a_split_is_told_with_the_hosts_of_each_part() -> None:
    told = one(rooms(trunk("s1:3", "20")), "split")
    assert told.what == "L2 network v10 is 2 domains: h1 on s1/vlan10; h2 on s2/vlan10"
    assert told.segments == ("s1/vlan10", "s2/vlan10")


def test_both_trunks_that_lack_a_vlan_are_named() -> None:
    case = rooms()
    assert list(one_because(case, said(case, trunk("s1:3", "20"), trunk("s2:3", "20")))) == [True, True]


def one_because(case: Case, positions: list[int]) -> list[bool]:
    return [position in one(case, "split").because for position in positions]


def test_a_port_that_was_never_set_is_named_by_its_switch() -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), attach("v10"), attach("v10", "c2"))
    (switch,) = said(case, a_switch("s1"))
    case.do(connect("s1:1", "h1:eth0"), connect("s1:2", "h2:eth0"))
    assert one(case, "split").because == (switch,)


def test_a_trunk_that_leads_elsewhere_is_not_named() -> None:
    case = rooms(a_switch("s3"), connect("s3:1", "s1:2"), trunk("s1:2", "20"))
    assert found(case) == []
    because = said(case, trunk("s2:3", "20"))
    assert list(one(case, "split").because) == because


def test_a_cable_that_was_pulled_splits_a_network() -> None:
    case = rooms()
    because = said(case, disconnect("h1:eth0"))
    assert list(one(case, "split").because) == because
    assert sorted(one(case, "split").segments) == ["h1/eth0/vlan10", "s1/vlan10"]


def test_a_host_that_never_had_a_cable_is_named() -> None:
    case = rooms()
    because = said(case, a_host("h3"))
    assert list(one(case, "split").because) == because


def test_rooms_whose_cable_was_pulled_name_that_and_rooms_that_never_had_one_their_switches() -> None:
    case = rooms()
    because = said(case, disconnect("s1:3"))
    assert list(one(case, "split").because) == because
    never = given(*TWO_ROOMS, trunk("s1:1"), trunk("s2:1"), *EVERYWHERE)
    born = never.topology.objects.born
    devices = [never.id("host", "h1"), never.id("host", "h2"), never.id("switch", "s1"), never.id("switch", "s2")]
    assert one(never, "split").because == tuple(sorted(born[d] for d in devices))


def test_a_bond_without_a_cable_is_named_by_the_last_one_pulled() -> None:
    bonded = (a_host(name, interfaces=("bond0=eth0+eth1",)) for name in ("h1", "h2"))
    case = given(a_zone(), a_cluster(), *bonded, a_no_vlan(interface="bond0"), attach("plain"), a_switch())
    case.do(connect("h1:eth0", "s1:1"), connect("h2:eth0", "s1:2"), connect("h2:eth1", "s1:3"))
    assert found(case, "split") == []
    because = said(case, disconnect("h2:eth0"), disconnect("h2:eth1"))[1:]
    assert list(one(case, "split").because) == because


# leaks


def test_two_networks_on_one_vlan_of_an_ideal_zone_are_a_leak() -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), a_vlan("w"))
    because = said(case, attach("v10"), attach("w", "c2"))
    problem = one(case, "leak")
    assert (problem.l2, problem.hosts, problem.segments) == (("v10", "w"), ("h1", "h2"), ("z/eth0/vlan10",))
    assert list(problem.because) == because
    assert found(case.do(detach("w", "c2"))) == []


def test_an_access_port_in_the_wrong_vlan_is_a_leak() -> None:
    case = given(*TWO_ROOMS, connect("s1:3", "s2:3"), a_no_vlan("p"), a_no_vlan("q"), access("s2:1", 20))
    case.do(*(trunk(end) for end in ("s1:3", "s2:3")), access("s1:1", 10))
    (first,) = said(case, attach("p"))
    case.do(attach("q", "c2"))
    assert found(case) == []
    (wrong,) = said(case, access("s2:1", 10))
    problem = one(case, "leak")
    assert (problem.l2, problem.segments, problem.because) == (("p", "q"), ("s1/vlan10",), (first, wrong))
    assert problem.what == "L2 networks p, q are one domain on s1/vlan10"


def test_who_joins_a_leak_later_is_not_its_cause() -> None:
    case = given(*TWO_ROOMS, connect("s1:3", "s2:3"), a_no_vlan("p"), a_no_vlan("q"))
    because = said(case, attach("p"), attach("q", "c2"))
    case.do(a_host("h3"), connect("h3:eth0", "s1:2"))
    assert one(case, "leak").hosts == ("h1", "h2", "h3")
    assert list(one(case, "leak").because) == because


# loops


def test_cables_in_a_circle_are_a_loop_in_the_vlans_in_use() -> None:
    case = rooms(connect("s1:2", "s2:2"))
    assert found(case) == []
    case.do(trunk("s1:2"), trunk("s2:2"))
    problem = one(case, "loop")
    assert problem.cables == ("s1:2 - s2:2", "s1:3 - s2:3")
    assert (problem.l2, problem.segments) == (("v10",), ("s1/vlan10",))
    assert len(problem.because) == 2
    assert found(case.do(disconnect("s1:2"))) == []


def test_a_switch_cabled_to_itself_is_a_loop() -> None:
    case = rooms(connect("s1:2", "s2:2"), disconnect("s1:2"), a_switch("s3", "1", "2", "3"))
    because = said(case, connect("s3:1", "s3:2"))
    case.do(connect("s3:3", "s1:2"), trunk("s1:2"), *(trunk(f"s3:{port}") for port in "123"))
    problem = one(case, "loop")
    assert (problem.cables, list(problem.because)) == (("s3:1 - s3:2",), because)


def test_a_triangle_is_a_loop_and_what_hangs_on_it_is_not() -> None:
    case = rooms(a_switch("s3"), connect("s3:1", "s1:2"), connect("s3:2", "s2:2"))
    case.do(*(trunk(end) for end in ("s3:1", "s3:2", "s1:2", "s2:2")))
    assert one(case, "loop").cables == ("s1:2 - s3:1", "s1:3 - s2:3", "s2:2 - s3:2")


# addresses

LEAK = (*TWO_CLUSTERS, a_vlan(), a_vlan("w"), attach("v10"), attach("w", "c2"), an_l3(), an_l3("m3", l2="w"))


def test_ranges_that_overlap_in_one_domain_are_told() -> None:
    case = given(*LEAK)
    because = said(case, a_cidr("10.0.0.0/24"), a_cidr("10.0.0.0/25", l3="m3"))
    problem = one(case, "ranges-overlap")
    assert problem.l2 == ("v10", "w")
    assert set(because) < set(problem.because)
    assert "10.0.0.2-10.0.0.254 and 10.0.0.2-10.0.0.126" in problem.what
    assert found(case.do(detach("w", "c2"))) == []


def test_ranges_apart_are_no_problem() -> None:
    assert found(given(*LEAK, a_cidr("10.0.0.0/24"), a_cidr("10.0.1.0/24", l3="m3")), "ranges-overlap") == []


APART = (a_cidr("10.0.0.0/24"), a_cidr("10.0.0.0/24", l3="m3", gateway="10.0.0.254"))
"""One subnet twice, each with a gateway of its own."""


def test_an_address_twice_in_one_domain_is_told() -> None:
    case = given(*LEAK, *APART, a_vm("a", ip="10.0.0.9"))
    assert found(case, "address-collision") == []
    case.do(a_vm("b", "m3", ip="10.0.0.9"))
    problem = one(case, "address-collision")
    assert problem.what == "address 10.0.0.9 is that of a/l3, b/m3, all in one domain"
    assert (problem.l2, problem.hosts) == (("v10", "w"), ("h1", "h2"))
    assert problem.because == tuple(sorted(nic.position for nic in case.topology.nics.all.values()))


def collision(case: Case, what: str) -> Problem:
    """Give the one collision, which must be told with these words."""
    problem = one(case, "address-collision")
    assert problem.what == f"address {what}, all in one domain"
    return problem


def test_two_gateways_with_one_address_are_told() -> None:
    case = given(*LEAK)
    because = said(case, a_cidr("10.0.0.0/24"), a_cidr("10.0.0.0/25", l3="m3"))
    problem = collision(case, "10.0.0.1 is that of the gateway of l3, the gateway of m3")
    assert (problem.l2, problem.hosts, list(problem.because)) == (("v10", "w"), (), because)


def test_a_gateway_that_networks_of_one_wire_share_is_no_problem() -> None:
    low, high = a_range(), a_range("192.168.0.60", "192.168.0.70", l3="k3")
    assert found(given(*TWO_CLUSTERS, a_vlan(), attach("v10"), an_l3(), an_l3("k3"), low, high)) == []


def test_a_gateway_with_the_address_of_a_nic_is_told() -> None:
    case = given(*LEAK, *APART, a_vm("b", "m3", ip="10.0.0.1"))
    problem = collision(case, "10.0.0.1 is that of b/m3, the gateway of l3")
    assert problem.hosts == ("h2",)


def test_a_dhcp_server_with_the_address_of_a_nic_is_told_while_it_serves() -> None:
    case = given(*LEAK, *APART, a_vm("b", "m3", ip="10.0.0.2"), a_provider())
    assert found(case, "address-collision") == []
    because = said(case, serve(flat=("DHCP",)))
    problem = collision(case, "10.0.0.2 is that of b/m3, the DHCP server of l3")
    assert set(because) < set(problem.because)
    assert found(case.do(unserve(flat=("DHCP",))), "address-collision") == []


def test_a_vip_with_the_address_of_a_nic_is_told_while_it_is_used() -> None:
    nic, service = a_vm("b", "m3", ip="10.0.0.9"), a_provider("flat", "EIP")
    case = given(*LEAK, *APART, nic, service, serve(flat=("EIP",)), a_vip(l3="l3", address="10.0.0.9"))
    assert found(case, "address-collision") == []
    because = said(case, an_eip())
    problem = collision(case, "10.0.0.9 is that of VIP vip, b/m3")
    assert (problem.l2, problem.hosts) == (("v10", "w"), ("h2",))
    assert max(problem.because) >= because[0]
    assert found(case.do(c.DeleteEip(eip="e")), "address-collision") == []


def test_addresses_on_a_network_that_is_nowhere_collide_with_nothing() -> None:
    high = a_range("192.168.0.60", "192.168.0.70", l3="k3", gateway="192.168.0.10")
    case = given(*TWO_CLUSTERS, a_vlan(), an_l3(), an_l3("k3"), a_range(), high, a_provider(), serve(flat=("DHCP",)))
    assert found(case) == []
    collision(case.do(attach("v10")), "192.168.0.10 is that of the DHCP server of l3, the gateway of k3")


# what is left behind


def left(case: Case, host: str = "h1") -> list[tuple[str, tuple[int, ...]]]:
    return [(case.topology.name(x.l2), x.because) for x in leftovers(case.topology, case.id("host", host))]


def test_what_a_host_made_and_is_to_give_up_is_left_behind_until_it_says_removed() -> None:
    case = given(*TWO_SUBNETS)
    assert (left(case), found(case)) == ([], [])
    (made,) = said(case, realized())
    assert left(case) == []
    (gone,) = said(case, detach("v10"))
    assert left(case) == [("v10", (made, gone))]
    problem = one(case, "stale")
    assert (problem.l2, problem.hosts, problem.because) == (("v10",), ("h1",), (made, gone))
    assert problem.what == "host h1 still has L2 network v10, which is no longer in its plan"
    case.do(failed())
    assert left(case) == [("v10", (made, gone))]
    assert found(case.do(removed())) == []


def test_what_failed_only_is_not_left_behind() -> None:
    assert left(given(*TWO_SUBNETS, failed(), detach("v10"))) == []


def test_what_is_attached_again_is_no_longer_left_behind() -> None:
    assert left(given(*TWO_SUBNETS, realized(), detach("v10"), attach("v10"))) == []


def test_a_pool_that_left_leaves_its_networks_behind() -> None:
    case = given(*A_POOL, a_vxlan())
    (made,) = said(case, realized("x"))
    (gone,) = said(case, detach("pool"))
    assert left(case) == [("x", (made, gone))]


def test_the_last_vm_leaves_a_network_behind_that_it_was_made_for() -> None:
    case = given(*A_POOL, a_vxlan(realize="vm"), an_l3(l2="x"), a_cidr(), a_vm(host="h1"))
    (made,) = said(case, realized("x"))
    assert left(case.do(destroy())) == [("x", (made,))]


def test_a_detach_that_was_undone_is_not_why_something_is_left() -> None:
    case = given(*A_POOL, a_vxlan(realize="vm"))
    (made,) = said(case, realized("x"))
    case.do(detach("pool"), attach_pool())
    assert left(case) == [("x", (made,))]


def test_a_network_that_is_deleted_is_removed_by_its_uuid() -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), attach("v10"), realized())
    network = case.id("l2", "v10")
    case.do(c.DeleteL2Network(l2="v10", mode="enforcing"))
    assert [name for name, _ in left(case)] == ["v10"]
    assert found(case.do(removed(network))) == []


def test_nothing_is_left_on_a_host_that_never_reported() -> None:
    assert leftovers(given(*TWO_SUBNETS).topology, "") == ()


# against the flood


@property_of(cases() | wired_cases())
def test_splits_and_leaks_are_where_the_flood_parts_or_joins_networks(case: Case) -> None:
    now = case.topology
    islands = flood.islands(now)
    parts = {n: [i for i in islands if any(place[0] == n for place in i)] for n, _ in now.networks()}
    split = sorted(now.state(n, l2.L2Network).name for n, where in parts.items() if len(where) > 1)
    leaks = sorted(tuple(sorted({now.name(n) for n, _ in i})) for i in islands if len({n for n, _ in i}) > 1)
    assert sorted(p.l2[0] for p in found(case, "split")) == split
    assert sorted(p.l2 for p in found(case, "leak")) == leaks
    assert all(0 < position <= now.position for p in found(case) for position in p.because)
    assert all(p.because for p in found(case))
    assert len(domains(now)) >= len(islands)


def test_a_leftover_names_the_network_and_the_facts() -> None:
    case = given(*TWO_SUBNETS, realized(), detach("v10"))
    (leftover,) = leftovers(case.topology, case.id("host", "h1"))
    assert leftover == Leftover(case.id("l2", "v10"), ("br_eth0_10", "eth0.10"), leftover.because)
