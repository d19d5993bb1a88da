"""A virtual router has a NIC on each network that it joins, with what it holds there, and no other."""

from __future__ import annotations

import pytest

from domain import claims, eip, l3, port_forwarding, provider, router, vip
from domain import commands as c
from domain.router import Moved, NicAddressAssigned, NicAddressReleased, NicRemoved, Placed, Removed
from tests.builders import (
    a_cidr,
    a_host,
    a_host_state,
    a_range,
    a_vlan,
    a_vm,
    an_l3,
    attach,
    destroy,
    detach,
)
from tests.given import ME, Case, attempt, given, named, names
from tests.machines import invariants, remains
from tests.service_builders import (
    A_PUBLIC_SUBNET,
    A_WAY_OUT,
    AN_OPEN_ROUTER,
    ROUTED_SERVICES,
    a_provider,
    a_router_nic,
    a_rule,
    a_vip,
    an_eip,
    attach_eip,
    hand_over,
    serve,
    unserve,
)


OPEN = (*A_WAY_OUT, serve(vr=("SNAT", "EIP", "PortForwarding")))
"""Network l3 is served by a router on h1 that has 10.9.0.2 on public, its way out."""
SNAT = l3.ServiceAttached("SNAT", "vr")
PLACED = Placed("l3", "h1")
OUT = a_router_nic("public", "10.9.0.2")
VR = provider.Created(
    "vr",
    "VirtualRouter",
    ROUTED_SERVICES,
    ("L2NoVlanNetwork", "L2VlanNetwork", "L2VxlanNetwork"),
    "router",
    (("PortForwarding", "SNAT"), ("EIP", "SNAT")),
    "public",
)
PUBLIC = l3.Created("public", "pub", "public", "", 0, "first-available")
ANOTHER = (
    a_vlan("dmz", vlan=30),
    attach("dmz"),
    attach("dmz", "c2"),
    an_l3("third", l2="dmz", category="public"),
    a_cidr("10.8.0.0/24", l3="third"),
)
"""One more public network, third, on c1 and c2."""


def nics(case: Case, l3_name: str = "l3") -> list[tuple[str, tuple[str, ...]]]:
    """Give where the router of a network has NICs, with their own addresses; all that holds of a history holds."""
    invariants.check(case.network, case.topology)
    remains.check(case.network, case.topology)
    routers = [state for _, state in case.topology.every(router.Router) if case.topology.name(state.l3) == l3_name]
    return [(case.topology.name(nic.l3), nic.ips) for state in routers for nic in state.nics]


def hardware(case: Case) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(n.mac, n.device, n.ips) for _, state in case.topology.every(router.Router) for n in state.nics]


def told(case: Case, command: c.Command) -> list[object]:
    """Give what a command does to routers."""
    known = names(case.network.facts())
    result = case.when(command)
    known |= names(case.network.facts())
    return [named(r.fact, known) for r in result.recorded if isinstance(r.fact, router.FACTS)]


# the way out


def test_a_router_has_an_address_of_its_own_where_it_gets_out() -> None:
    case = given(*A_WAY_OUT)
    case.when(serve(vr=("SNAT",))).then(
        SNAT,
        PLACED,
        a_router_nic(),
        OUT,
        taking=["router/l3", "mac/mac", "ip/public/10.9.0.2", "mac/mac"],
    )
    assert nics(case) == [("l3", ()), ("public", ("10.9.0.2",))]
    case.when(a_vip(address="10.9.0.2")).refused("ip-in-use", naming=[OUT])


def test_each_nic_is_caused_by_what_it_is_there_for() -> None:
    case = given(*A_WAY_OUT)
    recorded = case.when(serve(vr=("SNAT",))).recorded
    placed = next(r for r in recorded if isinstance(r.fact, Placed))
    added = [r for r in recorded if isinstance(r.fact, router.NicAdded)]
    assert [r.cause for r in added] == [placed.reference] * 2
    held = {r.fact.key: r.cause for r in recorded if isinstance(r.fact, claims.Taken)}
    assert [held[f"mac/{r.fact.mac}"] for r in added if isinstance(r.fact, router.NicAdded)] == [
        r.reference for r in added
    ]


def test_a_device_is_named_after_its_mac_address() -> None:
    ((mac, device, _), (other, *_)) = hardware(given(*OPEN))
    assert (device, len(device)) == (f"nic{mac.replace(':', '')}", 15)
    assert mac != other


