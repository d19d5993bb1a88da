"""A look into the network namespaces that we made, and what is changed inside one.

All that a namespace has are its legs' inner ends, their addresses and routes, whether it forwards, and a server. What a
tenant sends must not change it: no device in it takes an address or a route from an advertisement.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

from immutables import Map

from backends.kvm import look, offload, pin, requests, translator, ways
from backends.kvm.announcement import announce
from backends.kvm.kernel import Kernel
from backends.kvm.namespace import inside
from backends.kvm.requests import OURS, UP
from projections import found
from projections.found import Address, Inside, Room, Running
from projections.marks import MARK
from projections.namespaces import Route


Alive = Callable[[Path, dict[str, int]], Running | None]
"""Tells of the server in a pinned namespace, which has devices with these numbers."""
SETTINGS = {
    "ipv4/ip_forward": "0",
    "ipv6/conf/all/forwarding": "0",
    "ipv4/fwmark_reflect": "1",
    "ipv6/fwmark_reflect": "1",
    "ipv4/conf/all/promote_secondaries": "1",
    "ipv4/conf/all/arp_ignore": "1",
    "ipv4/conf/all/arp_announce": "2",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv4/conf/all/accept_redirects": "0",
    "ipv4/conf/default/accept_redirects": "0",
    "ipv4/conf/all/send_redirects": "0",
    "ipv4/conf/default/send_redirects": "0",
    "ipv6/conf/all/accept_redirects": "0",
    "ipv6/conf/default/accept_redirects": "0",
    "ipv6/conf/all/accept_ra": "0",
    "ipv6/conf/default/accept_ra": "0",
    "ipv6/conf/default/accept_dad": "0",
    "ipv6/conf/default/disable_ipv6": "1",
}
"""Of a namespace, before a device is in it: each leg answers for its own addresses alone, whatever way answers take.

Where IPv6 is spoken, it is switched on with the first address.
"""
FORWARDING = ("ipv4/ip_forward", "ipv6/conf/all/forwarding")
LO = 1
"""The number of every namespace's own first device."""
MAIN, STATIC, UNICAST = 254, 4, 1
NODAD = 0x02


# looking


def rooms(folder: Path, alive: Alive) -> Map[str, Room]:
    """Give what is in each namespace of ours. O(namespaces), and what is in them."""
    return Map({place.name: room(place, alive) for place in pin.pins(folder)})


def room(place: Path, alive: Alive) -> Room:
    if not pin.holds(place):
        return Room()
    with Kernel(str(place)) as kernel:
        raw = kernel.links()
        mark = next((str(link.get_attr("IFLA_IFALIAS") or "") for link in raw if link["index"] == LO), "")
        if not mark.startswith(f"{MARK} "):
            return Room(ours=False)
        legs = {link["index"]: str(link.get_attr("IFLA_IFNAME")) for link in raw if look.group_of(link) == OURS}
        addresses = list(look.addresses_of(kernel.addresses(), legs))
        routes = list(look.routes_of(kernel.routes(), legs))
        apart = ways.found(kernel, routes)
    return Room(
        mark=mark,
        legs=Map({legs[link["index"]]: end(link, addresses) for link in raw if link["index"] in legs}),
        routes=frozenset((route.destination, route.gateway) for route in routes if route.table == MAIN),
        ways=apart,
        forwarding=forwards(place),
        rules=translator.look(place),
        server=alive(place, {name: index for index, name in legs.items()}),
    )


def end(raw: Any, addresses: Iterable[Address]) -> Inside:
    name = raw.get_attr("IFLA_IFNAME")
    return Inside(
        mac=raw.get_attr("IFLA_ADDRESS"),
        mtu=raw.get_attr("IFLA_MTU") or 0,
        up=bool(raw["flags"] & UP),
        addresses=tuple(sorted(address.cidr for address in addresses if address.interface == name)),
    )


def forwards(place: Path) -> bool | None:
    """Tell whether a namespace forwards both families; nothing where it does one of them alone."""
    with inside(str(place)):
        told = {setting(name).read_text().strip() == "1" for name in FORWARDING if setting(name).exists()}
    return told.pop() if len(told) == 1 else None


def setting(name: str) -> Path:
    return Path("/proc/sys/net", name)


# changing


def create(place: Path, mark: str) -> None:
    pin.make(place, lambda: furnish(mark))


def furnish(mark: str) -> None:
    """Prepare the namespace that this thread is in."""
    for name, value in SETTINGS.items():
        write(name, value)
    with Kernel() as kernel:
        kernel.commit(requests.change("lo", ifalias=mark), requests.up("lo"))


def write(name: str, value: str) -> None:
    with suppress(FileNotFoundError):  # a kernel without IPv6 is fine
        setting(name).write_text(value)


