"""Keeps two processes from working on one kernel's network at the same time.

The lock is a port that a network namespace gives to one socket at a time, whatever a process calls the namespace
by, and that only root may have; nothing is ever sent there. The kernel frees it with its last holder, so a run that
was killed leaves nothing behind; a program that it has started to change the host inherits the lock, and is waited
for.

Beside it the holder has a name, by which others learn who it is and when it ends. Anybody may take that before, and
then nobody learns it.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from backends.errors import HostBusy
from backends.kvm.namespace import inside


NAME = "\0rewire"
AGENT = "\0rewire-agent"
"""Held for as long as an agent lives: who else works on the host only waits for its turn."""
PORTS = {NAME: 1, AGENT: 2}
HOME = "127.114.119.1"
"""The machine itself, by an address that nothing else has."""
IP_FREEBIND = 15
"""Takes an address also where the loopback interface is down."""
TURN_S, PAUSE_S = 0.5, 0.02


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
    with port_socket(namespace) as lock, unix_socket(namespace) as known:
        while not taken(lock, known, name):
            if time.monotonic() >= deadline:
                raise HostBusy(f"{holder(namespace, name)} {does}")
            outlast(namespace, name, deadline - time.monotonic())
        for each in (lock, known):
            each.set_inheritable(True)
        yield


def taken(lock: socket.socket, known: socket.socket, name: str) -> bool:
    """Take the lock and its name. Without the right to the one, the other has to do."""
    try:
        if not bound(lock, (HOME, PORTS[name])):
            return False
    except PermissionError:
        return announced(known, name)
    announced(known, name)
    return True


def announced(known: socket.socket, name: str) -> bool:
    if found := bound(known, name):
        known.listen()
    return found


def bound(own: socket.socket, place: Any) -> bool:
    try:
        own.bind(place)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True


def outlast(namespace: str | None, name: str, seconds: float) -> None:
    """Wait for the holder to end, but no longer than so many seconds, nor than a turn: who has the name may be another.
    It answers nobody: its end is all one hears.
    """
    with unix_socket(namespace) as waiting, suppress(OSError):  # it hears nobody between its bind and its listen
        waiting.connect(name)
        select.select([waiting], [], [], max(0.0, min(seconds, TURN_S)))
    time.sleep(max(0.0, min(seconds, PAUSE_S)))


def holder(namespace: str | None, name: str = NAME) -> str:
    """Say who holds the lock, as far as the kernel tells."""
    with unix_socket(namespace) as asking, suppress(OSError):
        asking.connect(name)
        credentials = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return f"process {struct.unpack('3i', credentials)[0]}"
    return "another process"


def port_socket(namespace: str | None) -> socket.socket:
    with inside(namespace):
        found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    found.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    return found


def unix_socket(namespace: str | None) -> socket.socket:
    with inside(namespace):
        return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