def test_a_router_gives_all_back_when_it_ends() -> None:
    case = given(*OPEN)
    case.when(unserve(vr=("SNAT", "EIP", "PortForwarding"))).then(
        l3.ServiceDetached("SNAT"),
        l3.ServiceDetached("EIP"),
        l3.ServiceDetached("PortForwarding"),
        Removed(),
        releasing=["router/l3", "mac/mac", "ip/public/10.9.0.2", "mac/mac"],
    )
    assert nics(case) == []
    case.do(a_vip(address="10.9.0.2"))


def test_a_router_keeps_its_nics_wherever_it_goes() -> None:
    case = given(*OPEN, a_vm(), a_vip(), an_eip(), attach_eip())
    before = hardware(case)
    assert told(case, a_host_state("maintenance")) == [Moved("h2")]
    assert told(case.do(a_host_state("enabled")), a_host_state("maintenance", host="h2")) == [Moved("h1")]
    assert hardware(case) == before
    assert nics(case) == [("l3", ()), ("public", ("10.9.0.2",))]


def test_a_router_goes_where_it_gets_out() -> None:
    case = given(*A_WAY_OUT, detach("pub"))
    assert told(case, serve(vr=("SNAT",)))[0] == Placed("l3", "h2")
    assert told(case, detach("pub", "c2")) == []
    assert told(case, detach("v10", "c2")) == [Moved("h1")]
    assert nics(case) == [("l3", ()), ("public", ("10.9.0.2",))]


def test_a_router_that_does_not_get_out_goes_where_its_way_out_comes_to() -> None:
    case = given(*A_WAY_OUT, detach("pub"), detach("pub", "c2"), serve(vr=("SNAT",)))
    assert told(case, attach("pub", "c2")) == [Moved("h2")]
    assert nics(case) == [("l3", ()), ("public", ("10.9.0.2",))]


def test_the_way_out_is_that_of_the_provider_of_snat() -> None:
    case = given(*A_WAY_OUT, *ANOTHER, a_provider("w", *ROUTED_SERVICES, kind="VirtualRouter", public="third"))
    case.do(serve(vr=("DNS",)))
    assert nics(case) == [("l3", ()), ("public", ("10.9.0.2",))]
    assert told(case, serve(w=("SNAT",))) == [NicRemoved("public"), a_router_nic("third", "10.8.0.2")]
    assert told(case, hand_over("SNAT", "vr")) == [NicRemoved("third"), OUT]
    assert told(case, hand_over("DNS", "w")) == []
    assert told(case, unserve(vr=("SNAT",))) == [NicRemoved("public"), a_router_nic("third", "10.8.0.2")]


def test_a_network_is_no_way_out_of_its_own() -> None:
    case = given(*A_WAY_OUT, serve("public", vr=("DNS", "SNAT")))
    assert nics(case, "public") == [("public", ())]


# addresses


def test_a_router_has_an_address_of_each_family_of_its_way_out() -> None:
    six = a_cidr("fd00:9::/64", l3="public", name="six")
    case = given(*A_WAY_OUT, six)
    assert told(case, serve(vr=("SNAT",)))[-1] == a_router_nic("public", "10.9.0.2", "fd00:9::2")
    later = given(*OPEN)
    before = hardware(later)
    assert told(later, six) == [NicAddressAssigned("public", "fd00:9::2")]
    assert [(mac, device) for mac, device, _ in hardware(later)] == [(mac, device) for mac, device, _ in before]
    assert nics(later) == [("l3", ()), ("public", ("10.9.0.2", "fd00:9::2"))]


def test_a_range_lets_go_of_a_routers_address() -> None:
    case = given(*A_PUBLIC_SUBNET[:-1], AN_OPEN_ROUTER, a_low_range(), a_high_range(), serve(vr=("SNAT",)))
    assert nics(case) == [("l3", ()), ("public", ("10.9.0.10",))]
    gone, come = NicAddressReleased("public", "10.9.0.10"), NicAddressAssigned("public", "10.9.0.20")
    case.when(without_range("low")).then(
        l3.IpRangeDeleted("low", "10.9.0.10", "10.9.0.11"),
        gone,
        come,
        taking=["ip/public/10.9.0.20"],
        releasing=["ip/public/10.9.0.10"],
    )
    assert told(case, without_range("high")) == [NicAddressReleased("public", "10.9.0.20")]
    assert nics(case) == [("l3", ()), ("public", ())]
    assert told(case, a_high_range()) == [come]
    assert nics(case) == [("l3", ()), ("public", ("10.9.0.20",))]


