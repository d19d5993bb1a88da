"""Two hosts, networks whose guests are routed, and an outside with servers and callers.

Guests are on `l3`, a tunnelled network; `public`, 10.9.0.0/24 and fd00:9::/64, is on the hosts' wire, with its gateway
in a namespace that stands for the outside. Far sides are judged by real sockets.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from backends.kvm.lab import Lab
from backends.kvm.namespace import inside
from domain import commands as c
from projections.namespaces import Namespace
from tests.builders import a_cidr, a_pool, a_vni_range, a_vxlan, an_l3, attach_pool
from tests.kernel import state
from tests.kernel.fabric import ip
from tests.kernel.served import HOSTS, PATIENCE_S, VTEPS, Guest, Hall
from tests.service_builders import a_provider, serve


OUT = "out"
GATEWAY, GATEWAY6, BEYOND = "10.9.0.1", "fd00:9::1", "198.51.100.7"
"""The public network's gateways, and an address behind them."""
WAIT_S = 1.0
"""How long is waited for what must not come."""
ROUTED = ("DHCP", "DNS", "SNAT", "EIP", "PortForwarding")


class Campus(Hall):
    """A hall with a public network, and network `l3` that a virtual router serves."""

    def __init__(self, lab: Lab, states: dict[str, Path]) -> None:
        super().__init__(lab, states)
        self.tell(a_pool(), a_vni_range(), attach_pool(), a_vxlan("x"), a_vxlan("y"), a_vxlan("w"))
        self.tell(an_l3("public", l2="plain", category="public"), a_cidr("10.9.0.0/24", l3="public"))
        self.tell(a_cidr("fd00:9::/64", l3="public", name="six"))
        self.tell(a_provider("vr", *ROUTED, kind="VirtualRouter", public="public"))
        self.tell(an_l3("l3", l2="x"), c.UpdateL3Network(l3="l3", dns_domain="x.org"), a_cidr(), serve(vr=ROUTED))
        out = lab.path(OUT)
        for line in (f"addr add {GATEWAY}/24 dev eth0", f"addr add {BEYOND}/32 dev lo", "link set lo up"):
            ip(out, line)
        ip(out, f"addr add {GATEWAY6}/64 dev eth0 nodad")

    @property
    def out(self) -> str:
        return self.lab.path(OUT)

    def routers(self, host: str = "h1") -> list[Namespace]:
        return [each for each in self.plan(host).namespaces if each.purpose == "router"]

    def room(self, host: str = "h1") -> str:
        """Give the way into the one router of a host."""
        (found,) = self.routers(host)
        return str(self.states[host] / "netns" / found.name)

    def settled(self, name: str, host: str = "h1") -> Guest:
        """Give a guest that has its address and its way out from the network's own server."""
        guest = self.guest(name, host)
        lease = guest.lease()
        assert lease, f"nobody answers {name}"
        ip(guest.path, f"route add default via {lease['router']}")
        return guest


@contextmanager
def campus() -> Iterator[Campus]:
    with ExitStack() as stack:
        lab = stack.enter_context(Lab(dict.fromkeys((*HOSTS, OUT), ("eth0",)), VTEPS))
        found = Campus(lab, {name: stack.enter_context(state.folder()) for name in HOSTS})
        stack.callback(found.close)
        yield found


# sockets


@contextmanager
def listening(path: str, port: int, kind: int = socket.SOCK_STREAM) -> Iterator[socket.socket]:
    """Listen on a port of both families in a namespace."""
    with inside(path):
        ear = socket.socket(socket.AF_INET6, kind)
    with ear:
        ear.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        ear.settimeout(PATIENCE_S)
        ear.bind(("::", port))
        if kind == socket.SOCK_STREAM:
            ear.listen()
        yield ear


def called(
    path: str, address: str, port: int, *, source: str = "", patience_s: float = PATIENCE_S
) -> socket.socket | None:
    """Call somebody by TCP; nothing when nobody answers in time."""
    with inside(path):
        caller = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    if source:
        caller.bind((source, 0))
    caller.settimeout(patience_s)
    try:
        caller.connect((address, port))
    except OSError:
        caller.close()
        return None
    caller.settimeout(PATIENCE_S)
    return caller


def seen(ear: socket.socket, path: str, address: str, port: int) -> str:
    """Call somebody, and give the address that the far side sees."""
    caller = called(path, address, port)
    assert caller, f"{address}:{port} does not answer"
    with caller:
        line, peer = ear.accept()
        with line:
            line.sendall(b"hello")
            assert caller.recv(16) == b"hello"
            return str(peer[0]).removeprefix("::ffff:")


def is_closed(path: str, address: str, port: int, *, source: str = "") -> bool:
    """Tell whether nobody answers a call."""
    caller = called(path, address, port, source=source, patience_s=WAIT_S)
    if caller:
        caller.close()
    return caller is None


@contextmanager
def line(ear: socket.socket, path: str, address: str, port: int) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Keep a call up: give the caller's end and the far one."""
    caller = called(path, address, port)
    assert caller, f"{address}:{port} does not answer"
    with caller:
        far, _ = ear.accept()
        with far:
            yield caller, far


def carries(ends: tuple[socket.socket, socket.socket]) -> bool:
    """Tell whether a call still carries what one end says to the other."""
    here, there = ends
    with suppress(OSError):
        here.send(b"still there")
        return bool(select.select([there], [], [], WAIT_S)[0] and there.recv(64))
    return False
