"""What comes into a tunnel is what its peers sent: not a stranger's on the wire, and nothing of a guest's."""

from __future__ import annotations

import json
import select
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import msgspec
import pytest

from backends.kvm.host import Host
from backends.kvm.lab import Lab
from backends.kvm.namespace import inside
from projections.operations import describe
from projections.plan import HostPlan
from projections.walls import wall
from tests.kernel import packets
from tests.kernel.fabric import ip, plan_of, port_on, tunnelled, untagged
from tests.kernel.guarded import one_processor


pytestmark = pytest.mark.kernel("bridge", "veth", "vxlan", "nftables")

PATIENCE_S = 10.0
OWN, PEER, STRANGER = "10.0.0.1", "10.0.0.2", "10.0.0.99"
VNI, TUNNEL_PORT = 9, 8472
PRIORITY_TAG = b"\x81\x00\x00\x00"
EVIL, VICTIM = port_on("br_eth0", 1), port_on("br_vx_9", 3)


def walled(*parts: HostPlan) -> HostPlan:
    plan = plan_of(*parts)
    return msgspec.structs.replace(plan, wall=wall(plan.tunnels, plan.bridges))


PLAN = walled(untagged(), tunnelled(VNI, (PEER, "10.0.0.3")))


class Place:
    """A host with a guest beside its own addresses, one in a tunnel, and a wire."""

    def __init__(self, lab: Lab, stack: ExitStack) -> None:
        self.path = lab.path("h")
        self.realize(PLAN)
        (shown,) = json.loads(ip(self.path, "-j link show dev br_eth0"))
        self._own = bytes.fromhex(shown["address"].replace(":", ""))
        with inside(self.path):
            self.evil = stack.enter_context(packets.ear(EVIL.device.replace("nic", "p", 1)))
            self._victim = stack.enter_context(packets.ear(VICTIM.device.replace("nic", "p", 1)))
        with inside(lab.path("peer")):
            self.wire = stack.enter_context(packets.ear("eth0"))
        self._sent = 0

    def realize(self, plan: HostPlan) -> tuple[str, ...]:
        with Host(self.path, plug="veth") as kernel:
            return tuple(describe(operation) for operation in kernel.realize(plan).operations)

    def nft(self, words: str) -> str:
        with inside(self.path):
            return subprocess.run(["nft", words], check=True, capture_output=True, text=True).stdout

    def gets_in(self, mouth: socket.socket, source: str, *, tags: bytes = b"") -> bool:
        """Send what pretends to be a tunnel's, then what is a peer's, and tell whether the first was heard."""
        self._sent += 1
        told, last = (f"{word} {self._sent}".encode().ljust(46, b"\0") for word in ("told", "last"))
        mouth.send(self.frame(source, told, tags))
        self.wire.send(self.frame(PEER, last))
        heard = b""
        while last not in heard:
            assert select.select([self._victim], [], [], PATIENCE_S)[0], "not even a peer is heard"
            heard += self._victim.recv(2048)
        return told in heard

    def frame(self, source: str, told: bytes, tags: bytes = b"") -> bytes:
        inner = packets.EVERYONE + b"\2\0\0\0\0\x77" + packets.ARP + told
        body = b"\x08\0\0\0" + (VNI << 8).to_bytes(4) + inner
        udp = struct.pack("!HHHH", 1234, TUNNEL_PORT, 8 + len(body), 0) + body
        ends = socket.inet_aton(source) + socket.inet_aton(OWN)
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + ends
        head = head[:10] + packets.checksum(head) + head[12:]
        return self._own + b"\2\0\0\0\0\x66" + tags + packets.IPV4 + head + udp


@contextmanager
def place() -> Iterator[Place]:
    with one_processor(), Lab({"h": ("eth0",), "peer": ("eth0",)}, {"h": OWN}) as lab, ExitStack() as stack:
        yield Place(lab, stack)


def test_a_tunnel_hears_its_peers_and_neither_strangers_nor_guests() -> None:
    with place() as here:
        assert here.gets_in(here.wire, "10.0.0.3")
        assert not here.gets_in(here.wire, STRANGER)
        assert not here.gets_in(here.evil, STRANGER)
        assert not here.gets_in(here.evil, PEER)
        assert not here.gets_in(here.evil, PEER, tags=PRIORITY_TAG)
        assert not here.gets_in(here.evil, PEER, tags=PRIORITY_TAG * 2)


def test_a_peer_that_comes_is_heard_and_one_that_goes_is_not() -> None:
    with place() as here:
        done = here.realize(walled(untagged(), tunnelled(VNI, (PEER, STRANGER))))

        assert done == ("remove-peer vxlan9 10.0.0.3", "raise-wall", f"add-peer vxlan9 {STRANGER}")
        assert here.gets_in(here.wire, STRANGER)
        assert not here.gets_in(here.wire, "10.0.0.3")


def test_a_tunnel_of_somebody_elses_on_the_same_port_hears_whom_it_did() -> None:
    with place() as here:
        ip(here.path, "link add theirs type vxlan id 77 local 10.0.0.1 dstport 8472")
        ip(here.path, "link set theirs up")
        with inside(here.path), packets.ear("theirs") as theirs:
            frame = here.frame(STRANGER, b"to 77").replace((VNI << 8).to_bytes(4), (77 << 8).to_bytes(4))
            here.wire.send(frame)

            assert select.select([theirs], [], [], PATIENCE_S)[0]


@pytest.mark.parametrize("harm", ["delete table inet rewire_wall", "delete table bridge rewire_wall", "flush ruleset"])
def test_what_somebody_takes_away_of_it_is_put_back(harm: str) -> None:
    with place() as here:
        here.nft(harm)
        assert here.gets_in(here.wire, STRANGER) or here.gets_in(here.evil, PEER)

        assert here.realize(PLAN) == ("raise-wall",)

        assert not here.gets_in(here.wire, STRANGER)
        assert not here.gets_in(here.evil, PEER)
        assert here.realize(PLAN) == ()


def test_nothing_is_left_of_it_when_the_last_tunnel_is_gone() -> None:
    with place() as here:
        assert here.realize(walled(untagged()))[-1] == "raise-wall"
        assert "rewire_wall" not in here.nft("list tables")


def test_a_table_of_that_name_that_is_somebody_elses_is_told_and_keeps_tunnels_out() -> None:
    with Lab({"h": ("eth0",)}, {"h": OWN}) as lab, Host(lab.path("h"), plug="veth") as kernel:
        with inside(lab.path("h")):
            subprocess.run(["nft", "add table inet rewire_wall"], check=True)

        told = kernel.realize(PLAN).obstacles

        assert [(obstacle.name, obstacle.l2, obstacle.foreign) for obstacle in told] == [
            ("rewire_wall", "l2-vni9", True)
        ]
        links = kernel.look().links
        assert ("br_eth0" in links, "br_vx_9" in links, "vxlan9" in links) == (True, False, False)
