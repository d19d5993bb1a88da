"""A cluster is a set of hosts of one hypervisor type. L2 networks are attached to clusters, never to single hosts."""

from __future__ import annotations

from domain import plugins, values
from domain.history import Fact, State


BUILT_IN = "KVM"


# facts


class Created(Fact, frozen=True, tag="cluster.created"):
    name: str
    zone: str
    hypervisor: str


class Deleted(Fact, frozen=True, tag="cluster.deleted"):
    pass


FACTS = (Created, Deleted)


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
        case Deleted():
            return None
        case _:
            raise TypeError(fact)


# decisions


def create(name: str, *, zone: str, hypervisor: str) -> Created:
    return Created(values.name(name), zone, known(hypervisor))


def known(hypervisor: str) -> str:
    """Refuse a hypervisor type that nothing installed realizes networks on."""
    if hypervisor == BUILT_IN:
        return hypervisor
    installed = {BUILT_IN, *plugins.hypervisors()}
    if hypervisor not in installed:
        told = ", ".join(sorted(installed))
        raise values.invalid(f"nothing installed knows the hypervisor {hypervisor!r}; known: {told}")
    return hypervisor
