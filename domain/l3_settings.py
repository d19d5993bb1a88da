"""What an L3 network is told after it is made: name, category, MTU, state, DNS servers and host routes.

None of it moves an address: ranges are `l3_ranges`'.
"""

from __future__ import annotations

from typing import cast, get_args

from domain import values
from domain.errors import Refusal, witness
from domain.l3 import (
    IPV6_MTU,
    Condition,
    Created,
    DnsAdded,
    DnsRemoved,
    HostRouteAdded,
    HostRouteRemoved,
    IpRangeAdded,
    L3Network,
    StateChanged,
    Updated,
    settings,
)


def update(
    uuid: str,
    l3: L3Network,
    *,
    name: str | None,
    category: str | None,
    dns_domain: str | None,
    mtu: int | None,
    allocator: str | None,
) -> Updated:
    """Change what is given and keep the rest."""
    if all(given is None for given in (name, category, dns_domain, mtu, allocator)):
        raise values.invalid(f"nothing to change about L3 network {l3.name}: give at least one field")
    set_to = settings(
        l3.name if name is None else name,
        category=l3.category if category is None else category,
        dns_domain=l3.dns_domain if dns_domain is None else dns_domain,
        mtu=l3.mtu if mtu is None else mtu,
        allocator=l3.allocator if allocator is None else allocator,
    )
    fact = Updated(*set_to)
    if fact == Updated(l3.name, l3.category, l3.dns_domain, l3.mtu, l3.allocator):
        told = f"L3 network {l3.name} has these values already"
        raise Refusal("wrong-state", told, witness(uuid, Updated, Created))
    if fact.category == "system":
        refuse_ipv6(uuid, l3, "a system network has none")
    if 0 < fact.mtu < IPV6_MTU:
        refuse_ipv6(uuid, l3, f"they need an MTU of {IPV6_MTU}")
    return fact


def refuse_ipv6(uuid: str, l3: L3Network, why: str) -> None:
    """Refuse to make of a network with IPv6 ranges one that can't have any."""
    seen = [witness(uuid, IpRangeAdded, name=r.name) for r in l3.ranges_of(6)]
    if seen:
        raise Refusal("conflict", f"L3 network {l3.name} has IPv6 ranges, and {why}", *seen)


def change_state(uuid: str, l3: L3Network, condition: str) -> StateChanged:
    if condition not in get_args(Condition):
        raise values.invalid(f"{condition!r} is no state: give one of {', '.join(get_args(Condition))}")
    if condition == l3.state:
        raise Refusal(
            "wrong-state",
            f"L3 network {l3.name} is {condition} already",
            witness(uuid, StateChanged, Created),
        )
    return StateChanged(cast("Condition", condition))


def add_dns(uuid: str, l3: L3Network, address: str) -> DnsAdded:
    text = values.ip(address)
    if text in l3.dns:
        because = witness(uuid, DnsAdded, address=text)
        raise Refusal("rule-exists", f"L3 network {l3.name} has DNS server {text} already", because)
    return DnsAdded(text)


def remove_dns(uuid: str, l3: L3Network, address: str) -> DnsRemoved:
    text = values.ip(address)
    if text not in l3.dns:
        known = ", ".join(l3.dns) or "none"
        because = witness(uuid, DnsRemoved, address=text)
        raise Refusal("unknown-object", f"L3 network {l3.name} has no DNS server {text}; it has {known}", because)
    return DnsRemoved(text)


def add_host_route(uuid: str, l3: L3Network, *, prefix: str, next_hop: str) -> HostRouteAdded:
    """Tell guests a way to a network: IPv4, since DHCPv6 has no option for one."""
    fact = HostRouteAdded(destination(prefix), values.ipv4(next_hop))
    if fact.prefix in {route.prefix for route in l3.host_routes}:
        because = witness(uuid, HostRouteAdded, prefix=fact.prefix)
        raise Refusal("rule-exists", f"L3 network {l3.name} has a route to {fact.prefix} already", because)
    return fact


def destination(text: str) -> str:
    """Give where a route leads: an IPv4 network, `0.0.0.0/0` for everywhere."""
    values.require_family(text, 4)
    return values.cidr(text)


def remove_host_route(uuid: str, l3: L3Network, *, prefix: str, next_hop: str) -> HostRouteRemoved:
    """Take a route away; the next hop may be left out, since a prefix has one."""
    wanted = destination(prefix)
    hop = values.ipv4(next_hop) if next_hop else ""
    for route in l3.host_routes:
        if route.prefix == wanted and hop in {"", route.next_hop}:
            return HostRouteRemoved(route.prefix, route.next_hop)
    told = f"L3 network {l3.name} has no route to {wanted}{f' by {hop}' if hop else ''}"
    raise Refusal("unknown-object", told, witness(uuid, HostRouteRemoved, prefix=wanted))
