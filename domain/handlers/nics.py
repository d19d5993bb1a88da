"""A NIC's address and MAC are claimed when it is attached, and given back when it goes."""

from __future__ import annotations

from domain import claims, devices, l3, values, vm
from domain.errors import Refusal, witness
from domain.history import Loaded
from domain.transaction import Transaction


MAC_TRIES = 16
"""Chance finds a free one of 2**40 addresses at once, unless something is very wrong."""


def attach(t: Transaction, guest: str, subnet: Loaded[l3.L3Network], *, ip: str, mac: str, cause: str = "") -> None:
    """Give a VM a NIC on an L3 network, with the address and MAC asked for, or with free ones."""
    l3.require_ranges([subnet.state])
    address = l3.require_address(subnet.state, ip) if ip else free_address(t, subnet)
    hardware = values.mac(mac) if mac else free_mac(t)
    fact = vm.NicAttached(t.instruments.ids(), subnet.uuid, address, hardware, devices.nic(hardware))
    why = t.record(guest, fact, cause=cause)
    t.take(claims.ip(subnet.uuid, address), guest, cause=why)
    t.take(claims.mac(hardware), guest, cause=why)


def free_address(t: Transaction, subnet: Loaded[l3.L3Network]) -> str:
    """Choose an address that no claim holds; the census may be a step behind the claims of this very command."""
    tried: set[str] = set()
    while address := t.census().free_address(subnet.uuid, t.instruments.chance, tried):
        if not t.holder(claims.ip(subnet.uuid, address)):
            return address
        tried.add(address)
    ranges = (witness(subnet.uuid, l3.IpRangeAdded, name=r.name) for r in subnet.state.ranges)
    raise Refusal("ip-exhausted", f"L3 network {subnet.state.name} has no free address: add an IP range", *ranges)


def free_mac(t: Transaction) -> str:
    """Draw a MAC address as ZStack does: `fa:` and chance."""
    for _ in range(MAC_TRIES):
        octets = t.instruments.chance.getrandbits(40).to_bytes(5, "big")
        text = "fa:" + octets.hex(":")
        if not t.holder(claims.mac(text)):
            return text
    raise Refusal("mac-in-use", f"no free MAC address was found in {MAC_TRIES} tries")


def detach(t: Transaction, guest: Loaded[vm.Vm], subnet: str, *, cause: str) -> None:
    """Take a VM's NICs off an L3 network."""
    for nic in guest.state.nics:
        if nic.l3 == subnet:
            why = t.record(guest.uuid, vm.NicDetached(nic.uuid), cause=cause)
            release(t, guest.uuid, nic, cause=why)


def release(t: Transaction, guest: str, nic: vm.Nic, *, cause: str) -> None:
    t.release(claims.ip(nic.l3, nic.ip), guest, cause=cause)
    t.release(claims.mac(nic.mac), guest, cause=cause)
