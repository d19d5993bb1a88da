"""One kernel's network: what it is asked, and what it is told to change.

Both go through one socket of ours. Several changes in one message are carried out within one system call: not even a
SIGKILL comes between them, which a move of addresses needs. Addresses and routes are decoded by pyroute2, but for those
that the kernel makes by itself, which are most of them.
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

from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from backends.kvm import wire
from backends.kvm.line import ERROR, Line
from backends.kvm.namespace import inside
from backends.kvm.requests import ENTRY, NEWADDR, NEWROUTE, Request
from backends.kvm.wire import IFINFO, Link, attributes, number


SOL_NETLINK, CAP_ACK, EXT_ACK = 270, 10, 11
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
BUFFER = 1 << 23
"""Room for a message with ten thousand changes, and for the answers to them."""
SIOCGIFINDEX = 0x8933
HEADER = struct.Struct("=IHHIIi")
"""A message's length, type, flags, sequence number and port, and an answer's error number."""
ANSWER = 16 + 4 + 16
"""Where an answer's attributes begin: after its header, its error number and the header it answers."""
ATTRIBUTE = struct.Struct("=HH")
MESSAGE = 1
GETLINK, GETADDR, GETROUTE, GETNEIGH = 18, 22, 26, 30
EXT_MASK, SKIP_STATS = 29, 8
IFADDR, IFA_PROTO = struct.Struct("=BBBBi"), 11
RTMSG = struct.Struct("=BBBBBBBBI")
"""Family, lengths of both prefixes, class of traffic, table, protocol, scope, type and flags of a route."""
RTA_CACHEINFO, LIFE = 12, struct.Struct("=8xi")
"""How long a route still lives: 0 is for ever, and less than that when its time is over."""
KERNELS_OWN = frozenset({1, 3})
"""Who made an address: the kernel, for `lo` and for link-local ones. What routers advertised has another number."""
REDIRECT, KERNEL, CACHED = 1, 2, 0x200
FAMILIES = frozenset({socket.AF_INET, socket.AF_INET6})


class Kernel:
    """A way into the network of one namespace; nothing: the one that this thread is in."""

    def __init__(self, namespace: str | None = None) -> None:
        self.namespace = namespace
        self._line = Line(namespace)
        self._socket = self._line.socket
        self._prepare()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.__exit__(kind, error, trace)

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
        self._socket.send(b"".join(request.numbered(number) for number, request in enumerate(requests)))
        answers = dict(self._answer() for _ in requests)
        return [refused(request, *answers[number]) for number, request in enumerate(requests)]

    def index(self, name: str) -> int:
        """Give a link's number. Raises `OSError` with ENODEV when there is none of the name. O(1)."""
        answer = fcntl.ioctl(self._socket, SIOCGIFINDEX, struct.pack("16si20x", name.encode(), 0))
        return int(struct.unpack("16si20x", answer)[1])

    def has(self, name: str) -> bool:
        with suppress(OSError):
            return bool(self.index(name))
        return False

    def links(self) -> Sequence[Link]:
        return [Link(data) for data in self.dump(GETLINK, IFINFO.pack(0, 0, 0, 0, 0) + number(EXT_MASK, SKIP_STATS))]

    def link(self, name: str) -> Link:
        index = self.index(name)
        return Link(self._line.ask(GETLINK, IFINFO.pack(0, 0, index, 0, 0) + number(EXT_MASK, SKIP_STATS)))

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """Give all that a kernel has of a kind, without messages' headers."""
        return self._line.dump(kind, body)

    def addresses(self) -> Sequence[Any]:
        """Give the addresses that somebody gave: an administrator, a daemon or a router."""
        every = self.dump(GETADDR, IFADDR.pack(0, 0, 0, 0, 0))
        return [decoded(ifaddrmsg, NEWADDR, data) for data in every if not is_the_kernels(data)]

    def routes(self) -> Sequence[Any]:
        """Give the routes that somebody set, or a router advertised; the rest a kernel makes by itself."""
        return [decoded(rtmsg, NEWROUTE, data) for data in self.raw_routes()]

    def raw_routes(self) -> list[bytes]:
        """Give the same, as the kernel tells them."""
        return [data for data in self.dump(GETROUTE, RTMSG.pack(*[0] * 9)) if is_set(data)]

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
        self._socket.setsockopt(SOL_NETLINK, CAP_ACK, 1)
        self._socket.setsockopt(SOL_NETLINK, EXT_ACK, 1)
        with suppress(PermissionError):  # who may not have more room may not change anything either
            self._socket.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BUFFER)
            self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)

    def _answer(self) -> tuple[int, tuple[int, str]]:
        """Read which request is answered, the error number, and the kernel's own words."""
        data = self._socket.recv(1 << 16)
        _, kind, _, sequence, _, code = HEADER.unpack_from(data)
        if kind != ERROR:
            raise OSError(errno.EPROTO, f"an answer of type {kind} to a change")
        return sequence, (-code, words(data))


def refused(request: Request, code: int, text: str) -> OSError | None:
    return OSError(code, text or os.strerror(code)) if code and code not in request.forgives else None


def is_the_kernels(data: bytes) -> bool:
    """Tell whether a kernel made an address by itself."""
    made = dict(attributes(data, IFADDR.size)).get(IFA_PROTO)
    return made is not None and made[0] in KERNELS_OWN


def is_set(data: bytes) -> bool:
    """Tell whether somebody set a route, and it has not ended: a kernel forgets such a one only by and by."""
    family, _, _, _, _, protocol, _, _, flags = RTMSG.unpack_from(data)
    by_itself = protocol in {REDIRECT, KERNEL} or flags & CACHED
    return family in FAMILIES and not by_itself and not has_ended(data)


def has_ended(data: bytes) -> bool:
    life = dict(attributes(data, RTMSG.size)).get(RTA_CACHEINFO)
    return life is not None and LIFE.unpack_from(life)[0] < 0


def decoded(build: Any, kind: int, data: bytes) -> Any:
    """Read a message as the library does."""
    message = build(wire.message(kind, 0, data))
    message.decode()
    return message


def words(data: bytes) -> str:
    """Find the kernel's explanation among an answer's attributes."""
    offset = ANSWER
    while offset + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, offset)
        if kind == MESSAGE:
            return data[offset + ATTRIBUTE.size : offset + length].rstrip(b"\0").decode(errors="replace")
        offset += max(ATTRIBUTE.size, (length + 3) & ~3)
    return ""
