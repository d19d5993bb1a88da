"""Zones, clusters and hosts: the places that networks are attached to."""

from __future__ import annotations

from domain import claims, cluster, commands, host, l2, pool, zone
from domain.errors import witness
from domain.transaction import Transaction


def create_zone(t: Transaction, c: commands.CreateZone) -> None:
    fact = zone.create(c.name)
    t.create("zone", t.identify(c.uuid), fact)


def create_cluster(t: Transaction, c: commands.CreateCluster) -> None:
    parent = t.require("zone", c.zone, zone.Zone)
    fact = cluster.create(c.name, zone=parent.uuid, hypervisor=c.hypervisor)
    t.create("cluster", t.identify(c.uuid), fact)


def add_host(t: Transaction, c: commands.AddHost) -> None:
    parent = t.require("cluster", c.cluster, cluster.Cluster)
    fact = host.add(c.name, cluster=parent.uuid, interfaces=c.interfaces, address=c.address, vtep=c.vtep)
    newcomer = host.joined(fact)
    for uuid in t.census(parent.uuid).networks_on(parent.uuid):
        require_fit(t, newcomer, uuid, parent.uuid)
    subject = t.identify(c.uuid)
    cause = t.create("host", subject, fact)
    for address in sorted({fact.address, fact.vtep} - {""}):
        t.take(claims.host_address(parent.state.zone, address), subject, cause=cause)


def require_fit(t: Transaction, newcomer: host.Host, uuid: str, cluster_uuid: str) -> None:
    """Refuse a host that lacks what a network of its cluster needs."""
    loaded = t.get(uuid)
    because = witness(uuid, l2.AttachedToCluster, pool.AttachedToCluster, cluster=cluster_uuid)
    match loaded.state if loaded else None:
        case l2.L2Network(name=name, physical_interface=interface):
            host.require_interface(newcomer, interface, network=name, because=because)
        case pool.VxlanPool(name=name, physical_interface=interface) as owner:
            host.require_interface(newcomer, interface, network=name, because=because)
            host.require_vtep(newcomer, owner.vtep_cidr(cluster_uuid), pool=name, because=because)
        case _:
            pass


def set_host_state(t: Transaction, c: commands.SetHostState) -> None:
    found = t.require("host", c.host, host.Host)
    t.subject = found.uuid
    t.record(found.uuid, host.set_state(found.uuid, found.state, c.state))
