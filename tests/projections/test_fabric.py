"""Where frames go over switches and cables: against a flood of frames, hop by hop, that knows nothing of segments."""

from __future__ import annotations

import pytest
from hypothesis import given as property_of

from domain import host
from domain.commands import Command
from projections import broadcast, fabric, reach
from projections.domains import domains, segment_name
from tests.builders import (
    TWO_CLUSTERS,
    a_cluster,
    a_host,
    a_no_vlan,
    a_switch,
    a_vlan,
    a_zone,
    attach,
    connect,
    detach,
    disconnect,
    trunk,
)
from tests.given import Case, given
from tests.machines import flood
from tests.strategies import wired_cases


Told = list[tuple[list[str], list[str], list[str]]]


def told(case: Case) -> Told:
    """Give each domain by names: networks, segments, hosts."""
    now = case.topology
    return [
        ([now.name(n) for n in d.l2], [segment_name(now, s) for s in d.segments], [now.name(h) for h in d.hosts])
        for d in domains(now)
    ]


@property_of(wired_cases())
def test_domains_are_what_a_flood_of_frames_reaches(case: Case) -> None:
    found = domains(case.topology)
    assert {d.places for d in found if d.places} == flood.islands(case.topology)
    assert len({d.id for d in found}) == len(found)


@property_of(wired_cases())
def test_step_by_step_equals_all_at_once(case: Case) -> None:
    for position in range(1, case.network.position() + 1):
        now = case.at(position)
        assert {n: dict(here) for n, here in now.segments.of.items()} == broadcast.recompute(now.scene)
        carried = {(n, h, s) for s, places in now.segments.carried.items() for n, h in places}
        assert carried == {(n, h, s) for n, here in now.segments.of.items() for h, s in here.items()}
        assert (dict(now.fabric.wires), dict(now.fabric.sizes)) == fabric.recompute(now.objects)


# literal cases

HOSTS = (*TWO_CLUSTERS, a_host("h3"))
"""h1 and h3 in c1, h2 in c2."""
STAR = (*HOSTS, a_switch(), *(connect(f"s1:{i}", f"h{i}:eth0") for i in (1, 2, 3)))
"""All three on one switch."""


def spread(*networks: str) -> list[Command]:
    return [attach(name, where) for name in networks for where in ("c1", "c2")]


def test_a_zone_without_a_fabric_is_one_wire_and_the_first_switch_ends_that() -> None:
    case = given(*HOSTS, a_no_vlan(), *spread("plain"))
    assert told(case) == [(["plain"], ["z/eth0/untagged"], ["h1", "h2", "h3"])]
    alone = [(["plain"], [f"h{i}/eth0/untagged"], [f"h{i}"]) for i in (1, 2, 3)]
    assert sorted(told(case.do(a_switch()))) == sorted(alone)


def test_unset_ports_are_one_untagged_vlan() -> None:
    case = given(*STAR, a_no_vlan(), a_vlan(), *spread("plain", "v10"))
    assert told(case)[0] == (["plain"], ["s1/vlan1"], ["h1", "h2", "h3"])
    assert [hosts for networks, _, hosts in told(case) if networks == ["v10"]] == [["h1"], ["h2"], ["h3"]]


def test_a_fabric_in_one_zone_says_nothing_about_the_wires_of_another() -> None:
    case = given(*HOSTS, a_zone("y"), a_switch(zone="y"), a_vlan("elsewhere", zone="y"), a_vlan())
    assert reach.beyond(case.topology, case.id("host", "h1")) == {}


def test_trunks_carry_the_vlans_they_allow_and_no_other() -> None:
    case = given(*STAR, a_vlan(), a_vlan("v20", vlan=20), *spread("v10", "v20"))
    case.do(trunk("s1:1", "10,20"), trunk("s1:2", "10"), trunk("s1:3", "10-20"))
    assert told(case) == [
        (["v10"], ["s1/vlan10"], ["h1", "h2", "h3"]),
        (["v20"], ["h2/eth0/vlan20"], ["h2"]),
        (["v20"], ["s1/vlan20"], ["h1", "h3"]),
    ]


def test_a_native_vlan_is_untagged_and_joins_a_network_without_one() -> None:
    case = given(*STAR, a_no_vlan(), a_vlan(), attach("v10", "c1"), attach("plain", "c2"))
    case.do(trunk("s1:1", "10"), trunk("s1:3", "10"), trunk("s1:2", "20", native=10))
    assert told(case) == [(["plain", "v10"], ["s1/vlan10"], ["h1", "h2", "h3"])]


TWO_ROOMS = (
    *HOSTS,
    a_switch("s1"),
    a_switch("s2"),
    connect("s1:1", "h1:eth0"),
    connect("s2:1", "h2:eth0"),
    connect("s1:3", "s2:3"),
)
"""h1 on s1, h2 on s2, and a cable between the switches; h3 is not plugged in."""


def test_two_natives_that_differ_leak_one_vlan_into_another() -> None:
    case = given(*TWO_ROOMS, a_vlan(), a_vlan("v20", vlan=20), attach("v10", "c1"), attach("v20", "c2"))
    case.do(trunk("s1:1", "10"), trunk("s2:1", "20"))
    case.do(trunk("s1:3", "20", native=10), trunk("s2:3", "10", native=20))
    assert (["v10", "v20"], ["s1/vlan10"], ["h1", "h2"]) in told(case)


