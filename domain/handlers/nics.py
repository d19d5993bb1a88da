"""A NIC's addresses and MAC are claimed when it is attached, and given back when it goes."""

from __future__ import annotations

from domain import claims, devices, l3, l3_ranges, values, vm
from domain.errors import Refusal, witness
from domain.handlers import addresses, bound
from domain.history import Loaded
from domain.transaction import Transaction
from domain.values import Family


def attach(t: Transaction, guest: str, subnet: Loaded[l3.L3Network], *, ip: str, mac: str, cause: str = "") -> str:
    """Give a VM a NIC on an L3 network, with an address of each family that has ranges there.

    `ip` is the address asked for, or one of each family with a comma between; what is left open is chosen. Gives the
    reference of the fact.
    """
    l3.require_open(subnet.uuid, subnet.state)
    wishes = wanted(subnet, ip)
    home = subnet.state.self_made
    given: list[Family] = [v for v in subnet.state.versions if v == values.IPV4 or not home]
    chosen: dict[Family, str] = {v: wishes.get(v) or addresses.free(t, subnet, v) for v in given}
    hardware = values.mac(mac) if mac else addresses.free_mac(t)
    if home:
        chosen[6] = self_made(subnet, values.eui64(hardware, home), wishes.get(6))
    name = devices.nic(hardware)
    nic = vm.NicAttached(t.instruments.ids(), subnet.uuid, chosen.get(4, ""), chosen.get(6, ""), hardware, name)
    why = t.record(guest, nic, cause=cause)
    for text in chosen.values():
        t.take(claims.ip(subnet.uuid, text), guest, cause=why)
    t.take(claims.mac(hardware), guest, cause=why)
    return why


def wanted(subnet: Loaded[l3.L3Network], text: str) -> dict[Family, str]:
    """Read the addresses asked for, at most one of each family."""
    asked = [part.strip() for part in text.split(",")] if text else []
    found: dict[Family, str] = {}
    for ip in asked:
        version = values.family(ip)
        made = version == values.IPV6 and bool(subnet.state.self_made)
        allowed = values.ip(ip) if made else l3_ranges.require_address(subnet.uuid, subnet.state, ip)
        found[version] = allowed
    if len(found) < len(asked):
        raise values.invalid(f"{text!r} asks for two addresses of one family: a NIC has one of each")
    return found


def self_made(subnet: Loaded[l3.L3Network], ip: str, wish: str | None) -> str:
    """Accept the address that a guest makes for itself, unless another one was asked for, or it is kept back."""
    name = subnet.state.name
    if wish and wish != ip:
        raise values.invalid(f"guests on L3 network {name} make their own IPv6 address: this MAC address gives {ip}")
    if ip in {r.gateway for r in subnet.state.ranges}:
        because = (witness(subnet.uuid, l3.IpRangeAdded, name=r.name) for r in subnet.state.ranges_of(6))
        raise Refusal("ip-in-use", f"{ip}, which this MAC address gives, is the gateway of L3 network {name}", *because)
    l3_ranges.refuse_reserved(subnet.uuid, subnet.state, ip)
    return ip


def detach(t: Transaction, guest: Loaded[vm.Vm], subnet: str, *, cause: str = "") -> None:
    """Take a VM's NIC off an L3 network. The VM keeps running."""
    for nic in guest.state.nics:
        if nic.l3 == subnet:
            why = t.record(guest.uuid, vm.NicDetached(nic.uuid), cause=cause)
            release(t, guest.uuid, nic, cause=why)


def release(t: Transaction, guest: str, nic: vm.Nic, *, cause: str) -> None:
    """Give back what a NIC held, and end what led to it."""
    bound.forget_nic(t, nic.uuid, cause=cause)
    for ip in nic.addresses:
        t.release(claims.ip(nic.l3, ip), guest, cause=cause)
    t.release(claims.mac(nic.mac), guest, cause=cause)
