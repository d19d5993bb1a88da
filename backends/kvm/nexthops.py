"""Nexthop objects that leave by an interface, which routing daemons set routes by: moved, and all their routes follow.

A route by one names its number and nothing else, so that a copy of the route would be another route. A kernel takes an
object only where there is a carrier: on a bridge, once it has its interface.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator

from backends.kvm import wire
from backends.kvm.kernel import Kernel
from backends.kvm.requests import ACK, CREATE, REPLACE, REQUEST, Request


NEXTHOP = struct.Struct("=BBBBI")
"""Family, scope, protocol, one that is unused, and flags."""
NEWNEXTHOP, GETNEXTHOP = 104, 106
ID, OIF, VIA, ENCAP_TYPE, ENCAP = 1, 5, 6, 7, 8
SAID = frozenset({ID, VIA, ENCAP_TYPE, ENCAP})
ONLINK = 0x4
UNKNOWN = frozenset({errno.EOPNOTSUPP, errno.EINVAL, errno.ENOENT})
"""What a kernel without such objects says when it is asked for them."""


def move(kernel: Kernel, here: int, there: int) -> Iterator[Request]:
    """Walk the changes that have the objects of one interface leave by another."""
    for data in every(kernel):
        found = list(wire.slices(data, NEXTHOP.size))
        if any(number == OIF and wire.as_number(value) == here for number, value, _ in found):
            family, _, protocol, _, flags = NEXTHOP.unpack_from(data)
            kept = b"".join(whole for number, _, whole in found if number in SAID)
            body = NEXTHOP.pack(family, 0, protocol, 0, flags & ONLINK) + kept + wire.number(OIF, there)
            yield Request(wire.message(NEWNEXTHOP, REQUEST | ACK | CREATE | REPLACE, body))


def every(kernel: Kernel) -> list[bytes]:
    try:
        return kernel.dump(GETNEXTHOP, NEXTHOP.pack(0, 0, 0, 0, 0))
    except OSError as error:
        if error.errno not in UNKNOWN:
            raise
        return []
