"""A look at a kernel: one dump each of links, addresses, routes and tunnels' tables.

It tells what is ours by the group number, and leaves out what a kernel makes by itself and would make
again: link-local addresses and connected routes. A guest's end of a NIC is nobody's business, and what a plugin's
backend made is its own.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from immutables import Map

from backends.kvm import deafness, fences, filters, vicinity, walls, wire
from backends.kvm.kernel import Kernel
from backends.kvm.requests import EVERYONE, NDA_DST, NDA_LLADDR, OURS, PECULIAR, UNSEEN, UP
from projections.found import Address, Found, Kind, Link, Neighbour, Room, Route
from projections.namespaces import is_leg
from projections.ovs import Ovs


IPV4 = 4
"""The bytes of an address."""
HOST_SCOPE = 254
ONLINK = 0x4
SECONDARY = 0x01
LASTING_FLAGS = 0x02 | 0x10 | 0x100 | 0x200 | 0x400
"""What was asked for when an address was given: no duplicate detection, home, temporaries, no prefix route,
multicast.
"""


def look(kernel: Kernel, namespaces: Map[str, Room], ovs: Ovs) -> Found:
    """Give what a host has, with what is in its namespaces and in Open vSwitch. O(links + addresses + routes)."""
    raw = kernel.links()
    unseen = {link["index"] for link in raw if group_of(link) in UNSEEN}
    names = {link["index"]: str(link.get_attr("IFLA_IFNAME")) for link in raw if link["index"] not in unseen}
    links = {name: link_of(link, names) for link in raw if (name := names.get(link["index"]))}
    tunnels = {link["index"] for link in raw if kind_of(link) == "vxlan"}
    return Found(
        links=Map(links),
        addresses=frozenset(addresses_of(kernel.addresses(), names)),
        routes=frozenset(routes_of(kernel.routes(), names)),
        peers=frozenset(peers_of(kernel.forwarding(), names, tunnels) if tunnels else ()),
        neighbours=frozenset(neighbours_of(kernel, names)),
        rules=frozenset(rule for _, rule in vicinity.rules(kernel)),
        filters=filters.look(kernel.namespace),
        namespaces=namespaces,
        ovs=ovs,
        fence=fences.look(kernel.namespace),
        deaf=deafness.look(kernel.namespace),
        wall=walls.look(kernel.namespace),
    )


# links


def link_of(raw: Any, names: dict[int, str]) -> Link:
    kind = kind_of(raw)
    ours = group_of(raw) == OURS
    return Link(
        name=raw.get_attr("IFLA_IFNAME"),
        kind=kind,
        bridge="" if ours and is_plugged(raw) else names.get(raw.get_attr("IFLA_MASTER") or 0, ""),
        ours=ours,
        mark=raw.get_attr("IFLA_IFALIAS") or "" if ours else "",
        up=bool(raw["flags"] & UP),
        mtu=raw.get_attr("IFLA_MTU") or 0,
        interface=names.get(raw.get_attr("IFLA_LINK") or 0, "") if kind == "vlan" else "",
        number=detail(raw, "IFLA_VLAN_ID") or 0 if kind in ("vlan", "vxlan") else 0,
        local=detail(raw, "IFLA_VXLAN_LOCAL") or "" if kind == "vxlan" else "",
        udp_port=detail(raw, "IFLA_VXLAN_PORT") or 0 if kind == "vxlan" else 0,
        lower="" if ours else names.get(lower_of(raw), ""),
    )


def lower_of(raw: Any) -> int:
    """Give the index of the link that one stands on, in this namespace; 0 for none. A veth's other end is none."""
    match raw.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND"):
        case "vxlan":
            return detail(raw, "IFLA_VXLAN_LINK") or 0
        case kind if kind == "veth" or raw.get_attr("IFLA_LINK_NETNSID") is not None:
            return 0
        case _:
            return raw.get_attr("IFLA_LINK") or 0


def is_plugged(raw: Any) -> bool:
    """Tell whether Open vSwitch has a link, of which bridge only its database knows."""
    return bool(raw.get_nested("IFLA_LINKINFO", "IFLA_INFO_SLAVE_KIND") == "openvswitch")


def group_of(raw: Any) -> int:
    return int(raw.get_attr("IFLA_GROUP") or 0)


