"""Has a device write checksums itself, not leave it to whoever gets the frame next.

A frame without one is fine for a kernel, but not for a DHCP client that reads frames as they come, nor for a switch
that runs in user space.
"""

from __future__ import annotations

import array
import errno
import fcntl
import socket
import struct


SIOCETHTOOL, SET_CHECKSUMS = 0x8946, 0x17
UNKNOWN = frozenset({errno.EOPNOTSUPP, errno.EINVAL})
"""What a device says that leaves nothing to anybody."""


def switch_off(name: str) -> None:
    """Switch it off for what a device of the namespace that this thread is in sends."""
    wish = array.array("I", (SET_CHECKSUMS, 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            fcntl.ioctl(line, SIOCETHTOOL, struct.pack("16sP", name.encode(), wish.buffer_info()[0]))
        except OSError as error:
            if error.errno not in UNKNOWN:
                raise
