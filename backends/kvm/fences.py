"""What keeps legs to their own host: a table of rules without state in nftables' bridge family, with the gates of EIPs.

The same server, with the same addresses, is on every host; so nothing passes between its leg and what leads off the
host, and no DHCP passes there at all, whoever speaks it: nor what would hide it, a second tag, which guests take off
like the first, or a first fragment without ports. Router advertisements of others do pass: by them guests find the
network's gateway, which is out there. The host itself is no guest: it takes no address from what its own servers
advertise.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from backends.kvm import gates, seals
from backends.kvm.sets import ABOUT, about, of_type, quoted
from backends.kvm.tables import Tables
from projections.found import ALTERED, FOREIGN
from projections.namespaces import Fence, Gate, barred


FAMILY, NAME = "bridge", "rewire_dhcp"
TABLE = f"{FAMILY} {NAME}"
MARK = "rewire"
MARKED = "forward"
"""The chain whose first rule has the mark."""
DHCP_PORTS = "{ 67, 68, 546, 547 }"
PRIORITY = -300
"""Before anybody else has a say: this only drops."""


def look(namespace: str | None) -> str:
    """Give the digest of the fences that a host has; nothing where there is no table."""
    with Tables(namespace, FAMILY) as tables:
        if tables.comment(NAME) is None:
            return ""
        words = [rule.split() for rule in tables.rules(NAME, MARKED)]
        marks = (mark[1].removeprefix("digest=") for mark in words if mark[:1] == [MARK] and len(mark) > 1)
        found = next(marks, FOREIGN)
        return found if found == FOREIGN or seals.is_whole(tables, NAME) else ALTERED


def load(namespace: str | None, fences: tuple[Fence, ...], led: tuple[Gate, ...]) -> None:
    """Have these fences and gates and no others, in one transaction."""
    seals.load(namespace, FAMILY, NAME, "\n".join(text(fences, led)), TABLE)


def text(fences: tuple[Fence, ...], led: tuple[Gate, ...]) -> Iterator[str]:
    yield f"add table {TABLE}"
    yield f"delete table {TABLE}"
    if fences or led:
        first = f'iifname @legs oifname @outside drop comment "{MARK} digest={barred(fences, led)}"'
        yield f"table {TABLE} {{"
        yield from sets(fences)
        yield from gates.sets(led)
        yield f"chain fragments {{\n{FRAGMENTS}\n}}"
        yield from chain(MARKED, first, *RULES, *gates.PASSING)
        yield from chain("input", "iifname @legs icmpv6 type nd-router-advert drop", *gates.TO_THE_HOST)
        yield from chain("output", *gates.FROM_THE_HOST)
        yield from chain("prerouting", *gates.entering(led))
        yield "}"
    yield ""


def chain(hook: str, *rules: str) -> Iterator[str]:
    yield f"chain {hook} {{ type filter hook {hook} priority {PRIORITY}; policy accept;"
    yield from rules
    yield "}"


RULES = (
    "iifname @outside oifname @legs drop",
    *(f"{side} @outside ether type 8021ad drop" for side in ("iifname", "oifname")),
    *(f"{side} @outside vlan type {{ 8021q, 8021ad }} drop" for side in ("iifname", "oifname")),
    *(f"{side} @outside exthdr frag exists jump fragments" for side in ("iifname", "oifname")),
    f"oifname @outside udp dport {DHCP_PORTS} drop",
    f"iifname @outside udp dport {DHCP_PORTS} drop",
    "oifname . arp daddr ip @claims drop",
    "iifname . arp saddr ip @claims drop",
    f"icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} oifname . {ABOUT} @claims6 drop",
    f"icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} iifname . {ABOUT} @claims6 drop",
)


FRAGMENTS = """frag frag-off != 0 return
meta l4proto != udp return
udp dport != 0 return
drop"""
"""A datagram that begins without its ports hides them (RFC 7112): no rule would see them in what follows."""


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
        (f"{quoted(port)} . {about(str(ip))}" for port, ip in claims if ip.version == 6),  # noqa: PLR2004 - IPv6
    )
