"""Hosts that do EIPs themselves: two in one cluster and one in another, the wire's own gateway, and an outside.

Guests are on `l3`, 192.168.0.0/24 and fd00::/64, on each host's second interface, where somebody else, `gw`, is the
gateway. `public`, 10.9.0.0/24 and fd00:9::/64, is on the first one, with its gateway in `out`. Both lead to `BEYOND`:
who answers there tells the way that was taken.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from backends.kvm import room
from backends.kvm.lab import BROADCAST, Lab, octets
from backends.kvm.namespace import inside
from domain import commands as c
from projections.namespaces import Namespace
from tests.builders import a_cidr, a_cluster, a_host, a_no_vlan, an_l3, attach
from tests.kernel import state
from tests.kernel.fabric import ip
from tests.kernel.routed import BEYOND, GATEWAY, GATEWAY6
from tests.kernel.served import ROUTER_ADVERTISEMENT, VTEPS, Guest, Hall, wait_for
from tests.service_builders import serve


OUT, GW = "out", "gw"
EVERY = ("h1", "h2", "h3")
INSIDE, INSIDE6 = "192.168.0.1", "fd00::1"
"""The guests' gateways."""
BEYOND6 = "2001:db8::7"
INTERFACES = ("eth0", "eth1")
SIX = c.AddIpRange(
    l3="l3", name="in", start="fd00::10", end="fd00::ff", prefix_length=64, gateway=INSIDE6, address_mode="SLAAC"
)


class Street(Hall):
    """A hall whose guests' network has EIPs from its hosts."""

    def __init__(self, lab: Lab, states: dict[str, Path]) -> None:
        super().__init__(lab, states, INTERFACES)
        self.tell(a_no_vlan("inner", interface="eth1"), attach("inner"))
        self.tell(a_cluster("c2"), a_host("h3", cluster="c2", interfaces=INTERFACES))
        self.tell(attach("plain", "c2"), attach("inner", "c2"))
        self.tell(an_l3("public", l2="plain", category="public"), a_cidr("10.9.0.0/24", l3="public"))
        self.tell(a_cidr("fd00:9::/64", l3="public", name="six"))
        self.tell(an_l3("l3", l2="inner"), a_cidr(), SIX, serve(flat=("DHCP", "DNS", "EIP")))
        self.furnish(OUT, f"{GATEWAY}/24 dev eth0", f"{GATEWAY6}/64 dev eth0 nodad")
        self.furnish(GW, f"{INSIDE}/24 dev eth1", f"{INSIDE6}/64 dev eth1 nodad")
        with inside(self.gw):
            room.write("ipv6/conf/all/forwarding", "1")  # who forwards nothing is nobody's router

    def furnish(self, name: str, *addresses: str) -> None:
        beyond = (f"{BEYOND}/32 dev lo", f"{BEYOND6}/128 dev lo")
        for line in (*(f"addr add {address}" for address in (*addresses, *beyond)), "link set lo up"):
            ip(self.lab.path(name), line)

    @property
    def out(self) -> str:
        return self.lab.path(OUT)

    @property
    def gw(self) -> str:
        return self.lab.path(GW)

    def doorway(self, host: str = "h1") -> Namespace:
        """Give the one namespace of a host that is for EIPs."""
        (found,) = self.doorways(host)
        return found

    def doorways(self, host: str = "h1") -> list[Namespace]:
        return [each for each in self.plan(host).namespaces if each.purpose == "eip"]

    def room(self, host: str = "h1") -> str:
        """Give the way into it."""
        return str(self.states[host] / "netns" / self.doorway(host).name)

    def settled(self, name: str, host: str = "h1") -> Guest:
        """Give a guest that has its address and its gateway from the network's own server."""
        guest = self.guest(name, host)
        lease = guest.lease()
        assert lease, f"nobody answers {name}"
        ip(guest.path, f"route add default via {lease['router']}")
        return guest

    def settled6(self, name: str, host: str = "h1") -> Guest:
        """Give a guest with both families, which has a way out by IPv6 from whoever advertises one."""
        guest = self.settled(name, host)
        wait_for(lambda: guest.addresses6() == [f"{self.nic(name).ip6}/64"])
        guest.settle()
        wait_for(lambda: "default" in guest.run("ip", "-6", "route"))
        return guest

    def neighbour(self, guest: Guest, address: str = INSIDE) -> str:
        """Give the hardware address that a guest has for another one, once it has asked anew."""
        ip(guest.path, f"neigh flush to {address}")
        guest.pings(address)
        wait_for(lambda: "lladdr" in guest.run("ip", "neigh", "show", address))
        return guest.run("ip", "neigh", "show", address).split("lladdr ")[1].split()[0]


def is_sure(guest: Guest) -> bool:
    """Tell whether a guest has known its gateway long enough to believe another answer: a kernel takes a second."""
    told = guest.run("ip", "-s", "neigh", "show", INSIDE)
    since = re.search(r"used \d+/\d+/(\d+)", told)
    return since is not None and int(since[1]) > 1


@contextmanager
def street() -> Iterator[Street]:
    with ExitStack() as stack:
        places = {**dict.fromkeys(EVERY, INTERFACES), OUT: ("eth0",), GW: ("eth1",)}
        lab = stack.enter_context(Lab(places, VTEPS))
        found = Street(lab, {name: stack.enter_context(state.folder()) for name in EVERY})
        stack.callback(found.close)
        yield found


MARK = b"the last of all"
"""What a frame says that ends listening."""


def call_time(guest: Guest) -> None:
    """Have a guest end everybody's listening, by a frame that all of its network hear."""
    with inside(guest.path), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as voice:
        voice.bind((guest.device, 0))
        voice.send(BROADCAST + octets("02:00:00:00:00:99") + b"\x88\xb5" + MARK.ljust(46, b"\0"))


def advertise(path: str, device: str) -> None:
    """Advertise oneself as a router to everybody, once (RFC 4861)."""
    with inside(path), socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as voice:
        voice.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        voice.sendto(
            struct.pack("!BBHBBHII", ROUTER_ADVERTISEMENT, 0, 0, 64, 0, 1800, 0, 0),
            ("ff02::1", 0, 0, socket.if_nametoindex(device)),
        )
