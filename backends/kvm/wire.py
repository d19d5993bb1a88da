"""Netlink attributes, written and read by hand: what is asked of a kernel for a thousand links at a time.

The library decodes every attribute of every link, and encodes each through a class of its own: for a look at
2,000 links, or 500 networks to be made, that is most of the time. Refuses to know what is asked for.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any


HEADER = struct.Struct("=IHHII")
"""A message's length, type, flags, sequence number and port."""
ATTRIBUTE = struct.Struct("=HH")
NESTED = 0x8000
KINDS = 0x3FFF
"""What of an attribute's type is not a flag."""
IFINFO = struct.Struct("=BxHiII")
"""Family, type, index, flags and what of them is to change."""
U16, U32, PORT = struct.Struct("=H"), struct.Struct("=I"), struct.Struct(">H")


def message(kind: int, flags: int, body: bytes) -> bytes:
    return HEADER.pack(HEADER.size + len(body), kind, flags, 0, 0) + body


def attribute(kind: int, data: bytes) -> bytes:
    length = ATTRIBUTE.size + len(data)
    return ATTRIBUTE.pack(length, kind) + data + b"\0" * (-length % 4)


def nested(kind: int, *attributes: bytes) -> bytes:
    return attribute(kind | NESTED, b"".join(attributes))


def number(kind: int, value: int) -> bytes:
    return attribute(kind, U32.pack(value))


def text(kind: int, value: str) -> bytes:
    return attribute(kind, value.encode() + b"\0")


def attributes(data: bytes, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """Walk the attributes of a message, or of another attribute."""
    end = len(data)
    while offset + ATTRIBUTE.size <= end:
        length, kind = ATTRIBUTE.unpack_from(data, offset)
        if length < ATTRIBUTE.size:
            return
        yield kind & KINDS, data[offset + ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3


def slices(data: bytes, offset: int = 0) -> Iterator[tuple[int, bytes, bytes]]:
    """Walk the attributes of a message, each also whole, to be said again as it is."""
    for kind, value in attributes(data, offset):
        length = (ATTRIBUTE.size + len(value) + 3) & ~3
        yield kind, value, data[offset : offset + length].ljust(length, b"\0")
        offset += length


# links


def as_text(data: bytes) -> str:
    return data.rstrip(b"\0").decode(errors="replace")


def as_number(data: bytes) -> int:
    return int.from_bytes(data, "little" if struct.pack("=H", 1)[0] else "big")


def as_port(data: bytes) -> int:
    return int(PORT.unpack(data)[0])


def as_mac(data: bytes) -> str:
    return data.hex(":")


READ: dict[str, tuple[int, Callable[[bytes], Any]]] = {
    "IFLA_ADDRESS": (1, as_mac),
    "IFLA_IFNAME": (3, as_text),
    "IFLA_MTU": (4, as_number),
    "IFLA_LINK": (5, as_number),
    "IFLA_MASTER": (10, as_number),
    "IFLA_IFALIAS": (20, as_text),
    "IFLA_GROUP": (27, as_number),
    "IFLA_LINK_NETNSID": (37, as_number),
    "IFLA_INFO_KIND": (1, as_text),
    "IFLA_INFO_SLAVE_KIND": (4, as_text),
    "IFLA_VLAN_ID": (1, as_number),
    "IFLA_VXLAN_ID": (1, as_number),
    "IFLA_VXLAN_LINK": (3, as_number),
    "IFLA_VXLAN_LOCAL": (4, socket.inet_ntoa),
    "IFLA_VXLAN_PORT": (15, as_port),
}
INSIDE = {"IFLA_LINKINFO": 18, "IFLA_INFO_DATA": 2}


class Link:
    """A link as a kernel tells of it. Only what is asked for is decoded."""

    __slots__ = ("_attributes", "_inside", "fields")

    def __init__(self, data: bytes) -> None:
        _, _, index, flags, _ = IFINFO.unpack_from(data)
        self.fields: dict[str, int] = {"index": index, "flags": flags}
        self._attributes = dict(attributes(data, IFINFO.size))
        self._inside: dict[str, dict[int, bytes]] = {}

    def __getitem__(self, name: str) -> int:
        return self.fields[name]

    def get_attr(self, name: str) -> Any:
        return read(self._attributes, name)

    def get_nested(self, *names: str) -> Any:
        """Read an attribute that is in others, the outermost first."""
        found = self._attributes
        for name in names[:-1]:
            found = self._opened(name, found)
        return read(found, names[-1])

    def _opened(self, name: str, found: dict[int, bytes]) -> dict[int, bytes]:
        if name not in self._inside:
            self._inside[name] = dict(attributes(found.get(INSIDE[name], b"")))
        return self._inside[name]


def read(found: dict[int, bytes], name: str) -> Any:
    kind, decode = READ[name]
    return decode(found[kind]) if kind in found else None
