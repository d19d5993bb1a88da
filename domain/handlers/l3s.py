"""L3 networks and their IP ranges."""

from __future__ import annotations

from domain import commands, l2, l3, pool
from domain.errors import Refusal, witness
from domain.history import Loaded
from domain.transaction import Transaction


def create(t: Transaction, c: commands.CreateL3Network) -> None:
    network = t.find("l2", c.l2)
    if not isinstance(network.state, l2.L2Network):
        raise Refusal(
            "invalid-argument",
            f"{c.l2!r} is a VXLAN pool: make the L3 network on one of its VXLAN networks",
            witness(network.uuid, pool.Created),
        )
    fact = l3.create(
        c.name,
        l2=network.uuid,
        category=c.category,
        dns_domain=c.dns_domain,
        mtu=c.mtu,
        allocator=c.allocator,
    )
    t.create("l3", t.identify(c.uuid), fact)


def add_ip_range(t: Transaction, c: commands.AddIpRange) -> None:
    subnet = t.require("l3", c.l3, l3.L3Network)
    fact = l3.add_ip_range(
        subnet.uuid,
        subnet.state,
        name=c.name,
        start=c.start,
        end=c.end,
        netmask=c.netmask,
        gateway=c.gateway,
    )
    record_ranges(t, subnet, fact)


def add_ip_range_by_cidr(t: Transaction, c: commands.AddIpRangeByCidr) -> None:
    subnet = t.require("l3", c.l3, l3.L3Network)
    facts = l3.add_ip_range_by_cidr(subnet.uuid, subnet.state, name=c.name, cidr=c.cidr, gateway=c.gateway)
    record_ranges(t, subnet, *facts)


def record_ranges(t: Transaction, subnet: Loaded[l3.L3Network], *facts: l3.IpRangeAdded) -> None:
    """Record ranges that no other L3 network on the same L2 network overlaps."""
    t.subject = subnet.uuid
    for uuid in t.census(subnet.state.l2).l3s_of(subnet.state.l2):
        other = t.load(uuid, l3.L3Network)
        for fact in facts:
            l3.refuse_overlap(uuid, other.state, l3.as_range(fact))
    for fact in facts:
        t.record(subnet.uuid, fact)
