"""What `passage` says of a packet is what becomes of it in a kernel, whatever a router's rules are."""

from __future__ import annotations

import select
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.kvm import connections
from backends.kvm.connections import Change, Connection
from backends.kvm.host import Host
from backends.kvm.lab import octets
from backends.kvm.namespace import inside
from domain.ports import Ports
from projections.namespaces import Leg, Namespace, Route
from projections.passage import Packet, Passage, passage
from projections.plan import Bridge, HostPlan
from projections.routers import ways
from projections.translation import Door, Forward, OneToOne, Rules, Source
from projections.verdict import Probe
from tests.kernel import packets, state
from tests.kernel.fabric import one_host
from tests.kernel.guarded import one_processor
from tests.kernel.routed import listening


pytestmark = pytest.mark.kernel("bridge", "veth", "nftables")
PATIENCE_S = 10.0
IN, OUT, DMZ = LEGS = ("leg1", "leg2", "leg3")
MACS = {leg: f"06:00:00:00:00:0{number}" for number, leg in enumerate(LEGS, 1)}
NETWORKS = ("192.168.0.0/24", "fd00::/64")
OWN = ("192.168.0.1", "fd00::1")
GUESTS = ("192.168.0.3", "192.168.0.4", "fd00::3", "fd00::4")
VIPS = {"10.9.0.3": OUT, "10.9.0.4": OUT, "10.8.0.2": DMZ, "10.8.0.3": DMZ, "fd00:9::3": OUT, "fd00:9::4": OUT}
OUTSIDERS = ("10.9.0.77", "198.51.100.7", "10.8.0.50", "fd00:9::77", "2001:db8::7")
GATEWAYS = ("10.9.0.1", "10.8.0.1", "fd00:9::1")
SOURCES = tuple(Source(network, OUT, ip) for network, ip in zip(NETWORKS, ("10.9.0.2", "fd00:9::2"), strict=True))
ADDRESSES = (*GUESTS, *VIPS, *OUTSIDERS, *OWN, *(source.address for source in SOURCES))
FAR = (*OUTSIDERS, *GATEWAYS, *VIPS)
CALLERS = {IN: "192.168.0.9", OUT: "10.9.0.9"}
MAC = "02:00:00:00:00:01"
"""Of everybody but the router."""
PORTS = (53, 80, 7999, 8000, 8001, 8009, 8010)
SOURCE_PORT = 1024


def alike(one: str, other: str) -> bool:
    return (":" in one) == (":" in other)


@st.composite
def some_rules(draw: st.DrawFn) -> Rules:
    """Give rules as a plan may have them: each VIP is an EIP's, or has rules, or isn't there."""
    pairs: list[OneToOne] = []
    forwards: list[Forward] = []
    for vip, door in VIPS.items():
        guest = draw(st.sampled_from([guest for guest in GUESTS if alike(guest, vip)]))
        use = draw(st.sampled_from(["", "eip", "rules"]))
        if use == "eip" and guest not in {pair.guest for pair in pairs}:
            pairs.append(OneToOne(vip, guest, door))
        elif use == "rules":
            protocol = draw(st.sampled_from(["TCP", "UDP"]))
            outer = draw(st.sampled_from([Ports(80, 80), Ports(8000, 8009)]))
            first = draw(st.sampled_from([outer.first, 9000]))
            nets = ("", "10.9.0.64/26", "192.168.0.0/29") if ":" not in vip else ("", "fd00:9::/64")
            inner = Ports(first, first + len(outer) - 1)
            forwards.append(Forward(protocol, vip, outer, guest, inner, draw(st.sampled_from(nets)), door))
    used = {pair.vip for pair in pairs} | {forward.vip for forward in forwards}
    own = tuple(source.address for source in SOURCES)
    public = Door(
        OUT,
        0,
        (*own, *(vip for vip in VIPS if vip in used and VIPS[vip] == OUT)),
        ("10.9.0.0/24", "fd00:9::/64"),
        ("10.9.0.1", "fd00:9::1"),
    )
    dmz = Door(DMZ, 1, tuple(v for v in VIPS if v in used and VIPS[v] == DMZ), ("10.8.0.0/24",), ("10.8.0.1",))
    return Rules(
        inside=IN,
        own=OWN,
        networks=NETWORKS,
        doors=(public, dmz),
        sources=tuple(draw(st.lists(st.sampled_from(SOURCES), unique=True))),
        pairs=tuple(pairs),
        forwards=tuple(forwards),
        serves=tuple(draw(st.lists(st.just("DNS"), unique=True))),
        because=(1,),
    )


