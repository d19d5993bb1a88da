"""A VIP is used by one EIP or by many rules; both lead to NICs that lie behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from domain import commands as c
from domain import eip, l2, l3, port_forwarding, provider_types, router, vip, vm
from domain.errors import Refusal
from domain.history import Fact
from domain.ports import ALL, Ports
from tests.builders import (
    A_SUBNET,
    a_cidr,
    a_cluster,
    a_host,
    a_host_state,
    a_range,
    a_vlan,
    a_vm,
    an_l3,
    attach,
    destroy,
    detach,
    failed,
    migrate,
    start,
    stop,
)
from tests.given import Case, given, named, names
from tests.service_builders import (
    A_PUBLIC_SUBNET,
    ROUTED,
    SERVED,
    a_router_nic,
    a_rule,
    a_vip,
    an_eip,
    attach_eip,
    hand_over,
    serve,
    unserve,
)


VIP = vip.Created("vip", "public", "10.9.0.2")
EIP = eip.Created("e", "vip")
WHOLE = vip.UseBegan("e", "EIP", "", 1, 65535)
BOUND = eip.Attached("vm/l3", "vm", "l3")
OFF = [l2.DetachedFromCluster("c1"), l2.DetachedFromCluster("c2")]
RULE = port_forwarding.Created("r", "vip", "TCP", 80, 80, 80, 80, "")
PORT_80 = vip.UseBegan("r", "PortForwarding", "TCP", 80, 80)
NIC, NIC_GONE = a_router_nic("public"), router.NicRemoved("public")
"""Of the router that leads in."""
RULE_BOUND = port_forwarding.Attached("vm/l3", "vm", "l3")


def nic(case: Case, l3_name: str = "l3") -> vm.NicAttached:
    """Give the fact of the newest NIC on a network, with names."""
    known = names(case.network.facts())
    facts = [named(r.fact, known) for r in case.network.facts() if isinstance(r.fact, vm.NicAttached)]
    return [fact for fact in facts if isinstance(fact, vm.NicAttached) and fact.l3 == l3_name][-1]


# VIPs


def test_a_vip_holds_an_address_of_its_network() -> None:
    case = given(*A_PUBLIC_SUBNET)
    case.when(a_vip()).then(VIP, taking=["name/vip/vip", "ip/public/10.9.0.2"])
    case.when(a_vip("other", address="10.9.0.2")).refused("ip-in-use", naming=[VIP])
    case.when(a_vip("vip")).refused("name-in-use", naming=[VIP])
    case.when(a_vip("other", address="10.9.0.7")).then(vip.Created("other", "public", "10.9.0.7"))


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (a_vip(address="10.8.0.1"), "ip-not-in-range"),
        (a_vip(address="ten"), "invalid-argument"),
        (a_vip(l3="nowhere"), "unknown-object"),
        (a_vip(l3="empty"), "ip-exhausted"),
        (a_vip(""), "invalid-argument"),
    ],
)
def test_a_vip_needs_an_address_of_its_network(command: c.Command, code: str) -> None:
    case = given(*A_PUBLIC_SUBNET, an_l3("empty", l2="pub"))
    case.when(command).refused(code, naming=[case.made("l3", "empty")] if code == "ip-exhausted" else [])


def test_a_vip_takes_the_last_address() -> None:
    case = given(*A_SUBNET[:-1], a_range("192.168.0.10", "192.168.0.11"), a_vip("one", l3="l3"), a_vip("two", l3="l3"))
    case.when(a_vip("three", l3="l3")).refused("ip-exhausted", naming=[ranged(case, "l3")])


def test_a_vip_goes_with_its_eip() -> None:
    case = given(*ROUTED, a_vm(), a_vip(), an_eip(), attach_eip())
    result = case.when(c.DeleteVip(vip="vip"))
    result.then(
        eip.Deleted(),
        NIC_GONE,
        vip.Deleted(),
        releasing=["name/eip/e", "eip/vm/l3/4", "mac/mac", "name/vip/vip", "ip/public/10.9.0.2"],
    )
    deleted = next(r for r in result.recorded if isinstance(r.fact, vip.Deleted))
    assert {r.cause for r in result.recorded if isinstance(r.fact, eip.Deleted)} == {deleted.reference}
    case.when(c.DeleteVip(vip="vip")).refused("unknown-object", naming=[vip.Deleted()])


def test_a_vip_goes_with_its_rules() -> None:
    case = given(*ROUTED, a_vip(), a_rule(), a_rule("s", 81))
    case.when(c.DeleteVip(vip="vip")).then(port_forwarding.Deleted(), port_forwarding.Deleted(), vip.Deleted())
    case.when(a_vip(address="10.9.0.2")).then(VIP)


# what may share a VIP


def test_an_eip_has_its_vip_to_itself() -> None:
    case = given(*A_PUBLIC_SUBNET, a_vip())
    case.when(an_eip()).then(EIP, WHOLE, taking=["name/eip/e"])
    case.when(an_eip("f")).refused("eip-in-use", naming=[WHOLE])
    case.when(a_rule()).refused("eip-in-use", naming=[WHOLE])
    case.when(c.DeleteEip(eip="e")).then(eip.Deleted(), vip.UseEnded("e"))
    case.when(a_rule()).then(RULE, PORT_80)
    case.when(an_eip()).refused("vip-port-in-use", naming=[PORT_80])


def test_a_protocol_in_small_letters_is_the_same_one() -> None:
    case = given(*A_PUBLIC_SUBNET, a_vip(), a_rule("r", "80"))
    taken = vip.UseBegan("r", "PortForwarding", "TCP", 80, 80)
    case.when(a_rule("s", "80", protocol="tcp")).refused("vip-port-in-use", naming=[taken])
    case.do(a_rule("s", "80", protocol="udp"))


def test_rules_share_a_vip_port_by_port() -> None:
    case = given(*A_PUBLIC_SUBNET, a_vip(), a_rule("r", "80-90"))
    taken = vip.UseBegan("r", "PortForwarding", "TCP", 80, 90)
    for ports in ("80", "90-99", "70-80", "85-86", "1-65535"):
        case.when(a_rule("s", ports)).refused("vip-port-in-use", naming=[taken])
    case.do(a_rule("s", "91-99"), a_rule("t", "80-90", protocol="UDP"))
    case.when(c.DeletePortForwardingRule(rule="r")).then(port_forwarding.Deleted(), vip.UseEnded("r"))
    case.do(a_rule("r", "70-90"))


@st.composite
def uses(draw: st.DrawFn) -> list[tuple[str, str, Ports]]:
    ends = st.tuples(st.integers(1, 12), st.integers(1, 12)).map(lambda e: Ports(*sorted(e)))
    shared = st.tuples(st.sampled_from(["PortForwarding", "LoadBalancer"]), st.sampled_from(["TCP", "UDP"]), ends)
    return draw(st.lists(st.just(("EIP", "", ALL)) | shared | shared, max_size=8))


@hypothesis_given(uses())
def test_no_port_of_a_vip_is_used_twice(wanted: list[tuple[str, str, Ports]]) -> None:
    state = vip.Vip("vip", "l3", "10.9.0.2", ())
    held: set[tuple[str, int]] = set()
    for user, (service, protocol, ports) in enumerate(wanted):
        mine = set(taken(protocol, ports))
        try:
            fact = vip.use("v", state, user=str(user), service=service, protocol=protocol, ports=ports)
        except Refusal:
            assert mine & held
            continue
        assert not mine & held
        held |= mine
        after = vip.evolve(state, fact)
        assert after
        state = after


def taken(protocol: str, ports: Ports) -> Iterator[tuple[str, int]]:
    """Walk (protocol, port), all that there are for an EIP."""
    for each in [protocol] if protocol else ["TCP", "UDP"]:
        yield from ((each, n) for n in range(ports.first, min(ports.last, 12) + 1))


# EIPs


def test_an_eip_leads_to_one_nic() -> None:
    case = given(*ROUTED, a_vm(), a_vip(), an_eip())
    case.when(attach_eip()).then(BOUND, NIC, taking=["eip/vm/l3/4", "mac/mac"])
    case.when(attach_eip()).refused("eip-in-use", naming=[BOUND])
    case.when(c.DetachEip(eip="e")).then(eip.Detached(), NIC_GONE, releasing=["eip/vm/l3/4", "mac/mac"])
    case.when(c.DetachEip(eip="e")).refused("wrong-state", naming=[eip.Detached()])
    case.when(attach_eip()).then(BOUND, NIC)


def test_a_nic_has_one_eip_of_a_family() -> None:
    case = given(*ROUTED, a_vm(), a_vip(), an_eip(), attach_eip(), a_vip("other"), an_eip("f", vip="other"))
    case.when(attach_eip("f")).refused("eip-in-use", naming=[BOUND])


def test_an_eip_that_is_deleted_frees_its_nic() -> None:
    case = given(*ROUTED, a_vm(), a_vip(), an_eip(), attach_eip())
    case.when(c.DeleteEip(eip="e")).then(
        eip.Deleted(), NIC_GONE, vip.UseEnded("e"), releasing=["name/eip/e", "eip/vm/l3/4", "mac/mac"]
    )
    case.do(an_eip("f"), attach_eip("f"))


def test_an_eip_has_the_family_of_its_nic() -> None:
    case = given(*ROUTED, a_cidr("fd00:9::/64", l3="public", name="six"), a_vm(), a_vip(address="fd00:9::9"), an_eip())
    case.when(attach_eip()).refused("conflict", naming=[nic(case)])


def test_an_eip_needs_the_service() -> None:
    case = given(*A_PUBLIC_SUBNET, a_vm(), a_vip(), an_eip())
    case.when(attach_eip()).refused("service-missing", naming=[case.made("l3", "l3")])


@pytest.mark.parametrize(
    "command",
    [
        attach_eip("f"),
        attach_eip(vm="nobody"),
        attach_eip(l3="nowhere"),
        attach_eip(l3="public"),
        an_eip("f", vip="none"),
        c.DetachEip(eip="f"),
        c.DeleteEip(eip="f"),
        c.DeleteVip(vip="none"),
    ],
)
def test_eip_vm_nic_and_vip_must_be_there(command: c.Command) -> None:
    given(*ROUTED, a_vm(), a_vip(), an_eip()).when(command).refused("unknown-object")


def test_an_eip_does_not_lead_to_its_own_network() -> None:
    case = given(*ROUTED, a_vip(l3="l3"), an_eip(), a_vm())
    address = vip.Created("vip", "l3", "192.168.0.10")
    case.when(attach_eip()).refused("conflict", naming=[address, nic(case)])


def test_an_eip_does_not_lead_to_a_vm_that_is_on_its_network_by_another_nic() -> None:
    case = given(*ROUTED, a_vm("vm", "l3", "public"), a_vip(), an_eip())
    case.when(attach_eip()).refused("conflict", naming=[nic(case, "public")])


def test_an_eip_lies_outside_the_guests_subnet() -> None:
    same = (a_vlan("twin", vlan=30), attach("twin"), an_l3("twin", l2="twin"), a_cidr("192.168.0.0/24", l3="twin"))
    case = given(*ROUTED, *same, a_vip(l3="twin"), an_eip(), a_vm(host="h1"))
    case.when(attach_eip()).refused("conflict", naming=[ranged(case, "l3")])


def ranged(case: Case, l3_name: str) -> Fact:
    """Give the fact of a network's first range."""
    return next(r.fact for r in case.network.facts_of(case.id("l3", l3_name)) if isinstance(r.fact, l3.IpRangeAdded))