def a_low_range(end: str = "10.9.0.11") -> c.AddIpRange:
    return a_range("10.9.0.10", end, l3="public", gateway="10.9.0.1")


def a_high_range() -> c.AddIpRange:
    return a_range("10.9.0.20", "10.9.0.21", l3="public", name="high", gateway="10.9.0.1")


def without_range(name: str, mode: c.Mode = "permissive") -> c.DeleteIpRange:
    return c.DeleteIpRange(l3="public", name=name, mode=mode)


def test_a_router_takes_no_address_of_a_range_that_goes_with_its_vips() -> None:
    ranges = a_low_range("10.9.0.15"), a_high_range()
    world = (*A_PUBLIC_SUBNET[:-1], AN_OPEN_ROUTER, *ranges, serve(vr=ROUTED_SERVICES))
    case = given(*world, a_vm(), a_vip(address="10.9.0.11"), an_eip(), attach_eip())
    assert told(case, without_range("low", "enforcing")) == [
        NicAddressReleased("public", "10.9.0.10"),
        NicAddressAssigned("public", "10.9.0.20"),
    ]
    assert nics(case) == [("l3", ()), ("public", ("10.9.0.20",))]


def test_a_router_takes_no_address_of_a_network_that_only_leads_in() -> None:
    few = a_range("10.8.0.10", "10.8.0.12", l3="third", gateway="10.8.0.1")
    public = (*A_PUBLIC_SUBNET[:-1], AN_OPEN_ROUTER, a_low_range(), a_vip("v"), a_vip("w"))
    case = given(*public, *ANOTHER[:-1], few, serve(vr=ROUTED_SERVICES))
    case.do(a_vm(), a_vip(l3="third"), a_rule(vm="vm"))
    assert told(case, a_range("10.8.0.20", "10.8.0.21", l3="third", name="more", gateway="10.8.0.1")) == []
    assert told(case, a_range("192.168.0.60", "192.168.0.61", name="more")) == []
    assert nics(case) == [("l3", ()), ("public", ()), ("third", ())]


def test_a_router_without_an_address_takes_the_first_that_is_free_when_it_is_settled() -> None:
    case = given(*A_PUBLIC_SUBNET[:-1], AN_OPEN_ROUTER, a_low_range(), a_vip(), a_vip("other"), serve(vr=("SNAT",)))
    assert nics(case) == [("l3", ()), ("public", ())]
    assert told(case, c.DeleteVip(vip="vip")) == []
    assert told(case, serve(vr=("DNS",))) == [NicAddressAssigned("public", "10.9.0.10")]
    assert nics(case) == [("l3", ()), ("public", ("10.9.0.10",))]


# VIPs that lead in


@pytest.fixture
def led_in() -> Case:
    """Give a router through which an EIP and two rules lead in: the EIP and one rule from third, one from public."""
    made = (*OPEN, *ANOTHER, a_vm("a"), a_vm("b"), a_vip("v", l3="third"), an_eip(vip="v"), a_vip("w", l3="third"))
    case = given(*made, a_rule("r", vip="w"), a_vip("x"), a_rule("s", vip="x", vm="b"))
    assert told(case, attach_eip(vm="a")) == [a_router_nic("third")]
    assert told(case, c.AttachPortForwardingRule(rule="r", vm="a", l3="l3")) == []
    assert nics(case) == [("l3", ()), ("public", ("10.9.0.2",)), ("third", ())]
    return case


LAST = [
    (c.DeletePortForwardingRule(rule="r"), c.DetachEip(eip="e")),
    (c.DetachPortForwardingRule(rule="r"), c.DeleteEip(eip="e")),
    (c.DetachEip(eip="e"), c.DetachPortForwardingRule(rule="r")),
    (c.DetachEip(eip="e"), c.DeletePortForwardingRule(rule="r")),
    (c.DeleteVip(vip="w"), c.DeleteVip(vip="v")),
    (c.DeleteEip(eip="e"), c.DeleteVip(vip="w")),
    (destroy("b"), destroy("a")),
    (c.DetachPortForwardingRule(rule="r"), destroy("a")),
    (c.DetachEip(eip="e"), destroy("a")),
    (c.DeleteVip(vip="x"), c.DetachL3NetworkFromVm(vm="a", l3="l3")),
    (c.DetachEip(eip="e"), detach("v10")),
]


