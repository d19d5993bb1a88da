"""What a host must have for a virtual router, and what is told where one has no way out."""

from __future__ import annotations

from domain import commands as c
from domain import l3, provider, router
from domain.history import Fact
from projections import inventory, plan
from projections.enjoyed import enjoyed
from projections.problem import Problem
from projections.problems import problems
from projections.service_entries import Leg, Router, Services, Snat
from tests.builders import (
    A_POOL,
    a_cidr,
    a_cluster,
    a_host,
    a_host_state,
    a_range,
    a_vlan,
    a_vm,
    a_vxlan,
    an_l3,
    attach,
    detach,
)
from tests.domain.test_l3_ranges import a_range6
from tests.given import Case, given, named, names
from tests.service_builders import (
    A_PUBLIC_SUBNET,
    A_ROUTER,
    A_WAY_OUT,
    AN_OPEN_ROUTER,
    a_rule,
    a_vip,
    an_eip,
    attach_eip,
    serve,
)


OPEN = (*A_WAY_OUT, serve(vr=("DHCP", "DNS", "SNAT", "EIP", "PortForwarding")))
SIX = a_cidr("fd00:9::/64", l3="public", name="six")


def planned(case: Case, name: str = "h1") -> Services:
    return plan.plan(case.topology, case.id("host", name)).services


def only(case: Case, name: str = "h1") -> Router:
    (found,) = planned(case, name).routers
    return found


def legs(case: Case, name: str = "h1") -> list[tuple[str, tuple[str, ...], bool]]:
    return [(case.topology.name(leg.l3), leg.addresses, leg.public) for leg in only(case, name).legs]


def facts(case: Case, because: tuple[int, ...]) -> list[Fact]:
    history = list(case.network.facts())
    known = names(history)
    return [named(r.fact, known) for r in history if r.position in because]


def stranded(case: Case) -> list[Problem]:
    return [p for p in problems(case.topology) if p.kind == "no-way-out"]


def deaf(case: Case) -> list[Problem]:
    return [p for p in problems(case.topology) if p.kind == "no-way-in"]


def namespaces(done: Services) -> list[str]:
    """Give whose namespace each server and translation is in."""
    servers = [*(one.namespace for one in done.dhcp), *(one.namespace for one in done.dns)]
    return [*servers, *(one.namespace for one in done.eips), *(one.namespace for one in done.forwardings)]


def vip_devices(done: Services) -> list[str]:
    return [*(one.vip_device for one in done.eips), *(one.vip_device for one in done.forwardings)]


# plans


def test_a_router_has_a_namespace_of_its_own() -> None:
    case = given(*OPEN)
    ((uuid, _),) = case.topology.every(router.Router)
    name = only(case).namespace
    assert (name, len(name)) == (f"rt{uuid.replace('-', '')[-12:]}", 14)
    assert planned(case, "h2") == Services()
    case.do(a_host_state("maintenance"))
    assert planned(case) == Services()
    assert only(case, "h2").namespace == name


def test_a_router_answers_for_gateways_and_has_its_own_address_outside() -> None:
    case = given(*OPEN)
    ((_, state),) = case.topology.every(router.Router)
    own, outside = state.nics
    assert [(n.device, n.mac) for n in only(case).legs] == [(n.device, n.mac) for n in (own, outside)]
    assert only(case).legs[1] == Leg(
        l3=case.id("l3", "public"),
        device=outside.device,
        mac=outside.mac,
        bridge="br_eth0_20",
        addresses=("10.9.0.2/24",),
        networks=("10.9.0.0/24",),
        mtu=0,
        public=True,
        because=only(case).legs[1].because,
    )
    assert legs(case) == [("l3", ("192.168.0.1/24",), False), ("public", ("10.9.0.2/24",), True)]
    assert (only(case).gateway, only(case).gateway6) == ("10.9.0.1", "")


def test_a_router_gets_out_in_both_families() -> None:
    case = given(*OPEN, SIX)
    assert legs(case)[1] == ("public", ("10.9.0.2/24", "fd00:9::2/64"), True)
    assert (only(case).gateway, only(case).gateway6) == ("10.9.0.1", "fd00:9::1")


def test_a_router_has_the_vips_that_lead_in() -> None:
    third = (a_vlan("dmz", vlan=30), attach("dmz"), an_l3("third", l2="dmz"), a_cidr("10.8.0.0/24", l3="third"))
    case = given(*OPEN, SIX, *third, a_vm(host="h1"), a_vip(), an_eip(), attach_eip(), a_vip("w", l3="third"))
    assert legs(case)[1:] == [("public", ("10.9.0.2/24", "fd00:9::2/64", "10.9.0.3/32"), True)]
    case.do(a_rule(vip="w", vm="vm"))
    assert legs(case)[2] == ("third", ("10.8.0.2/32",), False)
    case.do(c.DetachPortForwardingRule(rule="r"), c.DetachEip(eip="e"))
    assert legs(case)[1:] == [("public", ("10.9.0.2/24", "fd00:9::2/64"), True)]


