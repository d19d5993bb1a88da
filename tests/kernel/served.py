"""Two hosts on one wire, with guests that are network namespaces of their own, and real DHCP and DNS clients in them.

Refuses to know what a server should say: it tells what a client heard.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv6Address
from pathlib import Path
from typing import NamedTuple

from backends.kvm.host import Heard, Host, ignore
from backends.kvm.lab import ETHERTYPE_ALL, Lab, new_namespace
from backends.kvm.making import Plug
from backends.kvm.namespace import inside
from backends.kvm.vswitch import VSwitch
from backends.protocols import Result
from domain import commands, instruments
from domain.history import Author
from domain.network import Network
from projections import plan
from projections.follow import Follower
from projections.namespaces import Namespace
from projections.nics import Nic
from projections.operations import Operation
from projections.plan import HostPlan
from projections.topology import Topology
from tests import builders
from tests.kernel import state
from tests.kernel.fabric import ip
from tests.service_builders import a_provider, serve


VTEPS = {"h1": "10.0.0.1", "h2": "10.0.0.2"}
HOSTS = tuple(VTEPS)
PATIENCE_S = 10.0
BUSYBOX = "/bin/busybox"
SCRIPT = """#!/bin/busybox sh
case $1 in bound)
  /bin/busybox ip addr replace $ip/$mask dev $interface
  /bin/busybox env ;;
esac
"""
SCRIPT6 = """#!/bin/busybox sh
/bin/busybox env
"""
TOLD6 = {"address": "ip6_address", "dns": "dhcp6_name_servers", "search": "dhcp6_domain_search"}
ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT = 133, 134
PREFIX, MTU, RESOLVERS = 3, 5, 25
OURS = frozenset({"PATH", "PWD", "SHLVL", "_", "interface", "opt53", "lease", "siaddr", "sname", "boot_file", "HOME"})
"""What is in a client's environment that no server told it, or every one tells."""


class Hall:
    """A history with network `plain` on both hosts, provider `flat`, and whoever is told to be there."""

    def __init__(self, lab: Lab, states: dict[str, Path], interfaces: tuple[str, ...] = ("eth0",)) -> None:
        self.lab = lab
        self.states = states
        self.plug: Plug = "veth"
        self.switches: dict[str, VSwitch] = {}
        self._follower = Follower()
        self._network = Network(":memory:", survey=self._follower, instruments=instruments.repeatable(1))
        self._guests: dict[str, int] = {}
        self.tell(builders.a_zone(), builders.a_cluster(), a_provider())
        self.tell(*(builders.a_host(name, interfaces=interfaces, vtep=VTEPS[name]) for name in HOSTS))
        self.tell(builders.a_no_vlan(), builders.attach("plain"))

    def tell(self, *wishes: commands.Command) -> None:
        for wish in wishes:
            self._network.execute(wish, Author("tests"))

    def serve(self, *ranges: commands.Command, l2: str = "plain", mtu: int = 0, dns: bool = True) -> None:
        """Add L3 network `l3`, served by the hosts."""
        self.tell(builders.an_l3("l3", l2=l2, mtu=mtu), commands.UpdateL3Network(l3="l3", dns_domain="x.org"))
        self.tell(*ranges, serve(flat=("DHCP", "DNS") if dns else ("DHCP",)))

    @property
    def topology(self) -> Topology:
        return self._follower.now(self._network)

    def plan(self, host: str) -> HostPlan:
        return plan.plan(self.topology, self.topology.find("host", host))

    def namespace(self, host: str = "h1") -> Namespace:
        (found,) = self.plan(host).namespaces
        return found

    # hosts

    @contextmanager
    def host(self, name: str = "h1") -> Iterator[Host]:
        vswitch = self.switches.get(name)
        with Host(self.lab.path(name), plug=self.plug, state=self.states[name], vswitch=vswitch) as kernel:
            yield kernel

    def realize(self, *names: str, on_operation: Heard = ignore) -> tuple[Operation, ...]:
        """Bring hosts to their plans, both if none is named. Tell what was done."""
        done: list[Operation] = []
        for name in names or HOSTS:
            with self.host(name) as kernel:
                result = kernel.realize(self.plan(name), on_operation=on_operation)
                assert not result.obstacles
                done.extend(result.operations)
        return tuple(done)

    def realize_all_the_same(self, name: str) -> Result:
        """Bring a host as far as something in the way lets it come."""
        with self.host(name) as kernel:
            return kernel.realize(self.plan(name))

    def inner(self, host: str = "h1") -> str:
        """Give the way into the one namespace of a host."""
        return str(self.states[host] / "netns" / self.namespace(host).name)

    def pid(self, host: str = "h1") -> int:
        """Give the server's number."""
        return int((self.states[host] / self.namespace(host).name / "pid").read_text())

    def kill_server(self) -> None:
        """Kill the server of the first host, and come back when it is dead."""
        descriptor = os.pidfd_open(self.pid())
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        assert select.select([descriptor], [], [], PATIENCE_S)[0]
        os.close(descriptor)

    # guests

    def nic(self, name: str) -> Nic:
        """Give the NIC that is called `vm/l3`."""
        return next(nic for nic in self.topology.nics.all.values() if self.topology.name(nic.uuid) == name)

    def guest(self, name: str, host: str = "h1") -> Guest:
        """Move the guest's end of a NIC into a namespace that stands for the guest."""
        device = self.nic(name).device.replace("nic", "p", 1)
        self._guests[name] = new_namespace()
        path = f"/proc/{os.getpid()}/fd/{self._guests[name]}"
        ip(path, "link set lo up")
        ip(self.lab.path(host), f"link set {device} netns {path}")
        ip(path, f"link set {device} up")
        return Guest(path, device)

    def close(self) -> None:
        for descriptor in self._guests.values():
            os.close(descriptor)