@st.composite
def some_packets(draw: st.DrawFn) -> Packet:
    dst = draw(st.sampled_from(ADDRESSES))
    src = draw(st.sampled_from([each for each in ADDRESSES if alike(each, dst) and each != dst]))
    home = IN if src in GUESTS else draw(st.sampled_from((OUT, DMZ)))
    leg = draw(st.sampled_from((home, home, home, *LEGS)))
    protocol = draw(st.sampled_from(("TCP", "TCP", "UDP", "ICMP")))
    if protocol == "ICMP":
        return Packet(leg=leg, src=src, dst=dst, protocol="ICMP", type=128 if ":" in dst else 8)
    return Packet(leg=leg, src=src, dst=dst, protocol=protocol, port=draw(st.sampled_from(PORTS)))  # type: ignore[arg-type]


def planned(rules: Rules) -> HostPlan:
    """Give a host with one router on three bridges that lead nowhere."""
    given_to = {IN: (f"{OWN[0]}/24", f"{OWN[1]}/64"), OUT: (f"{SOURCES[0].address}/24", f"{SOURCES[1].address}/64")}
    alone = {d.leg: tuple(f"{v}/{128 if ':' in v else 32}" for v in d.addresses if v in VIPS) for d in rules.doors}
    addresses = {leg: tuple(sorted((*given_to.get(leg, ()), *alone.get(leg, ())))) for leg in LEGS}
    router = Namespace(
        name="rt1",
        purpose="router",
        subject="r",
        legs=tuple(Leg(leg, f"br{leg}", MACS[leg], addresses[leg]) for leg in LEGS),
        because=(1,),
        routes=(Route("0.0.0.0/0", "10.9.0.1"), Route("::/0", "fd00:9::1")),
        ways=tuple(way for door in rules.doors if door.number for way in ways(door)),
        forwarding=True,
        rules=rules,
    )
    bridges = tuple(Bridge(f"br{leg}", leg, "", 0, (1,)) for leg in LEGS)
    return HostPlan("h", 1, bridges=bridges, namespaces=(router,))