def test_an_eip_in_the_hosts_needs_its_network_there() -> None:
    case = given(*SERVED, detach("pub", "c2"), a_vm(host="h2"), a_vip(), an_eip())
    case.when(attach_eip()).refused("host-not-eligible", naming=[l2.DetachedFromCluster("c2"), vm.Started("h2")])
    case.do(stop()).when(attach_eip()).then(BOUND)
    case.when(start(host="h2")).refused("host-not-eligible", naming=[l2.DetachedFromCluster("c2"), BOUND])
    case.when(start()).then(vm.Started("h1"))
    told = case.when(migrate(host="h2")).refused("host-not-eligible", naming=[l2.DetachedFromCluster("c2"), BOUND])
    assert "(L2 network pub, which EIP e needs)" in told
    told = case.when(migrate()).refused(
        "no-host-available", naming=[l2.DetachedFromCluster("c2"), BOUND, vm.Started("h1")]
    )
    assert "which EIP e needs" in told
    case.do(stop(), a_cluster("c4"), attach("v10", "c4"), a_host("h4", cluster="c4"))
    told = case.when(start(host="h4")).refused("host-not-eligible", naming=[case.made("l2", "pub"), BOUND])
    assert "not attached to cluster c4 (L2 network pub, which EIP e needs)" in told


