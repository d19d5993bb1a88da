"""A stream of echo requests from another host, to count what is lost while something happens."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from itertools import pairwise
from types import TracebackType
from typing import Self

from backends.kvm.namespace import inside


ECHO = 8
EVERY_S = 0.001
PATIENCE_S = 10.0


class Pinger:
    """Pings an address from a namespace, each millisecond, in a thread of its own, until it is left.

    Leaving waits for an answer to a last request, so that what is missing in between is a gap that has ended.
    """

    def __init__(self, netns: str, address: str) -> None:
        with inside(netns):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._address = address
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.sent: dict[int, float] = {}
        self.heard: dict[int, float] = {}
        self._ended = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    @property
    def answers(self) -> bool:
        """Whether a request of after the end was answered."""
        return max(self.heard, default=0) > self._ended

    @property
    def lost(self) -> int:
        """How many were not answered, up to the last answer."""
        return sum(number not in self.heard for number in self.sent if number <= max(self.heard))

    @property
    def gap_s(self) -> float:
        """The longest time between two answers."""
        times = sorted(self.heard.values())
        return max((later - sooner for sooner, later in pairwise(times)), default=0.0)

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            self._ask(number)
        deadline = time.monotonic() + PATIENCE_S
        self._ended = number
        while not self.answers and time.monotonic() < deadline:
            number += 1
            self._ask(number)

    def _ask(self, number: int) -> None:
        head = struct.pack(">BBHHH", ECHO, 0, 0, 1, number)
        body = head[:2] + struct.pack(">H", checksum(head)) + head[4:]
        self.sent[number] = time.monotonic()
        self._socket.sendto(body, (self._address, 0))
        until = time.monotonic() + EVERY_S
        while (left := until - time.monotonic()) > 0:
            if select.select([self._socket], [], [], left)[0]:
                data = self._socket.recv(2048)
                if data[20] == 0:
                    self.heard[struct.unpack(">H", data[26:28])[0]] = time.monotonic()


def checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
