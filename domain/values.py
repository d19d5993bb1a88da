"""One spelling for each address, number and name.

netaddr is imported where it is needed, since it takes as long to load as all the rest. Text comes in from
people and leaves as canonical text or as a whole number: facts hold nothing else. netaddr's values are mutable,
so none of them leaves this module. What is malformed is refused here, with what would be right.
"""

from __future__ import annotations

import re
import socket
from functools import lru_cache
from typing import Final, Literal

from domain.errors import Refusal


VLANS = range(1, 4095)
"""802.1Q, clause 9.6: 0 is a priority tag and 4095 is reserved."""
VNIS = range(1, 16777215)
"""RFC 7348 gives 24 bits; ZStack keeps 0 and the last one back."""
GRE_KEYS = range(1, 1 << 32)
"""RFC 2890 gives 32 bits; 0 is a tunnel without a key."""
INTERFACE_NAME_BYTES = 15
"""The kernel's IFNAMSIZ, less the closing zero."""
NAME_LENGTH = 255
UUID_SHAPE = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}")
MAC_DIGITS = 12
UNIVERSAL_BIT = 0x02
DOMAIN_LENGTH = 253
DOMAIN = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")


def invalid(sentence: str) -> Refusal:
    return Refusal("invalid-argument", sentence)


def name(text: str) -> str:
    """Accept a name of 1 to 255 printable characters, without space at either end, that can't be taken for a uuid."""
    if UUID_SHAPE.fullmatch(text):
        raise invalid(f"{text!r} can't be a name: it would be taken for a uuid")
    if not text or len(text) > NAME_LENGTH or not text.isprintable() or text != text.strip():
        raise invalid(f"{text!r} can't be a name: give 1 to {NAME_LENGTH} printable characters, no space at the ends")
    return text


def uuid(text: str) -> str:
    """Give a uuid as facts have it, in lower case and with its dashes; nothing for what is none."""
    if not UUID_SHAPE.fullmatch(text):
        return ""
    digits = text.replace("-", "").lower()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def vlan(number: int) -> int:
    if number not in VLANS:
        raise invalid(f"{number} is no VLAN: give one of {VLANS[0]} to {VLANS[-1]}")
    return number


def vni(number: int) -> int:
    if number not in VNIS:
        raise invalid(f"{number} is no VNI: give one of {VNIS[0]} to {VNIS[-1]}")
    return number


def gre_key(number: int) -> int:
    if number not in GRE_KEYS:
        raise invalid(f"{number} is no GRE key: give one of {GRE_KEYS[0]} to {GRE_KEYS[-1]}")
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


# addresses, of both families

Family = Literal[4, 6]
IPV4: Final = 4
IPV6: Final = 6
FAMILIES: tuple[Family, ...] = (IPV4, IPV6)
SOCKET_FAMILIES: dict[int, int] = {4: socket.AF_INET, 6: socket.AF_INET6}
BITS: dict[int, int] = {4: 32, 6: 128}
EXAMPLES = {4: "192.168.0.10", 6: "fd00::10"}
SPECIAL: dict[int, tuple[str, ...]] = {
    4: ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"),
    6: ("::/8", "fe80::/10", "ff00::/8"),
}
"""RFC 6890 and RFC 4291: this network, loopback, link-local, multicast and reserved."""
SHARED_PREFIX = 30
"""A longer IPv4 prefix has no address that stands for the network, and none that stands for everybody (RFC 3021)."""


def family(text: str) -> Family:
    """Tell the family of what is written as an address or a network. O(1) by its colon."""
    return 6 if ":" in text else 4


def ip(text: str) -> str:
    """Give an address of either family in its canonical form: dotted, or as RFC 5952 has it."""
    return address(number(text), family(text))


def ipv4(text: str) -> str:
    """Give an IPv4 address in dotted form."""
    require_family(text, 4)
    return ip(text)


