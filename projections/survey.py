"""Answers the questions that the domain asks about sets of objects, out of a topology."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from domain import host, l2, l3, pool, values, vm
from domain.census import Placement, Routed
from domain.values import Family
from projections import addressing, placement, routing, services
from projections.relations import related
from projections.topology import Topology


class Survey:
    """A topology, as decisions ask about it."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology

    def hosts_of(self, cluster: str) -> Sequence[str]:
        return sorted(related(self.topology.objects.children, cluster))

    def last_host(self, cluster: str) -> str:
        gone = [(d.position, uuid, d.state) for uuid, d in self.topology.objects.departed.items()]
        hosts = [(p, uuid) for p, uuid, s in gone if isinstance(s, host.Host) and cluster in {"", s.cluster}]
        return max(hosts, default=(0, ""))[1]

    def children_of(self, parent: str) -> Sequence[str]:
        return sorted(related(self.topology.objects.children, parent))

    def guests_of(self, host: str) -> Sequence[str]:
        children = related(self.topology.objects.children, host)
        return sorted(uuid for uuid in children if isinstance(self.topology.objects.states[uuid], vm.Vm))

    def guests_in(self, zone: str) -> Sequence[str]:
        return [uuid for uuid, guest in self.topology.every(vm.Vm) if zone in placement.zones_of(self.topology, guest)]

    def networks_on(self, cluster: str) -> Sequence[str]:
        return sorted(related(self.topology.attached, cluster))

    def bearers_of(self, zone: str, name: str) -> Sequence[str]:
        return sorted(related(self.topology.devices, (zone, name)))

    def l3s_of(self, l2: str) -> Sequence[str]:
        return sorted(related(self.topology.objects.children, l2))

    def l3s_within(self, l2: str, start: str, end: str) -> Sequence[str]:
        version, (first, last) = values.family(start), addressing.ends(start, end)
        found = ((uuid, self.topology.addressing.get((uuid, version), addressing.EMPTY)) for uuid in self.l3s_of(l2))
        return [uuid for uuid, has in found if any(low <= last and first <= high for low, high in has.ranges)]

    def members_of(self, pool: str) -> Sequence[str]:
        return sorted(related(self.topology.objects.children, pool))

    def vms_on(self, l3: str) -> Sequence[str]:
        nics = self.topology.nics
        return sorted({nics.all[uuid].vm for uuid in related(nics.on_l3, l3)})

    def free_vni(self, pool_uuid: str) -> int | None:
        taken = {self.topology.state(m, l2.L2Network).virtual_network_id for m in self.members_of(pool_uuid)}
        ranges = sorted(self.topology.state(pool_uuid, pool.VxlanPool).ranges, key=lambda r: r.start)
        return next((vni for r in ranges for vni in r.numbers if vni not in taken), None)

    def free_address(
        self, l3_uuid: str, chance: random.Random, besides: Collection[str], version: Family = 4
    ) -> str | None:
        allocator = self.topology.state(l3_uuid, l3.L3Network).allocator
        tried = {values.number(text) for text in besides}
        addresses = self.topology.addressing.get((l3_uuid, version), addressing.EMPTY)
        ip = addressing.choose(addresses, allocator, chance, tried)
        return None if ip is None else values.address(ip, version)

    def users_of(self, uuid: str) -> Sequence[str]:
        return sorted(related(self.topology.services.users, uuid))

    def group_of(self, rule: str) -> str:
        return next((group for group, rules in self.topology.services.rules.items() if rule in rules), "")

    def zones_of(self, vm_uuid: str) -> Collection[str]:
        return placement.zones_of(self.topology, self.topology.state(vm_uuid, vm.Vm))

    def routed(self, l2: str) -> Sequence[Routed]:
        return routing.routed(self.topology, l2)

    def complains(self, host: str, l2: str) -> bool:
        return placement.complains(self.topology, host, l2)

    def fails(self, host: str, l2: str) -> bool:
        return placement.fails(self.topology, host, l2)

    def providers(self) -> Sequence[str]:
        return self.users_of(services.PROVIDERS)

    def networks(self) -> Sequence[str]:
        return [uuid for uuid, _ in self.topology.networks()]

    def placement(self, l2s: Collection[str], *, cluster: str = "", like: str = "") -> Placement:
        return placement.place(self.topology, l2s, cluster=cluster, like=like)
