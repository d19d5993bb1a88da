"""An L3 network takes each service from one provider; what follows from that changes in the same command."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import eip, l2, l3, port_forwarding, provider, router, security_group, vip, vm
from tests.builders import A_SUBNET, a_range, a_vm, an_l3, detach
from tests.domain.test_providers import from_l2
from tests.given import given
from tests.service_builders import (
    A_FILTER,
    A_ROUTER,
    PROVIDERS,
    ROUTED,
    SERVED,
    a_group,
    a_provider,
    a_router_nic,
    a_rule,
    a_vip,
    an_eip,
    attach_eip,
    hand_over,
    join,
    on_l3,
    serve,
    unserve,
)


MADE = (*A_SUBNET, *PROVIDERS)
DNS = l3.ServiceAttached("DNS", "flat")
DHCP = l3.ServiceAttached("DHCP", "flat")
FIRST = l3.DhcpServerAddressAssigned("192.168.0.10", 4)


def test_services_are_attached_in_the_order_of_the_request() -> None:
    case = given(*MADE)
    case.when(serve(flat=("DNS",), sg=("SecurityGroup",))).then(DNS, l3.ServiceAttached("SecurityGroup", "sg"))


def test_a_service_comes_from_one_provider() -> None:
    case = given(*MADE, serve(flat=("DNS",)))
    case.when(serve(vr=("DNS",))).refused("service-already-provided", naming=[DNS])
    case.when(serve(flat=("DNS",))).refused("service-already-provided", naming=[DNS])


def test_one_request_counts_as_one() -> None:
    case = given(*MADE)
    flat = case.id("provider", "flat")
    for services in ({"flat": ("DNS",), "vr": ("DNS",)}, {"flat": ("DNS", "DNS")}, {"flat": ("DNS",), flat: ("DNS",)}):
        case.when(serve(**services)).refused("service-already-provided")
    case.when(serve(**{"flat": ("DNS",), flat: ("EIP",)})).then(DNS, l3.ServiceAttached("EIP", "flat"))


def test_a_provider_gives_only_what_it_offers() -> None:
    case = given(*A_SUBNET, a_provider("flat", "DHCP"))
    made = provider.Created("flat", "Flat", ("DHCP",), (), "hosts", (), "")
    case.when(serve(flat=("DNS",))).refused("service-not-supported", naming=[made])
    case.when(serve(flat=("Coffee",))).refused("service-not-supported", naming=[made])


def test_a_provider_serves_only_where_it_is_attached() -> None:
    case = given(*MADE, from_l2())
    case.when(serve(flat=("DNS",))).refused("provider-not-attached", naming=[provider.DetachedFromL2("v10")])


@pytest.mark.parametrize("services", [{}, {"flat": ()}])
def test_a_request_names_a_service(services: dict[str, tuple[str, ...]]) -> None:
    given(*MADE).when(serve(**services)).refused("invalid-argument")
    given(*MADE).when(unserve(**services)).refused("invalid-argument")


@pytest.mark.parametrize(
    "command",
    [
        serve("nowhere", flat=("DNS",)),
        serve(nobody=("DNS",)),
        unserve("nowhere", flat=("DNS",)),
        unserve(nobody=("DNS",)),
        hand_over("DNS", "nobody"),
        hand_over("DNS", "flat", l3="nowhere"),
    ],
)
def test_network_and_provider_must_be_there(command: c.Command) -> None:
    given(*MADE).when(command).refused("unknown-object")


@pytest.mark.parametrize("service", ["EIP", "PortForwarding"])
def test_a_routers_translation_rests_on_its_snat(service: str) -> None:
    case = given(*MADE)
    case.when(serve(vr=(service,))).refused("service-missing", naming=[case.made("l3", "l3")])
    case.when(serve(vr=(service, "SNAT"))).then(
        l3.ServiceAttached(service, "vr"),
        l3.ServiceAttached("SNAT", "vr"),
        router.Placed("l3", "h1"),
        a_router_nic(),
    )
    case.when(unserve(vr=("SNAT",))).refused("still-in-use", naming=[l3.ServiceAttached(service, "vr")])
    case.when(unserve(vr=("SNAT", service))).then(
        l3.ServiceDetached("SNAT"), l3.ServiceDetached(service), router.Removed()
    )
    case.when(serve(vr=(service,))).refused("service-missing", naming=[l3.ServiceDetached("SNAT")])


def test_an_eip_in_the_hosts_rests_on_nothing() -> None:
    given(*MADE).when(serve(flat=("EIP",))).then(l3.ServiceAttached("EIP", "flat"))


# DHCP server addresses


def test_a_dhcp_server_in_the_hosts_has_an_address_of_the_networks_own() -> None:
    case = given(*MADE)
    case.when(serve(flat=("DHCP",))).then(DHCP, FIRST, taking=["ip/l3/192.168.0.10"])
    case.when(unserve(flat=("DHCP",))).then(
        l3.ServiceDetached("DHCP"),
        l3.DhcpServerAddressReleased("192.168.0.10", 4),
        releasing=["ip/l3/192.168.0.10"],
    )
    case.when(a_vm(ip="192.168.0.10"))


def test_a_dhcp_server_in_a_router_has_none() -> None:
    given(*MADE).when(serve(vr=("DHCP",))).then(
        l3.ServiceAttached("DHCP", "vr"), router.Placed("l3", "h1"), a_router_nic()
    )


def test_a_range_of_two_serves_one_vm() -> None:
    small = (*A_SUBNET[:-1], a_range("192.168.0.10", "192.168.0.11"), a_provider())
    case = given(*small, serve(flat=("DHCP",)), a_vm("a"))
    told = case.when(a_vm("b")).refused("ip-exhausted", naming=[case.network.facts_of(case.id("l3", "l3"))[1].fact])
    assert "l3" in told
    full = given(*small, a_vm("a"), a_vm("b"))
    full.when(serve(flat=("DHCP",))).refused(
        "ip-exhausted", naming=[full.network.facts_of(full.id("l3", "l3"))[1].fact]
    )


def test_the_first_range_gives_a_dhcp_server_its_address() -> None:
    case = given(*A_SUBNET[:-1], a_provider()).when(serve(flat=("DHCP",))).then(DHCP)
    assert FIRST in [r.fact for r in case.when(a_range()).recorded]


# handing over


def test_a_service_is_handed_over_in_one_fact_and_what_follows() -> None:
    case = given(*MADE, serve(flat=("DHCP",)))
    result = case.when(hand_over("DHCP", "vr"))
    result.then(
        l3.ServiceProviderChanged("DHCP", "vr"),
        l3.DhcpServerAddressReleased("192.168.0.10", 4),
        router.Placed("l3", "h1"),
        a_router_nic(),
        taking=["router/l3", "mac/mac"],
        releasing=["ip/l3/192.168.0.10"],
    )
    assert {r.cause for r in result.recorded[1:2]} == {result.recorded[0].reference}
    case.when(hand_over("DHCP", "flat")).then(l3.ServiceProviderChanged("DHCP", "flat"), FIRST, router.Removed())


def test_a_service_is_handed_over_to_another_provider() -> None:
    case = given(*MADE, serve(flat=("DNS",)))
    case.when(hand_over("DNS", "flat")).refused("service-already-provided", naming=[DNS])


def test_only_what_is_taken_is_handed_over_or_detached() -> None:
    case = given(*MADE)
    never = case.made("l3", "l3")
    case.when(hand_over("DNS", "flat")).refused("service-missing", naming=[never])
    case.when(unserve(flat=("DNS",))).refused("service-missing", naming=[never])
    case.do(serve(flat=("DNS",)))
    case.when(unserve(vr=("DNS",))).refused("service-missing", naming=[DNS])


def test_a_service_is_handed_over_to_who_offers_it_there() -> None:
    case = given(*A_SUBNET, a_provider(), A_ROUTER, A_FILTER, serve(flat=("DNS", "EIP")), from_l2("vr"))
    made = provider.Created("sg", "SecurityGroup", ("SecurityGroup",), (), "hosts", (), "")
    case.when(hand_over("DNS", "sg")).refused("service-not-supported", naming=[made])
    case.when(hand_over("DNS", "vr")).refused("provider-not-attached", naming=[provider.DetachedFromL2("v10")])


def test_a_service_is_not_handed_over_to_who_lacks_what_it_rests_on() -> None:
    case = given(*MADE, serve(flat=("EIP",)))
    case.when(hand_over("EIP", "vr")).refused("service-missing", naming=[case.made("l3", "l3")])


def test_an_eip_follows_its_service_to_another_provider() -> None:
    case = given(*ROUTED, a_vm(host="h1"), a_vip(), an_eip(), attach_eip())
    case.when(hand_over("EIP", "flat")).then(l3.ServiceProviderChanged("EIP", "flat"), router.NicRemoved("public"))
    assert case.topology.state(case.id("eip", "e"), eip.Eip).binding


def test_an_eip_follows_only_to_hosts_that_have_its_network() -> None:
    case = given(*ROUTED, a_vm(host="h1"), a_vip(), an_eip(), attach_eip(), detach("pub", "c1"))
    lacking = [vm.Started("h1"), l2.DetachedFromCluster("c1")]
    case.when(hand_over("EIP", "flat")).refused("host-not-eligible", naming=lacking)


# what is in use


def test_a_service_that_leads_to_a_nic_stays() -> None:
    case = given(*ROUTED, a_vm(), a_vip(), an_eip(), attach_eip(), a_vip("other"), a_rule(vip="other", vm="vm"))
    case.when(unserve(vr=("EIP",))).refused("still-in-use", naming=[eip.Attached("vm/l3", "vm", "l3")])
    case.when(unserve(vr=("PortForwarding",))).refused(
        "still-in-use", naming=[port_forwarding.Attached("vm/l3", "vm", "l3")]
    )


def test_a_service_that_a_group_needs_stays() -> None:
    case = given(*SERVED, a_group(), on_l3())
    case.when(unserve(sg=("SecurityGroup",))).refused("still-in-use", naming=[security_group.AttachedToL3("l3")])


# what goes


def test_a_nic_that_goes_leaves_nothing_behind() -> None:
    case = given(
        *ROUTED, serve(sg=("SecurityGroup",)), a_vm(host="h1"), a_vip(), an_eip(), attach_eip(),
        a_vip("other"), a_rule(vip="other", vm="vm"), a_group(), on_l3(), join(),
    )  # fmt: skip
    result = case.when(c.DestroyVm(vm="vm"))
    kinds = (eip.Detached, port_forwarding.Detached, security_group.NicRemoved)
    left = [r for r in result.recorded if isinstance(r.fact, kinds)]
    assert [type(r.fact) for r in left] == list(kinds)
    assert all(r.cause for r in left)
    assert case.topology.state(case.id("eip", "e"), eip.Eip).binding is None


def test_an_l3_network_that_goes_takes_its_services_along() -> None:
    case = given(*ROUTED, a_vm(host="h1"), a_vip(), an_eip(), attach_eip())
    facts = [r.fact for r in case.when(c.DeleteL3Network(l3="public", mode="enforcing")).recorded]
    assert eip.Deleted() in facts
    facts = [r.fact for r in case.when(c.DeleteL3Network(l3="l3", mode="enforcing")).recorded]
    assert router.Removed() in facts
    case.do(an_l3("l3"), serve(flat=("DHCP",)))


def test_a_range_that_goes_takes_its_vips_along_and_moves_the_dhcp_server() -> None:
    high = a_range("192.168.0.60", "192.168.0.70", name="high")
    case = given(*MADE, serve(flat=("DHCP",)), high, a_vip("low", l3="l3", address="192.168.0.20"))
    result = case.when(c.DeleteIpRange(l3="l3", name="low", mode="enforcing"))
    result.then(
        l3.IpRangeDeleted("low", "192.168.0.10", "192.168.0.50"),
        vip.Deleted(),
        l3.DhcpServerAddressReleased("192.168.0.10", 4),
        l3.DhcpServerAddressAssigned("192.168.0.60", 4),
        taking=["ip/l3/192.168.0.60"],
        releasing=["name/vip/low", "ip/l3/192.168.0.20", "ip/l3/192.168.0.10"],
    )


def test_a_range_that_goes_leaves_vips_of_other_ranges_alone() -> None:
    high = a_range("192.168.0.60", "192.168.0.70", name="high")
    case = given(*MADE, high, a_vip("low", l3="l3", address="192.168.0.20"))
    case.when(c.DeleteIpRange(l3="l3", name="high", mode="enforcing")).then(
        l3.IpRangeDeleted("high", "192.168.0.60", "192.168.0.70")
    )


def test_dhcp_servers_have_an_address_of_each_family() -> None:
    six = c.AddIpRangeByCidr(l3="l3", name="six", cidr="fd00::/64", address_mode="Stateful-DHCP")
    case = given(*MADE, six)
    case.when(serve(flat=("DHCP",))).then(DHCP, FIRST, l3.DhcpServerAddressAssigned("fd00::2", 6))
    case.when(unserve(flat=("DHCP",))).then(
        l3.ServiceDetached("DHCP"),
        l3.DhcpServerAddressReleased("192.168.0.10", 4),
        l3.DhcpServerAddressReleased("fd00::2", 6),
    )
    later = given(*MADE, serve(flat=("DHCP",)))
    assert l3.DhcpServerAddressAssigned("fd00::2", 6) in [r.fact for r in later.when(six).recorded]
