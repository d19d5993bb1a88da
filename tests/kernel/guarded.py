"""A host with three NICs on one bridge, and its filters loaded: frames go in at one, and are seen at another or not.

On a kernel that tracks no connections on bridges, the rules that are about connections are left out: all the others
can be judged there by packets that belong to none.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import msgspec

from backends.kvm import filter_text, seals
from backends.kvm import filters as kvm_filters
from backends.kvm.host import Host
from backends.kvm.namespace import inside
from projections.filters import Filters
from projections.plan import Bridge, HostPlan, Port
from projections.verdict import Probe
from tests.filter_strategies import ADDRESSES, BRIDGE, DEVICES, MACS
from tests.kernel import packets
from tests.kernel.fabric import one_host


PATIENCE_S = 10.0
BARE = HostPlan(
    host="h",
    position=1,
    bridges=(Bridge(BRIDGE, "l2", "", 0, (1,)),),
    ports=tuple(
        Port(device, device, "v", mac, ip, ip6, BRIDGE, (1,))
        for device, mac, (ip, ip6) in zip(DEVICES, MACS, ADDRESSES, strict=True)
    ),
)


def guarded_by(filters: Filters) -> HostPlan:
    return msgspec.structs.replace(BARE, filters=filters)


def load(path: str, text: str) -> None:
    """Load a table of filters, as whoever loads ours does."""
    seals.load(path, kvm_filters.FAMILY, kvm_filters.TABLE, text, "loading", free=kvm_filters.FREE)


def stateless(text: str) -> str:
    """Leave out of a table what is about connections."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("ct ")) + "\n"


def honest(probe: Probe) -> Probe:
    """Give an ARP request by the same NIC, which passes whatever is filtered."""
    number = DEVICES.index(probe.source)
    ip, _ = ADDRESSES[number]
    return Probe(source=probe.source, target=probe.target, mac=MACS[number], src=ip, dst=ip, protocol="ARP")


@contextmanager
def one_processor() -> Iterator[None]:
    """Keep to one processor, where frames never overtake each other."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Wires:
    """The guests' ends of the NICs, listened to."""

    def __init__(self, path: str, ports: tuple[Port, ...], stack: ExitStack) -> None:
        self.path = path
        self._ports = {port.device: port for port in ports}
        with inside(path):
            self._ears = {d: stack.enter_context(packets.ear(d.replace("nic", "p", 1))) for d in self._ports}
        self._sent = 0

    def load(self, filters: Filters) -> None:
        """Load filters without what is about connections."""
        load(self.path, stateless(filter_text.load(filters)))

    def passes(self, probe: Probe) -> bool:
        """Send a packet, then one past the filters, and tell whether the first came through."""
        self._sent += 2
        frame = packets.frame(probe, probe.mac, self._sent)
        last = self._last(probe)
        self._ears[probe.source].send(frame)
        self._ears[probe.source].send(last)
        return frame in self._before(last, probe)

    def _last(self, probe: Probe) -> bytes:
        """Write an ARP request of a packet's sender, which passes whatever is filtered."""
        sender = self._ports[probe.source]
        honest = msgspec.structs.replace(probe, src=sender.ip, dst=sender.ip, protocol="ARP")
        return packets.frame(honest, sender.mac, self._sent + 1)

    def _before(self, last: bytes, probe: Probe) -> list[bytes]:
        """Give what a device receives before a frame that is sent after all others."""
        heard: list[bytes] = []
        ear = self._ears[probe.target]
        while select.select([ear], [], [], PATIENCE_S)[0]:
            data, address = ear.recvfrom(2048)
            if data == last:
                return heard
            if address[2] != socket.PACKET_OUTGOING:
                heard.append(data)
        raise AssertionError(f"not even ARP comes to {probe.target}")


@contextmanager
def wires(plan: HostPlan = BARE) -> Iterator[Wires]:
    with one_processor(), one_host() as path, ExitStack() as stack:
        with Host(path, plug="veth") as host:
            host.realize(plan)
        yield Wires(path, plan.ports, stack)
