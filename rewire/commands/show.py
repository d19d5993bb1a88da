"""`rewire show`: objects as they are, or were."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from domain import values
from domain.errors import Refusal
from projections import inventory
from projections.topology import Topology
from rewire import fields, naming, options, output, session, when


COLUMNS = {
    "zone": ("name", "uuid"),
    "cluster": ("name", "zoneUuid", "hypervisorType"),
    "host": ("name", "clusterUuid", "state", "interfaces", "address", "vtep"),
    "l2": ("name", "type", "physicalInterface", "vlan", "vni", "attachedClusterUuids", "bridge"),
    "pool": ("name", "attachedVniRanges", "attachedCidrs", "attachedClusterUuids"),
    "l3": ("name", "l2NetworkUuid", "category", "ipRanges", "allocator"),
    "vm": ("name", "state", "hostUuid"),
    "provider": ("name", "type", "networkServiceTypes", "attachedL2NetworkUuids", "publicL3NetworkUuid"),
    "vip": ("name", "ip", "l3NetworkUuid", "useFor", "serviceProviderUuids"),
    "eip": ("name", "vipIp", "guestIp", "vmNicUuid"),
    "port-forwarding": ("name", "vipIp", "protocolType", "vipPortStart", "vipPortEnd", "guestIp", "allowedCidr"),
    "security-group": ("name", "attachedL3NetworkUuids", "rules", "vmNicUuids"),
    "router": ("l3NetworkUuid", "hostUuid", "networkServiceTypes", "nics"),
    "nic": ("name", "ip", "mac", "hostUuid", "device"),
    "switch": ("name", "zoneUuid", "ports"),
}


@click.command(name="show")
@click.argument("kind", type=click.Choice(sorted(inventory.KINDS)))
@click.argument("name", required=False)
@options.reading
def command(kind: str, name: str | None, store: str | None, at: str | None, output_format: str | None) -> None:
    """List the objects of a KIND, or show the one of that NAME (or uuid). A router goes by its L3 network's name."""
    with session.opened(store) as open_session:
        topology = open_session.topology(when.position(open_session, at))
        found, label = list(inventory.KINDS[kind](topology)), partial(naming.label, topology)
        if name is None:
            output.show(
                found,
                output_format,
                columns=COLUMNS[kind],
                fields=fields.SHOWN[kind],
                name=label,
                empty=f"there is no {kind} yet",
            )
            return
        fitting = [entry for entry in found if {values.uuid(name), name} & called(topology, kind, entry)]
        if not fitting:
            ended = topology.ended("l2" if kind == "pool" else kind, name)
            raise open_session.pointed(Refusal("unknown-object", f"there is no {kind} {name!r}", ended), topology)
        output.show(fitting[0], output_format, name=label)


def called(topology: Topology, kind: str, entry: dict[str, Any]) -> set[str]:
    """Give all that an object goes by."""
    name = topology.name(entry["l3NetworkUuid"]) if kind == "router" else entry.get("name", "")
    return {entry["uuid"], name}
