"""Daemons of ours in namespaces of ours: found, looked at, and ended.

A process is one of ours by a word of its command line that nobody else has: the path of a file of ours. It serves if it
is where it should be, too. A number alone says nothing, since numbers are given again.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from domain.errors import HostUnreachable


PROC = Path("/proc")
PATIENCE_S = 5.0
"""How long a daemon may take to end before it is killed."""


def lives(pid: int, pin: Path, word: str) -> bool:
    """Tell whether a process is in a pinned namespace and was started with a word. A zombie is in none."""
    with suppress(OSError):
        where = (PROC / str(pid) / "ns/net").stat().st_ino
        return where == pin.stat().st_ino and word in words(pid)
    return False


def words(pid: int) -> list[str]:
    return (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")


def started_with(word: str) -> Iterator[int]:
    """Walk the processes that were started with a word, wherever they are. O(processes of the machine)."""
    numbers = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    yield from (pid for pid in numbers if was_started_with(pid, word))


def was_started_with(pid: int, word: str) -> bool:
    with suppress(OSError):
        return word in words(pid)
    return False


def end(pid: int) -> None:
    """Have a process end, and come back when it has. Raises `HostUnreachable` when it doesn't."""
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            for sign in (signal.SIGTERM, signal.SIGKILL):
                signal.pidfd_send_signal(descriptor, sign)
                if select.select([descriptor], [], [], PATIENCE_S)[0]:
                    return
        finally:
            os.close(descriptor)
        raise HostUnreachable(f"process {pid} does not end")
