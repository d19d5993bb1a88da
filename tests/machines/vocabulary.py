"""What a command may be told: names of what lives at that moment, new names, and values that meet one another.

Most of it makes sense; some of it names what is not there, or says what nobody may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy, builds, just, sampled_from

from domain import cable, l3, pool, security_group
from projections.topology import Topology


T = TypeVar("T")
Words = SearchStrategy[str]


def words(text: str) -> Words:
    return sampled_from(text.split())


def many(values: SearchStrategy[T], least: int = 0, most: int = 2) -> SearchStrategy[tuple[T, ...]]:
    return st.lists(values, min_size=least, max_size=most, unique=True).map(tuple)


def rarely(values: Words) -> Words:
    """Give nothing, three times in four."""
    return st.integers(0, 3).flatmap(lambda n: just("") if n < 3 else values)


def there(look: Callable[[Topology], Iterable[T]], stranger: T) -> SearchStrategy[T]:
    """Give one of those that the machine's network has at this moment, and now and then a stranger."""
    return st.runner().flatmap(lambda machine: sampled_from([*list(look(machine.now)) * 3, stranger]))


# names


def living(kind: str) -> Words:
    return there(lambda now: sorted(name for known, name in now.objects.names if known == kind), "nobody")


def fresh(kind: str, text: str) -> Words:
    """Give a name that is not in use; when all are, one that is."""

    def look(now: Topology) -> list[str]:
        return [name for name in text.split() if (kind, name) not in now.objects.names]

    return there(look, text.split(maxsplit=1)[0])


ZONES = living("zone")
CLUSTERS = living("cluster")
HOSTS = living("host")
L2S = living("l2")
L3S = living("l3")
VMS = living("vm")
PROVIDERS = living("provider")
VIPS = living("vip")
EIPS = living("eip")
RULES = living("port-forwarding")
GROUPS = living("security-group")
SWITCHES = living("switch")


# what belongs together

Look = Callable[[Topology], Iterable[tuple[str, ...]]]


def pools(now: Topology) -> Iterable[str]:
    return [state.name for _, state in now.every(pool.VxlanPool)]


def vni_ranges(now: Topology) -> Iterable[tuple[str, str]]:
    return [(state.name, r.name) for _, state in now.every(pool.VxlanPool) for r in state.ranges]


def attachments(now: Topology) -> Iterable[tuple[str, str]]:
    networks = [(s.name, s.clusters) for _, s in now.networks()]
    pools = [(s.name, s.clusters) for _, s in now.every(pool.VxlanPool)]
    return [(name, now.name(where)) for name, clusters in networks + pools for where in clusters]


def ranges(now: Topology) -> Iterable[tuple[str, str]]:
    return [(state.name, r.name) for _, state in now.every(l3.L3Network) for r in state.ranges]


def reserved(now: Topology) -> Iterable[tuple[str, str, str]]:
    return [(state.name, r.start, r.end) for _, state in now.every(l3.L3Network) for r in state.reserved]


def resolvers(now: Topology) -> Iterable[tuple[str, str]]:
    return [(state.name, address) for _, state in now.every(l3.L3Network) for address in state.dns]


def routes(now: Topology) -> Iterable[tuple[str, str]]:
    return [
        (state.name, prefix)
        for _, state in now.every(l3.L3Network)
        for prefix in dict.fromkeys(r.prefix for r in state.host_routes)
    ]


def enjoyed(now: Topology) -> Iterable[tuple[str, str, str]]:
    """Walk (L3 network, service, provider)."""
    found = [(state.name, state.services) for _, state in now.every(l3.L3Network)]
    return [(name, service, now.name(source)) for name, services in found for service, source in services]


def nics(now: Topology) -> Iterable[tuple[str, str]]:
    """Walk (VM, L3 network)."""
    return sorted((now.name(nic.vm), now.name(nic.l3)) for nic in now.nics.all.values())


def filtered(now: Topology) -> Iterable[tuple[str, str]]:
    """Walk (security group, L3 network)."""
    return [(state.name, now.name(uuid)) for _, state in now.every(security_group.SecurityGroup) for uuid in state.l3s]


def members(now: Topology) -> Iterable[tuple[str, str, str]]:
    """Walk (security group, VM, L3 network)."""
    groups = [state for _, state in now.every(security_group.SecurityGroup)]
    return [(state.name, now.name(m.vm), now.name(m.l3)) for state in groups for m in state.members]


def rules(now: Topology) -> Iterable[tuple[str, str]]:
    """Walk (security group, rule)."""
    return [(state.name, r.rule) for _, state in now.every(security_group.SecurityGroup) for r in state.rules]


def cabled(now: Topology) -> Iterable[tuple[str]]:
    return [
        (f"{now.name(device)}:{port}",) for _, state in now.every(cable.Cable) for device, port in (state.a, state.b)
    ]


# values

INTERFACES = words("eth0 eth0 eth0 eth1 eth1 bond0 eth0.5 eth9")
PORT_SETS = sampled_from(
    [("eth0", "eth1"), ("eth0", "eth1"), ("eth0",), ("eth0", "eth1", "bond0=eth2+eth3"), ("eth0", "eth0.5"), ()]
)
VLANS = sampled_from([10, 20, 30, 5, 10, 20, 0, 4095])
VNIS = sampled_from([100, 101, 102, 103, 104, 99])
HOST_NUMBERS = words("10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.9 10.9.0.3 10.9.0.6 10.0.1.2")
ADDRESSES = HOST_NUMBERS | words("fd00::2 fd00::3 fd00::5 fd01::7 10.0.0.1 10.0.0.0 x")
PAIRS = ADDRESSES | builds("{},{}".format, ADDRESSES, ADDRESSES)
MACS = words("52:54:00:00:00:01 52:54:00:00:00:02 01:00:00:00:00:00")
TUNNELS = words("10.8.0.1 10.8.0.2 10.8.0.3 10.8.0.4 10.8.0.5 10.8.0.6 10.7.0.1")
UNDERLAYS = words("10.8.0.0/24 10.8.0.0/24 10.8.0.0/24 10.7.0.0/24")
CIDRS = words("10.0.0.0/29 10.0.1.0/29 10.9.0.0/28 10.9.0.0/29 0.0.0.0/0 fd00::/125 fd01::/126 ::/0")
GATEWAYS = words("10.0.0.1 10.0.0.1 10.0.0.4 10.9.0.1 fd00::1 fd00::4")
ADDRESS_MODES = words("SLAAC Stateful-DHCP Stateless-DHCP")
RANGES = words("low high all more")
TYPES = words("DHCP DNS SNAT EIP PortForwarding SecurityGroup HostRoute LoadBalancer")
SERVED = st.dictionaries(PROVIDERS, many(TYPES, 1, 3), min_size=1, max_size=2)
SPANS = sampled_from(["80", "80-82", "81-90", "22", 80, 443, "x"])
MODES = sampled_from(["permissive", "enforcing"])
ENDS = builds("{}:{}".format, SWITCHES, words("1 2 3 4")) | builds("{}:{}".format, HOSTS, words("eth0 eth1 eth2"))
ALLOCATORS = words("random first-available ascending")
MTUS = sampled_from([0, 0, 1500, 1400, 9000, 67])
RULE_IDS = sampled_from([f"00000000-0000-4000-8000-00000000000{n}" for n in range(4)])
WHY = words("slow missing")
