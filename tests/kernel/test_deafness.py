"""What guests send to their host itself is heard on the bridge with the host's own addresses, and on no other."""

from __future__ import annotations

import json
import select
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from backends.errors import Unfinished
from backends.kvm.host import Host
from backends.kvm.namespace import inside
from projections.operations import Deafen, describe
from projections.plan import Bridge, HostPlan, Port
from projections.verdict import SOLICIT, Probe
from tests.kernel import packets
from tests.kernel.fabric import ip, one_host, plan_of, port_on, tunnelled, untagged
from tests.kernel.guarded import one_processor
from tests.kernel.guests import Guest, settled


pytestmark = pytest.mark.kernel("bridge", "veth", "vxlan", "nftables")

PATIENCE_S = 10.0
HOME, TENANTS = "br_eth0", "br_vx_9"
OWN, OWN6, STRANGER = "10.0.0.1", "fd00::1", "10.0.0.77"
PORT, ECHO = 9, 8
ARP_ANSWER = b"\0\2"
PORTS = tuple(
    msgspec.structs.replace(port_on(bridge, number), ip=f"192.168.0.{number}")
    for bridge, number in ((HOME, 1), (HOME, 2), (TENANTS, 3), (TENANTS, 4))
)
PLAN = msgspec.structs.replace(plan_of(untagged(), tunnelled()), ports=PORTS, deaf=(TENANTS,))
ALL = {"ARP", "ICMP", "UDP", "TCP", "neighbour discovery"}


def test_what_tenants_send_to_the_host_is_heard_only_where_its_addresses_are() -> None:
    with host() as place:
        assert place.hears(HOME) == ALL
        assert place.hears(TENANTS) == set()


def test_a_host_that_is_not_deaf_hears_tenants_on_every_bridge() -> None:
    with host(msgspec.structs.replace(PLAN, deaf=())) as place:
        assert place.hears(TENANTS) == ALL


@pytest.mark.kernel("bridge-netfilter")
@pytest.mark.slow_in_machine
def test_what_a_bridge_only_passes_on_passes_where_a_kernel_shows_it_to_rules_for_ip() -> None:
    with host() as place:
        with inside(place.path):
            Path("/proc/sys/net/bridge/bridge-nf-call-iptables").write_text("1")
        _, _, guest, other = place.guests

        assert guest.pings(other.ip)
        assert place.hears(TENANTS) == set()


@pytest.mark.parametrize(
    "harm",
    [
        "delete table arp rewire_deaf",
        "delete table inet rewire_deaf",
        "flush chain inet rewire_deaf forward",
        "flush chain arp rewire_deaf input",
        f"delete element inet rewire_deaf bridges {{ {TENANTS} }}",
        "flush ruleset",
    ],
)
def test_what_somebody_takes_away_of_it_is_put_back(harm: str) -> None:
    with host() as place:
        place.nft(harm)

        done = place.realize(PLAN)

        assert done == ("deafen",)
        assert place.hears(TENANTS) == set()
        assert place.realize(PLAN) == ()


def test_nothing_is_left_of_it_when_the_last_bridge_of_tenants_is_gone() -> None:
    with host() as place:
        place.realize(HostPlan("h", 2))
        assert place.nft("list tables") == ""


def test_a_table_of_that_name_that_is_somebody_elses_is_told_and_left_alone() -> None:
    with one_host() as path:
        with inside(path):
            place = Place(path)
            place.nft("add table arp rewire_deaf")
        with Host(path, plug="veth") as kernel:
            told = kernel.realize(PLAN).obstacles
            links = kernel.look().links

        assert [(o.name, o.foreign) for o in told] == [("rewire_deaf", True)]
        assert (HOME in links, TENANTS in links) == (True, False)
        assert place.nft("list tables") == "table arp rewire_deaf\n"


def test_where_nft_refuses_the_bridges_of_tenants_wait_and_the_others_are_made() -> None:
    refused = msgspec.structs.replace(PLAN, deaf=("a-name-that-no-link-has", TENANTS))
    refused = msgspec.structs.replace(refused, bridges=(*PLAN.bridges, bridge_named(refused.deaf[0])))
    with one_host() as path, Host(path, plug="veth") as kernel:
        with pytest.raises(Unfinished, match="deafen: nft refuses it") as told:
            kernel.realize(refused)

        links = kernel.look().links
        assert [type(operation) for operation, _ in told.value.failures] == [Deafen]
        assert (HOME in links, TENANTS in links, PORTS[0].device in links) == (True, False, True)
        kernel.realize(PLAN)
        assert TENANTS in kernel.look().links


