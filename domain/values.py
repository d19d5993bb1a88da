"""One spelling for each address, number and name.

netaddr is imported where it is needed, since it takes as long to load as all the rest. Text comes in from
people and leaves as canonical text or as a whole number: facts hold nothing else. netaddr's values are mutable,
so none of them leaves this module. What is malformed is refused here, with what would be right.
"""

from __future__ import annotations

import re
import socket
from functools import lru_cache

from domain.errors import Refusal


VLANS = range(1, 4095)
"""802.1Q, clause 9.6: 0 is a priority tag and 4095 is reserved."""
VNIS = range(1, 16777215)
"""RFC 7348 gives 24 bits; ZStack keeps 0 and the last one back."""
INTERFACE_NAME_BYTES = 15
"""The kernel's IFNAMSIZ, less the closing zero."""
NAME_LENGTH = 255
UUID_SHAPE = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}")
MAC_DIGITS = 12


def invalid(sentence: str) -> Refusal:
    return Refusal("invalid-argument", sentence)


def name(text: str) -> str:
    """Accept a name of 1 to 255 printable characters, without space at either end, that can't be taken for a uuid."""
    if UUID_SHAPE.fullmatch(text):
        raise invalid(f"{text!r} can't be a name: it would be taken for a uuid")
    if not text or len(text) > NAME_LENGTH or not text.isprintable() or text != text.strip():
        raise invalid(f"{text!r} can't be a name: give 1 to {NAME_LENGTH} printable characters, no space at the ends")
    return text


def vlan(number: int) -> int:
    if number not in VLANS:
        raise invalid(f"{number} is no VLAN: give one of {VLANS[0]} to {VLANS[-1]}")
    return number


def vni(number: int) -> int:
    if number not in VNIS:
        raise invalid(f"{number} is no VNI: give one of {VNIS[0]} to {VNIS[-1]}")
    return number


def interface(text: str) -> str:
    """Accept what the kernel accepts as a device name (`dev_valid_name`): 1 to 15 bytes, no space, slash or colon."""
    fits = 0 < len(text.encode()) <= INTERFACE_NAME_BYTES
    if not fits or text in {".", ".."} or any(c.isspace() or c in "/:" or not c.isprintable() for c in text):
        raise invalid(f"{text!r} is no interface name: give 1 to {INTERFACE_NAME_BYTES} bytes without space, / or :")
    return text


def mac(text: str) -> str:
    """Give a unicast MAC address as `aa:bb:cc:dd:ee:ff`."""
    import netaddr

    try:
        value = netaddr.EUI(text, version=48, dialect=netaddr.mac_unix_expanded)
    except (netaddr.AddrFormatError, ValueError, TypeError):
        raise invalid(f"{text!r} is no MAC address: write it as 52:54:00:12:34:56") from None
    if sum(digit not in ":-." for digit in text) != MAC_DIGITS:  # netaddr reads half an address as another one
        raise invalid(f"{text!r} is no MAC address: give all twelve of its digits, as in 52:54:00:12:34:56")
    if int(value) >> 40 & 1 or int(value) == 0:
        raise invalid(f"{text} can't be a NIC's MAC address: it must be a unicast one")
    return str(value)


def ipv4(text: str) -> str:
    """Give an IPv4 address in dotted form."""
    return address(number(text))


def number(text: str) -> int:
    """Give an IPv4 address as a whole number. Four decimal parts and nothing else (POSIX inet_pton)."""
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET, text))
    except (OSError, ValueError):
        raise invalid(f"{text!r} is no IPv4 address: write it as 192.168.0.10") from None


def address(value: int) -> str:
    """Give the dotted form of a whole number: the way back from `number`."""
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


def cidr(text: str) -> str:
    """Give an IPv4 network with its host bits cleared: `10.0.0.5/24` becomes `10.0.0.0/24`."""
    base, slash, length = text.partition("/")
    if not slash:
        raise invalid(f"{ipv4(base)} is an address, not a network: add its length, as in {base}/24")
    if not (length.isascii() and length.isdigit() and int(length) in range(1, 33)):
        raise invalid(f"{text!r} is no IPv4 network: write it as 192.168.0.0/24")
    return subnet_of(base, int(length))


def netmask(text: str) -> int:
    """Give the length of the prefix that a contiguous netmask stands for, 1 to 32."""
    bits = number(text)
    length = bits.bit_count()
    if not bits or bits != network_mask(length):
        raise invalid(f"{text} is no netmask: its ones must come first, as in 255.255.255.0")
    return length


def network_mask(length: int) -> int:
    return (1 << 32) - (1 << 32 - length)


@lru_cache(maxsize=4096)
def subnet(network: str) -> range:
    """Give the numbers of every address in a network, its first and last one included."""
    base, length = network.split("/")
    start = number(base)
    return range(start, start + (1 << 32 - int(length)))


def subnet_of(text: str, length: int) -> str:
    """Give the network of this length that an address lies in."""
    return f"{address(number(text) & network_mask(length))}/{length}"