def test_hosts_joined_by_a_cable_hear_each_other_in_every_vlan() -> None:
    case = given(*HOSTS, a_vlan(), a_no_vlan(), *spread("v10", "plain"), connect("h1:eth0", "h2:eth0"))
    assert (["v10"], ["h1/eth0/vlan10"], ["h1", "h2"]) in told(case)
    assert (["plain"], ["h1/eth0/untagged"], ["h1", "h2"]) in told(case)
    assert (["v10"], ["h3/eth0/vlan10"], ["h3"]) in told(case)
    case.do(disconnect("h2:eth0"))
    assert (["v10"], ["z/eth0/vlan10"], ["h1", "h2", "h3"]) in told(case)


def test_a_segment_is_named_after_its_oldest_switch() -> None:
    case = given(*TWO_ROOMS, a_vlan(), *spread("v10"), *(trunk(f"{s}:{p}") for s in ("s1", "s2") for p in (1, 3)))
    assert (["v10"], ["s1/vlan10"], ["h1", "h2"]) in told(case)
    assert (["v10"], ["s2/vlan10"], ["h2"]) in told(case.do(disconnect("s1:3")))


def test_a_host_that_joins_takes_its_place_in_a_fabric() -> None:
    case = given(*STAR, a_no_vlan(), attach("plain", "c1"), a_host("h4"))
    assert (["plain"], ["h4/eth0/untagged"], ["h4"]) in told(case)
    case.do(detach("plain"))
    assert told(case) == [(["plain"], [], [])]


def test_parts_of_a_split_network_have_ids_of_their_own() -> None:
    case = given(*TWO_ROOMS, a_vlan(), *spread("v10"))
    network = case.id("l2", "v10")
    ids = [d.id for d in domains(case.topology)]
    assert ids == sorted(f"{network}/{case.id('host', h)}/eth0/10" for h in ("h1", "h2", "h3"))
    case.do(detach("v10", "c1"))
    assert [d.id for d in domains(case.topology)] == [network]


def test_one_zone_has_a_fabric_and_another_none() -> None:
    case = given(*STAR, *elsewhere())
    assert (["far"], ["y/eth0/untagged"], ["h8", "h9"]) in told(case)


def elsewhere() -> list[Command]:
    hosts = [a_host(name, cluster="k") for name in ("h8", "h9")]
    return [a_zone("y"), a_cluster("k", zone="y"), *hosts, a_no_vlan("far", zone="y"), attach("far", "k")]


@pytest.mark.parametrize("end", ["h1:eth0", "s1:1"])
def test_a_host_whose_cable_is_pulled_hears_nobody(end: str) -> None:
    case = given(*STAR, a_no_vlan(), *spread("plain"), disconnect(end))
    assert (["plain"], ["h1/eth0/untagged"], ["h1"]) in told(case)
    assert (["plain"], ["s1/vlan1"], ["h2", "h3"]) in told(case)


def test_every_host_is_somewhere() -> None:
    case = given(*STAR, a_no_vlan(), *spread("plain"))
    on_it = {member for d in domains(case.topology) for member in d.hosts}
    assert on_it == {uuid for uuid, _ in case.topology.every(host.Host)}


def test_a_bond_is_on_the_wire_of_its_first_member_that_has_one() -> None:
    bonded = a_host("h3", interfaces=("bond0=eth0+eth1",))
    other = a_host("h4", interfaces=("bond0",))
    case = given(a_zone(), a_cluster(), bonded, other, a_switch("s1"), a_switch("s2"), a_no_vlan(interface="bond0"))
    case.do(attach("plain"), connect("h3:eth0", "s1:1"), connect("h3:eth1", "s2:1"), connect("h4:bond0", "s2:2"))
    apart = [(["plain"], ["s1/vlan1"], ["h3"]), (["plain"], ["s2/vlan1"], ["h4"])]
    assert told(case) == apart
    assert told(case.do(connect("s1:3", "s2:3"))) == [(["plain"], ["s1/vlan1"], ["h3", "h4"])]
    assert told(case.do(disconnect("s1:3"), disconnect("h3:eth0"))) == [(["plain"], ["s2/vlan1"], ["h3", "h4"])]


def test_a_vlan_that_an_interface_is_named_for_is_that_vlan() -> None:
    case = given(
        a_zone(), a_cluster(), a_cluster("c2"), a_host("h1", interfaces=("eth0.10",)), a_host("h2", cluster="c2")
    )
    case.do(a_no_vlan(interface="eth0.10"), a_vlan(), attach("plain"), attach("v10", "c2"))
    assert told(case) == [(["plain", "v10"], ["z/eth0/vlan10"], ["h1", "h2"])]
    case.do(a_switch(), connect("h1:eth0", "s1:1"), connect("h2:eth0", "s1:2"), trunk("s1:1"), trunk("s1:2"))
    assert told(case) == [(["plain", "v10"], ["s1/vlan10"], ["h1", "h2"])]
