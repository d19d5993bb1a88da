"""A virtual router's namespace comes from what it is planned to do, and its rules say what becomes of packets."""

from __future__ import annotations

import pytest

from backends.kvm import translator
from backends.kvm.connections import Connection
from domain import commands as c
from projections import plan as plans
from projections import routers
from projections.diff import diff
from projections.found import bare_host
from projections.namespace_operations import CreateLeg, LoadRules, SetForwarding
from projections.namespaces import Namespace, Route, Way
from projections.passage import Packet, passage
from projections.plan import HostPlan
from projections.translation import Rules
from tests.builders import a_cidr, a_vlan, a_vm, an_l3, attach, detach
from tests.given import Case, given
from tests.service_builders import A_WAY_OUT, a_rule, a_vip, an_eip, attach_eip, serve


ROUTED = (*A_WAY_OUT, serve(vr=("DHCP", "DNS", "SNAT", "EIP", "PortForwarding")))
GUEST, OUTSIDER = "192.168.0.10", "198.51.100.7"


def plan_of(case: Case) -> HostPlan:
    return plans.plan(case.topology, case.id("host", "h1"))


def only(case: Case) -> Namespace:
    (found,) = plan_of(case).namespaces
    return found


def rules_of(case: Case) -> Rules:
    rules = only(case).rules
    assert rules
    return rules


def fate(
    case: Case, leg: int, src: str, dst: str, port: int = 80, *, protocol: str = "TCP"
) -> tuple[object, ...] | None:
    """Give where a packet leaves by the number of its leg, or nothing for the router itself, and as what."""
    legs = [each.device for each in only(case).legs]
    packet = Packet(leg=legs[leg], src=src, dst=dst, protocol=protocol, port=port)  # type: ignore[arg-type]
    found = passage(rules_of(case), packet)
    return (legs.index(found.leg) if found.leg else None, found.src, found.dst, found.port) if found else None


# the namespace


def test_a_router_has_its_legs_a_way_out_and_a_server() -> None:
    case = given(*ROUTED, a_vm(host="h1"))
    found = only(case)
    assert found.purpose == "router"
    assert [leg.addresses for leg in found.legs] == [("192.168.0.1/24",), ("10.9.0.2/24",)]
    assert [leg.mac for leg in found.legs] == [leg.mac for leg in plan_of(case).services.routers[0].legs]
    assert (found.routes, found.ways) == ((Route("0.0.0.0/0", "10.9.0.1"),), ())
    assert found.forwarding
    assert found.server
    assert (found.server.leg, found.server.router, found.server.dns) == (found.legs[0].device, True, True)
    assert not plan_of(case).fences


def test_a_router_without_its_own_network_is_not_there() -> None:
    case = given(*ROUTED, detach("v10"), detach("v10", "c2"))
    assert plan_of(case).namespaces == ()


def test_a_router_is_closed_before_it_has_a_leg() -> None:
    plan = plan_of(given(*ROUTED))
    done = diff(plan, bare_host(("eth0",)))
    first = [next(n for n, o in enumerate(done) if isinstance(o, kind)) for kind in (LoadRules, CreateLeg)]
    assert first == sorted(first)
    assert isinstance(done[-2], SetForwarding)


def test_a_vip_on_a_network_that_is_no_way_out_has_routes_of_its_own() -> None:
    third = (a_vlan("dmz", vlan=30), attach("dmz"), an_l3("third", l2="dmz"), a_cidr("10.8.0.0/24", l3="third"))
    case = given(*ROUTED, *third, a_vm(host="h1"), a_vip("w", l3="third"), an_eip(vip="w"), attach_eip())
    leg = only(case).legs[2]
    number = routers.number_of(leg.device)
    assert number > 255
    assert only(case).ways == (
        Way(number, "0.0.0.0/0", leg.device, "10.8.0.1"),
        Way(number, "10.8.0.0/24", leg.device, ""),
    )
    assert fate(case, 2, OUTSIDER, "10.8.0.2") == (0, OUTSIDER, GUEST, 80)
    assert fate(case, 0, GUEST, OUTSIDER) == (2, "10.8.0.2", OUTSIDER, 80)


# what passes


