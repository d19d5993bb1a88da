"""Moves an interface's addresses, with the routes, neighbours and rules, onto another, with nothing lost in between.

A kernel drops an interface's routes with its last address of a family, and secondary addresses with their
primary. So the addresses and routes of one family move together: all are put on the target first, and only
then taken off the source, in one message that puts the routes again, should the kernel have dropped one.
Each is copied as the kernel has it, with what our own words for it leave out. Whatever the moment of a
kill, every address and every route is on one of the two.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from typing import Any

from backends.kvm import requests, vicinity, wire
from backends.kvm.kernel import Kernel
from backends.kvm.look import LASTING_FLAGS, ONLINK, flags_of, gateway_of, hop_index, hops, is_given, is_set
from backends.kvm.requests import Request


NO_DUPLICATE_DETECTION = 0x02
ADVERTISED, BEHIND = 9, 1025
"""The kernel's own routes to routers have a metric of 1024."""
EXPIRES, TICKS = 23, 100
"""The attribute that says in how many seconds a route ends; of those, a kernel tells hundredths."""
UNCOPIED = {"IFA_FLAGS", "IFA_LABEL", "RTA_CACHEINFO", "RTA_NH_ID", "UNKNOWN"}
Parts = tuple[dict[str, Any], dict[str, Any]]
"""A message's fields and attributes."""


def relocate(kernel: Kernel, source: str, target: str, family: int) -> None:
    """Move one family's addresses, routes, neighbours and rules. What has moved already stays where it is."""
    here, there = kernel.index(source), kernel.index(target)
    names = {here: source}
    addresses = [a for a in kernel.addresses() if a["family"] == family and is_given(a, names)]
    routes = [r for r in kernel.routes() if r["family"] == family and is_set(r) and leaves_by(r, here)]
    routes.sort(key=lambda route: any(gateway_of(hop) for hop in hops(route)))
    copies = [until(requests.add_route(*yielding(*route_on(route, here, there))), route) for route in routes]
    near, far = vicinity.move_neighbours(kernel, family, here, there)
    about, of_old = vicinity.move_rules(kernel, family, source, target)
    kernel.commit(*(r for a in in_order_of_adding(addresses, family) for r in give(a, source, target, there)))
    kernel.commit(*copies, *near, *about)
    kernel.commit(
        *of_old,
        *far,
        *(requests.delete_route(*route_on(route, here, here)) for route in routes),
        *(requests.delete_address(*address_on(a, source, source, here)) for a in reversed(addresses)),
        *copies,
    )


def leaves_by(route: Any, index: int) -> bool:
    return any(hop_index(hop) == index for hop in hops(route))


def in_order_of_adding(addresses: list[Any], family: int) -> list[Any]:
    """Give the order in which they were added: a kernel lists the newest IPv6 address first, and IPv4 address
    last.
    """
    return addresses if family == socket.AF_INET else addresses[::-1]


def give(raw: Any, source: str, target: str, index: int) -> Iterator[Request]:
    """Put an address on another interface, as no duplicate, so that it works at once; then it is as it was."""
    fields, attributes = address_on(raw, source, target, index)
    at_once = attributes["IFA_FLAGS"] | NO_DUPLICATE_DETECTION
    if raw["family"] == socket.AF_INET6:
        yield requests.add_address({**fields, "flags": at_once & 0xFF}, {**attributes, "IFA_FLAGS": at_once})
    else:
        yield requests.add_address(fields, attributes)
    yield requests.replace_address(fields, attributes)  # one that was there already may have been given more time


def address_on(raw: Any, source: str, target: str, index: int) -> Parts:
    flags = flags_of(raw) & LASTING_FLAGS
    fields = {name: raw[name] for name in ("family", "prefixlen", "scope")}
    label = raw.get_attr("IFA_LABEL")
    named = {"IFA_LABEL": target if label == source else label} if label else {}
    return {**fields, "index": index, "flags": flags & 0xFF}, {**copied(raw), **named, "IFA_FLAGS": flags}


def route_on(raw: Any, here: int, there: int) -> Parts:
    fields = {name: raw[name] for name in ("family", "dst_len", "src_len", "tos", "table", "proto", "scope", "type")}
    attributes = copied(raw)
    if "RTA_OIF" in attributes:
        attributes["RTA_OIF"] = there
    if "RTA_MULTIPATH" in attributes:
        attributes["RTA_MULTIPATH"] = [hop_on(hop, here, there) for hop in hops(raw)]
    return {**fields, "flags": raw["flags"] & ONLINK}, attributes


def yielding(fields: dict[str, Any], attributes: dict[str, Any]) -> Parts:
    """Put a router's route one step behind: the next advertisement lets the kernel make its own, which it does not, and
    hears nothing else of it either, where another is in that place.
    """
    if fields["proto"] == ADVERTISED:
        attributes["RTA_PRIORITY"] = max(attributes.get("RTA_PRIORITY", 0), BEHIND)
    return fields, attributes


def until(request: Request, raw: Any) -> Request:
    """Let a route end when the one that it copies does."""
    left = (raw.get_attr("RTA_CACHEINFO") or {}).get("rta_expires", 0) // TICKS
    if raw["family"] != socket.AF_INET6 or left <= 0:
        return request
    data = request.data + wire.number(EXPIRES, left)
    return Request(len(data).to_bytes(4, sys.byteorder) + data[4:], request.forgives)


def hop_on(hop: Any, here: int, there: int) -> dict[str, Any]:
    index = there if hop["oif"] == here else hop["oif"]
    return {"oif": index, "hops": hop["hops"], "flags": hop["flags"] & ONLINK, "attrs": list(copied(hop).items())}


def copied(raw: Any) -> dict[str, Any]:
    return {name: value for name, value in raw["attrs"] if name not in UNCOPIED}
