"""An EIP gives a whole VIP to one NIC: one EIP, one VIP, at most one NIC.

What keeps a NIC from having it depends on the networks around, and is asked by the handler.
"""

from __future__ import annotations

import msgspec

from domain import values
from domain.binding import Binding
from domain.errors import Refusal, witness
from domain.history import Fact, State


# facts


class Created(Fact, frozen=True, tag="eip.created"):
    name: str
    vip: str


class Attached(Fact, frozen=True, tag="eip.attached"):
    nic: str
    vm: str
    l3: str


class Detached(Fact, frozen=True, tag="eip.detached"):
    pass


class Deleted(Fact, frozen=True, tag="eip.deleted"):
    pass


FACTS = (Created, Attached, Detached, Deleted)


# state


class Eip(State, frozen=True):
    name: str
    vip: str
    binding: Binding | None


# evolve


def evolve(state: Eip | None, fact: Fact) -> Eip | None:
    match fact:
        case Created(name=name, vip=vip):
            return Eip(name, vip, binding=None)
        case Attached(nic=nic, vm=vm, l3=l3) if state:
            return msgspec.structs.replace(state, binding=Binding(nic, vm, l3))
        case Detached() if state:
            return msgspec.structs.replace(state, binding=None)
        case Deleted():
            return None
        case _:
            raise TypeError(fact)


# decisions


def create(name: str, *, vip: str) -> Created:
    return Created(values.name(name), vip)


def attach(uuid: str, eip: Eip, binding: Binding) -> Attached:
    if eip.binding:
        raise Refusal("eip-in-use", f"EIP {eip.name} is attached already: detach it first", witness(uuid, Attached))
    return Attached(binding.nic, binding.vm, binding.l3)


def detach(uuid: str, eip: Eip) -> Detached:
    if not eip.binding:
        raise Refusal("wrong-state", f"EIP {eip.name} is not attached", witness(uuid, Created, Detached))
    return Detached()
