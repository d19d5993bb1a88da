"""Hosts: their bonds, their move to another cluster, their maintenance, and why one can't take a VM."""

from __future__ import annotations

import pytest

from domain import cluster, devices, host, l2, vm
from domain import commands as c
from tests.builders import (
    A_SUBNET,
    ONE_HOST,
    TWO_CLUSTERS,
    TWO_SUBNETS,
    a_cluster,
    a_host,
    a_host_state,
    a_no_vlan,
    a_pool,
    a_range,
    a_vlan,
    a_vm,
    a_zone,
    an_l3,
    attach,
    attach_pool,
    detach,
    migrate,
    start,
    stop,
)
from tests.given import given


def move(name: str = "h1", cluster: str = "c2") -> c.MoveHost:
    return c.MoveHost(host=name, cluster=cluster)


H1 = host.Added("h1", "c1", ("eth0", "eth1"), "", "10.0.0.1")
BONDED = ("bond0=eth0+eth1", "eth2")
BOND = host.BondDeclared("bond0", ("eth0", "eth1"))
H9 = host.Added("h9", "c1", ("bond0", "eth2"), "", "")


# bonds


def test_a_bond_is_an_interface_and_its_members_are_none() -> None:
    case = given(a_zone(), a_cluster())
    case.when(a_host("h9", interfaces=BONDED)).then(H9, BOND)
    state = case.topology.state(case.id("host", "h9"), host.Host)
    assert (state.interfaces, state.bonds) == (("bond0", "eth2"), (("bond0", ("eth0", "eth1")),))


@pytest.mark.parametrize(
    "name",
    [
        devices.nic("fa:01:02:03:04:05"),
        devices.own_bridge("0196f0a0-0000-7000-8000-00000000abcd"),
        devices.own_device("0196f0a0-0000-7000-8000-00000000abcd"),
    ],
)
@pytest.mark.parametrize("text", ["{}", "{}=eth1+eth2", "bond0=eth1+{}"])
def test_an_interface_is_not_named_like_a_device_that_a_later_nic_or_network_would_get(name: str, text: str) -> None:
    case = given(a_zone(), a_cluster())
    told = case.when(a_host("h9", interfaces=("eth0", text.format(name)))).refused("invalid-argument")
    assert f"{name} is no interface of a host's own" in told


def test_an_interface_may_begin_like_one_of_our_devices() -> None:
    case = given(a_zone(), a_cluster())
    case.do(a_host("h9", interfaces=("nic0", "nicfa01020304", "vx_0", "l2_up")))


def test_a_bond_is_declared_because_its_host_was_added() -> None:
    added, _, declared = given(a_zone(), a_cluster()).when(a_host("h9", interfaces=BONDED)).recorded
    assert declared.cause == added.reference


@pytest.mark.parametrize(
    "interfaces",
    [
        ("bond0=eth0+eth1", "eth0"),
        ("bond0=eth0", "bond1=eth0"),
        ("bond0=bond0",),
        ("bond0=eth0+eth0",),
        ("bond0=",),
        ("=eth0",),
        ("bond0=eth0+",),
        ("bond0=a=b",),
    ],
)
def test_a_member_is_in_one_bond_and_nowhere_else(interfaces: tuple[str, ...]) -> None:
    case = given(a_zone(), a_cluster())
    if interfaces == ("bond0=a=b",):
        case.do(a_host(interfaces=interfaces))  # the kernel takes such a name
    else:
        case.when(a_host(interfaces=interfaces)).refused("invalid-argument")


@pytest.mark.parametrize("interface", ["eth0", "eth1", "eth0.5"])
def test_a_network_on_a_member_is_refused_and_the_bond_is_named(interface: str) -> None:
    case = given(a_zone(), a_cluster(), a_host("h9", interfaces=BONDED), a_no_vlan(interface=interface))
    told = case.when(attach("plain")).refused("physical-interface-in-use", naming=[H9, BOND])
    assert "bond0" in told


def test_a_host_whose_bond_has_taken_a_networks_interface_may_not_join() -> None:
    case = given(a_zone(), a_cluster(), a_vlan(), attach("v10"))
    case.when(a_host("h9", interfaces=BONDED)).refused("physical-interface-in-use", naming=[l2.AttachedToCluster("c1")])


