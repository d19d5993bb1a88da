"""What is set for one link by itself (`/proc/sys/net`), and how another one comes to have the same.

A kernel gives a new link its defaults, whatever a host has set for the interface that the link is to stand for: to hear
routers though it forwards, to answer for others, to take what comes in by another way than it goes out. It refuses
nothing itself: what a kernel does not take of it, is raised.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from backends.kvm.kernel import Kernel
from backends.kvm.namespace import inside


ROOT = Path("/proc/sys/net")
VERSIONS: dict[int, str] = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
KERNELS_OWN = frozenset({"mc_forwarding", "mtu"})
"""What a kernel counts for itself, and what follows from the link."""
SECRET = "stable_secret"  # noqa: S105 - the name of a setting
"""It comes first: a kernel makes addresses of it from then on, and without it there is no such way to make them."""


def copy(kernel: Kernel, source: str, target: str, *families: int) -> None:
    """Set for one link what is set for another, as far as they differ."""
    with inside(kernel.namespace):
        for folder in (f"{VERSIONS[family]}/{part}" for family in families for part in ("conf", "neigh")):
            for name, value in settings(ROOT / folder / source):
                there = ROOT / folder / target / name
                if there.exists() and read(there) != value:
                    there.write_text(value)


def settings(folder: Path) -> Iterator[tuple[str, str]]:
    """Walk a link's settings; a kernel without the IP version has none."""
    names = {path.name for path in folder.glob("*")} - KERNELS_OWN
    for name in sorted(names, key=lambda name: (name != SECRET, name)):
        if value := read(folder / name):
            yield name, value


def read(path: Path) -> str:
    """Give a setting; nothing for one that was never set."""
    with suppress(OSError):
        return path.read_text().strip()
    return ""
