"""A host's filters: looked at, loaded, and the connections that they no longer allow ended.

A table of our name without our mark is somebody else's. Connections are judged one by one, by the same verdict as
anywhere else, so that none is ended but those that nobody could open now.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator

from immutables import Map

from backends.kvm import connections, filter_text, nft, seals
from backends.kvm.connections import Change, Connection
from backends.kvm.tables import Tables
from domain.errors import HostUnreachable
from projections.filter_operations import EndConnections, FilterOperation, LoadFilters, Membership, UnloadFilters
from projections.filters import Filters, Place
from projections.found import ALTERED, FOREIGN, Loaded
from projections.marks import MARK, word_in
from projections.verdict import Judge, Probe, Protocol


FAMILY, TABLE = filter_text.TABLE.split()
FREE = (f"{filter_text.MEMBERS}-", filter_text.UNSETTLED)
"""How the names of sets begin that change without the rest."""
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
    """Give the filters that a host has loaded; nothing where there is no table. O(rules + members)."""
    with Tables(namespace, FAMILY) as tables:
        mark = tables.comment(TABLE)
        if mark is None:
            return None
        digest = word_in(mark, "digest") if mark.startswith(MARK) else FOREIGN
        names = [each.name for each in tables.sets(TABLE)]
        members: Map[Place, frozenset[str]] = Map()
        for name in names:
            if place := filter_text.place_of(name):
                members = members.set(place, members.get(place, frozenset()) | set(tables.addresses(TABLE, name)))
        return Loaded(
            digest if digest == FOREIGN or seals.is_whole(tables, TABLE, free=FREE) else ALTERED,
            members,
            settled=filter_text.UNSETTLED not in names,
            nics=frozenset(filter(None, map(filter_text.nic_of, tables.chains(TABLE)))),
        )


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
    """Load filters. What only keeps NICs from sending as others needs no connections, where a kernel tracks none."""
    try:
        seals.load(namespace, FAMILY, TABLE, filter_text.load(filters), doing, free=FREE)
    except HostUnreachable as error:
        if UNTRACKED not in error.sentence:
            raise
        if not filters.devices:
            seals.load(namespace, FAMILY, TABLE, filter_text.load(filters, tracked=False), doing, free=FREE)
            return
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
