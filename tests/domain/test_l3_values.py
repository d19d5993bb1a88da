"""Addresses and networks of both families, as the standard library has them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import values
from domain.errors import Refusal
from tests import strategies


def ipv6_numbers() -> st.SearchStrategy[int]:
    """Give numbers of IPv6 addresses, many of them with long rows of zeros."""
    groups = st.lists(st.sampled_from([0, 0, 0, 1, 0xFFFF]) | st.integers(0, 0xFFFF), min_size=8, max_size=8)
    return groups.map(lambda parts: int.from_bytes(b"".join(part.to_bytes(2) for part in parts)))


@given(ipv6_numbers())
def test_an_ipv6_address_and_its_number_are_one(number: int) -> None:
    text = values.address(number, 6)
    theirs = ipaddress.IPv6Address(number)
    assert values.number(text) == number == int(ipaddress.IPv6Address(text))
    assert values.family(text) == 6
    if "." not in text:  # an IPv4 address inside is written with dots, as RFC 5952 recommends
        assert text == str(theirs)


@given(ipv6_numbers())
def test_every_spelling_of_an_address_is_one(number: int) -> None:
    theirs = ipaddress.IPv6Address(number)
    spellings = {str(theirs), theirs.exploded, theirs.exploded.upper(), str(theirs).upper()}
    assert {values.ip(text) for text in spellings} == {values.address(number, 6)}


@given(strategies.ipv4_numbers())
def test_an_ipv4_address_has_its_family(number: int) -> None:
    text = str(ipaddress.IPv4Address(number))
    assert values.ip(text) == values.ipv4(text) == values.address(number) == text
    assert values.family(text) == 4


@given(ipv6_numbers(), st.integers(0, 128))
def test_an_ipv6_network_is_what_the_standard_library_says(number: int, length: int) -> None:
    theirs = ipaddress.IPv6Network((number, length), strict=False)
    cidr = values.cidr(f"{values.address(number, 6)}/{length}")
    assert ipaddress.IPv6Network(cidr) == theirs
    assert values.prefix(cidr) == length
    assert values.network_mask(length, 6) == int(theirs.netmask)
    subnet = values.subnet(cidr)
    assert (subnet.start, subnet.stop - 1) == (int(theirs.network_address), int(theirs.broadcast_address))
    assert values.subnet_of(values.address(number, 6), length) == cidr


@given(strategies.ipv4_numbers(), st.integers(0, 32))
def test_an_ipv4_network_may_be_everywhere(number: int, length: int) -> None:
    theirs = ipaddress.IPv4Network((number, length), strict=False)
    assert values.cidr(f"{values.address(number)}/{length}") == str(theirs)
    assert values.subnet(str(theirs)).stop - 1 == int(theirs.broadcast_address)


@given(st.text(st.sampled_from("0123456789abcdef:./% ")))
def test_what_the_standard_library_refuses_is_refused(text: str) -> None:
    try:
        theirs = ipaddress.ip_address(text)
    except ValueError:
        with pytest.raises(Refusal, match="invalid-argument"):
            values.ip(text)
        return
    if "%" in text:
        with pytest.raises(Refusal, match="invalid-argument"):
            values.ip(text)
    else:
        assert ipaddress.ip_address(values.ip(text)) == theirs


@given(strategies.macs(), ipv6_numbers())
def test_a_mac_gives_the_address_of_rfc_4291(mac: str, number: int) -> None:
    network = values.cidr(f"{values.address(number, 6)}/64")
    octets = [int(part, 16) for part in mac.split(":")]
    identifier = [octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]]
    made = int(ipaddress.IPv6Address(values.eui64(mac, network)))
    assert made & ((1 << 64) - 1) == int.from_bytes(bytes(identifier))
    assert ipaddress.IPv6Address(made) in ipaddress.IPv6Network(network)


def test_the_address_of_a_well_known_mac() -> None:
    assert values.eui64("34:56:78:9a:bc:de", "2001:db8::/64") == "2001:db8::3656:78ff:fe9a:bcde"


@pytest.mark.parametrize("text", ["fd00::1", "10.0.0", "", "10.0.0.1/8"])
def test_an_ipv4_address_is_nothing_else(text: str) -> None:
    with pytest.raises(Refusal, match="invalid-argument"):
        values.ipv4(text)


@pytest.mark.parametrize(
    "text", ["10.0.0.0/33", "fd00::/129", "fd00::", "10.0.0.0/-1", "10.0.0.0/+1", "10.0.0.0/1/2", "/8"]
)
def test_a_network_is_an_address_and_a_length(text: str) -> None:
    with pytest.raises(Refusal, match="invalid-argument"):
        values.cidr(text)


@pytest.mark.parametrize("text", ["example.com", "a", "x-1.y2", "a" * 63, "1.2"])
def test_a_dns_domain_is_made_of_labels(text: str) -> None:
    assert values.domain(text) == text
