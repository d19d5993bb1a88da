"""Moves an interface's addresses, with the routes, neighbours and rules, onto another, with nothing lost in between.

A kernel drops an interface's routes with its last address of a family, and secondary addresses with their
primary; routes of one family may lead to a router of the other. So everything moves together: all is put on the
target first, and only then taken off the source, in one message that puts the routes again, should the kernel have
dropped one. What makes an interface a port of a bridge, where nobody reaches its addresses any more, or none, is in
that message. Each is copied as the kernel has it, with what our own words for it leave out, and finds the same
settings. Whatever the moment of a kill, every address and every route is on one of the two, and at work.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from typing import Any

from backends.kvm import nexthops, requests, routes, settings, vicinity
from backends.kvm.kernel import Kernel
from backends.kvm.look import LASTING_FLAGS, flags_of, is_given
from backends.kvm.requests import Request


NO_DUPLICATE_DETECTION = 0x02
FAMILIES = (socket.AF_INET, socket.AF_INET6)
UNCOPIED = {"IFA_FLAGS", "IFA_LABEL", "UNKNOWN"}
Parts = tuple[dict[str, Any], dict[str, Any]]
"""A message's fields and attributes."""


def relocate(
    kernel: Kernel, source: str, target: str, *, first: Iterable[Request] = (), last: Iterable[Request] = ()
) -> None:
    """Move addresses, routes, neighbours and rules. What has moved already stays where it is.

    *first* and *last* are done with the taking off, when all is in its new place.
    """
    here, there = kernel.index(source), kernel.index(target)
    given = [a for a in kernel.addresses() if is_given(a, {here: source})]
    addresses = [a for family in FAMILIES for a in in_order_of_adding(given, family)]
    old = [route for family in reversed(FAMILIES) for route in routes.leaving(kernel, family, here)]
    copies = [routes.copy(route, here, there) for route in old]
    near, far = vicinity.move_neighbours(kernel, here, there)
    about, of_old = vicinity.move_rules(kernel, source, target)
    for family in {a["family"] for a in addresses} | {route[0] for route in old}:
        settings.copy(kernel, source, target, family)
    kernel.commit(*(request for a in addresses for request in give(a, source, target, there)))
    kernel.commit(*copies, *near, *about)
    kernel.commit(
        *first,
        *nexthops.move(kernel, here, there),
        *of_old,
        *far,
        *(routes.delete(route, here) for route in old),
        *(requests.delete_address(*address_on(a, source, source, here)) for a in reversed(addresses)),
        *copies,
        *last,
    )


def in_order_of_adding(addresses: list[Any], family: int) -> list[Any]:
    """Give a family's addresses in the order in which they were added: a kernel lists the newest of IPv6 first, and of
    IPv4 last.
    """
    found = [address for address in addresses if address["family"] == family]
    return found if family == socket.AF_INET else found[::-1]


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


def copied(raw: Any) -> dict[str, Any]:
    return {name: value for name, value in raw["attrs"] if name not in UNCOPIED}
