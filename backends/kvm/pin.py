"""Network namespaces that we make, kept by a bind mount each, so that they outlive the process that made them.

A namespace has its mark before it is pinned, and dies with a maker that is killed before: what is left of it then is
a pin that holds nothing. They lie in a folder of ours, not where `ip netns` keeps its own. Refuses to look inside: that
is `room`'s.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from backends.kvm.namespace import CLONE_NEWNET, OWN, step_into


MS_BIND, MNT_DETACH = 0x1000, 0x2

_libc = ctypes.CDLL(None, use_errno=True)


def pins(folder: Path) -> Iterator[Path]:
    """Walk the pins in a folder, in order of name, also those that hold nothing."""
    if folder.is_dir():
        yield from sorted(folder.iterdir())


def holds(pin: Path) -> bool:
    """Tell whether a namespace is pinned there: not where one was killed who had just begun, or had almost ended."""
    return pin.exists() and pin.stat().st_dev != pin.parent.stat().st_dev


def make(pin: Path, furnish: Callable[[], None]) -> None:
    """Make a namespace, furnish it from within, and pin it."""
    pin.parent.mkdir(parents=True, exist_ok=True)
    pin.touch()
    with OWN.open() as home:
        checked(_libc.unshare(CLONE_NEWNET))
        try:
            furnish()
            checked(_libc.mount(os.fsencode(OWN), os.fsencode(pin), None, MS_BIND, None))
        finally:
            step_into(home.fileno())


def remove(pin: Path) -> None:
    """Let go of a namespace: it dies with the last process in it. Done again, it changes nothing."""
    while holds(pin):
        checked(_libc.umount2(os.fsencode(pin), MNT_DETACH))
    pin.unlink(missing_ok=True)


def checked(status: int) -> None:
    if status:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
