"""The DHCP and DNS servers of networks that are served in the hosts: a namespace an L3 network, on each host with NICs
on it.

The server has the same addresses on every host, taken from the network's own, so it is fenced in: it speaks to the
guests of its host and to nobody else. What a virtual router serves is the router's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain import l3, provider, provider_types
from projections import serving
from projections.digest import named
from projections.namespaces import Fence, Leg, Namespace, leg_mac, leg_name
from projections.relations import related
from projections.service_entries import DhcpServer, DnsServer, Services
from projections.topology import Topology


def namespaces(topology: Topology, services: Services, mtus: dict[str, int]) -> Iterator[Namespace]:
    """Walk the servers' namespaces of a host. The MTUs are those of its bridges."""
    dhcp = {entry.l3: entry for entry in services.dhcp if is_flat(topology, entry.l3, provider_types.DHCP)}
    dns = {entry.l3: entry for entry in services.dns if is_flat(topology, entry.l3, provider_types.DNS)}
    for subnet, entry in sorted(dhcp.items()):
        if entry.addresses and entry.networks:
            yield namespace(topology, entry, dns.get(subnet), mtus.get(entry.bridge, 0))


def is_flat(topology: Topology, subnet: str, service: str) -> bool:
    source = topology.state(subnet, l3.L3Network).provider_of(service)
    return bool(source) and topology.state(source, provider.Provider).runs == "hosts"


def namespace(topology: Topology, dhcp: DhcpServer, dns: DnsServer | None, mtu: int) -> Namespace:
    name = named("dhcp-", dhcp.l3)
    device = leg_name(name, dhcp.l3)
    addresses = tuple(sorted(serving.with_prefix(ip, dhcp.networks) for ip in dhcp.addresses))
    taken = related(topology.services.taken, dhcp.l3)
    services = (provider_types.DHCP, provider_types.DNS) if dns else (provider_types.DHCP,)
    return Namespace(
        name=name,
        purpose="dhcp",
        subject=dhcp.l3,
        legs=(Leg(device, dhcp.bridge, leg_mac(name, dhcp.l3), addresses, mtu),),
        because=tuple(sorted({taken[service] for service in services})),
        server=serving.server(device, dhcp=dhcp, dns=dns, router=False),
    )


def fences(made: Iterable[Namespace], outside: dict[str, tuple[str, ...]]) -> Iterator[Fence]:
    """Walk what keeps servers to their host. The ports that lead off the host are given by bridge."""
    for each in made:
        for leg in each.legs if each.purpose == "dhcp" else ():
            own = tuple(cidr.partition("/")[0] for cidr in leg.addresses)
            yield Fence(leg.device, leg.bridge, outside.get(leg.bridge, ()), own)