def test_a_leg_has_the_mtu_of_its_network() -> None:
    case = given(*A_POOL, a_vxlan(), an_l3(l2="x"), a_range(), A_ROUTER, serve(vr=("DHCP",)))
    assert [leg.mtu for leg in only(case).legs] == [1450]


def test_what_a_router_does_names_it_and_its_devices() -> None:
    case = given(*OPEN, a_vm(host="h2"), a_vip(), an_eip(), attach_eip(), a_vip("w"), a_rule(vip="w"))
    case.do(c.AttachPortForwardingRule(rule="r", vm="vm", l3="l3"))
    found, done = only(case), planned(case)
    outside = found.legs[1].device
    assert done.snat == (
        Snat(
            l3=case.id("l3", "l3"),
            bridge="br_eth0_10",
            networks=("192.168.0.0/24",),
            addresses=("10.9.0.2",),
            device=outside,
            namespace=found.namespace,
            because=done.snat[0].because,
        ),
    )
    assert namespaces(done) == [found.namespace] * 4
    assert vip_devices(done) == [outside] * 2


def test_what_hosts_do_themselves_names_no_router() -> None:
    flat = serve(flat=("DHCP", "DNS", "EIP"), vr=("SNAT",))
    case = given(*A_WAY_OUT, flat, a_vm(host="h1"), a_vip(), an_eip(), attach_eip())
    done = planned(case)
    assert namespaces(done) == [""] * 3
    assert vip_devices(done) == [""]
    assert legs(case)[1:] == [("public", ("10.9.0.2/24",), True)]


def test_a_leg_names_the_facts_it_rests_on() -> None:
    case = given(*OPEN, a_vm(), a_vip(), an_eip(), attach_eip())
    found = only(case)
    kinds = [[type(fact).tag() for fact in facts(case, leg.because)] for leg in found.legs]
    assert kinds == [["router.placed"], ["router.nic-added", "eip.attached"]]
    assert set(found.because) == {p for leg in found.legs for p in leg.because}
    case.do(a_host_state("maintenance"))
    assert "router.moved" in [type(fact).tag() for fact in facts(case, only(case, "h2").because)]


def test_a_router_is_planned_without_what_its_host_lacks() -> None:
    case = given(*OPEN, a_vm(host="h1"), a_vip(), a_rule(vm="vm"), detach("pub"), detach("pub", "c2"))
    assert legs(case, "h2") == [("l3", ("192.168.0.1/24",), False)]
    (snat,) = planned(case, "h2").snat
    assert (only(case, "h2").gateway, snat.addresses, snat.device) == ("", (), "")


def test_a_host_has_the_bridges_of_its_routers_legs() -> None:
    made = (*A_POOL, a_vxlan("x", realize="vm"), an_l3("l3", l2="x"), a_cidr("192.168.0.0/24"))
    outside = (
        a_vxlan("y", realize="vm"),
        an_l3("public", l2="y", category="public"),
        a_cidr("10.9.0.0/24", l3="public"),
    )
    case = given(*made, *outside, AN_OPEN_ROUTER, serve(vr=("SNAT",)))
    assert [b.name for b in plan.plan(case.topology, case.id("host", "h1")).bridges] == ["br_vx_100", "br_vx_101"]


# without a way out


def test_a_provider_without_a_public_network_leads_nowhere() -> None:
    case = given(*A_PUBLIC_SUBNET, A_ROUTER, serve(vr=("DHCP",)))
    assert stranded(case) == []
    case.do(serve(vr=("SNAT",)), a_vm())
    (problem,) = stranded(case)
    assert problem.what == "L3 network l3 takes SNAT and has no way out: provider vr has no public network"
    assert (problem.l2, problem.hosts) == (("v10",), ())
    assert [type(fact) for fact in facts(case, problem.because)] == [provider.Created, l3.ServiceAttached]
    assert enjoyed(case.topology) == {"vm/l3: DHCP"}


def test_a_public_network_that_went_is_named() -> None:
    case = given(*OPEN)
    assert stranded(case) == []
    case.do(c.DeleteL3Network(l3="public", mode="enforcing"))
    (problem,) = stranded(case)
    snat = l3.ServiceAttached("SNAT", "vr")
    assert facts(case, problem.because) == [snat, provider.PublicNetworkRemoved("public")]


def test_a_way_out_that_its_host_lacks_leads_nowhere() -> None:
    case = given(*OPEN, a_vm(), detach("pub"))
    assert stranded(case) == []
    before = enjoyed(case.topology)
    case.do(detach("pub", "c2"))
    (problem,) = stranded(case)
    assert "host h2, where its router is, lacks L2 network pub of public" in problem.what
    assert problem.hosts == ("h2",)
    assert facts(case, problem.because)[-1] == router.Moved("h2")
    assert before - enjoyed(case.topology) == {"vm/l3: SNAT"}


