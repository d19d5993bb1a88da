"""Which VMs hear which, while their ports come and go and the islands under them change.

A VM may have several ports, on several islands or on one, so two VMs part only when they share no island any
more. What changed is gathered as ties until it is taken; nothing here knows time, hosts or operations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from simulator import ties
from simulator.graph import Graph, Island, Node
from simulator.ties import Tie


class Hearing:
    """VMs, by number, at the nodes of a graph."""

    def __init__(self) -> None:
        self.graph = Graph(self._moved)
        self._at: dict[Node, Counter[int]] = {}
        self._guests: dict[Island, dict[int, int]] = {}
        """The VMs on each island, with how many ports."""
        self._islands: dict[int, dict[Island, int]] = {}
        """The same, the other way round."""
        self._lost: list[Tie[int]] = []
        self._gained: list[Tie[int]] = []

    def enter(self, node: Node, vm: int) -> None:
        """Put a port of a VM at a node."""
        island = self.graph.island[node]
        self._at.setdefault(node, Counter())[vm] += 1
        self._note(self._gained, vm, island)
        self._shift(vm, island, +1)

    def leave(self, node: Node, vm: int) -> None:
        """Take it away."""
        island = self.graph.island[node]
        self._at[node] -= Counter((vm,))
        self._shift(vm, island, -1)
        self._note(self._lost, vm, island)

    def take_changes(self) -> tuple[list[Tie[int]], list[Tie[int]]]:
        """Give what was lost and gained since the last call, on balance."""
        lost, gained = self._lost, self._gained
        self._lost, self._gained = [], []
        return ties.net(lost, gained)

    def islands(self) -> list[list[int]]:
        """Give the VMs of each island that has any, sorted."""
        return sorted(sorted(guests) for guests in self._guests.values())

    def _moved(self, nodes: Iterable[Node], source: Island, target: Island) -> None:
        """Follow nodes to another island: one that takes in all of the first, or a new one."""
        crossing: Counter[int] = Counter()
        for node in nodes:
            crossing.update(self._at.get(node, {}))
        for vm in crossing:
            self._note(self._gained, vm, target)
        for vm, ports in crossing.items():
            self._shift(vm, source, -ports)
            self._shift(vm, target, +ports)
        for vm in crossing:
            self._note(self._lost, vm, source)

    def _note(self, changes: list[Tie[int]], vm: int, island: Island) -> None:
        """Note whom a VM that is not on an island would hear there, and hears nowhere else."""
        here = self._islands.get(vm, {})
        if island in here or island not in self._guests:
            return
        peers = set(self._guests[island])
        for other in here:
            peers = peers.difference(self._guests[other])
        peers.discard(vm)
        if peers:
            changes.append((vm, peers))

    def _shift(self, vm: int, island: Island, ports: int) -> None:
        count(self._guests, island, vm, ports)
        count(self._islands, vm, island, ports)


def count(table: dict[int, dict[int, int]], row: int, column: int, change: int) -> None:
    """Add to a sparse table of counts, which holds no zero and no empty row."""
    cells = table.setdefault(row, {})
    cells[column] = cells.get(column, 0) + change
    if not cells[column]:
        del cells[column]
    if not cells:
        del table[row]
