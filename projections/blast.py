"""The blast radius: the typed difference between two topologies.

Two moments of one history, or a history and a fork of it: what became of the broadcast domains, which VMs
gained or lost one another, what collides, and what each host must do. It says what differs and never whether
that is good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from domain import host
from projections import plan as plans
from projections.broadcast import Place
from projections.diff import diff
from projections.domains import Domain, domains
from projections.enjoyed import enjoyed
from projections.found import Found, bare_host
from projections.holders import doubled, label
from projections.namespace_operations import CreateNamespace, DeleteNamespace, NamespaceOperation
from projections.operations import (
    AddPeer,
    CreateBridge,
    CreatePort,
    CreateTunnel,
    CreateVlan,
    Delete,
    Operation,
    RemovePeer,
    apply_all,
    describe,
)
from projections.pairs import parted
from projections.plan import HostPlan
from projections.topology import Topology


Names = tuple[str, ...]


class DomainChanges(msgspec.Struct, frozen=True):
    """Each domain by the names of its L2 networks."""

    created: tuple[Names, ...]
    removed: tuple[Names, ...]
    split: tuple[Names, ...]
    """Domains of before that are several now."""
    merged: tuple[Names, ...]
    """Domains of now that were several before."""
    leaked: tuple[Names, ...]
    """Domains of now that hold more than one L2 network, and did not before: nobody intended that."""


class Reach(msgspec.Struct, frozen=True):
    """Pairs of VMs, by name."""

    lost: tuple[tuple[str, str], ...]
    gained: tuple[tuple[str, str], ...]
    more_lost: int = 0
    """How many there are above the limit."""
    more_gained: int = 0


class Collision(msgspec.Struct, frozen=True, order=True):
    """An address that two have in one domain now, and did not before."""

    ip: str
    holders: Names
    """NICs, VIPs, gateways and DHCP servers."""


class Addresses(msgspec.Struct, frozen=True):
    collisions: tuple[Collision, ...]


class Services(msgspec.Struct, frozen=True):
    lost: Names = ()
    gained: Names = ()


class HostChanges(msgspec.Struct, frozen=True):
    host: str
    create: Names
    delete: Names
    change: Names


class BlastRadius(msgspec.Struct, frozen=True, rename={"since": "from", "until": "to"}):
    since: int
    until: int
    domains: DomainChanges
    reach: Reach
    addresses: Addresses
    services: Services
    hosts: tuple[HostChanges, ...]


def compare(before: Topology, after: Topology, *, limit: int | None = None) -> BlastRadius:
    """Give the difference of two topologies, and so many pairs each way, or all. O(both), plus the pairs listed."""
    old, new = domains(before), domains(after)
    return BlastRadius(
        since=before.position,
        until=after.position,
        domains=domain_changes(before, after, old, new),
        reach=reach(before, after, old, new, limit),
        addresses=Addresses(tuple(sorted(set(collisions(after, new)) - set(collisions(before, old))))),
        services=service_changes(before, after),
        hosts=tuple(host_changes(before, after)),
    )


# domains


def domain_changes(before: Topology, after: Topology, old: Iterable[Domain], new: Iterable[Domain]) -> DomainChanges:
    was, now = Homes.of(old), Homes.of(new)
    return DomainChanges(
        created=names(after, (d.l2 for d in new if not any(n in was.networks for n in d.l2))),
        removed=names(before, (d.l2 for d in old if not any(n in now.networks for n in d.l2))),
        split=names(before, (d.l2 for d in old if len(now.shared_with(d)) > 1)),
        merged=names(after, (d.l2 for d in new if len(was.shared_with(d)) > 1)),
        leaked=names(after, (d.l2 for d in new if len(d.l2) > 1 and not any(set(d.l2) <= set(o.l2) for o in old))),
    )


class Homes(msgspec.Struct, frozen=True):
    """The domains that each network is in, and the one that it is in at each host."""

    networks: dict[str, set[str]]
    places: dict[Place, str]

    @classmethod
    def of(cls, found: Iterable[Domain]) -> Homes:
        homes = cls({}, {})
        for domain in found:
            for network in domain.l2:
                homes.networks.setdefault(network, set()).add(domain.id)
            homes.places.update(dict.fromkeys(domain.places, domain.id))
        return homes

    def shared_with(self, domain: Domain) -> set[str]:
        """Give the domains at this moment of what is in a domain of another one.

        A network is traced by the hosts that it has at both; where it has none of them, by its one domain, if it has
        one.
        """
        found = {self.places[p] for p in domain.places if p in self.places}
        traced = {network for network, _ in (p for p in domain.places if p in self.places)}
        for network in domain.l2:
            homes = self.networks.get(network, set())
            if network not in traced and len(homes) == 1:
                found |= homes
        return found


def names(topology: Topology, found: Iterable[Iterable[str]]) -> tuple[Names, ...]:
    return tuple(sorted({tuple(sorted(topology.name(n) for n in networks)) for networks in found}))


# reach


def reach(
    before: Topology, after: Topology, old: Iterable[Domain], new: Iterable[Domain], limit: int | None = None
) -> Reach:
    """Compare who hears whom, and list so many pairs. O(VMs + pairs of groups of them + pairs listed)."""
    was, now = members(before, old), members(after, new)
    lost, gained = parted(was, now, before.name), parted(now, was, after.name)
    away, near = tuple(islice(lost, limit)), tuple(islice(gained, limit))
    return Reach(away, near, more_lost=len(lost) - len(away), more_gained=len(gained) - len(near))


def members(topology: Topology, found: Iterable[Domain]) -> dict[str, frozenset[str]]:
    """Give the VMs of each domain."""
    return {d.id: frozenset(topology.nics.all[nic].vm for nic in d.nics) for d in found}


def collisions(topology: Topology, found: Iterable[Domain]) -> Iterator[Collision]:
    """Walk the addresses that several have in one domain."""
    for domain in found:
        for ip, holders in doubled(topology, domain):
            yield Collision(ip, tuple(sorted(label(topology, holder) for holder in holders)))


# services


def service_changes(before: Topology, after: Topology) -> Services:
    """Compare which services work for which NICs, as `vm/l3: DHCP`."""
    had, has = enjoyed(before), enjoyed(after)
    return Services(lost=tuple(sorted(had - has)), gained=tuple(sorted(has - had)))


# hosts


def host_changes(before: Topology, after: Topology) -> Iterator[HostChanges]:
    """Walk the hosts that have something to do, sorted by name."""
    found = sorted({uuid for t in (before, after) for uuid, _ in t.every(host.Host)})
    changes = (changes_of(before, after, uuid) for uuid in found)
    yield from sorted((c for c in changes if c.create or c.delete or c.change), key=lambda c: c.host)


def changes_of(before: Topology, after: Topology, uuid: str) -> HostChanges:
    steps = operations(before, after, uuid)
    made = {touched(step) for step in steps if isinstance(step, CREATIONS)}
    gone = {touched(step) for step in steps if isinstance(step, Delete | DeleteNamespace)}
    told = made | gone
    rest = (step for step in steps if touched(step) not in told)
    return HostChanges(
        host=(after if uuid in after.objects.states else before).name(uuid),
        create=tuple(sorted(made)),
        delete=tuple(sorted(gone)),
        change=tuple(before.named(after.named(describe(step))) for step in rest),
    )


CREATIONS = (CreateBridge, CreateVlan, CreateTunnel, CreatePort, CreateNamespace)


def touched(step: Operation) -> str:
    match step:
        case AddPeer(tunnel=tunnel) | RemovePeer(tunnel=tunnel):
            return tunnel
        case NamespaceOperation():
            return str(getattr(step, "namespace", ""))
        case _:
            return str(getattr(step, "name", ""))


def operations(before: Topology, after: Topology, uuid: str) -> tuple[Operation, ...]:
    """Give what a host that is at its old plan must do to be at the new one."""
    old, new = plan_of(before, uuid), plan_of(after, uuid)
    if msgspec.structs.replace(old, position=new.position) == new:
        return ()
    return diff(new, realized(before if uuid in before.objects.states else after, old))


def plan_of(topology: Topology, uuid: str) -> HostPlan:
    """Give a host's plan; an empty one for a host that is not there."""
    there = uuid in topology.objects.states
    return plans.plan(topology, uuid) if there else HostPlan(uuid, topology.position)


def realized(topology: Topology, plan: HostPlan) -> Found:
    """Give what a look shows on a host that has done its part."""
    member = topology.state(plan.host, host.Host)
    bare = bare_host(member.interfaces, member.ends)
    return apply_all(bare, diff(plan, bare))
