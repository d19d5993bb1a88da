"""Tells that a kernel's links, addresses or our own tables changed, and not what: a look says that, and says it whole.

Forwarding entries and routes are left to the look in between: bridges learn all day long. So are the tables of others,
which may be written many times a second.
"""

from __future__ import annotations

import errno
import select
import socket
from contextlib import suppress
from types import TracebackType
from typing import Self

from backends.kvm import tables, wire
from backends.kvm.line import NETFILTER, ROUTE, frames
from backends.kvm.namespace import inside


LINK, IPV4_ADDRESS, IPV6_ADDRESS = 0x1, 0x10, 0x100
"""RTMGRP_* of <linux/rtnetlink.h>."""
TABLES = 1 << 6
"""NFNLGRP_NFTABLES of <linux/netfilter/nfnetlink.h>, as a mask."""
OURS = b"rewire"
"""How the names of our tables begin."""


class Events:
    """Something that is readable when there may be news in a network namespace."""

    def __init__(self, namespace: str | None = None) -> None:
        with inside(namespace):
            self._links = listening(ROUTE, LINK | IPV4_ADDRESS | IPV6_ADDRESS)
            self._tables = listening(NETFILTER, TABLES)
        self._both = select.epoll()
        for line in (self._links, self._tables):
            self._both.register(line.fileno(), select.EPOLLIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._both.close()
        self._links.close()
        self._tables.close()

    def fileno(self) -> int:
        return self._both.fileno()

    def drain(self) -> bool:
        """Take in all that is there, and tell whether any of it is news."""
        links, changes = taken(self._links), taken(self._tables)
        return bool(links) or any(not told or is_ours(told) for told in changes)


def listening(protocol: int, groups: int) -> socket.socket:
    line = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
    line.setblocking(False)
    with suppress(PermissionError):  # what only root may hear of is no news to others: their looks say what they lack
        line.bind((0, groups))
    return line


def taken(line: socket.socket) -> list[bytes]:
    """Take what a socket has. More than the kernel could keep (ENOBUFS) is an empty message, news like any other."""
    found: list[bytes] = []
    while True:
        try:
            found.append(line.recv(1 << 16))
        except BlockingIOError:
            return found
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            found.append(b"")


def is_ours(told: bytes) -> bool:
    """Tell whether any of some messages about tables is about one of ours: all begin with the name of the table."""
    return any(table_in(told, start).startswith(OURS) for start, _, _ in frames(told))


def table_in(told: bytes, start: int) -> bytes:
    first = next(wire.attributes(told, start + wire.HEADER.size + tables.GENERIC.size), (0, b""))
    return first[1] if first[0] == tables.TABLE else b""
