"""A host's own addresses and routes survive what happens to their interface."""

import re

import pytest

from backends.kvm.host import Host
from domain.errors import HostUnreachable
from projections.plan import HostPlan
from tests.kernel.fabric import Cut, after, ip, one_host, plan_of, tunnelled, untagged


pytestmark = pytest.mark.kernel("bridge", "tap", "veth", "vxlan")

BUSY = (
    "addr add 10.0.0.20/24 brd + dev eth0 label eth0:mgmt",
    "addr add 10.0.0.3/24 dev eth0",
    "addr add 172.16.0.1/16 brd 172.16.255.255 dev eth0 metric 50",
    "addr add 10.9.0.1/24 dev eth0 valid_lft 5000 preferred_lft 4000",
    "-6 addr add fd00::1/64 dev eth0 nodad",
    "-6 addr add fd01::1/64 dev eth0 noprefixroute nodad",
    "route add default via 10.0.0.254 dev eth0",
    "route add 192.0.2.0/24 via 10.0.0.253 dev eth0 metric 77 table 100 src 10.0.0.20",
    "route add 198.51.100.0/24 dev eth0 mtu 1400",
    "route add 203.0.113.0/24 via 10.77.0.1 dev eth0 onlink",
    "route add 233.252.0.0/24 nexthop via 10.0.0.251 nexthop via 10.0.0.252 weight 3",
    "-6 route add default via fd00::ff dev eth0",
    "-6 route add 2001:db8::/32 via fd00::fe dev eth0 metric 7 table 100 src fd00::1",
    "-6 route add 2001:db8:7::/48 nexthop via fd00::fc dev eth0 nexthop via fd00::fd dev eth0 weight 3",
    "route add 10.54.0.0/16 via inet6 fd00::f9 dev eth0",
    "route add 10.60.0.0/16 encap ip id 100 dst 192.0.2.50 dev eth0",
    "route add local 192.0.2.77 dev eth0",
    "nexthop add id 5 via 10.0.0.7 dev eth0",
    "nexthop add id 6 via 10.0.0.8 dev eth0",
    "nexthop add id 7 group 5/6",
    "-6 nexthop add id 8 via fd00::8 dev eth0",
    "route add 10.52.0.0/16 nhid 5 proto bgp metric 20",
    "route add 10.53.0.0/16 nhid 7 proto bgp metric 20",
    "-6 route add 2001:db8:8::/48 nhid 8 proto bgp",
    "neigh add 10.0.0.99 lladdr 02:00:00:00:00:99 dev eth0 nud permanent",
    "neigh add proxy 10.0.0.77 dev eth0",
    "-6 neigh add fd00::99 lladdr 02:00:00:00:00:99 dev eth0 nud permanent",
    "-6 neigh add proxy fd00::77 dev eth0",
    "rule add iif eth0 table 100 priority 500",
    "rule add not oif eth0 from 10.9.0.0/16 to 192.0.2.0/24 fwmark 0x7 ipproto tcp dport 80-90 lookup 100 priority 501",
    "rule add iif eth0 blackhole priority 502",
    "-6 rule add iif eth0 oif eth0 table 100 priority 500",
)


def test_addresses_and_routes_of_both_families_move_to_the_bridge_and_back() -> None:
    with one_host(*BUSY) as path, Host(path) as host:
        before = everything(path, "eth0")

        host.realize(untagged())
        assert everything(path, "br_eth0") == before
        assert not any(everything(path, "eth0"))

        host.delete("h")
        assert everything(path, "eth0") == before


def test_the_order_of_addresses_survives_since_a_kernel_speaks_from_the_first() -> None:
    with one_host(*BUSY) as path, Host(path) as host:
        before = cidrs(path, "eth0")

        host.realize(untagged())
        assert cidrs(path, "br_eth0") == before
        host.delete("h")
        assert cidrs(path, "eth0") == before


