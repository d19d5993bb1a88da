"""Which VMs are meant to hear one another, as one topology has it; and what a change does to each pair.

Intentions come from the broadcast domains alone, never from what hosts have: an outage is where the two
differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Literal

from domain import vm
from projections import domains
from projections.topology import Topology


Change = Literal["kept", "lost", "gained", "passing"]
"""Together before and after, before only, after only, or only in between."""
CHANGES: tuple[Change, ...] = ("kept", "lost", "gained", "passing")
Intent = tuple[tuple[str, ...], ...]
"""The VMs of each broadcast domain, by name."""
Together = dict[Change, frozenset[str]]
Membership = tuple[tuple[int, ...], ...]
"""The domains that a VM is in, intent by intent."""


def labels(topologies: Iterable[Topology]) -> dict[str, str]:
    """Name every VM: by its own name, or by its uuid where another VM has had that name."""
    named = {uuid: guest.name for topology in topologies for uuid, guest in topology.every(vm.Vm)}
    holders: dict[str, list[str]] = {}
    for uuid, name in named.items():
        holders.setdefault(name, []).append(uuid)
    return {uuid: name if len(holders[name]) == 1 else uuid for uuid, name in named.items()}


def intended(topology: Topology, names: Mapping[str, str]) -> Intent:
    """Give the sets of VMs that one topology means to be together. O(networks + hosts + NICs)."""
    nics = topology.nics.all
    found = ({names[nics[nic].vm] for nic in domain.nics} for domain in domains.domains(topology))
    return tuple(tuple(sorted(members)) for members in found if members)


class Bonds:
    """What a run of intents says about each pair of VMs, first and last above all."""

    def __init__(self, intents: Iterable[Intent]) -> None:
        self._members = [[frozenset(domain) for domain in intent] for intent in intents]
        self._domains = [index(intent) for intent in self._members]
        self._known: dict[Membership, Together] = {}

    @property
    def vms(self) -> list[str]:
        return sorted({vm for domains in self._domains for vm in domains})

    def membership(self, vm: str) -> Membership:
        return tuple(domains.get(vm, ()) for domains in self._domains)

    def of(self, vm: str) -> Together:
        """Give a VM's partners by what the change does to the pair; it may find itself among them."""
        member = self.membership(vm)
        if member not in self._known:
            self._known[member] = weigh(
                [union(sets[d] for d in mine) for sets, mine in zip(self._members, member, strict=True)]
            )
        return self._known[member]


def index(domains: Iterable[Iterable[str]]) -> dict[str, tuple[int, ...]]:
    """Give the numbers of the sets that each VM is in."""
    found: dict[str, tuple[int, ...]] = {}
    for number, members in enumerate(domains):
        for member in members:
            found[member] = (*found.get(member, ()), number)
    return found


def union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    empty: frozenset[str] = frozenset()
    return reduce(frozenset.union, sets, empty)


def weigh(partners: list[frozenset[str]]) -> Together:
    """Sort a VM's partners in each intent by what becomes of them."""
    first, last = partners[0], partners[-1]
    return {
        "kept": first & last,
        "lost": first - last,
        "gained": last - first,
        "passing": union(partners) - first - last,
    }
