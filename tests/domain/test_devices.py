"""Names of devices are such as a kernel takes, whatever they are made of."""

from __future__ import annotations

from hypothesis import example
from hypothesis import given as property_of
from hypothesis import strategies as st

from domain import devices, l2_types, values
from domain.errors import Refusal


def is_name(text: str) -> bool:
    try:
        return values.interface(text) == text
    except Refusal:
        return False


INTERFACES = st.text(min_size=1, max_size=15).filter(is_name)


@example("é" * 7, 4094)
@example("e" * 15, 4094)
@example("eth0.4094", 1)
@property_of(INTERFACES, st.integers(1, 4094))
def test_a_networks_devices_have_names_whatever_the_interface_is_called(interface: str, vlan: int) -> None:
    tagged, untagged = l2_types.vlan(interface, vlan), l2_types.no_vlan(interface, 0)
    for name in (tagged.bridge, tagged.device, untagged.bridge):
        assert is_name(name)
        assert len(name.encode()) <= 15
    assert len({tagged.bridge, tagged.device, untagged.bridge}) == 3


@property_of(st.integers(1, 16777214), st.integers(1, 4294967295))
def test_tunnels_have_names_whatever_their_number(vni: int, key: int) -> None:
    shape = l2_types.vxlan(vni)
    assert all(is_name(name) for name in (shape.bridge, shape.device, devices.gre_bridge(key)))


@property_of(INTERFACES, INTERFACES, st.integers(1, 4094))
def test_two_interfaces_never_share_a_bridge_of_one_vlan(one: str, other: str, vlan: int) -> None:
    assert (devices.vlan_bridge(one, vlan) == devices.vlan_bridge(other, vlan)) == (one == other)