class Bench:
    """A router with all that it is connected to in our hands."""

    def __init__(self, path: str, folder: Path) -> None:
        self.path, self.folder = path, folder
        self.room = str(folder / "netns/rt1")
        self.ears: dict[str, socket.socket] = {}
        self._sent = 0

    def load(self, rules: Rules) -> None:
        with Host(self.path, plug="veth", state=self.folder) as host:
            host.realize(planned(rules))
        self.introduce()

    def open(self, stack: ExitStack) -> None:
        with inside(self.path):
            self.ears = {leg: stack.enter_context(packets.ear(leg)) for leg in LEGS}
        stack.enter_context(listening(self.room, 53))  # or the router would refuse, and no longer know of it

    def introduce(self) -> None:
        """Tell the router of everybody that it may have to send to: a leg that was without addresses has forgotten."""
        near = {IN: (*GUESTS, CALLERS[IN]), OUT: (*FAR, CALLERS[OUT]), DMZ: [far for far in FAR if ":" not in far]}
        told = [f"neigh replace {ip} lladdr {MAC} dev {leg} nud permanent" for leg, ips in near.items() for ip in ips]
        with inside(self.room):
            subprocess.run(["ip", "-batch", "-"], input="\n".join(told), check=True, text=True)

    def sent(self, packet: Packet, *, anew: bool = True) -> Passage | None:
        """Send a packet to the router, and give what became of it by the kernel's own account and by what came out.

        It is the first one that the router knows of, unless it comes after others.
        """
        if anew:
            self.forget()
        self._send(packet)
        out = self._until_quiet(packet.leg)
        mine = [each for each in connections.listed(self.room) if (each.src, each.dst) == (packet.src, packet.dst)]
        if not mine:
            return None
        (made,) = mine
        left = [leg for leg in LEGS if any(ends(made) in frame for frame in out[leg])]
        return Passage("".join(left), made.answered_to, made.answered_by, made.answering_port)

    def forget(self) -> None:
        connections.change(self.room, (Change(each, None) for each in connections.listed(self.room)))

    def _send(self, packet: Packet) -> None:
        self._sent += 1
        probe = Probe(
            src=packet.src,
            dst=packet.dst,
            protocol=packet.protocol,
            source_port=SOURCE_PORT,
            port=packet.port,
            type=packet.type,
        )
        frame = packets.frame(probe, MAC, self._sent)
        self.ears[packet.leg].send(octets(MACS[packet.leg]) + frame[6:])

    def _until_quiet(self, leg: str) -> dict[str, list[bytes]]:
        """Ask the router for an echo after all else, and give what came out of each leg before that."""
        device = IN if leg == IN else OUT
        source, target = CALLERS[device], OWN[0] if leg == IN else SOURCES[0].address
        self._send(Packet(leg=device, src=source, dst=target, protocol="ICMP", type=8))
        last = socket.inet_aton(target) + socket.inet_aton(source)
        heard: dict[str, list[bytes]] = {each: [] for each in LEGS}
        while not any(last in frame for frame in heard[device]):
            assert select.select(list(self.ears.values()), [], [], PATIENCE_S)[0], "not even an echo comes back"
            self._hear(heard)
        self._hear(heard)
        return heard

    def _hear(self, heard: dict[str, list[bytes]]) -> None:
        """Take all that has come out of each leg."""
        for leg, ear in self.ears.items():
            with suppress(BlockingIOError):
                while True:
                    data, address = ear.recvfrom(2048, socket.MSG_DONTWAIT)
                    if address[2] != socket.PACKET_OUTGOING:
                        heard[leg].append(data)


def ends(made: Connection) -> bytes:
    """Give the addresses that a connection's first packet has when it leaves."""
    return socket.inet_pton(made.family, made.answered_to) + socket.inet_pton(made.family, made.answered_by)


@contextmanager
def bench() -> Iterator[Bench]:
    with one_processor(), one_host() as path, state.folder() as folder, ExitStack() as stack:
        found = Bench(path, folder)
        found.load(Rules(IN, OWN, NETWORKS, because=(1,), doors=(Door(OUT, 0, ("10.9.0.2", "fd00:9::2"), (), ()),)))
        found.open(stack)
        yield found


@pytest.fixture(scope="module")
def place() -> Iterator[Bench]:
    with bench() as found:
        yield found


@settings(max_examples=40, deadline=None)
@given(some_rules(), st.lists(some_packets(), min_size=1, max_size=8))
def test_a_kernel_does_with_packets_what_is_said(place: Bench, rules: Rules, sent: list[Packet]) -> None:
    place.load(rules)
    for packet in sent:
        said = passage(rules, packet)
        assert place.sent(packet) == said, (packet, msgspec.json.encode(rules))


@pytest.mark.parametrize(("leg", "src"), [(OUT, "10.9.0.77"), (IN, "192.168.0.4")])
def test_who_pings_a_vip_gets_to_its_guest_by_no_other_address(place: Bench, leg: str, src: str) -> None:
    """Two such connections are alike to the guest, and a kernel translates one of them by itself."""
    vip, guest = "10.9.0.3", "192.168.0.3"
    public = Door(OUT, 0, (SOURCES[0].address, vip), ("10.9.0.0/24",), ("10.9.0.1",))
    rules = Rules(IN, OWN, NETWORKS, (public,), SOURCES[:1], (OneToOne(vip, guest, OUT),), because=(1,))
    place.load(rules)
    led, direct = (Packet(leg=leg, src=src, dst=dst, protocol="ICMP", type=8) for dst in (vip, guest))

    assert place.sent(led) == passage(rules, led)
    assert place.sent(direct, anew=False) is None
