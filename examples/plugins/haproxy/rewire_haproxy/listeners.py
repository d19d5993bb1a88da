"""The file that says what is balanced, since no command of Rewire's does.

    [[listener]]
    network = "front"               # an L3 network, by name
    vip = "shop"                    # one of its VIPs
    port = 80
    members = ["web-1", "web-2"]    # VMs with a NIC on the network
    member_port = 8080              # the same port, if it is left out

All hosts are to have the same file. Refuses to know whether what it names is there.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated

import msgspec

from domain.errors import HostUnreachable


VARIABLE = "REWIRE_HAPROXY"
DEFAULT = "/etc/rewire/haproxy.toml"
PortNumber = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Listener(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    network: str
    vip: str
    port: PortNumber
    members: tuple[str, ...]
    member_port: PortNumber | None = None

    @property
    def target(self) -> int:
        """Give the port that members listen on."""
        return self.member_port or self.port

    def __str__(self) -> str:
        return f"listener {self.vip}:{self.port}"


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    listener: tuple[Listener, ...] = ()


def path() -> Path:
    return Path(os.environ.get(VARIABLE) or DEFAULT)


def read() -> tuple[Listener, ...]:
    """Give all listeners; none where there is no file. Raises `HostUnreachable` where it can't be understood."""
    try:
        return msgspec.convert(tomllib.loads(path().read_text()), File).listener
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise HostUnreachable(f"{path()}: {error}") from error
