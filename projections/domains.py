"""Broadcast domains as people ask for them: networks, segments, hosts and NICs of each.

This is the intended level: what the facts about L2 networks say. What hosts report and what a look at a kernel
shows are other things, and are never mixed with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from domain import l3, vm
from projections import attachment, broadcast
from projections.relations import related
from projections.topology import Topology


class Domain(msgspec.Struct, frozen=True):
    """NICs that hear one another's broadcasts."""

    id: str
    """The uuid of its oldest L2 network: it stays while the domain grows or shrinks around it."""
    l2: tuple[str, ...]
    segments: tuple[broadcast.Segment, ...]
    hosts: tuple[str, ...]
    nics: tuple[str, ...]
    """NICs of running VMs."""


def domains(topology: Topology) -> tuple[Domain, ...]:
    """Give every domain, sorted by id. O(networks + hosts + NICs)."""
    return tuple(domains_of(topology, (uuid for uuid, _ in topology.networks())))


def domains_of(topology: Topology, networks: Iterable[str]) -> Iterator[Domain]:
    """Walk the domains that some networks are in."""
    for members, wires in broadcast.components(topology.segments, networks):
        yield Domain(
            id=members[0],
            l2=tuple(members),
            segments=tuple(wires),
            hosts=tuple(sorted({h for m in members for h in attachment.hosts_of(topology.objects, m)})),
            nics=tuple(sorted(nic for m in members for nic in nics_on(topology, m))),
        )


def nics_on(topology: Topology, network: str) -> Iterator[str]:
    """Walk the NICs on an L2 network's wire: those of running VMs."""
    for subnet in related(topology.objects.children, network):
        for uuid in related(topology.nics.on_l3, subnet):
            if topology.state(topology.nics.all[uuid].vm, vm.Vm).host:
                yield uuid


def domain_of(topology: Topology, nic: str) -> Domain:
    """Give the domain that a NIC's network is in."""
    subnet = topology.state(topology.nics.all[nic].l3, l3.L3Network)
    return next(domains_of(topology, [subnet.l2]))


def segment_name(topology: Topology, segment: broadcast.Segment) -> str:
    """Write a segment as people read it: `zone1/eth0/vlan10`, `zone1/eth0/untagged` or `pool1/vni100`."""
    part = topology.name(segment.part)
    if not segment.interface:
        return f"{part}/vni{segment.number}"
    return f"{part}/{segment.interface}/{f'vlan{segment.number}' if segment.number else 'untagged'}"
