"""What keeps a leg to its own host: a table of rules without state in nftables' bridge family.

The same server, with the same addresses, is on every host; so nothing passes between its leg and what leads off the
host, and no DHCP passes there at all, whoever speaks it. Router advertisements of others do pass: by them guests find
the network's gateway, which is out there. The host itself is no guest: it takes no address from what its own servers
advertise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from backends.kvm import nft
from projections.digest import digest
from projections.found import FOREIGN
from projections.namespaces import Fence


FAMILY, NAME = "bridge", "rewire_dhcp"
TABLE = f"{FAMILY} {NAME}"
MARK = "rewire"
DHCP_PORTS = "{ 67, 68, 546, 547 }"
PRIORITY = -300
"""Before anybody else has a say: this only drops."""
ABOUT = "@th,64,128"
"""The address that a neighbour solicitation or advertisement is about: nft has no word for it before version 1.1."""


def look(namespace: str | None) -> str:
    """Give the digest of the fences that a host has; nothing where there is no table."""
    objects = nft.table(namespace, FAMILY, NAME)
    if objects is None:
        return ""
    words = (str(each.get("rule", {}).get("comment", "")).split() for each in objects)
    marks = (mark[1].removeprefix("digest=") for mark in words if mark[:1] == [MARK] and len(mark) > 1)
    return next(marks, FOREIGN)


def load(namespace: str | None, fences: tuple[Fence, ...]) -> None:
    """Have these fences and no others, in one transaction."""
    nft.load(namespace, "\n".join(text(fences)), TABLE)


def text(fences: tuple[Fence, ...]) -> Iterator[str]:
    yield f"add table {TABLE}"
    yield f"delete table {TABLE}"
    if fences:
        yield f"table {TABLE} {{"
        yield from sets(fences)
        yield f"chain forward {{ type filter hook forward priority {PRIORITY}; policy accept;"
        yield f'iifname @legs oifname @outside drop comment "{MARK} digest={digest(fences)}"'
        yield from RULES
        yield "}"
        yield f"chain input {{ type filter hook input priority {PRIORITY}; policy accept;"
        yield "iifname @legs icmpv6 type nd-router-advert drop"
        yield "}"
        yield "}"
    yield ""


RULES = (
    "iifname @outside oifname @legs drop",
    f"oifname @outside udp dport {DHCP_PORTS} drop",
    f"iifname @outside udp dport {DHCP_PORTS} drop",
    "oifname . arp daddr ip @claims drop",
    "iifname . arp saddr ip @claims drop",
    f"icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} oifname . {ABOUT} @claims6 drop",
    f"icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} iifname . {ABOUT} @claims6 drop",
)


def sets(fences: tuple[Fence, ...]) -> Iterator[str]:
    """Write who is kept in, where off the host is, and which addresses nobody there may claim or ask for."""
    claims = [(port, ip_address(ip)) for each in fences for port in each.outside for ip in each.addresses]
    yield of_type("legs", "type ifname", (quoted(each.leg) for each in fences))
    yield of_type("outside", "type ifname", (quoted(port) for each in fences for port in each.outside))
    yield of_type(
        "claims",
        "type ifname . ipv4_addr",
        (f"{quoted(port)} . {ip}" for port, ip in claims if ip.version == 4),  # noqa: PLR2004 - IPv4
    )
    yield of_type(
        "claims6",
        f"typeof iifname . {ABOUT}",
        (f"{quoted(port)} . {int(ip):#034x}" for port, ip in claims if ip.version == 6),  # noqa: PLR2004 - IPv6
    )


def of_type(name: str, kind: str, elements: Iterable[str]) -> str:
    listed = ", ".join(dict.fromkeys(elements))
    return f"set {name} {{ {kind}; {f'elements = {{ {listed} }};' if listed else ''} }}"


def quoted(name: str) -> str:
    return f'"{name}"'
