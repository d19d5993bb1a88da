"""What a DHCP and DNS server is to tell, out of a network's entries: a host's own server and a router's alike.

Names of VMs are anything; only what can be a label of a host name is given to a guest or resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from domain import values
from projections.name_server import Book, Guest, Name, Server, Subnet
from projections.service_entries import DhcpServer, DnsServer, Lease


LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
"""One label of a host name (RFC 1123)."""


def server(leg: str, *, dhcp: DhcpServer | None, dns: DnsServer | None, router: bool) -> Server:
    """Put together what a server tells. A router's asks whom the network names; another one, who is on its subnets."""
    return Server(
        leg=leg,
        subnets=tuple(subnets(dhcp)) if dhcp else (),
        dns=dns is not None,
        router=router,
        mtu=dhcp.mtu if dhcp else 0,
        book=book(dhcp, dns, router=router),
    )


def book(dhcp: DhcpServer | None, dns: DnsServer | None, *, router: bool) -> Book:
    told = Book()
    if dhcp:
        told = Book(
            guests=tuple(sorted(guest(lease) for lease in dhcp.leases)),
            domain=dhcp.domain,
            resolvers=tuple(dict.fromkeys((*dhcp.dns, *(dhcp.addresses if dns else ())))),
            routes=tuple(route for route in dhcp.routes if values.family(route[0]) == values.IPV4),
        )
    if dns:
        known = msgspec.structs.replace(told, domain=dns.domain, names=tuple(sorted(names(dns))))
        asked = (ip for ip in dns.forwards if ip not in dns.addresses and (router or within(ip, dns.networks)))
        return msgspec.structs.replace(known, forwards=tuple(asked))
    return told


def subnets(dhcp: DhcpServer) -> Iterator[Subnet]:
    """Walk the subnets of a network: one of each family at most, each with one gateway."""
    gateways = {values.family(gateway): gateway for gateway in dhcp.gateways}
    for cidr in dhcp.networks:
        version = values.family(cidr)
        yield Subnet(cidr, gateways.get(version, ""), dhcp.address_mode if version == values.IPV6 else "")


def guest(lease: Lease) -> Guest:
    return Guest(lease.mac, lease.ips, label(lease.name), lease.default)


def names(dns: DnsServer) -> Iterator[Name]:
    """Walk the names of guests, each with all its addresses."""
    found: dict[str, list[str]] = {}
    for name, ips in dns.names:
        if name := label(name):
            found.setdefault(name.lower(), []).extend(ips)
    return (Name(name, tuple(ips)) for name, ips in found.items())


def label(name: str) -> str:
    """Give a VM's name where it can be a host's; nothing otherwise."""
    return name if LABEL.fullmatch(name) else ""


def within(ip: str, networks: Iterable[str]) -> bool:
    return any(values.number(ip) in values.subnet(n) for n in networks if values.family(n) == values.family(ip))


def with_prefix(ip: str, networks: Iterable[str]) -> str:
    """Write an address with the length of the subnet that it lies in."""
    home = next(network for network in networks if within(ip, [network]))
    return f"{ip}/{values.prefix(home)}"
