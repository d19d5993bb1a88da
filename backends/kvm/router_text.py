"""A virtual router's rules as text for `nft -f -`. Pure: it loads nothing.

One table, `inet rewire`, in the router's own namespace, where nobody else has any. Nothing is forwarded but what is
named, and nothing gets to the router itself but an echo and what it serves. The order is: a VIP's packets get their
guest's address, what belongs to another door gets its mark, routes are looked up, packets are judged, and those that
leave get their source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain import provider_types
from projections.digest import digest
from projections.passage import SERVED
from projections.translation import Door, Forward, OneToOne, Rules


FAMILY, NAME = "inet", "rewire"
TABLE = f"{FAMILY} {NAME}"
MARK = "rewire"
SETTLED = "settled"
"""A chain that is there, with our mark on its one rule, when all connections are as the rules have them."""
KINDS = {"ip": "ipv4", "ip6": "ipv6"}


def load(rules: Rules | None) -> str:
    """Write the transaction that has these rules in place of all that were there; without any: none."""
    return "\n".join((f"add table {TABLE}", f"delete table {TABLE}", *(table(rules) if rules else ()), ""))


def settle(rules: Rules, seal: str) -> str:
    """Write the transaction that says that no connection is left which the rules would not open, and what is loaded."""
    mark = f"{MARK} digest={digest(rules)} fact={max(rules.because, default=0)} seal={seal}"
    return f'add chain {TABLE} {SETTLED}\nadd rule {TABLE} {SETTLED} accept comment "{mark}"\n'


def table(rules: Rules) -> Iterator[str]:
    yield f"table {TABLE} {{"
    yield chain("aim", "nat prerouting dstnat", aim(rules))
    yield chain("ways", "filter prerouting dstnat + 10", ways(rules))
    yield chain("answers", "route output mangle", ["ct mark != 0 meta mark set ct mark"])
    yield chain("through", "filter forward filter", through(rules), policy="drop")
    yield chain("mine", "filter input filter", mine(rules), policy="drop")
    yield chain("leave", "nat postrouting srcnat", leave(rules))
    yield "}"


def chain(name: str, entered: str, lines: Iterable[str], *, policy: str = "accept") -> str:
    """Write a chain that packets enter at a place in their way: a kind, a hook and a priority there."""
    kind, hook, priority = entered.split(maxsplit=2)
    head = f"type {kind} hook {hook} priority {priority}; policy {policy};"
    return "\n".join((f"chain {name} {{", head, *lines, "}"))


# before routes are looked up


def aim(rules: Rules) -> Iterator[str]:
    """Send what comes to a VIP from its door, or from inside, to its guest."""
    for pair in rules.pairs:
        kind = kind_of(pair.vip)
        yield f"{by(rules, pair.door)} {kind} daddr {pair.vip} dnat {kind} to {pair.guest}"
    for one in rules.forwards:
        kind = kind_of(one.vip)
        allowed = f"{kind} saddr {one.allowed} " if one.allowed else ""
        to = f"{kind} daddr {one.vip} {one.protocol.lower()} dport {one.ports}"
        yield f"{by(rules, one.door)} {allowed}{to} dnat {kind} to {counterpart(one)}"


def by(rules: Rules, door: str) -> str:
    return f"iifname {braced(map(quoted, dict.fromkeys((rules.inside, door))))}"


def counterpart(one: Forward) -> str:
    """Write a guest's address, and where each port leads if not to the same one."""
    if one.ports == one.private:
        return one.guest
    if len(one.ports) == 1:
        return f"{bracketed(one.guest)}:{one.private}"
    each = (f"{port} : {one.counterpart(port)}" for port in range(one.ports.first, one.ports.last + 1))
    return f"{one.guest} : {one.protocol.lower()} dport map {braced(each)}"