def kind_of(raw: Any) -> Kind:
    match raw.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND"):
        case "bridge" | "vlan" | "vxlan" as kind:
            return kind  # type: ignore[no-any-return] # the library has no types; these three are of ours
        case "veth" if group_of(raw) == OURS and is_leg(raw.get_attr("IFLA_IFNAME")):
            return "leg"
        case "veth" | "tun" if group_of(raw) == OURS:
            return "port"
        case _:
            return "other"


def detail(raw: Any, name: str) -> Any:
    return raw.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA", name)


# addresses


def addresses_of(raw: Iterable[Any], names: dict[int, str]) -> Iterator[Address]:
    yield from (address_of(each, names[each["index"]]) for each in raw if is_given(each, names))


def is_given(raw: Any, names: dict[int, str]) -> bool:
    """Tell whether an address is on one of some interfaces, and is not the one that `lo` has anyway."""
    name = names.get(raw["index"])
    return name is not None and not (name == "lo" and raw["scope"] == HOST_SCOPE)


def address_of(raw: Any, name: str) -> Address:
    label = raw.get_attr("IFA_LABEL") or ""
    kept = LASTING_FLAGS | (SECONDARY if raw["family"] == socket.AF_INET else 0)
    return Address(
        interface=name,
        cidr=f"{raw.get_attr('IFA_LOCAL') or raw.get_attr('IFA_ADDRESS')}/{raw['prefixlen']}",
        broadcast=raw.get_attr("IFA_BROADCAST") or "",
        label="" if label == name else label,
        scope=raw["scope"],
        flags=flags_of(raw) & kept,
    )


def flags_of(raw: Any) -> int:
    return int(raw.get_attr("IFA_FLAGS") or raw["flags"])


# routes


def routes_of(raw: Iterable[Any], names: dict[int, str]) -> Iterator[Route]:
    for each in raw:
        for hop in hops(each):
            if (name := names.get(hop_index(hop))) is not None:
                yield route_of(each, hop, name)


def table_of(raw: Any) -> int:
    return int(raw.get_attr("RTA_TABLE") or raw["table"])


def hops(raw: Any) -> list[Any]:
    """Give the ways of a route: itself, or each next hop of several."""
    return list(raw.get_attr("RTA_MULTIPATH") or [raw])


def hop_index(hop: Any) -> int:
    """Give the interface of a route or of a next hop."""
    return int(hop.get("oif") or hop.get_attr("RTA_OIF") or 0)


def route_of(raw: Any, hop: Any, name: str) -> Route:
    nowhere = "::" if raw["family"] == socket.AF_INET6 else "0.0.0.0"  # noqa: S104 - a destination, not a listener
    return Route(
        interface=name,
        destination=f"{raw.get_attr('RTA_DST') or nowhere}/{raw['dst_len']}",
        gateway=gateway_of(hop),
        table=table_of(raw),
        metric=raw.get_attr("RTA_PRIORITY") or 0,
        protocol=raw["proto"],
        scope=raw["scope"],
        source=raw.get_attr("RTA_PREFSRC") or "",
        onlink=bool(hop["flags"] & ONLINK),
        type=raw["type"],
    )


def gateway_of(hop: Any) -> str:
    via = hop.get_attr("RTA_VIA") or {}
    return str(hop.get_attr("RTA_GATEWAY") or via.get("addr", ""))


def neighbours_of(kernel: Kernel, names: dict[int, str]) -> Iterator[Neighbour]:
    for index, _, neighbour in vicinity.neighbours(kernel):
        if index in names:
            yield msgspec.structs.replace(neighbour, interface=names[index])


# tunnels


def peers_of(
    raw: Iterable[tuple[int, dict[int, bytes]]], names: dict[int, str], tunnels: set[int]
) -> Iterator[tuple[str, str]]:
    for index, entry in raw:
        if index in tunnels and entry.get(NDA_LLADDR) == EVERYONE and NDA_DST in entry:
            far = entry[NDA_DST]
            address = socket.inet_ntop(socket.AF_INET if len(far) == IPV4 else socket.AF_INET6, far)
            yield names[index], " ".join((address, *peculiarities(entry)))


def peculiarities(entry: dict[int, bytes]) -> Iterator[str]:
    """Say what an entry has of its own: it is another one than that without."""
    for word, kind in PECULIAR.items():
        if kind in entry:
            yield f"{word} {wire.as_port(entry[kind]) if word == 'port' else wire.as_number(entry[kind])}"
