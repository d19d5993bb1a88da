"""Zones, clusters and hosts: the places that networks are attached to."""

from __future__ import annotations

from domain import claims, cluster, commands, host, zone
from domain.errors import Refusal, witness
from domain.handlers import attachments, routers, vms
from domain.history import Loaded
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
    bonds = host.bonds(c.name, c.interfaces)
    attachments.require_networks(t, "", host.joined(fact, *bonds), parent.uuid)
    uuid = t.identify(c.uuid)
    cause = t.create("host", uuid, fact)
    for bond in bonds:
        t.record(uuid, bond, cause=cause)
    for key in address_claims(parent.state.zone, fact.address, fact.vtep):
        t.take(key, uuid, cause=cause)
    offer_routers(t, uuid, parent.uuid, cause=cause)


def offer_routers(t: Transaction, uuid: str, where: str, *, cause: str) -> None:
    """Let a host that is new to its cluster, or in service again, take the routers that wait for one."""
    routers.offer(t, t.census(where).networks_on(where), [uuid], cause=cause)


def address_claims(zone_uuid: str, *addresses: str) -> list[claims.Key]:
    """Name what a host holds in its zone's underlay."""
    return [claims.host_address(zone_uuid, address) for address in sorted({*addresses} - {""})]


def release_addresses(t: Transaction, found: Loaded[host.Host]) -> None:
    """Give back what a host that goes holds in its zone's underlay."""
    home = t.load(found.state.cluster, cluster.Cluster)
    for key in address_claims(home.state.zone, found.state.address, found.state.vtep):
        t.release(key, found.uuid)


def move_host(t: Transaction, c: commands.MoveHost) -> None:
    """Take a host without VMs to another cluster of its zone whose networks it can carry."""
    found = t.require("host", c.host, host.Host)
    target = t.require("cluster", c.cluster, cluster.Cluster)
    t.subject = found.uuid
    fact = host.move(found.uuid, found.state, cluster=target.uuid, cluster_name=target.state.name)
    source = t.load(found.state.cluster, cluster.Cluster)
    require_alike(found.state, source, target)
    vms.refuse_guests(t, found)
    attachments.require_networks(t, found.uuid, found.state, target.uuid)
    cause = t.record(found.uuid, fact)
    routers.reconsider(t, [found.uuid], cause=cause)
    offer_routers(t, found.uuid, target.uuid, cause=cause)


def require_alike(member: host.Host, source: Loaded[cluster.Cluster], target: Loaded[cluster.Cluster]) -> None:
    """Refuse a cluster of another zone or hypervisor: no wire leads there, or nothing there could drive the host."""
    seen = witness(source.uuid, cluster.Created), witness(target.uuid, cluster.Created)
    if source.state.zone != target.state.zone:
        told = f"cluster {target.state.name} is in another zone than host {member.name}"
        raise Refusal("wrong-zone", told, *seen)
    if source.state.hypervisor != target.state.hypervisor:
        raise Refusal(
            "host-not-eligible",
            f"host {member.name} runs {source.state.hypervisor}, cluster {target.state.name}"
            f" is of {target.state.hypervisor} hosts",
            *seen,
        )


def set_host_state(t: Transaction, c: commands.SetHostState) -> None:
    """Change whether a host takes VMs and routers; one in maintenance has none, a disabled one keeps those it has."""
    found = t.require("host", c.host, host.Host)
    t.subject = found.uuid
    fact = host.set_state(found.uuid, found.state, c.state)
    cause = t.record(found.uuid, fact)
    if fact.state == "maintenance":
        vms.evacuate(t, found, cause=cause)
        routers.reconsider(t, [found.uuid], cause=cause)
    if fact.state == "enabled":
        offer_routers(t, found.uuid, found.state.cluster, cause=cause)
