"""Broadcast domains: what the facts about networks say, whatever was intended."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain.commands import Command
from domain.errors import Refusal
from projections.domains import Level, domains, domains_of, segment_name
from projections.problems import problems
from tests.builders import (
    A_POOL,
    TWO_CLUSTERS,
    TWO_SUBNETS,
    a_cidr,
    a_no_vlan,
    a_switch,
    a_vlan,
    a_vm,
    a_vxlan,
    an_l3,
    attach,
    connect,
    destroy,
    detach,
    drifted,
    failed,
    mended,
    migrate,
    realized,
    removed,
    stop,
    trunk,
)
from tests.given import Case, given


Told = tuple[list[str], list[str], list[str], list[str]]


def told(case: Case, level: Level = "intended") -> list[Told]:
    """Give each domain by names: networks, segments, hosts, NICs."""
    now = case.topology
    return [
        (
            [now.name(n) for n in d.l2],
            [segment_name(now, s) for s in d.segments],
            [now.name(h) for h in d.hosts],
            sorted(now.name(n) for n in d.nics),
        )
        for d in domains(now, level)
    ]


def test_a_network_on_no_cluster_is_a_domain_with_nobody_in_it() -> None:
    assert told(given(*TWO_CLUSTERS, a_vlan())) == [(["v10"], [], [], [])]


def test_a_network_on_two_clusters_is_one_domain() -> None:
    case = given(*TWO_SUBNETS, a_vm("a", host="h1"), a_vm("b", host="h2"))
    assert told(case) == [(["v10"], ["z/eth0/vlan10"], ["h1", "h2"], ["a/l3", "b/l3"])]


def test_two_networks_on_one_vlan_leak_into_one_domain_and_part_again() -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), a_vlan("w"), attach("v10", "c1"))
    case.do(an_l3(), a_cidr(), an_l3("m3", l2="w"), a_cidr("10.0.0.0/24", l3="m3"), a_vm("a"))
    apart = [(["v10"], ["z/eth0/vlan10"], ["h1"], ["a/l3"]), (["w"], [], [], [])]
    assert told(case) == apart
    case.do(attach("w", "c2"), a_vm("b", "m3"))
    assert told(case) == [(["v10", "w"], ["z/eth0/vlan10"], ["h1", "h2"], ["a/l3", "b/m3"])]
    case.do(detach("w", "c2"))
    assert told(case) == apart


def test_vlans_interfaces_and_untagged_frames_are_domains_apart() -> None:
    case = given(*TWO_CLUSTERS, a_vlan("a"), a_vlan("b", vlan=11), a_vlan("d", interface="eth1"), a_no_vlan("e"))
    case.do(*(attach(name) for name in ("a", "b", "d", "e")))
    segments = [s for _, s, _, _ in told(case)]
    assert segments == [["z/eth0/vlan10"], ["z/eth0/vlan11"], ["z/eth1/vlan10"], ["z/eth0/untagged"]]


def test_a_vxlan_network_is_a_domain_of_its_own_over_all_clusters_of_its_pool() -> None:
    case = given(*A_POOL, a_vxlan("x"), a_vxlan("y"))
    both: list[Told] = [(["x"], ["pool/vni100"], ["h1", "h2"], []), (["y"], ["pool/vni101"], ["h1", "h2"], [])]
    assert told(case) == both
    assert told(case.do(detach("pool"), detach("pool", "c2"))) == [(["x"], [], [], []), (["y"], [], [], [])]


def test_a_stopped_vm_is_off_the_air_and_a_moved_one_stays_on() -> None:
    case = given(*TWO_SUBNETS, a_vm("a", host="h1"), a_vm("b", host="h1"), stop("b"), migrate("a"))
    assert [nics for *_, nics in told(case)] == [["a/l3"]]
    assert [nics for *_, nics in told(case.do(destroy("a")))] == [[]]


def test_a_domain_is_found_by_its_networks() -> None:
    now = given(*TWO_SUBNETS, a_vlan("w", vlan=11)).topology
    both = domains(now)
    assert [list(domains_of(now, d.l2)) for d in both] == [[d] for d in both]
    assert list(domains_of(now, [d.id for d in both])) == list(both)


def test_what_is_not_there_is_not_found() -> None:
    with pytest.raises(Refusal, match="unknown-object: there is no L2 network 'v99'"):
        given(*TWO_CLUSTERS).id("l2", "v99")


# GRE


def a_gre(name: str) -> c.CreateL2OvsGreNetwork:
    return c.CreateL2OvsGreNetwork(name=name, zone="z", physical_interface="eth0", key=7)


def test_equal_gre_keys_on_two_clusters_are_two_meshes() -> None:
    case = given(*TWO_CLUSTERS, a_gre("g"), a_gre("h"), attach("g"), attach("h", "c2"), realized("g"))
    assert told(case) == [(["g"], ["g/key7"], ["h1"], []), (["h"], ["h/key7"], ["h2"], [])]
    assert told(case, "realized") == [(["g"], ["g/key7"], ["h1"], []), (["h"], [], [], [])]
    assert problems(case.topology) == ()


# levels

MADE = (realized(), realized(host="h2"))


def test_a_network_is_realized_where_hosts_said_so() -> None:
    case = given(*TWO_SUBNETS, a_vm("a", host="h1"), a_vm("b", host="h2"))
    assert told(case, "realized") == [(["v10"], [], [], [])]
    assert told(case.do(realized()), "realized") == [(["v10"], ["z/eth0/vlan10"], ["h1"], ["a/l3"])]
    assert told(case.do(realized(host="h2")), "realized") == told(case) == told(case, "observed")


@pytest.mark.parametrize("report", [failed(), removed()])
def test_what_failed_or_is_gone_is_not_realized(report: Command) -> None:
    case = given(*TWO_SUBNETS, a_vm("a", host="h1"), a_vm("b", host="h2"), *MADE, report)
    assert told(case, "realized") == told(case, "observed") == [(["v10"], ["z/eth0/vlan10"], ["h2"], ["b/l3"])]
    assert told(case.do(realized()), "realized") == told(case)


def test_what_drifted_is_realized_and_not_observed() -> None:
    case = given(*TWO_SUBNETS, a_vm("a", host="h1"), a_vm("b", host="h2"), *MADE, drifted())
    assert told(case, "realized") == told(case)
    assert told(case, "observed") == [(["v10"], ["z/eth0/vlan10"], ["h2"], ["b/l3"])]
    assert told(case.do(mended()), "observed") == told(case)


def test_a_host_that_was_not_told_yet_still_has_what_it_made() -> None:
    case = given(*TWO_SUBNETS, *MADE, detach("v10", "c1"))
    assert told(case) == [(["v10"], ["z/eth0/vlan10"], ["h2"], [])]
    assert told(case, "realized") == [(["v10"], ["z/eth0/vlan10"], ["h1", "h2"], [])]


RETAGGED: Told = (["v10"], ["z/eth0/vlan20"], ["h1", "h2"], [])
NEW_VLAN_ON_H1: list[Told] = [(["v10"], ["z/eth0/vlan10"], ["h2"], []), (["v10"], ["z/eth0/vlan20"], ["h1"], [])]


def test_a_half_done_change_of_vlan_is_a_split_where_it_was_reported() -> None:
    case = given(*TWO_SUBNETS, *MADE, c.ChangeL2NetworkVlan(l2="v10", vlan=20))
    assert told(case) == [RETAGGED]
    assert told(case, "realized") == [(["v10"], ["z/eth0/vlan10"], ["h1", "h2"], [])]
    case.do(realized())
    assert told(case) == [RETAGGED]
    assert told(case, "realized") == told(case, "observed") == NEW_VLAN_ON_H1
    assert told(case.do(realized(host="h2")), "realized") == [RETAGGED]


def test_a_drift_that_ended_leaves_a_host_on_the_vlan_that_it_spoke_of() -> None:
    case = given(*TWO_SUBNETS, *MADE, drifted(), c.ChangeL2NetworkVlan(l2="v10", vlan=20), mended())
    assert told(case, "observed") == [(["v10"], ["z/eth0/vlan10"], ["h1", "h2"], [])]
    assert told(case.do(drifted()), "realized") == NEW_VLAN_ON_H1


def test_a_half_done_change_of_vlan_is_a_split_in_a_fabric_too() -> None:
    fabric = (a_switch(), connect("h1:eth0", "s1:1"), connect("h2:eth0", "s1:2"))
    tagged = (trunk("s1:1", "10,20"), trunk("s1:2", "10,20"))
    change = c.ChangeL2NetworkVlan(l2="v10", vlan=20)
    case = given(*TWO_SUBNETS, *fabric, *tagged, *MADE, change, realized())
    assert told(case) == [(["v10"], ["s1/vlan20"], ["h1", "h2"], [])]
    assert [(s, h) for _, s, h, _ in told(case, "realized")] == [(["s1/vlan10"], ["h2"]), (["s1/vlan20"], ["h1"])]


def test_the_fabric_is_the_same_at_all_levels() -> None:
    case = given(*TWO_SUBNETS, *MADE, a_switch())
    assert told(case, "realized") == told(case) == told(case, "observed")
    assert [hosts for _, _, hosts, _ in told(case)] == [["h1"], ["h2"]]
