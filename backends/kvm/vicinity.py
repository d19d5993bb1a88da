"""The neighbours and rules that name an interface: what a look shows of them, and the changes that move them.

Both are copied as the kernel has them, attribute by attribute, so that nothing is lost that no one here knows the
meaning of. Only what somebody set counts: what a kernel learned by itself it learns again.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator

from backends.kvm import wire
from backends.kvm.kernel import GETNEIGH, Kernel
from backends.kvm.requests import (
    ACK,
    CREATE,
    DELNEIGH,
    ENTRY,
    EXCLUSIVE,
    NDA_DST,
    NDA_LLADDR,
    NEWNEIGH,
    NUD_PERMANENT,
    REPLACE,
    REQUEST,
    Request,
)
from projections.found import Neighbour, Rule


NEIGHBOUR = ENTRY
RULE = struct.Struct("=BBBBBBBBI")
"""Family, lengths of both prefixes, class of traffic, table, two that are unused, action and flags."""
GETRULE, NEWRULE, DELRULE = 34, 32, 33
PROXY = 0x08
NDA_CACHEINFO, NDA_PROBES = 3, 4
FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_PRIORITY, FRA_TABLE, FRA_OIFNAME = 1, 2, 3, 6, 15, 17
NAMING: dict[int, str] = {FRA_IIFNAME: "in", FRA_OIFNAME: "out"}
DETACHED = 0x08 | 0x10
"""What a kernel says of a rule whose interface is not there."""
VERSIONS = {socket.AF_INET: 4, socket.AF_INET6: 6}


# neighbours


def neighbours(kernel: Kernel) -> Iterator[tuple[int, bytes, Neighbour]]:
    """Walk the lasting neighbours and those that the host answers for: the interface, the message and what it says."""
    for flags in (0, PROXY):
        for data in kernel.dump(GETNEIGH, NEIGHBOUR.pack(0, 0, 0, flags, 0)):
            family, index, state, has, _ = NEIGHBOUR.unpack_from(data)
            if family in VERSIONS and (state & NUD_PERMANENT or has & PROXY):
                found = dict(wire.attributes(data, NEIGHBOUR.size))
                address, mac = socket.inet_ntop(family, found[NDA_DST]), wire.as_mac(found.get(NDA_LLADDR, b""))
                yield index, data, Neighbour("", address, mac, proxy=bool(has & PROXY))


def move_neighbours(kernel: Kernel, here: int, there: int) -> tuple[list[Request], list[Request]]:
    """Give what puts an interface's neighbours on another one, and what takes them off."""
    found = [data for index, data, _ in neighbours(kernel) if index == here]
    come = [neighbour(NEWNEIGH, data, there, CREATE | REPLACE) for data in found]
    return come, [neighbour(DELNEIGH, data, here, 0, errno.ENOENT) for data in found]


def neighbour(kind: int, data: bytes, index: int, flags: int, *forgives: int) -> Request:
    family, _, state, has, sort = NEIGHBOUR.unpack_from(data)
    kept = (a for a in wire.attributes(data, NEIGHBOUR.size) if a[0] not in (NDA_CACHEINFO, NDA_PROBES))
    body = NEIGHBOUR.pack(family, index, state, has, sort) + b"".join(wire.attribute(*a) for a in kept)
    return Request(wire.message(kind, REQUEST | ACK | flags, body), frozenset(forgives))


# rules


def rules(kernel: Kernel) -> Iterator[tuple[bytes, Rule]]:
    """Walk the rules that name an interface, once for each name: the message and what it says."""
    for data in kernel.dump(GETRULE, RULE.pack(*[0] * 9)):
        found = dict(wire.attributes(data, RULE.size))
        for kind in NAMING:
            if data[0] in VERSIONS and kind in found:
                yield data, rule_of(data, found, kind)


def rule_of(data: bytes, found: dict[int, bytes], kind: int) -> Rule:
    family, to_length, from_length, _, table, *_ = RULE.unpack_from(data)
    ends = {FRA_SRC: from_length, FRA_DST: to_length}
    source, destination = (
        f"{socket.inet_ntop(family, found[end])}/{length}" if end in found else "" for end, length in ends.items()
    )
    return Rule(
        interface=wire.as_text(found[kind]),
        way="in" if kind == FRA_IIFNAME else "out",
        version=VERSIONS[socket.AddressFamily(family)],
        priority=wire.as_number(found.get(FRA_PRIORITY, b"")),
        source=source,
        destination=destination,
        table=wire.as_number(found.get(FRA_TABLE, bytes([table]))),
    )


def move_rules(kernel: Kernel, source: str, target: str) -> tuple[list[Request], list[Request]]:
    """Give what puts a copy of each rule that names an interface beside it, with another's name, and what takes the
    old ones away.
    """
    found = dict.fromkeys(data for data, rule in rules(kernel) if rule.interface == source)
    come = [rule_request(NEWRULE, renamed(data, source, target), CREATE | EXCLUSIVE, errno.EEXIST) for data in found]
    return come, [rule_request(DELRULE, data, 0, errno.ENOENT, errno.ESRCH) for data in found]


def renamed(data: bytes, source: str, target: str) -> bytes:
    """Give a rule with one interface's name in place of another's."""
    old, new = source.encode() + b"\0", target.encode() + b"\0"
    every = wire.attributes(data, RULE.size)
    named = (wire.attribute(kind, new if kind in NAMING and text == old else text) for kind, text in every)
    return data[: RULE.size] + b"".join(named)


def rule_request(kind: int, data: bytes, flags: int, *forgives: int) -> Request:
    *fields, has = RULE.unpack_from(data)
    body = RULE.pack(*fields, has & ~DETACHED) + data[RULE.size :]
    return Request(wire.message(kind, REQUEST | ACK | flags, body), frozenset(forgives))