@pytest.mark.parametrize(("first", "last"), LAST)
def test_a_nic_goes_with_the_last_thing_that_led_in_by_it(led_in: Case, first: c.Command, last: c.Command) -> None:
    assert told(led_in, first) == []
    assert NicRemoved("third") in told(led_in, last)
    assert nics(led_in) == [("l3", ()), ("public", ("10.9.0.2",))]


def test_a_nic_goes_with_the_network_that_it_is_on(led_in: Case) -> None:
    deletion = c.DeleteL3Network(l3="third", mode="enforcing")
    facts = [named(r.fact, names(led_in.network.facts())) for r in led_in.when(deletion).recorded]
    assert facts.index(NicRemoved("third")) < facts.index(l3.Deleted())
    assert nics(led_in) == [("l3", ()), ("public", ("10.9.0.2",))]


def test_a_nic_goes_with_the_service_that_led_in_by_it(led_in: Case) -> None:
    led_in.do(c.DeletePortForwardingRule(rule="r"))
    assert told(led_in, hand_over("EIP", "flat")) == [NicRemoved("third")]
    assert told(led_in, hand_over("EIP", "vr")) == [a_router_nic("third")]


def test_a_way_out_stays_when_nothing_leads_in_by_it() -> None:
    case = given(*OPEN, a_vm(), a_vip(), an_eip())
    case.when(attach_eip()).then(eip.Attached("vm/l3", "vm", "l3"))
    case.when(c.DetachEip(eip="e")).then(eip.Detached())


def test_a_way_out_that_closes_stays_a_way_in() -> None:
    other = a_provider("w", "SNAT", "PortForwarding", kind="VirtualRouter")
    case = given(*OPEN, other, a_vm(), a_vip(), a_rule(vm="vm"))
    assert told(case, hand_over("SNAT", "w")) == [NicAddressReleased("public", "10.9.0.2")]
    assert nics(case) == [("l3", ()), ("public", ())]
    assert told(case, hand_over("SNAT", "vr")) == [NicAddressAssigned("public", "10.9.0.2")]


def test_what_waits_gets_no_nics_before_it_is_placed() -> None:
    case = given(*A_WAY_OUT, a_host_state("disabled"), a_host_state("disabled", host="h2"), serve(vr=ROUTED_SERVICES))
    case.do(*ANOTHER, a_host_state("enabled", host="h2"), a_vm(), a_vip(l3="third"))
    case.do(a_host_state("disabled", host="h2"), detach("v10", "c2"), attach("v10", "c2"))
    assert nics(case) == []
    case.do(a_host_state("enabled", host="h2"))
    assert nics(case) == [("l3", ()), ("public", ("10.9.0.2",))]


# the end of a way out


def test_a_public_network_that_is_in_use_stays() -> None:
    case = given(*OPEN)
    case.when(c.DeleteL3Network(l3="public", mode="permissive")).refused("still-in-use", naming=[VR])


def test_a_public_network_takes_the_way_out_along() -> None:
    case = given(*OPEN, a_vm(), a_vip(), a_rule(vm="vm"))
    result = case.when(c.DeleteL3Network(l3="public", mode="enforcing"))
    result.then(
        port_forwarding.Deleted(),
        vip.Deleted(),
        provider.PublicNetworkRemoved("public"),
        NicRemoved("public"),
        l3.Deleted(),
        releasing=[
            "name/port-forwarding/r",
            "name/vip/vip",
            "ip/public/10.9.0.3",
            "ip/public/10.9.0.2",
            "mac/mac",
            "name/l3/public",
        ],
    )
    assert nics(case) == [("l3", ())]
    assert case.topology.state(case.id("provider", "vr"), provider.Provider).public_l3 == ""


def test_a_network_takes_its_own_router_along() -> None:
    case = given(*OPEN, a_vm())
    assert told(case, c.DeleteL3Network(l3="l3", mode="enforcing")) == [Removed()]
    assert nics(case) == []


@pytest.mark.parametrize(
    "command",
    [
        c.DeleteZone(zone="z", mode="enforcing"),
        c.DeleteL2Network(l2="pub", mode="enforcing"),
        c.DeleteL2Network(l2="v10", mode="enforcing"),
        c.DeleteCluster(cluster="c1", mode="enforcing"),
    ],
)
def test_nothing_of_a_router_outlives_what_it_rests_on(led_in: Case, command: c.Command) -> None:
    led_in.do(a_host("h3"), a_host("h4"), command)
    nics(led_in)