def bridge_named(name: str) -> Bridge:
    return Bridge(name, "l2-long", "", 0, (4,))


class Place:
    """A host, and guests that send to it whatever they like."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.guests: list[Guest] = []

    def realize(self, plan: HostPlan) -> tuple[str, ...]:
        with Host(self.path, plug="veth") as kernel:
            return tuple(describe(operation) for operation in kernel.realize(plan).operations)

    def nft(self, words: str) -> str:
        with inside(self.path):
            return subprocess.run(["nft", words], check=True, capture_output=True, text=True).stdout

    def hears(self, bridge: str) -> set[str]:
        """Send to the host's addresses what a guest may, also to the bridge's own MAC address; tell what was heard."""
        sender, witness = (port for port in PORTS if port.bridge == bridge)
        (shown,) = json.loads(ip(self.path, f"-j link show dev {bridge}"))
        own = shown["address"]
        with inside(self.path), ExitStack() as stack:
            Path(f"/proc/sys/net/ipv6/conf/{bridge}/disable_ipv6").write_text("0")  # as if somebody let it speak IPv6
            server = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            server.bind((OWN, PORT))
            server.setblocking(False)
            mouth, ear = (stack.enter_context(self._ear(port)) for port in (sender, witness))
            before = counters()
            for probe in probes(sender):
                mouth.send(packets.frame(probe, sender.mac, 1))
                mouth.send(unicast(packets.frame(probe, sender.mac, 2), own))
            await_last(mouth, ear, sender)
            counted = {name for name, count in counters().items() if count > before[name]}
            answered = {"ARP"} if any(is_answer(frame) for frame in queued(mouth)) else set()
            return counted | answered | ({"UDP"} if is_there(server) else set())

    def _ear(self, port: Port) -> socket.socket:
        guest = self.guests[PORTS.index(port)]
        with inside(guest.path):
            return packets.ear(guest.device)


@contextmanager
def host(plan: HostPlan = PLAN) -> Iterator[Place]:
    """Give a host with an address of each family on one bridge, and another bridge of tenants alone."""
    with one_processor(), one_host() as path, ExitStack() as stack:
        place = Place(path)
        ip(path, f"addr add {OWN6}/64 dev eth0 nodad")
        place.realize(plan)
        place.guests = stack.enter_context(settled(path, PORTS))
        yield place


def probes(sender: Port) -> tuple[Probe, ...]:
    """Give what a guest says that pretends to be a neighbour of the host's."""
    return (
        Probe(src=STRANGER, dst=OWN, protocol="ARP", mac=sender.mac),
        Probe(src=STRANGER, dst=OWN, protocol="ICMP", type=ECHO),
        Probe(src=STRANGER, dst=OWN, protocol="UDP", source_port=1024, port=PORT),
        Probe(src=STRANGER, dst=OWN, protocol="TCP", source_port=1024, port=PORT),
        Probe(src="fd00::77", dst=OWN6, protocol="ICMP", type=SOLICIT, about=OWN6),
    )


def unicast(frame: bytes, mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", "")) + frame[6:]


def counters() -> dict[str, int]:
    """Give what the host's own network has taken in."""
    lines = [line.split() for line in Path("/proc/thread-self/net/snmp").read_text().splitlines()]
    pairs = zip(lines[::2], lines[1::2], strict=True)
    four = {head[0] + name: int(value) for head, row in pairs for name, value in zip(head[1:], row[1:], strict=True)}
    six = dict(line.split() for line in Path("/proc/thread-self/net/snmp6").read_text().splitlines())
    solicited = int(six["Icmp6InNeighborSolicits"])
    return {"ICMP": four["Icmp:InEchos"], "TCP": four["Tcp:InSegs"], "neighbour discovery": solicited}


def await_last(mouth: socket.socket, ear: socket.socket, sender: Port) -> None:
    """Send one more frame, and wait until another guest has it: by then all before it have been dealt with."""
    last = packets.frame(Probe(src=STRANGER, dst=STRANGER, protocol="ARP"), sender.mac, 3)
    mouth.send(last)
    while select.select([ear], [], [], PATIENCE_S)[0]:
        if ear.recv(2048) == last:
            return
    raise AssertionError("not even another guest is reached")


def queued(ear: socket.socket) -> Iterator[bytes]:
    while select.select([ear], [], [], 0)[0]:
        data, address = ear.recvfrom(2048)
        if address[2] != socket.PACKET_OUTGOING:
            yield data


def is_answer(frame: bytes) -> bool:
    return frame[12:14] == packets.ARP and frame[20:22] == ARP_ANSWER


def is_there(server: socket.socket) -> bool:
    return bool(select.select([server], [], [], 0)[0])
