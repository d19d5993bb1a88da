"""VMs are made on a host that has their networks, started, stopped, moved and destroyed."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import host, l2, l3, pool, vm
from tests.builders import (
    A_POOL,
    A_SUBNET,
    ONE_HOST,
    TWO_SUBNETS,
    a_cidr,
    a_cluster,
    a_host,
    a_host_state,
    a_no_vlan,
    a_range,
    a_vlan,
    a_vm,
    a_vxlan,
    an_l3,
    attach,
    destroy,
    detach,
    migrate,
    start,
    stop,
)
from tests.domain.test_l3 import LOW
from tests.given import given


MAC = "52:54:00:00:00:01"
NIC = vm.NicAttached("vm/l3", "l3", "192.168.0.10", "", MAC, "nic525400000001")
STARTED = vm.Started("h1")
MADE = (*A_SUBNET, a_vm(mac=MAC))


def test_a_vm_is_made_with_a_nic_and_started() -> None:
    claims = ["name/vm/vm", "ip/l3/192.168.0.10", f"mac/{MAC}"]
    given(*A_SUBNET).when(a_vm(mac="5254.0000.0001")).then(vm.Created("vm"), NIC, STARTED, taking=claims)


def test_the_facts_of_a_vm_carry_their_cause() -> None:
    made, _, nic, *rest = given(*A_SUBNET).when(a_vm()).recorded
    assert (made.cause, nic.cause) == ("", made.reference)
    assert [r.cause for r in rest] == [nic.reference, nic.reference, ""]


def test_a_vm_may_have_no_nic_and_takes_any_host() -> None:
    given(*ONE_HOST).when(c.CreateVm(name="vm", networks=())).then(vm.Created("vm"), STARTED)


def test_a_mac_is_drawn_as_zstack_does() -> None:
    fact = given(*A_SUBNET).when(a_vm()).recorded[2].fact
    assert isinstance(fact, vm.NicAttached)
    assert fact.mac.startswith("fa:")
    assert fact.device == "nic" + fact.mac.replace(":", "")


def test_a_second_vm_of_that_name_is_refused() -> None:
    given(*MADE).when(a_vm()).refused("name-in-use", naming=[vm.Created("vm")])


@pytest.mark.parametrize("command", [a_vm("vm", "nowhere"), a_vm(host="h9"), a_vm(cluster="c9")])
def test_what_a_vm_names_must_be_there(command: c.Command) -> None:
    given(*A_SUBNET).when(command).refused("unknown-object")


@pytest.mark.parametrize("vm_name", ["", " vm"])
def test_a_vm_has_a_proper_name(vm_name: str) -> None:
    given(*A_SUBNET).when(a_vm(vm_name)).refused("invalid-argument")


def test_a_vm_has_one_nic_on_a_network() -> None:
    given(*A_SUBNET).when(a_vm("vm", "l3", "l3")).refused("l3-already-attached")


def test_a_wish_for_a_network_that_the_vm_is_not_on_is_refused() -> None:
    command = c.CreateVm(name="vm", networks=("l3",), addresses={"other": "10.0.0.1"})
    given(*A_SUBNET, an_l3("other")).when(command).refused("invalid-argument")


def test_two_wishes_for_one_network_are_refused() -> None:
    case = given(*A_SUBNET)
    wishes = {"l3": "192.168.0.11", case.id("l3", "l3"): "192.168.0.12"}
    case.when(c.CreateVm(name="vm", networks=("l3",), addresses=wishes)).refused("invalid-argument")


@pytest.mark.parametrize("mac", ["01:00:00:00:00:01", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "52:54:00", "mac"])
def test_a_nic_has_a_unicast_mac(mac: str) -> None:
    given(*A_SUBNET).when(a_vm(mac=mac)).refused("invalid-argument")


def test_a_mac_is_held_once_everywhere() -> None:
    case = given(*MADE, a_no_vlan(), attach("plain"), an_l3("m3", l2="plain"), a_cidr("10.1.0.0/24", l3="m3"))
    case.when(a_vm("two", "m3", mac=MAC)).refused("mac-in-use", naming=[NIC])


# addresses


def test_a_vm_may_ask_for_its_address() -> None:
    fact = vm.NicAttached("vm/l3", "l3", "192.168.0.50", "", MAC, "nic525400000001")
    given(*A_SUBNET).when(a_vm(ip="192.168.0.50", mac=MAC)).then(vm.Created("vm"), fact, STARTED)


def test_an_address_is_held_once() -> None:
    given(*MADE).when(a_vm("two", ip="192.168.0.10")).refused("ip-in-use", naming=[NIC])


@pytest.mark.parametrize("ip", ["192.168.0.1", "192.168.0.9", "192.168.0.55", "10.0.0.1"])
def test_an_address_outside_every_range_is_handed_out_to_nobody(ip: str) -> None:
    case = given(*A_SUBNET, a_range("192.168.0.60", "192.168.0.100", name="high"))
    case.when(a_vm(ip=ip)).refused("ip-not-in-range")


def test_a_wished_address_is_an_ipv4_address() -> None:
    given(*A_SUBNET).when(a_vm(ip="ten")).refused("invalid-argument")


def test_a_network_without_ranges_has_no_address_to_give() -> None:
    case = given(*ONE_HOST, a_vlan(), attach("v10"), an_l3())
    case.when(a_vm()).refused("ip-exhausted", naming=[case.made("l3", "l3")])


def test_a_full_network_has_no_address_to_give() -> None:
    case = given(*ONE_HOST, a_vlan(), attach("v10"), an_l3(), a_range("192.168.0.10", "192.168.0.10"), a_vm("one"))
    one = l3.IpRangeAdded("low", "192.168.0.10", "192.168.0.10", LOW.netmask, LOW.gateway, LOW.network_cidr, 24, "")
    case.when(a_vm("two")).refused("ip-exhausted", naming=[one])


# placement


def test_a_vm_goes_where_the_fewest_run_the_oldest_host_first() -> None:
    case = given(*TWO_SUBNETS)
    hosts = [case.when(a_vm(name)).recorded[-1].fact for name in ("a", "b", "d")]
    assert hosts == [vm.Started(case.id("host", name)) for name in ("h1", "h2", "h1")]


def test_a_vm_may_ask_for_its_host_or_its_cluster() -> None:
    case = given(*TWO_SUBNETS)
    assert case.when(a_vm("a", host="h2")).recorded[-1].fact == vm.Started(case.id("host", "h2"))
    assert case.when(a_vm("b", cluster="c2")).recorded[-1].fact == vm.Started(case.id("host", "h2"))


def test_a_host_in_another_cluster_than_asked_for_is_refused() -> None:
    fact = host.Added("h2", "c2", ("eth0", "eth1"), "", "10.0.0.2")
    given(*TWO_SUBNETS).when(a_vm(host="h2", cluster="c1")).refused("host-not-eligible", naming=[fact])


def test_a_host_without_the_network_is_refused_and_the_network_that_never_came_is_named() -> None:
    case = given(*A_SUBNET, a_cluster("c2"), a_host("h2", cluster="c2"))
    told = case.when(a_vm(host="h2")).refused("host-not-eligible", naming=[case.made("l2", "v10")])
    assert "v10" in told


def test_the_detach_that_took_the_network_away_is_named() -> None:
    case = given(*TWO_SUBNETS, detach("v10"))
    gone = l2.DetachedFromCluster("c1")
    case.when(a_vm(host="h1")).refused("host-not-eligible", naming=[gone])
    case.when(a_vm(cluster="c1")).refused("no-host-available", naming=[gone])


def test_the_detach_of_a_pool_is_named_for_its_networks() -> None:
    case = given(*A_POOL, a_vxlan(), an_l3(l2="x"), a_cidr(), detach("pool"))
    case.when(a_vm(host="h1")).refused("host-not-eligible", naming=[pool.DetachedFromCluster("c1")])


@pytest.mark.parametrize("state", ["disabled", "maintenance"])
def test_the_state_that_keeps_a_host_from_taking_vms_is_named(state: host.Condition) -> None:
    case = given(*A_SUBNET, a_host_state(state))
    case.when(a_vm(host="h1")).refused("host-not-eligible", naming=[host.StateChanged(state)])
    case.when(a_vm()).refused("no-host-available", naming=[host.StateChanged(state)])


def test_where_there_is_no_host_no_vm_is_made() -> None:
    case = given(*A_SUBNET, a_cluster("empty"))
    never = [case.made("cluster", "empty")]
    told = case.when(a_vm(cluster="empty")).refused("no-host-available", naming=never)
    assert "there is no host" in told
    case.do(a_host("gone", cluster="empty"), a_host("h2"))
    case.do(c.DeleteHost(host="h1"), c.DeleteHost(host="gone"), c.DeleteHost(host="h2"))
    for command, last in ((a_vm(cluster="empty"), "gone"), (a_vm(cluster="c1"), "h2"), (a_vm(), "h2")):
        refusal = case.when(command).refusal
        assert refusal
        (ended,) = [r for r in case.network.facts() if r.position in refusal.conflicts]
        assert (ended.fact, case.topology.name(ended.originator_id)) == (host.Deleted(), last)


def test_all_networks_must_meet_on_one_host() -> None:
    case = given(*A_SUBNET, a_cluster("c2"), a_host("h2", cluster="c2"), a_no_vlan(), attach("plain", "c2"))
    case.do(an_l3("m3", l2="plain"), a_cidr("10.1.0.0/24", l3="m3"))
    never = [case.made("l2", name) for name in ("v10", "plain")]
    told = case.when(a_vm("vm", "l3", "m3")).refused("no-host-available", naming=never)
    assert "host h1" in told
    assert "host h2" in told


# stop, start


def test_a_running_vm_is_stopped_and_keeps_its_nics() -> None:
    case = given(*MADE).when(stop()).then(vm.Stopped(), releasing=[])
    assert [nic.ip for nic in case.topology.nics_of(case.id("vm", "vm"))] == ["192.168.0.10"]


def test_a_stopped_vm_is_not_stopped_again() -> None:
    given(*MADE, stop()).when(stop()).refused("wrong-state", naming=[vm.Stopped()])


def test_a_running_vm_is_not_started_again() -> None:
    given(*MADE).when(start()).refused("wrong-state", naming=[STARTED])
    given(*TWO_SUBNETS, a_vm(), migrate()).when(start()).refused("wrong-state", naming=[vm.Migrated("h2")])


def test_a_vm_starts_where_it_ran_last() -> None:
    case = given(*TWO_SUBNETS, a_vm(host="h2"), stop())
    case.when(start()).then(vm.Started("h2"))


def test_a_vm_starts_elsewhere_when_its_last_host_fits_no_more() -> None:
    given(*TWO_SUBNETS, a_vm(host="h2"), stop(), detach("v10", "c2")).when(start()).then(vm.Started("h1"))


def test_a_vm_may_ask_where_to_start() -> None:
    given(*TWO_SUBNETS, a_vm(host="h1"), stop()).when(start(host="h2")).then(vm.Started("h2"))


def test_a_vm_does_not_start_where_its_network_is_not() -> None:
    case = given(*TWO_SUBNETS, a_vm(host="h1"), stop(), detach("v10"), detach("v10", "c2"))
    case.when(start(host="h1")).refused("host-not-eligible", naming=[l2.DetachedFromCluster("c1")])
    case.when(start()).refused("no-host-available", naming=[l2.DetachedFromCluster(x) for x in ("c1", "c2")])


@pytest.mark.parametrize(
    "command", [start("x"), stop("x"), migrate("x"), destroy("x"), start(host="h9"), migrate(host="h9")]
)
def test_vm_and_host_must_be_there(command: c.Command) -> None:
    stopped = isinstance(command, c.StartVm)
    given(*MADE, *([stop()] if stopped else [])).when(command).refused("unknown-object")


# migrate


def test_a_vm_moves_to_another_host_that_has_its_networks() -> None:
    given(*TWO_SUBNETS, a_vm(host="h1")).when(migrate()).then(vm.Migrated("h2"))


def test_a_vm_moves_to_the_emptiest_other_host() -> None:
    case = given(*TWO_SUBNETS, a_host("h3"), a_vm("a", host="h2"), a_vm("vm", host="h1"))
    case.when(migrate()).then(vm.Migrated("h3"))


def test_a_vm_may_be_told_where_to_move() -> None:
    given(*TWO_SUBNETS, a_vm(host="h1")).when(migrate(host="h2")).then(vm.Migrated("h2"))


def test_a_vm_does_not_move_to_where_it_is() -> None:
    given(*MADE).when(migrate(host="h1")).refused("wrong-state", naming=[STARTED])


def test_a_stopped_vm_does_not_move() -> None:
    given(*MADE, stop()).when(migrate()).refused("wrong-state", naming=[vm.Stopped()])


def test_a_vm_does_not_move_where_its_network_is_not() -> None:
    case = given(*TWO_SUBNETS, a_vm(host="h1"), detach("v10", "c2"))
    gone = l2.DetachedFromCluster("c2")
    case.when(migrate(host="h2")).refused("host-not-eligible", naming=[gone])
    case.when(migrate()).refused("no-host-available", naming=[STARTED, gone])


# destroy


def test_a_destroyed_vm_gives_everything_back() -> None:
    given(*MADE).when(destroy()).then(vm.Destroyed(), releasing=["name/vm/vm", "ip/l3/192.168.0.10", f"mac/{MAC}"])


def test_after_a_vm_is_destroyed_another_has_its_name_address_and_mac() -> None:
    given(*MADE, destroy()).when(a_vm(mac=MAC)).then(vm.Created("vm"), NIC, STARTED)


def test_a_destroyed_vm_is_gone() -> None:
    given(*MADE, destroy()).when(destroy()).refused("unknown-object", naming=[vm.Destroyed()])


def test_a_stopped_vm_may_be_destroyed() -> None:
    given(*MADE, stop()).when(destroy()).then(vm.Destroyed())


def test_a_uuid_is_never_used_again() -> None:
    case = given(*A_SUBNET)
    uuid = case.when(a_vm()).recorded[0].originator_id
    case.do(destroy())
    case.when(c.CreateVm(name="vm", networks=("l3",), uuid=uuid)).refused(
        "name-in-use", naming=[vm.Created("vm"), vm.Destroyed()]
    )
