"""L2 networks and pools are attached to clusters, and taken off them with the NICs that hang there."""

from __future__ import annotations

from domain import cluster, commands, host, l2, l2_types, pool, vm
from domain.errors import Refusal, Witness, witness
from domain.handlers import bindings, device_names, nics, routers
from domain.history import Loaded, State
from domain.transaction import Transaction


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
    l2_types.require_realization(state.type, where.state.hypervisor)
    require_hosts(t, where.uuid, state)
    device_names.refuse_network(t, network.uuid, state, where.uuid)
    cause = t.record(network.uuid, fact)
    t.take(l2.segment_claim(state, where.uuid), network.uuid, cause=cause)
    offer_routers(t, network.uuid, where.uuid, cause=cause)


def attach_pool(
    t: Transaction,
    owner: Loaded[pool.VxlanPool],
    where: Loaded[cluster.Cluster],
    c: commands.AttachL2NetworkToCluster,
) -> None:
    state, name = owner.state, where.state.name
    fact = pool.attach(owner.uuid, state, cluster=where.uuid, cluster_name=name, vtep_cidr=c.vtep_cidr)
    require_zone(t, owner.uuid, state.name, state.zone, where)
    l2_types.require_realization(l2.VXLAN, where.state.hypervisor)
    refuse_neighbours(t, owner, where.uuid, *state.ranges)
    require_hosts(t, where.uuid, state, cidr=fact.vtep_cidr)
    for uuid in t.census(owner.uuid).members_of(owner.uuid):
        device_names.refuse_network(t, uuid, t.load(uuid, l2.L2Network).state, where.uuid)
    cause = t.record(owner.uuid, fact)
    offer_routers(t, owner.uuid, where.uuid, cause=cause)


def offer_routers(t: Transaction, network: str, where: str, *, cause: str) -> None:
    """Let the hosts of a cluster take the routers that its new network allows, the emptiest first."""
    routers.offer(t, [network], t.census(where).placement([], cluster=where).hosts, cause=cause)


def require_zone(t: Transaction, uuid: str, name: str, home: str, where: Loaded[cluster.Cluster]) -> None:
    """Refuse to attach across zones: what is in one zone has no wire to another."""
    if home != where.state.zone:
        raise Refusal(
            "wrong-zone",
            f"network {name} is in {t.label(home)}, cluster {where.state.name} in {t.label(where.state.zone)}",
            witness(uuid, l2.Created, pool.Created),
            witness(where.uuid, cluster.Created),
        )


def refuse_neighbours(t: Transaction, owner: Loaded[pool.VxlanPool], where: str, *added: pool.VniRange) -> None:
    """Refuse VNIs that another pool on the cluster has: a host would need one device name twice."""
    for uuid in t.census(where).networks_on(where):
        other = t.get(uuid)
        if other and uuid != owner.uuid and isinstance(other.state, pool.VxlanPool):
            pool.refuse_overlap(uuid, other.state, added, owner.state.name)


def require_hosts(t: Transaction, where: str, network: l2.L2Network | pool.VxlanPool, *, cidr: str = "") -> None:
    """Refuse a network when a host of the cluster lacks what it needs."""
    for uuid in t.census(where).hosts_of(where):
        member = t.load(uuid, host.Host)
        require_fit(uuid, member.state, network, cidr=cidr, because=witness(uuid, host.Added))


def require_networks(t: Transaction, uuid: str, member: host.Host, where: str) -> None:
    """Refuse a host that lacks what a network of the cluster needs that it is to be in, or has a device's name."""
    for network in t.census(where).networks_on(where):
        loaded = t.get(network)
        because = witness(network, l2.AttachedToCluster, pool.AttachedToCluster, cluster=where)
        match loaded.state if loaded else None:
            case l2.L2Network() as state:
                require_fit(uuid, member, state, cidr="", because=because)
            case pool.VxlanPool() as owner:
                require_fit(uuid, member, owner, cidr=owner.vtep_cidr(where), because=because)
            case _:
                pass
    device_names.refuse_host(t, member, where)


def require_fit(
    uuid: str, member: host.Host, network: l2.L2Network | pool.VxlanPool, *, cidr: str, because: Witness
) -> None:
    """Refuse a host and a network that don't fit: no interface, or no address to start tunnels from."""
    name = network.name
    host.require_interface(uuid, member, network.physical_interface, network=name, because=because)
    match network:
        case pool.VxlanPool():
            host.require_vtep(member, cidr, pool=name, because=because)
        case l2.L2Network(carrier="gre"):
            host.require_endpoint(member, network=name, because=because)
        case _:
            pass


def detach(t: Transaction, c: commands.DetachL2NetworkFromCluster) -> None:
    network = t.find("l2", c.l2)
    where = t.require("cluster", c.cluster, cluster.Cluster)
    t.subject = network.uuid
    take_off(t, network, where)


def take_off(t: Transaction, network: Loaded[State], where: Loaded[cluster.Cluster]) -> str:
    """Detach a network or a pool from a cluster, give its claim back, and take the NICs off that run there."""
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
    routers.reconsider(t, t.census(where.uuid).hosts_of(where.uuid), cause=cause)
    return cause


def detach_nics(t: Transaction, network: str, where: str, cause: str) -> None:
    """Take the network's NICs off the VMs that run in the cluster, and from others the EIPs that led out by it.

    The VMs keep running (ZStack since 1.9).
    """
    hosts = set(t.census(where).hosts_of(where))
    t.census(*hosts)
    for subnet in t.census(network).l3s_of(network):
        for vm_uuid in t.census(subnet).vms_on(subnet):
            guest = t.get(vm_uuid)
            if guest and isinstance(guest.state, vm.Vm) and guest.state.host in hosts:
                nics.detach(t, Loaded(guest.uuid, guest.version, guest.state), subnet, cause=cause)
    bindings.detach_eips(t, network, hosts, cause=cause)
