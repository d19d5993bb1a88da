"""What a host has to report after a look: only what its history doesn't say yet.

Level-triggered like everything that a host does: what got lost is reported again, what was reported is not repeated.
Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from immutables import Map

from domain import commands, l2
from domain.commands import Command
from projections.drift import Difference, summary
from projections.found import Found
from projections.ownership import Owners
from projections.parts import parts, tables
from projections.plan import HostPlan
from projections.reports import Said
from projections.topology import Topology


NOTHING: Map[str, Said] = Map()
Several = Sequence[Difference]


class Account(msgspec.Struct, frozen=True):
    """What a host knows of itself after a look."""

    plan: HostPlan
    found: Found
    differences: tuple[Difference, ...]
    guests: tuple[Difference, ...]
    """What is foreign on the networks, and keeps none from being what it must be."""
    parts: Mapping[str, str]
    """The digest of each network's part of the plan, and of each table of the whole host."""
    settled: Mapping[str, str]
    """That of each part that the host was last seen at, if it was to be at nothing else since."""
    reasons: Mapping[str, str]
    """Why the last try failed, by network."""
    milliseconds: Mapping[str, int]
    """What the work on a network took."""

    def of(self, network: str) -> tuple[Difference, ...]:
        return tuple(one for one in self.differences if network in one.l2)


def digests(plan: HostPlan) -> dict[str, str]:
    """Give what tells whether a plan is another: by network, and by table of the whole host."""
    return parts(plan) | tables(plan)


def unsettled(differences: Iterable[Difference]) -> set[str]:
    """Give the networks and tables that differences are about."""
    return {part for one in differences for part in (*one.l2, one.table)}


def is_asked_anew(one: Difference, parts: Mapping[str, str], settled: Mapping[str, str]) -> bool:
    """Tell whether a host was never at what a difference is about, because that is what a new plan says."""
    about = (one.table,) if one.table else one.l2
    return bool(about) and not one.blocked and all(settled.get(part) != parts.get(part) for part in about)


def networks_of(plan: HostPlan) -> frozenset[str]:
    """Give the L2 networks of a plan that are ours to make: a plugin's are its own to speak of."""
    return frozenset({*(bridge.l2 for bridge in plan.bridges), *(mesh.l2 for mesh in plan.meshes)})


def is_a_plugins(topology: Topology, network: str) -> bool:
    """Tell whether a network is of a type that a plugin realizes."""
    state = topology.objects.states.get(network)
    return isinstance(state, l2.L2Network) and state.carrier == "own"


def by_network(differences: Iterable[Difference]) -> defaultdict[str, list[Difference]]:
    found: defaultdict[str, list[Difference]] = defaultdict(list)
    for one in differences:
        for network in one.l2:
            found[network].append(one)
    return found


def reports(account: Account, topology: Topology, said: Map[str, Said]) -> Iterator[Command]:
    """Walk what is to be reported, network by network, to who has heard this already."""
    planned = networks_of(account.plan)
    troubles, guests = by_network(account.differences), by_network(account.guests)
    for network in sorted(planned):
        segment = topology.state(network, l2.L2Network).segment
        word = said.get(network)
        current = word if word and word.segment == segment else None
        yield from wanted(account, network, current, troubles[network], guests[network])
    absent = (network for network, word in said.items() if network not in planned and word.outcome != "removed")
    gone = sorted(network for network in absent if not is_a_plugins(topology, network))
    left = remains(account) if gone else frozenset[str]()
    for network in gone:
        yield from unwanted(account, network, said[network], troubles[network], left=network in left)


def wanted(
    account: Account, network: str, current: Said | None, troubles: Several, guests: Several
) -> Iterator[Command]:
    """Walk what there is to say of a network of the plan, to who has heard something of the shape that it has now."""
    host = account.plan.host
    if not troubles:
        if current is None or current.outcome != "realized":
            took = account.milliseconds.get(network, 0)
            yield commands.ReportL2Realized(host=host, l2=network, milliseconds=took)
        elif guests:
            yield from drifted(host, network, current, summary(guests))
        elif current.drift:
            yield commands.ReportDriftEnded(host=host, l2=network)
    elif reason := why(account, network, troubles):
        yield from failed(account, network, current, reason)
    elif drifts := drifts_of(account, network, troubles):
        yield from drifted(host, network, current, summary((*drifts, *guests)))


def unwanted(account: Account, network: str, said: Said, troubles: Several, *, left: bool) -> Iterator[Command]:
    """Walk what there is to say of a network that is to go."""
    if not left:
        yield commands.ReportL2Removed(host=account.plan.host, l2=network)
    elif reason := why(account, network, troubles):
        yield from failed(account, network, said, reason)


def failed(account: Account, network: str, said: Said | None, reason: str) -> Iterator[Command]:
    """Report a failure, once for each reason."""
    if said is None or (said.outcome, said.reason) != ("failed", reason):
        took = account.milliseconds.get(network, 0)
        yield commands.ReportL2Failed(host=account.plan.host, l2=network, reason=reason, milliseconds=took)


def drifted(host: str, network: str, said: Said | None, what: str) -> Iterator[Command]:
    """Report a drift, once for each way in which a network that was realized differs."""
    if said is not None and said.outcome == "realized" and said.drift != what:
        yield commands.ReportDrift(host=host, l2=network, what=what)


def why(account: Account, network: str, troubles: Several) -> str:
    """Say why a network can't be what it must be: what stands in its way, or why the last try failed."""
    ways = dict.fromkeys(one.what for one in troubles if one.blocked)
    return "; ".join(ways) or account.reasons.get(network, "")


def drifts_of(account: Account, network: str, troubles: Several) -> list[Difference]:
    """Give the troubles of a network that was seen to be what it must be still: then it is the host that changed, and
    not the plan. A table of the whole host is another matter: another network may have changed what that must be.
    """
    if account.settled.get(network) != account.parts[network]:
        return []
    return [one for one in troubles if account.settled.get(one.table) == account.parts.get(one.table)]


def foretold(said: Map[str, Said], owed: Iterable[Command]) -> Map[str, Said]:
    """Give what a host will have said of drift when it has told what it owes."""
    for one in owed:
        if isinstance(one, commands.ReportDrift | commands.ReportDriftEnded) and one.l2 in said:
            drift = one.what if isinstance(one, commands.ReportDrift) else ""
            said = said.set(one.l2, msgspec.structs.replace(said[one.l2], drift=drift))
    return said


def remains(account: Account) -> frozenset[str]:
    """Give the networks that something on the host is marked with."""
    found, owners = account.found, Owners(account.plan, account.found)
    rows = (*found.links.values(), *found.ovs.bridges.values(), *found.ovs.ports.values())
    return frozenset(owners.marked(row.name) for row in rows if row.ours)