def test_a_network_uses_the_bond() -> None:
    case = given(a_zone(), a_cluster(), a_host("h9", interfaces=BONDED), a_vlan(interface="bond0"))
    case.when(attach("v10")).then(l2.AttachedToCluster("c1"))


# to another cluster


def test_a_host_moves_to_another_cluster() -> None:
    case = given(*TWO_CLUSTERS)
    case.when(move()).then(host.Moved("c2"), taking=[], releasing=[])
    assert case.topology.state(case.id("host", "h1"), host.Host).cluster == case.id("cluster", "c2")


def test_a_moved_host_has_the_networks_of_its_new_cluster() -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), attach("v10", "c2"), move())
    case.do(an_l3(), a_range(), a_vm(host="h1"))
    case.when(detach("v10", "c2")).then(l2.DetachedFromCluster("c2"), vm.NicDetached("vm/l3"))


def test_a_host_with_vms_does_not_move() -> None:
    case = given(*TWO_SUBNETS, a_vm("one", host="h1"), a_vm("two", host="h2"), migrate("two", host="h1"))
    told = case.when(move()).refused("still-in-use", naming=[vm.Started("h1"), vm.Migrated("h1")])
    assert "one, two" in told
    case.do(stop("one"), stop("two"), move())


def test_a_host_that_is_there_already_does_not_move() -> None:
    given(*TWO_CLUSTERS).when(move("h1", "c1")).refused("wrong-state", naming=[H1])
    given(*TWO_CLUSTERS, move()).when(move()).refused("wrong-state", naming=[host.Moved("c2")])


def test_a_host_stays_in_its_zone() -> None:
    case = given(*ONE_HOST, a_zone("y"), a_cluster("d1", zone="y"))
    case.when(move("h1", "d1")).refused(
        "wrong-zone", naming=[cluster.Created("c1", "z", "KVM"), cluster.Created("d1", "y", "KVM")]
    )


def test_a_host_takes_along_what_the_networks_there_need() -> None:
    on_c2 = l2.AttachedToCluster("c2")
    case = given(*ONE_HOST, a_cluster("c2"), a_vlan(interface="eth9"), attach("v10", "c2"))
    case.when(move()).refused("physical-interface-missing", naming=[on_c2])
    case = given(*ONE_HOST, a_cluster("c2"), a_pool(), attach_pool("c2", cidr="10.9.0.0/24"))
    assert case.when(move()).refusal.code == "vtep-missing"  # type: ignore[union-attr] # there is a refusal, or this fails
    case = given(a_zone(), a_cluster(), a_cluster("c2"), a_host(interfaces=BONDED), a_vlan(), attach("v10", "c2"))
    case.when(move()).refused("physical-interface-in-use", naming=[BOND, on_c2])


def test_only_what_is_there_moves_to_what_is_there() -> None:
    given(*TWO_CLUSTERS).when(move("h7")).refused("unknown-object")
    given(*TWO_CLUSTERS).when(move("h1", "c7")).refused("unknown-object")


# out of service


def test_maintenance_migrates_the_vms_to_hosts_that_have_their_networks() -> None:
    case = given(*TWO_SUBNETS, a_vm("one", host="h1"), a_vm("two", host="h2"), a_host("h3"))
    result = case.when(a_host_state("maintenance"))
    result.then(host.StateChanged("maintenance"), vm.Migrated("h3"), taking=[], releasing=[])
    state, migrated = result.recorded
    assert (state.cause, migrated.cause) == ("", state.reference)


def test_maintenance_stops_the_vms_that_no_other_host_can_take() -> None:
    case = given(*A_SUBNET, a_vm("one"), a_vm("two"))
    result = case.when(a_host_state("maintenance"))
    result.then(host.StateChanged("maintenance"), vm.Stopped(), vm.Stopped(), taking=[], releasing=[])
    assert {r.cause for r in result.recorded[1:]} == {result.recorded[0].reference}


def test_maintenance_spreads_the_vms_evenly() -> None:
    case = given(*TWO_SUBNETS, a_host("h3"), *(a_vm(f"vm{i}", host="h1") for i in range(4)))
    case.when(a_host_state("maintenance")).then(
        host.StateChanged("maintenance"),
        vm.Migrated("h2"),
        vm.Migrated("h3"),
        vm.Migrated("h2"),
        vm.Migrated("h3"),
    )


