"""How a set of nftables is written, and what is in one. Pure.

What `nft` has no word for before version 1.1, the address that a neighbour solicitation or advertisement is about, is a
number here.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address


ABOUT = "@th,64,128"
"""The address that a neighbour solicitation or advertisement is about."""


def of_type(name: str, kind: str, elements: Iterable[str]) -> str:
    listed = ", ".join(dict.fromkeys(elements))
    return f"set {name} {{ {kind}; {f'elements = {{ {listed} }};' if listed else ''} }}"


def quoted(name: str) -> str:
    return f'"{name}"'


def about(ip: str) -> str:
    """Write an IPv6 address as it is compared with `ABOUT`."""
    return f"{int(IPv6Address(ip)):#034x}"
