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
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pyroute2 import IPRoute

from backends.kvm.namespace import inside
from backends.kvm.requests import Request


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
NLMSG_ERROR = 2


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
        if not requests:
            return
        self._line.send(b"".join(request.numbered(number) for number, request in enumerate(requests)))
        answers = dict(self._answer() for _ in requests)
        for number, request in enumerate(requests):
            code, text = answers[number]
            if code and code not in request.forgives:
                raise OSError(code, text or os.strerror(code))

    def index(self, name: str) -> int:
        """Give a link's number. Raises `OSError` with ENODEV when there is none of the name. O(1)."""
        answer = fcntl.ioctl(self._line, SIOCGIFINDEX, struct.pack("16si20x", name.encode(), 0))
        return int(struct.unpack("16si20x", answer)[1])

    def has(self, name: str) -> bool:
        with suppress(OSError):
            return bool(self.index(name))
        return False

    def links(self) -> Sequence[Any]:
        return list(self.dumps.link("dump"))

    def link(self, name: str) -> Any:
        return self.dumps.link("get", index=self.index(name))[0]

    def addresses(self) -> Sequence[Any]:
        return list(self.dumps.addr("dump"))

    def routes(self) -> Sequence[Any]:
        families = (socket.AF_INET, socket.AF_INET6)
        return [route for route in self.dumps.route("dump", family=0) if route["family"] in families]

    def forwarding(self) -> Sequence[Any]:
        return list(self.dumps.fdb("dump"))

    def switch_off_ipv6(self, name: str) -> None:
        """Keep the host itself out of a link. A kernel without IPv6 is fine."""
        with inside(self.namespace), suppress(FileNotFoundError):
            Path("/proc/sys/net/ipv6/conf", name, "disable_ipv6").write_text("1")

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


def words(data: bytes) -> str:
    """Find the kernel's explanation among an answer's attributes."""
    offset = ANSWER
    while offset + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, offset)
        if kind == MESSAGE:
            return data[offset + ATTRIBUTE.size : offset + length].rstrip(b"\0").decode(errors="replace")
        offset += max(ATTRIBUTE.size, (length + 3) & ~3)
    return ""
