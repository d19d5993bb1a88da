"""Random filters on one bridge, and random packets between its NICs: few of everything, so that they meet."""

from __future__ import annotations

from hypothesis import strategies as st

from projections.filters import Filters, Group, GuardedNic, link_local
from projections.found import Loaded
from projections.service_entries import Filter
from projections.verdict import Probe, Protocol


BRIDGE = "br0"
MACS = ("02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03")
DEVICES = tuple(f"nic{mac.replace(':', '')}" for mac in MACS)
ADDRESSES = (("10.5.0.1", "fd00::1"), ("10.5.0.2", ""), ("10.5.0.3", "fd00::3"))
STRANGERS = ("10.5.1.9", "fd00:1::9", "192.168.7.7")
CIDRS = ("10.5.0.0/24", "10.5.0.2/32", "10.0.0.0/8", "fd00::/64", "0.0.0.0/0", "::/0", "fd00::3/128")
GROUPS = ("alpha", "beta", "gamma")
PROTOCOLS: tuple[Protocol, ...] = ("TCP", "UDP", "ICMP", "ARP", "other")
PORTS = (22, 67, 68, 79, 80, 85, 90, 91, 546, 547)
OWN = tuple(address for pair in ADDRESSES for address in pair if address)
LINK_LOCAL = tuple(link_local(mac) for mac in MACS)
ANY_IP = tuple(a for a in (*OWN, *STRANGERS) if ":" not in a)
ANY_IP6 = (*(a for a in (*OWN, *STRANGERS) if ":" in a), *LINK_LOCAL)


def rules() -> st.SearchStrategy[Filter]:
    remotes = st.one_of(
        st.just(("", "")),
        st.sampled_from(CIDRS).map(lambda cidr: (cidr, "")),
        st.sampled_from(GROUPS).map(lambda group: ("", group)),
    )
    kinds = st.one_of(
        st.sampled_from([("ALL", ""), ("ICMP", ""), ("TCP", ""), ("UDP", "")]),
        st.tuples(st.sampled_from(["TCP", "UDP"]), st.sampled_from(["80-80", "80-90", "22-22", "1-65535"])),
    )
    directions = st.sampled_from(["ingress", "ingress", "egress"])
    return st.builds(lambda d, k, r: Filter(d, *k, *r), directions, kinds, remotes)


@st.composite
def filters(draw: st.DrawFn) -> Filters:
    """Guard some of three NICs by some of three groups, and keep those in none from sending as others, or not."""
    places = [draw(st.lists(st.sampled_from(GROUPS), unique=True)) for _ in MACS]
    used = {group for place in places for group in place}
    members = {g: draw(st.lists(st.sampled_from((*OWN, *STRANGERS)), unique=True)) for g in GROUPS}
    groups = tuple(
        Group(
            group,
            BRIDGE,
            (Filter("ingress", "ALL", "", "", group), *draw(st.lists(rules(), max_size=3))) if group in used else (),
            tuple(members[group]),
        )
        for group in GROUPS
    )
    closing = {g.group for g in groups if any(rule.direction == "egress" for rule in g.rules)}
    spoofproof = draw(st.booleans())
    nics = tuple(
        GuardedNic(device, BRIDGE, mac, tuple(filter(None, own)), tuple(place), bool(closing & set(place)))
        for device, mac, own, place in zip(DEVICES, MACS, ADDRESSES, places, strict=True)
        if place or spoofproof
    )
    return Filters(nics, groups, ((BRIDGE, 7),), (1,)) if nics else Filters()


def loaded() -> st.SearchStrategy[Loaded]:
    """What a look may show: what some filters left, changed by others or cut off half way."""
    return st.builds(
        lambda kept, settled, extra: Loaded(
            kept.digest,
            kept.members.set(("alpha", BRIDGE), frozenset(extra)) if kept.nics else kept.members,
            settled=settled,
            nics=kept.devices,
        ),
        filters(),
        st.booleans(),
        st.lists(st.sampled_from(OWN)),
    )


@st.composite
def probes(draw: st.DrawFn) -> Probe:
    """Draw a packet that one of the three NICs sends to another, honest more often than not."""
    sender = draw(st.integers(0, 2))
    target = draw(st.sampled_from([number for number in range(3) if number != sender]))
    ipv6 = draw(st.booleans())
    own = [a for a in (*ADDRESSES[sender], LINK_LOCAL[sender]) if a and (":" in a) == ipv6]
    theirs = [a for a in (*ADDRESSES[target], LINK_LOCAL[target]) if a and (":" in a) == ipv6]
    every = ANY_IP6 if ipv6 else ANY_IP
    nobody = "::" if ipv6 else "0.0.0.0"  # noqa: S104 - a source, not a listener
    protocol = draw(st.sampled_from(PROTOCOLS if not ipv6 else tuple(p for p in PROTOCOLS if p != "ARP")))
    has_ports = protocol in {"TCP", "UDP"}
    everybody = ["255.255.255.255"] if not ipv6 else ["ff02::1"]
    return Probe(
        source=DEVICES[sender],
        target=DEVICES[target],
        mac=draw(st.sampled_from([MACS[sender]] * 9 + list(MACS))),
        src=draw(st.sampled_from(own * 4 + [*every, nobody, nobody])),
        dst=draw(st.sampled_from(theirs * 4 + [*every, *everybody])),
        protocol=protocol,
        source_port=draw(st.sampled_from([*PORTS, 1024])) if has_ports else 0,
        port=draw(st.sampled_from(PORTS)) if has_ports else 0,
        type=draw(st.sampled_from([128, *range(130, 138), 143] if ipv6 else [8, 0, 13])) if protocol == "ICMP" else 0,
        about=draw(st.sampled_from(["", *own, *every])) if ipv6 and protocol == "ICMP" else "",
    )
