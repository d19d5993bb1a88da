"""The blast radius of a change: what differs between two moments, and never whether that is good."""

from __future__ import annotations

from hypothesis import given as property_of
from hypothesis import strategies as st

from projections.blast import (
    Addresses,
    BlastRadius,
    Collision,
    DomainChanges,
    HostChanges,
    Reach,
    Services,
    compare,
)
from projections.topology import Topology
from tests.builders import (
    A_POOL,
    TWO_CLUSTERS,
    TWO_SUBNETS,
    a_cidr,
    a_host,
    a_no_vlan,
    a_switch,
    a_vlan,
    a_vm,
    a_vxlan,
    access,
    an_l3,
    attach,
    connect,
    detach,
    migrate,
    stop,
)
from tests.given import Case, given
from tests.machines import flood
from tests.strategies import cases, wired_cases


QUIET = BlastRadius(0, 0, DomainChanges((), (), (), (), ()), Reach((), ()), Addresses(()), Services(), ())
LEAKY = (
    *TWO_CLUSTERS,
    a_vlan(),
    a_vlan("w"),
    attach("v10", "c1"),
    *(an_l3(), a_cidr(), an_l3("m3", l2="w"), a_cidr(l3="m3"), a_vm("a")),
)


def radius(case: Case, *commands: object) -> BlastRadius:
    before = case.topology
    case.do(*commands)  # type: ignore[arg-type]
    return compare(before, case.topology)


def test_nothing_differs_from_itself() -> None:
    now = given(*TWO_SUBNETS, a_vm()).topology
    assert compare(now, now) == BlastRadius(
        now.position, now.position, QUIET.domains, QUIET.reach, QUIET.addresses, QUIET.services, ()
    )


def test_a_detach_parts_vms_and_clears_the_host() -> None:
    case = given(*TWO_SUBNETS, a_vm("a", host="h1", mac="52:54:00:00:00:01"), a_vm("b", host="h2"))
    found = radius(case, detach("v10"))
    assert found.reach == Reach(lost=(("a", "b"),), gained=())
    assert found.domains == QUIET.domains
    assert found.hosts == (HostChanges("h1", (), ("br_eth0_10", "eth0.10", "nic525400000001"), ("deafen",)),)


def test_a_leak_is_merged_leaked_and_gained_and_its_end_is_a_split() -> None:
    case = given(*LEAKY)
    found = radius(case, attach("w", "c2"), a_vm("b", "m3"))
    assert found.domains == DomainChanges((), (), (), merged=(("v10", "w"),), leaked=(("v10", "w"),))
    assert found.reach == Reach(lost=(), gained=(("a", "b"),))
    assert found.addresses == Addresses(
        (
            Collision("192.168.0.1", ("the gateway of l3", "the gateway of m3")),
            Collision("192.168.0.2", ("a/l3", "b/m3")),
        )
    )
    back = radius(case, detach("w", "c2"))
    assert back.domains == DomainChanges((), (), split=(("v10", "w"),), merged=(), leaked=())
    assert back.reach == Reach(lost=(("a", "b"),), gained=())


def test_new_networks_are_created_domains_and_a_fork_backward_removes_them() -> None:
    case = given(*TWO_CLUSTERS)
    before = case.topology
    case.do(a_vlan("w"), a_vlan("v"))
    assert compare(before, case.topology).domains.created == (("v",), ("w",))
    assert compare(case.topology, before).domains.removed == (("v",), ("w",))


def test_vms_that_share_another_domain_still_reach_each_other() -> None:
    case = given(*TWO_SUBNETS, a_vlan("w", vlan=11), attach("w"), an_l3("m3", l2="w"), a_cidr(l3="m3"))
    case.do(a_vm("a", "l3", "m3", host="h1"), a_vm("b", "l3", "m3", host="h1"))
    assert radius(case, detach("v10")).reach == QUIET.reach
    assert radius(case, detach("w")).reach == Reach(lost=(("a", "b"),), gained=())


