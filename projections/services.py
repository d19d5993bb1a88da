"""What network services rest on: who uses what, and the services that each L3 network takes.

Each relation carries the position of the fact that made it, as all relations do. Whether a service works on some host
is not said here: that is the plan's.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from immutables import Map

from domain import eip, l3, port_forwarding, provider, router, security_group, vip
from domain.history import Fact, Recorded, State
from projections.objects import Objects
from projections.relations import Related, link, unlink


PROVIDERS = "network-service-providers"
"""Stands for all providers: each of them is one of its users."""


class Services(msgspec.Struct, frozen=True):
    users: Related = Map()
    """An object to the objects that refer to it: an L2 network to its providers, a provider to the L3 networks that it
    serves, an L3 network to its VIPs, groups, the routers that join it and the providers whose way out it is, a host to
    its routers, a VIP to the EIP and rules that use it, a NIC and its L3 network to those that lead there.
    """
    taken: Related = Map()
    """An L3 network to the services it takes."""
    rules: Related = Map()
    """A security group to its rules."""
    answering: Related = Map()
    """An L3 network to the addresses of its DHCP server."""
    closed: Map[str, int] = Map()
    """A provider that lost its public network to the fact that took it."""


def evolve(services: Services, recorded: Recorded, before: Objects, after: Objects) -> Services:
    """Fold one fact. O(log n), and what one EIP, rule or router refers to."""
    uuid = recorded.originator_id
    return Services(
        users=evolve_users(services.users, recorded, before.states.get(uuid), after.states.get(uuid)),
        taken=evolve_taken(services.taken, uuid, recorded),
        rules=evolve_rules(services.rules, uuid, recorded),
        answering=evolve_answering(services.answering, uuid, recorded),
        closed=evolve_closed(services.closed, uuid, recorded),
    )


def evolve_users(users: Related, recorded: Recorded, before: State | None, after: State | None) -> Related:
    """Fold one fact. A long list is never compared as a whole: its own facts say what joins and what leaves."""
    uuid, position = recorded.originator_id, recorded.position
    match recorded.fact:
        case provider.AttachedToL2(l2=other) | security_group.NicAdded(nic=other):
            return link(users, other, uuid, position)
        case provider.DetachedFromL2(l2=other) | security_group.NicRemoved(nic=other):
            return unlink(users, other, uuid)
        case fact if isinstance(fact, CONCERNED):
            return shift(users, uuid, referred(before), referred(after), position)
        case _:
            return users


CONCERNED: tuple[type[Fact], ...] = (
    l3.ServiceAttached,
    l3.ServiceDetached,
    l3.ServiceProviderChanged,
    l3.Deleted,
    provider.Created,
    provider.PublicNetworkRemoved,
    *vip.FACTS,
    *eip.FACTS,
    *port_forwarding.FACTS,
    *router.FACTS,
    *security_group.FACTS,
)
"""Facts that may change what their object refers to."""


def shift(users: Related, uuid: str, old: frozenset[str], new: frozenset[str], position: int) -> Related:
    for other in old - new:
        users = unlink(users, other, uuid)
    for other in new - old:
        users = link(users, other, uuid, position)
    return users


def referred(state: State | None) -> frozenset[str]:
    """Give what an object refers to, long lists apart."""
    match state:
        case provider.Provider(public_l3=outside):
            return frozenset({PROVIDERS, outside} - {""})
        case l3.L3Network(services=services):
            return frozenset(p for _, p in services)
        case vip.Vip(l3=subnet):
            return frozenset({subnet})
        case eip.Eip() | port_forwarding.Rule():
            bound = {state.binding.nic, state.binding.l3} if state.binding else set[str]()
            return frozenset({state.vip, *bound})
        case router.Router(l3=subnet, host=host, nics=nics):
            return frozenset({subnet, host, *(nic.l3 for nic in nics)})
        case security_group.SecurityGroup(l3s=subnets, rules=rules):
            return frozenset({*subnets, *(r.remote_group for r in rules if r.remote_group)})
        case _:
            return frozenset()


def listed(state: State) -> frozenset[str]:
    """Give the long lists that `referred` leaves out."""
    match state:
        case provider.Provider(l2s=networks):
            return frozenset(networks)
        case security_group.SecurityGroup(members=members):
            return frozenset(m.nic for m in members)
        case _:
            return frozenset()


def evolve_taken(taken: Related, uuid: str, recorded: Recorded) -> Related:
    match recorded.fact:
        case l3.ServiceAttached(service=service) | l3.ServiceProviderChanged(service=service):
            return link(taken, uuid, service, recorded.position)
        case l3.ServiceDetached(service=service):
            return unlink(taken, uuid, service)
        case l3.Deleted():
            return taken.delete(uuid) if uuid in taken else taken
        case _:
            return taken


def evolve_answering(answering: Related, uuid: str, recorded: Recorded) -> Related:
    match recorded.fact:
        case l3.DhcpServerAddressAssigned(ip=ip):
            return link(answering, uuid, ip, recorded.position)
        case l3.DhcpServerAddressReleased(ip=ip):
            return unlink(answering, uuid, ip)
        case l3.Deleted():
            return answering.delete(uuid) if uuid in answering else answering
        case _:
            return answering


def evolve_rules(rules: Related, uuid: str, recorded: Recorded) -> Related:
    match recorded.fact:
        case security_group.RuleAdded(rule=rule):
            return link(rules, uuid, rule, recorded.position)
        case security_group.RuleDeleted(rule=rule):
            return unlink(rules, uuid, rule)
        case security_group.Deleted():
            return rules.delete(uuid) if uuid in rules else rules
        case _:
            return rules


def evolve_closed(closed: Map[str, int], uuid: str, recorded: Recorded) -> Map[str, int]:
    return closed.set(uuid, recorded.position) if isinstance(recorded.fact, provider.PublicNetworkRemoved) else closed


def recompute(objects: Objects) -> Services:
    """Derive the same from the states alone, with 0 for every position. O(objects)."""
    users: Related = Map()
    taken: Related = Map()
    rules: Related = Map()
    answering: Related = Map()
    for uuid, state in objects.states.items():
        users = join(users, referred(state) | listed(state), uuid)
        match state:
            case l3.L3Network(services=services, dhcp_servers=servers):
                taken = joined(taken, uuid, (s for s, _ in services))
                answering = joined(answering, uuid, (ip for _, ip in servers))
            case security_group.SecurityGroup(rules=listed_rules):
                rules = joined(rules, uuid, (r.rule for r in listed_rules))
            case _:
                pass
    return Services(users, taken, rules, answering)


def join(relation: Related, parents: Iterable[str], child: str) -> Related:
    for parent in parents:
        relation = link(relation, parent, child, 0)
    return relation


def joined(relation: Related, parent: str, children: Iterable[str]) -> Related:
    for child in children:
        relation = link(relation, parent, child, 0)
    return relation
