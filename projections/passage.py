"""What becomes of a packet that comes to a virtual router: where it leaves and as what, or that it is dropped.

Says the same as the rules that a backend loads into a kernel, from the same struct, for a simulator and for whoever
compares the two. It is about packets that open a connection: answers go back the way that they came. A source port may
be another one outside, where two guests have the same; ARP and neighbour discovery are nobody's business here.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import msgspec

from domain import provider_types, values
from projections.translation import Door, OneToOne, Rules
from projections.verdict import DHCP6_SERVER, DHCP_SERVER, EVERYBODY, Protocol


ECHO = frozenset({8, 128})
"""What asks for an echo, of either family."""
DNS = 53
SERVED = {
    (provider_types.DHCP, "UDP", DHCP_SERVER),
    (provider_types.DHCP, "UDP", DHCP6_SERVER),
    (provider_types.DNS, "UDP", DNS),
    (provider_types.DNS, "TCP", DNS),
}
"""By which ports a router is asked for a service."""


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    leg: str
    """By which it comes."""
    src: str
    dst: str
    protocol: Protocol
    port: int = 0
    """Where it goes; its own is nobody's business."""
    type: int = 0
    """Of ICMP."""


class Passage(msgspec.Struct, frozen=True):
    leg: str
    """By which it leaves; nothing where it is for the router itself."""
    src: str
    dst: str
    port: int


def passage(rules: Rules, packet: Packet) -> Passage | None:
    """Tell how a packet passes; nothing when it is dropped. O(what leads in)."""
    if packet.src in rules.addresses or not is_heard(rules, packet) or not is_honest(rules, packet):
        return None
    aim = target(rules, packet)
    if aim is None:
        return to_router(rules, packet)
    guest, port = aim
    if within(guest, rules.networks):
        return to_guest(rules, packet, guest, port)
    return outward(rules, packet)


def is_heard(rules: Rules, packet: Packet) -> bool:
    """Tell whether a leg speaks a packet's family: with an address of it alone."""
    by_leg = {rules.inside: rules.own} | {door.leg: door.addresses for door in rules.doors}
    return any(values.family(ip) == values.family(packet.src) for ip in by_leg.get(packet.leg, ()))


def is_honest(rules: Rules, packet: Packet) -> bool:
    """Tell whether a packet comes from where its source is: from inside what is inside, and nothing else."""
    return within(packet.src, rules.networks) == (packet.leg == rules.inside)


def target(rules: Rules, packet: Packet) -> tuple[str, int] | None:
    """Give where a packet goes; nothing where it goes to the router."""
    for pair in rules.pairs:
        if packet.dst == pair.vip and packet.leg in {pair.door, rules.inside}:
            return pair.guest, packet.port
    for one in rules.forwards:
        if (
            packet.dst == one.vip
            and packet.protocol == one.protocol
            and one.ports.first <= packet.port <= one.ports.last
            and packet.leg in {one.door, rules.inside}
            and (not one.allowed or within(packet.src, (one.allowed,)))
        ):
            return one.guest, one.counterpart(packet.port)
    return None if packet.dst in rules.addresses or packet.dst == EVERYBODY else (packet.dst, packet.port)


def to_router(rules: Rules, packet: Packet) -> Passage | None:
    asked = (packet.protocol, packet.port)
    served = {(protocol, port) for service, protocol, port in SERVED if service in rules.serves}
    known = packet.leg == rules.inside or packet.dst not in rules.own
    echo = known and packet.protocol == "ICMP" and packet.type in ECHO
    if echo or (packet.leg == rules.inside and asked in served):
        return Passage("", packet.src, packet.dst, packet.port)
    return None


def to_guest(rules: Rules, packet: Packet, guest: str, port: int) -> Passage | None:
    """Let in what was translated; what comes from inside gets its VIP or the router's own address for its source, or no
    answer came back.
    """
    if guest == packet.dst:
        return None
    pair = pair_of(rules, packet.src)
    known = pair.vip if pair else rules.own_like(packet.src)
    src = known if packet.leg == rules.inside else packet.src
    return Passage(rules.inside, src, guest, port) if src else None


def outward(rules: Rules, packet: Packet) -> Passage | None:
    pair = pair_of(rules, packet.src)
    door = next((d for d in rules.doors if (d.leg == pair.door if pair else not d.number)), None)
    if packet.leg != rules.inside or door is None or not leads(door, packet.dst):
        return None
    source = pair.vip if pair else source_of(rules, door, packet.src)
    return Passage(door.leg, source, packet.dst, packet.port) if source else None


def pair_of(rules: Rules, guest: str) -> OneToOne | None:
    """Give a guest's VIP that is not inside."""
    return next((pair for pair in rules.pairs if pair.guest == guest and pair.door != rules.inside), None)


def leads(door: Door, ip: str) -> bool:
    version = values.family(ip)
    return within(ip, door.networks) or any(values.family(gateway) == version for gateway in door.gateways)


def source_of(rules: Rules, door: Door, src: str) -> str:
    found = (s.address for s in rules.sources if s.door == door.leg and within(src, (s.network,)))
    return next(found, "")


def within(ip: str, networks: Iterable[str]) -> bool:
    return any(ip_address(ip) in network(cidr) for cidr in networks)


@lru_cache(maxsize=1024)
def network(cidr: str) -> IPv4Network | IPv6Network:
    return ip_network(cidr, strict=False)
