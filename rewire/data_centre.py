"""A data centre of any size, made by commands: something to try a change on before one has a network of one's own."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain import commands
from domain.commands import Command


PORTS = ("eth0",)


def steps(hosts: int, *, clusters: int = 2, guests: int = 2) -> Iterator[Command]:
    """Give the commands for so many hosts in so many clusters, one VLAN over all of them, and so many VMs a host."""
    yield commands.CreateZone(name="zone")
    yield commands.CreateL2VlanNetwork(name="tenants", zone="zone", physical_interface=PORTS[0], vlan=100)
    yield commands.CreateL3Network(name="subnet", l2="tenants", allocator="first-available")
    yield commands.AddIpRangeByCidr(l3="subnet", name="range", cidr="172.20.0.0/16")
    for number in range(1, clusters + 1):
        yield commands.CreateCluster(name=f"cluster-{number}", zone="zone")
        yield commands.AttachL2NetworkToCluster(l2="tenants", cluster=f"cluster-{number}")
    for number in range(hosts):
        cluster = f"cluster-{number % clusters + 1}"
        yield commands.AddHost(name=f"host-{number + 1:04}", cluster=cluster, interfaces=PORTS)
    for number in range(hosts * guests):
        where = f"host-{number % hosts + 1:04}"
        yield commands.CreateVm(name=f"vm-{number + 1:05}", networks=("subnet",), host=where)


def change_file(hosts: int) -> bytes:
    """Write the commands as a change file, in JSON."""
    return msgspec.json.encode([{command.tag(): command} for command in steps(hosts)])