def test_a_way_out_without_an_address_leads_nowhere() -> None:
    case = given(*A_PUBLIC_SUBNET[:-1], AN_OPEN_ROUTER, serve(vr=("SNAT",)), a_vm())
    (problem,) = stranded(case)
    assert "L3 network public had no IPv4 address for its router" in problem.what
    assert enjoyed(case.topology) == set()
    assert stranded(case.do(a_cidr("10.9.0.0/24", l3="public"))) == []
    assert enjoyed(case.topology) == {"vm/l3: SNAT"}


def test_a_public_network_has_no_way_out_through_itself() -> None:
    (problem,) = stranded(given(*A_WAY_OUT, serve("public", vr=("SNAT",))))
    assert "it is the public network of provider vr itself" in problem.what


def test_what_waits_for_a_router_is_not_told_of() -> None:
    assert stranded(given(*OPEN, a_host_state("maintenance"), a_host_state("maintenance", host="h2"))) == []


def test_a_way_out_is_one_of_the_families_that_the_network_has() -> None:
    case = given(*A_PUBLIC_SUBNET[:-1], SIX, AN_OPEN_ROUTER, serve(vr=("SNAT",)), a_vm())
    (problem,) = stranded(case)
    assert "L3 network public had no IPv4 address for its router" in problem.what
    (snat,) = planned(case).snat
    assert (snat.networks, snat.addresses) == ((), ())
    assert enjoyed(case.topology) == set()
    case.do(a_cidr("10.9.0.0/24", l3="public"))
    assert (stranded(case), enjoyed(case.topology)) == ([], {"vm/l3: SNAT"})
    (snat,) = planned(case).snat
    assert (snat.networks, snat.addresses) == (("192.168.0.0/24",), ("10.9.0.2",))


def test_a_network_of_both_families_needs_a_way_out_for_both() -> None:
    case = given(*OPEN, a_range6())
    (problem,) = stranded(case)
    told = "no way out over IPv6: L3 network public had no IPv6 address for its router"
    assert problem.what == f"L3 network l3 takes SNAT and has {told}"
    assert stranded(case.do(SIX)) == []


def test_a_way_out_that_lost_its_range_names_what_took_it() -> None:
    case = given(*OPEN, c.DeleteIpRange(l3="public", name="all", mode="enforcing"))
    (problem,) = stranded(case)
    assert l3.IpRangeDeleted("all", "10.9.0.2", "10.9.0.254") in facts(case, problem.because)


# without a way in


def test_a_vip_whose_network_the_routers_host_lacks_has_no_way_in() -> None:
    case = given(*A_PUBLIC_SUBNET, A_ROUTER, serve(vr=("SNAT", "EIP", "PortForwarding")), a_vm(host="h1"))
    case.do(a_vip(), a_rule("r", vm="vm"), a_rule("s", 81, vm="vm"))
    assert deaf(case.do(detach("pub"))) == []
    (problem,) = deaf(case.do(detach("pub", "c2")))
    assert problem.what == (
        "VIP vip leads to L3 network l3, and has no way in: host h2, where the router is, lacks L2 network pub"
    )
    assert (problem.l2, problem.hosts) == (("pub",), ("h2",))
    tags = [type(fact).tag() for fact in facts(case, problem.because)]
    assert tags == [*["port-forwarding-rule.attached"] * 2, "router.moved", "l2.detached-from-cluster"]
    assert deaf(case.do(attach("pub", "c2"))) == []


# who has what


def test_a_routers_address_can_collide() -> None:
    twin = (
        a_cluster("c3"),
        a_host("h3", cluster="c3"),
        a_vlan("twin", vlan=20),
        attach("twin", "c3"),
        an_l3("t", l2="twin"),
    )
    case = given(*OPEN, *twin, a_range("10.9.0.2", "10.9.0.5", l3="t", gateway="10.9.0.9"), a_vm("other", "t"))
    (problem,) = [p for p in problems(case.topology) if p.kind == "address-collision"]
    assert problem.what == "address 10.9.0.2 is that of other/t, the virtual router of l3, all in one domain"
    assert problem.hosts == ("h1", "h3")
    assert "router.nic-added" in [type(fact).tag() for fact in facts(case, problem.because)]


def test_inventories_show_the_nics_of_routers_and_the_way_out() -> None:
    case = given(*OPEN)
    (found,) = inventory.KINDS["router"](case.topology)
    ((uuid, state),) = case.topology.every(router.Router)
    assert (found["uuid"], found["hostUuid"]) == (uuid, case.id("host", "h1"))
    assert [nic["ips"] for nic in found["nics"]] == [[], ["10.9.0.2"]]
    assert [(nic["mac"], nic["device"]) for nic in found["nics"]] == [(nic.mac, nic.device) for nic in state.nics]
    outside = {item["name"]: item["publicL3NetworkUuid"] for item in inventory.KINDS["provider"](case.topology)}
    assert outside == {"flat": "", "vr": case.id("l3", "public")}
