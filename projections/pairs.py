"""Pairs of VMs that hear each other at one moment and not at another: counted, and listed as far as is asked for.

VMs that are in the same domains at both moments are alike, and pairs are a matter of two such groups: ten million of
them are counted without a look at one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from heapq import merge
from itertools import islice

import msgspec


Members = Mapping[str, Collection[str]]
"""The VMs of each domain."""
Homes = frozenset[str]
"""The domains of a VM."""
Key = tuple[Homes, Homes]
"""What VMs that are alike have in common: their homes at the one moment, and at the other."""


class Group(msgspec.Struct, frozen=True):
    """VMs that are alike, and those that each of them is one of a pair with."""

    names: list[str]
    """In order."""
    partners: list[list[str]]
    """The names of each group of them, maybe the same."""

    @property
    def seen(self) -> int:
        """Count the pairs as they are seen from here: no VM is a pair with itself."""
        return sum(len(self.names) * len(names) - len(self.names) * (names is self.names) for names in self.partners)


class Pairs(msgspec.Struct, frozen=True):
    """Pairs of names."""

    groups: tuple[Group, ...]

    def __len__(self) -> int:
        return sum(group.seen for group in self.groups) // 2

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Walk them in order, each with the lower name first. O(log n) each, and as much for each VM."""
        owners = {name: group for group in self.groups for name in group.names}
        for name in sorted(owners):
            above = [islice(names, bisect_right(names, name), None) for names in owners[name].partners]
            yield from ((name, other) for other in merge(*above))


def parted(joined: Members, apart: Members, name: Callable[[str], str]) -> Pairs:
    """Find the pairs of VMs that share a domain of one moment, and none of another. O(VMs + pairs of groups)."""
    homes, others = homes_of(joined), homes_of(apart)
    alike: dict[Key, set[str]] = {}
    for domain, guests in joined.items():
        # where nobody came or went, nobody was lost
        for guest in guests if guests != apart.get(domain) else ():
            alike.setdefault((homes.get(guest, NOWHERE), others.get(guest, NOWHERE)), set()).add(guest)
    names = {key: sorted(map(name, guests)) for key, guests in alike.items()}
    at_home: dict[str, list[Key]] = {}
    for key in names:
        for home in key[0]:
            at_home.setdefault(home, []).append(key)
    return Pairs(tuple(Group(names[key], [names[other] for other in partners(key, at_home)]) for key in names))


NOWHERE: Homes = frozenset()


def partners(key: Key, at_home: Mapping[str, Iterable[Key]]) -> set[Key]:
    """Give the groups that share a domain with one at the one moment, and none at the other."""
    return {other for home in key[0] for other in at_home[home] if not key[1] & other[1]}


def homes_of(members: Members) -> dict[str, Homes]:
    """Give the domains of each VM, those left out that it has for itself."""
    homes: dict[str, set[str]] = {}
    for domain, guests in members.items():
        for guest in guests if len(guests) > 1 else ():
            homes.setdefault(guest, set()).add(domain)
    return {guest: frozenset(found) for guest, found in homes.items()}
