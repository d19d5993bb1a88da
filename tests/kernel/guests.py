"""Guests that are namespaces: each has the far end of a NIC and its addresses, and speaks through its own kernel.

What they try is real: TCP connections, datagrams and pings, by the kernel's own rules of patience.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Self

from pyroute2 import IPRoute

from backends.kvm.lab import index_of, new_namespace
from backends.kvm.namespace import inside
from projections.plan import Port
from tests.kernel.fabric import ip


PATIENCE_S = 5.0
"""What is let through comes within this, also on a slow machine."""
ENOUGH_S = 1.0
"""What has not come within this won't come."""
HELLO = b"hello"


class Guest:
    """One VM's stand-in."""

    def __init__(self, port: Port, descriptor: int) -> None:
        self.ip, self.ip6, self.device = port.ip, port.ip6, port.device.replace("nic", "p", 1)
        self._descriptor = descriptor

    @property
    def path(self) -> str:
        return f"/proc/{os.getpid()}/fd/{self._descriptor}"

    def settle(self, host: str) -> None:
        """Take the NIC's end out of its host, and give it its addresses."""
        with inside(host), IPRoute() as kernel:
            kernel.link("set", index=index_of(kernel, self.device), net_ns_fd=self._descriptor)
        self.run(f"ip link set {self.device} up", "ip link set lo up", f"ip addr add {self.ip}/24 dev {self.device}")
        if self.ip6:
            self.run(f"ip -6 addr add {self.ip6}/64 dev {self.device} nodad")

    def run(self, *lines: str) -> None:
        with inside(self.path):
            for line in lines:
                subprocess.run(line.split(), check=True, capture_output=True)

    def pings(self, address: str) -> bool:
        return pings(self.path, address)

    def listen(self, port: int, address: str = "") -> socket.socket:
        home = address or self.ip
        with inside(self.path):
            family = socket.AF_INET6 if ":" in home else socket.AF_INET
            return socket.create_server((home, port), family=family)

    def connect(self, address: str, port: int) -> socket.socket | None:
        """Open a connection; nothing where nobody answers."""
        with inside(self.path), suppress(TimeoutError):
            return socket.create_connection((address, port), timeout=PATIENCE_S)
        return None

    def reaches(self, other: Guest, port: int, address: str = "") -> bool:
        """Tell whether a connection can be opened to another guest."""
        with other.listen(port, address), inside(self.path):
            try:
                socket.create_connection((address or other.ip, port), timeout=ENOUGH_S).close()
            except TimeoutError:
                return False
        return True

    def datagrams(self, port: int) -> socket.socket:
        with inside(self.path):
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind((self.ip, port))
        return opened


class Pair:
    """Both ends of a connection that was opened."""

    def __init__(self, client: Guest, server: Guest, port: int) -> None:
        with server.listen(port) as listening, inside(client.path):
            self._near = socket.create_connection((server.ip, port), timeout=PATIENCE_S)
            self._far, _ = listening.accept()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._near.close()
        self._far.close()

    def carries(self, patience: float = PATIENCE_S) -> bool:
        """Tell whether what either end says is heard by the other."""
        return speaks(self._near, self._far, patience) and speaks(self._far, self._near, patience)

    def carries_neither_way(self) -> bool:
        return not speaks(self._near, self._far, ENOUGH_S) and not speaks(self._far, self._near, ENOUGH_S)


def speaks(mouth: socket.socket, ear: socket.socket, patience: float) -> bool:
    mouth.send(HELLO)
    ear.settimeout(patience)
    try:
        return ear.recv(100)[: len(HELLO)] == HELLO
    except TimeoutError:
        return False


def pings(path: str, address: str) -> bool:
    with inside(path):
        command = ["busybox", "ping", "-c", "1", "-W", "2", address]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def settled(host: str, ports: tuple[Port, ...]) -> Iterator[list[Guest]]:
    """Give a guest for each NIC of a host."""
    with ExitStack() as stack:
        guests = []
        for port in ports:
            descriptor = new_namespace()
            stack.callback(os.close, descriptor)
            guest = Guest(port, descriptor)
            guest.settle(host)
            guests.append(guest)
        for port in ports:
            await_forwarding(host, port.device)
        yield guests


def await_forwarding(host: str, device: str) -> None:
    """Wait until a bridge has noticed that a cable is plugged in."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        (shown,) = json.loads(ip(host, f"-j -d link show dev {device}"))
        if shown["linkinfo"]["info_slave_data"]["state"] == "forwarding":
            return
    raise AssertionError(f"{device} doesn't forward")
