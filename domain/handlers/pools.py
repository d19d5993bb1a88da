"""VXLAN pools, their VNI ranges, and the VXLAN networks made out of them."""

from __future__ import annotations

from domain import claims, commands, pool, zone
from domain import l2 as l2s
from domain.errors import Refusal, witness
from domain.handlers import attachments
from domain.handlers.l2s import record_network
from domain.history import Loaded
from domain.transaction import Transaction


def create(t: Transaction, c: commands.CreateL2VxlanNetworkPool) -> None:
    parent = t.require("zone", c.zone, zone.Zone)
    interface, description = c.physical_interface, c.description
    fact = pool.create(c.name, zone=parent.uuid, physical_interface=interface, description=description)
    t.create("l2", t.identify(c.uuid), fact)


def add_vni_range(t: Transaction, c: commands.AddVniRange) -> None:
    owner = t.require("l2", c.pool, pool.VxlanPool)
    t.subject = owner.uuid
    fact = pool.add_vni_range(owner.uuid, owner.state, name=c.name, start=c.start, end=c.end)
    added = pool.VniRange(fact.name, fact.start, fact.end)
    for cluster_uuid in owner.state.clusters:
        attachments.refuse_neighbours(t, owner, cluster_uuid, added)
    t.record(owner.uuid, fact)


def create_network(t: Transaction, c: commands.CreateL2VxlanNetwork) -> None:
    owner = t.require("l2", c.pool, pool.VxlanPool)
    vni = pool.require_vni(owner.state, c.vni) if c.vni is not None else free_vni(t, owner)
    fact = l2s.create_vxlan(
        c.name,
        zone=owner.state.zone,
        pool=owner.uuid,
        vni=vni,
        realize=c.realize,
        account=c.account,
        description=c.description,
    )
    t.refuse_held(claims.vni(owner.uuid, vni))
    cause = record_network(t, c.uuid, fact, clusters=owner.state.clusters)
    t.take(claims.vni(owner.uuid, vni), t.subject, cause=cause)


def free_vni(t: Transaction, owner: Loaded[pool.VxlanPool]) -> int:
    vni = t.census(owner.uuid).free_vni(owner.uuid)
    if vni is None:
        ranges = (witness(owner.uuid, pool.VniRangeAdded, name=r.name) for r in owner.state.ranges)
        raise Refusal("vni-exhausted", f"pool {owner.state.name} has no free VNI: add a VNI range", *ranges)
    return vni
