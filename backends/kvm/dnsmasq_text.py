"""What dnsmasq is told, as text of its files. Pure: it writes none of them.

`conf` is read when it starts; `hosts`, `names`, `options` and `forwards` again whenever it is told to. A NIC that isn't
its VM's default one has the tag `other`, by which it is told no router and no DNS server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

from projections.name_server import Book, Guest, Server, Subnet


OTHER = "other"
RA_INTERVAL_S = 60
RANGES = {
    "": "static,{netmask}",
    "Stateful-DHCP": "static,{length}",
    "Stateless-DHCP": "ra-stateless,{length}",
    "SLAAC": "ra-only,{length}",
}
"""By address mode: leases for who is known alone, or a prefix that guests make addresses in."""


def conf(server: Server, folder: Path, user: str) -> Iterator[str]:
    """Write what is read when it starts."""
    yield from (
        "no-resolv",
        "no-hosts",
        "no-poll",
        f"user={user}",
        f"pid-file={folder / 'pid'}",
        f"interface={server.leg}",
        "except-interface=lo",
        "bind-interfaces",
        f"addn-hosts={folder / 'names'}",
        f"servers-file={folder / 'forwards'}",
        "domain-needed",
        "bogus-priv",
        "local-ttl=60",
    )
    if not server.dns:
        yield "port=0"
    if server.subnets:
        yield from leases(server, folder)


def leases(server: Server, folder: Path) -> Iterator[str]:
    yield from (
        "dhcp-authoritative",
        "dhcp-ignore=tag:!known",
        "dhcp-ignore-names",
        "dhcp-lease-max=65535",
        "no-ping",
        f"dhcp-hostsfile={folder / 'hosts'}",
        f"dhcp-optsfile={folder / 'options'}",
        f"dhcp-leasefile={folder / 'leases'}",
    )
    yield from (dhcp_range(subnet) for subnet in server.subnets)
    if any(subnet.mode for subnet in server.subnets):
        yield "enable-ra"
        yield advertisement(server)


def dhcp_range(subnet: Subnet) -> str:
    network = ip_network(subnet.cidr)
    how = RANGES[subnet.mode].format(netmask=network.netmask, length=network.prefixlen)
    return f"dhcp-range={network.network_address},{how},infinite"


def advertisement(server: Server) -> str:
    """Write how a server advertises itself: as nobody's router, unless it is one."""
    words = [server.leg, *([f"mtu:{server.mtu}"] if server.mtu else []), str(RA_INTERVAL_S)]
    return f"ra-param={','.join(words if server.router else [*words, '0'])}"


# read again


def hosts(guests: Iterable[Guest]) -> Iterator[str]:
    """Write who gets which lease: `52:54:00:00:00:01,192.168.0.11,[fd00::11],web,infinite`."""
    for guest in guests:
        addresses = (f"[{ip}]" if ":" in ip else ip for ip in guest.ips)
        tag = () if guest.default else (f"set:{OTHER}",)
        name = (guest.name,) if guest.name else ()
        yield ",".join((guest.mac, *tag, *addresses, *name, "infinite"))


def owners(lines: Iterable[str]) -> dict[str, str]:
    """Read back whose each address is, by MAC address."""
    told = (line.split(",") for line in lines if not line.startswith("#"))
    return {word.strip("[]"): mac for mac, *words in told for word in words if "." in word or word.startswith("[")}


def names(book: Book) -> Iterator[str]:
    """Write every guest's name at each of its addresses: the one that an address is asked for comes first."""
    for known in book.names:
        spelled = f"{known.name}.{book.domain} {known.name}" if book.domain else known.name
        yield from (f"{ip} {spelled}" for ip in known.ips)


def forwards(book: Book) -> Iterator[str]:
    """Write whom to ask, and that nobody else knows anything of our guests.

    A name without a domain is asked of nobody anyway (`domain-needed`). To say so here would take a top-level domain
    from everybody: a guest may be called `com`.
    """
    yield from (f"server={ip}" for ip in book.forwards)
    yield from (f"server=/{known.name}.{book.domain}/" for known in book.names if book.domain)


def options(server: Server) -> Iterator[str]:
    """Write what guests are told, of each family as far as it can be told. An option without a value is not sent."""
    yield from options4(server)
    if any(subnet.mode for subnet in server.subnets):
        yield from options6(server.book)


def options4(server: Server) -> Iterator[str]:
    book, gateway = server.book, gateway_of(server)
    for number, value in ((3, gateway), (6, ",".join(of_version(book.resolvers, 4)))):
        yield f"tag:!{OTHER},{number}{',' if value else ''}{value}"
        yield f"tag:{OTHER},{number}"
    if book.domain:
        yield f"15,{book.domain}"
    if server.mtu:
        yield f"26,{server.mtu}"
    if book.routes:
        own = [f"{prefix},{hop}" for prefix, hop in book.routes]
        yield f"tag:!{OTHER},121,{','.join([*own, *default(gateway)])}"
        yield f"tag:{OTHER},121,{','.join(own)}"


def default(gateway: str) -> tuple[str, ...]:
    """Write the route that the router is: who is told routes at all is told this one among them (RFC 3442)."""
    return (f"0.0.0.0/0,{gateway}",) if gateway else ()


def options6(book: Book) -> Iterator[str]:
    resolvers = [f"[{ip}]" for ip in of_version(book.resolvers, 6)]
    yield f"tag:!{OTHER},option6:dns-server{',' if resolvers else ''}{','.join(resolvers)}"
    yield f"tag:{OTHER},option6:dns-server"
    if book.domain:
        yield f"option6:domain-search,{book.domain}"


def gateway_of(server: Server) -> str:
    return next((subnet.gateway for subnet in server.subnets if not subnet.mode), "")


def of_version(ips: Iterable[str], version: int) -> list[str]:
    return [ip for ip in ips if ip_address(ip).version == version]
