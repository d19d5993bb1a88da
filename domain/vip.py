"""A VIP is an address of an L3 network that services use in place of a VM's own.

It owns the set of its uses, so that one lock covers what may not go together: an EIP has the whole VIP, anything else
shares it port by port. Claims on single ports would do the same at up to 65,535 facts a rule.
"""

from __future__ import annotations

import msgspec

from domain import provider_types, values
from domain.errors import Refusal, witness
from domain.history import Fact, State
from domain.ports import Ports


EXCLUSIVE = frozenset({provider_types.EIP})
"""Services that share a VIP with nothing."""


# facts


class Created(Fact, frozen=True, tag="vip.created"):
    name: str
    l3: str
    ip: str


class UseBegan(Fact, frozen=True, tag="vip.use-began"):
    user: str
    """The EIP or the port forwarding rule."""
    service: str
    protocol: str
    """TCP or UDP, or nothing where all that comes in is meant."""
    first_port: int
    last_port: int


class UseEnded(Fact, frozen=True, tag="vip.use-ended"):
    user: str


class Deleted(Fact, frozen=True, tag="vip.deleted"):
    pass


FACTS = (Created, UseBegan, UseEnded, Deleted)


# state


class Use(State, frozen=True):
    user: str
    service: str
    protocol: str
    ports: Ports


class Vip(State, frozen=True):
    name: str
    l3: str
    ip: str
    uses: tuple[Use, ...]

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(use.service for use in self.uses))


# evolve


def evolve(state: Vip | None, fact: Fact) -> Vip | None:
    match fact:
        case Created(name=name, l3=l3, ip=ip):
            return Vip(name, l3, ip, uses=())
        case UseBegan() as use if state:
            added = Use(use.user, use.service, use.protocol, Ports(use.first_port, use.last_port))
            return msgspec.structs.replace(state, uses=(*state.uses, added))
        case UseEnded(user=user) if state:
            return msgspec.structs.replace(state, uses=tuple(use for use in state.uses if use.user != user))
        case Deleted():
            return None
        case _:
            raise TypeError(fact)


# decisions


def create(name: str, *, l3: str, ip: str) -> Created:
    return Created(values.name(name), l3, ip)


def use(uuid: str, vip: Vip, *, user: str, service: str, protocol: str, ports: Ports) -> UseBegan:
    """Take a VIP, or some of its ports, into use.

    Raises `Refusal` where an EIP has the VIP, or wants one that others have, or where a port is in use.
    """
    for other in vip.uses:
        because = witness(uuid, UseBegan, user=other.user)
        if other.service in EXCLUSIVE:
            raise Refusal("eip-in-use", f"VIP {vip.name} is used by an EIP, which shares it with nothing", because)
        if service in EXCLUSIVE:
            raise Refusal(
                "vip-port-in-use",
                f"VIP {vip.name} is used for {other.service}: an EIP needs one to itself",
                because,
            )
        if other.protocol == protocol and other.ports.overlaps(ports):
            raise Refusal(
                "vip-port-in-use",
                f"{protocol} {ports} of VIP {vip.name} overlaps {other.ports}, in use for {other.service}",
                because,
            )
    return UseBegan(user, service, protocol, ports.first, ports.last)
