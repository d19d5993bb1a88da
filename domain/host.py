"""A host has physical interfaces, a management address, an address for tunnels (VTEP), and a state.

Whether a host may join a cluster follows from what is attached there: the host must have the interfaces and the
tunnel address that those networks need. A host's state says whether it takes VMs, not whether it answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, cast, get_args

import msgspec

from domain import values
from domain.errors import Refusal, Witness, witness
from domain.history import Fact, State


Condition = Literal["enabled", "disabled", "maintenance"]


# facts


class Added(Fact, frozen=True, tag="host.added"):
    name: str
    cluster: str
    interfaces: tuple[str, ...]
    address: str
    vtep: str


class StateChanged(Fact, frozen=True, tag="host.state-changed"):
    state: Condition


FACTS = (Added, StateChanged)


# state


class Host(State, frozen=True):
    name: str
    cluster: str
    interfaces: tuple[str, ...]
    address: str
    vtep: str
    state: Condition

    def tunnel_address(self, cidr: str) -> str:
        """Give the address this host's tunnels start from in a VTEP network, or nothing: the VTEP, else the
        address.
        """
        inside = values.subnet(cidr)
        return next((a for a in (self.vtep, self.address) if a and values.number(a) in inside), "")


def joined(fact: Added) -> Host:
    return Host(fact.name, fact.cluster, fact.interfaces, fact.address, fact.vtep, "enabled")


# evolve


def evolve(state: Host | None, fact: Fact) -> Host | None:
    match fact:
        case Added():
            return joined(fact)
        case StateChanged(state=condition) if state:
            return msgspec.structs.replace(state, state=condition)
        case _:
            raise TypeError(fact)


# decisions


def add(name: str, *, cluster: str, interfaces: Iterable[str], address: str, vtep: str) -> Added:
    ordered = tuple(values.interface(i) for i in interfaces)
    if len(set(ordered)) < len(ordered):
        raise values.invalid(f"host {name} names an interface twice: {', '.join(ordered)}")
    if not ordered:
        raise values.invalid(f"host {name} needs at least one physical interface")
    return Added(
        name=values.name(name),
        cluster=cluster,
        interfaces=ordered,
        address=values.ipv4(address) if address else "",
        vtep=values.ipv4(vtep) if vtep else "",
    )


def set_state(uuid: str, host: Host, condition: str) -> StateChanged:
    if condition not in get_args(Condition):
        raise values.invalid(f"{condition!r} is no host state: give one of {', '.join(get_args(Condition))}")
    if condition == host.state:
        raise Refusal("wrong-state", f"host {host.name} is {condition} already", witness(uuid, StateChanged, Added))
    return StateChanged(cast("Condition", condition))


def require_interface(host: Host, physical_interface: str, *, network: str, because: Witness) -> None:
    """Refuse when a network needs an interface that the host lacks."""
    if physical_interface and physical_interface not in host.interfaces:
        raise Refusal(
            "physical-interface-missing",
            f"host {host.name} has no interface {physical_interface}, which network {network} needs;"
            f" it has {', '.join(host.interfaces)}",
            because,
        )


def require_vtep(host: Host, cidr: str, *, pool: str, because: Witness) -> None:
    """Refuse when a pool's VTEP network holds no address of the host."""
    if not host.tunnel_address(cidr):
        raise Refusal(
            "vtep-missing",
            f"host {host.name} has no address in {cidr}, the VTEP network of pool {pool} in that cluster;"
            " give it one as `vtep`",
            because,
        )