def test_a_network_that_a_nic_needs_too_is_told_without_the_eip() -> None:
    both = (
        a_vlan("w", vlan=30),
        attach("w"),
        an_l3("lw", l2="w"),
        a_cidr("10.7.0.0/24", l3="lw"),
        an_l3("twin", l2="w"),
    )
    case = given(*SERVED, *both, a_cidr("10.8.0.0/24", l3="twin"), a_vm("vm", "l3", "twin", host="h1"))
    case.do(a_vip(l3="lw"), an_eip(), attach_eip())
    assert "EIP" not in case.when(migrate(host="h2")).refused("host-not-eligible", naming=[case.made("l2", "w")])


def test_an_eip_is_handed_over_to_no_router_that_misses_its_network() -> None:
    case = given(*SERVED, a_vm(), stop(), a_vip(), an_eip(), attach_eip())
    case.do(serve(vr=("SNAT",)), detach("pub", "c1"), detach("pub", "c2"))
    case.when(hand_over("EIP", "vr")).refused("no-host-available", naming=[VIP, *OFF])
    case.do(attach("pub", "c1")).when(hand_over("EIP", "vr"))


def test_an_eip_in_a_router_needs_a_host_with_both_networks() -> None:
    case = given(*ROUTED, detach("pub", "c1"), detach("pub", "c2"), a_vm(), a_vip(), an_eip())
    case.when(attach_eip()).refused("no-host-available", naming=[*OFF, VIP])


