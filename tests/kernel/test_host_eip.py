"""EIPs that real hosts do themselves: what the far side sees, what neighbours hear, and what they never do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from backends.kvm import offload
from backends.kvm.lab import octets
from backends.kvm.namespace import inside
from backends.kvm.vswitch import VSwitch
from domain import commands as c
from tests.builders import a_cidr, a_vm, an_l3, attach, detach
from tests.kernel.doorstep import (
    BEYOND6,
    INSIDE,
    MARK,
    Street,
    advertise,
    call_time,
    street,
)
from tests.kernel.fabric import ip
from tests.kernel.routed import BEYOND, GATEWAY, GATEWAY6, is_closed, listening, seen
from tests.kernel.served import VTEPS, Guest, overheard, wait_for
from tests.kernel.vswitch import DATAPATH, underlaid
from tests.service_builders import a_group, a_provider, a_vip, allow, an_eip, attach_eip, join, on_l3, serve


pytestmark = pytest.mark.kernel("bridge", "veth", "nftables", "dnsmasq")
HTTP = 80
VIP_FAR = "10.7.0.3"


@pytest.fixture
def place() -> Iterator[Street]:
    with street() as found:
        yield found


# what passes


def test_an_eip_is_its_guests_both_ways(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.realize()
    guest = place.settled("a/l3")
    with listening(guest.path, HTTP) as inner, listening(place.out, HTTP) as outer, listening(place.gw, HTTP):
        assert seen(inner, place.out, "10.9.0.2", HTTP) == GATEWAY
        assert seen(outer, guest.path, BEYOND, HTTP) == "10.9.0.2"
    assert Guest(place.out, "eth0").pings("10.9.0.2")
    assert guest.pings(BEYOND)


def test_two_eips_of_one_host_are_apart_in_both_families(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h1"))
    for name, vm, address in (("v", "a", ""), ("w", "b", ""), ("v6", "a", "fd00:9::66"), ("w6", "b", "fd00:9::77")):
        place.tell(a_vip(name, address=address), an_eip(f"e{name}", vip=name), attach_eip(f"e{name}", vm=vm))
    place.realize()
    one, two = place.settled6("a/l3"), place.settled6("b/l3")
    with (
        listening(one.path, HTTP) as first,
        listening(two.path, HTTP) as second,
        listening(place.out, HTTP) as outer,
        listening(place.gw, HTTP),
    ):
        for ear, guest, vip, vip6 in (
            (first, one, "10.9.0.2", "fd00:9::66"),
            (second, two, "10.9.0.3", "fd00:9::77"),
        ):
            assert seen(ear, place.out, vip, HTTP) == GATEWAY
            assert seen(ear, place.out, vip6, HTTP) == GATEWAY6
            assert seen(outer, guest.path, BEYOND, HTTP) == vip
            assert seen(outer, guest.path, BEYOND6, HTTP) == vip6
    assert Guest(place.out, "eth0").pings("fd00:9::77")


def test_an_eip_of_one_family_leaves_the_other_to_the_wires_gateway(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h1"), a_vip("v6", address="fd00:9::66"))
    place.tell(an_eip("e6", vip="v6"), attach_eip("e6", vm="a"), a_vip(), an_eip(), attach_eip(vm="b"))
    place.realize()
    one, two = place.settled6("a/l3"), place.guest("b/l3")
    assert two.lease()
    ip(two.path, f"route add default via {INSIDE}")
    wait_for(lambda: two.addresses6() != [])
    two.settle()
    advertise(place.gw, "eth1")
    wait_for(lambda: "default" in two.run("ip", "-6", "route"))
    assert len(one.run("ip", "-6", "route", "show", "default").splitlines()) == 1
    with listening(place.out, HTTP) as outer, listening(place.gw, HTTP) as beyond:
        assert seen(outer, one.path, BEYOND6, HTTP) == "fd00:9::66"
        assert seen(beyond, one.path, BEYOND, HTTP) == place.nic("a/l3").ip
        assert seen(outer, two.path, BEYOND, HTTP) == "10.9.0.2"
        assert seen(beyond, two.path, BEYOND6, HTTP) == place.nic("b/l3").ip6


def test_neighbours_keep_the_wires_gateway_and_never_hear_ours(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h1"), a_vm("d", host="h2"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.realize()
    guest, here, there = place.settled("a/l3"), place.settled("b/l3"), place.settled("d/l3", "h2")
    ours = place.doorway().legs[0].mac
    wires = Guest(place.gw, "eth1").run("ip", "link", "show", "eth1").split("ether ")[1].split()[0]
    ears = [(here.path, here.device), (there.path, there.device), (place.gw, "eth1")]
    with ExitStack() as stack:
        heard = [stack.enter_context(overheard(*ear)) for ear in ears]
        assert place.neighbour(guest) == ours
        assert guest.pings(BEYOND)
        assert Guest(place.out, "eth0").pings("10.9.0.2")
        place.tell(a_vip("w"), an_eip("f", vip="w"), attach_eip("f", vm="d"), c.DetachEip(eip="f"))
        place.realize()
        call_time(guest)
        frames = [frame for until in heard for frame in until(MARK)]
    assert not [frame for frame in frames if octets(ours) in frame]
    assert {place.neighbour(here), place.neighbour(there)} == {wires}
    with listening(place.gw, HTTP) as ear, listening(place.out, HTTP):
        assert seen(ear, here.path, BEYOND, HTTP) == place.nic("b/l3").ip
        assert seen(ear, there.path, BEYOND, HTTP) == place.nic("d/l3").ip


def test_nobody_takes_our_gateways_place(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h1"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.realize()
    guest, other = place.settled("a/l3"), place.settled("b/l3")
    ours = place.doorway().legs[0].mac
    assert place.neighbour(guest) == ours
    ip(other.path, f"addr add {INSIDE}/24 dev {other.device}")
    ip(other.path, f"link set {other.device} address {ours}")
    other.run("/bin/busybox", "arping", "-U", "-c", "1", "-I", other.device, INSIDE)
    assert place.neighbour(guest) == ours
    with listening(place.out, HTTP) as ear:
        assert seen(ear, guest.path, BEYOND, HTTP) == "10.9.0.2"


def test_guests_reach_each_others_vips_as_their_own_wherever_they_are(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h1"), a_vm("d", host="h2"))
    for name, vm in (("u", "a"), ("v", "b"), ("w", "d")):
        place.tell(a_vip(name), an_eip(f"e{name}", vip=name), attach_eip(f"e{name}", vm=vm))
    place.realize()
    one, two, three = place.settled("a/l3"), place.settled("b/l3"), place.settled("d/l3", "h2")
    with listening(one.path, HTTP) as first, listening(two.path, HTTP) as second, listening(three.path, HTTP) as third:
        assert seen(second, one.path, "10.9.0.3", HTTP) == "10.9.0.2"
        assert seen(third, one.path, "10.9.0.4", HTTP) == "10.9.0.2"
        assert seen(first, one.path, "10.9.0.2", HTTP) == "10.9.0.2"
        assert seen(first, three.path, "10.9.0.2", HTTP) == "10.9.0.4"
    assert one.pings("10.9.0.3")
    assert one.pings("10.9.0.4")


def test_vips_on_several_networks_are_each_answered_on_their_own(place: Street) -> None:
    place.tell(an_l3("dmz", l2="plain"), a_cidr("10.8.0.0/24", l3="dmz"), a_vm("a", host="h1"), a_vm("b", host="h1"))
    place.tell(a_vip(), an_eip(), attach_eip(vm="a"), a_vip("w", l3="dmz"), an_eip("f", vip="w"))
    place.tell(attach_eip("f", vm="b"))
    place.realize()
    ip(place.out, "addr add 10.8.0.1/24 dev eth0")
    one, two = place.settled("a/l3"), place.settled("b/l3")
    with listening(one.path, HTTP) as first, listening(two.path, HTTP) as second, listening(place.out, HTTP) as outer:
        assert seen(first, place.out, "10.9.0.2", HTTP) == GATEWAY
        assert seen(second, place.out, "10.8.0.2", HTTP) == "10.8.0.1"
        assert seen(outer, one.path, BEYOND, HTTP) == "10.9.0.2"
        assert seen(outer, two.path, BEYOND, HTTP) == "10.8.0.2"
        assert seen(second, one.path, "10.8.0.2", HTTP) == "10.9.0.2"


@pytest.mark.kernel("ovs")
def test_a_vip_may_come_in_by_open_vswitch(place: Street) -> None:
    gre = c.CreateL2OvsGreNetwork(name="gre", zone="z", physical_interface="eth0", key=7)
    place.tell(detach("plain"), gre, attach("gre"), an_l3("far", l2="gre"), a_cidr("10.7.0.0/24", l3="far"))
    place.tell(a_vm("a", host="h1"), a_vm("o", "far", host="h2"), a_vip(l3="far"), an_eip(), attach_eip(vm="a"))
    with underlaid({name: (place.lab.path(name), VTEPS[name]) for name in VTEPS}) as running:
        place.switches = {name: VSwitch(each.socket, datapath=DATAPATH) for name, each in running.items()}
        place.realize()
        guest, other = place.settled("a/l3"), place.guest("o/far", "h2")
        for address in (f"{place.nic('o/far').ip}/24", "10.7.0.1/24"):
            ip(other.path, f"addr add {address} dev {other.device}")
        with inside(other.path):
            offload.switch_off(other.device)  # in user space nobody writes the checksums that a cable leaves out
        with listening(guest.path, HTTP) as inner, listening(other.path, HTTP) as outer:
            assert seen(inner, other.path, VIP_FAR, HTTP) == place.nic("o/far").ip
            assert seen(outer, guest.path, "10.7.0.1", HTTP) == VIP_FAR


def test_nothing_gets_in_but_by_the_vip_and_nothing_is_answered_but_an_echo(place: Street) -> None:
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h1"), a_vip(), an_eip(), attach_eip(vm="a"))
    place.realize()
    one, two = place.settled("a/l3"), place.settled("b/l3")
    ip(place.out, "route add 192.168.0.0/24 via 10.9.0.2")
    with listening(one.path, HTTP), listening(two.path, HTTP), listening(place.room(), 8080):
        assert is_closed(place.out, place.nic("a/l3").ip, HTTP)
        assert is_closed(place.out, place.nic("b/l3").ip, HTTP)
        assert is_closed(one.path, INSIDE, 8080)
    assert one.pings(INSIDE)


@pytest.mark.kernel("bridge-conntrack")
def test_security_groups_judge_what_comes_by_an_eip(place: Street) -> None:
    place.tell(a_provider("sg", "SecurityGroup", kind="SecurityGroup"), serve(sg=("SecurityGroup",)))
    place.tell(a_vm("a", host="h1"), a_vip(), an_eip(), attach_eip(vm="a"), a_group(), on_l3(), join(vm="a"))
    place.tell(allow(ports=HTTP, cidr=f"{GATEWAY}/32"))
    place.realize()
    ip(place.out, "addr add 10.9.0.99/24 dev eth0")
    guest = place.settled("a/l3")
    with listening(guest.path, HTTP) as ear, listening(guest.path, 8080), listening(place.out, HTTP) as outer:
        assert seen(ear, place.out, "10.9.0.2", HTTP) == GATEWAY
        assert is_closed(place.out, "10.9.0.2", HTTP, source="10.9.0.99")
        assert is_closed(place.out, "10.9.0.2", 8080)
        assert seen(outer, guest.path, BEYOND, HTTP) == "10.9.0.2"
