"""What becomes of a packet: whether a host's filters let it through, and which rule decided.

Says the same as the rules that a backend loads into a kernel, from the same struct, for a simulator and for whoever
compares the two. A packet is first judged where it leaves its NIC, then where it enters the other's; what a NIC in no
group receives is not judged there, nor what one sends that is on a network without groups.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal

import msgspec

from projections.filters import Filters, GuardedNic
from projections.service_entries import Filter


Protocol = Literal["TCP", "UDP", "ICMP", "ARP", "other"]
NOBODY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - the source of who has no address yet
EVERYBODY = "255.255.255.255"
DHCP_SERVER, DHCP_CLIENT, DHCP6_CLIENT, DHCP6_SERVER = 67, 68, 546, 547
LISTENER_QUERY, LISTENER_REPORT, LISTENER_DONE, LISTENER_REPORT_2 = 130, 131, 132, 143
ROUTER_SOLICIT, ROUTER_ADVERT, SOLICIT, ADVERT, REDIRECT = 133, 134, 135, 136, 137
ROUTERS_OWN = frozenset({LISTENER_QUERY, ROUTER_ADVERT, REDIRECT})
"""What a router alone may say."""
NEWCOMERS = frozenset({LISTENER_REPORT, LISTENER_DONE, ROUTER_SOLICIT, SOLICIT, LISTENER_REPORT_2})
"""What may be sent before an address is certain."""
NEIGHBOURLY = NEWCOMERS | {ADVERT}
TO_GUESTS = NEIGHBOURLY | {LISTENER_QUERY, ROUTER_ADVERT}


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A packet, as far as filters look at it."""

    source: str = ""
    """The device it comes from; nothing: from outside the host."""
    target: str = ""
    """The device it goes to; nothing: out of the host."""
    mac: str = ""
    """The sender's, in ARP what both the frame and the message say; nothing: its own."""
    src: str
    dst: str
    protocol: Protocol
    source_port: int = 0
    port: int = 0
    type: int = 0
    """Of ICMP."""
    about: str = ""
    """The address that a neighbour advertisement is about; nothing: the source."""
    established: bool = False
    """Whether it belongs to a connection that was let through."""

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.src


class Verdict(msgspec.Struct, frozen=True):
    allowed: bool
    why: str
    """The rule that decided: the NIC, or the group and what its rule says."""


def verdict(filters: Filters, probe: Probe) -> Verdict:
    """Tell a packet's fate. O(all that is filtered): for many packets ask one judge."""
    return Judge(filters).verdict(probe)


class Judge:
    """What a host filters, made ready to judge many packets."""

    def __init__(self, filters: Filters) -> None:
        self._nics = {nic.device: nic for nic in filters.nics}
        self._groups = {group.place: group for group in filters.groups}
        self._members = filters.members

    def verdict(self, probe: Probe) -> Verdict:
        """Tell a packet's fate. O(rules of the groups concerned)."""
        sender, receiver = self._nics.get(probe.source), self._nics.get(probe.target)
        leaving = self._leave(sender, probe) if sender else None
        if leaving and not leaving.allowed:
            return leaving
        entering = self._enter(receiver, probe) if receiver and receiver.groups else None
        return entering or leaving or Verdict(allowed=True, why="no group")

    def _leave(self, nic: GuardedNic, probe: Probe) -> Verdict:
        if why := spoofed(nic, probe):
            return Verdict(allowed=False, why=f"{nic.device}: {why}")
        if why := needed_to_leave(probe):
            return Verdict(allowed=True, why=f"{nic.device}: {why}")
        if probe.established:
            return Verdict(allowed=True, why=f"{nic.device}: established")
        if not nic.egress_closed:
            return Verdict(allowed=True, why=f"{nic.device}: egress is open")
        return self._by_rules(nic, "egress", probe)

    def _enter(self, nic: GuardedNic, probe: Probe) -> Verdict:
        if why := needed_to_enter(probe):
            return Verdict(allowed=True, why=f"{nic.device}: {why}")
        if probe.established:
            return Verdict(allowed=True, why=f"{nic.device}: established")
        return self._by_rules(nic, "ingress", probe)

    def _by_rules(self, nic: GuardedNic, direction: str, probe: Probe) -> Verdict:
        for group in nic.groups:
            for rule in self._groups[group, nic.bridge].rules:
                if rule.direction == direction and self._matches(rule, nic.bridge, probe):
                    return Verdict(allowed=True, why=f"group {group}: {told(rule)}")
        return Verdict(allowed=False, why=f"{nic.device}: {direction} is closed")

    def _matches(self, rule: Filter, bridge: str, probe: Probe) -> bool:
        remote = probe.src if rule.direction == "ingress" else probe.dst
        if rule.remote_group and remote not in self._members[rule.remote_group, bridge]:
            return False
        if rule.remote_cidr and ip_address(remote) not in network(rule.remote_cidr):
            return False
        return rule.protocol in {"ALL", probe.protocol} and of_ports(rule, probe)


