"""What one host must let through to and from its NICs: the security groups they are in, and what each NIC may do.

A NIC in a group receives what rules and the members of its groups let in, and nothing else. It may send to anybody as
long as no group of it has an egress rule; from the first one on, only what egress rules allow. One in no group receives
all and sends to anybody, but as itself: or it could pretend to be a member. All of this is in the plan, as filters and
policies, so that a reader has only to carry it out. What belongs to an established connection,
ARP, DHCP and IPv6 neighbour discovery always pass: that is for the reader to see to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from domain.l2 import L2Network
from domain.security_group import Rule, SecurityGroup
from projections import subnets
from projections.relations import related
from projections.service_entries import Filter, Guard, Shield
from projections.topology import Topology


class Place(msgspec.Struct, frozen=True):
    """A group that a NIC is in, and the fact that put it there."""

    group: str
    because: int


def places(topology: Topology, nic: str) -> tuple[Place, ...]:
    """Give the groups of a NIC, sorted."""
    users = sorted(related(topology.services.users, nic).items())
    return tuple(Place(u, p) for u, p in users if isinstance(topology.objects.states[u], SecurityGroup))


def guards(topology: Topology, nics: Iterable[str]) -> Iterator[Guard]:
    """Walk the groups that NICs here are in, and those that their rules name, on each L2 network with such NICs."""
    mine: dict[tuple[str, str], dict[str, int]] = {}
    for nic in nics:
        network = subnets.l2_of(topology, topology.nics.all[nic].l3)
        for place in places(topology, nic):
            mine.setdefault((place.group, network), {})[nic] = place.because
    named = {
        (rule.remote_group, network)
        for group, network in mine
        for rule in topology.state(group, SecurityGroup).rules
        if rule.remote_group
    }
    for group, network in sorted(named | mine.keys()):
        yield guard(topology, group, network, mine.get((group, network), {}))


def guard(topology: Topology, uuid: str, network: str, here: Mapping[str, int]) -> Guard:
    group = topology.state(uuid, SecurityGroup)
    rules = related(topology.services.rules, uuid)
    # amid a command, a member may be there yet and its NIC gone
    every = (topology.nics.all[member.nic] for member in group.members if member.nic in topology.nics.all)
    nics = (nic for nic in every if subnets.l2_of(topology, nic.l3) == network)
    return Guard(
        group=uuid,
        bridge=topology.state(network, L2Network).bridge,
        ports=tuple(sorted(topology.nics.all[nic].device for nic in here)),
        members=tuple(sorted(ip for nic in nics for ip in nic.addresses)),
        filters=(among_members(uuid), *(as_filter(rule) for rule in group.rules)),
        because=tuple(sorted({topology.objects.born[uuid], *here.values(), *rules.values()})),
    )


def among_members(group: str) -> Filter:
    """Let members in to one another, as every group does without a rule of its own."""
    return Filter("ingress", "ALL", "", "", group)


def as_filter(rule: Rule) -> Filter:
    ports = f"{rule.first_port}-{rule.last_port}" if rule.first_port else ""
    return Filter(rule.direction, rule.protocol, ports, rule.remote_cidr, rule.remote_group)


def shields(topology: Topology, nics: Mapping[str, tuple[int, ...]]) -> Iterator[Shield]:
    """Walk the NICs here whose network takes the service, each with the facts by which it is shielded here."""
    for uuid, because in sorted(nics.items()):
        yield shield(topology, uuid, places(topology, uuid), because)


def shield(topology: Topology, uuid: str, found: tuple[Place, ...], because: tuple[int, ...]) -> Shield:
    nic, closing = topology.nics.all[uuid], set(egress_rules(topology, found))
    return Shield(
        nic=uuid,
        device=nic.device,
        mac=nic.mac,
        ips=nic.addresses,
        groups=tuple(place.group for place in found),
        ingress="closed" if found else "open",
        egress="closed" if closing else "open",
        because=tuple(sorted({*because, nic.position, *(place.because for place in found), *closing})),
    )


def egress_rules(topology: Topology, found: Iterable[Place]) -> Iterator[int]:
    """Walk the facts that made the egress rules of groups."""
    for place in found:
        positions = related(topology.services.rules, place.group)
        rules = topology.state(place.group, SecurityGroup).rules
        yield from (positions[rule.rule] for rule in rules if rule.direction == "egress")