def bracketed(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip


def ways(rules: Rules) -> Iterator[str]:
    """Mark what is to leave by a door that has routes of its own: what belongs to a connection that came in by it, and
    what a guest sends whose VIP is there.
    """
    others = [door for door in rules.doors if door.number]
    yield from (f"iifname {quoted(door.leg)} ct state new ct mark set {door.number}" for door in others)
    yield from (line for door in others for line in own_ways(rules, door))
    if others:
        yield f"iifname {quoted(rules.inside)} ct mark != 0 meta mark set ct mark"


def own_ways(rules: Rules, door: Door) -> Iterator[str]:
    for pair in rules.pairs:
        if pair.door == door.leg:
            kind = kind_of(pair.guest)
            home = braced(of_kind((*rules.networks, *rules.addresses), kind))
            sent = f"{kind} saddr {pair.guest} {kind} daddr != {home}"
            yield f"iifname {quoted(rules.inside)} ct state new {sent} ct mark set {door.number}"


# what passes


def through(rules: Rules) -> Iterator[str]:
    yield from known(rules)
    yield from led_in(rules)
    for pair in rules.pairs:
        if pair.door != rules.inside:
            yield f"iifname {quoted(rules.inside)} {leaving(pair)} accept"
    for source in rules.sources:
        kind = kind_of(source.network)
        yield f"iifname {quoted(rules.inside)} oifname {quoted(source.door)} {kind} saddr {source.network} accept"


def led_in(rules: Rules) -> Iterator[str]:
    """Let in what was sent to a VIP. The status alone does not say so: where two connections are alike to a guest, a
    kernel changes one of them itself.
    """
    inside = quoted(rules.inside)
    led = dict.fromkeys((*(pair.vip for pair in rules.pairs), *(one.vip for one in rules.forwards)))
    for kind in KINDS:
        if vips := of_kind(led, kind):
            translated = f"oifname {inside} ct status dnat ct original {kind} daddr {braced(vips)} accept"
            yield f"iifname != {inside} {translated}"
            if of_kind(rules.own, kind):
                yield f"iifname {inside} {translated}"


def known(rules: Rules) -> Iterator[str]:
    """Let known connections pass, and drop what comes from elsewhere than its source says, or where nothing should."""
    inside = quoted(rules.inside)
    yield "ct state established,related accept"
    yield "ct state invalid drop"
    for kind, word in KINDS.items():
        mute = [quoted(door.leg) for door in rules.doors if not of_kind(door.addresses, kind)]
        if mute:
            yield f"iifname {braced(mute)} meta nfproto {word} drop"
        if own := of_kind(rules.addresses, kind):
            yield f"{kind} saddr {braced(own)} drop"
        if networks := of_kind(rules.networks, kind):
            yield f"iifname != {inside} {kind} saddr {braced(networks)} drop"
            yield f"iifname {inside} {kind} saddr != {braced(networks)} drop"
        else:
            yield f"iifname {inside} meta nfproto {word} drop"


def mine(rules: Rules) -> Iterator[str]:
    """Let in what is for the router itself. What it answers there has the same mark, or it would know no way back."""
    inside = quoted(rules.inside)
    yield from (f"iifname {quoted(door.leg)} meta mark set {door.number}" for door in rules.doors if door.number)
    yield 'iifname "lo" accept'
    if provider_types.DHCP in rules.serves:
        yield f"iifname {inside} udp dport {{ 67, 547 }} accept"
    if rules.advertises or provider_types.DHCP in rules.serves:
        yield f"iifname {inside} icmpv6 type nd-router-solicit accept"
    yield "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query } accept"
    yield from known(rules)
    for kind in KINDS:
        if own := of_kind(rules.own, kind):
            yield f"iifname != {inside} {kind} daddr {braced(own)} drop"
    yield "icmp type echo-request accept"
    yield "icmpv6 type echo-request accept"
    for service, protocol, port in sorted(SERVED):
        if service in rules.serves and service != provider_types.DHCP:
            yield f"iifname {inside} {protocol.lower()} dport {port} accept"


# what leaves


def leave(rules: Rules) -> Iterator[str]:
    """Give what leaves its source: first of guests who have a VIP, wherever it leads, then of all."""
    inside = quoted(rules.inside)
    for pair in rules.pairs:
        if pair.door != rules.inside:
            kind = kind_of(pair.vip)
            back = f"iifname {inside} oifname {inside} {kind} saddr {pair.guest} ct status dnat"
            yield f"{back} snat {kind} to {pair.vip}"
    for kind in KINDS:
        for own in of_kind(rules.own, kind)[:1]:
            yield f"iifname {inside} oifname {inside} ct status dnat snat {kind} to {own}"
    for pair in rules.pairs:
        if pair.door != rules.inside:
            yield f"iifname {quoted(rules.inside)} {leaving(pair)} snat {kind_of(pair.vip)} to {pair.vip}"
    for source in rules.sources:
        kind = kind_of(source.network)
        from_here = f"iifname {quoted(rules.inside)} oifname {quoted(source.door)} {kind} saddr {source.network}"
        yield f"{from_here} snat {kind} to {source.address}"


def leaving(pair: OneToOne) -> str:
    return f"oifname {quoted(pair.door)} {kind_of(pair.guest)} saddr {pair.guest}"


# words


def kind_of(text: str) -> str:
    return "ip6" if ":" in text else "ip"


def of_kind(texts: Iterable[str], kind: str) -> list[str]:
    return [text for text in texts if kind_of(text) == kind]


def quoted(name: str) -> str:
    return f'"{name}"'


def braced(elements: Iterable[object]) -> str:
    return f"{{ {', '.join(map(str, elements))} }}"
