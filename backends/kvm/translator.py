"""A virtual router's rules: looked at, loaded, and the connections ended that they would not open now, or otherwise.

A router that was killed while it ended them is seen as one without rules, so that the next run does it again.
Connections are judged one by one, by the same passage as anywhere else, so that none is ended but those.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

from backends.kvm import connections, nft, router_text
from backends.kvm.connections import Change, Connection
from projections.passage import Packet, Passage, passage, within
from projections.translation import Rules
from projections.verdict import Protocol


PROTOCOLS: dict[int, Protocol] = {
    socket.IPPROTO_TCP: "TCP",
    socket.IPPROTO_UDP: "UDP",
    socket.IPPROTO_ICMP: "ICMP",
    socket.IPPROTO_ICMPV6: "ICMP",
}
PORTED = frozenset({"TCP", "UDP"})


def look(place: Path) -> str:
    """Give the digest of the rules that a namespace has; nothing where they are not in force yet."""
    if not nft.has_table(str(place), router_text.NAME):
        return ""
    for each in nft.chain(str(place), router_text.TABLE, router_text.SETTLED):
        words = str(each.get("rule", {}).get("comment", "")).split()
        if words[:1] == [router_text.MARK]:
            return next((word.removeprefix("digest=") for word in words if word.startswith("digest=")), "")
    return ""


def load(place: Path, rules: Rules | None, doing: str) -> None:
    nft.load(str(place), router_text.load(rules), doing)
    if rules:
        connections.change(str(place), unlawful(rules, connections.listed(str(place))))
        nft.load(str(place), router_text.settle(rules), doing)


def unlawful(rules: Rules, every: Iterable[Connection]) -> Iterator[Change]:
    """Walk the connections that are to be forgotten. Those that the router itself opened are its own business."""
    for connection in every:
        if connection.src not in rules.addresses and not is_lawful(rules, connection):
            yield Change(connection, None)


def is_lawful(rules: Rules, connection: Connection) -> bool:
    """Tell whether a connection would be opened the same way now."""
    protocol = PROTOCOLS.get(connection.protocol, "other")
    inside = within(connection.src, rules.networks)
    legs = (rules.inside,) if inside else tuple(door.leg for door in rules.doors)
    for leg in legs:
        packet = Packet(
            leg=leg,
            src=connection.src,
            dst=connection.dst,
            protocol=protocol,
            port=connection.port,
            type=connection.type,
        )
        found = passage(rules, packet)
        if found and is_same(found, connection, ported=protocol in PORTED):
            return True
    return False


def is_same(found: Passage, connection: Connection, *, ported: bool) -> bool:
    """Tell whether answers come from where a passage leads, to whom it says."""
    ends = (found.dst, found.src) == (connection.answered_by, connection.answered_to)
    return ends and (not ported or found.port == connection.answering_port)
