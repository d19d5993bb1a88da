"""Keeps two processes from working on one kernel's network at the same time.

The lock is a name that a network namespace gives to one socket at a time, whatever a process calls the
namespace by. The kernel frees it with its holder, so a run that was killed leaves nothing behind.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from backends.errors import HostBusy
from backends.kvm.namespace import inside


NAME = "\0rewire"
AGENT = "\0rewire-agent"
"""Held for as long as an agent lives: who else works on the host only waits for its turn."""


@contextmanager
def held(
    namespace: str | None,
    name: str = NAME,
    does: str = "is changing this host: wait until it is done",
    *,
    patience_s: float = 0.0,
) -> Iterator[None]:
    """Hold a namespace's lock; raise `HostBusy` when somebody else does until patience ends, with what that means."""
    deadline = time.monotonic() + patience_s
    with unix_socket(namespace) as lock:
        while not taken(lock, name):
            if time.monotonic() >= deadline:
                raise HostBusy(f"{holder(namespace, name)} {does}")
            outlast(namespace, name, deadline - time.monotonic())
        lock.listen()
        yield


def taken(lock: socket.socket, name: str) -> bool:
    try:
        lock.bind(name)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True


def outlast(namespace: str | None, name: str, seconds: float) -> None:
    """Wait for the holder to end, but no longer than so many seconds. It answers nobody: its end is all one hears."""
    with unix_socket(namespace) as waiting, suppress(OSError):  # it hears nobody between its bind and its listen
        waiting.connect(name)
        select.select([waiting], [], [], max(seconds, 0.0))


def holder(namespace: str | None, name: str = NAME) -> str:
    """Say who holds the lock, as far as the kernel tells."""
    with unix_socket(namespace) as asking, suppress(OSError):
        asking.connect(name)
        credentials = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return f"process {struct.unpack('3i', credentials)[0]}"
    return "another process"


def unix_socket(namespace: str | None) -> socket.socket:
    with inside(namespace):
        return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
