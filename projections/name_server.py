"""What a DHCP and DNS server tells: for a host's own servers and for those in routers alike.

It holds no text of any program. What it must be started anew for is apart from its book, which it reads again while
it runs: guests come and go without anybody losing an answer.
"""

from __future__ import annotations

import msgspec

from projections.digest import digest


class Subnet(msgspec.Struct, frozen=True):
    """A subnet in which DHCP or router advertisements are given."""

    cidr: str
    gateway: str
    mode: str
    """IPv6 only: how guests come by their addresses, as ranges have it."""


class Guest(msgspec.Struct, frozen=True, order=True):
    """Who gets a lease."""

    mac: str
    ips: tuple[str, ...]
    name: str
    """The VM's, as a host name; nothing where it can't be one."""
    default: bool
    """Whether it is the VM's default NIC: others are told no router and no DNS."""


class Name(msgspec.Struct, frozen=True, order=True):
    name: str
    ips: tuple[str, ...]


class Book(msgspec.Struct, frozen=True):
    """What a server reads again while it runs."""

    guests: tuple[Guest, ...] = ()
    names: tuple[Name, ...] = ()
    domain: str = ""
    """That guests are told, and in which they have names, beside their names alone."""
    resolvers: tuple[str, ...] = ()
    """The DNS servers that guests are told, in this order."""
    routes: tuple[tuple[str, str], ...] = ()
    """(prefix, next hop) that guests are told; IPv4 only, as DHCPv6 has none."""
    forwards: tuple[str, ...] = ()
    """Whom it asks for names that it doesn't know itself; refused where there is nobody."""


class Server(msgspec.Struct, frozen=True):
    leg: str
    """Where it listens."""
    subnets: tuple[Subnet, ...]
    """None where it gives no leases."""
    dns: bool
    """Whether it answers for names."""
    router: bool
    """Whether it is the guests' router too, and advertises itself as such by IPv6."""
    mtu: int
    """That guests are told; 0 for none."""
    book: Book

    @property
    def settings(self) -> str:
        """Give the digest of what it must be started anew for."""
        return digest(msgspec.structs.replace(self, book=Book()))

    @property
    def entries(self) -> str:
        """Give the digest of what it reads again."""
        return digest(self.book)
