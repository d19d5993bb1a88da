"""Keeps two processes from working on one kernel's network at the same time.

The lock is a name that a network namespace gives to one socket at a time, whatever a process calls the
namespace by. The kernel frees it with its holder, so a run that was killed leaves nothing behind.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from backends.kvm.namespace import inside
from domain.errors import HostUnreachable


NAME = "\0rewire"


@contextmanager
def held(namespace: str | None) -> Iterator[None]:
    """Hold a namespace's lock; raise `HostUnreachable` at once when somebody else does."""
    with unix_socket(namespace) as lock:
        try:
            lock.bind(NAME)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise HostUnreachable(f"{holder(namespace)} is changing this host: wait until it is done") from None
        lock.listen()
        yield


def holder(namespace: str | None) -> str:
    """Say who holds the lock, as far as the kernel tells."""
    with unix_socket(namespace) as asking, suppress(OSError):
        asking.connect(NAME)
        credentials = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return f"process {struct.unpack('3i', credentials)[0]}"
    return "another process"


def unix_socket(namespace: str | None) -> socket.socket:
    with inside(namespace):
        return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
