"""Namespaces of ours come from the services that hosts do, and a host comes to them from wherever it is."""

from __future__ import annotations

import msgspec
from hypothesis import given as property_of
from immutables import Map

from domain import commands as c
from projections import plan as plans
from projections.diff import diff
from projections.found import FOREIGN, Found, Inside, Link, Room, bare_host
from projections.name_server import Book, Name, Subnet
from projections.namespace_operations import NamespaceOperation
from projections.namespaces import Fence, Namespace
from projections.obstacles import obstacles
from projections.operations import apply_all, describe
from projections.plan import Bridge, HostPlan
from tests.builders import a_cidr, a_vm, an_l3
from tests.given import Case, given
from tests.service_builders import A_PUBLIC_SUBNET, PROVIDERS, SERVED, serve, unserve
from tests.strategies import namespaces, rooms


MAC = "52:54:00:00:00:01"
BARE = bare_host(("eth0", "eth1"))


def plan_of(case: Case, host: str = "h1") -> HostPlan:
    return plans.plan(case.topology, case.id("host", host))


def only(case: Case, host: str = "h1") -> Namespace:
    (found,) = plan_of(case, host).namespaces
    return found


def book_of(case: Case, host: str = "h1") -> Book:
    server = only(case, host).server
    assert server
    return server.book


def told(plan: HostPlan, found: Found) -> list[str]:
    return [describe(o) for o in diff(plan, found) if isinstance(o, NamespaceOperation)]


def realized(plan: HostPlan) -> Found:
    return apply_all(BARE, diff(plan, BARE))


# what a host's own servers are


def test_a_served_network_has_a_namespace_with_its_server_on_each_host_with_a_nic() -> None:
    case = given(*SERVED, a_vm("a", host="h1", mac=MAC), a_vm("b", host="h1"))
    found = only(case)
    (leg,) = found.legs
    assert (found.purpose, found.subject) == ("dhcp", case.id("l3", "l3"))
    assert (leg.bridge, leg.addresses, leg.mtu) == ("br_eth0_10", ("192.168.0.10/24",), 1500)
    assert (len(found.name), len(leg.device)) == (15, 15)
    assert found.server
    assert found.server.subnets == (Subnet("192.168.0.0/24", "192.168.0.1", ""),)
    assert plan_of(case, "h2").namespaces == ()


def test_the_server_is_the_same_on_every_host_but_for_whom_it_gives_leases_to() -> None:
    case = given(*SERVED, a_vm("a", host="h1"), a_vm("b", host="h2"))
    here, there = only(case), only(case, "h2")
    assert (here.name, here.legs) == (there.name, there.legs)
    assert here.server
    assert there.server
    assert here.server.settings == there.server.settings
    assert [guest.name for guest in book_of(case).guests] == ["a"]
    assert [guest.name for guest in book_of(case, "h2").guests] == ["b"]
    assert book_of(case).names == book_of(case, "h2").names
    assert book_of(case).names == (Name("a", ("192.168.0.11",)), Name("b", ("192.168.0.12",)))


def test_nothing_passes_between_the_server_and_what_leads_off_the_host() -> None:
    case = given(*SERVED, a_vm())
    (leg,) = only(case).legs
    assert plan_of(case).fences == (Fence(leg.device, "br_eth0_10", ("eth0.10",), ("192.168.0.10",)),)


def test_guests_are_told_the_networks_dns_servers_and_the_hosts_own_last() -> None:
    case = given(*SERVED, c.AddDns(l3="l3", address="9.9.9.9"), c.AddDns(l3="l3", address="192.168.0.53"), a_vm())
    assert book_of(case).resolvers == ("9.9.9.9", "192.168.0.53", "192.168.0.10")
    assert book_of(case).forwards == ("192.168.0.53",)  # the other one is behind a router, whose answers never come in


def test_who_serves_no_names_is_no_dns_server_of_anybody() -> None:
    case = given(*A_PUBLIC_SUBNET, *PROVIDERS, serve(flat=("DHCP",)), a_vm())
    server = only(case).server
    assert server
    assert not server.dns
    assert not server.book.resolvers
    assert not server.book.names


def test_a_name_that_no_host_can_have_is_given_to_nobody() -> None:
    case = given(*SERVED, a_vm("web 1", host="h1"), a_vm("-", host="h1"), a_vm("Web", host="h1"))
    assert sorted(guest.name for guest in book_of(case).guests) == ["", "", "Web"]
    assert book_of(case).names == (Name("web", ("192.168.0.13",)),)


def test_a_second_nic_is_not_the_default_one() -> None:
    case = given(*SERVED, an_l3("second", l2="v10"), a_cidr("10.3.0.0/24", l3="second"))
    case.do(serve("second", flat=("DHCP",)), a_vm("vm", "l3", "second"))
    guests = [guest for each in plan_of(case).namespaces if each.server for guest in each.server.book.guests]
    assert {guest.ips[0]: guest.default for guest in guests} == {"192.168.0.11": True, "10.3.0.3": False}