def host_ipv4(text: str) -> str:
    """Give an IPv4 address in dotted form that one host can have."""
    found = ipv4(text)
    for block in SPECIAL[IPV4]:
        if number(found) in subnet(block):
            raise invalid(f"no host has {found}: addresses of {block} have a meaning of their own (RFC 6890)")
    return found


def host_numbers(network: str) -> range:
    """Give what hosts of an IPv4 network can have: all but its first and last address, where it has more than two."""
    whole = subnet(network)
    return whole[1:-1] if prefix(network) <= SHARED_PREFIX else whole


def require_family(text: str, wanted: Family) -> None:
    if family(text) != wanted:
        raise invalid(f"{text!r} is no IPv{wanted} address: write it as {EXAMPLES[wanted]}")


def number(text: str) -> int:
    """Give an address as a whole number. Nothing but what POSIX inet_pton takes: no zones, no shorthand."""
    known = family(text)
    try:
        return int.from_bytes(socket.inet_pton(SOCKET_FAMILIES[known], text))
    except (OSError, ValueError):
        raise invalid(f"{text!r} is no IPv{known} address: write it as {EXAMPLES[known]}") from None


def address(value: int, version: Family = 4) -> str:
    """Give the canonical text of a whole number: the way back from `number`."""
    return socket.inet_ntop(SOCKET_FAMILIES[version], value.to_bytes(BITS[version] // 8))


def cidr(text: str) -> str:
    """Give a network of either family with its host bits cleared: `10.0.0.5/24` becomes `10.0.0.0/24`."""
    base, slash, length = text.partition("/")
    bits = BITS[family(text)]
    if not slash:
        raise invalid(f"{ip(base)} is an address, not a network: add its length, as in {base}/{bits - 8}")
    if not (length.isascii() and length.isdigit() and int(length) <= bits):
        raise invalid(f"{text!r} is no IPv{family(text)} network: its length is a number from 0 to {bits}")
    return subnet_of(base, int(length))


def ipv4_cidr(text: str) -> str:
    """Give an IPv4 network that is not all of IPv4."""
    require_family(text, 4)
    network = cidr(text)
    if not prefix(network):
        raise invalid(f"{text} is everywhere: give the length of a network, 1 to {BITS[4]}")
    return network


def prefix(network: str) -> int:
    """Give the length of a network's prefix."""
    return int(network.partition("/")[2])


def netmask(text: str) -> int:
    """Give the length of the prefix that a contiguous netmask stands for, 1 to 32."""
    require_family(text, 4)
    bits = number(text)
    length = bits.bit_count()
    if not bits or bits != network_mask(length):
        raise invalid(f"{text} is no netmask: its ones must come first, as in 255.255.255.0")
    return length


def network_mask(length: int, version: Family = 4) -> int:
    bits = BITS[version]
    return (1 << bits) - (1 << bits - length)


@lru_cache(maxsize=4096)
def subnet(network: str) -> range:
    """Give the numbers of every address in a network, its first and last one included.

    An IPv6 range has more members than `len` can count: compare its ends, and never walk it.
    """
    start = number(network.partition("/")[0])
    return range(start, start + (1 << BITS[family(network)] - prefix(network)))


def subnet_of(text: str, length: int) -> str:
    """Give the network of this length that an address lies in."""
    version = family(text)
    return f"{address(number(text) & network_mask(length, version), version)}/{length}"


def eui64(hardware: str, network: str) -> str:
    """Give the address that a NIC makes for itself out of a /64 and its MAC address (RFC 4291, appendix A)."""
    octets = bytearray.fromhex(hardware.replace(":", ""))
    octets[0] ^= UNIVERSAL_BIT
    interface_id = int.from_bytes(octets[:3] + b"\xff\xfe" + octets[3:])
    return address(subnet(network).start | interface_id, 6)


def domain(text: str) -> str:
    """Accept a DNS domain: labels of letters, digits and inner hyphens (RFC 1123)."""
    if len(text) > DOMAIN_LENGTH or not DOMAIN.fullmatch(text):
        raise invalid(f"{text!r} is no DNS domain: write it as example.com")
    return text
