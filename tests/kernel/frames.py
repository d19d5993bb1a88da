"""Raw frames of our own make, of any length and tag, sent and heard at a device of a namespace."""

from __future__ import annotations

import select
import socket
import struct
from contextlib import suppress
from typing import NamedTuple

from backends.kvm.namespace import inside


ETHERTYPE, ETHERTYPE_VLAN = 0x88B5, 0x8100
"""For experiments (IEEE 802), and the tag's."""
ETHERTYPE_ALL = 0x0003
SOL_PACKET, PACKET_AUXDATA, STATUS_VLAN = 263, 8, 1 << 4
AUXILIARY = struct.Struct("=IIIHHHH")
BROADCAST = b"\xff" * 6
NUMBER = struct.Struct(">I")
BUFFER = 1 << 24
SO_RCVBUFFORCE = 33


class Heard(NamedTuple):
    sender: bytes
    vlan: int
    """0: it was not tagged."""
    number: int
    length: int
    """What is behind the Ethernet header."""


class Device:
    """A device's frames."""

    def __init__(self, netns: str, name: str) -> None:
        with inside(netns):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE_ALL))
        self._socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self._socket.bind((name, ETHERTYPE_ALL))

    def close(self) -> None:
        self._socket.close()

    def send(self, sender: bytes, number: int, *, length: int = 46, vlan: int = 0) -> None:
        tag = struct.pack(">HH", ETHERTYPE_VLAN, vlan) if vlan else b""
        body = NUMBER.pack(number).ljust(length, b"\0")
        with suppress(OSError):  # one that is too long for the other end of a cable is refused at once
            self._socket.send(BROADCAST + sender + tag + struct.pack(">H", ETHERTYPE) + body)

    def hear(self, quiet_s: float = 0.2) -> list[Heard]:
        """Give all of our frames that came in, until it is quiet."""
        found: list[Heard] = []
        while select.select([self._socket], [], [], quiet_s)[0]:
            data, extra, _, address = self._socket.recvmsg(1 << 16, 256)
            if address[2] != socket.PACKET_OUTGOING and data[12:14] == struct.pack(">H", ETHERTYPE):
                found.append(Heard(data[6:12], vlan_of(extra), NUMBER.unpack_from(data, 14)[0], len(data) - 14))
        return found


def vlan_of(extra: list[tuple[int, int, bytes]]) -> int:
    """Read the tag, which a kernel keeps beside a frame."""
    for level, kind, data in extra:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, *_, tag, _ = AUXILIARY.unpack_from(data)
            return int(tag & 0xFFF) if status & STATUS_VLAN else 0
    return 0
