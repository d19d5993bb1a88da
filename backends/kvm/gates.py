"""What keeps a leg to the NICs that it is the gateway of, as rules without state in nftables' bridge family.

Between the leg and a NIC passes what is of the family in which that NIC has an EIP; nobody else is heard by the leg or
hears it, off the host or on it, the host included. To such a NIC nobody else is its gateway, whoever says so by ARP, by
neighbour discovery or by a router's advertisement, and nobody else hears it ask. Who is not named here is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from backends.kvm.sets import ABOUT, about, of_type, quoted
from domain import values
from projections.namespaces import Gate


KINDS = {values.IPV4: ("ip", "arp"), values.IPV6: ("ip6",)}
"""What is spoken in each family."""
PASSING = (  # servers that are fenced in, `@legs`, advertise themselves as nobody's router
    "iifname @gates iifname . oifname . ether type != @ties drop",
    "oifname @gates iifname . oifname . ether type != @ties drop",
    "ether daddr @gate_macs oifname != @gates drop",
    "iifname . arp daddr ip @gateways oifname != @gates drop",
    "oifname . arp saddr ip @gateways iifname != @gates drop",
    f"icmpv6 type nd-neighbor-solicit iifname . {ABOUT} @gateways6 oifname != @gates drop",
    f"icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} oifname . {ABOUT} @gateways6 iifname != @gates drop",
    "icmpv6 type nd-neighbor-solicit oifname . ip6 saddr @speakers6 iifname != @gates drop",
    "icmpv6 type { nd-router-advert, nd-redirect } oifname @advised iifname != @gates iifname != @legs drop",
)
TO_THE_HOST = (
    "iifname @gates drop",
    "iifname . arp daddr ip @gateways drop",
    f"icmpv6 type nd-neighbor-solicit iifname . {ABOUT} @gateways6 drop",
)
FROM_THE_HOST = (
    "oifname @gates drop",
    "oifname . arp saddr ip @gateways drop",
    f"icmpv6 type {{ nd-neighbor-solicit, nd-neighbor-advert }} oifname . {ABOUT} @gateways6 drop",
    "icmpv6 type nd-neighbor-solicit oifname . ip6 saddr @speakers6 drop",
    "icmpv6 type { nd-router-advert, nd-redirect } oifname @advised drop",
)
FALSE = "ether saddr @gate_macs iifname != @gates drop"
NEAR = ("fe80::/10", "ff00::/8")
"""What never leaves a network."""


def sets(gates: tuple[Gate, ...]) -> Iterator[str]:
    """Write the legs, what passes between whom, and who hears of which gateway from nobody else."""
    four, six = (tuple(holders(gates, version)) for version in (values.IPV4, values.IPV6))
    yield of_type("gates", "type ifname", (quoted(gate.leg) for gate in gates))
    yield of_type("gate_macs", "type ether_addr", (gate.mac for gate in gates))
    yield of_type("ties", "type ifname . ifname . ether_type", (tie for gate in gates for tie in ties(gate)))
    yield of_type("gateways", "type ifname . ipv4_addr", (f"{port} . {ip}" for port, ip in four))
    yield of_type("gateways6", f"typeof iifname . {ABOUT}", (f"{port} . {about(ip)}" for port, ip in six))
    yield of_type("speakers6", "type ifname . ipv6_addr", (f"{port} . {ip}" for port, ip in six))
    yield of_type("advised", "type ifname", (port for port, _ in six))


def holders(gates: tuple[Gate, ...], version: int) -> Iterator[tuple[str, str]]:
    """Walk the ports that have an EIP of a family, each with its gateways."""
    for gate in gates:
        yield from ((quoted(port), ip) for port, ip in gate.holders if values.family(ip) == version)


def entering(gates: tuple[Gate, ...]) -> Iterator[str]:
    """Write what is judged before a bridge looks where somebody is. By IPv6 guests know their router by itself, not by
    its address, and go on with whom they knew: so what is to leave their network is led to the leg.
    """
    yield FALSE
    for gate in gates:
        ports = ", ".join(dict.fromkeys(port for port, _ in holders((gate,), values.IPV6)))
        near = ", ".join((*(n for n in gate.networks if values.family(n) == values.IPV6), *NEAR))
        if ports:
            yield f"iifname {{ {ports} }} ip6 saddr != fe80::/10 ip6 daddr != {{ {near} }} ether daddr set {gate.mac}"


def ties(gate: Gate) -> Iterator[str]:
    leg = quoted(gate.leg)
    for port, ip in gate.holders:
        for spoken in KINDS[values.family(ip)]:
            yield f"{leg} . {quoted(port)} . {spoken}"
            yield f"{quoted(port)} . {leg} . {spoken}"
