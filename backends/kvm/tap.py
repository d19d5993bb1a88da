"""The host end of a NIC that a hypervisor opens: a tap that outlives its maker.

A tap is made by opening a file, not by netlink, so its group comes a moment later. It is therefore kept
from outliving us until it carries our marks: killed before, we leave nothing.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from backends.kvm.namespace import inside


TUNSETIFF, TUNSETPERSIST = 0x400454CA, 0x400454CB
TAP, NO_PACKET_INFORMATION, EXCLUSIVE = 0x0002, 0x1000, 0x8000
DEVICE = "/dev/net/tun"


@contextmanager
def lasting(name: str, namespace: str | None) -> Iterator[None]:
    """Make a tap that stays if what is done with it meanwhile succeeds, and goes if it does not."""
    with inside(namespace):
        descriptor = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
    try:
        flags = TAP | NO_PACKET_INFORMATION | EXCLUSIVE
        fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
        yield
        fcntl.ioctl(descriptor, TUNSETPERSIST, 1)
    finally:
        os.close(descriptor)
