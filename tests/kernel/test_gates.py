"""Who hears what across a gate, frame by frame: a leg, a NIC with an EIP of each family, one without, wire and host."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from backends.kvm import fences
from backends.kvm.lab import octets
from backends.kvm.namespace import inside
from projections.namespaces import Gate
from projections.verdict import ADVERT, REDIRECT, ROUTER_ADVERT, SOLICIT, Probe
from tests.kernel import packets
from tests.kernel.fabric import ip, one_host
from tests.kernel.guarded import one_processor


pytestmark = pytest.mark.kernel("bridge", "veth", "nftables")
PATIENCE_S = 10.0
LEG, FOUR, SIX, PLAIN, WIRE, HOST = ENDS = ("leg1", "nic4", "nic6", "nic0", "out1", "br1")
GATEWAY, GATEWAY6 = "192.168.0.1", "fd00::1"
OTHER, OTHER6 = "192.168.0.9", "fd00::9"
MACS = {end: f"02:00:00:00:00:0{number}" for number, end in enumerate(ENDS, 1)}
GATE = Gate(LEG, HOST, MACS[LEG], ((FOUR, GATEWAY), (SIX, GATEWAY6)), ("192.168.0.0/24", "fd00::/64"))


def arp(src: str, dst: str) -> Probe:
    return Probe(src=src, dst=dst, protocol="ARP")


def icmp6(kind: int, src: str, about: str = "") -> Probe:
    return Probe(src=src, dst="ff02::1", protocol="ICMP", type=kind, about=about)


WORDS = {
    "asks for the gateway": arp(OTHER, GATEWAY),
    "is the gateway": arp(GATEWAY, OTHER),
    "asks for another": arp(OTHER, "192.168.0.8"),
    "sends a datagram": Probe(src=OTHER, dst="192.168.0.255", protocol="UDP", source_port=9, port=9),
    "asks for the gateway by IPv6": icmp6(SOLICIT, OTHER6, GATEWAY6),
    "is the gateway by IPv6": icmp6(ADVERT, OTHER6, GATEWAY6),
    "asks as the gateway by IPv6": icmp6(SOLICIT, GATEWAY6, OTHER6),
    "asks for another by IPv6": icmp6(SOLICIT, OTHER6, "fd00::8"),
    "advertises itself": icmp6(ROUTER_ADVERT, "fe80::9"),
    "redirects": icmp6(REDIRECT, "fe80::9"),
    "sends a datagram away": Probe(src=OTHER, dst="198.51.100.7", protocol="UDP", source_port=9, port=9),
    "sends a datagram away by IPv6": Probe(src=OTHER6, dst="2001:db8::7", protocol="UDP", source_port=9, port=9),
    "sends a datagram by IPv6": Probe(src=OTHER6, dst="ff02::1", protocol="UDP", source_port=9, port=9),
}
ASKING = {FOUR: {"asks for the gateway"}, SIX: {"asks for the gateway by IPv6"}}
"""What nobody hears but the leg."""
CLAIMING = {
    FOUR: {"is the gateway"},
    SIX: {
        *("asks for the gateway by IPv6", "is the gateway by IPv6", "asks as the gateway by IPv6"),
        *("advertises itself", "redirects"),
    },
}
"""What nobody is heard to say but the leg."""


def is_heard(word: str, source: str, target: str) -> bool:
    """Tell whether a gate lets somebody hear what another says to all."""
    six = ":" in WORDS[word].src
    if LEG in {source, target}:
        other = target if source == LEG else source
        return other == (SIX if six else FOUR)
    if (word, source) == ("sends a datagram away by IPv6", SIX):
        return False  # it is led to the leg, wherever it was to go
    return word not in ASKING.get(source, ()) and word not in CLAIMING.get(target, ())


class Bench:
    """The far ends of a bridge's ports, and the host's own."""

    def __init__(self, path: str, stack: ExitStack) -> None:
        with inside(path):
            self._ears = {end: stack.enter_context(packets.ear(far(end))) for end in ENDS}
        self._sent = 0

    def hearing(self, word: str, source: str, mac: str = "", to: bytes = packets.EVERYONE) -> set[str]:
        """Say something, to all if to nobody else, and give who hears it."""
        said = self._say(WORDS[word], source, mac, to)
        last = {
            **dict.fromkeys(ENDS, self._say(WORDS["asks for another by IPv6"], PLAIN)),
            LEG: self._say(WORDS["asks for another"], FOUR),
            PLAIN: self._say(WORDS["asks for another"], WIRE),
        }
        heard = {end: [frame[6:] for frame in self._heard(end, last[end])] for end in ENDS if end != source}
        return {end for end, frames in heard.items() if said[6:] in frames}

    def _say(self, probe: Probe, source: str, mac: str = "", to: bytes = packets.EVERYONE) -> bytes:
        self._sent += 1
        frame = to + packets.frame(probe, mac or MACS[source], self._sent)[len(to) :]
        self._ears[source].send(frame)
        return frame

    def _heard(self, end: str, last: bytes) -> list[bytes]:
        """Give what somebody has heard up to a last frame, that he hears whatever is gated."""
        frames: list[bytes] = []
        while last not in frames:
            assert select.select([self._ears[end]], [], [], PATIENCE_S)[0], f"{end} does not hear the last of it"
            frame, address = self._ears[end].recvfrom(2048)
            if address[2] != socket.PACKET_OUTGOING:
                frames.append(frame)
        return frames


def far(end: str) -> str:
    return end if end == HOST else f"p{end}"


@contextmanager
def bench(gate: Gate) -> Iterator[Bench]:
    with one_processor(), one_host() as path, ExitStack() as stack:
        fences.load(path, (), (gate,))
        ip(path, f"link add {HOST} type bridge")
        for end in ENDS[:-1]:
            ip(path, f"link add {end} master {HOST} type veth peer name {far(end)}")
        for device in {*ENDS, *map(far, ENDS)}:
            ip(path, f"link set {device} up")
        yield Bench(path, stack)


@pytest.fixture(scope="module")
def place() -> Iterator[Bench]:
    with bench(GATE) as found:
        yield found


@pytest.mark.parametrize("source", ENDS)
@pytest.mark.parametrize("word", WORDS)
def test_a_leg_and_its_nics_hear_each_other_and_nobody_else_about_the_gateway(
    place: Bench, word: str, source: str
) -> None:
    heard = place.hearing(word, source)
    assert heard == {end for end in ENDS if end != source and is_heard(word, source, end)}


@pytest.mark.parametrize("source", [end for end in ENDS if end not in {LEG, HOST}])
def test_nobody_has_the_legs_hardware_address_but_the_leg(place: Bench, source: str) -> None:
    assert place.hearing("sends a datagram", source, MACS[LEG]) == set()


def test_what_is_for_the_leg_goes_nowhere_else_even_when_nobody_knows_where_it_is() -> None:
    with bench(GATE) as place:
        assert place.hearing("sends a datagram", FOUR, to=octets(MACS[LEG])) == {LEG}
        assert place.hearing("sends a datagram", SIX, to=octets(MACS[LEG])) == set()
        assert place.hearing("sends a datagram", PLAIN, to=octets(MACS[LEG])) == set()


def test_what_leaves_the_network_by_ipv6_is_led_to_the_leg_and_nothing_else_is(place: Bench) -> None:
    wire = octets(MACS[WIRE])
    for source, word, heard in (
        (SIX, "sends a datagram away by IPv6", {LEG}),
        (SIX, "sends a datagram by IPv6", {WIRE}),
        (SIX, "sends a datagram away", {WIRE}),
        (PLAIN, "sends a datagram away by IPv6", {WIRE}),
        (FOUR, "sends a datagram away", {WIRE}),
    ):
        place.hearing("asks for another", WIRE)  # by which it is known where he is
        assert place.hearing(word, source, to=wire) == heard, (source, word)