def test_a_vm_without_networks_stays_in_its_zone() -> None:
    elsewhere = (a_zone("y"), a_cluster("d1", zone="y"), a_host("far", cluster="d1"))
    case = given(*ONE_HOST, *elsewhere, c.CreateVm(name="vm", networks=(), host="h1"))
    case.when(a_host_state("maintenance")).then(host.StateChanged("maintenance"), vm.Stopped())


def test_a_host_in_maintenance_has_no_vms_to_stop_and_comes_back_empty() -> None:
    case = given(*A_SUBNET, a_vm(), a_host_state("maintenance"))
    case.when(a_host_state("enabled")).then(host.StateChanged("enabled"))
    case.when(start()).then(vm.Started("h1"))


def test_a_disabled_host_keeps_its_vms_and_takes_no_new_ones() -> None:
    case = given(*A_SUBNET, a_vm("old"))
    case.when(a_host_state("disabled")).then(host.StateChanged("disabled"))
    told = case.when(a_vm("new")).refused("no-host-available", naming=[host.StateChanged("disabled")])
    assert "host h1: the host is in state disabled" in told


# why not


def test_a_migration_tells_of_each_host_why_it_can_not_take_the_vm() -> None:
    case = given(*TWO_SUBNETS, a_host("h3"), a_cluster("c4"), a_host("h4", cluster="c4"))
    case.do(a_vm(host="h1"), detach("v10", "c2"), a_host_state("disabled", host="h3"))
    told = case.when(migrate()).refused(
        "no-host-available",
        naming=[
            case.made("l2", "v10"),
            vm.Started("h1"),
            l2.DetachedFromCluster("c2"),
            host.StateChanged("disabled"),
        ],
    )
    for reason in (
        "host h2: L2 network not attached to cluster c2 (L2 network v10)",
        "host h3: the host is in state disabled",
        "host h4: L2 network not attached to cluster c4 (L2 network v10)",
    ):
        assert reason in told


def test_a_start_tells_of_each_host_why_it_can_not_take_the_vm() -> None:
    case = given(*TWO_SUBNETS, a_vm(host="h1"), stop(), detach("v10"), a_host_state("maintenance", host="h2"))
    told = case.when(start()).refused(
        "no-host-available", naming=[l2.DetachedFromCluster("c1"), host.StateChanged("maintenance")]
    )
    assert "host h1: L2 network not attached to cluster c1" in told
    assert "host h2: the host is in state maintenance" in told


def test_a_migration_to_a_host_that_can_not_take_the_vm_says_why() -> None:
    case = given(*TWO_SUBNETS, a_vm(host="h1"), a_host_state("disabled", host="h2"))
    told = case.when(migrate(host="h2")).refused("host-not-eligible", naming=[host.StateChanged("disabled")])
    assert "disabled" in told


def test_a_vm_does_not_start_in_another_zone_than_it_ran_in() -> None:
    far = (a_zone("y"), a_cluster("d1", zone="y"), a_host("far", cluster="d1"))
    case = given(*ONE_HOST, *far, c.CreateVm(name="vm", networks=(), host="h1"), stop())
    told = case.when(start(host="far")).refused("host-not-eligible", naming=[cluster.Created("d1", "y", "KVM")])
    assert "another zone" in told


FAR = (a_zone("y"), a_cluster("d1", zone="y"), a_host("far", cluster="d1"))
"""Zone y with cluster d1 and host far."""
BARE = (*ONE_HOST, *FAR, c.CreateVm(name="vm", networks=(), host="h1"), stop())
"""Beside them a stopped VM without NICs, which ran on h1."""


@pytest.mark.parametrize("gone", [c.DeleteHost(host="h1"), c.DeleteCluster(cluster="c1", mode="enforcing")])
def test_a_vm_stays_in_its_zone_when_its_host_is_gone(gone: c.Command) -> None:
    case = given(*BARE, gone)
    told = case.when(start()).refused("no-host-available", naming=[cluster.Created("d1", "y", "KVM")])
    assert "another zone" in told
    case.do(a_cluster("c3"), a_host("h3", cluster="c3")).when(start()).then(vm.Started("h3"))


def test_a_vm_whose_host_is_gone_ends_with_its_zone() -> None:
    case = given(*BARE, c.DeleteHost(host="h1")).do(c.DeleteZone(zone="z", mode="enforcing"))
    case.when(start()).refused("unknown-object", naming=[vm.Destroyed()])
