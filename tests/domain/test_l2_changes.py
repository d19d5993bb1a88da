"""What changes about an L2 network after it was made: its name, its VLAN; and the wires it may not share."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import host, l2, pool
from tests.builders import (
    A_POOL,
    ONE_HOST,
    TWO_CLUSTERS,
    a_cluster,
    a_host,
    a_no_vlan,
    a_pool,
    a_vlan,
    a_vxlan,
    a_zone,
    attach,
    detach,
)
from tests.given import given


def change(network: str, vlan: int) -> c.ChangeL2NetworkVlan:
    return c.ChangeL2NetworkVlan(l2=network, vlan=vlan)


def update(network: str, *, name: str | None = None, description: str | None = None) -> c.UpdateL2Network:
    return c.UpdateL2Network(l2=network, name=name, description=description)


def a_gre(name: str = "g", *, key: int = 7, interface: str = "eth0", zone: str = "z") -> c.CreateL2OvsGreNetwork:
    return c.CreateL2OvsGreNetwork(name=name, zone=zone, physical_interface=interface, key=key)


V10 = l2.Created(
    "v10", "", "z", "eth0", "L2VlanNetwork", 10, "", "br_eth0_10", "eth0.10", "attach", "", "vlan", "eth0/10"
)
TO_20 = l2.VlanChanged(20, "eth0.20", "L2VlanNetwork", "vlan", "eth0/20")
UNTAGGED = l2.VlanChanged(0, "", "L2NoVlanNetwork", "interface", "eth0/0")
GRE = l2.Created("g", "", "z", "eth0", "OvsGreL2Network", 7, "", "ovs7", "", "attach", "", "gre", "gre:eth0/7")
ON_BOTH = (*TWO_CLUSTERS, a_vlan(), attach("v10"), attach("v10", "c2"))


# another VLAN


def test_a_network_takes_its_new_vlan_in_all_its_clusters_at_once() -> None:
    given(*ON_BOTH).when(change("v10", 20)).then(
        TO_20,
        taking=["segment/c1/eth0/20", "segment/c2/eth0/20"],
        releasing=["segment/c1/eth0/10", "segment/c2/eth0/10"],
    )


def test_its_bridge_keeps_its_name_whatever_that_says() -> None:
    case = given(*ON_BOTH, change("v10", 20))
    state = case.topology.state(case.id("l2", "v10"), l2.L2Network)
    assert (state.bridge, state.device, state.virtual_network_id) == ("br_eth0_10", "eth0.20", 20)
    case.do(a_vlan("again"))
    assert case.topology.state(case.id("l2", "again"), l2.L2Network).bridge.startswith("l2_")


def test_a_tagged_network_becomes_an_untagged_one_and_back() -> None:
    case = given(*ONE_HOST, a_vlan(), attach("v10"))
    case.when(change("v10", 0)).then(UNTAGGED, taking=["segment/c1/eth0/0"], releasing=["segment/c1/eth0/10"])
    back = l2.VlanChanged(10, "eth0.10", "L2VlanNetwork", "vlan", "eth0/10")
    case.when(change("v10", 10)).then(back, taking=["segment/c1/eth0/10"], releasing=["segment/c1/eth0/0"])


def test_a_network_on_no_cluster_holds_no_vlan_to_change() -> None:
    given(*ONE_HOST, a_vlan()).when(change("v10", 20)).then(TO_20, taking=[], releasing=[])


def test_a_vlan_that_is_taken_in_one_of_its_clusters_is_refused() -> None:
    case = given(*ON_BOTH, a_vlan("v20", vlan=20), attach("v20", "c2"))
    case.when(change("v10", 20)).refused("vlan-in-use", naming=[l2.AttachedToCluster("c2")])


def test_untagged_frames_that_are_taken_are_refused() -> None:
    case = given(*ON_BOTH, a_no_vlan(), attach("plain"))
    case.when(change("v10", 0)).refused("physical-interface-in-use", naming=[l2.AttachedToCluster("c1")])


def test_who_holds_a_vlan_by_a_change_is_told_by_that_fact() -> None:
    case = given(*ON_BOTH, change("v10", 20), a_vlan("v20", vlan=20))
    case.when(attach("v20")).refused("vlan-in-use", naming=[TO_20])
    case.do(a_vlan("w10")).do(attach("w10"))


def test_a_vlan_given_up_is_free() -> None:
    given(*ON_BOTH, change("v10", 20), a_vlan("w10")).when(attach("w10")).then(l2.AttachedToCluster("c1"))


def test_a_changed_network_gives_back_what_it_holds_now() -> None:
    given(*ON_BOTH, change("v10", 20)).when(detach("v10")).then(
        l2.DetachedFromCluster("c1"), releasing=["segment/c1/eth0/20"]
    )


def test_the_vlan_it_has_is_no_change() -> None:
    given(*ON_BOTH).when(change("v10", 10)).refused("wrong-state", naming=[V10])
    given(*ON_BOTH, change("v10", 20)).when(change("v10", 20)).refused("wrong-state", naming=[TO_20])


@pytest.mark.parametrize("vlan", [-1, 4095, 1 << 40])
def test_what_is_no_vlan_is_refused(vlan: int) -> None:
    given(*ON_BOTH).when(change("v10", vlan)).refused("invalid-argument")


def test_a_network_in_tunnels_has_no_vlan() -> None:
    x = l2.Created("x", "", "z", "", "L2VxlanNetwork", 100, "pool", "br_vx_100", "vxlan100", "attach", "", "tunnel", "")
    given(*A_POOL, a_vxlan()).when(change("x", 20)).refused("l2-type-not-supported", naming=[x])
    given(*ONE_HOST, a_gre()).when(change("g", 20)).refused("l2-type-not-supported", naming=[GRE])


def test_only_a_network_that_is_there_changes() -> None:
    given(*A_POOL).when(change("nowhere", 20)).refused("unknown-object")
    given(*A_POOL).when(change("pool", 20)).refused("unknown-object")


# another name


def test_a_network_is_renamed_and_its_old_name_is_free() -> None:
    case = given(a_zone(), a_vlan())
    case.when(update("v10", name="red")).then(l2.Updated("red", ""), taking=["name/l2/red"], releasing=["name/l2/v10"])
    assert case.id("l2", "red")
    case.do(a_vlan("v10", vlan=11))


def test_a_description_leaves_the_name_alone() -> None:
    case = given(a_zone(), a_vlan())
    case.when(update("v10", description="the red one")).then(l2.Updated("v10", "the red one"), taking=[], releasing=[])
    case.when(update("v10", description="")).then(l2.Updated("v10", ""))


def test_a_pool_is_renamed_too() -> None:
    given(a_zone(), a_pool()).when(update("pool", name="red", description="x")).then(
        pool.Updated("red", "x"), taking=["name/l2/red"], releasing=["name/l2/pool"]
    )


def test_a_name_that_is_taken_is_refused() -> None:
    case = given(a_zone(), a_vlan(), a_pool())
    case.when(update("pool", name="v10")).refused("name-in-use", naming=[V10])
    case.when(update("v10", name="pool")).refused("name-in-use", naming=[pool.Created("pool", "", "z", "")])


def test_a_name_that_a_renaming_took_is_told_by_that_fact() -> None:
    case = given(a_zone(), a_vlan(), update("v10", name="red"))
    case.when(a_vlan("red", vlan=11)).refused("name-in-use", naming=[l2.Updated("red", "")])


@pytest.mark.parametrize("text", ["", " x", "x" * 256])
def test_a_new_name_is_a_name(text: str) -> None:
    given(a_zone(), a_vlan(), a_pool()).when(update("v10", name=text)).refused("invalid-argument")
    given(a_zone(), a_vlan(), a_pool()).when(update("pool", name=text)).refused("invalid-argument")


def test_a_description_has_an_end() -> None:
    given(a_zone(), a_vlan()).when(update("v10", description="x" * 2049)).refused("invalid-argument")
    given(a_zone(), a_pool()).when(update("pool", description="x" * 2049)).refused("invalid-argument")


def test_an_update_says_what_to_change() -> None:
    given(a_zone(), a_vlan(), a_pool()).when(update("v10")).refused("invalid-argument")
    given(a_zone(), a_vlan(), a_pool()).when(update("pool")).refused("invalid-argument")


def test_what_is_so_already_is_no_update() -> None:
    given(a_zone(), a_vlan()).when(update("v10", name="v10")).refused("wrong-state", naming=[V10])
    given(a_zone(), a_pool()).when(update("pool", description="")).refused(
        "wrong-state", naming=[pool.Created("pool", "", "z", "")]
    )


def test_only_what_is_there_is_updated() -> None:
    given(a_zone()).when(update("v10", name="red")).refused("unknown-object")


# GRE


def test_a_gre_network_has_a_key_on_an_interface() -> None:
    given(a_zone()).when(a_gre()).then(GRE, taking=["name/l2/g", "bridge/z/ovs7"])


@pytest.mark.parametrize("key", [1, 4294967295])
def test_a_gre_key_has_32_bits(key: int) -> None:
    given(a_zone(), a_gre(key=key))


@pytest.mark.parametrize("key", [0, -1, 4294967296])
def test_what_is_no_gre_key_is_refused(key: int) -> None:
    given(a_zone()).when(a_gre(key=key)).refused("invalid-argument")


def test_a_gre_network_needs_a_zone_and_a_name_of_its_own() -> None:
    given().when(a_gre()).refused("unknown-object")
    given(a_zone(), a_gre()).when(a_gre(key=8)).refused("name-in-use", naming=[GRE])


def test_a_gre_network_needs_an_interface_name() -> None:
    given(a_zone()).when(a_gre(interface="eth 0")).refused("invalid-argument")


def test_a_key_is_one_networks_in_a_cluster_whatever_its_interface() -> None:
    case = given(*TWO_CLUSTERS, a_gre(), a_gre("h"), a_gre("i", interface="eth1"))
    case.when(attach("g")).then(l2.AttachedToCluster("c1"), taking=["segment/c1/gre:7"])
    case.when(attach("h")).refused("gre-key-in-use", naming=[l2.AttachedToCluster("c1")])
    told = case.when(attach("i")).refused("gre-key-in-use", naming=[l2.AttachedToCluster("c1")])
    assert "GRE key 7 of that cluster" in told
    case.when(attach("i", "c2")).then(l2.AttachedToCluster("c2"))
    case.do(detach("g")).when(attach("i")).then(l2.AttachedToCluster("c1"))


def test_a_key_and_a_vlan_of_one_number_do_not_meet() -> None:
    given(*ONE_HOST, a_gre(key=10), attach("g"), a_vlan()).when(attach("v10")).then(l2.AttachedToCluster("c1"))


def test_a_host_without_an_address_has_no_gre() -> None:
    world = (a_zone(), a_cluster(), a_gre())
    mute = host.Added("h1", "c1", ("eth0", "eth1"), "", "")
    given(*world, a_host()).when(attach("g")).refused("vtep-missing", naming=[mute])
    given(*world, attach("g")).when(a_host()).refused("vtep-missing", naming=[l2.AttachedToCluster("c1")])
    given(*world, attach("g")).when(a_host(address="10.0.0.1")).then(
        host.Added("h1", "c1", ("eth0", "eth1"), "10.0.0.1", "")
    )


# aliases of one wire


FIVE = ("eth0", "eth0.5", "eth0.5.10")


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (a_vlan("one", vlan=5), a_no_vlan("other", interface="eth0.5"), "physical-interface-in-use"),
        (a_no_vlan("one", interface="eth0.5"), a_vlan("other", vlan=5), "vlan-in-use"),
        (
            a_vlan("one", vlan=10, interface="eth0.5"),
            a_no_vlan("other", interface="eth0.5.10"),
            "physical-interface-in-use",
        ),
    ],
)
def test_two_names_of_one_wire_are_one_claim(first: c.Command, second: c.Command, code: str) -> None:
    case = given(a_zone(), a_cluster(), a_host(interfaces=FIVE), first, attach("one"), second)
    case.when(attach("other")).refused(code, naming=[l2.AttachedToCluster("c1")])


def test_two_names_of_one_wire_on_two_clusters_are_one_domain() -> None:
    case = given(*TWO_CLUSTERS[:2], a_host(interfaces=FIVE), a_cluster("c2"), a_host("h2", cluster="c2"))
    case.do(a_no_vlan("alias", interface="eth0.5"), attach("alias"), a_vlan("five", vlan=5), attach("five", "c2"))
    carried = case.topology.segments.carried
    assert [len(places) for places in carried.values()] == [2]


def test_a_vlan_in_a_vlan_is_a_wire_of_its_own() -> None:
    case = given(a_zone(), a_cluster(), a_host(interfaces=FIVE), a_vlan(vlan=10), attach("v10"))
    case.do(a_vlan("inner", vlan=10, interface="eth0.5"), attach("inner"), a_vlan("outer", vlan=5), attach("outer"))


def test_a_dot_in_a_name_is_not_always_a_vlan() -> None:
    case = given(a_zone(), a_cluster(), a_host(interfaces=("eth0", "my.if", ".5", "eth0.4095")))
    case.when(a_no_vlan("a", interface="my.if")).then(
        l2.Created(
            "a", "", "z", "my.if", "L2NoVlanNetwork", 0, "", "br_my.if", "", "attach", "", "interface", "my.if/0"
        )
    )
    case.when(a_no_vlan("b", interface="eth0.4095")).then(
        l2.Created(
            "b",
            "",
            "z",
            "eth0.4095",
            "L2NoVlanNetwork",
            0,
            "",
            "br_eth0.4095",
            "",
            "attach",
            "",
            "interface",
            "eth0.4095/0",
        )
    )
