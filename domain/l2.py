"""An L2 network is exactly one intended broadcast domain. It is attached to any subset of its zone's clusters.

A VXLAN network lives where its pool lives: it is never attached or detached itself. What an L2 network is made
of on a host is not decided here; only the names of its devices are, because a name once given must hold for
ever.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Literal

import msgspec

from domain import claims, devices, l2_types, values
from domain.errors import Refusal, witness
from domain.history import Fact, State
from domain.l2_types import Carrier, Shape


NO_VLAN, VLAN, VXLAN, GRE = l2_types.NO_VLAN, l2_types.VLAN, l2_types.VXLAN, l2_types.GRE
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
    """0, the VLAN, the VNI or the key."""
    pool: str
    """The pool of a VXLAN network, or nothing."""
    bridge: str
    device: str
    """The VLAN or tunnel device under the bridge, or nothing where the interface itself is its port."""
    realize: str
    """When a host needs it: as soon as its cluster has it, or when its first VM does."""
    account: str
    """Whose VXLAN network it is, or nothing."""
    carrier: Carrier
    segment: str
    """The wire it is on, `eth0/10`; nothing for a VXLAN network, which is on its pool's."""


class Updated(Fact, frozen=True, tag="l2.updated"):
    name: str
    description: str


class VlanChanged(Fact, frozen=True, tag="l2.vlan-changed"):
    vlan: int
    device: str
    type: str
    carrier: Carrier
    segment: str


class AttachedToCluster(Fact, frozen=True, tag="l2.attached-to-cluster"):
    cluster: str


class DetachedFromCluster(Fact, frozen=True, tag="l2.detached-from-cluster"):
    cluster: str


class Deleted(Fact, frozen=True, tag="l2.deleted"):
    pass


FACTS = (Created, Updated, VlanChanged, AttachedToCluster, DetachedFromCluster, Deleted)


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
    account: str
    carrier: Carrier
    segment: str
    clusters: tuple[str, ...]
    """In order of attachment."""


def made(created: Created) -> L2Network:
    return L2Network(**msgspec.structs.asdict(created), clusters=())


def retagged(state: L2Network, fact: VlanChanged) -> L2Network:
    shaped = {f: getattr(fact, f) for f in ("device", "type", "carrier", "segment")}
    return msgspec.structs.replace(state, virtual_network_id=fact.vlan, **shaped)


# evolve


def evolve(state: L2Network | None, fact: Fact) -> L2Network | None:
    match fact:
        case Created():
            return made(fact)
        case Updated(name=name, description=description) if state:
            return msgspec.structs.replace(state, name=name, description=description)
        case VlanChanged() if state:
            return retagged(state, fact)
        case AttachedToCluster(cluster=cluster) if state:
            return msgspec.structs.replace(state, clusters=(*state.clusters, cluster))
        case DetachedFromCluster(cluster=cluster) if state:
            return msgspec.structs.replace(state, clusters=tuple(c for c in state.clusters if c != cluster))
        case Deleted():
            return None
        case _:
            raise TypeError(fact)


# decisions


def create(name: str, *, zone: str, type: str, shape: Shape, description: str) -> Created:  # noqa: A002 - the fact's own word
    """Make a network of a type, as the type shapes it."""
    return Created(
        name=values.name(name),
        description=describe(description),
        zone=zone,
        physical_interface=shape.physical_interface,
        type=type,
        virtual_network_id=shape.number,
        pool="",
        bridge=shape.bridge,
        device=shape.device,
        realize="attach",
        account="",
        carrier=shape.carrier,
        segment=shape.segment,
    )


def create_vxlan(name: str, *, zone: str, pool: str, vni: int, realize: str, account: str, description: str) -> Created:
    if realize not in {"attach", "vm"}:
        raise values.invalid(f"{realize!r} is no moment to realize a network: give attach or vm")
    bare = create(name, zone=zone, type=VXLAN, shape=l2_types.vxlan(vni), description=description)
    owner = values.name(account) if account else ""
    return msgspec.structs.replace(bare, pool=pool, realize=realize, account=owner)


