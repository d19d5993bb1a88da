"""A virtual router's packets, on a real host: what the far side sees, and what it never does."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from backends.kvm import nft, pin, router_text
from backends.kvm.lab import octets
from domain import commands as c
from projections.found import Room
from projections.operations import apply_all, describe
from tests.builders import a_cidr, a_host_state, a_vm, an_l3, detach
from tests.kernel.fabric import Cut, after, blurred, ip
from tests.kernel.routed import (
    BEYOND,
    GATEWAY,
    GATEWAY6,
    ROUTED,
    Campus,
    campus,
    carries,
    is_closed,
    line,
    listening,
    seen,
)
from tests.kernel.served import Guest, overheard, wait_for
from tests.service_builders import a_rule, a_vip, an_eip, attach_eip, serve


pytestmark = pytest.mark.kernel("bridge", "veth", "vxlan", "nftables", "dnsmasq")
HTTP = 80


@pytest.fixture
def place() -> Iterator[Campus]:
    with campus() as found:
        yield found


def test_a_guest_goes_out_with_the_routers_address(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h2"))
    place.realize()
    here, there = place.settled("a/l3"), place.settled("b/l3", "h2")
    with listening(place.out, HTTP) as ear:
        assert seen(ear, here.path, GATEWAY, HTTP) == "10.9.0.2"
        assert seen(ear, there.path, BEYOND, HTTP) == "10.9.0.2"
    assert here.pings(BEYOND)


def test_a_router_answers_an_echo_and_nothing_else(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"))
    place.realize()
    guest, outside = place.settled("a/l3"), Guest(place.out, "eth0")
    assert guest.pings("192.168.0.1")
    assert outside.pings("10.9.0.2")
    with listening(place.room(), HTTP):
        assert is_closed(place.out, "10.9.0.2", HTTP)
        assert is_closed(guest.path, "192.168.0.1", HTTP)


def test_nobody_outside_gets_in_by_a_guests_own_address(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"))
    place.realize()
    guest = place.settled("a/l3")
    ip(place.out, "route add 192.168.0.0/24 via 10.9.0.2")
    with listening(guest.path, HTTP):
        assert is_closed(place.out, place.nic("a/l3").ip, HTTP)
    outside = Guest(place.out, "eth0")
    assert outside.pings("10.9.0.2")
    assert not outside.pings("192.168.0.1")


def test_guests_are_served_by_the_router_wherever_they_are(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h2"))
    place.realize()
    guest = place.guest("b/l3", "h2")
    lease = guest.lease()
    assert lease
    assert {name: lease[name] for name in ("ip", "router", "dns", "domain", "serverid")} == {
        "ip": place.nic("b/l3").ip,
        "router": "192.168.0.1",
        "dns": "192.168.0.1",
        "domain": "x.org",
        "serverid": "192.168.0.1",
    }
    assert guest.lookup("a.x.org", "192.168.0.1") == ["a.x.org", place.nic("a/l3").ip]


def test_other_names_are_asked_of_a_resolver_outside(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"), c.AddDns(l3="l3", address=BEYOND))
    place.realize()
    guest = place.settled("a/l3")
    with Guest(place.out, "eth0").resolving("example.com", "192.0.2.7"):
        assert guest.lookup("example.com", "192.168.0.1") == ["example.com", "192.0.2.7"]


# EIPs


def test_an_eip_is_its_guests_both_ways(place: Campus) -> None:
    place.tell(a_vm("a", host="h2"), a_vm("b", host="h1"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.realize()
    guest, other = place.settled("a/l3", "h2"), place.settled("b/l3")
    with listening(guest.path, HTTP) as inner, listening(place.out, HTTP) as outer:
        assert seen(inner, place.out, "10.9.0.3", HTTP) == GATEWAY
        assert seen(outer, guest.path, BEYOND, HTTP) == "10.9.0.3"
        assert seen(outer, other.path, BEYOND, HTTP) == "10.9.0.2"
        assert is_closed(place.out, "10.9.0.2", HTTP)
    assert Guest(place.out, "eth0").pings("10.9.0.3")


def test_guests_reach_a_vip_of_their_own_network_from_inside(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h2"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.tell(a_vip("w"), a_rule(vip="w", vm="b", private_ports=8080))
    place.realize()
    one, two = place.settled("a/l3"), place.settled("b/l3", "h2")
    with listening(one.path, HTTP) as ear:
        assert seen(ear, two.path, "10.9.0.3", HTTP) == "192.168.0.1"
        assert seen(ear, one.path, "10.9.0.3", HTTP) == "10.9.0.3"  # who has an EIP is known by it
    with listening(two.path, 8080) as ear:
        assert seen(ear, one.path, "10.9.0.4", HTTP) == "10.9.0.3"


def test_an_eip_that_is_detached_ends_at_once_and_nothing_else_does(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h2"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.tell(a_vip("w"), an_eip("f", vip="w"), attach_eip("f", vm="b"))
    place.realize()
    one, two = place.settled("a/l3"), place.settled("b/l3", "h2")
    with (
        listening(one.path, HTTP) as first,
        listening(two.path, HTTP) as second,
        listening(place.out, HTTP) as outer,
        line(first, place.out, "10.9.0.3", HTTP) as ended,
        line(outer, one.path, BEYOND, HTTP) as out,
        line(second, place.out, "10.9.0.4", HTTP) as live,
    ):
        assert all(map(carries, (ended, out, live)))
        place.tell(c.DetachEip(eip="e"))
        place.realize("h1")
        assert carries(live)
        assert not carries(ended)
        assert not carries((ended[1], ended[0]))
        assert not carries((out[1], out[0]))
        assert is_closed(place.out, "10.9.0.3", HTTP)
        assert seen(outer, one.path, BEYOND, HTTP) == "10.9.0.2"


def test_what_guests_have_open_outlives_the_move_of_their_router(place: Campus) -> None:
    place.tell(a_vm("a", host="h2"), a_vm("b", host="h2"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.realize()
    one, two = place.settled("a/l3", "h2"), place.settled("b/l3", "h2")
    with (
        listening(place.out, HTTP) as outer,
        listening(one.path, HTTP) as inner,
        line(outer, two.path, BEYOND, HTTP) as out,
        line(inner, place.out, "10.9.0.3", HTTP) as into,
    ):
        place.tell(a_host_state("maintenance"))
        place.realize()
        assert carries(out)
        assert carries(into)


def test_neighbours_are_told_where_a_vip_is(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"), a_vip(), a_vip("v6", address="fd00:9::66"))
    place.realize()
    mac = octets(place.routers()[0].legs[1].mac)
    place.tell(a_rule(vm="a"))
    with overheard(place.out, "eth0") as until:
        place.realize()
        heard = until(socket.inet_aton("10.9.0.3"))[-1]
    assert (heard[6:12], heard[12:14]) == (mac, b"\x08\x06")
    six = c.AddIpRange(
        l3="l3", name="in", start="fd00::10", end="fd00::ff", prefix_length=64, gateway="fd00::1", address_mode="SLAAC"
    )
    place.tell(six, a_vm("b", host="h1"), a_rule("s", vip="v6", vm="b"))
    with overheard(place.out, "eth0") as until:
        place.realize()
        heard = until(socket.inet_pton(socket.AF_INET6, "fd00:9::66"))[-1]
    assert (heard[6:12], heard[54]) == (mac, 136)


# port forwarding


def test_a_range_of_ports_leads_each_to_its_counterpart(place: Campus) -> None:
    place.tell(a_vm("a", host="h2"), a_vip(), a_rule("r", "8000-8009", "9000-9009", vm="a"))
    place.realize()
    guest = place.settled("a/l3", "h2")
    for outer, inner in ((8000, 9000), (8009, 9009)):
        with listening(guest.path, inner) as ear:
            assert seen(ear, place.out, "10.9.0.3", outer) == GATEWAY
    for port in (7999, 8010):
        with listening(guest.path, port), listening(guest.path, port + 1000):
            assert is_closed(place.out, "10.9.0.3", port)
    with listening(guest.path, 9000):
        assert is_closed(place.out, "10.9.0.3", 9000)


def test_datagrams_are_forwarded_by_rules_of_their_own(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"), a_vip(), a_rule("r", "500-501", protocol="UDP", vm="a"))
    place.realize()
    guest = place.settled("a/l3")
    with listening(guest.path, 501, socket.SOCK_DGRAM) as ear, listening(place.out, 77, socket.SOCK_DGRAM) as caller:
        caller.sendto(b"hello", ("::ffff:10.9.0.3", 501))
        assert ear.recvfrom(64) == (b"hello", (f"::ffff:{GATEWAY}", 77, 0, 0))
        ear.sendto(b"yes", (f"::ffff:{GATEWAY}", 77))
        assert caller.recvfrom(64) == (b"yes", ("::ffff:10.9.0.3", 501, 0, 0))
    with listening(guest.path, 501):
        assert is_closed(place.out, "10.9.0.3", 501)


def test_only_who_is_allowed_gets_to_a_forwarded_port(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"), a_vip(), a_rule("r", HTTP, vm="a", allowed="10.9.0.0/30"))
    place.realize()
    guest = place.settled("a/l3")
    ip(place.out, "addr add 10.9.0.99/24 dev eth0")
    with listening(guest.path, HTTP) as ear:
        assert seen(ear, place.out, "10.9.0.3", HTTP) == GATEWAY
        assert is_closed(place.out, "10.9.0.3", HTTP, source="10.9.0.99")


# IPv6


def test_both_families_go_out_and_come_in(place: Campus) -> None:
    six = c.AddIpRange(
        l3="l3", name="in", start="fd00::10", end="fd00::ff", prefix_length=64, gateway="fd00::1", address_mode="SLAAC"
    )
    place.tell(six, a_vm("a", host="h1"), a_vm("b", host="h2"))
    place.tell(a_vip("v6", address="fd00:9::66"), an_eip("e6", vip="v6"), attach_eip("e6", vm="b"))
    place.tell(a_vip("w6", address="fd00:9::77"), a_rule("r6", 8000, 9000, vip="w6", vm="a"))
    place.realize()
    one, two = place.guest("a/l3"), place.guest("b/l3", "h2")
    for guest, name in ((one, "a/l3"), (two, "b/l3")):
        wait_for(lambda guest=guest, name=name: guest.addresses6() == [f"{place.nic(name).ip6}/64"])  # type: ignore[misc]
        guest.settle()
    own = next(
        ip for leg in place.routers()[0].legs for ip in leg.addresses if ip.startswith("fd00:9:") and "/64" in ip
    )
    with listening(place.out, HTTP) as outer, listening(two.path, HTTP) as inner, listening(one.path, 9000) as third:
        assert seen(outer, one.path, GATEWAY6, HTTP) == own.partition("/")[0]
        assert seen(outer, two.path, GATEWAY6, HTTP) == "fd00:9::66"
        assert seen(inner, place.out, "fd00:9::66", HTTP) == GATEWAY6
        assert seen(third, place.out, "fd00:9::77", 8000) == GATEWAY6
        assert seen(inner, one.path, "fd00:9::66", HTTP) == "fd00::1"
    with listening(one.path, HTTP):
        assert is_closed(place.out, "fd00:9::77", HTTP)


# several


def test_two_networks_have_a_router_each(place: Campus) -> None:
    place.tell(an_l3("second", l2="y"), a_cidr(l3="second"), serve("second", vr=ROUTED))
    place.tell(a_vm("a", host="h1"), a_vm("b", "second", host="h1"))
    place.realize()
    assert len(place.routers("h1")) + len(place.routers("h2")) == 2
    one, two = place.settled("a/l3"), place.settled("b/second")
    assert place.nic("a/l3").ip == place.nic("b/second").ip
    with listening(place.out, HTTP) as ear:
        assert {seen(ear, guest.path, BEYOND, HTTP) for guest in (one, two)} == {"10.9.0.2", "10.9.0.3"}


def test_a_vip_on_another_network_is_answered_there(place: Campus) -> None:
    place.tell(an_l3("dmz", l2="y"), a_cidr("10.8.0.0/24", l3="dmz"), serve("dmz", flat=("DHCP",)))
    place.tell(a_vm("a", host="h2"), a_vm("b", "dmz", host="h2"))
    place.tell(a_vip(l3="dmz"), an_eip(), attach_eip(vm="a"), a_vip("w"), a_rule(vip="w", vm="a"))
    place.realize()
    guest, neighbour = place.settled("a/l3", "h2"), place.guest("b/dmz", "h2")
    assert neighbour.lease()
    vip = vip_on(place, "10.8.")
    ip(neighbour.path, "addr add 10.8.0.1/24 dev " + neighbour.device)
    ip(neighbour.path, "addr add 203.0.113.9/32 dev lo")
    with listening(guest.path, HTTP) as inner, listening(neighbour.path, HTTP) as outer, listening(place.out, HTTP):
        assert seen(inner, neighbour.path, vip, HTTP) == place.nic("b/dmz").ip
        assert seen(outer, guest.path, "203.0.113.9", HTTP) == vip
        assert seen(inner, place.out, "10.9.0.3", HTTP) == GATEWAY


def vip_on(place: Campus, network: str) -> str:
    """Give the first address of a router on a network."""
    addresses = (cidr.partition("/")[0] for leg in place.routers()[0].legs for cidr in leg.addresses)
    return next(ip for ip in addresses if ip.startswith(network))


def test_a_router_without_a_way_out_answers_on_its_other_networks(place: Campus) -> None:
    place.tell(an_l3("dmz", l2="y"), a_cidr("10.8.0.0/24", l3="dmz"), serve("dmz", flat=("DHCP",)))
    place.tell(a_vm("a", host="h1"), a_vm("b", "dmz", host="h1"), a_vip(l3="dmz"), a_rule(vm="a"))
    place.tell(detach("plain"))
    place.realize()
    neighbour = place.guest("b/dmz")
    assert neighbour.lease()
    assert neighbour.pings(vip_on(place, "10.8."))


# coming to the plan


def rooms_on(place: Campus) -> list[Room]:
    with place.host() as host:
        return [room for name, room in host.look().namespaces.items() if name.startswith("rt")]


def test_a_run_that_is_killed_anywhere_leaves_nothing_open_and_is_made_good(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"), a_vip(), a_rule(vm="a"))
    cuts = 0
    while cut(place):
        cuts += 1
        assert all(room.rules for room in rooms_on(place) if room.legs)
    assert cuts > len(place.routers()[0].legs) * 2
    guest = place.settled("a/l3")
    with listening(guest.path, HTTP) as ear:
        assert seen(ear, place.out, "10.9.0.3", HTTP) == GATEWAY
        place.tell(c.DetachPortForwardingRule(rule="r"))
        while cut(place):
            assert all(room.rules for room in rooms_on(place))
        assert is_closed(place.out, "10.9.0.3", HTTP)
    place.tell(c.DeleteL3Network(l3="l3", mode="enforcing"))
    while cut(place):
        assert all(room.rules for room in rooms_on(place) if room.legs)
    assert rooms_on(place) == []


def cut(place: Campus) -> bool:
    """End a run after its first operation; tell whether there was one."""
    try:
        place.realize("h1", on_operation=after(1))
    except Cut:
        return True
    return False


def test_the_operations_do_what_they_say_and_are_needed_once(place: Campus) -> None:
    place.tell(an_l3("dmz", l2="y"), a_cidr("10.8.0.0/24", l3="dmz"), a_vm("a", host="h1"))
    place.tell(a_vip(l3="dmz"), an_eip(), attach_eip(vm="a"))
    with place.host() as host:
        before = host.look()
        done = host.realize(place.plan("h1"))
        said = apply_all(before, done.operations)
        assert blurred(host.look(), said) == said
        assert host.check(place.plan("h1")).settled


def test_rules_whose_connections_were_not_judged_are_loaded_again(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"))
    place.realize("h1")
    nft.load(place.room(), f"delete chain {router_text.TABLE} {router_text.SETTLED}\n", "killing")
    assert [describe(operation) for operation in place.realize("h1")] == [f"load-rules {place.routers()[0].name}"]


def test_what_somebody_changed_in_a_router_is_mended(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.realize("h1")
    nft.load(place.room(), f"delete table {router_text.TABLE}\n", "meddling")
    ip(place.room(), "route del default")
    place.realize("h1")
    guest = place.settled("a/l3")
    with listening(place.out, HTTP) as ear:
        assert seen(ear, guest.path, BEYOND, HTTP) == "10.9.0.3"


@pytest.mark.parametrize(
    "harm",
    [
        "flush chain inet rewire leave",
        "insert rule inet rewire mine accept",
        "chain inet rewire through { policy accept; }",
    ],
)
def test_rules_that_somebody_changed_in_a_router_are_loaded_again(place: Campus, harm: str) -> None:
    place.tell(a_vm("a", host="h1"))
    place.realize("h1")

    nft.load(place.room(), f"{harm}\n", "meddling")

    name = place.routers()[0].name
    assert [describe(operation) for operation in place.realize("h1")] == [f"load-rules {name}"]
    assert place.realize("h1") == ()


def test_what_is_not_ours_is_reported_and_stays(place: Campus) -> None:
    place.tell(a_vm("a", host="h1"))
    pin.make(place.states["h1"] / "netns" / place.routers()[0].name, lambda: None)
    with place.host() as host:
        result = host.realize(place.plan("h1"))
    assert [obstacle.name for obstacle in result.obstacles] == [place.routers()[0].name]
    assert [room.ours for room in rooms_on(place)] == [False]


def test_a_router_that_moves_is_on_its_new_host_and_gone_from_the_old_one(place: Campus) -> None:
    place.tell(a_vm("a", host="h2"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.realize()
    guest = place.settled("a/l3", "h2")
    before = [leg.mac for leg in place.routers()[0].legs]
    place.tell(a_host_state("maintenance"))
    place.realize()
    assert place.routers("h1") == []
    assert [leg.mac for leg in place.routers("h2")[0].legs] == before
    with place.host("h1") as host:
        assert not host.look().namespaces
    assert guest.lease()
    with listening(place.out, HTTP) as outer, listening(guest.path, HTTP) as inner:
        assert seen(outer, guest.path, BEYOND, HTTP) == "10.9.0.3"
        assert seen(inner, place.out, "10.9.0.3", HTTP) == GATEWAY
    assert guest.lookup("a.x.org", "192.168.0.1") == ["a.x.org", place.nic("a/l3").ip]