def test_a_server_goes_with_the_last_nic_and_with_the_service() -> None:
    case = given(*SERVED, a_vm())
    case.do(unserve(flat=("DHCP",)))
    assert not plan_of(case).namespaces
    assert not plan_of(case).fences
    case.do(serve(flat=("DHCP",)))
    assert plan_of(case).namespaces
    case.do(c.StopVm(vm="vm"))
    assert not plan_of(case).namespaces
    assert not plan_of(case).fences


# coming to a plan


def test_what_keeps_a_server_in_is_there_before_its_leg_is() -> None:
    plan = plan_of(given(*SERVED, a_vm()))
    (namespace,) = plan.namespaces
    name, leg = namespace.name, namespace.legs[0].device
    assert told(plan, BARE) == [
        "load-fences",
        f"create-namespace {name}",
        f"create-leg {leg} in {name}",
        f"set-addresses {leg} in {name}",
        f"start-server {name}",
    ]
    assert told(HostPlan("h1", 0), realized(plan)) == [f"delete-namespace {name}", "load-fences"]
    assert apply_all(realized(plan), diff(HostPlan("h1", 0), realized(plan))) == BARE


def test_a_new_nic_is_read_by_the_server_that_runs() -> None:
    case = given(*SERVED, a_vm("a", host="h1"))
    before = realized(plan_of(case))
    case.do(a_vm("b", host="h1"))
    assert told(plan_of(case), before) == [f"reload-server {only(case).name}"]


def test_what_a_server_can_not_read_again_starts_it_anew() -> None:
    case = given(*SERVED, a_vm("a", host="h1"))
    before = realized(plan_of(case))
    case.do(c.UpdateL3Network(l3="l3", mtu=1400))
    assert f"start-server {only(case).name}" in told(plan_of(case), before)


def test_a_server_that_died_is_started_again() -> None:
    plan = plan_of(given(*SERVED, a_vm()))
    name = plan.namespaces[0].name
    found = change(realized(plan), name, server=None)
    assert told(plan, found) == [f"start-server {name}"]


def test_a_leg_that_was_cut_is_made_again_and_the_server_that_listened_there_too() -> None:
    plan = plan_of(given(*SERVED, a_vm()))
    name, leg = plan.namespaces[0].name, plan.namespaces[0].legs[0].device
    found = realized(plan)
    astray = change(found, name, legs=Map())
    assert {f"create-leg {leg} in {name}", f"start-server {name}"} <= set(
        told(plan, msgspec.structs.replace(astray, namespaces=change(astray, name, server=None).namespaces))
    )
    assert apply_all(astray, diff(plan, astray)).namespaces[name].legs == found.namespaces[name].legs


def test_a_leg_that_nobody_wants_is_taken_out_of_its_namespace() -> None:
    plan = plan_of(given(*SERVED, a_vm()))
    name, leg = plan.namespaces[0].name, plan.namespaces[0].legs[0].device
    found = realized(plan)
    more = change(found, name, legs=found.namespaces[name].legs.set("leg4", Inside(MAC)))
    assert told(plan, more) == [f"delete-leg leg4 in {name}"]
    assert set(apply_all(more, diff(plan, more)).namespaces[name].legs) == {leg}


def test_what_is_foreign_keeps_the_server_out_and_nothing_else() -> None:
    plan = plan_of(given(*SERVED, a_vm()))
    name, leg = plan.namespaces[0].name, plan.namespaces[0].legs[0].device
    for found, culprit in (
        (msgspec.structs.replace(BARE, namespaces=Map({name: Room(ours=False)})), name),
        (msgspec.structs.replace(BARE, links=BARE.links.set(leg, Link(leg, "other"))), leg),
        (msgspec.structs.replace(BARE, fence=FOREIGN), "rewire_dhcp"),
    ):
        assert [obstacle.name for obstacle in obstacles(plan, found)] == [culprit]
        after = apply_all(found, diff(plan, found))
        assert after.namespaces == found.namespaces
        assert after.links.get(leg) == found.links.get(leg)
        assert "br_eth0_10" in after.links


def change(found: Found, name: str, **fields: object) -> Found:
    room = msgspec.structs.replace(found.namespaces[name], **fields)
    return msgspec.structs.replace(found, namespaces=found.namespaces.set(name, room))


@property_of(namespaces(), rooms())
def test_from_whatever_is_there_to_the_plan_and_what_is_foreign_stays(
    wanted: tuple[Namespace, ...], there: dict[str, Room]
) -> None:
    plan = HostPlan("h", 1, bridges=(Bridge("br_eth0_10", "l2", "", 1500, (1,)),), namespaces=wanted)
    links = BARE.links
    for room in there.values():
        for leg in room.legs if room.ours else ():
            if leg != "leg4":  # the other end of which somebody took away
                links = links.set(leg, Link(leg, "leg", ours=True))
    found = msgspec.structs.replace(BARE, links=links, namespaces=Map(there))

    after = apply_all(found, diff(plan, found))

    assert diff(plan, after) == ()
    foreign = {name: room for name, room in there.items() if not room.ours}
    assert {name: after.namespaces[name] for name in foreign} == foreign
    fresh = apply_all(BARE, diff(plan, BARE)).namespaces
    assert {n: r for n, r in after.namespaces.items() if n not in foreign} == {
        n: r for n, r in fresh.items() if n not in foreign
    }
