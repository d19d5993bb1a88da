"""An L3 network is a subnet on one L2 network, for good. It owns its IP ranges, in order, and how addresses are
chosen.

It does not hold the addresses that are in use: each is a claim, so that an L3 network stays small at any fill.
What a range keeps by itself is `ip_range`'s, what ranges owe to one another is `l3_ranges`'.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, cast, get_args

import msgspec

from domain import ip_range, values
from domain.errors import Refusal, witness
from domain.history import Fact, State
from domain.ip_range import IpRange, ReservedRange
from domain.values import Family


Category = Literal["private", "public", "system"]
Allocator = Literal["random", "first-available", "ascending"]
Condition = Literal["enabled", "disabled"]
MTUS = range(68, 9217)
IPV6_MTU = 1280
"""The least that a link must carry (RFC 8200, section 5): with less, a kernel has no IPv6 on it."""


# facts


class Created(Fact, frozen=True, tag="l3.created"):
    name: str
    l2: str
    category: str
    dns_domain: str
    mtu: int
    """0 where the L2 network's own is meant."""
    allocator: Allocator


class IpRangeAdded(Fact, frozen=True, tag="l3.ip-range-added"):
    name: str
    start: str
    end: str
    netmask: str
    gateway: str
    network_cidr: str
    prefix_length: int
    address_mode: str
    """IPv6 only: how guests come by their addresses."""


class IpRangeDeleted(Fact, frozen=True, tag="l3.ip-range-deleted"):
    name: str
    start: str
    end: str


class ReservedIpRangeAdded(Fact, frozen=True, tag="l3.reserved-ip-range-added"):
    """These addresses are given to nobody from now on; who has one keeps it."""

    start: str
    end: str


class ReservedIpRangeDeleted(Fact, frozen=True, tag="l3.reserved-ip-range-deleted"):
    start: str
    end: str


class Updated(Fact, frozen=True, tag="l3.updated"):
    """All that may be changed, changed or not."""

    name: str
    category: str
    dns_domain: str
    mtu: int
    allocator: Allocator


class StateChanged(Fact, frozen=True, tag="l3.state-changed"):
    state: Condition


class DnsAdded(Fact, frozen=True, tag="l3.dns-added"):
    address: str


class DnsRemoved(Fact, frozen=True, tag="l3.dns-removed"):
    address: str


class HostRouteAdded(Fact, frozen=True, tag="l3.host-route-added"):
    prefix: str
    next_hop: str


class HostRouteRemoved(Fact, frozen=True, tag="l3.host-route-removed"):
    prefix: str
    next_hop: str


class Deleted(Fact, frozen=True, tag="l3.deleted"):
    pass


class ServiceAttached(Fact, frozen=True, tag="l3.service-attached"):
    service: str
    provider: str


class ServiceDetached(Fact, frozen=True, tag="l3.service-detached"):
    service: str


class ServiceProviderChanged(Fact, frozen=True, tag="l3.service-provider-changed"):
    """The service goes on without a gap, at another provider."""

    service: str
    provider: str


class DhcpServerAddressAssigned(Fact, frozen=True, tag="l3.dhcp-server-address-assigned"):
    """The DHCP server of every host has this one of the network's own addresses."""

    ip: str
    version: int


class DhcpServerAddressReleased(Fact, frozen=True, tag="l3.dhcp-server-address-released"):
    ip: str
    version: int


SERVICE_FACTS = (
    ServiceAttached,
    ServiceDetached,
    ServiceProviderChanged,
    DhcpServerAddressAssigned,
    DhcpServerAddressReleased,
)
FACTS = (
    Created,
    IpRangeAdded,
    IpRangeDeleted,
    ReservedIpRangeAdded,
    ReservedIpRangeDeleted,
    Updated,
    StateChanged,
    DnsAdded,
    DnsRemoved,
    HostRouteAdded,
    HostRouteRemoved,
    Deleted,
    *SERVICE_FACTS,
)


# state


class HostRoute(State, frozen=True):
    prefix: str
    next_hop: str


