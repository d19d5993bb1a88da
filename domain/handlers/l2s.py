"""L2 networks: made in a zone out of what their type says, renamed, and given another VLAN."""

from __future__ import annotations

from collections.abc import Collection

from domain import claims, cluster, commands, l2, l2_types, pool, zone
from domain.handlers import attachments, device_names, providers, routers
from domain.transaction import Transaction


def create_no_vlan(t: Transaction, c: commands.CreateL2NoVlanNetwork) -> None:
    create(t, c, l2.NO_VLAN, 0)


def create_vlan(t: Transaction, c: commands.CreateL2VlanNetwork) -> None:
    create(t, c, l2.VLAN, c.vlan)


def create_gre(t: Transaction, c: commands.CreateL2OvsGreNetwork) -> None:
    create(t, c, l2.GRE, c.key)


def create_of_type(t: Transaction, c: commands.CreateL2Network) -> None:
    create(t, c, c.type, c.number)


Creation = (
    commands.CreateL2NoVlanNetwork
    | commands.CreateL2VlanNetwork
    | commands.CreateL2OvsGreNetwork
    | commands.CreateL2Network
)


def create(t: Transaction, c: Creation, type_name: str, number: int) -> None:
    parent = t.require("zone", c.zone, zone.Zone)
    shape = l2_types.shape(type_name, c.physical_interface, number)
    fact = l2.create(c.name, zone=parent.uuid, type=type_name, shape=shape, description=c.description)
    record_network(t, c.uuid, fact)


def record_network(t: Transaction, uuid: str, fact: l2.Created, *, clusters: Collection[str] = ()) -> str:
    """Record a new L2 network under device names that are its own in the zone; with its pool, it is on clusters."""
    subject = t.identify(uuid)
    taken = device_names.taken(t, subject, l2.made(fact), clusters=clusters)
    if t.holder(claims.bridge(fact.zone, fact.bridge)):
        taken.add(fact.bridge)
    named = l2.rename_devices(fact, subject, taken)
    cause = t.create("l2", subject, named)
    t.hold(claims.bridge(named.zone, named.bridge), subject, cause=cause)
    providers.join_all(t, subject, cause=cause)
    return cause


def update(t: Transaction, c: commands.UpdateL2Network) -> None:
    """Rename an L2 network or a pool, and move the claim on its name along."""
    network = t.find("l2", c.l2)
    t.subject = network.uuid
    match network.state:
        case l2.L2Network() as state:
            fact: l2.Updated | pool.Updated = l2.update(network.uuid, state, name=c.name, description=c.description)
        case pool.VxlanPool() as state:
            fact = pool.update(network.uuid, state, name=c.name, description=c.description)
        case _:
            raise TypeError(network.state)
    old, new = claims.name("l2", state.name), claims.name("l2", fact.name)
    if old == new:
        t.record(network.uuid, fact)
        return
    t.refuse_held(new)
    cause = t.record(network.uuid, fact)
    t.release(old, network.uuid, cause=cause)
    t.take(new, network.uuid, cause=cause)


def change_vlan(t: Transaction, c: commands.ChangeL2NetworkVlan) -> None:
    """Move a network to another VLAN, in all of its clusters or in none.

    What hosts said of it ends there: one that had trouble may take the routers that wait.
    """
    network = t.require("l2", c.l2, l2.L2Network)
    t.subject = network.uuid
    changed = l2.change_vlan(network.uuid, network.state, c.vlan)
    taken = device_names.taken(t, network.uuid, l2.retagged(network.state, changed))
    fact = l2.rename_device(changed, network.uuid, taken)
    after = l2.retagged(network.state, fact)
    for where in network.state.clusters:
        device_names.refuse_network(t, network.uuid, after, where)
        l2_types.require_realization(after.type, t.load(where, cluster.Cluster).state.hypervisor)
        attachments.require_hosts(t, where, after)
    cause = t.record(network.uuid, fact)
    for where in network.state.clusters:
        t.release(l2.segment_claim(network.state, where), network.uuid, cause=cause)
        t.take(l2.segment_claim(after, where), network.uuid, cause=cause)
    hosts = t.census(*network.state.clusters).placement([]).hosts
    routers.offer(t, [network.uuid], hosts, cause=cause)
