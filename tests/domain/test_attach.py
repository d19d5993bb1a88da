"""L2 networks and pools are attached to clusters and taken off them, with the NICs that hang there."""

from __future__ import annotations

import pytest

from domain import cluster, host, l2, pool, vm
from domain import commands as c
from tests.builders import (
    A_POOL,
    ONE_HOST,
    TWO_CLUSTERS,
    TWO_SUBNETS,
    a_cidr,
    a_cluster,
    a_no_vlan,
    a_pool,
    a_vlan,
    a_vm,
    a_vni_range,
    a_vxlan,
    a_zone,
    an_l3,
    attach,
    attach_pool,
    detach,
    stop,
)
from tests.domain.test_l2 import RANGE, X100
from tests.given import given


H1 = host.Added("h1", "c1", ("eth0", "eth1"), "", "10.0.0.1")
ON_C1 = l2.AttachedToCluster("c1")
POOL_ON_C1 = pool.AttachedToCluster("c1", "10.0.0.0/24")


@pytest.mark.parametrize(
    ("made", "name", "claim"),
    [(a_no_vlan(), "plain", "segment/c1/eth0/0"), (a_vlan(), "v10", "segment/c1/eth0/10")],
)
def test_an_attached_network_holds_its_segment_in_the_cluster(made: c.Command, name: str, claim: str) -> None:
    given(*ONE_HOST, made).when(attach(name)).then(ON_C1, taking=[claim])


def test_a_cluster_without_hosts_takes_networks() -> None:
    given(a_zone(), a_cluster(), a_vlan()).when(attach("v10")).then(ON_C1)


def test_attaching_twice_is_refused() -> None:
    given(*ONE_HOST, a_vlan(), attach("v10")).when(attach("v10")).refused("l2-already-attached", naming=[ON_C1])


def test_a_network_stays_in_its_zone() -> None:
    case = given(a_zone("y"), a_vlan(zone="y"), *ONE_HOST)
    fact = l2.Created(
        "v10", "", "y", "eth0", "L2VlanNetwork", 10, "", "br_eth0_10", "eth0.10", "attach", "", "vlan", "eth0/10"
    )
    case.when(attach("v10")).refused("wrong-zone", naming=[fact, cluster.Created("c1", "z", "KVM")])


def test_a_pool_stays_in_its_zone() -> None:
    case = given(a_zone("y"), a_pool(zone="y"), *ONE_HOST)
    naming = [pool.Created("pool", "", "y", ""), cluster.Created("c1", "z", "KVM")]
    case.when(attach_pool()).refused("wrong-zone", naming=naming)


@pytest.mark.parametrize("command", [attach("nothing"), detach("nothing"), attach("v10", "c9"), detach("v10", "c9")])
def test_network_and_cluster_must_be_there(command: c.Command) -> None:
    given(*ONE_HOST, a_vlan()).when(command).refused("unknown-object")


def test_one_vlan_of_an_interface_is_held_once_in_a_cluster() -> None:
    case = given(*ONE_HOST, a_vlan(), attach("v10"), a_vlan("w"))
    told = case.when(attach("w")).refused("vlan-in-use", naming=[ON_C1])
    assert "L2 network v10" in told


def test_the_same_vlan_is_free_on_another_interface_and_cluster() -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), attach("v10"), a_vlan("w"), a_vlan("u", interface="eth1"))
    case.when(attach("w", "c2")).then(l2.AttachedToCluster("c2"))
    case.when(attach("u")).then(ON_C1)


def test_the_untagged_frames_of_an_interface_are_held_once_in_a_cluster() -> None:
    case = given(*ONE_HOST, a_no_vlan(), attach("plain"), a_no_vlan("other"))
    case.when(attach("other")).refused("physical-interface-in-use", naming=[ON_C1])


def test_tagged_and_untagged_networks_share_an_interface() -> None:
    given(*ONE_HOST, a_no_vlan(), attach("plain"), a_vlan()).when(attach("v10")).then(ON_C1)


@pytest.mark.parametrize(("made", "name"), [(a_no_vlan(interface="eth7"), "plain"), (a_vlan(interface="eth7"), "v10")])
def test_every_host_of_the_cluster_must_have_the_interface(made: c.Command, name: str) -> None:
    given(*ONE_HOST, made).when(attach(name)).refused("physical-interface-missing", naming=[H1])


def test_only_a_pool_takes_a_vtep_network() -> None:
    given(*ONE_HOST, a_vlan()).when(attach("v10", vtep_cidr="10.0.0.0/24")).refused("invalid-argument")


# pools


def test_a_pool_is_attached_with_the_network_its_tunnels_run_on() -> None:
    given(*ONE_HOST, a_pool()).when(attach_pool(cidr="10.0.0.77/24")).then(POOL_ON_C1, taking=[])


def test_a_pool_needs_a_vtep_network() -> None:
    given(*ONE_HOST, a_pool()).when(attach("pool")).refused("vtep-cidr-missing")


@pytest.mark.parametrize("cidr", ["10.0.0.1", "10.0.0.0/33", "10.0.0.0/0", "10.0.0/24", "tunnels", "10.0.0.0/²"])
def test_a_vtep_network_is_an_ipv4_network(cidr: str) -> None:
    given(*ONE_HOST, a_pool()).when(attach_pool(cidr=cidr)).refused("invalid-argument")


