"""A host's filters: looked at, loaded, and the connections that they no longer allow ended.

A table of our name without our mark is somebody else's. Connections are judged one by one, by the same verdict as
anywhere else, so that none is ended but those that nobody could open now.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any

from immutables import Map

from backends.kvm import connections, filter_text, nft
from backends.kvm.connections import Change, Connection
from domain.errors import HostUnreachable
from projections.filter_operations import EndConnections, FilterOperation, LoadFilters, Membership, UnloadFilters
from projections.filters import Filters
from projections.found import FOREIGN, Loaded
from projections.verdict import Judge, Probe, Protocol


FAMILY, TABLE = filter_text.TABLE.split()
IPV6 = filter_text.ADDRESS["ip6"]
UNTRACKED = "Protocol error"
"""What a kernel says that tracks no connections on bridges."""
PROTOCOLS: dict[int, Protocol] = {
    socket.IPPROTO_TCP: "TCP",
    socket.IPPROTO_UDP: "UDP",
    socket.IPPROTO_ICMP: "ICMP",
    socket.IPPROTO_ICMPV6: "ICMP",
}


# looking


def look(namespace: str | None) -> Loaded | None:
    """Give the filters that a host has loaded; nothing where there is no table. O(members)."""
    objects = nft.table(namespace, FAMILY, TABLE)
    if objects is None:
        return None
    digest = next(filter(None, (digest_in(each) for each in objects)), FOREIGN)
    sets = [each["set"] for each in objects if "set" in each]
    members: Map[str, frozenset[str]] = Map()
    for each in sets:
        if group := filter_text.group_of(each["name"]):
            members = members.set(group, members.get(group, frozenset()) | set(elements(each)))
    return Loaded(digest, members, settled=filter_text.UNSETTLED not in {each["name"] for each in sets})


def digest_in(told: dict[str, Any]) -> str:
    """Read our mark on a rule."""
    words = str(told.get("rule", {}).get("comment", "")).split()
    if words[:1] != [filter_text.MARK]:
        return ""
    return next((word.removeprefix("digest=") for word in words if word.startswith("digest=")), "")


def elements(told: dict[str, Any]) -> Iterable[str]:
    """Give the addresses in a set, as they are written elsewhere: only IPv6 has more than one way."""
    found: list[str] = told.get("elem", [])
    return (str(ip_address(element)) for element in found) if told["type"] == IPV6 else found


# changing


def perform(namespace: str | None, operation: FilterOperation, doing: str) -> None:
    match operation:
        case LoadFilters(filters=filters):
            load(namespace, filters, doing)
        case EndConnections(filters=filters):
            end_connections(namespace, filters)
            nft.load(namespace, filter_text.settle(), doing)
        case UnloadFilters():
            nft.load(namespace, filter_text.unload(), doing)
        case _:
            raise TypeError(operation)


def load(namespace: str | None, filters: Filters, doing: str) -> None:
    try:
        nft.load(namespace, filter_text.load(filters), doing)
    except HostUnreachable as error:
        if UNTRACKED not in error.sentence:
            raise
        remedy = "the kernel tracks no connections on bridges; try `modprobe nf_conntrack_bridge`"
        raise HostUnreachable(f"{error.sentence}; {remedy}") from error


def change_members(namespace: str | None, operations: Iterable[Membership], doing: str) -> None:
    """Change elements of sets, all in one transaction."""
    nft.load(namespace, filter_text.change_members(operations), doing)


def end_connections(namespace: str | None, filters: Filters) -> None:
    connections.change(namespace, unlawful(filters, connections.listed(namespace)))


# connections


def unlawful(filters: Filters, every: Iterable[Connection]) -> Iterator[Change]:
    """Walk what must become of connections. One of TCP is kept and marked: forgotten, its next packet would open it."""
    judge, homes = Judge(filters), homes_of(filters)
    for connection in every:
        source, target = (homes.get((connection.zone, end), "") for end in (connection.src, connection.dst))
        if source or target:
            allowed = judge.verdict(opening(connection, source, target)).allowed
            yield from change(connection, allowed=allowed)


def change(connection: Connection, *, allowed: bool) -> Iterator[Change]:
    ended = connection.mark == filter_text.ENDED
    if connection.protocol == socket.IPPROTO_TCP and allowed == ended:
        yield Change(connection, 0 if allowed else filter_text.ENDED)
    elif connection.protocol != socket.IPPROTO_TCP and not allowed:
        yield Change(connection, None)


def homes_of(filters: Filters) -> dict[tuple[int, str], str]:
    """Give the device behind each address, by the zone of its bridge."""
    zones = dict(filters.zones)
    return {(zones.get(nic.bridge, 0), end): nic.device for nic in filters.nics for end in nic.sources}


def opening(connection: Connection, source: str, target: str) -> Probe:
    """Give the packet that opened a connection."""
    return Probe(
        source=source,
        target=target,
        src=connection.src,
        dst=connection.dst,
        protocol=PROTOCOLS.get(connection.protocol, "other"),
        source_port=connection.source_port,
        port=connection.port,
        type=connection.type,
    )
