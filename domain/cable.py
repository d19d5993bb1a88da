"""A cable joins two ends, each an interface of a host or a port of a switch, until it is pulled.

It is an aggregate of its own, so that neither device's history grows with what is plugged into it. That an end takes
one cable only is a claim.
"""

from __future__ import annotations

from domain import claims
from domain.errors import Refusal, witness
from domain.history import Fact, State


# facts


class Connected(Fact, frozen=True, tag="cable.connected"):
    zone: str
    a: str
    """The host or switch at one end."""
    a_port: str
    b: str
    b_port: str


class Disconnected(Fact, frozen=True, tag="cable.disconnected"):
    pass


FACTS = (Connected, Disconnected)


# state


End = tuple[str, str]
"""A device and its interface or port."""


class Cable(State, frozen=True):
    zone: str
    a: End
    b: End


# evolve


def evolve(_: Cable | None, fact: Fact) -> Cable | None:
    match fact:
        case Connected() as c:
            return Cable(c.zone, (c.a, c.a_port), (c.b, c.b_port))
        case Disconnected():
            return None
        case _:
            raise TypeError(fact)


# decisions


def end_claim(end: End) -> claims.Key:
    """Name what a cable holds: one end of it."""
    device, port = end
    return claims.Key(f"cable-end/{device}/{port}", "cable-in-use", f"{port} of that device")


def connect(*, zone: str, a: End, b: End) -> Connected:
    if a == b:
        raise Refusal("invalid-argument", "a cable has two ends: give another one for the second")
    return Connected(zone, *a, *b)


def refuse_cabled(cable: str, *, near: str, far: str) -> Refusal:
    """Say which cable is in the way, both its ends by name."""
    told = f"{near} is cabled to {far} already: disconnect it first"
    return Refusal("cable-in-use", told, witness(cable, Connected))
