"""Ears at the guests' ends of NICs, kept open from step to step: many frames are sent, then all that came is collected.

To open an ear is dear, to send a frame is cheap. Each frame is unlike any other, so what is heard is known by its
bytes, and an answer by what it must repeat of its question.
"""

from __future__ import annotations

import select
import socket
from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

from backends.kvm.lab import ETHERTYPE_ALL, octets
from backends.kvm.namespace import inside
from tests.conformance import answers


UNKNOWN = "02:ff:00:00:00:01"
"""The hardware address of nobody: switches take what is sent there everywhere."""
QUIET_S = 0.003
"""How long nothing more must come once all that must be heard was: in one kernel a frame arrives while it is sent."""
LATE_S = 0.05
"""How long what must be heard is waited for."""
BUFFER = 1 << 22
SO_RCVBUFFORCE = 33
SOL_PACKET, PACKET_AUXDATA, HAS_TAG = 263, 8, 0x10


class Place(NamedTuple):
    """The guest's end of a NIC."""

    host: str
    device: str
    mac: str


NOBODYS = octets(UNKNOWN)
Heard = Counter[tuple[bytes, Place]]
"""How often a frame or an answer came in where."""


class Ears:
    def __init__(self, paths: Mapping[str, str]) -> None:
        self._paths = paths
        self._open: dict[Place, tuple[int, socket.socket]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.listen(())

    def listen(self, places: Collection[Place]) -> None:
        """Have an ear at each of these places, and at no other. One at a device that was made anew is opened again."""
        now = {place: index for host in self._paths for place, index in numbers(self._paths[host], host, places)}
        for place, (index, ear) in tuple(self._open.items()):
            if now.get(place) != index:
                ear.close()
                del self._open[place]
        for place, index in now.items():
            if place not in self._open:
                self._open[place] = index, opened(self._paths[place.host], place.device)

    def who_hears(self, frames: Mapping[bytes, Place], keys: Container[bytes], expected: Heard) -> Heard:
        """Send frames, and tell who heard what of interest. What is expected ends the waiting, not the listening."""
        self._collect(0, ())
        for frame, place in frames.items():
            if place in self._open:
                with suppress(OSError):  # a device that is down sends nothing
                    self._open[place][1].send(frame)
        found: Heard = Counter()
        while more := self._collect(QUIET_S if expected <= found else LATE_S, keys):
            found += more
        return found

    def _collect(self, patience_s: float, keys: Container[bytes]) -> Heard:
        """Give what is there of what is of interest, and wait for some if there is nothing."""
        ears = {ear.fileno(): (place, ear) for place, (_, ear) in self._open.items()}
        found: Heard = Counter()
        for number in select.select(list(ears), [], [], patience_s)[0]:
            place, ear = ears[number]
            for data in received(ear):
                found.update((key, place) for key in answers.keys(data, octets(place.mac), NOBODYS) if key in keys)
        return found


def received(ear: socket.socket) -> Iterable[bytes]:
    """Walk what came in and is still there. Who has no VLAN devices doesn't hear what is tagged."""
    with suppress(OSError):  # nothing more is there, or the device is down
        while True:
            data, told, _, address = ear.recvmsg(2048, 64)
            if address[2] != socket.PACKET_OUTGOING and not any(is_tag(*each) for each in told):
                yield data


def is_tag(level: int, kind: int, said: bytes) -> bool:
    return (level, kind) == (SOL_PACKET, PACKET_AUXDATA) and bool(said[0] & HAS_TAG)


def numbers(path: str, host: str, places: Iterable[Place]) -> Iterable[tuple[Place, int]]:
    """Give the devices that are there with their numbers: one that is made anew has another."""
    with inside(path):
        there = {name: index for index, name in socket.if_nameindex()}
    return [(place, there[place.device]) for place in places if place.host == host and place.device in there]


def opened(path: str, device: str) -> socket.socket:
    """Open an ear. It hears nothing before it is told where, or the kernel would make everybody wait."""
    with inside(path):
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        ear.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        ear.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        ear.bind((device, ETHERTYPE_ALL))
        ear.setblocking(False)
    return ear