@lru_cache(maxsize=1024)
def network(cidr: str) -> IPv4Network | IPv6Network:
    return ip_network(cidr, strict=False)


# what a NIC sends


def spoofed(nic: GuardedNic, probe: Probe) -> str:
    """Say what a NIC pretends to be and is not; nothing where it is honest."""
    if probe.mac not in {"", nic.mac}:
        return "not its MAC address"
    if probe.src in NOBODY:
        return "" if is_newcomer(probe) else "no source address"
    if probe.src not in nic.sources or (probe.protocol == "ARP" and probe.is_ipv6):
        return "not its address"
    if is_of(probe, ROUTERS_OWN):
        return "a router's message"
    if is_of(probe, frozenset({ADVERT})) and (probe.about or probe.src) not in nic.sources:
        return "not its address to advertise"
    server = DHCP6_SERVER if probe.is_ipv6 else DHCP_SERVER
    return "a DHCP server's message" if probe.protocol == "UDP" and probe.source_port == server else ""


def is_newcomer(probe: Probe) -> bool:
    """Tell whether a packet without a source address is one by which a guest gets one."""
    if probe.protocol == "ARP":
        return True
    if probe.is_ipv6:
        return is_of(probe, NEWCOMERS)
    return asks_for_lease(probe) and probe.dst == EVERYBODY


def is_of(probe: Probe, types: frozenset[int]) -> bool:
    return probe.protocol == "ICMP" and probe.is_ipv6 and probe.type in types


def asks_for_lease(probe: Probe) -> bool:
    pair = (DHCP6_CLIENT, DHCP6_SERVER) if probe.is_ipv6 else (DHCP_CLIENT, DHCP_SERVER)
    return probe.protocol == "UDP" and (probe.source_port, probe.port) == pair


def gives_lease(probe: Probe) -> bool:
    pair = (DHCP6_SERVER, DHCP6_CLIENT) if probe.is_ipv6 else (DHCP_SERVER, DHCP_CLIENT)
    return probe.protocol == "UDP" and (probe.source_port, probe.port) == pair


def needed_to_leave(probe: Probe) -> str:
    """Say why a NIC may send this whatever its groups say."""
    if probe.protocol == "ARP":
        return "ARP"
    if is_of(probe, NEIGHBOURLY):
        return "neighbour discovery"
    return "DHCP" if asks_for_lease(probe) else ""


# what a NIC receives


def needed_to_enter(probe: Probe) -> str:
    if probe.protocol == "ARP":
        return "ARP"
    if is_of(probe, TO_GUESTS):
        return "neighbour discovery"
    return "DHCP" if gives_lease(probe) else ""


# what groups say


def told(rule: Filter) -> str:
    """Say a rule in one line: `ingress TCP 80-80 10.0.0.0/8`."""
    remote = rule.remote_cidr or (f"members of {rule.remote_group}" if rule.remote_group else "anybody")
    return " ".join(filter(None, (rule.direction, rule.protocol, rule.ports, remote)))


def of_ports(rule: Filter, probe: Probe) -> bool:
    first, last = ports_of(rule)
    return not rule.ports or first <= probe.port <= last


def ports_of(rule: Filter) -> tuple[int, int]:
    """Give the first and last port of a rule that has some."""
    first, _, last = rule.ports.partition("-")
    return int(first or 0), int(last or first or 0)
