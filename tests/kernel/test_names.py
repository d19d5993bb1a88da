"""Names of every kind that a kernel takes, on a kernel: 15 bytes are the most, and letters are not all."""

from __future__ import annotations

import subprocess

import pytest

from backends.kvm.host import Host
from backends.kvm.namespace import inside
from domain import l2_types
from projections.plan import Bridge, HostPlan, Vlan
from tests.kernel.fabric import one_host, port_on


pytestmark = pytest.mark.kernel("bridge", "veth")
NAMES = ["0123456789abcde", "é" * 7, "日本語日本", "a.b-c_d", "eth0.4094", "{}", "!*?$&'\"`\\", "=uplink=x"]


@pytest.mark.parametrize("interface", NAMES)
def test_a_bridge_is_made_on_an_interface_of_any_name_and_taken_away(interface: str) -> None:
    shape = l2_types.no_vlan(interface, 0)
    bridge = Bridge(shape.bridge, "l2", interface, 0, (1,))
    come_and_go(interface, HostPlan("h", 1, bridges=(bridge,), ports=(port_on(bridge.name, 1),)))


@pytest.mark.slow_in_machine
@pytest.mark.kernel("vlan")
@pytest.mark.parametrize("interface", NAMES)
def test_a_vlan_is_made_on_an_interface_of_any_name_and_taken_away(interface: str) -> None:
    shape = l2_types.vlan(interface, 4094)
    bridge = Bridge(shape.bridge, "l2", "", 0, (1,))
    vlan = Vlan(shape.device, "l2", interface, 4094, bridge.name, (1,))
    come_and_go(interface, HostPlan("h", 1, bridges=(bridge,), vlans=(vlan,), ports=(port_on(bridge.name, 1),)))


def come_and_go(interface: str, plan: HostPlan) -> None:
    with one_host() as path, inside(path):
        for arguments in (["set", "eth0", "down"], ["set", "eth0", "name", interface], ["set", interface, "up"]):
            subprocess.run(["ip", "link", *arguments], check=True)
        with Host(path, plug="veth") as host:
            before = host.look()
            host.realize(plan)
            assert host.check(plan).settled
            assert {bridge.name for bridge in plan.bridges} <= set(host.look().links)

            host.delete("h")
            assert host.look() == before
