"""Which nodes hang together while edges come and go: islands, kept at the cost of the smaller part.

Joining renames the smaller of two islands. Parting searches from both ends of the cut edge in turn, and stops
as soon as one side is exhausted or the two meet: a leaf falls off in one step, and a mesh holds after a few,
however large they are. It knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from itertools import count


Node = Hashable
Island = int
Move = Callable[[list[Node], Island, Island], None]
"""Hears of nodes that go from one island to another."""


class Graph:
    """Nodes, edges and the islands that they make. *moved* is called when nodes change islands."""

    def __init__(self, moved: Move) -> None:
        self.island: dict[Node, Island] = {}
        self._nodes: dict[Island, dict[Node, None]] = {}
        self._edges: dict[Node, dict[Node, None]] = {}
        self._moved = moved
        self._numbers = count()

    def neighbours(self, node: Node) -> list[Node]:
        return list(self._edges[node])

    def add(self, node: Node) -> None:
        """Put a node on an island of its own, unless it is there."""
        if node not in self.island:
            number = next(self._numbers)
            self.island[node], self._nodes[number], self._edges[node] = number, {node: None}, {}

    def drop(self, node: Node) -> None:
        """Forget a node that has no edges left."""
        if self._edges.pop(node):
            raise ValueError(f"{node} still has neighbours")
        del self._nodes[self.island.pop(node)]

    def join(self, one: Node, other: Node) -> None:
        """Add an edge."""
        self._edges[one][other] = self._edges[other][one] = None
        large, small = self.island[one], self.island[other]
        if large == small:
            return
        if len(self._nodes[large]) < len(self._nodes[small]):
            large, small = small, large
        self._move(list(self._nodes[small]), small, large)
        del self._nodes[small]

    def part(self, one: Node, other: Node) -> None:
        """Take an edge away."""
        del self._edges[one][other], self._edges[other][one]
        if off := self._cut_off(one, other):
            number = next(self._numbers)
            self._nodes[number] = {}
            self._move(off, self.island[one], number)

    def _move(self, nodes: list[Node], source: Island, target: Island) -> None:
        for node in nodes:
            del self._nodes[source][node]
            self._nodes[target][node] = None
            self.island[node] = target
        self._moved(nodes, source, target)

    def _cut_off(self, one: Node, other: Node) -> list[Node]:
        """Give the side that can't reach the other, or nothing when both still hang together."""
        mine: dict[Node, None] = {one: None}
        theirs: dict[Node, None] = {other: None}
        sides = ((self._search(mine), mine, theirs), (self._search(theirs), theirs, mine))
        while True:
            for search, seen, beyond in sides:
                node = next(search, None)
                if node is None:
                    return list(seen)
                if node in beyond:
                    return []

    def _search(self, seen: dict[Node, None]) -> Iterator[Node]:
        """Walk what can be reached, each node once, nearest first."""
        waiting = list(seen)
        yield from waiting
        for node in waiting:
            for near in self._edges[node]:
                if near not in seen:
                    seen[near] = None
                    waiting.append(near)
                    yield near
