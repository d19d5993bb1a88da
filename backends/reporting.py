"""What a host has to report after a look: only what its history doesn't say yet.

Level-triggered like everything that a host does: what got lost is reported again, what was reported is not repeated.
Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import msgspec
from immutables import Map

from domain import commands, l2
from domain.commands import Command
from projections.drift import Difference, summary
from projections.found import Found
from projections.ownership import Owners
from projections.plan import HostPlan
from projections.reports import Said
from projections.topology import Topology


NOTHING: Map[str, Said] = Map()


class Account(msgspec.Struct, frozen=True):
    """What a host knows of itself after a look."""

    plan: HostPlan
    found: Found
    differences: tuple[Difference, ...]
    parts: Mapping[str, str]
    """The digest of each network's part of the plan."""
    settled: Mapping[str, str]
    """That of each network's part that the host was last seen at."""
    reasons: Mapping[str, str]
    """Why the last try failed, by network."""
    milliseconds: Mapping[str, int]
    """What the work on a network took."""

    def of(self, network: str) -> tuple[Difference, ...]:
        return tuple(one for one in self.differences if network in one.l2)


def networks_of(plan: HostPlan) -> frozenset[str]:
    """Give the L2 networks of a plan that are ours to make: a plugin's are its own to speak of."""
    return frozenset({*(bridge.l2 for bridge in plan.bridges), *(mesh.l2 for mesh in plan.meshes)})


def is_a_plugins(topology: Topology, network: str) -> bool:
    """Tell whether a network is of a type that a plugin realizes."""
    state = topology.objects.states.get(network)
    return isinstance(state, l2.L2Network) and state.carrier == "own"


def reports(account: Account, topology: Topology) -> Iterator[Command]:
    """Walk what is to be reported, network by network."""
    host, planned = account.plan.host, networks_of(account.plan)
    said = topology.reports.of.get(host, NOTHING)
    troubles: defaultdict[str, list[Difference]] = defaultdict(list)
    for one in account.differences:
        for network in one.l2:
            troubles[network].append(one)
    for network in sorted(planned):
        yield from wanted(account, topology, network, said.get(network), tuple(troubles[network]))
    absent = (network for network, word in said.items() if network not in planned and word.outcome != "removed")
    gone = sorted(network for network in absent if not is_a_plugins(topology, network))
    left = remains(account) if gone else frozenset[str]()
    for network in gone:
        yield from unwanted(account, network, said[network], tuple(troubles[network]), left=network in left)


def wanted(
    account: Account, topology: Topology, network: str, said: Said | None, troubles: tuple[Difference, ...]
) -> Iterator[Command]:
    """Walk what there is to say of a network of the plan."""
    host, segment = account.plan.host, topology.state(network, l2.L2Network).segment
    current = said if said and said.segment == segment else None
    if not troubles:
        if current is None or current.outcome != "realized":
            took = account.milliseconds.get(network, 0)
            yield commands.ReportL2Realized(host=host, l2=network, milliseconds=took)
        elif current.drift:
            yield commands.ReportDriftEnded(host=host, l2=network)
    elif reason := why(account, network, troubles):
        yield from failed(account, network, current, reason)
    elif is_news(account, network, current, what := summary(troubles)):
        yield commands.ReportDrift(host=host, l2=network, what=what)


def unwanted(
    account: Account, network: str, said: Said, troubles: tuple[Difference, ...], *, left: bool
) -> Iterator[Command]:
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


def why(account: Account, network: str, troubles: tuple[Difference, ...]) -> str:
    """Say why a network can't be what it must be: what stands in its way, or why the last try failed."""
    ways = dict.fromkeys(one.what for one in troubles if one.blocked)
    return "; ".join(ways) or account.reasons.get(network, "")


def is_news(account: Account, network: str, said: Said | None, what: str) -> bool:
    """Tell whether a network has drifted, and not like that already.

    It has where it was seen to be what it must be still: then it is the host that changed, and not the plan.
    """
    drifted = account.settled.get(network) == account.parts[network]
    return drifted and said is not None and said.outcome == "realized" and said.drift != what


def remains(account: Account) -> frozenset[str]:
    """Give the networks that something on the host is marked with."""
    found, owners = account.found, Owners(account.plan, account.found)
    rows = (*found.links.values(), *found.ovs.bridges.values(), *found.ovs.ports.values())
    return frozenset(owners.marked(row.name) for row in rows if row.ours)
