"""The NICs of virtual routers: which L3 networks a router joins, and what its NICs hold there.

A router is on its own L3 network, on its way out, and where VIPs lead in through it. Each NIC has a MAC address and a
device of its own, claimed like a VM's, which it keeps wherever the router goes. Only on its way out has it addresses
of its own. One that finds none free is there without: that is reported as a problem, and no reason to place no router.
"""

from __future__ import annotations

from collections.abc import Collection

from domain import claims, devices, l3, provider, router, values, vip
from domain.handlers import addresses
from domain.ip_range import IpRange
from domain.transaction import Transaction
from domain.values import Family


def settle(
    t: Transaction, uuid: str, *, cause: str, besides: Collection[str] = (), ranges: Collection[IpRange] = ()
) -> None:
    """Give a router the NICs that it must have now, with their addresses, and take the others off it.

    `besides` are EIPs and rules that this very command leads somewhere. One that changes ranges of the way out gives
    those to choose from.
    """
    state = t.load(uuid, router.Router).state
    due, outside = joined(t, state.l3, besides), way_out(t, state.l3)
    for kept in state.nics:
        if kept.l3 not in due:
            remove(t, uuid, kept, cause=cause)
    for subnet in due:
        nic = state.nic_on(subnet)
        here = tuple(ip for ip in nic.ips if subnet == outside and serves(t, subnet, ip)) if nic else ()
        more = chosen(t, subnet, here, ranges) if subnet == outside else ()
        if nic:
            readdress(t, uuid, nic, kept=here, more=more, cause=cause)
        else:
            add(t, uuid, subnet, ips=more, cause=cause)


def joined(t: Transaction, subnet: str, besides: Collection[str] = ()) -> list[str]:
    """Give the L3 networks that a router joins: its own, its way out, and those of the VIPs that lead in through it."""
    services = services_of(t, subnet)
    users = (t.get(uuid) for uuid in (*t.census(subnet).users_of(subnet), *besides))
    leading = (router.leads_in(user.state, subnet, services) for user in users if user)
    homes = [t.load(address, vip.Vip).state.l3 for address in leading if address]
    return list(dict.fromkeys(filter(None, (subnet, way_out(t, subnet), *homes))))


def services_of(t: Transaction, subnet: str) -> dict[str, provider.Provider]:
    """Give the services that an L3 network takes, each with who offers it; none when it is gone."""
    found = t.get(subnet)
    taken = found.state.services if found and isinstance(found.state, l3.L3Network) else ()
    return {service: t.load(source, provider.Provider).state for service, source in taken}


def way_out(t: Transaction, subnet: str) -> str:
    """Give the L3 network through which a router reaches the outside; nothing where it is the router's own."""
    outside = router.way_out(services_of(t, subnet))
    return "" if outside == subnet else outside


def serves(t: Transaction, subnet: str, ip: str) -> bool:
    return t.load(subnet, l3.L3Network).state.holds(ip)


def chosen(t: Transaction, subnet: str, kept: Collection[str], ranges: Collection[IpRange]) -> tuple[str, ...]:
    """Choose an address of each family that the way out has and the router has none of yet."""
    outside = t.load(subnet, l3.L3Network)
    had = set(map(values.family, kept))
    lacking: list[Family] = [v for v in outside.state.versions if v not in had]
    return tuple(filter(None, (addresses.find(t, outside, version, ranges) for version in lacking)))


def add(t: Transaction, uuid: str, subnet: str, *, ips: tuple[str, ...], cause: str) -> None:
    mac = addresses.free_mac(t)
    why = t.record(uuid, router.NicAdded(subnet, ips, mac, devices.nic(mac)), cause=cause)
    for ip in ips:
        t.hold(claims.ip(subnet, ip), uuid, cause=why)
    t.hold(claims.mac(mac), uuid, cause=why)


def readdress(
    t: Transaction, uuid: str, nic: router.Nic, *, kept: Collection[str], more: Collection[str], cause: str
) -> None:
    """Let a NIC give back the addresses that it can't keep, and take more."""
    for ip in (ip for ip in nic.ips if ip not in kept):
        why = t.record(uuid, router.NicAddressReleased(nic.l3, ip), cause=cause)
        t.release(claims.ip(nic.l3, ip), uuid, cause=why)
    for ip in more:
        why = t.record(uuid, router.NicAddressAssigned(nic.l3, ip), cause=cause)
        t.hold(claims.ip(nic.l3, ip), uuid, cause=why)


def remove(t: Transaction, uuid: str, nic: router.Nic, *, cause: str) -> None:
    why = t.record(uuid, router.NicRemoved(nic.l3), cause=cause)
    release(t, uuid, nic, cause=why)


def release(t: Transaction, uuid: str, nic: router.Nic, *, cause: str) -> None:
    """Give back what a NIC held."""
    for ip in nic.ips:
        t.release(claims.ip(nic.l3, ip), uuid, cause=cause)
    t.release(claims.mac(nic.mac), uuid, cause=cause)


def resettle(t: Transaction, subnet: str, *, cause: str, ranges: Collection[IpRange]) -> None:
    """Give the routers that reach the outside through an L3 network the addresses that its ranges have for them now."""
    for uuid in t.census(subnet).users_of(subnet):
        found = t.get(uuid)
        if found and isinstance(found.state, router.Router) and way_out(t, found.state.l3) == subnet:
            settle(t, uuid, cause=cause, ranges=ranges)
