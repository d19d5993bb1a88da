"""Islands kept step by step are those found from the edges alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.graph import Graph, Node


NODES = range(9)
EDGES = [(a, b) for a in NODES for b in NODES if a < b]


def flooded(edges: set[tuple[int, int]]) -> set[frozenset[Node]]:
    """Find islands by repeated relabelling, the slow way."""
    label = {node: node for node in NODES}
    for _ in NODES:
        for a, b in edges:
            label[a] = label[b] = min(label[a], label[b])
    return {frozenset(n for n in NODES if label[n] == kept) for kept in label.values()}


def islands(graph: Graph) -> set[frozenset[Node]]:
    return {frozenset(n for n, i in graph.island.items() if i == kept) for kept in graph.island.values()}


@given(st.lists(st.sampled_from(EDGES), max_size=80))
def test_islands_are_what_a_flood_reaches(toggled: list[tuple[int, int]]) -> None:
    followed = dict.fromkeys(NODES, -1)

    def moved(nodes: list[Node], source: int, target: int) -> None:
        for node in nodes:
            assert isinstance(node, int)
            assert followed[node] in {-1, source}
            followed[node] = target

    graph = Graph(moved)
    for node in NODES:
        graph.add(node)
    edges: set[tuple[int, int]] = set()
    for edge in toggled:
        (graph.part if edge in edges else graph.join)(*edge)
        edges ^= {edge}
        assert islands(graph) == flooded(edges)
        assert all(place in {-1, graph.island[node]} for node, place in followed.items())


def test_a_leaf_falls_off_without_a_look_at_the_rest() -> None:
    moves: list[tuple[int, int, int]] = []
    graph = Graph(lambda nodes, source, target: moves.append((len(nodes), source, target)))
    for node in range(1000):
        graph.add(node)
        if node:
            graph.join(0, node)
    moves.clear()

    graph.part(0, 500)

    assert [count for count, _, _ in moves] == [1]


def test_a_node_with_neighbours_is_not_dropped() -> None:
    graph = Graph(lambda *_: None)
    graph.add(1)
    graph.add(2)
    graph.join(1, 2)

    with pytest.raises(ValueError, match="neighbours"):
        graph.drop(1)


def test_the_smaller_island_takes_the_name_of_the_larger() -> None:
    moves: list[int] = []
    graph = Graph(lambda nodes, *_: moves.append(len(nodes)))
    for node in range(10):
        graph.add(node)
    for node in range(1, 9):
        graph.join(node - 1, node)
    moves.clear()

    graph.join(9, 0)

    assert moves == [1]
