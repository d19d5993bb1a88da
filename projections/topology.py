"""The network as of one position: the one immutable value that all consumers share.

It is made of persistent maps, so that keeping a version, or forking one, costs a pointer. A fork of a fork
costs the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec
from immutables import Map

from domain import aggregates, claims, l2, router, values, vip
from domain.errors import Refusal, Witness, witness
from domain.history import Fact, Recorded, State
from projections import addressing, attachment, broadcast, devices, fabric, nics, objects, ranges, reports, services
from projections.nics import Nic
from projections.relations import Related, Relation, related


S = TypeVar("S", bound=State)
UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


class Topology(msgspec.Struct, frozen=True):
    """Everything that follows from the facts up to a position."""

    position: int = 0
    recorded_at: str = ""
    """When the last fact was recorded; nothing before the first."""
    objects: objects.Objects = objects.Objects()
    attached: Related = Map()
    """Cluster to L2 networks and pools."""
    nics: nics.Nics = nics.Nics()
    addressing: addressing.Addressing = Map()
    fabric: fabric.Fabric = fabric.Fabric()
    segments: broadcast.Segments = broadcast.Segments()
    reports: reports.Reports = reports.Reports()
    ranges: Related = Map()
    """L3 network to the names of its IP ranges."""
    cut: Relation[str, values.Family] = Map()
    """L3 network to the families that it lost a range of, with the last fact that took one."""
    services: services.Services = services.Services()
    devices: devices.Devices = Map()
    """(zone, device name) to the hosts and L2 networks that have one."""

    @property
    def scene(self) -> broadcast.Scene:
        """Give what it takes to tell where networks are."""
        return broadcast.Scene(self.objects, self.attached, self.fabric)

    def state(self, uuid: str, kind: type[S]) -> S:
        """Give a living object's state; it must be there, and of this kind."""
        found = self.objects.states[uuid]
        if not isinstance(found, kind):
            raise TypeError(found)
        return found

    def name(self, uuid: str) -> str:
        """Give an object's name, `vm/l3` for a NIC; the last one of a network or host that is gone, else the uuid."""
        if nic := self.nics.all.get(uuid):
            return f"{self.name(nic.vm)}/{self.name(nic.l3)}"
        return str(getattr(objects.last_state(self.objects, uuid), "name", uuid))

    def named(self, text: str) -> str:
        """Put names for the uuids in a text."""
        return UUID.sub(lambda found: self.name(found[0]), text)

    def find(self, kind: str, text: str) -> str:
        """Give the uuid of an object by name or uuid.

        Raises `Refusal` with `unknown-object` when there is none, and names the fact that ended one.
        """
        uuid = self.objects.names.get((kind, text)) or values.uuid(text)
        if isinstance(self.objects.states.get(uuid), aggregates.KINDS[kind]):
            return uuid
        raise Refusal("unknown-object", f"there is no {aggregates.LABELS[kind]} {text!r}", self.ended(kind, text))

    def ended(self, kind: str, text: str) -> Witness:
        """Name the fact that ended an object of a name or uuid, where there was one."""
        uuid = values.uuid(text)
        if uuid and uuid not in self.objects.states:
            return witness(uuid, Fact)
        return witness(claims.name(kind, text).uuid, claims.Released)

    def every(self, kind: type[S]) -> Iterator[tuple[str, S]]:
        """Walk all objects of one kind in order of uuid, which is the order they were made in. O(those)."""
        key: type[State] = kind
        yield from ((uuid, self.state(uuid, kind)) for uuid in sorted(related(self.objects.kinds, key)))

    def networks(self) -> Iterator[tuple[str, l2.L2Network]]:
        return self.every(l2.L2Network)

    def nics_of(self, vm: str) -> list[Nic]:
        """Give a VM's NICs in order of attachment."""
        found = (self.nics.all[uuid] for uuid in related(self.nics.of_vm, vm))
        return sorted(found, key=lambda nic: (nic.position, nic.uuid))


def evolve(topology: Topology, recorded: Recorded) -> Topology:
    """Fold one fact. O(log n)."""
    moved = msgspec.structs.replace(topology, position=recorded.position, recorded_at=recorded.recorded_at)
    if not objects.known(recorded.fact):
        return moved
    after = objects.evolve(topology.objects, recorded)
    plugged = nics.evolve(topology.nics, recorded)
    attached = attachment.evolve(topology.attached, recorded)
    cables = fabric.evolve(topology.fabric, recorded, topology.objects)
    scene = broadcast.Scene(after, attached, cables)
    return msgspec.structs.replace(
        moved,
        objects=after,
        attached=attached,
        nics=plugged,
        addressing=addressing.evolve(topology.addressing, recorded, lost(topology, after, plugged, recorded)),
        fabric=cables,
        segments=broadcast.evolve(topology.segments, recorded, topology.scene, scene),
        reports=reports.evolve(topology.reports, recorded, topology.scene),
        ranges=ranges.evolve(topology.ranges, recorded),
        cut=ranges.evolve_cut(topology.cut, recorded),
        services=services.evolve(topology.services, recorded, topology.objects, after),
        devices=devices.evolve(topology.devices, recorded, topology.objects, after),
    )


def lost(
    topology: Topology, after: objects.Objects, plugged: nics.Nics, recorded: Recorded
) -> Iterator[tuple[str, str]]:
    """Walk (L3 network, address) of all that a fact set free: those of NICs that it took off a VM or a router, and of
    the VIP that it ended.
    """
    uuid = recorded.originator_id
    if isinstance(recorded.fact, vip.Deleted):
        gone = topology.state(uuid, vip.Vip)
        yield gone.l3, gone.ip
    if isinstance(recorded.fact, router.FACTS):
        yield from sorted(addresses_of(topology.objects.states.get(uuid)) - addresses_of(after.states.get(uuid)))
    if plugged is not topology.nics:
        before = (topology.nics.all[nic] for nic in related(topology.nics.of_vm, uuid))
        yield from ((nic.l3, ip) for nic in before if nic.uuid not in plugged.all for ip in nic.addresses)


def addresses_of(state: State | None) -> set[tuple[str, str]]:
    """Give (L3 network, address) of all that the NICs of a router have."""
    return {(nic.l3, ip) for nic in state.nics for ip in nic.ips} if isinstance(state, router.Router) else set()


def fold(facts: Iterable[Recorded], start: Topology | None = None) -> Topology:
    """Fold facts in order. O(facts)."""
    topology = start or Topology()
    for recorded in facts:
        topology = evolve(topology, recorded)
    return topology
