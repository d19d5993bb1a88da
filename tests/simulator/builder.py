"""Small data centres for tests, made by commands as people make them."""

from __future__ import annotations

import msgspec

from domain import commands as c
from domain import instruments
from domain.errors import Refusal
from domain.history import Author
from domain.network import Network
from projections.follow import Follower
from projections.topology import Topology
from simulator.timing import Fixed, Timing


class DataCentre:
    """A history in memory, and its topology at the moment."""

    def __init__(self) -> None:
        self._follower = Follower()
        self._network = Network(":memory:", survey=self._follower, instruments=instruments.repeatable(1))
        self._run(c.CreateZone(name="z"))

    def do(self, *commands: c.Command) -> Topology:
        """Carry out commands; give the topology they lead to."""
        for command in commands:
            self._run(command)
        return self._follower.now(self._network)

    def attempt(self, *commands: c.Command) -> Topology:
        """Carry out those of the commands that are allowed."""
        for command in commands:
            try:
                self._run(command)
            except Refusal:
                continue
        return self._follower.now(self._network)

    def _run(self, command: c.Command) -> None:
        self._network.execute(command, Author("test"))


def cluster(name: str, *hosts: str) -> list[c.Command]:
    """Make a cluster with hosts `h1`, `h2`…, the number being the VTEP's last byte."""
    return [
        c.CreateCluster(name=name, zone="z"),
        *(host(name, h) for h in hosts),
    ]


def host(cluster_name: str, name: str) -> c.Command:
    return c.AddHost(name=name, cluster=cluster_name, interfaces=("eth0", "eth1"), vtep=f"10.9.0.{name[1:]}")


def vlan(name: str, tag: int, *clusters: str) -> list[c.Command]:
    """Make a VLAN network on eth0 with an L3 network of the same name."""
    return [
        c.CreateL2VlanNetwork(name=name, zone="z", physical_interface="eth0", vlan=tag),
        *subnet(name),
        *(c.AttachL2NetworkToCluster(l2=name, cluster=where) for where in clusters),
    ]


def untagged(name: str, interface: str, *clusters: str) -> list[c.Command]:
    return [
        c.CreateL2NoVlanNetwork(name=name, zone="z", physical_interface=interface),
        *subnet(name),
        *(c.AttachL2NetworkToCluster(l2=name, cluster=where) for where in clusters),
    ]


def pool(name: str, *clusters: str) -> list[c.Command]:
    return [
        c.CreateL2VxlanNetworkPool(name=name, zone="z"),
        c.AddVniRange(pool=name, start=100, end=199),
        *(c.AttachL2NetworkToCluster(l2=name, cluster=where, vtep_cidr="10.9.0.0/16") for where in clusters),
    ]


def vxlan(name: str, owner: str, *, realize: str = "attach") -> list[c.Command]:
    return [c.CreateL2VxlanNetwork(name=name, pool=owner, realize=realize), *subnet(name)]


def subnet(name: str) -> list[c.Command]:
    return [
        c.CreateL3Network(name=name, l2=name),
        c.AddIpRangeByCidr(l3=name, name="r", cidr="192.168.0.0/24"),
    ]


def guest(name: str, where: str, *networks: str, number: int) -> c.Command:
    """Make a VM whose NICs' devices end in its number."""
    macs = {network: f"fa:00:00:00:{place:02x}:{number:02x}" for place, network in enumerate(networks)}
    return c.CreateVm(name=name, networks=networks, host=where, macs=macs)


def fixed(**milliseconds: float) -> Timing:
    """Give a timing in which everything takes one millisecond but what is given."""
    names = [field.name for field in msgspec.structs.fields(Timing)]
    return Timing(**{name: Fixed(milliseconds.get(name, 1)) for name in names})