class L3Network(State, frozen=True):
    name: str
    l2: str
    category: str
    dns_domain: str
    mtu: int
    allocator: Allocator
    state: Condition
    ranges: tuple[IpRange, ...]
    """In order of their first address, those of IPv4 first."""
    reserved: tuple[ReservedRange, ...]
    dns: tuple[str, ...]
    """In order of addition: guests ask the first one first."""
    host_routes: tuple[HostRoute, ...]
    services: tuple[tuple[str, str], ...]
    """(service, provider), in order of attachment."""
    dhcp_servers: tuple[tuple[int, str], ...]
    """(IP version, address) of the DHCP servers that have an address of the network's own."""

    def provider_of(self, service: str) -> str:
        """Give the provider that a service is taken from, or nothing."""
        return dict(self.services).get(service, "")

    @property
    def versions(self) -> tuple[Family, ...]:
        """Give the families that a NIC gets an address of each of: those with a range."""
        return tuple(dict.fromkeys(r.version for r in self.ranges))

    def ranges_of(self, version: Family) -> tuple[IpRange, ...]:
        return tuple(r for r in self.ranges if r.version == version)

    @property
    def self_made(self) -> str:
        """Give the IPv6 subnet in which guests make their own addresses, or nothing."""
        return next((r.network_cidr for r in self.ranges if r.self_made), "")

    def holds(self, ip: str) -> bool:
        return any(r.holds(ip) for r in self.ranges)

    def serves(self, ip: str) -> bool:
        """Tell whether a NIC may have an address: out of a range, or made by itself in the subnet of one."""
        home = self.self_made
        return self.holds(ip) or (
            bool(home) and values.family(ip) == values.family(home) and values.number(ip) in values.subnet(home)
        )

    def open_parts(self, one: IpRange) -> Iterator[range]:
        """Walk what is left of a range between the reserved ones."""
        kept = sorted((k.numbers for k in self.reserved if k.version == one.version), key=lambda r: r.start)
        return ip_range.cut(one.numbers, kept)


# evolve


def evolve(state: L3Network | None, fact: Fact) -> L3Network | None:
    match fact:
        case Created():
            return begun(fact)
        case Updated() if state:
            return msgspec.structs.replace(state, **msgspec.structs.asdict(fact))
        case StateChanged(state=condition) if state:
            return msgspec.structs.replace(state, state=condition)
        case IpRangeAdded() | IpRangeDeleted() | ReservedIpRangeAdded() | ReservedIpRangeDeleted() if state:
            return range_over(state, fact)
        case DnsAdded() | DnsRemoved() | HostRouteAdded() | HostRouteRemoved() if state:
            return tell(state, fact)
        case Deleted():
            return None
        case (
            ServiceAttached()
            | ServiceDetached()
            | ServiceProviderChanged()
            | DhcpServerAddressAssigned()
            | DhcpServerAddressReleased()
        ) if state:
            return serve(state, fact)
        case _:
            raise TypeError(fact)


def begun(fact: Created) -> L3Network:
    return L3Network(
        **msgspec.structs.asdict(fact),
        state="enabled",
        ranges=(),
        reserved=(),
        dns=(),
        host_routes=(),
        services=(),
        dhcp_servers=(),
    )


def range_over(state: L3Network, fact: Fact) -> L3Network:
    """Fold a fact about ranges."""
    match fact:
        case IpRangeAdded():
            ordered = sorted((*state.ranges, as_range(fact)), key=lambda r: (r.version, r.numbers.start))
            return msgspec.structs.replace(state, ranges=tuple(ordered))
        case IpRangeDeleted(name=name):
            return msgspec.structs.replace(state, ranges=tuple(r for r in state.ranges if r.name != name))
        case ReservedIpRangeAdded(start=start, end=end):
            return msgspec.structs.replace(state, reserved=(*state.reserved, ReservedRange(start, end)))
        case ReservedIpRangeDeleted(start=start, end=end):
            left = tuple(r for r in state.reserved if r != ReservedRange(start, end))
            return msgspec.structs.replace(state, reserved=left)
        case _:
            raise TypeError(fact)


