"""Routes for marked packets in a namespace of ours: a table for each mark, and the rules that lead to it.

A way counts only with the rule that leads to it. Refuses to touch the main table: those routes are `room`'s.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from pyroute2.netlink.rtnl.fibmsg import fibmsg

from backends.kvm import look, requests, wire
from backends.kvm.kernel import Kernel
from backends.kvm.requests import CREATE, EXCLUSIVE, Request
from backends.kvm.vicinity import DELRULE, GETRULE, NEWRULE, RULE
from projections.found import Route
from projections.namespaces import Way


MAIN, STATIC, UNICAST, LINK, ONLINK = 254, 4, 1, 253, 4
TO_TABLE = 1
FRA_FWMARK, FRA_TABLE = 10, 15
PRIORITY = 1000
"""Before the main table is asked."""


def found(kernel: Kernel, routes: Iterable[Route]) -> frozenset[tuple[int, str, str, str]]:
    """Give the ways among a namespace's routes."""
    led = set(ruled(kernel))
    told = (route for route in routes if (family(route.destination), route.table) in led)
    return frozenset((route.table, route.destination, route.interface, route.gateway) for route in told)


def ruled(kernel: Kernel) -> Iterator[tuple[int, int]]:
    """Walk the families and tables to which a mark of the same number leads."""
    for data in kernel.dump(GETRULE, RULE.pack(*[0] * 9)):
        told = dict(wire.attributes(data, RULE.size))
        table = wire.as_number(told.get(FRA_TABLE, b""))
        if table and wire.as_number(told.get(FRA_FWMARK, b"")) == table:
            yield data[0], table


def change(place: Path, wanted: Iterable[Way]) -> None:
    """Add what is missing, rules first, then take away what is not wanted, rules last."""
    meant = {msgspec.structs.astuple(way) for way in wanted}
    with Kernel(str(place)) as kernel:
        indices = {str(link.get_attr("IFLA_IFNAME")): link["index"] for link in kernel.links()}
        names = {index: name for name, index in indices.items()}
        apart = [route for route in look.routes_of(kernel.routes(), names) if route.table != MAIN]
        have, led = found(kernel, apart), set(ruled(kernel))
        needed = {(family(way[1]), way[0]) for way in meant}
        kernel.commit(
            *(rule(NEWRULE, *each) for each in sorted(needed - led)),
            *(requests.add_route(*as_route(way, indices)) for way in sorted(meant, key=by_reach) if way not in have),
            *(requests.delete_route(*as_route(way, indices)) for way in sorted(have - meant)),
            *(rule(DELRULE, *each) for each in sorted(led - needed)),
        )


def by_reach(way: tuple[int, str, str, str]) -> tuple[bool, tuple[int, str, str, str]]:
    return bool(way[3]), way


def rule(kind: int, version: int, number: int) -> Request:
    fields = {"family": version, "action": TO_TABLE}
    tells = {"FRA_FWMARK": number, "FRA_PRIORITY": PRIORITY, "FRA_TABLE": number}
    forgives = (errno.EEXIST,) if kind == NEWRULE else (errno.ENOENT, errno.ESRCH)
    flags = CREATE | EXCLUSIVE if kind == NEWRULE else 0
    return requests.request(kind, fibmsg, fields, tells, *forgives, flags=flags)


def as_route(way: tuple[int, str, str, str], indices: dict[str, int]) -> tuple[dict[str, Any], dict[str, Any]]:
    number, destination, leg, gateway = way
    address, _, length = destination.partition("/")
    fields = {"family": family(destination), "dst_len": int(length), "proto": STATIC, "type": UNICAST}
    tells: dict[str, Any] = {"RTA_OIF": indices[leg], "RTA_TABLE": number}
    if int(length):
        tells["RTA_DST"] = address
    if not gateway:
        return fields | {"scope": LINK}, tells
    return fields | {"flags": ONLINK}, tells | {"RTA_GATEWAY": gateway}


def family(text: str) -> int:
    return socket.AF_INET6 if ":" in text else socket.AF_INET