def test_guests_go_out_with_the_routers_address_and_nobody_comes_in() -> None:
    case = given(*ROUTED, a_vm(host="h1"))
    assert fate(case, 0, GUEST, OUTSIDER) == (1, "10.9.0.2", OUTSIDER, 80)
    assert fate(case, 1, OUTSIDER, GUEST) is None
    assert fate(case, 1, OUTSIDER, "10.9.0.2") is None
    assert fate(case, 1, GUEST, "10.9.0.2") is None
    assert fate(case, 0, "172.16.0.1", OUTSIDER) is None


def test_without_a_way_to_be_translated_nobody_goes_out() -> None:
    case = given(*A_WAY_OUT, serve(vr=("DHCP",)), a_vm(host="h1"))
    assert fate(case, 0, GUEST, OUTSIDER) is None
    case.do(serve(vr=("SNAT", "EIP")), a_vip(), an_eip(), attach_eip())
    assert fate(case, 0, GUEST, OUTSIDER) == (1, "10.9.0.3", OUTSIDER, 80)


def test_the_router_itself_is_asked_for_what_it_serves_from_inside() -> None:
    case = given(*ROUTED, a_vm(host="h1"))
    assert fate(case, 0, GUEST, "192.168.0.1", 53, protocol="UDP") == (None, GUEST, "192.168.0.1", 53)
    assert fate(case, 1, OUTSIDER, "10.9.0.2", 53, protocol="UDP") is None
    assert fate(case, 0, GUEST, "192.168.0.1", 22) is None


def test_a_forwarded_port_leads_in_for_who_is_allowed_and_from_inside_with_the_routers_own_address() -> None:
    case = given(
        *ROUTED, a_vm(host="h1"), a_vip(), a_rule("r", "80-89", "8080-8089", vm="vm", allowed="198.51.100.0/24")
    )
    assert fate(case, 1, OUTSIDER, "10.9.0.3", 89) == (0, OUTSIDER, GUEST, 8089)
    assert fate(case, 1, OUTSIDER, "10.9.0.3", 90) is None
    assert fate(case, 1, "203.0.113.1", "10.9.0.3", 80) is None
    assert fate(case, 0, GUEST, "10.9.0.3", 80) is None
    case.do(c.DeletePortForwardingRule(rule="r"), a_rule("s", 80, vm="vm"))
    assert fate(case, 0, GUEST, "10.9.0.3", 80) == (0, "192.168.0.1", GUEST, 80)


# which connections end


def connection(**fields: object) -> Connection:
    plain = {"family": 2, "key": b"", "zone": 0, "mark": 0, "src": OUTSIDER, "dst": "10.9.0.3", "protocol": 6}
    rest = {"source_port": 1024, "port": 80, "type": 0, "answered_by": GUEST, "answered_to": OUTSIDER}
    return Connection(**{**plain, **rest, "answering_port": 80, **fields})  # type: ignore[arg-type]


OUTWARD = {"src": GUEST, "dst": OUTSIDER, "answered_by": OUTSIDER}


@pytest.mark.parametrize(
    ("found", "ends"),
    [
        pytest.param(connection(), False, id="by-the-eip"),
        pytest.param(connection(answered_by="192.168.0.77"), True, id="to-the-guest-before"),
        pytest.param(connection(answering_port=81), True, id="to-another-port"),
        pytest.param(connection(dst="10.9.0.4"), True, id="by-an-eip-that-is-gone"),
        pytest.param(connection(**OUTWARD, answered_to="10.9.0.3"), False, id="out-by-the-eip"),
        pytest.param(connection(**OUTWARD, answered_to="10.9.0.2"), True, id="out-as-before-the-eip"),
        pytest.param(connection(src="10.9.0.2", dst=OUTSIDER, answered_by=OUTSIDER), False, id="the-routers-own"),
    ],
)
def test_only_what_would_not_be_opened_like_that_ends(found: Connection, *, ends: bool) -> None:
    rules = rules_of(given(*ROUTED, a_vm(host="h1"), a_vip(), an_eip(), attach_eip()))
    assert [change.connection for change in translator.unlawful(rules, [found])] == [found] * ends


def test_what_would_be_a_routers_own_address_is_no_gateway_of_its() -> None:
    """A kernel takes no route by an address of its own; so it is where two of its networks have one subnet."""
    overlapping = (a_cidr("fd00::/125", l3=name, name="six") for name in ("l3", "public"))
    case = given(*A_WAY_OUT, serve(vr=("SNAT",)), *overlapping)
    (door,) = rules_of(case).doors
    assert door.gateways == ("10.9.0.1",)
    assert only(case).routes == (Route("0.0.0.0/0", "10.9.0.1"),)
