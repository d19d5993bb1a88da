"""Who talks to a host while its interface gets a bridge, and what it has from routers and DHCP servers."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from backends.kvm.host import Host
from backends.kvm.lab import Lab
from backends.kvm.namespace import inside
from domain.errors import HostUnreachable
from projections.operations import Operation, describe
from tests.kernel.fabric import Cut, after, ip, untagged
from tests.kernel.pinging import Pinger
from tests.kernel.test_addresses import strand_a_route


pytestmark = pytest.mark.kernel("bridge", "tap", "veth")
PATIENCE_S = 10.0


@contextmanager
def two_hosts() -> Iterator[tuple[str, str]]:
    """Give the paths of a host and of another one on its wire."""
    with Lab({"h": ("eth0",), "far": ("eth0",)}, {"h": "10.0.0.1", "far": "10.0.0.2"}) as lab:
        for name in ("h", "far"):
            ip(lab.path(name), "link set lo up")
        yield lab.path("h"), lab.path("far")


def test_a_ping_goes_through_the_move_to_a_bridge_and_back() -> None:
    with two_hosts() as (path, far), Host(path) as host:
        with Pinger(far, "10.0.0.1") as forth:
            host.realize(untagged())
        with Pinger(far, "10.0.0.1") as back:
            host.delete("h")

        for way, stream in (("to the bridge", forth), ("back", back)):
            print(f"{way}: {stream.lost} of {len(stream.sent)} lost, {stream.gap_s * 1e3:.1f} ms at most")  # noqa: T201
            assert stream.answers


def test_the_host_is_on_the_net_after_each_operation_however_long_the_next_one_takes_to_come() -> None:
    with two_hosts() as (path, far), Host(path) as host:
        answered = dict[str, bool]()

        def ping(operation: Operation) -> None:
            with Pinger(far, "10.0.0.1") as stream:
                pass
            answered[describe(operation)] = stream.answers

        host.realize(untagged(), on_operation=ping)
        host.delete("h", on_operation=ping)

        assert {"enslave eth0 to br_eth0", "move-address 10.0.0.1/24 br_eth0 -> eth0", "release eth0"} <= set(answered)
        assert all(answered.values()), answered


def test_a_ping_goes_on_after_a_move_that_failed_or_was_cut_off() -> None:
    with two_hosts() as (path, far), Host(path) as host:
        ip(path, "-6 addr add fd00::1/64 dev eth0 nodad")
        strand_a_route(path)
        with Pinger(far, "10.0.0.1") as failed, pytest.raises(HostUnreachable, match="enslave eth0 to br_eth0: "):
            host.realize(untagged())
        assert failed.answers
        assert "fd00::1/64" in ip(path, "addr show dev eth0")

        ip(path, "-6 route del 2001:db8:5::/48 dev eth0")
        with Pinger(far, "10.0.0.1") as cut, pytest.raises(Cut):
            host.realize(untagged(), on_operation=after(2))
        assert cut.answers


def test_what_a_router_advertised_moves_along_and_is_renewed_on_the_bridge() -> None:
    with two_hosts() as (path, far), Host(path) as host:
        ip(path, "link set eth0 address 02:00:00:00:00:aa")
        made = "2001:db8:1:0:0:ff:fe00:aa/64"
        advertise(far, lifetime_s=4000)
        wait_for(lambda: lifetime(path, "eth0") > 0)
        (route,) = routes(path)

        host.realize(untagged())
        assert lifetime(path, "eth0") == 0
        assert 3000 < lifetime(path, "br_eth0") <= 4000
        assert made.replace(":0:0:", "::") in ip(path, "addr show dev br_eth0")
        assert routes(path) == [{**route, "dev": "br_eth0"}]

        advertise(far, lifetime_s=9000)
        wait_for(lambda: lifetime(path, "br_eth0") > 4000)
        assert routes(path)[0] == {**route, "dev": "br_eth0"}
        assert host.check(untagged()).settled

        host.delete("h")
        assert lifetime(path, "eth0") > 4000
        assert {row["dev"] for row in routes(path)} == {"eth0"}
        assert route in routes(path)


def test_an_address_that_a_dhcp_client_renews_on_the_interface_follows_to_the_bridge() -> None:
    with two_hosts() as (path, _), Host(path) as host:
        ip(path, "addr add 10.0.0.50/24 dev eth0 valid_lft 100 preferred_lft 90")
        host.realize(untagged())
        ip(path, "addr add 10.0.0.50/24 dev eth0 valid_lft 5000 preferred_lft 4000")

        host.realize(untagged())

        assert "10.0.0.50" not in ip(path, "addr show dev eth0")
        (address,) = [a for a in addresses(path, "br_eth0") if a["local"] == "10.0.0.50"]
        assert address["valid_life_time"] > 100


def test_a_route_whose_time_is_over_does_not_move_and_one_that_moves_ends_in_time() -> None:
    with two_hosts() as (path, _), Host(path) as host:
        ip(path, "-6 route add default via fe80::1 dev eth0 proto ra expires 2")
        host.realize(untagged())
        assert "br_eth0" in ip(path, "-6 route show default")
        wait_for(lambda: "expires -" in ip(path, "-6 route show default"))

        assert host.check(untagged()).settled
        host.delete("h")

        assert ip(path, "-6 route show default") == ""


def test_a_lifetime_that_counts_down_is_no_news_so_that_what_fails_is_tried_ever_later() -> None:
    with two_hosts() as (path, _), Host(path) as host:
        ip(path, "addr add 10.0.0.50/24 dev eth0 valid_lft 5000 preferred_lft 4000")
        before = host.check(untagged()).operations
        first = addresses(path, "eth0")
        wait_for(lambda: addresses(path, "eth0") != first)

        assert host.check(untagged()).operations == before


def advertise(path: str, *, lifetime_s: int) -> None:
    """Send a router advertisement with a prefix to make addresses from (RFC 4861)."""
    prefix = struct.pack(
        ">BBBBIII16s", 3, 4, 64, 0xC0, lifetime_s, lifetime_s, 0, socket.inet_pton(socket.AF_INET6, "2001:db8:1::")
    )
    advertisement = struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + prefix
    with inside(path):
        sender = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    with sender:
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        index = int(json.loads(ip(path, "-j link show dev eth0"))[0]["ifindex"])
        wait_for(lambda: "tentative" not in ip(path, "-6 addr show dev eth0 scope link"))
        sender.sendto(advertisement, ("ff02::1", 0, 0, index))


def addresses(path: str, interface: str) -> list[dict[str, Any]]:
    shown = json.loads(ip(path, f"-j addr show dev {interface} scope global"))
    return [address for row in shown for address in row.get("addr_info", ()) if address]


def lifetime(path: str, interface: str) -> int:
    return max((a["valid_life_time"] for a in addresses(path, interface) if a["prefixlen"] == 64), default=0)


def routes(path: str) -> list[dict[str, object]]:
    found = json.loads(ip(path, "-6 -j route show default"))
    return [{key: row[key] for key in ("gateway", "dev", "protocol")} for row in found]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
