"""NICs that VMs get and lose: attach and detach, both families, and addresses that guests make themselves."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import l2, l3, vm
from tests.builders import (
    A_SUBNET,
    TWO_CLUSTERS,
    a_cidr,
    a_host_state,
    a_range,
    a_vlan,
    a_vm,
    a_zone,
    an_l3,
    attach,
    destroy,
    detach,
    stop,
)
from tests.domain.test_l3_ranges import a_range6, by_cidr
from tests.given import Case, given


MAC = "52:54:00:12:34:56"
DEVICE = "nic525400123456"
OTHER = (a_vlan("w", vlan=11), attach("w"), an_l3("lw", l2="w"), a_cidr("10.0.0.0/24", l3="lw"))
PLUG = c.AttachL3NetworkToVm(vm="vm", l3="lw")
UNPLUG = c.DetachL3NetworkFromVm(vm="vm", l3="lw")
SLAAC = by_cidr("fd00::/64", mode="SLAAC", name="own")
MADE = "fd00::5054:ff:fe12:3456"


def nic(case: Case, name: str = "vm", order: int = -1) -> vm.Nic:
    return case.topology.state(case.id("vm", name), vm.Vm).nics[order]


# attach and detach


@pytest.mark.parametrize("before", [(), (stop(),)])
def test_a_vm_gets_a_nic_running_or_stopped(before: tuple[c.Command, ...]) -> None:
    case = given(*A_SUBNET, *OTHER, a_vm(), *before)
    result = case.when(PLUG)
    got = nic(case)
    fact = vm.NicAttached("vm/lw", "lw", "10.0.0.2", "", got.mac, got.device)
    result.then(fact, taking=["ip/lw/10.0.0.2", f"mac/{got.mac}"])


def test_a_vm_gets_the_address_it_asks_for() -> None:
    case = given(*A_SUBNET, *OTHER, a_vm(), c.AttachL3NetworkToVm(vm="vm", l3="lw", address="10.0.0.77"))
    assert nic(case).ip == "10.0.0.77"
    again = c.AttachL3NetworkToVm(vm="two", l3="lw", address="10.0.0.77")
    held = vm.NicAttached("vm/lw", "lw", "10.0.0.77", "", nic(case).mac, nic(case).device)
    case.do(a_vm("two")).when(again).refused("ip-in-use", naming=[held])
    out = c.AttachL3NetworkToVm(vm="two", l3="lw", address="10.0.1.1")
    case.when(out).refused("ip-not-in-range")
    case.when(c.AttachL3NetworkToVm(vm="two", l3="lw", address="ten")).refused("invalid-argument")


def test_a_second_nic_on_one_network_is_refused() -> None:
    case = given(*A_SUBNET, a_vm(mac=MAC))
    held = vm.NicAttached("vm/l3", "l3", "192.168.0.10", "", MAC, DEVICE)
    case.when(c.AttachL3NetworkToVm(vm="vm", l3="l3")).refused("l3-already-attached", naming=[held])


def test_a_running_vms_host_must_have_the_network() -> None:
    away = (a_vlan("w", vlan=11), attach("w", "c2"), an_l3("lw", l2="w"), a_cidr("10.0.0.0/24", l3="lw"))
    home = (a_vlan(), attach("v10"), an_l3(), a_range(), a_vm())
    case = given(*TWO_CLUSTERS, *home, *away)
    told = case.when(PLUG).refused("host-not-eligible", naming=[case.made("l2", "w")])
    assert "not attached to its cluster" in told
    case.do(attach("w"), detach("w"))
    case.when(PLUG).refused("host-not-eligible", naming=[l2.DetachedFromCluster("c1")])
    case.do(stop(), PLUG)


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_a_vm_takes_no_nic_of_another_zone(state: str) -> None:
    far = (a_zone("y"), a_vlan("w", zone="y"), an_l3("lw", l2="w"), a_cidr("10.0.0.0/24", l3="lw"))
    case = given(*A_SUBNET, *far, a_vm(), *([stop()] if state == "stopped" else []))
    told = case.when(PLUG).refused("wrong-zone", naming=[case.made("l2", "w"), vm.Started("h1")])
    assert "VM vm is in zone z, L3 network lw in zone y" in told


def test_a_host_that_takes_no_new_vms_still_gives_a_nic_to_those_it_has() -> None:
    given(*A_SUBNET, *OTHER, a_vm(), a_host_state("disabled"), PLUG)


def test_a_network_without_a_range_gives_no_nic() -> None:
    case = given(*A_SUBNET, an_l3("lw"), a_vm())
    case.when(PLUG).refused("ip-exhausted", naming=[case.made("l3", "lw")])


def test_a_full_network_gives_no_nic() -> None:
    case = given(*A_SUBNET, an_l3("lw"), a_range("192.168.0.60", "192.168.0.60", l3="lw"), a_vm("a", "lw"), a_vm())
    full = l3.IpRangeAdded(
        "low", "192.168.0.60", "192.168.0.60", "255.255.255.0", "192.168.0.1", "192.168.0.0/24", 24, ""
    )
    case.when(PLUG).refused("ip-exhausted", naming=[full])


def test_a_nic_that_goes_gives_back_what_it_held() -> None:
    case = given(*A_SUBNET, *OTHER, a_vm(), PLUG)
    mac = nic(case).mac
    case.when(UNPLUG).then(vm.NicDetached("vm/lw"), taking=[], releasing=["ip/lw/10.0.0.2", f"mac/{mac}"])
    case.when(UNPLUG).refused("wrong-state", naming=[vm.NicDetached("vm/lw")])
    case.do(PLUG)
    assert nic(case).ip == "10.0.0.2"


# both families


def test_a_nic_gets_an_address_of_each_family_that_has_ranges() -> None:
    case = given(*A_SUBNET, a_range6())
    case.when(a_vm(mac=MAC)).then(
        vm.Created("vm"),
        vm.NicAttached("vm/l3", "l3", "192.168.0.10", "fd00::10", MAC, DEVICE),
        vm.Started("h1"),
        taking=["name/vm/vm", "ip/l3/192.168.0.10", "ip/l3/fd00::10", f"mac/{MAC}"],
    )
    case.when(destroy()).then(
        vm.Destroyed(), releasing=["name/vm/vm", "ip/l3/192.168.0.10", "ip/l3/fd00::10", f"mac/{MAC}"]
    )


@pytest.mark.parametrize(
    ("wish", "ip", "ip6"),
    [
        ("192.168.0.20", "192.168.0.20", "fd00::10"),
        ("FD00::20", "192.168.0.10", "fd00::20"),
        ("fd00::20, 192.168.0.20", "192.168.0.20", "fd00::20"),
    ],
)
def test_either_address_or_both_may_be_asked_for(wish: str, ip: str, ip6: str) -> None:
    case = given(*A_SUBNET, a_range6(), a_vm(ip=wish))
    assert (nic(case).ip, nic(case).ip6) == (ip, ip6)


def test_two_addresses_of_one_family_are_too_many() -> None:
    given(*A_SUBNET, a_range6()).when(a_vm(ip="fd00::20,fd00::21")).refused("invalid-argument")
    given(*A_SUBNET).when(a_vm(ip="fd00::20")).refused("ip-not-in-range")


def test_an_ipv6_network_gives_ipv6_addresses_alone() -> None:
    case = given(*A_SUBNET, an_l3("lw"), a_range6(l3="lw"), a_vm(), PLUG)
    assert (nic(case).ip, nic(case).ip6) == ("", "fd00::10")


@pytest.mark.parametrize("allocator", ["random", "first-available", "ascending"])
def test_every_allocator_serves_ipv6(allocator: str) -> None:
    network = (*A_SUBNET, an_l3("lw", allocator=allocator), a_range6(l3="lw", start="fd00::10", end="fd00::12"))
    case = given(*network, *(a_vm(name, "lw") for name in "abc"))
    assert {nic(case, name).ip6 for name in "abc"} == {"fd00::10", "fd00::11", "fd00::12"}
    case.when(a_vm("d", "lw")).refused(
        "ip-exhausted",
        naming=[l3.IpRangeAdded("six", "fd00::10", "fd00::12", "", "fd00::1", "fd00::/64", 64, "Stateful-DHCP")],
    )


# addresses that guests make


@pytest.mark.parametrize("mode", ["SLAAC", "Stateless-DHCP"])
def test_a_guest_makes_its_own_address_out_of_its_mac(mode: str) -> None:
    case = given(*A_SUBNET, by_cidr("fd00::/64", mode=mode), a_vm(mac=MAC))
    assert (nic(case).ip, nic(case).ip6) == ("192.168.0.10", MADE)
    case.when(a_vm("two", ip=MADE)).refused("invalid-argument")


def test_the_address_that_the_mac_gives_may_be_asked_for() -> None:
    case = given(*A_SUBNET, SLAAC, a_vm(ip=MADE, mac=MAC))
    assert nic(case).ip6 == MADE


def test_a_made_address_may_lie_beside_the_range_and_goes_with_the_last_one() -> None:
    case = given(*A_SUBNET, a_range6(mode="SLAAC"), a_range6("fd00::100", "fd00::1ff", name="more", mode="SLAAC"))
    case.do(a_vm(mac=MAC), c.DeleteIpRange(l3="l3", name="more"))
    held = vm.NicAttached("vm/l3", "l3", "192.168.0.10", MADE, MAC, DEVICE)
    case.when(c.DeleteIpRange(l3="l3", name="six")).refused("still-in-use", naming=[held])


def test_a_made_address_that_is_kept_back_or_the_gateways_is_refused() -> None:
    kept = l3.ReservedIpRangeAdded(MADE, MADE)
    case = given(*A_SUBNET, SLAAC, c.AddReservedIpRange(l3="l3", start=MADE, end=MADE))
    case.when(a_vm(mac=MAC)).refused("ip-in-use", naming=[kept])
    given(*A_SUBNET, a_range6(gateway=MADE, mode="SLAAC")).when(a_vm(mac=MAC)).refused(
        "ip-in-use", naming=[l3.IpRangeAdded("six", "fd00::10", "fd00::ff", "", MADE, "fd00::/64", 64, "SLAAC")]
    )