class Guest:
    """Somebody with one NIC: what he hears."""

    def __init__(self, path: str, device: str) -> None:
        self.path = path
        self.device = device

    def run(self, *command: str) -> str:
        with inside(self.path):
            return subprocess.run(command, capture_output=True, text=True, check=False, env={}).stdout

    def lease(self) -> dict[str, str] | None:
        """Ask for a lease until there is one, and give what was told; nothing when nobody answers."""
        with tempfile.TemporaryDirectory() as own:
            script = Path(own, "script")
            script.write_text(SCRIPT)
            script.chmod(0o755)
            asking = ("-i", self.device, "-s", str(script), "-O", "mtu", "-O", "staticroutes")
            told = self.run(BUSYBOX, "udhcpc", "-f", "-n", "-q", "-t", "4", "-T", "1", *asking)
        pairs = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
        return {key: value for key, value in pairs.items() if key not in OURS} or None

    def pings(self, address: str) -> bool:
        """Tell whether somebody answers in time."""
        return "1 packets received" in self.run(BUSYBOX, "ping", "-c", "1", "-w", "5", address)

    def lookup(self, name: str, server: str, kind: str = "a") -> list[str]:
        """Give what a name leads to, or the words of a refusal."""
        told = self.run(BUSYBOX, "nslookup", f"-type={kind}", name, server)
        if "Server:" not in told:
            return ["no answer"]
        lines = told.partition(f"Address:\t{server}")[2].splitlines()
        found = [line.split()[-1] for line in lines if line.startswith(("Address:", "Name:")) or "name = " in line]
        refusal = [line.split(": ")[-1] for line in lines if line.startswith("** server can't find")]
        return refusal or found

    @contextmanager
    def resolving(self, name: str, address: str) -> Iterator[None]:
        """Have the guest be a DNS server that knows one name."""
        options = (
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--pid-file=",
            "--user=root",
            "--no-resolv",
            "--no-hosts",
        )
        with inside(self.path):
            running = subprocess.Popen(["dnsmasq", *options, f"--address=/{name}/{address}"], stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: ":53 " in self.run("/bin/busybox", "netstat", "-lnu"))
            yield
        finally:
            running.terminate()
            running.wait()

    def lease6(self, *, information: bool = False) -> dict[str, str]:
        """Ask for an IPv6 address, or for information alone, and give what was told."""
        self.settle()
        with tempfile.TemporaryDirectory() as own:
            script = Path(own, "script")
            script.write_text(SCRIPT6)
            script.chmod(0o755)
            files = ("-lf", f"{own}/leases", "-pf", f"{own}/pid", "-sf", str(script))
            told = self.run("/usr/sbin/dhclient", "-6", "-1", *(("-S",) if information else ()), *files, self.device)
            self.run("/usr/sbin/dhclient", "-6", "-x", *files, self.device)  # it ends, and keeps what it has
        pairs = dict(line.split("=", 1) for line in told.splitlines() if line.startswith("new_"))
        return {name: pairs.get(f"new_{key}", "") for name, key in TOLD6.items() if f"new_{key}" in pairs}

    def advertisement(self) -> Advertisement:
        """Ask for a router advertisement, and give the first one that comes."""
        with inside(self.path):
            ear = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        with ear:
            ear.settimeout(PATIENCE_S)
            ear.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.device.encode())
            self.settle()
            ear.sendto(bytes((ROUTER_SOLICITATION, *bytes(7))), ("ff02::2", 0))
            while True:
                told = ear.recv(2048)
                if told[0] == ROUTER_ADVERTISEMENT:
                    return read(told)

    def settle(self) -> None:
        """Wait for a link-local address that may be used."""
        wait_for(
            lambda: (
                "tentative" not in (shown := self.run("ip", "-6", "addr", "show", "dev", self.device))
                and "fe80" in shown
            )
        )

    def addresses6(self) -> list[str]:
        """Give the IPv6 addresses that the guest's kernel made out of what was advertised."""
        shown = self.run("ip", "-6", "-o", "addr", "show", "dev", self.device, "scope", "global")
        return [line.split()[3] for line in shown.splitlines()]


