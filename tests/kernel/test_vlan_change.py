"""A network changes its VLAN under its guests: how long they are cut off, and that the two VLANs never meet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

import msgspec
import pytest

from backends.kvm.host import Host
from backends.kvm.lab import Lab
from projections.plan import Bridge, HostPlan, Vlan
from tests.kernel.fabric import Cut, after, ip, one_host, tagged
from tests.kernel.frames import Device


pytestmark = pytest.mark.kernel("bridge", "veth", "vlan")
GUEST, WIRE = b"\2\0\0\0\0\2", b"\2\0\0\0\0\7"


class Stream:
    """Sends numbered frames from a thread of its own, as fast as it can, until it is left."""

    def __init__(self, send: Callable[[int], None]) -> None:
        self._send = send
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.sent = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.wait(0.2)
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.001):
            self.sent += 1
            self._send(self.sent)


def moved(plan: HostPlan, vlan: int) -> HostPlan:
    """Give the same network on another VLAN: its bridge keeps its name."""
    (bridge,), (port,) = plan.bridges, plan.ports
    return HostPlan("h", 2, bridges=(bridge,), ports=(port,), vlans=(another(plan.vlans[0], vlan),))


def another(vlan: Vlan, number: int) -> Vlan:
    return Vlan(f"eth0.{number}", vlan.l2, "eth0", number, vlan.bridge, (5,))


def test_a_change_of_vlan_takes_a_moment_and_the_two_vlans_never_meet() -> None:
    with Lab({"h": ("eth0",)}) as lab, Host(lab.path("h"), plug="veth") as host:
        host.realize(tagged(10))
        guest, wire = Device(lab.path("h"), "p020000000002"), Device(lab.path(""), "eth0-0")
        try:
            with (
                Stream(lambda number: guest.send(GUEST, number)) as stream,
                Stream(lambda number: wire.send(WIRE, number, vlan=10)) as outside,
            ):
                host.realize(moved(tagged(10), 20))
            heard = wire.hear()
        finally:
            guest.close()
            wire.close()

        ours = [(frame.number, frame.vlan) for frame in heard if frame.sender == GUEST]
        numbers = [number for number, _ in ours]
        lost = set(range(numbers[0], stream.sent + 1)) - set(numbers)
        print(f"{len(lost)} of {stream.sent} frames lost, one each millisecond, {outside.sent} from outside")  # noqa: T201
        assert {vlan for _, vlan in ours} == {10, 20}
        assert [vlan for _, vlan in ours] == sorted(vlan for _, vlan in ours), "first the old one, then the new one"
        assert len(numbers) == len(set(numbers)), "no frame on both"
        assert not [frame for frame in heard if frame.sender == WIRE], "nothing of one VLAN comes out on the other"


@pytest.mark.slow_in_machine
def test_a_change_that_is_cut_off_anywhere_is_finished_and_guests_stay_plugged() -> None:
    plan = tagged(10)
    with Lab({"h": ("eth0",)}) as lab, Host(lab.path("h"), plug="veth") as host:
        host.realize(plan)
        port = ip(lab.path("h"), "-br link show dev nic020000000002")
        steps = len(host.check(moved(plan, 20)).operations)
        for number in range(1, 1 + steps):
            with pytest.raises(Cut):
                host.realize(moved(plan, 20), on_operation=after(number))
            assert len(tags_on(host, "br_eth0_10")) == 1
            host.realize(moved(plan, 20))
            assert tags_on(host, "br_eth0_10") == {20}
            assert ip(lab.path("h"), "-br link show dev nic020000000002") == port
            host.realize(plan)


@pytest.mark.slow_in_machine
def test_a_network_that_loses_its_tag_and_gets_it_again_takes_the_hosts_address_along_wherever_it_is_cut_off() -> None:
    tagless = msgspec.structs.replace(
        tagged(10), bridges=(Bridge("br_eth0_10", "l2-vlan10", "eth0", 0, (4,)),), vlans=()
    )
    with one_host() as path, Host(path, plug="veth") as host:
        host.realize(tagged(10))
        for plan, home in ((tagless, "br_eth0_10"), (tagged(10), "eth0")):
            steps = len(host.check(plan).operations)
            for number in range(1, 1 + steps):
                with suppress(Cut):
                    host.realize(plan, on_operation=after(number))
                assert len(ways_out(host)) <= 1
            host.realize(plan)
            assert ip(path, f"-br addr show dev {home}").count("10.0.0.1") == 1
            assert ip(path, "-br addr").count("10.0.0.1") == 1
            assert ways_out(host) == ({"eth0"} if plan is tagless else {"eth0.10"})


def ways_out(host: Host) -> set[str]:
    return {link.name for link in host.look().links.values() if link.bridge == "br_eth0_10"} & {"eth0", "eth0.10"}


def tags_on(host: Host, bridge: str) -> set[int]:
    return {link.number for link in host.look().links.values() if link.bridge == bridge and link.kind == "vlan"}
