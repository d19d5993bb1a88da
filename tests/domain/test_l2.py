"""L2 networks and pools are made; a VXLAN network takes its VNI from its pool."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import l2, pool
from tests.builders import (
    A_POOL,
    ONE_HOST,
    TWO_CLUSTERS,
    a_no_vlan,
    a_pool,
    a_vlan,
    a_vni_range,
    a_vxlan,
    a_zone,
    attach_pool,
    detach,
)
from tests.given import given


PLAIN = l2.Created(
    "plain", "", "z", "eth0", "L2NoVlanNetwork", 0, "", "br_eth0", "", "attach", "", "interface", "eth0/0"
)
V10 = l2.Created(
    "v10", "", "z", "eth0", "L2VlanNetwork", 10, "", "br_eth0_10", "eth0.10", "attach", "", "vlan", "eth0/10"
)
X100 = l2.Created("x", "", "z", "", "L2VxlanNetwork", 100, "pool", "br_vx_100", "vxlan100", "attach", "", "tunnel", "")
RANGE = pool.VniRangeAdded("100-102", 100, 102)


def test_a_network_without_vlan_has_the_interface_in_a_bridge() -> None:
    given(a_zone()).when(a_no_vlan()).then(PLAIN, taking=["name/l2/plain", "bridge/z/br_eth0"])


def test_a_vlan_network_has_a_vlan_device_in_a_bridge() -> None:
    given(a_zone()).when(a_vlan()).then(V10, taking=["name/l2/v10", "bridge/z/br_eth0_10"])


@pytest.mark.parametrize("vlan", [1, 4094])
def test_the_first_and_last_vlan_are_allowed(vlan: int) -> None:
    fact = l2.Created(
        "v",
        "",
        "z",
        "eth0",
        "L2VlanNetwork",
        vlan,
        "",
        f"br_eth0_{vlan}",
        f"eth0.{vlan}",
        "attach",
        "",
        "vlan",
        f"eth0/{vlan}",
    )
    given(a_zone()).when(a_vlan("v", vlan=vlan)).then(fact)


@pytest.mark.parametrize("vlan", [0, 4095, -1, 10**30])
def test_what_8021q_reserves_is_no_vlan(vlan: int) -> None:
    given(a_zone()).when(a_vlan(vlan=vlan)).refused("invalid-argument")


@pytest.mark.parametrize("command", [a_no_vlan("n"), a_vlan("n"), a_pool("n")])
def test_a_network_needs_a_zone_that_is_there(command: c.Command) -> None:
    given().when(command).refused("unknown-object")


@pytest.mark.parametrize("command", [a_no_vlan("v10"), a_vlan("v10", vlan=11), a_pool("v10")])
def test_networks_and_pools_share_one_space_of_names(command: c.Command) -> None:
    given(a_zone(), a_vlan()).when(command).refused("name-in-use", naming=[V10])


@pytest.mark.parametrize("command", [a_no_vlan(" "), a_vlan(" "), a_pool(" ")])
def test_a_network_has_a_proper_name(command: c.Command) -> None:
    given(a_zone()).when(command).refused("invalid-argument")


@pytest.mark.parametrize("interface", ["", "eth/0", "a-name-of-16-byt"])
def test_a_network_sits_on_an_interface_the_kernel_could_have(interface: str) -> None:
    given(a_zone()).when(a_no_vlan(interface=interface)).refused("invalid-argument")
    given(a_zone()).when(a_vlan(interface=interface)).refused("invalid-argument")


def test_a_pool_may_name_an_interface_but_a_bad_one_is_refused() -> None:
    given(a_zone()).when(a_pool(interface="eth1")).then(pool.Created("pool", "", "z", "eth1"))
    given(a_zone()).when(a_pool(interface="eth/1")).refused("invalid-argument")


def test_a_description_may_be_long_but_not_endless() -> None:
    fitting = c.CreateL2NoVlanNetwork(name="n", zone="z", physical_interface="eth0", description="x" * 2048)
    given(a_zone()).when(fitting)
    endless = c.CreateL2NoVlanNetwork(name="n", zone="z", physical_interface="eth0", description="x" * 2049)
    given(a_zone()).when(endless).refused("invalid-argument")


def test_a_second_network_on_one_vlan_gets_a_bridge_name_of_its_own() -> None:
    case = given(a_zone(), a_vlan())
    uuid = "0196f0a0-0000-7000-8000-00000000abcd"
    again = l2.Created(
        "w", "", "z", "eth0", "L2VlanNetwork", 10, "", "l2_00000000abcd", "eth0.10", "attach", "", "vlan", "eth0/10"
    )
    case.when(a_vlan("w", uuid=uuid)).then(again, taking=["name/l2/w", "bridge/z/l2_00000000abcd"])


def test_another_zone_may_use_the_same_bridge_name() -> None:
    elsewhere = l2.Created(
        "w", "", "y", "eth0", "L2VlanNetwork", 10, "", "br_eth0_10", "eth0.10", "attach", "", "vlan", "eth0/10"
    )
    given(a_zone(), a_zone("y"), a_vlan()).when(a_vlan("w", zone="y")).then(elsewhere)


# VNI ranges


def test_a_pool_is_given_vnis() -> None:
    given(a_zone(), a_pool()).when(a_vni_range()).then(RANGE, taking=[])


def test_a_vni_range_may_have_a_name() -> None:
    given(a_zone(), a_pool()).when(a_vni_range(1, 1, name="one")).then(pool.VniRangeAdded("one", 1, 1))


def test_a_range_may_hold_every_vni_there_is() -> None:
    fact = pool.VniRangeAdded("1-16777214", 1, 16777214)
    given(a_zone(), a_pool()).when(a_vni_range(1, 16777214)).then(fact)


@pytest.mark.parametrize(("start", "end"), [(0, 5), (1, 16777215), (-1, 1), (6, 5)])
def test_a_vni_range_goes_up_and_stays_within_24_bits(start: int, end: int) -> None:
    given(a_zone(), a_pool()).when(a_vni_range(start, end)).refused("invalid-argument")


@pytest.mark.parametrize(("start", "end"), [(102, 200), (1, 100), (101, 101), (1, 1000)])
def test_two_ranges_of_a_pool_share_no_vni(start: int, end: int) -> None:
    given(a_zone(), a_pool(), a_vni_range()).when(a_vni_range(start, end)).refused("vni-range-overlap", naming=[RANGE])


def test_ranges_may_touch() -> None:
    given(a_zone(), a_pool(), a_vni_range()).when(a_vni_range(103, 103)).then(pool.VniRangeAdded("103-103", 103, 103))


def test_two_ranges_of_a_pool_share_no_name() -> None:
    case = given(a_zone(), a_pool(), a_vni_range(1, 2, name="one"))
    case.when(a_vni_range(3, 4, name="one")).refused("name-in-use", naming=[pool.VniRangeAdded("one", 1, 2)])


def test_a_vni_range_belongs_to_a_pool_that_is_there() -> None:
    given(a_zone()).when(a_vni_range()).refused("unknown-object")
    given(a_zone(), a_vlan()).when(a_vni_range(pool="v10")).refused("unknown-object")


def test_pools_apart_may_have_the_same_vnis() -> None:
    given(a_zone(), a_pool(), a_vni_range(), a_pool("other")).when(a_vni_range(pool="other")).then(RANGE)


def test_pools_on_one_cluster_share_no_vni() -> None:
    case = given(*A_POOL, a_vni_range(200, 210), a_pool("other"), attach_pool("c1", pool="other"))
    case.when(a_vni_range(102, 102, pool="other")).refused("vni-range-overlap", naming=[RANGE])


# VXLAN networks


def test_a_vxlan_network_gets_the_lowest_free_vni() -> None:
    given(*A_POOL).when(a_vxlan()).then(X100, taking=["name/l2/x", "bridge/z/br_vx_100", "vni/pool/100"])


def test_vnis_are_taken_from_the_lowest_range_whichever_was_added_first() -> None:
    case = given(a_zone(), a_pool(), a_vni_range(200, 200), a_vni_range(100, 100), a_vxlan("y"))
    result = case.when(a_vxlan("x"))
    assert result.recorded[0].fact.virtual_network_id == 200  # type: ignore[attr-defined] # or this fails
    case.when(a_vxlan("w")).refused(
        "vni-exhausted", naming=[pool.VniRangeAdded("200-200", 200, 200), pool.VniRangeAdded("100-100", 100, 100)]
    )


def test_a_vxlan_network_may_ask_for_its_vni_and_for_its_moment() -> None:
    fact = l2.Created("x", "", "z", "", "L2VxlanNetwork", 102, "pool", "br_vx_102", "vxlan102", "vm", "", "tunnel", "")
    given(*A_POOL).when(a_vxlan(vni=102, realize="vm")).then(fact)


def test_a_vni_is_held_once_in_a_pool() -> None:
    given(*A_POOL, a_vxlan()).when(a_vxlan("y", vni=100)).refused("vni-in-use", naming=[X100])


@pytest.mark.parametrize("vni", [0, 99, 103, 16777215])
def test_a_vni_lies_in_a_range_of_the_pool(vni: int) -> None:
    given(*A_POOL).when(a_vxlan(vni=vni)).refused("invalid-argument")


def test_a_pool_without_vnis_is_exhausted_at_once() -> None:
    given(a_zone(), a_pool()).when(a_vxlan()).refused("vni-exhausted")
    given(a_zone(), a_pool()).when(a_vxlan(vni=5)).refused("invalid-argument")


def test_a_vxlan_network_is_realized_on_attach_or_with_its_first_vm() -> None:
    given(*A_POOL).when(a_vxlan(realize="never")).refused("invalid-argument")


def test_a_vxlan_network_needs_a_pool_and_a_name_of_its_own() -> None:
    given(*ONE_HOST, a_vlan()).when(a_vxlan(pool="v10")).refused("unknown-object")
    given(*ONE_HOST).when(a_vxlan()).refused("unknown-object")
    given(*A_POOL, a_vxlan()).when(a_vxlan(vni=101)).refused("name-in-use", naming=[X100])


def test_the_same_vni_in_another_pool_gets_device_names_of_its_own() -> None:
    case = given(*TWO_CLUSTERS, a_pool(), a_vni_range(), a_pool("other"), a_vni_range(pool="other"), a_vxlan())
    fact = case.when(c.CreateL2VxlanNetwork(name="y", pool="other", uuid="0196f0a0-0000-7000-8000-00000000abcd"))
    again = l2.Created(
        "y",
        "",
        "z",
        "",
        "L2VxlanNetwork",
        100,
        "other",
        "l2_00000000abcd",
        "vx_00000000abcd",
        "attach",
        "",
        "tunnel",
        "",
    )
    fact.then(again)


def test_detaching_a_pool_keeps_the_vnis_of_its_networks() -> None:
    given(*A_POOL, a_vxlan(), detach("pool")).when(a_vxlan("y", vni=100)).refused("vni-in-use", naming=[X100])
