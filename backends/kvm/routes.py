"""The routes that leave by an interface, as changes that put copies of them on another one and take the old ones off.

Each is copied byte by byte, so that nothing is lost that no one here knows the meaning of. A route by a nexthop object
follows that, and is not copied.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator

from backends.kvm import wire
from backends.kvm.kernel import LIFE, RTA_CACHEINFO, RTMSG, Kernel
from backends.kvm.requests import ACK, APPEND, CREATE, DELROUTE, NEWROUTE, REQUEST, Request


OIF, GATEWAY, PRIORITY, MULTIPATH, VIA, EXPIRES, NH_ID = 4, 5, 6, 9, 18, 23, 30
HOP = struct.Struct("=HBBi")
"""Length, flags, weight and interface of one way of several."""
ONLINK = 0x4
ADVERTISED, BEHIND = 9, 1025
"""The kernel's own routes to routers have a metric of 1024."""
TICKS = 100
"""A kernel is told in seconds how long a route lives, and tells it in hundredths."""
TOLD = frozenset({RTA_CACHEINFO, EXPIRES})
"""What a kernel only tells, or we say ourselves."""
GONE = (errno.ESRCH,)


def leaving(kernel: Kernel, family: int, index: int) -> list[bytes]:
    """Give the routes that leave by an interface: those first that need no other one."""
    every = (data for data in kernel.raw_routes() if data[0] == family and leaves_by(data, index))
    return sorted(
        every, key=lambda data: bool({GATEWAY, VIA, MULTIPATH} & dict(wire.attributes(data, RTMSG.size)).keys())
    )


def leaves_by(data: bytes, index: int) -> bool:
    found = dict(wire.attributes(data, RTMSG.size))
    own = wire.as_number(found.get(OIF, b"")) == index
    return NH_ID not in found and (own or any(way == index for way, _ in hops(found.get(MULTIPATH, b""))))


def copy(data: bytes, here: int, there: int) -> Request:
    """Add a copy beside others to the same destination, never in place of one."""
    return request(NEWROUTE, data, here, there, CREATE | APPEND, errno.EEXIST)


def delete(data: bytes, here: int) -> Request:
    return request(DELROUTE, data, here, here, 0, *GONE)


def request(kind: int, data: bytes, here: int, there: int, flags: int, *forgives: int) -> Request:
    *fields, has = RTMSG.unpack_from(data)
    body = RTMSG.pack(*fields, has & ONLINK) + b"".join(parts(kind, data, here, there))
    return Request(wire.message(kind, REQUEST | ACK | flags, body), frozenset(forgives))


def parts(kind: int, data: bytes, here: int, there: int) -> Iterator[bytes]:
    """Walk the attributes of a copy. One that a router advertised is put a step behind: the next advertisement lets the
    kernel make its own, which it does not, and hears nothing else of it either, where another is in that place.
    """
    behind = kind == NEWROUTE and data[0] == socket.AF_INET6 and RTMSG.unpack_from(data)[5] == ADVERTISED
    for number, value, whole in wire.slices(data, RTMSG.size):
        if number == OIF:
            yield wire.number(OIF, there)
        elif number == MULTIPATH:
            yield wire.attribute(MULTIPATH, b"".join(ways(data[0], value, here, there)))
        elif number == PRIORITY and behind:
            yield wire.number(PRIORITY, max(wire.as_number(value), BEHIND))
        elif number == RTA_CACHEINFO and kind == NEWROUTE and data[0] == socket.AF_INET6:
            yield from end(value)
        elif number not in TOLD:
            yield whole


def end(life: bytes) -> Iterator[bytes]:
    """Let a copy end when the route does."""
    if left := LIFE.unpack_from(life)[0]:
        yield wire.number(EXPIRES, max(1, left // TICKS))


def ways(family: int, data: bytes, here: int, there: int) -> Iterator[bytes]:
    """Walk the ways of a route that are to move. One of IPv6 is each by itself, so that of two that differ in nothing
    but the interface, as a move that was cut off leaves them, one may go alone.
    """
    for index, way in hops(data):
        length, flags, weight, _ = HOP.unpack_from(way)
        if family == socket.AF_INET or index == here:
            yield HOP.pack(length, flags & ONLINK, weight, there if index == here else index) + way[HOP.size :]


def hops(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Walk the ways of a route that has several: the interface and the whole."""
    offset = 0
    while offset + HOP.size <= len(data):
        length, _, _, index = HOP.unpack_from(data, offset)
        yield index, data[offset : offset + length].ljust((length + 3) & ~3, b"\0")
        offset += (length + 3) & ~3
