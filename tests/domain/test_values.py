"""One spelling for each address, number and name."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import devices, values
from domain.errors import Refusal
from tests import strategies


@given(strategies.ipv4_numbers())
def test_an_address_and_its_number_are_one(number: int) -> None:
    assert values.number(values.address(number)) == number
    assert values.address(number) == str(ipaddress.IPv4Address(number))


@given(strategies.macs())
def test_a_mac_is_written_one_way(mac: str) -> None:
    digits = mac.replace(":", "")
    dotted = f"{digits[:4]}.{digits[4:8]}.{digits[8:]}"
    assert {values.mac(m) for m in (mac, mac.upper(), mac.replace(":", "-"), digits, dotted)} == {mac}


@given(strategies.ipv4_numbers(), st.integers(1, 32))
def test_a_network_is_what_the_standard_library_says(number: int, length: int) -> None:
    expected = ipaddress.IPv4Network((number, length), strict=False)
    cidr = values.cidr(f"{values.address(number)}/{length}")
    assert cidr == str(expected)
    assert values.subnet(cidr) == range(int(expected[0]), int(expected[-1]) + 1)
    assert values.netmask(str(expected.netmask)) == length


@given(strategies.ipv4_numbers())
def test_a_netmask_has_its_ones_first(number: int) -> None:
    masks = {values.network_mask(length) for length in range(1, 33)}
    if number in masks:
        assert values.netmask(values.address(number))
    else:
        with pytest.raises(Refusal, match="ones must come first"):
            values.netmask(values.address(number))


@given(st.text())
def test_a_name_is_kept_as_it_is_or_refused(text: str) -> None:
    if 0 < len(text) <= 255 and text.isprintable() and text.strip() == text:
        assert values.name(text) == text
    else:
        with pytest.raises(Refusal, match="invalid-argument"):
            values.name(text)


@given(st.integers())
def test_numbers_are_kept_as_they_are_or_refused(number: int) -> None:
    for check, allowed in ((values.vlan, range(1, 4095)), (values.vni, range(1, 16777215))):
        if number in allowed:
            assert check(number) == number
        else:
            with pytest.raises(Refusal, match="invalid-argument"):
                check(number)


@pytest.mark.parametrize("text", ["010.0.0.1", "0x0a.0.0.1", "10.0.0.1 ", "10.1", "1", "", "10.0.0.1\n"])
def test_an_address_is_written_with_four_plain_numbers(text: str) -> None:
    with pytest.raises(Refusal, match="invalid-argument"):
        values.number(text)


@pytest.mark.parametrize("text", ["52:54:00", "525400", "1", "5254:0012:3456:7890", "52:54:00:12:34:5g", ""])
def test_half_a_mac_is_no_mac(text: str) -> None:
    with pytest.raises(Refusal, match="invalid-argument"):
        values.mac(text)


def test_the_longest_interface_name_has_fifteen_bytes() -> None:
    assert values.interface("e" * 15) == "e" * 15
    with pytest.raises(Refusal, match="1 to 15 bytes"):
        values.interface("é" * 8)


# device names


@given(strategies.interfaces(), st.integers(1, 4094))
def test_every_device_name_is_one_the_kernel_takes(interface: str, vlan: int) -> None:
    made = (
        devices.untagged_bridge(interface),
        devices.vlan_bridge(interface, vlan),
        devices.vlan_device(interface, vlan),
    )
    assert [values.interface(name) for name in made] == list(made)
    assert len({*made}) == 3


def test_short_names_say_what_they_are_for() -> None:
    assert devices.untagged_bridge("eth0") == "br_eth0"
    assert devices.vlan_bridge("eth0", 10) == "br_eth0_10"
    assert devices.vlan_device("eth0", 10) == "eth0.10"
    assert devices.vlan_device("enp129s0f0np0", 10) == "5c0f630f035b.10"
    assert devices.nic("52:54:00:12:34:56") == "nic525400123456"


def test_the_largest_vni_has_names_that_fit() -> None:
    assert values.interface(devices.tunnel_bridge(16777214)) == "br_vx_16777214"
    assert values.interface(devices.tunnel_device(16777214)) == "vxlan16777214"


def test_a_name_after_a_uuid_fits() -> None:
    uuid = "0196f0a0-0000-7000-8000-00000000abcd"
    assert values.interface(devices.own_bridge(uuid)) == "l2_00000000abcd"
    assert values.interface(devices.own_device(uuid)) == "vx_00000000abcd"


@given(st.lists(strategies.interfaces(), min_size=2, max_size=2, unique=True), st.integers(1, 4094))
def test_two_interfaces_never_share_a_vlan_device(pair: list[str], vlan: int) -> None:
    assert devices.vlan_device(pair[0], vlan) != devices.vlan_device(pair[1], vlan)