def test_a_router_leaves_one_host_after_another() -> None:
    case = given(*OPEN, a_host("h3"), a_host("h4"), detach("v10", "c2"))
    assert told(case, c.DeleteCluster(cluster="c1", mode="enforcing"))[-1] == Removed()
    assert nics(case) == []


# what a provider may have for its way out


def test_a_provider_says_where_its_routers_get_out() -> None:
    case = given(*A_PUBLIC_SUBNET)
    case.when(AN_OPEN_ROUTER).then(VR, provider.AttachedToL2("v10"), provider.AttachedToL2("pub"))


def test_only_routers_need_a_way_out() -> None:
    given(*A_PUBLIC_SUBNET).when(a_provider(public="public")).refused("invalid-argument")


def test_a_way_out_is_there() -> None:
    given().when(AN_OPEN_ROUTER).refused("unknown-object")


def test_a_way_out_is_a_public_network() -> None:
    case = given(*A_PUBLIC_SUBNET, c.UpdateL3Network(l3="public", category="private"))
    updated = l3.Updated("public", "private", "", 0, "first-available")
    assert "is private" in case.when(AN_OPEN_ROUTER).refused("invalid-argument", naming=[updated])


@pytest.mark.parametrize("category", ["private", "system"])
def test_a_way_out_stays_public(category: str) -> None:
    case = given(*A_PUBLIC_SUBNET, AN_OPEN_ROUTER)
    case.when(c.UpdateL3Network(l3="public", category=category)).refused("still-in-use", naming=[VR])
    case.do(c.UpdateL3Network(l3="public", name="outside"))


# two at a time

SECOND = (a_vlan("v11", vlan=11), attach("v11"), an_l3("l11", l2="v11"), a_cidr("10.11.0.0/24", l3="l11"))
GUESTS = (a_vm("a"), a_vm("b"), a_vip("v", l3="third"), an_eip("e", vip="v"), a_vip("w", l3="third"), a_rule(vip="w"))
RACES = {
    "two ways in": (
        (*OPEN, *ANOTHER, *GUESTS),
        attach_eip(vm="a"),
        c.AttachPortForwardingRule(rule="r", vm="b", l3="l3"),
    ),
    "one comes, one goes": (
        (*OPEN, *ANOTHER, *GUESTS, attach_eip(vm="a")),
        c.DetachEip(eip="e"),
        c.AttachPortForwardingRule(rule="r", vm="b", l3="l3"),
    ),
    "a router, its way out": (
        A_WAY_OUT,
        serve(vr=("SNAT",)),
        c.DeleteL3Network(l3="public", mode="enforcing"),
    ),
    "a provider, its way out": (
        A_PUBLIC_SUBNET,
        AN_OPEN_ROUTER,
        c.DeleteL3Network(l3="public", mode="enforcing"),
    ),
    "a provider, another category": (
        A_PUBLIC_SUBNET,
        AN_OPEN_ROUTER,
        c.UpdateL3Network(l3="public", category="private"),
    ),
    "two routers, one address": (
        (*A_WAY_OUT, *SECOND),
        serve(vr=("SNAT",)),
        serve("l11", vr=("SNAT",)),
    ),
    "a router, a range": (
        (*A_PUBLIC_SUBNET[:-1], AN_OPEN_ROUTER),
        serve(vr=("SNAT",)),
        a_low_range(),
    ),
    "a router, a range that goes": (A_WAY_OUT, serve(vr=("SNAT",)), without_range("all")),
    "a VIP, a router": (A_WAY_OUT, a_vip(), serve(vr=("SNAT",))),
}


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("race", RACES.values(), ids=RACES)
def test_two_commands_that_meet_at_a_router_end_as_one_after_the_other(
    race: tuple[tuple[c.Command, ...], c.Command, c.Command], turn: int
) -> None:
    world, *pair = race
    first, second = pair[::turn]
    case = given(*world)
    fork = case.network.fork()
    premise = fork.execute(second, ME).premise
    case.do(first)
    assert case.network.adopt(fork, [premise]) is None
    attempt(case.network, second)
    nics(case)


def test_an_address_on_a_way_out_with_slaac_is_one_that_rewire_configures() -> None:
    """A router is no guest that would make its address itself."""
    slaac = c.AddIpRangeByCidr(l3="public", name="v6", cidr="fd00::/64", address_mode="SLAAC")
    case = given(*A_WAY_OUT, slaac, serve(vr=("SNAT",)))
    assert nics(case) == [("l3", ()), ("public", ("10.9.0.2", "fd00::2"))]
