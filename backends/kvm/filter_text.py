"""A host's filters as text for `nft -f -`. Pure: it loads nothing.

One table in the bridge family, `rewire`, with a chain for what each guarded NIC sends, one for what it receives if it
is in a group, and for each group one for each direction; members are sets. What a NIC sends is judged where it enters
the bridge, so that the host itself is kept from spoofed frames too; what it receives, where it leaves. Other tables may
judge as well, before or after: here `accept` only means that this one has no objection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from projections import verdict
from projections.filter_operations import AddMember, Membership
from projections.filters import Filters, Group, GuardedNic, Place
from projections.service_entries import Filter


TABLE = "bridge rewire"
MARK = "rewire"
RECEIVED_BY, TO_GUESTS = "to-", "to-guests"
"""How the names of chains begin that judge what one NIC receives, and the one that leads to them."""
ENDED = 0x72770001
"""The mark of a connection that was allowed once: TCP would be let in again by its next packet if it were forgotten."""
MEMBERS = "members"
OF_MEMBERS = re.compile(rf"{MEMBERS}-ip6?-(?P<group>.+)\.(?P<bridge>(?:[0-9a-f]{{2}})+)")
"""The name of a set of a group's members on a bridge."""
UNSETTLED = "unsettled"
"""A set without elements that is there as long as connections may be left that nobody may open any more."""
ZONE_PRIORITY, FROM_PRIORITY, TO_PRIORITY = -300, -150, 150
"""Zones before connections are looked up (-200), what is sent after that, what is received after others' say."""
FAMILIES = ("ip", "ip6")
ICMP = {"ip": "icmp", "ip6": "ipv6-icmp"}
ADDRESS = {"ip": "ipv4_addr", "ip6": "ipv6_addr"}
SIDE = {"ingress": "saddr", "egress": "daddr"}
NOBODY = {"ip": "0.0.0.0", "ip6": "::"}  # noqa: S104 - the source of who has no address yet
ABOUT = "@th,64,128"
"""The address that a neighbour advertisement is about: nft has no word for it before version 1.1."""


def load(filters: Filters, *, tracked: bool = True) -> str:
    """Write the transaction that has these filters in place of all that were there.

    Connections are tracked also while no NIC is in a group, so that it is known who opened what when one joins.
    """
    lines = "\n".join((f"add table {TABLE}", f"delete table {TABLE}", *table(filters), "")).splitlines()
    return "\n".join(line for line in lines if tracked or not line.startswith("ct ")) + "\n"


def unload() -> str:
    return f"delete table {TABLE}\n"


def settle() -> str:
    return f"delete set {TABLE} {UNSETTLED}\n"


def change_members(operations: Iterable[Membership]) -> str:
    """Write the transaction that changes elements of sets, and nothing else."""
    changes: dict[str, list[str]] = {}
    for change in operations:
        verb = "add" if isinstance(change, AddMember) else "delete"
        place = f"{verb} element {TABLE} {set_of(change.place, family(change.address))}"
        changes.setdefault(place, []).append(change.address)
    lines = (f"{place} {braced(addresses)}" for place, addresses in changes.items())
    return "\n".join((f"add set {TABLE} {unsettled()}", *lines, ""))


def unsettled() -> str:
    return f"{UNSETTLED} {{ type mark; }}"


# names


def set_of(place: Place, kind: str) -> str:
    return f"{MEMBERS}-{kind}-{named(place)}"


def named(place: Place) -> str:
    """Name a group on a bridge: that's own name may have any character, and an identifier of nft's not."""
    group, bridge = place
    return f"{group}.{bridge.encode().hex()}"


def place_of(name: str) -> Place | None:
    """Read back the group and the bridge from a set's name; nothing if it holds no members."""
    found = OF_MEMBERS.fullmatch(name)
    return (found["group"], bytes.fromhex(found["bridge"]).decode()) if found else None


def nic_of(chain: str) -> str:
    """Read back from a chain's name which NIC in a group it guards; nothing if it is none of such a NIC's."""
    return chain.removeprefix(RECEIVED_BY) if chain.startswith(RECEIVED_BY) and chain != TO_GUESTS else ""


def family(address: str) -> str:
    return "ip6" if ":" in address else "ip"


def of_family(addresses: Iterable[str], kind: str) -> tuple[str, ...]:
    return tuple(address for address in addresses if family(address) == kind)


def mark(filters: Filters) -> str:
    """Write what the table is recognized by."""
    return f"{MARK} digest={filters.digest} fact={max(filters.because, default=0)}"


# the table


def table(filters: Filters) -> Iterator[str]:
    yield f"table {TABLE} {{"
    yield f'comment "{mark(filters)}"'
    yield f"set {unsettled()}"
    for group in filters.groups:
        yield from (members(group, kind) for kind in FAMILIES)
    yield from entrances(filters)
    for group in filters.groups:
        yield from (of_group(group, direction) for direction in SIDE)
    for nic in filters.nics:
        if nic.groups:
            yield chain(f"{RECEIVED_BY}{nic.device}", receiving(nic))
        yield chain(f"pass-{nic.device}", passing(nic))
        yield chain(f"ip-{nic.device}", sending_ip(nic))
        yield chain(f"ip6-{nic.device}", sending_ip6(nic))
        yield chain(f"from-{nic.device}", sending(nic))
    yield "}"


def members(group: Group, kind: str) -> str:
    addresses = of_family(group.members, kind)
    elements = f" elements = {braced(addresses)};" if addresses else ""
    return f"set {set_of(group.place, kind)} {{ type {ADDRESS[kind]};{elements} }}"


