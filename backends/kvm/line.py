"""A netlink socket of one namespace, and what is asked through it: messages of our own make, and whole dumps.

Refuses to know what is asked for: of links, routes and tables, others know.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

from backends.kvm import wire
from backends.kvm.namespace import inside


PATIENCE_S = 60
"""A kernel answers before it lets go of us; one that does not in so long never will."""
HEADER = struct.Struct("=IHHIIi")
"""A message's length, type, flags, sequence number and port, and an answer's error number."""
ERROR, DONE = 2, 3
REQUEST, DUMP, INTERRUPTED = 0x1, 0x300, 0x10
DUMPS = 5
"""How often a dump is tried that was overtaken by changes."""
ROUTE, NETFILTER = 0, 12


class Line:
    """A way to ask the kernel of one namespace; nothing: the one that this thread is in."""

    def __init__(self, namespace: str | None, protocol: int = ROUTE) -> None:
        with inside(namespace):
            self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        self.socket.settimeout(PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def ask(self, kind: int, body: bytes) -> bytes:
        """Give the one answer to a question, without its header. Raises `OSError` as the kernel objects."""
        self.socket.send(wire.message(kind, REQUEST, body))
        (found,) = list(payloads(self.socket.recv(1 << 16)))
        return found

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """Give all that a kernel has of a kind, without messages' headers. Asked again where it changed meanwhile."""
        for _ in range(DUMPS):
            with suppress(InterruptedError):
                self.socket.send(wire.message(kind, REQUEST | DUMP, body))
                return list(self._parts())
        raise OSError(errno.EBUSY, "the network changes faster than it can be looked at")

    def _parts(self) -> Iterator[bytes]:
        """Walk a dump to its end, also where it is of no use."""
        found, whole, more = list[bytes](), True, True
        while more:
            data = self.socket.recv(1 << 20)
            found.extend(payloads(data))
            kinds = {(kind, flags) for _, kind, flags in frames(data)}
            whole &= not any(flags & INTERRUPTED for _, flags in kinds)
            more = not any(kind == DONE for kind, _ in kinds)
        if not whole:
            raise InterruptedError
        yield from found


def frames(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Walk messages that came together: where each begins, its type and its flags."""
    offset = 0
    while offset < len(data):
        length, kind, flags, _, _ = wire.HEADER.unpack_from(data, offset)
        yield offset, kind, flags
        offset += (length + 3) & ~3


def payloads(data: bytes) -> Iterator[bytes]:
    """Walk what messages say, up to an error, which is raised."""
    for offset, kind, _ in frames(data):
        length, _, _, _, _, code = HEADER.unpack_from(data, offset)
        if kind == ERROR and code:
            raise OSError(-code, os.strerror(-code))
        if kind not in (ERROR, DONE):
            yield data[offset + wire.HEADER.size : offset + length]
