"""A virtual router's rules: looked at, loaded, and the connections ended that they would not open now, or otherwise.

A router that was killed while it ended them is seen as one without rules, so that the next run does it again.
Connections are judged one by one, by the same passage as anywhere else, so that none is ended but those.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

from backends.kvm import connections, nft, router_text, seals
from backends.kvm.connections import Change, Connection
from backends.kvm.tables import Tables
from projections.marks import MARK, word_in
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
    with Tables(str(place), router_text.FAMILY) as tables:
        marks = [rule for rule in tables.rules(router_text.NAME, router_text.SETTLED) if rule.startswith(MARK)]
        told = word_in(marks[0], seals.KEY) if marks else ""
        return word_in(marks[0], "digest") if told and told == contents(tables) else ""


def contents(tables: Tables) -> str:
    return seals.of(tables, router_text.NAME, but=router_text.SETTLED)


def load(place: Path, rules: Rules | None, doing: str) -> None:
    nft.load(str(place), router_text.load(rules), doing)
    if rules:
        connections.change(str(place), unlawful(rules, connections.listed(str(place))))
        with Tables(str(place), router_text.FAMILY) as tables:
            seal = contents(tables)
        nft.load(str(place), router_text.settle(rules, seal), doing)


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