def entrances(filters: Filters) -> Iterator[str]:
    """Walk the three chains that the kernel itself calls. What they jump to is written below."""
    zones = [f'"{name}" : {number}' for name, number in filters.zones]
    yield chain(
        "zones", [f"ct zone set meta ibrname map {braced(zones)}"] if zones else [], "prerouting", ZONE_PRIORITY
    )
    sent = [f'"{nic.device}" : jump from-{nic.device}' for nic in filters.nics]
    yield chain("from-guests", [f"iifname vmap {braced(sent)}"], "prerouting", FROM_PRIORITY)
    received = [f'"{nic.device}" : jump {RECEIVED_BY}{nic.device}' for nic in filters.nics if nic.groups]
    judged = [f"oifname vmap {braced(received)}"] if received else []
    yield chain(TO_GUESTS, judged, "postrouting", TO_PRIORITY)


def chain(name: str, rules: Iterable[str], hook: str = "", priority: int = 0) -> str:
    head = (f"type filter hook {hook} priority {priority}; policy accept;",) if hook else ()
    return "\n".join((f"chain {name} {{", *head, *rules, "}"))


def braced(elements: Iterable[object]) -> str:
    return f"{{ {', '.join(map(str, elements))} }}"


# what a NIC sends


def sending(nic: GuardedNic) -> Iterator[str]:
    """Only ARP and IP, untagged, and only as itself."""
    yield f"ether saddr != {nic.mac} drop"
    addresses = braced((NOBODY["ip"], *of_family(nic.sources, "ip")))
    yield f"ether type arp arp saddr ether {nic.mac} arp saddr ip {addresses} accept"
    yield f"ether type ip goto ip-{nic.device}"
    yield f"ether type ip6 goto ip6-{nic.device}"
    yield "drop"


def sending_ip(nic: GuardedNic) -> Iterator[str]:
    client, server = verdict.DHCP_CLIENT, verdict.DHCP_SERVER
    asking = f"udp sport {client} udp dport {server} accept"
    yield f"ip saddr {NOBODY['ip']} ip daddr {verdict.EVERYBODY} {asking}"
    yield from unless_own(nic, "ip")
    yield f"udp sport {server} drop"
    yield asking
    yield f"goto pass-{nic.device}"


def sending_ip6(nic: GuardedNic) -> Iterator[str]:
    client, server = verdict.DHCP6_CLIENT, verdict.DHCP6_SERVER
    yield f"ip6 saddr {NOBODY['ip6']} icmpv6 type {types(verdict.NEWCOMERS)} accept"
    yield from unless_own(nic, "ip6")
    yield f"icmpv6 type {types(verdict.ROUTERS_OWN)} drop"
    own = (hex(int(ip_address(address))) for address in of_family(nic.sources, "ip6"))
    yield f"icmpv6 type {verdict.ADVERT} {ABOUT} != {braced(own)} drop"
    yield f"udp sport {server} drop"
    yield f"icmpv6 type {types(verdict.NEIGHBOURLY)} accept"
    yield f"udp sport {client} udp dport {server} accept"
    yield f"goto pass-{nic.device}"


def unless_own(nic: GuardedNic, kind: str) -> Iterator[str]:
    own = of_family(nic.sources, kind)
    yield f"{kind} saddr != {braced(own)} drop" if own else "drop"


def types(numbers: Iterable[int]) -> str:
    return braced(sorted(numbers))


def passing(nic: GuardedNic) -> Iterator[str]:
    """Judge what is honest by its connection, then by the NIC's groups."""
    yield from known_connections()
    if nic.egress_closed:
        yield from (f"jump egress-{named((group, nic.bridge))}" for group in nic.groups)
        yield "drop"


def known_connections() -> Iterator[str]:
    yield f"ct mark {ENDED} drop"
    yield "ct state established,related accept"


# what a NIC receives


def receiving(nic: GuardedNic) -> Iterator[str]:
    yield "ether type arp accept"
    yield f"ether type ip6 icmpv6 type {types(verdict.TO_GUESTS)} accept"
    yield f"ether type ip udp sport {verdict.DHCP_SERVER} udp dport {verdict.DHCP_CLIENT} accept"
    yield f"ether type ip6 udp sport {verdict.DHCP6_SERVER} udp dport {verdict.DHCP6_CLIENT} accept"
    yield from known_connections()
    yield from (f"jump ingress-{named((group, nic.bridge))}" for group in nic.groups)
    yield "drop"


# what groups say


def of_group(group: Group, direction: str) -> str:
    rules = (rule for rule in group.rules if rule.direction == direction)
    return chain(f"{direction}-{named(group.place)}", (line for r in rules for line in allowing(r, group.bridge)))


def allowing(rule: Filter, bridge: str) -> Iterator[str]:
    """Write a rule, once for each family that it is about."""
    for kind in FAMILIES:
        if not rule.remote_cidr or family(rule.remote_cidr) == kind:
            yield f"ether type {kind} {remote(rule, bridge, kind)}{what(rule, kind)}accept"


def remote(rule: Filter, bridge: str, kind: str) -> str:
    side = f"{kind} {SIDE[rule.direction]}"
    if rule.remote_cidr:
        return f"{side} {rule.remote_cidr} "
    return f"{side} @{set_of((rule.remote_group, bridge), kind)} " if rule.remote_group else ""


def what(rule: Filter, kind: str) -> str:
    if rule.protocol == "ALL":
        return ""
    if rule.protocol == "ICMP":
        return f"meta l4proto {ICMP[kind]} "
    return f"{rule.protocol.lower()} dport {rule.ports} " if rule.ports else f"meta l4proto {rule.protocol.lower()} "
