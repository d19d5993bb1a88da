"""Which VMs could not talk though they should have, from when to when: a run's trace against intent.

A pair counts that is meant to be together before the change or after it. A pair that is kept together and yet
is cut for a while is what people fear; one that the change parts for good loses touch by intention. Nothing
is simulated here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby

import msgspec

from simulator import ties
from simulator.clock import Microseconds
from simulator.intent import CHANGES, Bonds, Change, index, union
from simulator.ties import Tie
from simulator.trace import Entry, Pairs, ReachChanged, Started


Moment = tuple[Microseconds, list[Tie[str]], list[Tie[str]]]
"""When, the pairs that fell silent, and the pairs that heard each other again."""


class Outage(msgspec.Struct, frozen=True):
    """Two VMs and a stretch of time in which neither heard the other."""

    vm: str
    peer: str
    from_us: Microseconds
    to_us: Microseconds | None
    """Nothing when it lasted to the end."""
    change: Change

    @property
    def intended(self) -> bool:
        return self.change == "lost"


def outages(trace: Iterable[Entry], bonds: Bonds, changes: Collection[Change] = CHANGES) -> list[Outage]:
    """Give the outages of the pairs to which the change does one of these things, sorted."""
    found: list[Outage] = []
    for change in changes:
        windows = silences(moments(trace, bonds, change))
        found += [Outage(*pair, *window, change) for pair, times in windows.items() for window in times]
    return sorted(found, key=lambda o: (o.vm, o.peer, o.from_us))


def tally(trace: Iterable[Entry], bonds: Bonds) -> dict[Change, int]:
    """Count outages without listing them: each begins with a pair's falling silent. O(the trace)."""
    return {
        change: sum(len(peers) for _, lost, _ in moments(trace, bonds, change) for _, peers in lost)
        for change in CHANGES
    }


def silences(
    happened: Iterable[Moment],
) -> dict[tuple[str, str], list[tuple[Microseconds, Microseconds | None]]]:
    """Give each pair's stretches of silence, in order."""
    windows: dict[tuple[str, str], list[tuple[Microseconds, Microseconds | None]]] = {}
    for at, lost, gained in happened:
        for pair in ties.pairs(lost):
            windows.setdefault(pair, []).append((at, None))
        for pair in ties.pairs(gained):
            windows[pair][-1] = (windows[pair][-1][0], at)
    return windows


def moments(trace: Iterable[Entry], bonds: Bonds, change: Change) -> Iterator[Moment]:
    """Walk what happened to the pairs of one kind, all that happened at one time together, on balance."""
    telling = (record for record in trace if isinstance(record, Started | ReachChanged))
    for at, records in groupby(telling, key=lambda record: record.at_us):
        lost: list[Tie[str]] = []
        gained: list[Tie[str]] = []
        for record in records:
            if isinstance(record, Started):
                lost += silent(record, bonds, change)
            else:
                lost += narrowed(record.lost, bonds, change)
                gained += narrowed(record.gained, bonds, change)
        if lost or gained:
            yield (at, *ties.net(lost, gained))


def silent(start: Started, bonds: Bonds, change: Change) -> Iterator[Tie[str]]:
    """Walk the pairs that do not hear each other when a run begins, each once."""
    islands = index(start.islands)
    members = [frozenset(island) for island in start.islands]
    known: dict[object, frozenset[str]] = {}
    for vm in bonds.vms:
        key = (bonds.membership(vm), islands.get(vm, ()))
        if key not in known:
            known[key] = bonds.of(vm)[change] - union(members[i] for i in islands.get(vm, ()))
        if peers := {peer for peer in known[key] if peer > vm}:
            yield vm, peers


def narrowed(found: Iterable[Pairs], bonds: Bonds, change: Change) -> Iterator[Tie[str]]:
    """Walk the pairs to which the change does one thing."""
    for pairs in found:
        if peers := bonds.of(pairs.vm)[change].intersection(pairs.peers):
            yield pairs.vm, peers
