"""L2 networks and VXLAN pools: made in a zone, attached to its clusters, taken off them with the NICs that hang
there.
"""

from __future__ import annotations

from domain import claims, cluster, commands, host, l2, l3, pool, vm, zone
from domain.errors import Refusal, witness
from domain.handlers import nics
from domain.history import Loaded
from domain.transaction import Transaction


def create_no_vlan(t: Transaction, c: commands.CreateL2NoVlanNetwork) -> None:
    parent = t.require("zone", c.zone, zone.Zone)
    interface, description = c.physical_interface, c.description
    fact = l2.create_no_vlan(c.name, zone=parent.uuid, physical_interface=interface, description=description)
    record_network(t, c.uuid, fact)


def create_vlan(t: Transaction, c: commands.CreateL2VlanNetwork) -> None:
    parent = t.require("zone", c.zone, zone.Zone)
    fact = l2.create_vlan(
        c.name,
        zone=parent.uuid,
        physical_interface=c.physical_interface,
        vlan=c.vlan,
        description=c.description,
    )
    record_network(t, c.uuid, fact)


def create_vxlan(t: Transaction, c: commands.CreateL2VxlanNetwork) -> None:
    owner = t.require("l2", c.pool, pool.VxlanPool)
    vni = pool.require_vni(owner.state, c.vni) if c.vni is not None else free_vni(t, owner)
    fact = l2.create_vxlan(
        c.name,
        zone=owner.state.zone,
        pool=owner.uuid,
        vni=vni,
        realize=c.realize,
        description=c.description,
    )
    t.refuse_held(claims.vni(owner.uuid, vni))
    cause = record_network(t, c.uuid, fact)
    t.take(claims.vni(owner.uuid, vni), t.subject, cause=cause)


def free_vni(t: Transaction, owner: Loaded[pool.VxlanPool]) -> int:
    vni = t.census(owner.uuid).free_vni(owner.uuid)
    if vni is None:
        ranges = (witness(owner.uuid, pool.VniRangeAdded, name=r.name) for r in owner.state.ranges)
        raise Refusal("vni-exhausted", f"pool {owner.state.name} has no free VNI: add a VNI range", *ranges)
    return vni


def record_network(t: Transaction, uuid: str, fact: l2.Created) -> str:
    """Record a new L2 network under a bridge name that is its own in the zone."""
    subject = t.identify(uuid)
    named = fact
    if t.holder(claims.bridge(fact.zone, fact.bridge)):
        named = l2.rename_devices(fact, subject)
    cause = t.create("l2", subject, named)
    t.take(claims.bridge(named.zone, named.bridge), subject, cause=cause)
    return cause


def create_pool(t: Transaction, c: commands.CreateL2VxlanNetworkPool) -> None:
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
        refuse_neighbours(t, owner, cluster_uuid, added)
    t.record(owner.uuid, fact)


def refuse_neighbours(t: Transaction, owner: Loaded[pool.VxlanPool], where: str, *added: pool.VniRange) -> None:
    """Refuse VNIs that another pool on the cluster has: a host would need one device name twice."""
    for uuid in t.census(where).networks_on(where):
        other = t.get(uuid)
        if other and uuid != owner.uuid and isinstance(other.state, pool.VxlanPool):
            pool.refuse_overlap(uuid, other.state, added, owner.state.name)


def attach(t: Transaction, c: commands.AttachL2NetworkToCluster) -> None:
    network = t.find("l2", c.l2)
    where = t.require("cluster", c.cluster, cluster.Cluster)
    t.subject = network.uuid
    match network.state:
        case l2.L2Network():
            attach_network(t, Loaded(network.uuid, network.version, network.state), where, c)
        case pool.VxlanPool():
            attach_pool(t, Loaded(network.uuid, network.version, network.state), where, c)
        case _:
            raise TypeError(network.state)


def attach_network(
    t: Transaction,
    network: Loaded[l2.L2Network],
    where: Loaded[cluster.Cluster],
    c: commands.AttachL2NetworkToCluster,
) -> None:
    state = network.state
    fact = l2.attach(network.uuid, state, cluster=where.uuid, cluster_name=where.state.name)
    if c.vtep_cidr:
        raise Refusal("invalid-argument", f"L2 network {state.name} is no VXLAN pool: it takes no vtep-cidr")
    require_zone(t, network.uuid, state.name, state.zone, where)
    for uuid in t.census(where.uuid).hosts_of(where.uuid):
        member = t.load(uuid, host.Host)
        because = witness(uuid, host.Added)
        host.require_interface(member.state, state.physical_interface, network=state.name, because=because)
    cause = t.record(network.uuid, fact)
    t.take(l2.segment_claim(state, where.uuid), network.uuid, cause=cause)


def attach_pool(
    t: Transaction,
    owner: Loaded[pool.VxlanPool],
    where: Loaded[cluster.Cluster],
    c: commands.AttachL2NetworkToCluster,
) -> None:
    state, name = owner.state, where.state.name
    fact = pool.attach(owner.uuid, state, cluster=where.uuid, cluster_name=name, vtep_cidr=c.vtep_cidr)
    require_zone(t, owner.uuid, state.name, state.zone, where)
    refuse_neighbours(t, owner, where.uuid, *state.ranges)
    for uuid in t.census(where.uuid).hosts_of(where.uuid):
        member = t.load(uuid, host.Host)
        because = witness(uuid, host.Added)
        host.require_interface(member.state, state.physical_interface, network=state.name, because=because)
        host.require_vtep(member.state, fact.vtep_cidr, pool=state.name, because=because)
    t.record(owner.uuid, fact)


def require_zone(t: Transaction, uuid: str, name: str, home: str, where: Loaded[cluster.Cluster]) -> None:
    """Refuse to attach across zones: what is in one zone has no wire to another."""
    if home != where.state.zone:
        raise Refusal(
            "wrong-zone",
            f"network {name} is in {t.label(home)}, cluster {where.state.name} in {t.label(where.state.zone)}",
            witness(uuid, l2.Created, pool.Created),
            witness(where.uuid, cluster.Created),
        )


def detach(t: Transaction, c: commands.DetachL2NetworkFromCluster) -> None:
    network = t.find("l2", c.l2)
    where = t.require("cluster", c.cluster, cluster.Cluster)
    t.subject = network.uuid
    match network.state:
        case l2.L2Network() as state:
            fact = l2.detach(network.uuid, state, cluster=where.uuid, cluster_name=where.state.name)
            cause = t.record(network.uuid, fact)
            t.release(l2.segment_claim(state, where.uuid), network.uuid, cause=cause)
            detach_nics(t, network.uuid, where.uuid, cause)
        case pool.VxlanPool() as state:
            left = pool.detach(network.uuid, state, cluster=where.uuid, cluster_name=where.state.name)
            cause = t.record(network.uuid, left)
            for member in t.census(network.uuid).members_of(network.uuid):
                detach_nics(t, member, where.uuid, cause)
        case _:
            raise TypeError(network.state)


def detach_nics(t: Transaction, network: str, where: str, cause: str) -> None:
    """Take the network's NICs off the VMs that run in the cluster. The VMs keep running (ZStack since 1.9)."""
    hosts = set(t.census(where).hosts_of(where))
    t.census(*hosts)
    for l3_uuid in t.census(network).l3s_of(network):
        subnet = t.load(l3_uuid, l3.L3Network)
        for vm_uuid in t.census(l3_uuid).vms_on(l3_uuid):
            guest = t.load(vm_uuid, vm.Vm)
            if guest.state.host in hosts:
                nics.detach(t, guest, subnet.uuid, cause=cause)
