"""A cluster is a set of hosts of one hypervisor type. L2 networks are attached to clusters, never to single hosts."""

from __future__ import annotations

from domain import values
from domain.history import Fact, State


# facts


class Created(Fact, frozen=True, tag="cluster.created"):
    name: str
    zone: str
    hypervisor: str


FACTS = (Created,)


# state


class Cluster(State, frozen=True):
    name: str
    zone: str
    hypervisor: str


# evolve


def evolve(_: Cluster | None, fact: Fact) -> Cluster | None:
    match fact:
        case Created(name=name, zone=zone, hypervisor=hypervisor):
            return Cluster(name, zone, hypervisor)
        case _:
            raise TypeError(fact)


# decisions


def create(name: str, *, zone: str, hypervisor: str) -> Created:
    return Created(values.name(name), zone, values.name(hypervisor))
