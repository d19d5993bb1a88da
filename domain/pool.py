"""A VXLAN pool owns VNI ranges and, for each cluster it is attached to, the network its tunnels run on.

Its VXLAN networks are everywhere the pool is. The pool hands out no VNI itself: a VNI is a claim on the pool.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from domain import l2, values
from domain.errors import Refusal, witness
from domain.history import Fact, State


TYPE = "L2VxlanNetworkPool"


# facts


class Created(Fact, frozen=True, tag="vxlan-pool.created"):
    name: str
    description: str
    zone: str
    physical_interface: str


class VniRangeAdded(Fact, frozen=True, tag="vxlan-pool.vni-range-added"):
    name: str
    start: int
    end: int


class VniRangeDeleted(Fact, frozen=True, tag="vxlan-pool.vni-range-deleted"):
    name: str


class Updated(Fact, frozen=True, tag="vxlan-pool.updated"):
    name: str
    description: str


class AttachedToCluster(Fact, frozen=True, tag="vxlan-pool.attached-to-cluster"):
    cluster: str
    vtep_cidr: str


class DetachedFromCluster(Fact, frozen=True, tag="vxlan-pool.detached-from-cluster"):
    cluster: str


class Deleted(Fact, frozen=True, tag="vxlan-pool.deleted"):
    pass


FACTS = (Created, VniRangeAdded, VniRangeDeleted, Updated, AttachedToCluster, DetachedFromCluster, Deleted)


# state


class VniRange(State, frozen=True):
    name: str
    start: int
    end: int

    @property
    def numbers(self) -> range:
        return range(self.start, self.end + 1)

    def overlaps(self, other: VniRange) -> bool:
        return self.start <= other.end and other.start <= self.end


class VxlanPool(State, frozen=True):
    name: str
    description: str
    zone: str
    physical_interface: str
    ranges: tuple[VniRange, ...]
    attachments: tuple[tuple[str, str], ...]
    """(cluster, VTEP network), in order of attachment."""

    @property
    def clusters(self) -> tuple[str, ...]:
        return tuple(cluster for cluster, _ in self.attachments)

    def vtep_cidr(self, cluster: str) -> str:
        return dict(self.attachments)[cluster]


# evolve


def evolve(state: VxlanPool | None, fact: Fact) -> VxlanPool | None:
    match fact:
        case Created():
            return VxlanPool(**msgspec.structs.asdict(fact), ranges=(), attachments=())
        case VniRangeAdded(name=name, start=start, end=end) if state:
            return msgspec.structs.replace(state, ranges=(*state.ranges, VniRange(name, start, end)))
        case VniRangeDeleted(name=name) if state:
            return msgspec.structs.replace(state, ranges=tuple(r for r in state.ranges if r.name != name))
        case Updated(name=name, description=description) if state:
            return msgspec.structs.replace(state, name=name, description=description)
        case AttachedToCluster(cluster=cluster, vtep_cidr=cidr) if state:
            return msgspec.structs.replace(state, attachments=(*state.attachments, (cluster, cidr)))
        case DetachedFromCluster(cluster=cluster) if state:
            return msgspec.structs.replace(state, attachments=tuple(a for a in state.attachments if a[0] != cluster))
        case Deleted():
            return None
        case _:
            raise TypeError(fact)


# decisions


def create(name: str, *, zone: str, physical_interface: str, description: str) -> Created:
    interface = values.interface(physical_interface) if physical_interface else ""
    return Created(values.name(name), l2.describe(description), zone, interface)


def add_vni_range(uuid: str, pool: VxlanPool, *, name: str, start: int, end: int) -> VniRangeAdded:
    first, last = values.vni(start), values.vni(end)
    if first > last:
        raise values.invalid(f"a VNI range goes up: {first} comes after {last}")
    label = values.name(name) if name else f"{first}-{last}"
    if any(label == r.name for r in pool.ranges):
        raise Refusal(
            "name-in-use",
            f"pool {pool.name} has a VNI range {label!r} already",
            witness(uuid, VniRangeAdded, name=label),
        )
    added = VniRange(label, first, last)
    refuse_overlap(uuid, pool, [added], pool.name)
    return VniRangeAdded(label, first, last)


def range_named(uuid: str, pool: VxlanPool, name: str) -> VniRange:
    found = next((r for r in pool.ranges if r.name == name), None)
    if found is None:
        told = ", ".join(r.name for r in pool.ranges) or "none"
        because = witness(uuid, VniRangeDeleted, name=name)
        raise Refusal("unknown-object", f"pool {pool.name} has no VNI range {name!r}; its ranges: {told}", because)
    return found


def update(uuid: str, pool: VxlanPool, *, name: str | None, description: str | None) -> Updated:
    """Rename or describe anew; what is left out stays."""
    if name is None and description is None:
        raise values.invalid(f"nothing to change about pool {pool.name}: give a name or a description")
    fact = Updated(
        pool.name if name is None else values.name(name),
        pool.description if description is None else l2.describe(description),
    )
    if (fact.name, fact.description) == (pool.name, pool.description):
        told = f"pool {pool.name} has that name and description already"
        raise Refusal("wrong-state", told, witness(uuid, Updated, Created))
    return fact


def refuse_overlap(uuid: str, pool: VxlanPool, ranges: Iterable[VniRange], owner: str) -> None:
    """Refuse ranges that share a VNI with a pool's own: on one host each VNI is one device."""
    for mine in ranges:
        for theirs in pool.ranges:
            if mine.overlaps(theirs):
                raise Refusal(
                    "vni-range-overlap",
                    f"VNIs {mine.start}-{mine.end} of pool {owner} overlap"
                    f" {theirs.start}-{theirs.end} of pool {pool.name}",
                    witness(uuid, VniRangeAdded, name=theirs.name),
                )


def require_vni(pool: VxlanPool, vni: int) -> int:
    """Refuse a VNI that lies in none of the pool's ranges."""
    if not any(values.vni(vni) in r.numbers for r in pool.ranges):
        told = ", ".join(f"{r.start}-{r.end}" for r in pool.ranges) or "none yet: add a VNI range"
        raise values.invalid(f"VNI {vni} is in no range of pool {pool.name}; its ranges: {told}")
    return vni


def attach(uuid: str, pool: VxlanPool, *, cluster: str, cluster_name: str, vtep_cidr: str) -> AttachedToCluster:
    if cluster in pool.clusters:
        raise Refusal(
            "l2-already-attached",
            f"pool {pool.name} is attached to cluster {cluster_name} already",
            witness(uuid, AttachedToCluster, cluster=cluster),
        )
    if not vtep_cidr:
        raise Refusal(
            "vtep-cidr-missing",
            f"pool {pool.name} needs the network its tunnels run on in cluster {cluster_name}: give `vtep-cidr`",
        )
    return AttachedToCluster(cluster, values.ipv4_cidr(vtep_cidr))


def detach(uuid: str, pool: VxlanPool, *, cluster: str, cluster_name: str) -> DetachedFromCluster:
    if cluster not in pool.clusters:
        raise Refusal(
            "l2-not-attached",
            f"pool {pool.name} is not attached to cluster {cluster_name}",
            witness(uuid, Created, DetachedFromCluster, cluster=cluster),
        )
    return DetachedFromCluster(cluster)
