"""Addresses that nobody has: of an L3 network, for NICs of any kind, VIPs and DHCP servers, and MAC addresses."""

from __future__ import annotations

from collections.abc import Collection

from domain import claims, l3, values
from domain.errors import Refusal, witness
from domain.history import Loaded
from domain.ip_range import IpRange
from domain.transaction import Transaction
from domain.values import Family


def free(t: Transaction, subnet: Loaded[l3.L3Network], version: Family, ranges: Collection[IpRange] = ()) -> str:
    """Choose an address that nobody has.

    Raises `Refusal` with `ip-exhausted` when there is none.
    """
    if chosen := find(t, subnet, version, ranges):
        return chosen
    because = (witness(subnet.uuid, l3.IpRangeAdded, name=r.name) for r in subnet.state.ranges_of(version))
    told = f"L3 network {subnet.state.name} has no free IPv{version} address: add an IP range"
    raise Refusal("ip-exhausted", told, *because)


def find(t: Transaction, subnet: Loaded[l3.L3Network], version: Family, ranges: Collection[IpRange] = ()) -> str:
    """Choose an address that nobody has; nothing when there is none.

    A command that adds ranges gives those to choose from: the census answers for the ranges before the command.
    """
    wanted = [r for r in ranges if r.version == version]
    if not wanted:
        ip = asked_for(t, subnet.uuid, version)
        if not ip or subnet.state.holds(ip):
            return ip
        wanted = list(subnet.state.ranges_of(version))
    numbers = (number for r in wanted for part in subnet.state.open_parts(r) for number in part)
    found = (values.address(number, version) for number in numbers)
    return next((ip for ip in found if not t.holder(claims.ip(subnet.uuid, ip))), "")


def asked_for(t: Transaction, subnet: str, version: Family) -> str:
    """Ask for an address that no claim holds; the census may be a step behind the claims of this very command."""
    tried: set[str] = set()
    while address := t.census().free_address(subnet, t.instruments.chance, tried, version):
        if not t.holder(claims.ip(subnet, address)):
            return address
        tried.add(address)
    return ""


def free_mac(t: Transaction) -> str:
    """Draw a MAC address as ZStack does: `fa:` and chance, which finds one of 2**40 that is free at once."""
    while True:
        octets = t.instruments.chance.getrandbits(40).to_bytes(5, "big")
        text = "fa:" + octets.hex(":")
        if not t.holder(claims.mac(text)):
            return text