def update(uuid: str, network: L2Network, *, name: str | None, description: str | None) -> Updated:
    """Rename or describe anew; what is left out stays."""
    if name is None and description is None:
        raise values.invalid(f"nothing to change about L2 network {network.name}: give a name or a description")
    fact = Updated(
        network.name if name is None else values.name(name),
        network.description if description is None else describe(description),
    )
    if (fact.name, fact.description) == (network.name, network.description):
        told = f"L2 network {network.name} has that name and description already"
        raise Refusal("wrong-state", told, witness(uuid, Updated, Created))
    return fact


def change_vlan(uuid: str, network: L2Network, vlan: int) -> VlanChanged:
    """Give a network another VLAN, or with 0 none. Its bridge keeps its name, whatever that says."""
    if network.type not in {VLAN, NO_VLAN}:
        raise Refusal(
            "l2-type-not-supported",
            f"L2 network {network.name} is of type {network.type}, which has no VLAN to change",
            witness(uuid, Created),
        )
    kind = VLAN if vlan else NO_VLAN
    if vlan == network.virtual_network_id:
        told = f"L2 network {network.name} {f'has VLAN {vlan}' if vlan else 'is untagged'} already"
        raise Refusal("wrong-state", told, witness(uuid, VlanChanged, Created))
    shape = l2_types.shape(kind, network.physical_interface, vlan)
    return VlanChanged(shape.number, shape.device, kind, shape.carrier, shape.segment)


def describe(text: str) -> str:
    if len(text) > DESCRIPTION_LENGTH:
        raise values.invalid(f"a description has at most {DESCRIPTION_LENGTH} characters, this one {len(text)}")
    return text


def device_names(network: L2Network) -> tuple[str, ...]:
    """Give the names of the devices that a network has on its hosts."""
    return (network.bridge, network.device) if network.device else (network.bridge,)


def rename_devices(created: Created, uuid: str, taken: Container[str]) -> Created:
    """Give a network device names of its own in place of those that are taken."""
    bridge = devices.own_bridge(uuid) if created.bridge in taken else created.bridge
    device = devices.own_device(uuid) if created.device in taken else created.device
    return msgspec.structs.replace(created, bridge=bridge, device=device)


def rename_device(changed: VlanChanged, uuid: str, taken: Container[str]) -> VlanChanged:
    """Give a network's VLAN device a name of its own if the descriptive one is taken. The bridge keeps its name."""
    device = devices.own_device(uuid) if changed.device in taken else changed.device
    return msgspec.structs.replace(changed, device=device)


def segment_claim(network: L2Network, cluster: str) -> claims.Key:
    """Name what a network holds in a cluster: the wire it is on there.

    A GRE key is held whatever the interface, since tunnels end at addresses of hosts.
    """
    held = f"gre:{network.virtual_network_id}" if network.carrier == "gre" else network.segment
    return claims.segment(cluster, held, l2_types.HELD[network.carrier], segment_name(network))


def segment_name(network: L2Network) -> str:
    interface, number = network.physical_interface, network.virtual_network_id
    match network.carrier:
        case "interface":
            return f"interface {interface} of that cluster, untagged,"
        case "vlan":
            return f"VLAN {number} on {interface} of that cluster"
        case "gre":
            return f"GRE key {number} of that cluster"
        case _:
            return f"segment {network.segment} of that cluster"


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
            witness(uuid, Created, DetachedFromCluster, cluster=cluster),
        )
    return DetachedFromCluster(cluster)


def refuse_pool_member(uuid: str, network: L2Network) -> None:
    if network.pool:
        raise Refusal(
            "pool-member",
            f"L2 network {network.name} follows its pool: attach or detach the pool instead",
            witness(uuid, Created),
        )