@pytest.mark.parametrize("trouble", [a_host_state("disabled"), failed(), failed("pub")])
def test_an_eip_leads_in_through_a_router_that_stays_where_it_is(trouble: c.Command) -> None:
    case = given(*ROUTED, a_vm(host="h1"), detach("pub", "c2"), a_vip(), an_eip(), a_vip("w"), a_rule(vip="w"))
    case.do(a_host_state("disabled", host="h2"), trouble)
    case.when(attach_eip()).then(BOUND, NIC)
    case.do(c.AttachPortForwardingRule(rule="r", vm="vm", l3="l3"))


def test_an_eip_is_handed_over_to_a_router_that_stays_where_it_is() -> None:
    case = given(*SERVED, serve(vr=("SNAT",)), a_vm(host="h1"), detach("v10", "c2"), a_vip(), an_eip(), attach_eip())
    case.do(a_host_state("disabled"))
    case.when(hand_over("EIP", "vr")).then(l3.ServiceProviderChanged("EIP", "vr"), NIC)


# port forwarding rules


def test_a_rule_leads_from_some_ports_to_as_many() -> None:
    case = given(*ROUTED, a_vm(), a_vip())
    case.when(a_rule(vm="vm")).then(RULE, PORT_80, RULE_BOUND, NIC, taking=["name/port-forwarding/r", "mac/mac"])
    case.when(a_rule("s", "100-110", "20-10")).then(
        port_forwarding.Created("s", "vip", "TCP", 100, 110, 10, 20, ""),
        vip.UseBegan("s", "PortForwarding", "TCP", 100, 110),
    )


@pytest.mark.parametrize(
    "command",
    [
        a_rule(vip_ports="0"),
        a_rule(vip_ports="1-65536"),
        a_rule(vip_ports="80-90", private_ports="80-91"),
        a_rule(protocol="ICMP"),
        a_rule(allowed="everybody"),
        a_rule(allowed="fd00::/8"),
        a_rule(""),
        c.CreatePortForwardingRule(name="r", vip="vip", protocol="TCP", vip_ports="80", vm="vm"),
    ],
)
def test_a_rule_makes_sense(command: c.Command) -> None:
    given(*ROUTED, a_vm(), a_vip()).when(command).refused("invalid-argument")


def test_a_rule_is_attached_and_detached() -> None:
    case = given(*ROUTED, a_vm(), a_vip(), a_rule())
    case.when(c.DetachPortForwardingRule(rule="r")).refused("wrong-state", naming=[RULE])
    case.when(c.AttachPortForwardingRule(rule="r", vm="vm", l3="l3")).then(RULE_BOUND, NIC)
    case.when(c.AttachPortForwardingRule(rule="r", vm="vm", l3="l3")).refused("wrong-state", naming=[RULE_BOUND])
    case.when(c.DetachPortForwardingRule(rule="r")).then(port_forwarding.Detached(), NIC_GONE)


@pytest.mark.parametrize(
    "command",
    [
        a_rule("s", vip="none"),
        a_rule("s", 81, vm="nobody"),
        a_rule("s", 81, vm="vm", l3="public"),
        c.AttachPortForwardingRule(rule="none", vm="vm", l3="l3"),
        c.AttachPortForwardingRule(rule="r", vm="nobody", l3="l3"),
        c.DetachPortForwardingRule(rule="none"),
        c.DeletePortForwardingRule(rule="none"),
    ],
)
def test_rule_vm_nic_and_vip_must_be_there(command: c.Command) -> None:
    given(*ROUTED, a_vm(), a_vip(), a_rule()).when(command).refused("unknown-object")


