"""Networks on one wire stay apart: what is tagged neither leaves nor enters by a network without a VLAN."""

from __future__ import annotations

import pytest

from backends.kvm.host import Host
from backends.kvm.lab import Lab
from tests.kernel.fabric import untagged
from tests.kernel.frames import Device


pytestmark = pytest.mark.kernel("bridge", "veth", "bridge-vlan")

GUEST, WIRE = b"\2\0\0\0\0\1", b"\2\0\0\0\0\7"


def test_a_guest_on_a_network_without_a_vlan_hears_and_reaches_no_vlan_of_the_same_interface() -> None:
    with Lab({"h": ("eth0",)}) as lab, Host(lab.path("h"), plug="veth") as host:
        host.realize(untagged())
        guest, wire = Device(lab.path("h"), "p020000000001"), Device(lab.path(""), "eth0-0")
        try:
            for number, vlan in enumerate((1, 10, 0)):
                guest.send(GUEST, number, vlan=vlan)
                wire.send(WIRE, number, vlan=vlan)

            assert [(frame.vlan, frame.number) for frame in wire.hear()] == [(0, 2)]
            assert [(frame.vlan, frame.number) for frame in guest.hear()] == [(0, 2)]
        finally:
            guest.close()
            wire.close()
