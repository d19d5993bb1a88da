"""A range of addresses of one subnet, of either family, and the rules that it keeps by itself.

They carry ZStack's numbers, R2 to R10. What ranges owe to one another is the L3 network's. An IPv6 range may hold more
addresses than can be counted: nothing here walks one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from domain import values
from domain.errors import Refusal
from domain.history import State
from domain.values import Family


AddressMode = Literal["Stateful-DHCP", "Stateless-DHCP", "SLAAC"]
SELF_MADE: frozenset[str] = frozenset({"SLAAC", "Stateless-DHCP"})
"""Modes in which a guest makes its own address out of its MAC (RFC 4862, and RFC 8415 section 6.1)."""
SELF_MADE_PREFIX = 64
PREFIXES: dict[int, range] = {4: range(1, 33), 6: range(8, 127)}
LONGEST_WITH_HOSTS: dict[int, int] = {4: 30, 6: 126}
"""A longer IPv4 prefix has no room for a gateway, a network and a broadcast address."""


class IpRange(State, frozen=True):
    name: str
    start: str
    end: str
    netmask: str
    """IPv4 only."""
    gateway: str
    network_cidr: str
    prefix_length: int
    address_mode: str
    """IPv6 only."""

    @property
    def version(self) -> Family:
        return values.family(self.start)

    @property
    def numbers(self) -> range:
        return range(values.number(self.start), values.number(self.end) + 1)

    @property
    def self_made(self) -> bool:
        return self.address_mode in SELF_MADE

    def holds(self, ip: str) -> bool:
        return values.family(ip) == self.version and values.number(ip) in self.numbers

    def overlaps(self, other: IpRange) -> bool:
        return self.version == other.version and meet(self.numbers, other.numbers)


class ReservedRange(State, frozen=True):
    """Addresses that are given to nobody."""

    start: str
    end: str

    @property
    def version(self) -> Family:
        return values.family(self.start)

    @property
    def numbers(self) -> range:
        return range(values.number(self.start), values.number(self.end) + 1)

    def holds(self, ip: str) -> bool:
        return values.family(ip) == self.version and values.number(ip) in self.numbers


def meet(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


def cut(whole: range, holes: Iterable[range]) -> Iterator[range]:
    """Walk what is left of a range between holes that are in order."""
    start = whole.start
    for hole in holes:
        if start < hole.start and start < whole.stop:
            yield range(start, min(hole.start, whole.stop))
        start = max(start, hole.stop)
    if start < whole.stop:
        yield range(start, whole.stop)


def by_ends(
    name: str, *, start: str, end: str, gateway: str, netmask: str, prefix_length: int, address_mode: str
) -> IpRange:
    """Make a range by its first and last address.

    Raises `Refusal` where a rule of the range itself is broken.
    """
    added = spelt(name, start, end, gateway, prefix=(netmask, prefix_length), address_mode=address_mode)
    require_inside(added)
    return added


def spelt(name: str, start: str, end: str, gateway: str, *, prefix: tuple[str, int], address_mode: str) -> IpRange:
    """Make a range of what was written, or of addresses that are known to fit; a prefix is a netmask or a length."""
    netmask, prefix_length = prefix
    first, last, router = values.ip(start), values.ip(end), values.ip(gateway)
    version = values.family(first)
    values.require_family(last, version)
    values.require_family(router, version)
    length = prefix_of(version, netmask, prefix_length)
    added = IpRange(
        name=values.name(name),
        start=first,
        end=last,
        netmask=values.address(values.network_mask(length)) if version == values.IPV4 else "",
        gateway=router,
        network_cidr=values.subnet_of(first, length),
        prefix_length=length,
        address_mode=mode(version, address_mode, length),
    )
    require_usable(added)
    return added


def by_cidr(name: str, *, cidr: str, gateway: str, address_mode: str) -> Iterator[IpRange]:
    """Make ranges of every usable address of a subnet. A gateway in the middle makes two, `NAME` and `NAME-2`."""
    network = values.cidr(cidr)
    version, length = values.family(network), values.prefix(network)
    if length > LONGEST_WITH_HOSTS[version]:
        raise values.invalid(f"{network} has no usable addresses: give a /{LONGEST_WITH_HOSTS[version]} or larger")
    hosts = hosts_of(network)
    router = values.ip(gateway) if gateway else values.address(hosts.start, version)
    require_gateway(router, network)
    middle = values.number(router)
    parts = (part for part in (range(hosts.start, middle), range(middle + 1, hosts.stop)) if part)
    for order, part in enumerate(parts, start=1):
        yield spelt(
            name if order == 1 else f"{name}-{order}",
            values.address(part.start, version),
            values.address(part.stop - 1, version),
            router,
            prefix=("", length),
            address_mode=address_mode,
        )


def prefix_of(version: Family, netmask: str, prefix_length: int) -> int:
    """R3: a netmask, or the length that it stands for, and not two that differ."""
    length = values.netmask(netmask) if netmask else prefix_length
    if netmask and (version == values.IPV6 or prefix_length not in {0, length}):
        raise values.invalid(f"netmask {netmask} does not fit: IPv6 has a prefix-length alone, IPv4 one of the two")
    allowed = PREFIXES[version]
    if length not in allowed:
        needed = "netmask (255.255.255.0)" if version == values.IPV4 else "prefix-length"
        raise values.invalid(f"give the {needed}: an IPv{version} prefix of {allowed[0]} to {allowed[-1]}")
    return length


def mode(version: Family, text: str, length: int) -> str:
    """Give how the guests of an IPv6 range come by their addresses; nothing for an IPv4 range."""
    if version == values.IPV4:
        if text:
            raise values.invalid("an IPv4 range has no address-mode: leave it out")
        return ""
    found = text or get_args(AddressMode)[0]
    if found not in get_args(AddressMode):
        raise values.invalid(f"{text!r} is no address mode: give one of {', '.join(get_args(AddressMode))}")
    if found in SELF_MADE and length != SELF_MADE_PREFIX:
        raise values.invalid(f"{found} needs a /{SELF_MADE_PREFIX}: guests make their addresses out of 64 bits")
    return found


def require_usable(added: IpRange) -> None:
    """R6: a range goes up. R2: it holds no multicast, reserved, loopback or link-local address."""
    numbers, router = added.numbers, values.number(added.gateway)
    if not numbers:
        raise values.invalid(f"a range goes up: {added.start} comes after {added.end}")
    for block in values.SPECIAL[added.version]:
        special = values.subnet(block)
        if router in special or meet(numbers, special):
            raise values.invalid(f"addresses of {block} have a meaning of their own (RFC 6890): give others")


def require_inside(added: IpRange) -> None:
    """R4, R5, R9 and R10: range and gateway lie in the subnet, off its ends, and apart from each other."""
    hosts, numbers = hosts_of(added.network_cidr), added.numbers
    if numbers.start not in hosts or numbers.stop - 1 not in hosts:
        raise Refusal(
            "ip-range-outside-subnet",
            f"{added.start}-{added.end} does not fit into the host addresses of {added.network_cidr}",
        )
    require_gateway(added.gateway, added.network_cidr)
    if values.number(added.gateway) in numbers:
        raise Refusal(
            "gateway-in-range",
            f"gateway {added.gateway} lies in {added.start}-{added.end}, and would be handed out",
        )


def require_gateway(gateway: str, network: str) -> None:
    if values.family(gateway) != values.family(network) or values.number(gateway) not in hosts_of(network):
        raise Refusal("gateway-outside-subnet", f"gateway {gateway} is no host address of {network}")


def hosts_of(network: str) -> range:
    """Give the host addresses of a subnet: all but its first one, which is its own name in IPv4 and any router of it in
    IPv6 (RFC 4291, 2.6.1), and in IPv4 all but the last one, which is everybody.
    """
    subnet = values.subnet(network)
    return subnet[1:-1] if values.family(network) == values.IPV4 else subnet[1:]
