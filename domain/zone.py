"""A zone holds clusters and L2 networks, and keeps them apart from every other zone's."""

from __future__ import annotations

from domain import values
from domain.history import Fact, State


# facts


class Created(Fact, frozen=True, tag="zone.created"):
    name: str


class Deleted(Fact, frozen=True, tag="zone.deleted"):
    pass


FACTS = (Created, Deleted)


# state


class Zone(State, frozen=True):
    name: str


# evolve


def evolve(_: Zone | None, fact: Fact) -> Zone | None:
    match fact:
        case Created(name=name):
            return Zone(name)
        case Deleted():
            return None
        case _:
            raise TypeError(fact)


# decisions


def create(name: str) -> Created:
    return Created(values.name(name))
