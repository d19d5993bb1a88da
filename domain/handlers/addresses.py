"""Addresses of an L3 network for what is no NIC: VIPs and DHCP servers."""

from __future__ import annotations

from collections.abc import Collection

from domain import claims, l3, values
from domain.handlers import nics
from domain.history import Loaded
from domain.ip_range import IpRange
from domain.transaction import Transaction
from domain.values import Family


def free(t: Transaction, subnet: Loaded[l3.L3Network], version: Family, ranges: Collection[IpRange] = ()) -> str:
    """Choose an address that nobody has.

    A command that changes the ranges gives those to choose from: the census still answers for the ranges before it.
    Raises `Refusal` with `ip-exhausted` when there is none.
    """
    wanted = [r for r in ranges if r.version == version]
    if not wanted:
        return nics.free_address(t, subnet, version)
    numbers = (number for r in wanted for part in subnet.state.open_parts(r) for number in part)
    found = (values.address(number, version) for number in numbers)
    chosen = next((ip for ip in found if not t.holder(claims.ip(subnet.uuid, ip))), "")
    if not chosen:
        raise nics.exhausted(subnet, version)
    return chosen
