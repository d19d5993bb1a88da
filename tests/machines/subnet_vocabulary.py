"""What commands may be told about L3 networks and VMs: what lives at that moment, and what may join it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from domain import l3, values, vm
from domain.ip_range import meet
from projections import attachment
from projections.topology import Topology
from tests.machines.vocabulary import Pairs, fresh, living, other_states


L3S = living("l3")
VMS = living("vm")
NEW_L3S = fresh("l3", "guests public inner six odd")
NEW_VMS = fresh("vm", "a b e f g k")


# L3 networks


def l3_states(now: Topology) -> Pairs:
    return other_states(((s.name, s.state) for _, s in now.every(l3.L3Network)), "enabled disabled")


def ranges(now: Topology) -> Pairs:
    return [(state.name, r.name) for _, state in now.every(l3.L3Network) for r in state.ranges]


def new_ranges(now: Topology) -> list[tuple[str, ...]]:
    """Give (L3 network, name, start, end, gateway, netmask) of IPv4 addresses beside its others."""
    found = [(state, state.ranges_of(values.IPV4)) for _, state in now.every(l3.L3Network)]
    return [
        (state.name, name, *span, home[0].gateway, home[0].netmask) if home else (state.name, name, *FIRST)
        for state, home in found
        for name in new_names(state)
        for span in (gaps(state, home[0].network_cidr) if home else [FIRST])
    ]


def new_ranges6(now: Topology) -> list[tuple[str, str, str, str, str, int, str]]:
    """Give (L3 network, name, start, end, gateway, prefix length, address mode) of IPv6 addresses beside its others."""
    found = [(state, r) for _, state in now.every(l3.L3Network) for r in state.ranges_of(values.IPV6)[:1]]
    return [
        (state.name, name, *span, r.gateway, r.prefix_length, r.address_mode)
        for state, r in found
        for name in new_names(state)
        for span in gaps(state, r.network_cidr)
    ]


def new_names(state: l3.L3Network) -> list[str]:
    """Give the first name that no range of an L3 network has."""
    return [name for name in RANGES if name not in {r.name for r in state.ranges}][:1]


def gaps(state: l3.L3Network, cidr: str) -> Iterator[tuple[str, str]]:
    """Walk (start, end) of some addresses of a subnet that no range has, near its beginning."""
    whole, version = values.subnet(cidr), values.family(cidr)
    for start, size in ((2, 2), (4, 1), (5, 2), (10, 4)):
        span = range(whole.start + start, whole.start + start + size)
        if span.stop < whole.stop and not any(meet(span, r.numbers) for r in state.ranges_of(version)):
            yield values.address(span[0], version), values.address(span[-1], version)


def new_subnets(now: Topology) -> list[tuple[str, str, str, str]]:
    """Give (L3 network without addresses of a family, name, subnet, address mode)."""
    return [
        (state.name, name, cidr, mode)
        for _, state in now.every(l3.L3Network)
        for name in new_names(state)
        for cidr, mode in SUBNETS
        if not state.ranges_of(values.family(cidr))
    ]


def reservable(now: Topology) -> list[tuple[str, str, str]]:
    """Give (L3 network, start, end) of which nothing is kept back yet."""
    found = [(s, r) for _, s in now.every(l3.L3Network) for r in s.ranges]
    return [
        (s.name, ip, ip) for s, r in found for ip in (r.start, r.end) if not any(kept.holds(ip) for kept in s.reserved)
    ]


def reserved(now: Topology) -> list[tuple[str, str, str]]:
    return [(state.name, r.start, r.end) for _, state in now.every(l3.L3Network) for r in state.reserved]


def new_resolvers(now: Topology) -> Pairs:
    known = ("8.8.8.8", "1.1.1.1", "fd00::53")
    return [(s.name, address) for _, s in now.every(l3.L3Network) for address in known if address not in s.dns]


def resolvers(now: Topology) -> Pairs:
    return [(state.name, address) for _, state in now.every(l3.L3Network) for address in state.dns]


def new_routes(now: Topology) -> Pairs:
    known = ("10.0.1.0/29", "10.9.0.0/28", "0.0.0.0/0")
    return [
        (state.name, prefix)
        for _, state in now.every(l3.L3Network)
        for prefix in known
        if prefix not in {r.prefix for r in state.host_routes}
    ]


def routes(now: Topology) -> Pairs:
    return [(state.name, r.prefix) for _, state in now.every(l3.L3Network) for r in state.host_routes]


# VMs


def ranged(now: Topology) -> list[str]:
    """Give the L3 networks that have addresses to give."""
    return [state.name for _, state in now.every(l3.L3Network) if state.ranges and state.state == "enabled"]


def usable(now: Topology) -> list[tuple[str, set[str]]]:
    """Give (L3 network with addresses, its clusters)."""
    found = [s for _, s in now.every(l3.L3Network) if s.ranges and s.state == "enabled"]
    return [(s.name, here) for s in found if (here := set(attachment.clusters_of(now.objects, s.l2)))]


def bundles(now: Topology) -> list[tuple[str, ...]]:
    """Give L3 networks that a VM can be on: none, one, or two."""
    found = usable(now)
    pairs = [(one, other) for (one, here), (other, there) in combinations(found, 2) if here & there]
    return [(), *((name,) for name, _ in found), *pairs]


def free_addresses(now: Topology) -> Pairs:
    """Give (L3 network, an address of its that most likely is free)."""
    found = [(s, r) for _, s in now.every(l3.L3Network) for r in s.ranges if s.state == "enabled"]
    return [(s.name, values.address(n, r.version)) for s, r in found for n in (*r.numbers[1:5], *r.numbers[-1:])]


def addressed(now: Topology) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    return [((name,), {name: address}) for name, address in free_addresses(now)]


def with_macs(now: Topology) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    return [((name,), {name: mac}) for name, _ in usable(now) for mac in MACS]


def stopped(now: Topology) -> list[str]:
    return [state.name for _, state in now.every(vm.Vm) if not state.host]


def running(now: Topology) -> list[str]:
    return [state.name for _, state in now.every(vm.Vm) if state.host]


def nics(now: Topology) -> Pairs:
    """Give (VM, L3 network)."""
    return sorted((now.name(nic.vm), now.name(nic.l3)) for nic in now.nics.all.values())


def pluggable(now: Topology) -> Pairs:
    """Give (VM, L3 network that it has no NIC on)."""
    has = set(nics(now))
    return [(guest, name) for guest in VMS(now) for name, _ in usable(now) if (guest, name) not in has]


def pluggable_at(now: Topology) -> list[tuple[str, str, str]]:
    known = free_addresses(now)
    return [(guest, name, address) for guest, name in pluggable(now) for l3_name, address in known if l3_name == name]


# values

MACS = ("52:54:00:00:00:01", "52:54:00:00:00:02")
SUBNETS = (
    ("10.0.0.0/29", ""),
    ("10.0.1.0/29", ""),
    ("10.9.0.0/28", ""),
    ("fd00::/125", "Stateful-DHCP"),
    ("fd01::/64", "SLAAC"),
    ("fd02::/64", "Stateless-DHCP"),
)
FIRST = ("10.0.0.4", "10.0.0.5", "10.0.0.1", "255.255.255.0")
"""A range of an L3 network that has none: start, end, gateway, netmask."""
RANGES = ("low", "high", "all", "more")
ALLOCATORS = "random first-available ascending"