def test_an_ipv6_address_works_at_once_on_the_bridge() -> None:
    with one_host("-6 addr add fd00::1/64 dev eth0 nodad") as path, Host(path) as host:
        ip(path, "-6 addr change fd00::1/64 dev eth0")
        host.realize(untagged())

        assert "fd00::1/64" in ip(path, "-6 addr show dev br_eth0 scope global")
        assert "tentative" not in ip(path, "-6 addr show dev br_eth0 scope global")
        assert "nodad" not in ip(path, "-6 addr show dev br_eth0 scope global")


def test_neighbours_see_the_same_mac_address() -> None:
    with one_host() as path, Host(path) as host:
        before = ip(path, "-br link show dev eth0").split()[2]

        host.realize(untagged())

        assert ip(path, "-br link show dev br_eth0").split()[2] == before


def test_nothing_is_lost_wherever_a_move_is_cut_off() -> None:
    with one_host(*BUSY) as path, Host(path) as host:
        before = everything(path, "eth0")
        for count in range(1, 1 + len(host.check(untagged()).operations)):
            with pytest.raises(Cut):
                host.realize(untagged(), on_operation=after(count))
            host.delete("h")

            assert everything(path, "eth0") == before


def test_addresses_go_home_when_one_of_them_cannot_move() -> None:
    with one_host(*BUSY) as path, Host(path) as host:
        strand_a_route(path)
        before = everything(path, "eth0")

        with pytest.raises(HostUnreachable, match=r"^host-unreachable: enslave eth0 to br_eth0: "):
            host.realize(plan_of(untagged(), tunnelled()))

        assert everything(path, "eth0") == before
        assert not host.check(tunnelled()).operations  # the other network was made all the same


def test_an_interface_that_cannot_have_a_bridge_is_told_and_left_alone() -> None:
    with one_host() as path, Host(path) as host:
        before = host.look()

        (obstacle,) = host.realize(untagged("lo")).obstacles

        assert obstacle.name == "lo"
        assert host.look() == before


def test_no_plan_at_all_moves_nothing() -> None:
    with one_host(*BUSY) as path, Host(path) as host:
        assert not host.realize(HostPlan("h", 1)).operations


Shown = list[str]


def everything(path: str, interface: str) -> tuple[Shown, ...]:
    """What `ip` shows of an interface's addresses and of all that goes with them, but for names and clocks."""
    return (
        rows(path, f"addr show dev {interface} scope global", interface),
        rows(path, "-4 route show table all", interface),
        rows(path, "-6 route show table all", interface),
        *(rows(path, f"{family} neigh show nud permanent dev {interface}", "") for family in ("-4", "-6")),
        *(rows(path, f"{family} neigh show proxy dev {interface}", "") for family in ("-4", "-6")),
        *(rows(path, f"{family} rule show", interface) for family in ("-4", "-6")),
    )


def rows(path: str, arguments: str, interface: str) -> Shown:
    """What `ip` shows of an interface, a row for each thing; link-local ones are the kernel's own."""
    found = [row.replace("\\", " ").split() for row in ip(path, f"-o {arguments}").splitlines()]
    ours = [
        row
        for row in found
        if (not interface or interface in row) and not re.search("fe80:|ff00:|anycast", " ".join(row))
    ]
    return sorted(" ".join(nameless(row, interface)) for row in ours)


def nameless(row: list[str], interface: str) -> list[str]:
    """Leave out what tells two interfaces apart, and how long an address still lives."""
    until = row.index("valid_lft") if "valid_lft" in row else len(row)
    return ["DEVICE" if word == interface else word for word in row[:until] if not re.fullmatch(r"\d+:", word)]


def cidrs(path: str, interface: str) -> list[str]:
    return [row.split()[3] for row in ip(path, f"-o addr show dev {interface} scope global").splitlines()]


def strand_a_route(path: str) -> None:
    """Leave a route whose gateway can't be reached any more: it stays, and a kernel takes no other like it."""
    ip(path, "-6 route add fd77::/64 dev eth0")
    ip(path, "-6 route add 2001:db8:5::/48 via fd77::1 dev eth0")
    ip(path, "-6 route del fd77::/64 dev eth0")
