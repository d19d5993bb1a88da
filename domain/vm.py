"""A VM has NICs, each on one L3 network with one MAC and an address of each family there, and runs on at most one host.

Which host fits is found elsewhere; this module says what a VM in a given state may do. A NIC that loses its
network is taken off, and the VM keeps running.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from domain import values
from domain.errors import Refusal, witness
from domain.history import Fact, State


Condition = Literal["running", "stopped"]


# facts


class Created(Fact, frozen=True, tag="vm.created"):
    name: str


class NicAttached(Fact, frozen=True, tag="vm.nic-attached"):
    nic: str
    l3: str
    ip: str
    """IPv4, or nothing."""
    ip6: str
    """IPv6, or nothing."""
    mac: str
    device: str


class NicDetached(Fact, frozen=True, tag="vm.nic-detached"):
    nic: str


class Started(Fact, frozen=True, tag="vm.started"):
    host: str


class Stopped(Fact, frozen=True, tag="vm.stopped"):
    pass


class Migrated(Fact, frozen=True, tag="vm.migrated"):
    host: str


class Destroyed(Fact, frozen=True, tag="vm.destroyed"):
    pass


FACTS = (Created, NicAttached, NicDetached, Started, Stopped, Migrated, Destroyed)


# state


class Nic(State, frozen=True):
    uuid: str
    l3: str
    ip: str
    ip6: str
    mac: str
    device: str

    @property
    def addresses(self) -> tuple[str, ...]:
        """Give its addresses: one, or one of each family."""
        return tuple(filter(None, (self.ip, self.ip6)))


class Vm(State, frozen=True):
    name: str
    state: Condition
    host: str
    """Where it runs, or nothing."""
    last_host: str
    nics: tuple[Nic, ...]
    """In order of attachment: the first one is the default."""


# evolve


def evolve(state: Vm | None, fact: Fact) -> Vm | None:
    match fact:
        case Created(name=name):
            return Vm(name, "stopped", host="", last_host="", nics=())
        case NicAttached() if state:
            nic = Nic(fact.nic, fact.l3, fact.ip, fact.ip6, fact.mac, fact.device)
            return msgspec.structs.replace(state, nics=(*state.nics, nic))
        case NicDetached(nic=nic) if state:
            return msgspec.structs.replace(state, nics=tuple(n for n in state.nics if n.uuid != nic))
        case Started(host=host) | Migrated(host=host) if state:
            return msgspec.structs.replace(state, state="running", host=host, last_host=host)
        case Stopped() if state:
            return msgspec.structs.replace(state, state="stopped", host="")
        case Destroyed():
            return None
        case _:
            raise TypeError(fact)


# decisions


def create(name: str) -> Created:
    return Created(values.name(name))


def start(uuid: str, vm: Vm, host: str) -> Started:
    if vm.state == "running":
        raise Refusal("wrong-state", f"VM {vm.name} runs already", witness(uuid, Started, Migrated))
    return Started(host)


def stop(uuid: str, vm: Vm) -> Stopped:
    if vm.state == "stopped":
        raise Refusal("wrong-state", f"VM {vm.name} is stopped already", witness(uuid, Stopped, Created))
    return Stopped()


def migrate(uuid: str, vm: Vm, *, host: str, host_name: str) -> Migrated:
    if host == vm.host:
        raise Refusal(
            "wrong-state",
            f"VM {vm.name} is on host {host_name} already",
            witness(uuid, Started, Migrated, host=host),
        )
    return Migrated(host)


def require_nic(uuid: str, vm: Vm, *, l3: str, l3_name: str) -> Nic:
    """Give a VM's NIC on an L3 network."""
    for nic in vm.nics:
        if nic.l3 == l3:
            return nic
    raise Refusal("wrong-state", f"VM {vm.name} has no NIC on L3 network {l3_name}", witness(uuid, NicDetached))


def refuse_nic(uuid: str, vm: Vm, *, l3: str, l3_name: str) -> None:
    """Refuse a second NIC on an L3 network."""
    for nic in vm.nics:
        if nic.l3 == l3:
            because = witness(uuid, NicAttached, nic=nic.uuid)
            raise Refusal("l3-already-attached", f"VM {vm.name} has a NIC on L3 network {l3_name} already", because)


def require_running(uuid: str, vm: Vm) -> None:
    if vm.state != "running":
        raise Refusal(
            "wrong-state",
            f"VM {vm.name} is stopped: only a running VM migrates",
            witness(uuid, Stopped, Created),
        )