class Advertisement(NamedTuple):
    """What a router advertisement says (RFC 4861, 8106)."""

    managed: bool
    other: bool
    router_s: int
    autonomous: bool
    prefix: str
    mtu: int
    resolvers: tuple[str, ...]


def read(told: bytes) -> Advertisement:
    options: dict[int, bytes] = {}
    at = 16
    while at < len(told):
        options[told[at]] = told[at : at + 8 * told[at + 1]]
        at += 8 * told[at + 1]
    prefix, resolvers = options[PREFIX], options.get(RESOLVERS, b"")
    return Advertisement(
        managed=bool(told[5] & 0x80),
        other=bool(told[5] & 0x40),
        router_s=int.from_bytes(told[6:8]),
        autonomous=bool(prefix[3] & 0x40),
        prefix=f"{IPv6Address(prefix[16:32])}/{prefix[2]}",
        mtu=int.from_bytes(options[MTU][4:8]) if MTU in options else 0,
        resolvers=tuple(str(IPv6Address(resolvers[i : i + 16])) for i in range(8, len(resolvers), 16)),
    )


def wait_for(holds: Callable[[], bool]) -> None:
    """Come back as soon as something holds; fail when it doesn't in time."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        select.select([], [], [], 0.02)


@contextmanager
def overheard(path: str, device: str) -> Iterator[Callable[[bytes], list[bytes]]]:
    """Listen to a device. What is given waits for a last frame that has some bytes in it, and gives all that came."""
    with inside(path):
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE_ALL))
    with ear:
        ear.bind((device, ETHERTYPE_ALL))
        ear.settimeout(PATIENCE_S)

        def until(last: bytes) -> list[bytes]:
            frames: list[bytes] = []
            while not frames or last not in frames[-1]:
                frames.append(ear.recv(2048))
            return frames

        yield until


@contextmanager
def hall() -> Iterator[Hall]:
    with ExitStack() as stack:
        lab = stack.enter_context(Lab(dict.fromkeys(HOSTS, ("eth0",)), VTEPS))
        found = Hall(lab, {name: stack.enter_context(state.folder()) for name in HOSTS})
        stack.callback(found.close)
        yield found