def set_mark(place: Path, mark: str) -> None:
    with Kernel(str(place)) as kernel:
        kernel.commit(requests.change("lo", ifalias=mark))


def set_leg(place: Path, name: str, mac: str, mtu: int) -> None:
    with inside(str(place)), Kernel() as kernel:
        offload.switch_off(name)
        kernel.commit(requests.change(name, address=mac, mtu=mtu or None), requests.up(name))


def delete_leg(place: Path, name: str) -> None:
    with Kernel(str(place)) as kernel:
        kernel.commit(requests.doom(name), requests.delete_doomed())


def delete_legs(place: Path) -> None:
    """Delete every leg, if there is a namespace: one that is let go of lives on for a while, and its legs would."""
    if not pin.holds(place):
        return
    with Kernel(str(place)) as kernel:
        legs = [link.get_attr("IFLA_IFNAME") for link in kernel.links() if look.group_of(link) == OURS]
        kernel.commit(*(requests.doom(leg) for leg in legs), requests.delete_doomed())


def set_addresses(place: Path, name: str, wanted: Iterable[str]) -> None:
    """Add what is missing, then take away what is not wanted, all in one call."""
    with Kernel(str(place)) as kernel:
        index = kernel.index(name)
        have = {address.cidr for address in look.addresses_of(kernel.addresses(), {index: name})}
        added, removed = sorted(set(wanted) - have), sorted(have - set(wanted))
        if any(":" in cidr for cidr in wanted):
            with inside(str(place)):
                write(f"ipv6/conf/{name}/disable_ipv6", "0")
        kernel.commit(
            *(requests.add_address(*of_address(index, cidr)) for cidr in added),
            *(requests.delete_address(*of_address(index, cidr)) for cidr in removed),
        )
        with inside(str(place)):
            announce(name, kernel.link(name).get_attr("IFLA_ADDRESS"), added)


def of_address(index: int, cidr: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write an address as a request has it: usable at once, since nobody else may have it."""
    known = ip_interface(cidr)
    fields = {"index": index, "family": family(cidr), "prefixlen": known.network.prefixlen}
    flags = {"IFA_FLAGS": NODAD} if known.version == 6 else {}  # noqa: PLR2004 - IPv6
    return fields, {"IFA_LOCAL": str(known.ip), "IFA_ADDRESS": str(known.ip), **flags}


def set_routes(place: Path, wanted: Iterable[Route]) -> None:
    with Kernel(str(place)) as kernel:
        legs = {link["index"]: str(link.get_attr("IFLA_IFNAME")) for link in kernel.links()}
        told = (route for route in look.routes_of(kernel.routes(), legs) if route.table == MAIN)
        have = {(there.destination, there.gateway): there for there in told}
        meant = {(route.destination, route.gateway) for route in wanted}
        kernel.commit(
            *(requests.delete_route(*of_route(*way, there)) for way, there in sorted(have.items()) if way not in meant),
            *(requests.add_route(*of_route(*way)) for way in sorted(meant - have.keys())),
        )


def of_route(destination: str, gateway: str, there: found.Route | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write a route as a request has it: ours as it is to be, or one that is there as whoever set it made it."""
    address, _, length = destination.partition("/")
    fields = {"family": family(destination), "dst_len": int(length), "table": MAIN, "proto": STATIC, "type": UNICAST}
    if there:
        fields |= {"table": 0, "proto": there.protocol, "scope": there.scope, "type": there.type}
    tells = {
        "RTA_GATEWAY": gateway,
        "RTA_DST": address if int(length) else "",
        "RTA_TABLE": there.table if there else 0,
        "RTA_PRIORITY": there.metric if there else 0,
    }
    return fields, {key: value for key, value in tells.items() if value}


def family(text: str) -> int:
    return socket.AF_INET6 if ":" in text else socket.AF_INET


def set_forwarding(place: Path, *, forwarding: bool) -> None:
    """Switch forwarding on or off. Who is to send here is told when it is on."""
    with inside(str(place)):
        for name in FORWARDING:
            write(name, str(int(forwarding)))
        if forwarding:
            announce_all()


def introduce(place: Path) -> None:
    """Tell everybody near of all addresses: who has new ways through here may know them elsewhere."""
    with inside(str(place)):
        announce_all()


def announce_all() -> None:
    with Kernel() as kernel:
        links = {link["index"]: link for link in kernel.links() if look.group_of(link) == OURS}
        names = {index: str(link.get_attr("IFLA_IFNAME")) for index, link in links.items()}
        addresses = list(look.addresses_of(kernel.addresses(), names))
    for index, link in links.items():
        own = [address.cidr for address in addresses if address.interface == names[index]]
        announce(names[index], link.get_attr("IFLA_ADDRESS"), own)
