"""The connections that a kernel tracks: all of them in one dump, and ended one by one.

A kernel is asked over netlink, since a connection can be named there exactly as it was told. Refuses to know why one
must end.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterable, Iterator

import msgspec

from backends.kvm.namespace import inside


NETLINK_NETFILTER, CONNECTIONS = 12, 1 << 8
NEW, GET, DELETE = 0, 1, 2
REQUEST, ACK, DUMP = 0x1, 0x4, 0x300
ERROR, DONE = 2, 3
ORIGINAL, ANSWER, MARK, ZONE = 1, 2, 8, 18
ADDRESSES, PROTOCOL = 1, 2
SOURCE, DESTINATION = (1, 3), (2, 4)
"""Of IPv4 or of IPv6."""
NUMBER, SOURCE_PORT, DESTINATION_PORT, ICMP_TYPE = 1, 2, 3, (5, 8)
NESTED, KIND = 0x8000, 0x3FFF
HEADER, FAMILY, ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=BBH"), struct.Struct("=HH")
BUFFER = 1 << 20
PATIENCE_S = 60
WINDOW = 64
"""How many changes wait for their answers at a time: few enough for any socket's buffer."""


class Connection(msgspec.Struct, frozen=True):
    """One, as its first packet made it."""

    family: int
    key: bytes
    """What a kernel knows it by, together with its zone."""
    zone: int
    mark: int
    src: str
    dst: str
    protocol: int
    source_port: int
    port: int
    type: int
    answered_by: str
    """Who answers, and to whom: other addresses than it was opened with where those are translated."""
    answered_to: str
    answering_port: int


class Change(msgspec.Struct, frozen=True):
    """What becomes of a connection: it gets a mark, or is forgotten."""

    connection: Connection
    mark: int | None


def listed(namespace: str | None) -> list[Connection]:
    """Give all connections of a namespace. O(connections)."""
    with line(namespace) as asked:
        asked.send(HEADER.pack(20, CONNECTIONS | GET, REQUEST | DUMP, 1, 0) + FAMILY.pack(socket.AF_UNSPEC, 0, 0))
        return [connection for body in answers(asked) if (connection := read(body))]


def change(namespace: str | None, changes: Iterable[Change]) -> None:
    """Change connections. One that is no more is as good as changed."""
    messages = [message(each, number) for number, each in enumerate(changes, 1)]
    with line(namespace) as told:
        for start in range(0, len(messages), WINDOW):
            batch = messages[start : start + WINDOW]
            told.send(b"".join(batch))
            for _ in batch:
                (code,) = struct.unpack_from("=i", told.recv(BUFFER), HEADER.size)
                if code and -code != errno.ENOENT:
                    raise OSError(-code, os.strerror(-code))


def line(namespace: str | None) -> socket.socket:
    with inside(namespace):
        opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    opened.settimeout(PATIENCE_S)
    return opened


# messages


def message(wanted: Change, number: int) -> bytes:
    connection = wanted.connection
    body = FAMILY.pack(connection.family, 0, 0) + attribute(ORIGINAL | NESTED, connection.key)
    body += attribute(ZONE, connection.zone.to_bytes(2)) if connection.zone else b""
    body += attribute(MARK, wanted.mark.to_bytes(4)) if wanted.mark is not None else b""
    kind = DELETE if wanted.mark is None else NEW
    return HEADER.pack(HEADER.size + len(body), CONNECTIONS | kind, REQUEST | ACK, number, 0) + body


def attribute(kind: int, value: bytes) -> bytes:
    return ATTRIBUTE.pack(ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)


def answers(asked: socket.socket) -> Iterator[bytes]:
    """Walk what a dump gives, without headers. Where none can be tracked, there are none."""
    while True:
        data, offset = asked.recv(BUFFER), 0
        while offset < len(data):
            length, kind, *_ = HEADER.unpack_from(data, offset)
            if kind in {DONE, ERROR}:
                return
            yield data[offset + HEADER.size : offset + length]
            offset += (length + 3) & ~3


def read(body: bytes) -> Connection | None:
    """Make a connection of an answer; nothing of one that is of another family than IP."""
    family, *_ = FAMILY.unpack_from(body)
    if family not in {socket.AF_INET, socket.AF_INET6}:
        return None
    told = attributes(body[FAMILY.size :])
    addresses, protocol = ends(told[ORIGINAL])
    back, answer = ends(told[ANSWER])
    version = int(family == socket.AF_INET6)
    return Connection(
        family=family,
        key=told[ORIGINAL],
        zone=number(told, ZONE),
        mark=number(told, MARK),
        src=socket.inet_ntop(family, addresses[SOURCE[version]]),
        dst=socket.inet_ntop(family, addresses[DESTINATION[version]]),
        protocol=number(protocol, NUMBER),
        source_port=number(protocol, SOURCE_PORT),
        port=number(protocol, DESTINATION_PORT),
        type=number(protocol, ICMP_TYPE[version]),
        answered_by=socket.inet_ntop(family, back[SOURCE[version]]),
        answered_to=socket.inet_ntop(family, back[DESTINATION[version]]),
        answering_port=number(answer, SOURCE_PORT),
    )


def ends(told: bytes) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """Give the addresses of one direction, and what its protocol says."""
    found = attributes(told)
    return attributes(found[ADDRESSES]), attributes(found[PROTOCOL])


def attributes(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    offset = 0
    while offset + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, offset)
        found[kind & KIND] = data[offset + ATTRIBUTE.size : offset + length]
        offset += max(ATTRIBUTE.size, (length + 3) & ~3)
    return found


def number(told: dict[int, bytes], kind: int) -> int:
    return int.from_bytes(told.get(kind, b""))
