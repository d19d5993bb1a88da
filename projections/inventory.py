"""Inventories: objects as programs read them, under ZStack's field names.

The names are a promise to scripts. What an object has beside them may be added to, never taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from domain import cluster, host, l2, l3, pool, vm, zone
from projections import attachment
from projections.nics import Nic
from projections.topology import Topology


Inventory = dict[str, Any]


def zones(topology: Topology) -> Iterator[Inventory]:
    return ({"uuid": uuid, "name": state.name} for uuid, state in topology.every(zone.Zone))


def clusters(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.every(cluster.Cluster):
        yield {"uuid": uuid, "name": state.name, "zoneUuid": state.zone, "hypervisorType": state.hypervisor}


def hosts(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.every(host.Host):
        yield {
            "uuid": uuid,
            "name": state.name,
            "clusterUuid": state.cluster,
            "state": state.state,
            "interfaces": list(state.interfaces),
            "address": state.address,
            "vtep": state.vtep,
        }


def l2_networks(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.networks():
        yield {
            "uuid": uuid,
            "name": state.name,
            "description": state.description,
            "zoneUuid": state.zone,
            "physicalInterface": state.physical_interface,
            "type": state.type,
            "attachedClusterUuids": list(attachment.clusters_of(topology.objects, uuid)),
            **numbers(state),
            "bridge": state.bridge,
        }


def numbers(state: l2.L2Network) -> Inventory:
    """Give what only the network's type has."""
    if state.type == l2.VLAN:
        return {"vlan": state.virtual_network_id}
    if state.type == l2.VXLAN:
        return {"vni": state.virtual_network_id, "poolUuid": state.pool, "realize": state.realize}
    return {}


def pools(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.every(pool.VxlanPool):
        yield {
            "uuid": uuid,
            "name": state.name,
            "description": state.description,
            "zoneUuid": state.zone,
            "physicalInterface": state.physical_interface,
            "type": pool.TYPE,
            "attachedClusterUuids": list(state.clusters),
            "attachedCidrs": dict(state.attachments),
            "attachedVniRanges": [{"name": r.name, "startVni": r.start, "endVni": r.end} for r in state.ranges],
        }


def l3_networks(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.every(l3.L3Network):
        yield {
            "uuid": uuid,
            "name": state.name,
            "l2NetworkUuid": state.l2,
            "category": state.category,
            "state": "enabled",
            "dnsDomain": state.dns_domain,
            "dns": [],
            "ipRanges": [ip_range(r) for r in state.ranges],
            "networkServices": [],
            "hostRoute": [],
            "mtu": state.mtu,
            "allocator": state.allocator,
        }


def ip_range(state: l3.IpRange) -> Inventory:
    return {
        "name": state.name,
        "startIp": state.start,
        "endIp": state.end,
        "netmask": state.netmask,
        "gateway": state.gateway,
        "networkCidr": state.network_cidr,
    }


def vms(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.every(vm.Vm):
        yield {
            "uuid": uuid,
            "name": state.name,
            "state": state.state,
            "hostUuid": state.host,
            "lastHostUuid": state.last_host,
            "vmNics": [nic(topology, found) for found in topology.nics_of(uuid)],
        }


def nics(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.every(vm.Vm):
        for found in topology.nics_of(uuid):
            name = f"{state.name}/{topology.name(found.l3)}"
            yield nic(topology, found) | {"name": name}


def nic(topology: Topology, found: Nic) -> Inventory:
    return {
        "uuid": found.uuid,
        "vmInstanceUuid": found.vm,
        "l3NetworkUuid": found.l3,
        "ip": found.ip,
        "mac": found.mac,
        "hostUuid": topology.state(found.vm, vm.Vm).host,
        "device": found.device,
    }


KINDS: dict[str, Callable[[Topology], Iterator[Inventory]]] = {
    "zone": zones,
    "cluster": clusters,
    "host": hosts,
    "l2": l2_networks,
    "pool": pools,
    "l3": l3_networks,
    "vm": vms,
    "nic": nics,
}
"""What `show` can list, each in the order the objects were made."""
