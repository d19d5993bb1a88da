"""An empty network to test in, so that a test can neither see nor harm the machine's own.

Refuses to name its namespaces: an unnamed one ends with its last user, even if the test is killed.
"""

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager


CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)  # `os.unshare` and `os.setns` came with Python 3.12


@contextmanager
def throwaway() -> Iterator[None]:
    """Move this thread into a new network namespace, and back at the end. Sockets stay where they were."""
    with open("/proc/thread-self/ns/net") as home:  # noqa: PTH123 - a way back, not a text
        _check(_libc.unshare, CLONE_NEWNET)
        try:
            yield
        finally:
            _check(_libc.setns, home.fileno(), CLONE_NEWNET)


def _check(function: Callable[..., int], *arguments: int) -> None:
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