def test_every_host_must_have_an_address_in_the_vtep_network() -> None:
    given(*ONE_HOST, a_pool()).when(attach_pool(cidr="10.9.0.0/24")).refused("vtep-missing", naming=[H1])


def test_every_host_must_have_the_pools_interface() -> None:
    given(*ONE_HOST, a_pool(interface="eth7")).when(attach_pool()).refused("physical-interface-missing", naming=[H1])


def test_a_pool_is_not_attached_twice() -> None:
    given(*A_POOL).when(attach_pool(cidr="10.0.0.0/8")).refused("l2-already-attached", naming=[POOL_ON_C1])


def test_two_pools_with_one_vni_do_not_meet_in_a_cluster() -> None:
    case = given(*A_POOL, a_pool("other"), a_vni_range(102, 105, pool="other"))
    case.when(attach_pool("c1", pool="other")).refused("vni-range-overlap", naming=[RANGE])


@pytest.mark.parametrize("command", [attach("x"), detach("x")])
def test_a_vxlan_network_follows_its_pool(command: c.Command) -> None:
    given(*A_POOL, a_vxlan()).when(command).refused("pool-member", naming=[X100])


# detach


def test_a_detached_network_gives_its_segment_back() -> None:
    case = given(*ONE_HOST, a_vlan(), attach("v10"))
    case.when(detach("v10")).then(l2.DetachedFromCluster("c1"), releasing=["segment/c1/eth0/10"])
    case.when(attach("v10")).then(ON_C1)


def test_what_is_not_attached_is_not_detached() -> None:
    case = given(*ONE_HOST, a_vlan(), a_pool())
    for name in ("v10", "pool"):
        case.when(detach(name)).refused("l2-not-attached", naming=[case.made("l2", name)])


def test_the_fact_that_detached_it_before_is_named() -> None:
    case = given(*ONE_HOST, a_vlan(), attach("v10"), detach("v10"))
    case.when(detach("v10")).refused("l2-not-attached", naming=[l2.DetachedFromCluster("c1")])
    case = given(*A_POOL, detach("pool"))
    case.when(detach("pool")).refused("l2-not-attached", naming=[pool.DetachedFromCluster("c1")])


def test_a_detach_takes_off_the_nics_that_run_in_that_cluster() -> None:
    case = given(*TWO_SUBNETS, a_vm("here", host="h1", mac="52:54:00:00:00:01"), a_vm("there", host="h2"))
    case.when(detach("v10")).then(
        l2.DetachedFromCluster("c1"),
        vm.NicDetached("here/l3"),
        releasing=["segment/c1/eth0/10", "ip/l3/192.168.0.10", "mac/52:54:00:00:00:01"],
    )


def test_the_facts_of_a_detach_carry_their_cause() -> None:
    result = given(*TWO_SUBNETS, a_vm(host="h1")).when(detach("v10"))
    first, nic = (
        next(r for r in result.recorded if isinstance(r.fact, f)) for f in (l2.DetachedFromCluster, vm.NicDetached)
    )
    assert (first.cause, nic.cause) == ("", first.reference)
    rest = [r.cause for r in result.recorded if r is not first]
    assert rest == [first.reference, first.reference, nic.reference, nic.reference]


def test_the_vm_keeps_running_without_the_nic() -> None:
    case = given(*TWO_SUBNETS, a_vm(host="h1"), detach("v10"))
    assert case.topology.state(case.id("vm", "vm"), vm.Vm) == vm.Vm(
        "vm", "running", host=case.id("host", "h1"), last_host=case.id("host", "h1"), nics=()
    )


def test_a_detach_leaves_other_networks_and_stopped_vms_alone() -> None:
    case = given(*TWO_SUBNETS, a_no_vlan(), attach("plain"), an_l3("m3", l2="plain"), a_cidr("10.1.0.0/24", l3="m3"))
    case.do(a_vm("both", "m3", "l3", host="h1"), a_vm("stopped", host="h1"), stop("stopped"))
    case.when(detach("v10")).then(l2.DetachedFromCluster("c1"), vm.NicDetached("both/l3"))


def test_the_released_address_is_free_for_the_next() -> None:
    case = given(*TWO_SUBNETS, a_vm("one", host="h1", ip="192.168.0.20", mac="52:54:00:00:00:01"), detach("v10"))
    case.when(a_vm("two", host="h2", ip="192.168.0.20", mac="52:54:00:00:00:01")).then(
        vm.Created("two"),
        vm.NicAttached("two/l3", "l3", "192.168.0.20", "", "52:54:00:00:00:01", "nic525400000001"),
        vm.Started("h2"),
    )


def test_detaching_a_pool_takes_off_the_nics_of_all_its_networks() -> None:
    case = given(*A_POOL, a_vxlan("x"), a_vxlan("y"), an_l3("lx", l2="x"), an_l3("ly", l2="y"))
    case.do(a_cidr(l3="lx"), a_cidr(l3="ly"), a_vm("a", "lx", "ly", host="h1"), a_vm("b", "lx", host="h2"))
    case.when(detach("pool")).then(pool.DetachedFromCluster("c1"), vm.NicDetached("a/lx"), vm.NicDetached("a/ly"))
