"""Which objects belong to which, as a persistent map: parent to child to the position of the fact that joined
them.

A version of it can be kept for ever at the cost of what changed. The position is there so that whoever draws a
conclusion from a relation can name the fact it rests on.
"""

from __future__ import annotations

from typing import TypeVar

from immutables import Map


P = TypeVar("P")
C = TypeVar("C")
Relation = Map[P, Map[C, int]]
Related = Map[str, Map[str, int]]


def link(relation: Relation[P, C], parent: P, child: C, position: int) -> Relation[P, C]:
    """Join a child to a parent. O(log n)."""
    children = related(relation, parent)
    return relation.set(parent, children.set(child, position))


def unlink(relation: Relation[P, C], parent: P, child: C) -> Relation[P, C]:
    """Part a child from its parent, if they are joined. O(log n)."""
    children = related(relation, parent)
    if child not in children:
        return relation
    left = children.delete(child)
    return relation.set(parent, left) if left else relation.delete(parent)


def related(relation: Relation[P, C], parent: P) -> Map[C, int]:
    """Give the children of a parent, each with the position of the fact that joined it."""
    found = relation.get(parent)
    return Map[C, int]() if found is None else found
