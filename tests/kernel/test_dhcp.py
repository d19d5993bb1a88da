"""Guests of a network that hosts serve get what is meant for them, from their own host, and strangers get nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from socket import inet_aton

import pytest

from backends.kvm.lab import octets
from backends.kvm.vswitch import VSwitch
from domain import commands as c
from tests.builders import (
    a_cidr,
    a_pool,
    a_vlan,
    a_vm,
    a_vni_range,
    a_vxlan,
    an_l3,
    attach,
    attach_pool,
    destroy,
    detach,
)
from tests.kernel.fabric import ip
from tests.kernel.served import BUSYBOX, VTEPS, Advertisement, Guest, Hall, hall, overheard, wait_for
from tests.kernel.vswitch import DATAPATH, underlaid
from tests.service_builders import serve


pytestmark = pytest.mark.kernel("bridge", "veth", "nftables", "dnsmasq")
SERVER = "192.168.0.2"
UDP, ICMPV6, ROUTER_ADVERTISEMENT = 17, 58, 134
ARP = b"\x08\x06"
PORTS = frozenset(port.to_bytes(2) for port in (67, 68, 546, 547))
RA = (ICMPV6, ROUTER_ADVERTISEMENT)


def a_gre() -> c.CreateL2OvsGreNetwork:
    return c.CreateL2OvsGreNetwork(name="gre", zone="z", physical_interface="eth0", key=7)


LAID_BY: dict[str, tuple[c.Command, ...]] = {
    "plain": (),
    "vxlan": (a_pool(), a_vni_range(), attach_pool(), a_vxlan("vxlan")),
    "vlan": (a_vlan("vlan"), attach("vlan")),
    "gre": (detach("plain"), a_gre(), attach("gre")),
}
LAID = [
    "plain",
    pytest.param("vxlan", marks=pytest.mark.kernel("vxlan")),
    pytest.param("vlan", marks=[pytest.mark.kernel("vlan"), pytest.mark.slow_in_machine]),
    pytest.param("gre", marks=pytest.mark.kernel("ovs")),
]


@pytest.fixture
def place() -> Iterator[Hall]:
    with hall() as found:
        yield found


def test_a_guest_gets_its_lease_with_all_that_the_network_tells(place: Hall) -> None:
    place.serve(a_cidr(), mtu=1400)
    place.tell(c.AddDns(l3="l3", address="9.9.9.9"), c.AddDns(l3="l3", address="192.168.0.53"))
    place.tell(c.AddHostRoute(l3="l3", prefix="10.0.0.0/8", next_hop="192.168.0.254"), a_vm("web", host="h1"))
    place.realize()

    assert place.guest("web/l3").lease() == {
        "ip": "192.168.0.3",
        "mask": "24",
        "subnet": "255.255.255.0",
        "broadcast": "192.168.0.255",
        "router": "192.168.0.1",
        "dns": f"9.9.9.9 192.168.0.53 {SERVER}",
        "domain": "x.org",
        "mtu": "1400",
        "staticroutes": "10.0.0.0/8 192.168.0.254 0.0.0.0/0 192.168.0.1",
        "hostname": "web",
        "serverid": SERVER,
    }


def test_a_network_that_says_little_tells_no_more(place: Hall) -> None:
    place.serve(a_cidr(), dns=False)
    place.tell(a_vm("a b", host="h1"))
    place.realize()

    lease = place.guest("a b/l3").lease()
    assert lease
    assert {"dns", "mtu", "staticroutes", "hostname"}.isdisjoint(lease)
    assert lease["router"] == "192.168.0.1"


def test_a_nic_that_is_not_the_default_one_is_told_no_router_and_no_dns(place: Hall) -> None:
    place.serve(a_cidr())
    place.tell(an_l3("first", l2="plain"), a_cidr("10.3.0.0/24", l3="first"), a_vm("vm", "first", "l3", host="h1"))
    place.tell(c.AddDns(l3="l3", address="9.9.9.9"))
    place.tell(c.AddHostRoute(l3="l3", prefix="10.0.0.0/8", next_hop="192.168.0.254"))
    place.realize()

    lease = place.guest("vm/l3").lease()
    assert lease
    assert {"router", "dns"}.isdisjoint(lease)
    assert (lease["ip"], lease["staticroutes"]) == ("192.168.0.3", "10.0.0.0/8 192.168.0.254")


def test_two_networks_on_one_wire_are_served_by_a_server_each(place: Hall) -> None:
    place.serve(a_cidr())
    place.tell(an_l3("second", l2="plain"), a_cidr("10.3.0.0/24", l3="second"), serve("second", flat=("DHCP",)))
    place.tell(a_vm("a", host="h1"), a_vm("b", "second", host="h1"))
    place.realize()

    leases = [place.guest(name).lease() for name in ("a/l3", "b/second")]
    assert [lease and (lease["ip"], lease["serverid"]) for lease in leases] == [
        ("192.168.0.3", SERVER),
        ("10.3.0.3", "10.3.0.2"),
    ]


def test_a_stranger_gets_nothing(place: Hall) -> None:
    place.serve(a_cidr())
    place.tell(a_vm("a", host="h1"))
    place.realize()
    guest = place.guest("a/l3")
    assert guest.lease()

    ip(guest.path, f"link set {guest.device} address 02:00:00:00:00:99")
    assert guest.lease() is None


@pytest.mark.kernel("dhclient")
def test_what_a_server_says_stays_on_its_host(place: Hall) -> None:
    place.serve(a_cidr(), a_range6("Stateful-DHCP"))
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h2"))
    place.realize()
    guest = place.guest("a/l3")
    with overheard(place.lab.path("h2"), "eth0") as until:
        assert guest.lease()
        assert guest.advertisement()
        assert guest.lease6()
        guest.run(BUSYBOX, "arping", "-c", "2", "-w", "2", "-I", guest.device, SERVER)
        guest.run(BUSYBOX, "arping", "-c", "1", "-w", "1", "-I", guest.device, "192.168.0.77")
        heard = until(inet_aton("192.168.0.77"))

    assert [frame for frame in heard if is_of_dhcp(frame)] == []
    (leg,) = place.namespace().legs
    assert [frame for frame in heard if octets(leg.mac) == frame[6:12]] == []
    assert [frame for frame in heard if frame[12:14] == ARP and inet_aton(SERVER) in frame] == []


def test_who_is_not_on_the_host_is_not_heard_by_its_server(place: Hall) -> None:
    place.serve(a_cidr())
    place.tell(a_vm("a", host="h1"))
    place.realize("h1")
    guest = place.guest("a/l3")
    guest.lease()
    (leg,) = place.namespace().legs
    with overheard(place.inner(), leg.device) as until:
        ip(place.lab.path("h2"), "addr add 192.168.0.9/24 dev eth0")
        outsider = Guest(place.lab.path("h2"), "eth0")
        assert outsider.pings("192.168.0.3")
        assert not outsider.pings(SERVER)
        guest.run(BUSYBOX, "arping", "-c", "1", "-w", "1", "-I", guest.device, "192.168.0.77")
        heard = until(inet_aton("192.168.0.77"))

    assert [frame for frame in heard if inet_aton("192.168.0.9") in frame] == []


@pytest.mark.parametrize("l2", LAID)
def test_a_guest_is_served_by_its_own_host_alone(place: Hall, l2: str) -> None:
    with switches(place) if l2 == "gre" else nullcontext():
        place.tell(*LAID_BY[l2])
        place.serve(a_cidr(), l2=l2)
        place.tell(a_vm("a", host="h1"), a_vm("b", host="h2"))
        place.realize()
        here, there = place.guest("a/l3"), place.guest("b/l3", "h2")
        assert there.lease()
        with overheard(place.inner("h2"), place.namespace("h2").legs[0].device) as until:
            assert here.lease()
            assert here.pings("192.168.0.4")
            there.run(BUSYBOX, "arping", "-c", "1", "-w", "1", "-I", there.device, "192.168.0.77")
            heard = until(inet_aton("192.168.0.77"))
        assert [frame for frame in heard if frame[6:12] == octets(place.nic("a/l3").mac)] == []

        place.kill_server()
        assert here.lease() is None
        assert there.lease()


def test_a_nic_that_comes_later_is_served_without_a_restart(place: Hall) -> None:
    place.serve(a_cidr())
    place.tell(a_vm("a", host="h1"))
    place.realize()
    before = place.pid()

    place.tell(a_vm("b", host="h1"))
    place.realize()
    guest = place.guest("b/l3")
    assert guest.lease()
    assert guest.lookup("b.x.org", SERVER) == ["b.x.org", "192.168.0.4"]
    assert place.pid() == before


def test_an_address_that_has_another_guest_now_is_leased_to_that_one(place: Hall) -> None:
    place.serve(a_cidr())
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h1"))
    place.realize()
    assert place.guest("a/l3").lease()
    before = place.pid()

    place.tell(destroy("a"))
    place.realize()
    other = place.guest("b/l3")
    assert other.lease()
    assert other.lookup("a.x.org", SERVER) == ["REFUSED"]

    place.tell(a_vm("c", host="h1"))
    place.realize()
    lease = place.guest("c/l3").lease()
    assert lease
    assert lease["ip"] == "192.168.0.3"
    assert place.pid() == before


def test_names_of_all_guests_of_the_network_resolve_on_every_host(place: Hall) -> None:
    place.serve(a_cidr(), a_range6("Stateful-DHCP"))
    place.tell(a_vm("a", host="h1"), a_vm("b", host="h2"))
    place.realize()
    guest = place.guest("a/l3")
    guest.lease()

    def lookup(name: str, kind: str = "a") -> list[str]:
        return guest.lookup(name, SERVER, kind)

    assert lookup("b.x.org") == ["b.x.org", "192.168.0.4"]
    assert lookup("b") == ["b", "192.168.0.4"]
    assert lookup("b.x.org", "aaaa") == ["b.x.org", "fd00::12"]
    assert lookup("4.0.168.192.in-addr.arpa", "ptr") == ["b.x.org"]
    assert lookup(f"2.1.{'0.' * 28}d.f.ip6.arpa", "ptr") == ["b.x.org"]
    assert lookup("nobody.x.org") == ["REFUSED"]
    assert lookup("example.com") == ["REFUSED"]


def test_a_name_without_an_ipv6_address_has_none_and_that_is_no_failure(place: Hall) -> None:
    place.serve(a_cidr())
    place.tell(a_vm("a", host="h1"))
    place.realize()
    guest = place.guest("a/l3")
    guest.lease()

    assert guest.lookup("a.x.org", SERVER, "aaaa") == []


def test_other_names_are_asked_of_a_resolver_on_the_network(place: Hall) -> None:
    place.serve(a_cidr())
    place.tell(a_vm("a", host="h1"), a_vm("resolver", host="h1"), c.AddDns(l3="l3", address="192.168.0.4"))
    place.realize()
    guest, resolver = place.guest("a/l3"), place.guest("resolver/l3")
    assert guest.lease()
    assert resolver.lease()
    with resolver.resolving("example.com", "192.0.2.7"):
        assert guest.lookup("example.com", SERVER) == ["example.com", "192.0.2.7"]
        assert guest.lookup("a.x.org", SERVER) == ["a.x.org", "192.168.0.3"]


def test_a_guest_with_the_name_of_a_top_level_domain_takes_it_from_nobody(place: Hall) -> None:
    place.serve(a_cidr())
    place.tell(a_vm("com", host="h1"), a_vm("resolver", host="h1"), c.AddDns(l3="l3", address="192.168.0.4"))
    place.realize()
    guest, resolver = place.guest("com/l3"), place.guest("resolver/l3")
    assert guest.lease()
    assert resolver.lease()
    with resolver.resolving("example.com", "192.0.2.7"):
        assert guest.lookup("example.com", SERVER) == ["example.com", "192.0.2.7"]
        assert guest.lookup("com", SERVER) == ["com", "192.168.0.3"]
        assert guest.lookup("com", SERVER, "aaaa") == []


def test_a_server_that_was_killed_is_seen_missing_and_started_again(place: Hall) -> None:
    place.serve(a_cidr())
    place.tell(a_vm("a", host="h1"))
    place.realize()
    before = place.pid()
    place.kill_server()
    with place.host() as host:
        assert host.look().namespaces[place.namespace().name].server is None

    place.realize()
    assert place.pid() != before
    assert place.guest("a/l3").lease()


# IPv6


@pytest.mark.parametrize(
    ("mode", "managed", "other", "autonomous"),
    [("Stateful-DHCP", True, True, False), ("Stateless-DHCP", False, True, True), ("SLAAC", False, False, True)],
)
def test_guests_are_advertised_how_they_come_by_their_address(
    place: Hall, mode: str, *, managed: bool, other: bool, autonomous: bool
) -> None:
    place.serve(a_cidr(), a_range6(mode), mtu=1400)
    place.tell(c.AddDns(l3="l3", address="2001:db8::53"), a_vm("a", host="h1"))
    place.realize()

    assert place.guest("a/l3").advertisement() == Advertisement(
        managed=managed,
        other=other,
        router_s=0,
        autonomous=autonomous,
        prefix="fd00::/64",
        mtu=1400,
        resolvers=("2001:db8::53", "fd00::10"),
    )


@pytest.mark.kernel("dhclient")
def test_a_guest_gets_the_ipv6_address_that_is_meant_for_it(place: Hall) -> None:
    place.serve(a_cidr(), a_range6("Stateful-DHCP"))
    place.tell(c.AddDns(l3="l3", address="2001:db8::53"), a_vm("a", host="h1"))
    place.realize()
    guest = place.guest("a/l3")

    assert guest.lease6() == {
        "address": "fd00::11",
        "dns": "2001:db8::53 fd00::10",
        "search": "x.org.",
    }
    assert guest.addresses6() == []  # the script did not set it, and nothing made another one


@pytest.mark.kernel("dhclient")
def test_an_ipv6_address_that_has_another_guest_now_is_leased_to_that_one(place: Hall) -> None:
    place.serve(a_cidr(), a_range6("Stateful-DHCP"))
    place.tell(a_vm("a", host="h1"))
    place.realize()
    assert place.guest("a/l3").lease6()["address"] == "fd00::11"

    place.tell(destroy("a"), a_vm("c", host="h1"))
    place.realize()
    assert place.guest("c/l3").lease6()["address"] == "fd00::11"


@pytest.mark.kernel("dhclient")
@pytest.mark.parametrize("mode", ["Stateless-DHCP", "SLAAC"])
def test_a_guest_makes_itself_the_address_that_it_is_known_by(place: Hall, mode: str) -> None:
    place.serve(a_cidr(), a_range6(mode))
    place.tell(a_vm("a", host="h1"))
    place.realize()
    guest = place.guest("a/l3")

    wait_for(lambda: guest.addresses6() == [f"{place.nic('a/l3').ip6}/64"])
    if mode == "Stateless-DHCP":
        assert guest.lease6(information=True) == {"dns": "fd00::10", "search": "x.org."}


def a_range6(mode: str) -> c.AddIpRange:
    return c.AddIpRange(
        l3="l3", name="six", start="fd00::10", end="fd00::ff", prefix_length=64, gateway="fd00::1", address_mode=mode
    )


@contextmanager
def switches(place: Hall) -> Iterator[None]:
    """Give both hosts an Open vSwitch."""
    with underlaid({name: (place.lab.path(name), VTEPS[name]) for name in VTEPS}) as running:
        place.switches = {name: VSwitch(each.socket, datapath=DATAPATH) for name, each in running.items()}
        yield


def is_of_dhcp(frame: bytes) -> bool:
    """Tell whether a frame is to or from a port of DHCP's, or advertises a router."""
    if frame[12:14] == b"\x08\x00" and frame[23] == UDP:
        return not PORTS.isdisjoint({frame[34:36], frame[36:38]})
    if frame[12:14] == b"\x86\xdd":
        return (frame[20] == UDP and not PORTS.isdisjoint({frame[54:56], frame[56:58]})) or (frame[20], frame[54]) == RA
    return False
