"""Every NIC, and which are on which L3 network.

A NIC is on the wire while its VM runs; a stopped VM's NIC keeps its address and reaches nobody.
"""

from __future__ import annotations

import msgspec
from immutables import Map

from domain import vm
from domain.history import Recorded
from projections.relations import Related, link, related, unlink


class Nic(msgspec.Struct, frozen=True):
    uuid: str
    vm: str
    l3: str
    ip: str
    ip6: str
    mac: str
    device: str
    position: int
    """The fact that attached it."""

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.ip, self.ip6)))


class Nics(msgspec.Struct, frozen=True):
    all: Map[str, Nic] = Map()
    of_vm: Related = Map()
    on_l3: Related = Map()


def evolve(nics: Nics, recorded: Recorded) -> Nics:
    """Fold one fact. O(log n)."""
    match recorded.fact:
        case vm.NicAttached() as fact:
            told = (fact.nic, recorded.originator_id, fact.l3, fact.ip, fact.ip6, fact.mac, fact.device)
            return add(nics, Nic(*told, recorded.position))
        case vm.NicDetached(nic=uuid):
            return drop(nics, uuid)
        case vm.Destroyed():
            for uuid in related(nics.of_vm, recorded.originator_id):
                nics = drop(nics, uuid)
            return nics
        case _:
            return nics


def add(nics: Nics, nic: Nic) -> Nics:
    return Nics(
        all=nics.all.set(nic.uuid, nic),
        of_vm=link(nics.of_vm, nic.vm, nic.uuid, nic.position),
        on_l3=link(nics.on_l3, nic.l3, nic.uuid, nic.position),
    )


def drop(nics: Nics, uuid: str) -> Nics:
    nic = nics.all[uuid]
    return Nics(
        all=nics.all.delete(uuid),
        of_vm=unlink(nics.of_vm, nic.vm, uuid),
        on_l3=unlink(nics.on_l3, nic.l3, uuid),
    )
