"""Device names on hosts: no two networks share one there, and none takes that of an interface of the host's own.

A network is named when it is made, with regard to all that its zone has then; what comes to one host later and would
have one name twice is refused. A VLAN device is named after its wire, and so may be shared: networks on one wire are
never in one cluster, and a host that has that very device as an interface of its own uses it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from domain import cluster, host, l2, pool
from domain.errors import Refusal, Witness, witness
from domain.transaction import Transaction


Bearer = host.Host | l2.L2Network
"""What has devices."""


def taken(t: Transaction, uuid: str, network: l2.L2Network, *, clusters: Collection[str] = ()) -> set[str]:
    """Give those of a network's device names that it can't have in its zone; the clusters are those it is on at once.

    Another may take one at the same time: the claim on a bridge's name settles that, or else the attachment.
    """
    t.census(*clusters)
    return {name for name in l2.device_names(network) if any(rivals(t, uuid, network, name))}


def rivals(t: Transaction, uuid: str, network: l2.L2Network, name: str) -> Iterator[tuple[str, Bearer]]:
    """Walk what else in a network's zone has a device of a name, and can't share it."""
    for other, state in bearers(t, network.zone, name):
        if other != uuid and not is_shared(name, network, state):
            yield other, state


def bearers(t: Transaction, zone: str, name: str) -> Iterator[tuple[str, Bearer]]:
    for uuid in t.census().bearers_of(zone, name):
        found = t.get(uuid)
        if found and isinstance(found.state, Bearer):
            yield uuid, found.state


def is_shared(name: str, network: l2.L2Network, other: Bearer) -> bool:
    """Tell whether a name is that of one wire's VLAN device, for both."""
    if name != network.device or not network.segment:
        return False
    if isinstance(other, host.Host):
        return other.stands_for(name, network.segment)
    return (name, network.segment) == (other.device, other.segment)


def refuse_network(t: Transaction, uuid: str, network: l2.L2Network, where: str) -> None:
    """Refuse a network on a cluster where something has one of its device names, or a device of its VLAN."""
    t.census(where)
    for name in l2.device_names(network):
        for other, state in rivals(t, uuid, network, name):
            if because := why_there(t, other, state, where):
                raise clash(name, network, state, because, why_named(uuid, name), why_named(other, name))
    for one in t.census(where).hosts_of(where):
        member = t.load(one, host.Host).state
        refuse_second(member, network, witness(one, host.Added, host.Moved), why_named(uuid, network.device))


def refuse_host(t: Transaction, member: host.Host, where: str) -> None:
    """Refuse a host in a cluster with a network that has a device named as an interface of the host, or of its VLAN."""
    t.census(where)
    zone = t.load(where, cluster.Cluster).state.zone
    for name in member.devices:
        for other, state in bearers(t, zone, name):
            if not isinstance(state, l2.L2Network) or is_shared(name, state, member):
                continue
            if because := why_there(t, other, state, where):
                raise clash(name, state, member, because, why_named(other, name))
    for other in t.census(where).networks_on(where):
        found = t.get(other)
        if found and isinstance(found.state, l2.L2Network):
            attached = witness(other, l2.AttachedToCluster, cluster=where)
            refuse_second(member, found.state, attached, why_named(other, found.state.device))


def refuse_second(member: host.Host, network: l2.L2Network, *because: Witness) -> None:
    """Refuse a VLAN device where the host has one of its own: a kernel has room for one of a VLAN on an interface."""
    own = member.double_of(network.device, network.segment) if network.device else ""
    if own:
        raise Refusal(
            "conflict",
            f"host {member.name} has {own} of its own, and a kernel has room for one device of a VLAN on an interface:"
            f" L2 network {network.name} needs another VLAN or another interface there",
            *because,
        )


def why_there(t: Transaction, uuid: str, state: Bearer, where: str) -> Witness | None:
    """Name the fact that brought a host or a network to a cluster; nothing when it is not there."""
    if isinstance(state, host.Host):
        return witness(uuid, host.Added, host.Moved) if state.cluster == where else None
    clusters = t.load(state.pool, pool.VxlanPool).state.clusters if state.pool else state.clusters
    brought = witness(state.pool or uuid, l2.AttachedToCluster, pool.AttachedToCluster, cluster=where)
    return brought if where in clusters else None


def why_named(uuid: str, name: str) -> Witness:
    """Name the change of VLAN that gave a network a device of that name, if one did."""
    return witness(uuid, l2.VlanChanged, device=name)


def clash(name: str, network: l2.L2Network, other: Bearer, *because: Witness) -> Refusal:
    whose = f"an interface of host {other.name}" if isinstance(other, host.Host) else f"one of L2 network {other.name}"
    return Refusal(
        "conflict",
        f"L2 network {network.name} has a device {name}, which is {whose} too, and a host can't have both:"
        " a network that is made while the other is there gets another name",
        *because,
    )
