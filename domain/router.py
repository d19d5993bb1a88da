"""A virtual router serves one L3 network and runs on one host.

It has no name and is nobody's to create: it is there while an L3 network takes a service from a provider that needs
one, and some host has the networks it joins.
"""

from __future__ import annotations

import msgspec

from domain.history import Fact, State


# facts


class Placed(Fact, frozen=True, tag="router.placed"):
    l3: str
    host: str


class Moved(Fact, frozen=True, tag="router.moved"):
    host: str


class Removed(Fact, frozen=True, tag="router.removed"):
    pass


FACTS = (Placed, Moved, Removed)


# state


class Router(State, frozen=True):
    l3: str
    host: str


# evolve


def evolve(state: Router | None, fact: Fact) -> Router | None:
    match fact:
        case Placed(l3=l3, host=host):
            return Router(l3, host)
        case Moved(host=host) if state:
            return msgspec.structs.replace(state, host=host)
        case Removed():
            return None
        case _:
            raise TypeError(fact)
