"""Inventories: objects as programs read them, under ZStack's field names.

The names are a promise to scripts. What an object has beside them may be added to, never taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from domain import cluster, host, l2, l3, pool, switch, vm, zone
from domain.ip_range import IpRange
from projections import attachment, service_inventory
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
            "bonds": {bond: list(members) for bond, members in state.bonds},
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
        told = {"poolUuid": state.pool, "realize": state.realize, "account": state.account}
        return {"vni": state.virtual_network_id} | told
    if state.type == l2.GRE:
        return {"greKey": state.virtual_network_id}
    return {"number": state.virtual_network_id} if state.virtual_network_id else {}


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
            "state": state.state,
            "dnsDomain": state.dns_domain,
            "dns": list(state.dns),
            "ipRanges": [ip_range(r) for r in state.ranges],
            "networkServices": service_inventory.network_services(topology, uuid),
            "dhcpServerIps": [ip for _, ip in state.dhcp_servers],
            "hostRoute": [{"prefix": route.prefix, "nexthop": route.next_hop} for route in state.host_routes],
            "reservedIpRanges": [{"startIp": kept.start, "endIp": kept.end} for kept in state.reserved],
            "mtu": state.mtu,
            "allocator": state.allocator,
        }


def ip_range(state: IpRange) -> Inventory:
    return {
        "name": state.name,
        "startIp": state.start,
        "endIp": state.end,
        "netmask": state.netmask,
        "gateway": state.gateway,
        "networkCidr": state.network_cidr,
        "prefixLen": state.prefix_length,
        "ipVersion": state.version,
        "addressMode": state.address_mode,
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
        "ip": found.ip or found.ip6,
        "ip6": found.ip6,
        "mac": found.mac,
        "hostUuid": topology.state(found.vm, vm.Vm).host,
        "device": found.device,
    }


def switches(topology: Topology) -> Iterator[Inventory]:
    for uuid, state in topology.every(switch.Switch):
        ports = [port(topology, uuid, name, state.port(name)) for name in state.ports]
        yield {"uuid": uuid, "name": state.name, "zoneUuid": state.zone, "ports": ports}


def port(topology: Topology, uuid: str, name: str, state: switch.Port) -> Inventory:
    """Give a switch port, and as `host:interface` or `switch:port` what it is cabled to."""
    wire = topology.fabric.wires.get((uuid, name))
    cabled = {"cabledTo": f"{topology.name(wire.far[0])}:{wire.far[1]}"} if wire else {}
    if state.mode == "access":
        return {"name": name, "mode": state.mode, "vlan": state.vlan, **cabled}
    return {"name": name, "mode": state.mode, "vlans": state.vlans, "native": state.native or None, **cabled}


KINDS: dict[str, Callable[[Topology], Iterator[Inventory]]] = {
    "zone": zones,
    "cluster": clusters,
    "host": hosts,
    "l2": l2_networks,
    "pool": pools,
    "l3": l3_networks,
    "vm": vms,
    "nic": nics,
    "switch": switches,
    **service_inventory.KINDS,
}
"""What `show` can list, each in the order the objects were made."""
