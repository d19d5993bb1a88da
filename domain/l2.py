"""An L2 network is exactly one intended broadcast domain. It is attached to any subset of its zone's clusters.

A VXLAN network lives where its pool lives: it is never attached or detached itself. What an L2 network is made
of on a host is not decided here; only the names of its devices are, because a name once given must hold for
ever.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from domain import claims, devices, values
from domain.errors import Refusal, witness
from domain.history import Fact, State


NO_VLAN = "L2NoVlanNetwork"
VLAN = "L2VlanNetwork"
VXLAN = "L2VxlanNetwork"
DESCRIPTION_LENGTH = 2048

Realize = Literal["attach", "vm"]


# facts


class Created(Fact, frozen=True, tag="l2.created"):
    name: str
    description: str
    zone: str
    physical_interface: str
    type: str
    virtual_network_id: int
    """0, the VLAN or the VNI."""
    pool: str
    """The pool of a VXLAN network, or nothing."""
    bridge: str
    device: str
    """The VLAN or tunnel device under the bridge, or nothing where the interface itself is its port."""
    realize: str
    """When a host needs it: as soon as its cluster has it, or when its first VM does."""


class AttachedToCluster(Fact, frozen=True, tag="l2.attached-to-cluster"):
    cluster: str


class DetachedFromCluster(Fact, frozen=True, tag="l2.detached-from-cluster"):
    cluster: str


FACTS = (Created, AttachedToCluster, DetachedFromCluster)


# state


class L2Network(State, frozen=True):
    name: str
    description: str
    zone: str
    physical_interface: str
    type: str
    virtual_network_id: int
    pool: str
    bridge: str
    device: str
    realize: str
    clusters: tuple[str, ...]
    """In order of attachment."""


# evolve


def evolve(state: L2Network | None, fact: Fact) -> L2Network | None:
    match fact:
        case Created():
            return L2Network(**msgspec.structs.asdict(fact), clusters=())
        case AttachedToCluster(cluster=cluster) if state:
            return msgspec.structs.replace(state, clusters=(*state.clusters, cluster))
        case DetachedFromCluster(cluster=cluster) if state:
            return msgspec.structs.replace(state, clusters=tuple(c for c in state.clusters if c != cluster))
        case _:
            raise TypeError(fact)


# decisions


def create_no_vlan(name: str, *, zone: str, physical_interface: str, description: str) -> Created:
    interface = values.interface(physical_interface)
    return Created(
        name=values.name(name),
        description=describe(description),
        zone=zone,
        physical_interface=interface,
        type=NO_VLAN,
        virtual_network_id=0,
        pool="",
        bridge=devices.untagged_bridge(interface),
        device="",
        realize="attach",
    )


def create_vlan(name: str, *, zone: str, physical_interface: str, vlan: int, description: str) -> Created:
    interface = values.interface(physical_interface)
    tag = values.vlan(vlan)
    return Created(
        name=values.name(name),
        description=describe(description),
        zone=zone,
        physical_interface=interface,
        type=VLAN,
        virtual_network_id=tag,
        pool="",
        bridge=devices.vlan_bridge(interface, tag),
        device=devices.vlan_device(interface, tag),
        realize="attach",
    )


def create_vxlan(name: str, *, zone: str, pool: str, vni: int, realize: str, description: str) -> Created:
    if realize not in {"attach", "vm"}:
        raise values.invalid(f"{realize!r} is no moment to realize a network: give attach or vm")
    return Created(
        name=values.name(name),
        description=describe(description),
        zone=zone,
        physical_interface="",
        type=VXLAN,
        virtual_network_id=values.vni(vni),
        pool=pool,
        bridge=devices.tunnel_bridge(vni),
        device=devices.tunnel_device(vni),
        realize=realize,
    )


def describe(text: str) -> str:
    if len(text) > DESCRIPTION_LENGTH:
        raise values.invalid(f"a description has at most {DESCRIPTION_LENGTH} characters, this one {len(text)}")
    return text


def rename_devices(created: Created, uuid: str) -> Created:
    """Give a network device names of its own, for when the descriptive bridge name is another network's.

    A VLAN device keeps its name: two networks with one VLAN on one interface are never on one host.
    """
    bridge = devices.unique_name("l2_", uuid)
    device = devices.unique_name("vx_", uuid) if created.type == VXLAN else created.device
    return msgspec.structs.replace(created, bridge=bridge, device=device)


def segment_claim(network: L2Network, cluster: str) -> claims.Key:
    """Name what a network holds in a cluster: untagged frames of an interface, or one VLAN on it."""
    if network.type == VLAN:
        return claims.vlan(cluster, network.physical_interface, network.virtual_network_id)
    return claims.interface(cluster, network.physical_interface)


def attach(uuid: str, network: L2Network, *, cluster: str, cluster_name: str) -> AttachedToCluster:
    refuse_pool_member(uuid, network)
    if cluster in network.clusters:
        raise Refusal(
            "l2-already-attached",
            f"L2 network {network.name} is attached to cluster {cluster_name} already",
            witness(uuid, AttachedToCluster, cluster=cluster),
        )
    return AttachedToCluster(cluster)


def detach(uuid: str, network: L2Network, *, cluster: str, cluster_name: str) -> DetachedFromCluster:
    refuse_pool_member(uuid, network)
    if cluster not in network.clusters:
        raise Refusal(
            "l2-not-attached",
            f"L2 network {network.name} is not attached to cluster {cluster_name}",
            witness(uuid, DetachedFromCluster, cluster=cluster),
        )
    return DetachedFromCluster(cluster)


def refuse_pool_member(uuid: str, network: L2Network) -> None:
    if network.pool:
        raise Refusal(
            "pool-member",
            f"L2 network {network.name} follows its pool: attach or detach the pool instead",
            witness(uuid, Created),
        )
