"""Stepping into a network namespace and back, for what belongs to the namespace it was opened in.

Sockets, taps and settings do. Only the calling thread moves, and only while something is opened: no process
is forked, so threads elsewhere are safe.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import HostUnreachable


CLONE_NEWNET = 0x40000000
NAMED = Path("/run/netns")
OWN = Path("/proc/thread-self/ns/net")

_libc = ctypes.CDLL(None, use_errno=True)  # `os.setns` came with Python 3.12


@contextmanager
def inside(namespace: str | None) -> Iterator[None]:
    """Move this thread into a namespace: by its `ip netns` name, by a path such as `/proc/7/ns/net`, or not at
    all.
    """
    if namespace is None:
        yield
        return
    with OWN.open() as home:
        enter(namespace)
        try:
            yield
        finally:
            step_into(home.fileno())


def enter(namespace: str) -> None:
    with found(namespace), (NAMED / namespace).open() as there:  # an absolute path stays what it is
        step_into(there.fileno())


def identity(namespace: str | None) -> tuple[int, int]:
    """Tell a namespace from another one that has its name afterwards."""
    if namespace is None:
        return (0, 0)
    with found(namespace):
        status = (NAMED / namespace).stat()
    return (status.st_dev, status.st_ino)


@contextmanager
def found(namespace: str) -> Iterator[None]:
    """Say what is wrong where a namespace can't be found or entered."""
    try:
        yield
    except FileNotFoundError:
        remedy = f": create it with `ip netns add {namespace}`" if "/" not in namespace else ""
        raise HostUnreachable(f"there is no network namespace {namespace}{remedy}") from None
    except PermissionError:
        raise HostUnreachable(f"entering the network namespace {namespace} needs root") from None
    except OSError as error:
        raise HostUnreachable(f"{namespace} is not a network namespace: {error.strerror}") from error


def step_into(descriptor: int) -> None:
    if _libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
