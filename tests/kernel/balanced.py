"""Two hosts with servers and a client behind a VIP that the example plugin's haproxy answers, and who answered."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from backends.kvm import pin, process
from backends.kvm.namespace import inside
from backends.protocols import Result
from domain import commands as c
from projections.plan import HostPlan
from tests.builders import a_cidr, a_vm, an_l3
from tests.kernel.served import BUSYBOX, HOSTS, Guest, Hall, hall, wait_for
from tests.service_builders import a_provider, a_vip, serve


VIP, VIP6, PORT, MEMBER_PORT = "192.168.0.100", "fd00::90", 80, 8080
LISTENS = "0A"
SILENCE_S = 5.0
"""How long nobody has to answer, to be taken for nobody. All others answer at once."""
PLACES = "/usr/sbin:/sbin:/usr/bin:/bin"
SIX = c.AddIpRange(
    l3="l3",
    name="six",
    start="fd00::10",
    end="fd00::ff",
    prefix_length=64,
    gateway="fd00::1",
    address_mode="Stateful-DHCP",
)
HOMES = {"web-1": "h1", "web-2": "h2", "client": "h2"}


class Shop:
    """VIP `shop` on L3 network `l3`, balanced over `web-1` on h1 and `web-2` on h2; `client` is on h2."""

    def __init__(self, place: Hall, listeners: Path, stack: ExitStack) -> None:
        self.place, self.listeners, self._stack = place, listeners, stack
        self.guests: dict[str, Guest] = {}
        place.tell(an_l3("l3", l2="plain"), a_cidr(), SIX, a_provider("lb", "LoadBalancer", kind="Haproxy"))
        place.tell(
            serve(lb=("LoadBalancer",)), a_vip("shop", l3="l3", address=VIP), a_vip("six", l3="l3", address=VIP6)
        )
        place.tell(*(a_vm(name, host=home) for name, home in HOMES.items()))

    def listen(self, *members: str, vip: str = "shop", more: str = "") -> None:
        """Write the file that says what is balanced."""
        names = ", ".join(f'"{name}"' for name in members)
        self.listeners.write_text(
            f'[[listener]]\nnetwork = "l3"\nvip = "{vip}"\nport = {PORT}\n'
            f"members = [{names}]\nmember_port = {MEMBER_PORT}\n{more}"
        )

    def open(self, vip: str = "shop") -> None:
        """Have the guests there, each with its address, servers that say who they are, and a client; then balance."""
        self.place.realize()
        for name, home in HOMES.items():
            guest = self.guests[name] = self.place.guest(f"{name}/l3", home)
            nic = self.place.nic(f"{name}/l3")
            guest.run("ip", "addr", "add", f"{nic.ip}/24", "dev", guest.device)
            guest.run("ip", "addr", "add", f"{nic.ip6}/64", "dev", guest.device, "nodad")
        for name in ("web-1", "web-2"):
            self._stack.enter_context(serving(self.guests[name].path, name))
        self.listen("web-1", "web-2", vip=vip)
        self.place.realize()

    def wait_for(self, *names: str) -> None:
        """Come back when these answer, and nobody else."""
        wait_for(lambda: sorted(set(self.answers())) == sorted(names))

    def call(self, vip: str = VIP, port: int = PORT) -> socket.socket:
        """Open a connection from the client to a VIP."""
        with inside(self.guests["client"].path):
            return socket.create_connection((vip, port), SILENCE_S)

    def ask(self, vip: str = VIP, port: int = PORT) -> str:
        """Give what the client is told at a VIP; nothing where nobody is there."""
        with suppress(OSError), self.call(vip, port) as line:
            return line.recv(100).decode().strip()
        return ""

    @contextmanager
    def calling(self) -> Iterator[list[str]]:
        """Open one connection after the other, and hear what is said first."""
        heard: list[str] = []
        over = threading.Event()

        def call() -> None:
            while not over.is_set():
                heard.append(self.ask())

        thread = threading.Thread(target=call)
        thread.start()
        try:
            yield heard
        finally:
            over.set()
            thread.join()

    def is_known(self, address: str) -> bool:
        """Tell whether somebody says that an address is his."""
        client = self.guests["client"]
        told = client.run(BUSYBOX, "arping", "-f", "-c", "1", "-w", "1", "-I", client.device, address)
        return "Received 1" in told

    def answers(self, vip: str = VIP) -> list[str]:
        return [self.ask(vip) for _ in range(4)]

    # what is on a host

    def namespaces(self, host: str) -> list[Path]:
        return list(pin.pins(self.place.states[host] / "haproxy" / "netns"))

    def sockets(self, host: str) -> set[str]:
        """Give the numbers of the sockets that listen at the VIP on a host."""
        (place,) = self.namespaces(host)
        with inside(str(place)):
            rows = [line.split() for line in Path("/proc/thread-self/net/tcp").read_text().splitlines()]
        return {row[9] for row in rows if row[3] == LISTENS}

    def processes(self) -> list[int]:
        """Give the numbers of all that was started with a file in a host's state folder."""
        shown = subprocess.run(["ps", "-ww", "-eo", "pid,args"], check=True, capture_output=True, text=True).stdout
        folders = [str(place) for place in self.place.states.values()]
        return [int(line.split()[0]) for line in shown.splitlines() if any(folder in line for folder in folders)]

    def check(self, host: str = "h1") -> Result:
        with self.place.host(host) as kernel:
            return kernel.check(self.place.plan(host))

    def realize_and_die(self, folder: Path) -> None:
        """Bring h1 to its plan in a process of its own, which is killed as soon as haproxy runs."""
        child = os.fork()
        if not child:
            os.environ["PATH"] = deadly(folder)
            self.place.realize("h1")
            os._exit(0)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL

    def clear(self) -> None:
        for host in HOSTS:
            with self.place.host(host) as kernel:
                kernel.realize(HostPlan(host, 0))

    def sweep(self) -> None:
        """Leave nothing behind, whatever a test has shown."""
        for host in HOSTS:
            for place in self.namespaces(host):
                pin.remove(place)
        for pid in self.processes():
            process.end(pid)


def deadly(folder: Path) -> str:
    """Give a path on which haproxy is one that kills whoever started it when it runs."""
    program = folder / "haproxy"
    program.write_text(f'#!/bin/sh\n{shutil.which("haproxy", path=PLACES)} "$@" && kill -9 $PPID\n')
    program.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


class Talk(socketserver.StreamRequestHandler):
    """Says who the server is, and then whatever it is told, until the other side has no more to say."""

    def handle(self) -> None:
        with suppress(OSError):  # who only wants to know whether the server lives hangs up
            self.request.sendall(f"{self.server.name}\n".encode())  # type: ignore[attr-defined] # a server's own
            while told := self.request.recv(1024):
                self.request.sendall(told)


class Both(socketserver.ThreadingTCPServer):
    """Is there for both families."""

    address_family = socket.AF_INET6
    daemon_threads = True


@contextmanager
def serving(path: str, name: str) -> Iterator[None]:
    """Have a guest be a server."""
    with inside(path):
        server = Both(("::", MEMBER_PORT), Talk)
    server.name = name  # type: ignore[attr-defined] # the handler says it
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield
        server.shutdown()
        thread.join()


@contextmanager
def shop(listeners: Path) -> Iterator[Shop]:
    with ExitStack() as stack:
        place = stack.enter_context(hall())
        found = Shop(place, listeners, stack)
        stack.callback(found.sweep)
        yield found