def tell(state: L3Network, fact: Fact) -> L3Network:
    """Fold a fact about what guests are told: DNS servers and routes."""
    match fact:
        case DnsAdded(address=address):
            return msgspec.structs.replace(state, dns=(*state.dns, address))
        case DnsRemoved(address=address):
            return msgspec.structs.replace(state, dns=tuple(a for a in state.dns if a != address))
        case HostRouteAdded(prefix=prefix, next_hop=hop):
            return msgspec.structs.replace(state, host_routes=(*state.host_routes, HostRoute(prefix, hop)))
        case HostRouteRemoved(prefix=prefix):
            left = tuple(route for route in state.host_routes if route.prefix != prefix)
            return msgspec.structs.replace(state, host_routes=left)
        case _:
            raise TypeError(fact)


def serve(state: L3Network, fact: Fact) -> L3Network:
    """Fold a fact about services."""
    match fact:
        case ServiceAttached(service=service, provider=provider):
            return msgspec.structs.replace(state, services=(*state.services, (service, provider)))
        case ServiceDetached(service=service):
            return msgspec.structs.replace(state, services=tuple(s for s in state.services if s[0] != service))
        case ServiceProviderChanged(service=service, provider=provider):
            changed = tuple((s, provider if s == service else p) for s, p in state.services)
            return msgspec.structs.replace(state, services=changed)
        case DhcpServerAddressAssigned(ip=ip, version=version):
            return msgspec.structs.replace(state, dhcp_servers=tuple(sorted((*state.dhcp_servers, (version, ip)))))
        case DhcpServerAddressReleased(version=version):
            return msgspec.structs.replace(state, dhcp_servers=tuple(s for s in state.dhcp_servers if s[0] != version))
        case _:
            raise TypeError(fact)


def as_range(fact: IpRangeAdded) -> IpRange:
    return IpRange(**msgspec.structs.asdict(fact))


# decisions


def create(name: str, *, l2: str, category: str, dns_domain: str, mtu: int, allocator: str) -> Created:
    set_to = settings(name, category=category, dns_domain=dns_domain, mtu=mtu, allocator=allocator)
    return Created(l2=l2, **set_to._asdict())


class Settings(NamedTuple):
    """What an L3 network is made with, and may be told anew."""

    name: str
    category: Category
    dns_domain: str
    mtu: int
    allocator: Allocator


def settings(name: str, *, category: str, dns_domain: str, mtu: int, allocator: str) -> Settings:
    """Check what an L3 network is told about itself."""
    if category not in get_args(Category):
        raise values.invalid(f"{category!r} is no category: give one of {', '.join(get_args(Category))}")
    if allocator not in get_args(Allocator):
        raise values.invalid(f"{allocator!r} is no allocator: give one of {', '.join(get_args(Allocator))}")
    if mtu and mtu not in MTUS:
        raise values.invalid(f"{mtu} is no MTU: give {MTUS[0]} to {MTUS[-1]}")
    domain = values.domain(dns_domain) if dns_domain else ""
    return Settings(values.name(name), cast("Category", category), domain, mtu, cast("Allocator", allocator))


def require_open(uuid: str, l3: L3Network) -> None:
    """Refuse an L3 network on which no NIC may be put: disabled, the system's own, or without any address."""
    if l3.state == "disabled":
        because = witness(uuid, StateChanged, state="disabled")
        raise Refusal("l3-disabled", f"L3 network {l3.name} is disabled: enable it first, or take another", because)
    if l3.category == "system":
        because = witness(uuid, Updated, Created, category="system")
        raise Refusal("invalid-argument", f"L3 network {l3.name} is a system network: no user's VM is on it", because)
    require_ranges(uuid, l3)


def require_ranges(uuid: str, l3: L3Network) -> None:
    """Refuse an L3 network that could give nobody an address."""
    if not l3.ranges:
        told = f"L3 network {l3.name} has no IP range: add one first"
        raise Refusal("ip-exhausted", told, witness(uuid, Created, IpRangeDeleted))
