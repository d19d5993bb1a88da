"""EIPs that real hosts do themselves, as they come, move and go: what is told to whom, and what is left open."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from backends.kvm import nft, pin
from backends.kvm.lab import octets
from domain import commands as c
from projections.operations import apply_all
from tests.builders import a_vm, migrate
from tests.kernel.doorstep import (
    BEYOND6,
    INSIDE,
    INSIDE6,
    Street,
    advertise,
    is_sure,
    street,
)
from tests.kernel.fabric import Cut, after, blurred, ip, shown
from tests.kernel.routed import BEYOND, GATEWAY, GATEWAY6, carries, is_closed, line, listening, seen
from tests.kernel.served import overheard, wait_for
from tests.service_builders import a_vip, an_eip, attach_eip


pytestmark = pytest.mark.kernel("bridge", "veth", "nftables", "dnsmasq")
HTTP = 80


@pytest.fixture
def place() -> Iterator[Street]:
    with street() as found:
        yield found


# coming and going


def test_an_eip_that_is_detached_ends_at_once_and_nothing_else_does(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h1"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.tell(a_vip("w"), an_eip("f", vip="w"), attach_eip("f", vm="b"))
    place.realize()
    one, two = place.settled("a/l3"), place.settled("b/l3")
    with (
        listening(one.path, HTTP) as first,
        listening(two.path, HTTP) as second,
        listening(place.out, HTTP) as outer,
        listening(place.gw, HTTP) as wires,
        line(first, place.out, "10.9.0.2", HTTP) as ended,
        line(outer, one.path, BEYOND, HTTP) as out,
        line(second, place.out, "10.9.0.3", HTTP) as live,
    ):
        assert all(map(carries, (ended, out, live)))
        assert two.pings(BEYOND)
        wait_for(lambda: is_sure(one) and is_sure(two))
        place.tell(c.DetachEip(eip="e"))
        place.realize("h1")
        assert carries(live)
        for ends in (ended, out):
            assert not carries(ends)
            assert not carries((ends[1], ends[0]))
        assert is_closed(place.out, "10.9.0.2", HTTP)
        assert seen(wires, one.path, BEYOND, HTTP) == place.nic("a/l3").ip
        wait_for(lambda: is_sure(two))
        place.tell(c.DetachEip(eip="f"))
        place.realize("h1")
        assert seen(wires, two.path, BEYOND, HTTP) == place.nic("b/l3").ip
        assert not carries(live)
        assert not carries((live[1], live[0]))


def test_a_guest_whose_eip_ends_has_the_wires_router_again_by_ipv6_too(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vip("v6", address="fd00:9::66"), an_eip(vip="v6"), attach_eip(vm="a"))
    place.realize()
    guest = place.settled6("a/l3")
    ip(guest.path, f"route add {BEYOND6} via {INSIDE6}")
    with listening(place.out, HTTP) as outer, listening(place.gw, HTTP) as wires:
        assert seen(outer, guest.path, BEYOND6, HTTP) == "fd00:9::66"
        place.tell(c.DetachEip(eip="e"))
        place.realize("h1")
        assert seen(wires, guest.path, BEYOND6, HTTP) == place.nic("a/l3").ip6
        ip(guest.path, f"route delete {BEYOND6} via {INSIDE6}")
        assert not guest.run("ip", "-6", "route", "show", "default")
        advertise(place.gw, "eth1")
        wait_for(lambda: "default" in guest.run("ip", "-6", "route"))
        assert seen(wires, guest.path, BEYOND6, HTTP) == place.nic("a/l3").ip6


def test_a_guest_that_knows_the_wires_gateway_learns_of_its_eip_at_once(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h1"), a_vip(), an_eip(), attach_eip(vm="b"), a_vip("w"))
    place.realize()
    guest = place.settled("a/l3")
    with listening(place.gw, HTTP) as wires, listening(place.out, HTTP) as outer:
        assert seen(wires, guest.path, BEYOND, HTTP) == place.nic("a/l3").ip
        place.tell(an_eip("f", vip="w"), attach_eip("f", vm="a"))
        place.realize()
        assert seen(outer, guest.path, BEYOND, HTTP) == "10.9.0.3"


def test_a_guest_that_knows_a_router_by_ipv6_goes_out_by_its_eip_at_once(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vip("v6", address="fd00:9::66"), an_eip(vip="v6"))
    place.realize()
    guest = place.settled("a/l3")
    wait_for(lambda: guest.addresses6() == [f"{place.nic('a/l3').ip6}/64"])
    guest.settle()
    advertise(place.gw, "eth1")
    wait_for(lambda: "default" in guest.run("ip", "-6", "route"))
    with listening(place.gw, HTTP) as wires, listening(place.out, HTTP) as outer, listening(guest.path, HTTP) as inner:
        assert seen(wires, guest.path, BEYOND6, HTTP) == place.nic("a/l3").ip6
        place.tell(attach_eip(vm="a"))
        place.realize()
        assert seen(outer, guest.path, BEYOND6, HTTP) == "fd00:9::66"
        assert seen(inner, place.out, "fd00:9::66", HTTP) == GATEWAY6
        place.tell(c.DetachEip(eip="e"))
        place.realize()
        assert seen(wires, guest.path, BEYOND6, HTTP) == place.nic("a/l3").ip6


def test_an_eip_goes_along_with_a_guest_to_another_host(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.realize()
    with listening(place.settled("a/l3").path, HTTP) as ear:
        assert seen(ear, place.out, "10.9.0.2", HTTP) == GATEWAY
    inner, outer = place.doorway().legs
    place.tell(migrate("a", host="h2"))
    with overheard(place.out, "eth0") as until:
        place.realize("h2", "h1")
        told = until(socket.inet_aton("10.9.0.2"))[-1]
    moved = place.doorway("h2").legs
    assert (moved[0].mac, moved[1].mac == outer.mac) == (inner.mac, False)
    assert (told[6:12], told[12:14]) == (octets(moved[1].mac), b"\x08\x06")
    with place.host("h1") as host:
        assert place.doorway("h2").name not in host.look().namespaces
    guest = place.settled("a/l3", "h2")
    with listening(guest.path, HTTP) as ear, listening(place.out, HTTP) as far:
        assert seen(ear, place.out, "10.9.0.2", HTTP) == GATEWAY
        assert seen(far, guest.path, BEYOND, HTTP) == "10.9.0.2"


def test_what_a_guest_has_open_goes_on_on_its_new_host(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.realize()
    guest = place.settled("a/l3")
    with (
        listening(guest.path, HTTP) as inner,
        listening(place.out, HTTP) as outer,
        line(inner, place.out, "10.9.0.2", HTTP) as into,
        line(outer, guest.path, BEYOND, HTTP) as out,
    ):
        place.tell(migrate("a", host="h2"))
        place.realize("h2", "h1")
        ip(place.lab.path("h2"), f"link set {guest.device} netns {guest.path}")
        ip(guest.path, f"link set {guest.device} up")
        assert guest.lease()
        ip(guest.path, f"route add default via {INSIDE}")
        assert carries(out)
        assert carries(into)
        assert carries((into[1], into[0]))


def test_hosts_of_another_cluster_with_the_vips_network_do_eips_too(place: Street) -> None:
    place.tell(a_vm("a", host="h3"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.realize("h1", "h2", "h3")
    guest = place.settled("a/l3", "h3")
    with listening(guest.path, HTTP) as ear, listening(place.out, HTTP) as outer:
        assert seen(ear, place.out, "10.9.0.2", HTTP) == GATEWAY
        assert seen(outer, guest.path, BEYOND, HTTP) == "10.9.0.2"
    assert place.doorways("h1") == place.doorways("h2") == []


# coming to the plan


def cut(place: Street) -> bool:
    """End a run after its first operation; tell whether there was one."""
    try:
        place.realize("h1", on_operation=after(1))
    except Cut:
        return True
    return False


def test_a_run_that_is_killed_anywhere_leaves_nothing_open_and_is_made_good(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vip(), an_eip(), attach_eip(vm="a"))
    name, cuts = place.doorway().name, 0
    while cut(place):
        cuts += 1
        with place.host() as host:
            found = host.look()
        room = found.namespaces.get(name)
        assert not (room and room.legs) or (room.rules and found.fence)
    assert cuts > len(place.doorway().legs) * 2
    guest = place.settled("a/l3")
    with listening(guest.path, HTTP) as ear:
        assert seen(ear, place.out, "10.9.0.2", HTTP) == GATEWAY
        place.tell(c.DetachEip(eip="e"))
        while cut(place):
            assert is_closed(place.out, "10.9.0.2", HTTP)
    with place.host() as host:
        assert name not in host.look().namespaces


def test_the_operations_do_what_they_say_and_are_needed_once(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vip(), an_eip(), attach_eip(vm="a"), a_vip("v6", address="fd00:9::66"))
    place.tell(an_eip("e6", vip="v6"), attach_eip("e6", vm="a"))
    with place.host() as host:
        before = host.look()
        done = host.realize(place.plan("h1"))
        said = apply_all(before, done.operations)
        assert blurred(host.look(), said) == said
        assert host.check(place.plan("h1")).settled


def test_what_others_have_on_the_host_stays_as_it_is(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vip(), an_eip(), attach_eip(vm="a"))
    path = place.lab.path("h1")
    for setting in ("link add br0 type bridge", "link add v0 type veth peer name v1", "link set v0 master br0"):
        ip(path, setting)
    nft.load(path, "table bridge theirs { chain c { type filter hook forward priority 0; }; }\n", "being somebody else")
    before = strangers(path)
    place.realize("h1")
    assert strangers(path) == before
    place.tell(c.DetachEip(eip="e"))
    place.realize("h1")
    assert strangers(path) == before


def strangers(path: str) -> list[object]:
    devices = [line for name in ("br0", "v0", "v1") for line in shown(path, f"address show dev {name}")]
    return [*devices, nft.table(path, "bridge", "theirs")]


def test_what_is_not_ours_is_reported_and_stays(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vip(), an_eip(), attach_eip(vm="a"))
    pin.make(place.states["h1"] / "netns" / place.doorway().name, lambda: None)
    with place.host() as host:
        result = host.realize(place.plan("h1"))
        found = host.look()
    assert [obstacle.name for obstacle in result.obstacles] == [place.doorway().name]
    assert not found.namespaces[place.doorway().name].ours
    assert place.settled("a/l3")
