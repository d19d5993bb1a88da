"""What may be changed of an L3 network: its settings and state, and what it tells its guests."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import l3, vm
from projections.plan import plan
from tests.builders import A_SUBNET, ONE_HOST, a_range, a_vlan, a_vm, an_l3
from tests.domain.test_l3_ranges import SIX, a_range6
from tests.given import given


L3 = l3.Created("l3", "v10", "private", "", 0, "first-available")
EMPTY = (*ONE_HOST, a_vlan(), an_l3())
MAC = "52:54:00:00:00:01"
NIC = vm.NicAttached("vm/l3", "l3", "192.168.0.10", "", MAC, "nic525400000001")
OFF = c.ChangeL3NetworkState(l3="l3", state="disabled")
ON = c.ChangeL3NetworkState(l3="l3", state="enabled")
NOBODY = c.UpdateL3Network(l3="nobody", mtu=0)


def test_what_is_not_given_is_kept() -> None:
    case = (
        given(*EMPTY)
        .when(c.UpdateL3Network(l3="l3", mtu=9000))
        .then(l3.Updated("l3", "private", "", 9000, "first-available"), taking=[], releasing=[])
    )
    case.when(c.UpdateL3Network(l3="l3", category="public", dns_domain="example.com", allocator="random")).then(
        l3.Updated("l3", "public", "example.com", 9000, "random")
    )
    case.when(c.UpdateL3Network(l3="l3", dns_domain="", mtu=0)).then(l3.Updated("l3", "public", "", 0, "random"))


def test_a_new_name_is_claimed_and_the_old_one_given_back() -> None:
    case = (
        given(*EMPTY)
        .when(c.UpdateL3Network(l3="l3", name="new"))
        .then(
            l3.Updated("new", "private", "", 0, "first-available"),
            taking=["name/l3/new"],
            releasing=["name/l3/l3"],
        )
    )
    case.when(an_l3()).then(L3)
    assert case.topology.name(case.id("l3", "new")) == "new"


def test_a_name_that_another_has_is_refused() -> None:
    other = l3.Created("other", "v10", "private", "", 0, "first-available")
    given(*EMPTY, an_l3("other")).when(c.UpdateL3Network(l3="l3", name="other")).refused("name-in-use", naming=[other])


def test_an_update_changes_something() -> None:
    case = given(*EMPTY)
    case.when(c.UpdateL3Network(l3="l3")).refused("invalid-argument")
    case.when(c.UpdateL3Network(l3="l3", name="l3", mtu=0)).refused("wrong-state", naming=[L3])
    changed = l3.Updated("l3", "private", "", 9000, "first-available")
    case.do(c.UpdateL3Network(l3="l3", mtu=9000))
    case.when(c.UpdateL3Network(l3="l3", mtu=9000)).refused("wrong-state", naming=[changed])


@pytest.mark.parametrize(
    "command",
    [
        c.UpdateL3Network(l3="l3", name=""),
        c.UpdateL3Network(l3="l3", category="secret"),
        c.UpdateL3Network(l3="l3", dns_domain="-x.org"),
        c.UpdateL3Network(l3="l3", dns_domain="a..b"),
        c.UpdateL3Network(l3="l3", dns_domain="a" * 64),
        c.UpdateL3Network(l3="l3", dns_domain=".".join(["a" * 62] * 5)),
        c.UpdateL3Network(l3="l3", mtu=67),
        c.UpdateL3Network(l3="l3", mtu=9217),
        c.UpdateL3Network(l3="l3", allocator="backwards"),
        c.CreateL3Network(name="x", l2="v10", dns_domain="no domain"),
    ],
)
def test_settings_are_of_a_known_sort(command: c.Command) -> None:
    given(*EMPTY).when(command).refused("invalid-argument")


# the system's own networks


def test_a_system_network_takes_no_users_vm() -> None:
    case = given(*ONE_HOST, a_vlan(), an_l3(category="system"), a_range())
    system = l3.Created("l3", "v10", "system", "", 0, "first-available")
    case.when(a_vm()).refused("invalid-argument", naming=[system])


def test_a_network_with_users_vms_does_not_become_the_systems() -> None:
    command = c.UpdateL3Network(l3="l3", category="system")
    given(*A_SUBNET, a_vm(mac=MAC)).when(command).refused("still-in-use", naming=[NIC])
    given(*EMPTY, a_range6()).when(command).refused("conflict", naming=[SIX])
    given(*A_SUBNET).when(command).then(l3.Updated("l3", "system", "", 0, "first-available"))


# state


def test_a_disabled_network_takes_no_new_nic_and_running_vms_stay() -> None:
    case = given(*A_SUBNET, an_l3("other"), a_range("192.168.0.60", "192.168.0.70", l3="other"), a_vm())
    case.when(OFF).then(l3.StateChanged("disabled"))
    case.when(a_vm("two")).refused("l3-disabled", naming=[l3.StateChanged("disabled")])
    case.do(a_vm("two", "other"))
    attach = c.AttachL3NetworkToVm(vm="two", l3="l3")
    case.when(attach).refused("l3-disabled", naming=[l3.StateChanged("disabled")])
    assert case.topology.state(case.id("vm", "vm"), vm.Vm).state == "running"
    case.do(ON, attach)


def test_a_state_is_changed_to_another_one() -> None:
    given(*EMPTY).when(ON).refused("wrong-state", naming=[L3])
    given(*EMPTY, OFF).when(OFF).refused("wrong-state", naming=[l3.StateChanged("disabled")])
    given(*EMPTY).when(c.ChangeL3NetworkState(l3="l3", state="off")).refused("invalid-argument")


# DNS


def dns(case_l3: str = "l3") -> c.AddDns:
    return c.AddDns(l3=case_l3, address="8.8.8.8")


def test_dns_servers_are_kept_in_order() -> None:
    case = given(*EMPTY, dns(), c.AddDns(l3="l3", address="2001:DB8::53"), c.AddDns(l3="l3", address="1.1.1.1"))
    uuid = case.id("l3", "l3")
    assert case.topology.state(uuid, l3.L3Network).dns == ("8.8.8.8", "2001:db8::53", "1.1.1.1")
    case.when(c.RemoveDns(l3="l3", address="2001:db8:0::53")).then(l3.DnsRemoved("2001:db8::53"))
    case.do(c.RemoveDns(l3="l3", address="8.8.8.8"), dns())
    assert case.topology.state(uuid, l3.L3Network).dns == ("1.1.1.1", "8.8.8.8")


def test_removing_a_dns_server_leaves_those_it_is_the_beginning_of() -> None:
    case = given(*EMPTY, c.AddDns(l3="l3", address="1.1.1.10"), c.AddDns(l3="l3", address="1.1.1.1"))
    case.do(c.RemoveDns(l3="l3", address="1.1.1.1"))
    assert case.topology.state(case.id("l3", "l3"), l3.L3Network).dns == ("1.1.1.10",)


def test_a_dns_server_is_there_once() -> None:
    given(*EMPTY, dns()).when(dns()).refused("rule-exists", naming=[l3.DnsAdded("8.8.8.8")])
    given(*EMPTY).when(c.RemoveDns(l3="l3", address="8.8.8.8")).refused("unknown-object")
    given(*EMPTY).when(c.AddDns(l3="l3", address="dns.example.com")).refused("invalid-argument")


# host routes


def route(prefix: str = "10.9.0.0/16", hop: str = "192.168.0.254") -> c.AddHostRoute:
    return c.AddHostRoute(l3="l3", prefix=prefix, next_hop=hop)


def no_route(prefix: str = "10.9.0.0/16", hop: str = "") -> c.RemoveHostRoute:
    return c.RemoveHostRoute(l3="l3", prefix=prefix, next_hop=hop)


def test_a_host_route_leads_to_a_prefix_by_one_hop() -> None:
    added = l3.HostRouteAdded("10.9.0.0/16", "192.168.0.254")
    case = given(*EMPTY).when(route("10.9.0.7/16")).then(added)
    case.when(route(hop="192.168.0.1")).refused("rule-exists", naming=[added])
    case.when(no_route(hop="192.168.0.1")).refused("unknown-object")
    gone = l3.HostRouteRemoved("10.9.0.0/16", "192.168.0.254")
    case.when(no_route()).then(gone)
    case.when(no_route()).refused("unknown-object", naming=[gone])


def test_a_host_route_may_lead_everywhere() -> None:
    case = given(*EMPTY).when(route("0.0.0.0/0")).then(l3.HostRouteAdded("0.0.0.0/0", "192.168.0.254"))
    case.when(no_route("0.0.0.0/0", "192.168.0.254")).then(l3.HostRouteRemoved("0.0.0.0/0", "192.168.0.254"))


@pytest.mark.parametrize(
    "command",
    [route("10.9.0.0"), route("fd00::/64"), route(hop="fd00::1"), route(hop=""), no_route("ten"), no_route(hop="x")],
)
def test_a_host_route_is_an_ipv4_one(command: c.Command) -> None:
    given(*EMPTY).when(command).refused("invalid-argument")


# MTU


@pytest.mark.parametrize(
    ("mtus", "expected"),
    [((0,), 0), ((9000, 0), 9000), ((1400,), 1400), ((1400, 0), 1500), ((1400, 1600), 1600)],
)
def test_a_bridge_has_room_for_the_largest_mtu_and_who_asks_for_none_has_what_is_usual(
    mtus: tuple[int, ...], expected: int
) -> None:
    networks = (an_l3(f"l{i}", mtu=mtu) for i, mtu in enumerate(mtus))
    case = given(*ONE_HOST, a_vlan(), c.AttachL2NetworkToCluster(l2="v10", cluster="c1"), *networks)
    assert [b.mtu for b in plan(case.topology, case.id("host", "h1")).bridges] == [expected]


@pytest.mark.parametrize(
    "command",
    [
        NOBODY,
        c.ChangeL3NetworkState(l3="nobody", state="enabled"),
        c.AddDns(l3="nobody", address="1.1.1.1"),
        c.RemoveDns(l3="nobody", address="1.1.1.1"),
        c.AddHostRoute(l3="nobody", prefix="10.0.0.0/8", next_hop="1.1.1.1"),
        c.RemoveHostRoute(l3="nobody", prefix="10.0.0.0/8"),
        c.AddReservedIpRange(l3="nobody", start="1.1.1.1", end="1.1.1.1"),
        c.DeleteReservedIpRange(l3="nobody", start="1.1.1.1", end="1.1.1.1"),
        c.DeleteIpRange(l3="nobody", name="low"),
        c.AttachL3NetworkToVm(vm="vm", l3="nobody"),
        c.AttachL3NetworkToVm(vm="nobody", l3="l3"),
        c.DetachL3NetworkFromVm(vm="vm", l3="nobody"),
        c.DetachL3NetworkFromVm(vm="nobody", l3="l3"),
    ],
)
def test_what_is_named_must_be_there(command: c.Command) -> None:
    given(*A_SUBNET, a_vm()).when(command).refused("unknown-object")
