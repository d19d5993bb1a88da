"""Tells that a kernel's links or addresses changed, and not what: a look says that, and says it whole.

Forwarding entries and routes are left to the look in between: bridges learn all day long.
"""

from __future__ import annotations

import errno
import socket
from types import TracebackType
from typing import Self

from backends.kvm.namespace import inside


LINK, IPV4_ADDRESS, IPV6_ADDRESS = 0x1, 0x10, 0x100
"""RTMGRP_* of <linux/rtnetlink.h>."""


class Events:
    """A socket that is readable when something has changed in a network namespace."""

    def __init__(self, namespace: str | None = None) -> None:
        with inside(namespace):
            self._line = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._line.setblocking(False)
        self._line.bind((0, LINK | IPV4_ADDRESS | IPV6_ADDRESS))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()

    def fileno(self) -> int:
        return self._line.fileno()

    def drain(self) -> None:
        """Take in all that is there. More than the kernel could keep (ENOBUFS) is news like any other."""
        while True:
            try:
                self._line.recv(1 << 16)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
