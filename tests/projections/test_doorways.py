"""What a host has for EIPs that it does itself comes from them, and says what becomes of packets."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from domain import commands as c
from projections import plan as plans
from projections import reach
from projections.diff import diff
from projections.found import FOREIGN, Found, bare_host
from projections.name_server import Subnet
from projections.namespace_operations import CreateLeg, LoadFences, LoadRules, NamespaceOperation
from projections.namespaces import Gate, Namespace, Way
from projections.obstacles import obstacles, unrealized
from projections.operations import apply_all, describe
from projections.passage import Packet, passage
from projections.plan import HostPlan
from projections.routers import number_of
from tests.builders import TWO_SUBNETS, a_cidr, a_vlan, a_vm, an_l3, attach, migrate, stop
from tests.domain.test_plugins import a_network, macvlan
from tests.given import Case, given
from tests.service_builders import SERVED, a_provider, a_vip, an_eip, attach_eip, serve


__all__ = ["macvlan"]

MAC = "52:54:00:00:00:01"
GUEST, OUTSIDER = "192.168.0.11", "198.51.100.7"
AN_EIP = (*SERVED, a_vm("a", host="h1", mac=MAC), a_vip(), an_eip(), attach_eip(vm="a"))
SIX = c.AddIpRange(
    l3="l3", name="in", start="fd00::10", end="fd00::ff", prefix_length=64, gateway="fd00::1", address_mode="SLAAC"
)
A_SIXTH = (a_cidr("fd00:9::/64", l3="public", name="six"), a_vip("v6", address="fd00:9::66"), an_eip("e6", vip="v6"))
BARE = bare_host(("eth0", "eth1"))


def plan_of(case: Case, host: str = "h1") -> HostPlan:
    return plans.plan(case.topology, case.id("host", host))


def doorways(case: Case, host: str = "h1") -> list[Namespace]:
    return [each for each in plan_of(case, host).namespaces if each.purpose == "eip"]


def only(case: Case, host: str = "h1") -> Namespace:
    (found,) = doorways(case, host)
    return found


def realized(plan: HostPlan) -> Found:
    return apply_all(BARE, diff(plan, BARE))


def fate(case: Case, leg: int, src: str, dst: str) -> tuple[object, ...] | None:
    """Give where a packet leaves by the number of its leg, or nothing for the host itself, and as what."""
    found = only(case)
    legs, rules = [each.device for each in found.legs], found.rules
    assert rules
    told = passage(rules, Packet(leg=legs[leg], src=src, dst=dst, protocol="TCP", port=80))
    return (legs.index(told.leg) if told.leg else None, told.src, told.dst) if told else None


# the namespace


def test_the_host_of_a_guest_with_an_eip_is_its_gateway_and_has_its_vip() -> None:
    case = given(*AN_EIP)
    found, (eip,) = only(case), plan_of(case).services.eips
    inner, outer = found.legs
    number = number_of(outer.device)
    assert (found.name[:4], found.subject, found.because) == ("eip-", case.id("l3", "l3"), eip.because)
    assert (inner.bridge, inner.addresses) == ("br_eth0_10", ("192.168.0.1/24",))
    assert (outer.bridge, outer.addresses) == ("br_eth0_20", ("10.9.0.2/32",))
    assert found.routes == ()
    assert found.ways == (
        Way(number, "0.0.0.0/0", outer.device, "10.9.0.1"),
        Way(number, "10.9.0.0/24", outer.device, ""),
    )
    assert (found.forwarding, found.server) == (True, None)
    assert plan_of(case).gates == (
        Gate(inner.device, "br_eth0_10", inner.mac, (("nic525400000001", "192.168.0.1"),), ("192.168.0.0/24",)),
    )
    assert doorways(case, "h2") == []


def test_what_guests_see_is_the_same_on_every_host_and_what_the_outside_sees_is_the_hosts_own() -> None:
    case = given(*AN_EIP, a_vm("b", host="h2"), a_vip("w"), an_eip("f", vip="w"), attach_eip("f", vm="b"))
    here, there = only(case), only(case, "h2")
    assert here.legs[0] == there.legs[0]
    assert here.legs[1].mac != there.legs[1].mac


def test_it_goes_along_with_a_guest_that_migrates_and_ends_with_one_that_stops() -> None:
    case = given(*AN_EIP)
    case.do(migrate("a", host="h2"))
    assert doorways(case) == []
    assert only(case, "h2").legs[1].addresses == ("10.9.0.2/32",)
    case.do(stop("a"))
    assert doorways(case, "h2") == []
    assert plan_of(case, "h2").gates == ()


def test_one_namespace_has_a_door_for_each_network_of_vips() -> None:
    case = given(*AN_EIP, a_vlan("dmz", vlan=30), attach("dmz"), an_l3("third", l2="dmz"))
    case.do(a_cidr("10.8.0.0/24", l3="third"), a_vm("b", host="h1"), a_vip("w", l3="third"), an_eip("f", vip="w"))
    case.do(attach_eip("f", vm="b"))
    doors = {leg.bridge: leg.addresses for leg in only(case).legs[1:]}
    assert doors == {"br_eth0_20": ("10.9.0.2/32",), "br_eth0_30": ("10.8.0.2/32",)}
    assert len(plan_of(case).gates[0].holders) == 2


def test_who_has_an_eip_by_ipv6_is_told_of_a_router_and_others_are_not() -> None:
    case = given(*AN_EIP, SIX, *A_SIXTH, a_vm("b", host="h1", mac="52:54:00:00:00:02"), attach_eip("e6", vm="b"))
    found = only(case)
    assert found.server
    assert (found.server.subnets, found.server.router, found.server.dns) == (
        (Subnet("fd00::/64", "fd00::1", "SLAAC"),),
        True,
        False,
    )
    assert found.rules
    assert (found.rules.advertises, found.rules.serves) == (True, ())
    assert found.legs[0].addresses == ("192.168.0.1/24", "fd00::1/64")
    assert plan_of(case).gates[0].holders == (("nic525400000001", "192.168.0.1"), ("nic525400000002", "fd00::1"))


# what passes


def test_a_vip_is_its_guests_and_nothing_else_passes() -> None:
    case = given(*AN_EIP, a_vm("b", host="h1"))
    assert fate(case, 1, OUTSIDER, "10.9.0.2") == (0, OUTSIDER, GUEST)
    assert fate(case, 0, GUEST, OUTSIDER) == (1, "10.9.0.2", OUTSIDER)
    assert fate(case, 1, OUTSIDER, GUEST) is None
    assert fate(case, 0, "192.168.0.12", OUTSIDER) is None
    assert fate(case, 0, "192.168.0.12", "10.9.0.9") is None


def test_guests_reach_a_vip_here_as_they_would_one_on_another_host() -> None:
    case = given(*AN_EIP, a_vm("b", host="h1"), a_vip("w"), an_eip("f", vip="w"), attach_eip("f", vm="b"))
    assert fate(case, 0, GUEST, "10.9.0.3") == (0, "10.9.0.2", "192.168.0.12")
    assert fate(case, 0, GUEST, "10.9.0.2") == (0, "10.9.0.2", GUEST)


def test_it_joins_no_broadcast_domains() -> None:
    plan = plan_of(given(*AN_EIP, a_vm("p", "public", host="h1")))
    circuits = reach.circuits("h1", reach.Site("z", realized(plan)))
    assert len(reach.islands(circuits)) == 2


# coming to a plan


def test_it_is_closed_before_it_has_a_leg() -> None:
    plan = plan_of(given(*AN_EIP))
    done = [o for o in diff(plan, BARE) if isinstance(o, NamespaceOperation)]
    inner = plan.gates[0].leg
    first = [
        next(n for n, o in enumerate(done) if isinstance(o, LoadFences)),
        next(n for n, o in enumerate(done) if isinstance(o, LoadRules)),
        next(n for n, o in enumerate(done) if isinstance(o, CreateLeg) and o.name == inner),
    ]
    assert first == sorted(first)
    assert obstacles(plan, BARE) == ()


def test_an_eip_that_ends_is_closed_at_once_and_the_others_stay() -> None:
    case = given(*AN_EIP, a_vm("b", host="h1"), a_vip("w"), an_eip("f", vip="w"), attach_eip("f", vm="b"))
    before, outer = realized(plan_of(case)), only(case).legs[1].device
    case.do(c.DetachEip(eip="e"))
    name = only(case).name
    assert [describe(o) for o in diff(plan_of(case), before)] == [
        "load-fences",
        f"load-rules {name}",
        f"set-addresses {outer} in {name}",
    ]


def test_a_foreign_table_keeps_it_out_and_no_router() -> None:
    case = given(*AN_EIP)
    found = msgspec.structs.replace(BARE, fence=FOREIGN)
    told = obstacles(plan_of(case), found)
    assert {obstacle.name for obstacle in told} == {"rewire_dhcp"}
    assert not apply_all(found, diff(plan_of(case), found)).namespaces


def test_a_guest_on_open_vswitch_has_none_and_is_told_so() -> None:
    gre = c.CreateL2OvsGreNetwork(name="g", zone="z", physical_interface="eth1", key=7)
    case = given(*SERVED, gre, attach("g"), an_l3("far", l2="g"), a_cidr("10.3.0.0/24", l3="far"))
    case.do(serve("far", flat=("EIP",)), a_vm("a", "far", host="h1"), a_vip(), an_eip(), attach_eip(vm="a", l3="far"))
    assert doorways(case) == []
    (told,) = unrealized(plan_of(case))
    assert (told.name, told.l2, told.foreign) == ("10.9.0.2", "", False)
    assert "ovs7 is none" in told.why


@pytest.mark.parametrize(("guests", "vips"), [("l3", "far"), ("far", "l3")])
def test_a_guest_or_a_vip_on_a_plugins_bridge_has_none_and_is_told_so(macvlan: Path, guests: str, vips: str) -> None:
    case = given(*TWO_SUBNETS, a_network(), attach("m"), an_l3("far", l2="m"), a_cidr("10.3.0.0/24", l3="far"))
    case.do(a_provider(), serve(guests, flat=("EIP",)), a_vm("a", guests, host="h1"), a_vip(l3=vips))
    case.do(an_eip(), attach_eip(vm="a", l3=guests))
    assert (doorways(case), plan_of(case).gates) == ([], ())
    (told,) = unrealized(plan_of(case))
    assert "macvlan7" in told.why