def test_a_rule_needs_the_service() -> None:
    case = given(*ROUTED, unserve(vr=("PortForwarding",)), a_vm(), a_vip())
    case.when(a_rule(vm="vm")).refused("service-missing", naming=[l3.ServiceDetached("PortForwarding")])


def test_a_rule_does_not_lead_to_its_own_network() -> None:
    case = given(*ROUTED, a_vip(l3="l3"), a_vm())
    address = vip.Created("vip", "l3", "192.168.0.10")
    case.when(a_rule(vm="vm")).refused("conflict", naming=[address, nic(case)])


def test_all_rules_of_a_vm_use_one_vip() -> None:
    case = given(*ROUTED, a_vm(), a_vip(), a_rule(vm="vm"), a_vip("other"))
    case.when(a_rule("s", vip="other", vm="vm")).refused("conflict", naming=[RULE_BOUND])
    case.do(a_rule("s", 81, vm="vm"))


def test_two_ports_may_lead_to_one_where_everybody_may_come() -> None:
    case = given(*ROUTED, a_vm(), a_vip(), a_rule("r", 80, 8080, vm="vm"))
    case.do(a_rule("s", 81, 8080, vm="vm"))
    case.when(a_rule("t", 82, 8080, vm="vm", allowed="10.0.0.0/8")).refused("conflict", naming=[RULE_BOUND])


def test_a_guarded_port_is_reached_by_its_rule_alone() -> None:
    case = given(*ROUTED, a_vm(), a_vip(), a_rule("r", "80-90", allowed="10.0.0.0/8", vm="vm"))
    for ports in ("80", "70-80", "75-95", "85"):
        outside = "1000" if "-" not in ports else f"1000-{1000 + int(ports[3:]) - int(ports[:2])}"
        case.when(a_rule("s", outside, ports, vm="vm")).refused("conflict", naming=[RULE_BOUND])
    case.do(a_rule("s", 1000, 91, vm="vm"), a_rule("t", 1000, 80, protocol="UDP", vm="vm"))


def test_a_guarded_rule_and_an_eip_exclude_each_other() -> None:
    made = (*ROUTED, a_vm(), a_vip(), an_eip(), a_vip("other"))
    guarded = a_rule(vip="other", allowed="10.0.0.0/8", vm="vm")
    case = given(*made, attach_eip())
    case.when(guarded).refused("conflict", naming=[BOUND])
    case = given(*made, guarded)
    case.when(attach_eip()).refused("conflict", naming=[RULE_BOUND])


def test_a_rule_of_a_vm_that_is_destroyed_waits_for_another() -> None:
    case = given(*ROUTED, a_vm(), a_vip(), a_rule(vm="vm"), destroy(), a_vm("next"))
    case.when(c.AttachPortForwardingRule(rule="r", vm="next", l3="l3")).then(
        port_forwarding.Attached("next/l3", "next", "l3"), NIC
    )


def test_the_services_that_share_nothing_are_eips() -> None:
    assert {provider_types.EIP} == vip.EXCLUSIVE


def test_an_eip_of_ipv6_leads_to_an_address_of_ipv6() -> None:
    six = [
        c.AddIpRangeByCidr(l3=name, name="six", cidr=cidr, address_mode="Stateful-DHCP")
        for name, cidr in (("l3", "fd00::/64"), ("public", "fd00:9::/64"))
    ]
    case = given(*ROUTED, *six, a_vm(), a_vip(address="fd00:9::9"), an_eip(), a_vip("four"), an_eip("f", vip="four"))
    case.when(attach_eip()).then(BOUND, NIC, taking=["eip/vm/l3/6", "mac/mac"])
    case.when(attach_eip("f")).then(BOUND, taking=["eip/vm/l3/4"])


def test_a_vip_is_answered_for_by_one_router() -> None:
    elsewhere = (an_l3("other"), a_cidr("172.20.0.0/24", l3="other"), serve("other", vr=("SNAT", "PortForwarding")))
    case = given(*ROUTED, *elsewhere, a_vm(host="h1"), a_vm("far", "other", host="h1"), a_vip(), a_rule(vm="vm"))
    case.when(a_rule("far", 81, vm="far", l3="other")).refused("conflict", naming=[RULE_BOUND])
    case.do(a_rule("far", 81))
    attach_far = c.AttachPortForwardingRule(rule="far", vm="far", l3="other")
    told = case.when(attach_far).refused("conflict", naming=[RULE_BOUND])
    assert "is answered for by the router of L3 network l3, to which port forwarding rule r leads" in told
    case.do(c.DetachPortForwardingRule(rule="r"), attach_far)
