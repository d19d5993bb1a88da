"""Says what a kernel refused, in a sentence that names the operation and, where one is known, the remedy.

The one place where the kernel's errors become ours.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from pyroute2.netlink.exceptions import NetlinkError

from backends.kvm.making import Plug
from domain.errors import HostUnreachable
from projections.operations import CreateBridge, CreatePort, CreateTunnel, CreateVlan, Operation, describe


ABSENT = frozenset({errno.EOPNOTSUPP, errno.ENODEV, errno.ENOENT})


@contextmanager
def translated(doing: str, kind: str = "") -> Iterator[None]:
    """Turn what a kernel raises into `HostUnreachable`. With a kind of device, an unknown one is told as such."""
    try:
        yield
    except NetlinkError as error:
        raise HostUnreachable(sentence(doing, error.code, os.strerror(error.code), kind)) from error
    except OSError as error:
        code = error.errno or 0
        raise HostUnreachable(sentence(doing, code, error.strerror or str(error), kind)) from error


def sentence(doing: str, code: int, text: str, kind: str) -> str:
    if code == errno.EPERM:
        return f"{doing}: not permitted; changing a host's network needs root"
    if code == errno.EBUSY and doing.startswith("enslave "):
        return f"{doing}: somebody else takes what comes in there, such as a macvlan, an ipvlan or a bond ({text})"
    if kind and (code == errno.EOPNOTSUPP or (kind == "tun" and code in ABSENT)):
        return f"{doing}: the kernel has no {kind} devices ({text}); try `modprobe {module(kind)}`"
    return f"{doing}: {text} (errno {errno.errorcode.get(code, code)})"


def module(kind: str) -> str:
    return "8021q" if kind == "vlan" else kind


def performing(operation: Operation, plug: Plug) -> tuple[str, str]:
    """Give what is being done, and the kind of device that it makes."""
    return describe(operation), made_kind(operation, plug)


def made_kind(operation: Operation, plug: Plug) -> str:
    match operation:
        case CreateBridge():
            return "bridge"
        case CreateVlan():
            return "vlan"
        case CreateTunnel():
            return "vxlan"
        case CreatePort():
            return "tun" if plug == "tap" else "veth"
        case _:
            return ""
