"""One kernel's network: what it is asked, and what it is told to change.

Looks go through pyroute2's `IPRoute`. Changes go through a socket of their own, because several in one
message are carried out within one system call: not even a SIGKILL comes between them, which a move of
addresses needs.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pyroute2 import IPRoute

from backends.kvm import wire
from backends.kvm.namespace import inside
from backends.kvm.requests import ENTRY, REQUEST, Request
from backends.kvm.wire import IFINFO, Link, attributes, message, number


SOL_NETLINK, CAP_ACK, EXT_ACK = 270, 10, 11
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
PATIENCE_S = 60
"""A kernel answers before it lets go of us; one that does not in so long never will."""
BUFFER = 1 << 23
"""Room for a message with ten thousand changes, and for the answers to them."""
SIOCGIFINDEX = 0x8933
HEADER = struct.Struct("=IHHIIi")
"""A message's length, type, flags, sequence number and port, and an answer's error number."""
ANSWER = 16 + 4 + 16
"""Where an answer's attributes begin: after its header, its error number and the header it answers."""
ATTRIBUTE = struct.Struct("=HH")
MESSAGE = 1
NLMSG_ERROR, DONE = 2, 3
GETLINK, GETNEIGH = 18, 30
EXT_MASK, SKIP_STATS = 29, 8
DUMP, INTERRUPTED = 0x300, 0x10
DUMPS = 5
"""How often a dump is tried that was overtaken by changes."""


class Kernel:
    """A way into the network of one namespace; nothing: the one that this thread is in."""

    def __init__(self, namespace: str | None = None) -> None:
        self.namespace = namespace
        with inside(namespace):
            self.dumps: Any = IPRoute()
            self._line = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._prepare()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()
        self.dumps.close()

    def commit(self, *requests: Request) -> None:
        """Carry out changes in order within one system call, then raise the first error that none of them forgives."""
        for error in self.attempt(*requests):
            if error:
                raise error

    def attempt(self, *requests: Request) -> list[OSError | None]:
        """Carry out changes in order within one system call, and give the error of each that doesn't forgive it.

        One that fails keeps none of the others from being carried out.
        """
        if not requests:
            return []
        self._line.send(b"".join(request.numbered(number) for number, request in enumerate(requests)))
        answers = dict(self._answer() for _ in requests)
        return [refused(request, *answers[number]) for number, request in enumerate(requests)]

    def index(self, name: str) -> int:
        """Give a link's number. Raises `OSError` with ENODEV when there is none of the name. O(1)."""
        answer = fcntl.ioctl(self._line, SIOCGIFINDEX, struct.pack("16si20x", name.encode(), 0))
        return int(struct.unpack("16si20x", answer)[1])

    def has(self, name: str) -> bool:
        with suppress(OSError):
            return bool(self.index(name))
        return False

    def links(self) -> Sequence[Link]:
        return [Link(data) for data in self.dump(GETLINK, IFINFO.pack(0, 0, 0, 0, 0) + number(EXT_MASK, SKIP_STATS))]

    def link(self, name: str) -> Link:
        index = self.index(name)
        self._line.send(message(GETLINK, REQUEST, IFINFO.pack(0, 0, index, 0, 0) + number(EXT_MASK, SKIP_STATS)))
        (found,) = list(payloads(self._line.recv(1 << 16)))
        return Link(found)

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """Give all that a kernel has of a kind, without messages' headers. Asked again where it changed meanwhile."""
        for _ in range(DUMPS):
            with suppress(InterruptedError):
                self._line.send(message(kind, REQUEST | DUMP, body))
                return list(self._parts())
        raise OSError(errno.EBUSY, "the network changes faster than it can be looked at")

    def _parts(self) -> Iterator[bytes]:
        """Walk a dump to its end, also where it is of no use."""
        found, whole, more = list[bytes](), True, True
        while more:
            data = self._line.recv(1 << 20)
            found.extend(payloads(data))
            kinds = {(kind, flags) for _, kind, flags in frames(data)}
            whole &= not any(flags & INTERRUPTED for _, flags in kinds)
            more = not any(kind == DONE for kind, _ in kinds)
        if not whole:
            raise InterruptedError
        yield from found

    def addresses(self) -> Sequence[Any]:
        return list(self.dumps.addr("dump"))

    def routes(self) -> Sequence[Any]:
        families = (socket.AF_INET, socket.AF_INET6)
        return [route for route in self.dumps.route("dump", family=0) if route["family"] in families]

    def forwarding(self) -> Iterator[tuple[int, dict[int, bytes]]]:
        """Walk the forwarding entries of all bridges and tunnels: the interface, and the entry's attributes."""
        for data in self.dump(GETNEIGH, IFINFO.pack(socket.AF_BRIDGE, 0, 0, 0, 0)):
            yield ENTRY.unpack_from(data)[1], dict(attributes(data, ENTRY.size))

    def switch_off_ipv6(self, *names: str) -> None:
        """Keep the host itself out of links. A kernel without IPv6 is fine."""
        with inside(self.namespace):
            for name in names:
                with suppress(FileNotFoundError):
                    Path(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6").write_text("1")

    def _prepare(self) -> None:
        self._line.settimeout(PATIENCE_S)
        self._line.setsockopt(SOL_NETLINK, CAP_ACK, 1)
        self._line.setsockopt(SOL_NETLINK, EXT_ACK, 1)
        with suppress(PermissionError):  # who may not have more room may not change anything either
            self._line.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BUFFER)
            self._line.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)

    def _answer(self) -> tuple[int, tuple[int, str]]:
        """Read which request is answered, the error number, and the kernel's own words."""
        data = self._line.recv(1 << 16)
        _, kind, _, sequence, _, code = HEADER.unpack_from(data)
        if kind != NLMSG_ERROR:
            raise OSError(errno.EPROTO, f"an answer of type {kind} to a change")
        return sequence, (-code, words(data))


def refused(request: Request, code: int, text: str) -> OSError | None:
    return OSError(code, text or os.strerror(code)) if code and code not in request.forgives else None


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
        if kind == NLMSG_ERROR and code:
            raise OSError(-code, os.strerror(-code))
        if kind not in (NLMSG_ERROR, DONE):
            yield data[offset + wire.HEADER.size : offset + length]


def words(data: bytes) -> str:
    """Find the kernel's explanation among an answer's attributes."""
    offset = ANSWER
    while offset + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, offset)
        if kind == MESSAGE:
            return data[offset + ATTRIBUTE.size : offset + length].rstrip(b"\0").decode(errors="replace")
        offset += max(ATTRIBUTE.size, (length + 3) & ~3)
    return ""