def test_a_pool_that_leaves_a_cluster_changes_the_peers_of_the_others() -> None:
    case = given(*A_POOL, a_vxlan())
    assert radius(case, detach("pool", "c2")).hosts == (
        HostChanges("h1", (), (), ("remove-peer vxlan100 10.0.0.2", "raise-wall")),
        HostChanges("h2", (), ("br_vx_100", "vxlan100"), ("deafen", "raise-wall")),
    )
    joined = radius(case, a_host("h3", vtep="10.0.0.3"))
    assert joined.hosts == (
        HostChanges("h1", (), (), ("raise-wall", "add-peer vxlan100 10.0.0.3")),
        HostChanges("h3", ("br_vx_100", "vxlan100"), (), ("deafen", "raise-wall")),
    )


def test_a_host_that_is_gone_in_the_other_topology_clears_out() -> None:
    case = given(*A_POOL, a_vxlan())
    before = case.topology
    case.do(a_host("h3", vtep="10.0.0.3"))
    (_, _, left) = compare(case.topology, before).hosts
    assert left == HostChanges("h3", (), ("br_vx_100", "vxlan100"), ("deafen", "raise-wall"))


def test_a_move_takes_the_port_along_and_a_stop_loses_peers() -> None:
    case = given(*TWO_SUBNETS, a_vm("a", host="h1", mac="52:54:00:00:00:01"), a_vm("b", host="h2"))
    moved = radius(case, migrate("a"))
    port = ("nic525400000001",)
    assert moved.hosts == (HostChanges("h1", (), port, ()), HostChanges("h2", port, (), ()))
    assert moved.reach == QUIET.reach
    assert radius(case, stop("a")).reach == Reach(lost=(("a", "b"),), gained=())


PLUGGED = (*TWO_CLUSTERS, a_switch(), connect("s1:1", "h1:eth0"), connect("s1:2", "h2:eth0"))
"""Both hosts on one switch, in VLAN 1 as it comes."""


def test_a_port_in_another_vlan_splits_and_back_in_the_first_merges() -> None:
    case = given(*PLUGGED, a_no_vlan("p"), attach("p"), attach("p", "c2"), an_l3(l2="p"), a_cidr())
    case.do(a_vm("a", host="h1"), a_vm("b", host="h2"))
    parted = radius(case, access("s1:2", 2))
    assert parted.domains == DomainChanges((), (), split=(("p",),), merged=(), leaked=())
    assert parted.reach == Reach(lost=(("a", "b"),), gained=())
    assert radius(case, access("s1:3", 2)).domains == QUIET.domains
    joined = radius(case, access("s1:2", 1))
    assert joined.domains == DomainChanges((), (), split=(), merged=(("p",),), leaked=())
    assert joined.reach == Reach(lost=(), gained=(("a", "b"),))


def test_a_host_that_joins_one_part_of_a_split_network_merges_nothing() -> None:
    case = given(*PLUGGED, a_no_vlan("p"), attach("p"), attach("p", "c2"), access("s1:2", 2))
    assert radius(case, a_host("h3"), connect("s1:3", "h3:eth0")).domains == QUIET.domains
    assert radius(case, a_host("h4")).domains == QUIET.domains


def test_a_port_in_a_wrong_vlan_leaks_and_takes_its_host_from_the_rest() -> None:
    case = given(*PLUGGED, a_no_vlan("p"), a_no_vlan("q"), access("s1:1", 2), attach("p"), attach("q", "c2"))
    case.do(a_host("h3", cluster="c2"), connect("s1:3", "h3:eth0"))
    leaked = radius(case, access("s1:2", 2))
    both = ("p", "q")
    assert leaked.domains == DomainChanges((), (), split=(("q",),), merged=(both,), leaked=(both,))


def hearing(now: Topology) -> set[tuple[str, str]]:
    """Give who hears whom, by uuid, from a flood."""
    guests = ({now.nics.all[nic].vm for nic in island} for island in flood.nics(now))
    return {(a, b) for found in guests for a in found for b in found if a < b}


@property_of(cases() | wired_cases(), st.floats(0, 1), st.floats(0, 1))
def test_reach_is_the_difference_of_two_floods(case: Case, first: float, second: float) -> None:
    last = case.network.position()
    before, after = (case.at(case.network.settled(int(share * last))) for share in (first, second))
    lost, gained = hearing(before) - hearing(after), hearing(after) - hearing(before)
    found = compare(before, after).reach
    assert sorted(found.lost) == sorted(tuple(sorted(map(before.name, pair))) for pair in lost)
    assert sorted(found.gained) == sorted(tuple(sorted(map(after.name, pair))) for pair in gained)
