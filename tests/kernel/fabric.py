"""Hosts to realize plans on, and the history that the plans come from.

The lab is the backends' own: namespaces joined by switches. Refuses to mend anything: what it tells is what
kernels show and what frames do.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import msgspec

from backends.kvm.host import Host
from backends.kvm.lab import Guest, Lab
from backends.kvm.namespace import inside
from domain import commands, host, instruments, vm
from domain.history import Author
from domain.l2_types import TUNNEL_MTU
from domain.network import Network
from projections import domains, plan, reach
from projections.follow import Follower
from projections.found import Found
from projections.plan import TUNNEL_PORT, Bridge, HostPlan, Port, Tunnel, Vlan
from projections.topology import Topology
from tests import builders


HOSTS = {"h1": "c1", "h2": "c1", "h3": "c2"}
INTERFACES = ("eth0", "eth1")
VTEPS = {"h1": "10.0.0.1", "h2": "10.0.0.2", "h3": "10.0.0.3"}
PATIENCE_S = 10.0  # a port forwards once the kernel has noticed that its cable is plugged in
Pairs = dict[str, tuple[str, ...]]


class Story:
    """A history of three hosts in two clusters, and a lab for them."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._follower = Follower()
        self._network = Network(":memory:", survey=self._follower, instruments=instruments.repeatable(1))
        self.tell(builders.a_zone(), builders.a_cluster("c1"), builders.a_cluster("c2"))
        for name, cluster in HOSTS.items():
            self.tell(builders.a_host(name, cluster=cluster, interfaces=INTERFACES, vtep=VTEPS[name]))

    def tell(self, *wishes: commands.Command) -> None:
        for wish in wishes:
            self._network.execute(wish, Author("tests"))

    def add_networks(self, *networks: commands.Command, names: tuple[str, ...]) -> None:
        """Attach networks to both clusters, and give each host a VM with a NIC on every one of them."""
        self.tell(*networks)
        for name in names:
            self.tell(*(builders.attach(name, c) for c in ("c1", "c2") if not name.startswith("x")))
            self.tell(builders.an_l3(f"l3-{name}", l2=name), builders.a_range(l3=f"l3-{name}"))
        subnets = tuple(f"l3-{name}" for name in names)
        self.tell(*(commands.CreateVm(name=f"vm-{h}", host=h, networks=subnets) for h in HOSTS))

    def topology(self) -> Topology:
        return self._follower.now(self._network)

    def realize(self) -> dict[str, Found]:
        """Bring every host to its plan, and look at it."""
        topology, found = self.topology(), {}
        for uuid, state in topology.every(host.Host):
            with Host(self.lab.path(state.name), plug="veth") as kernel:
                assert not kernel.realize(plan.plan(topology, uuid)).obstacles
                found[state.name] = kernel.look()
        return found

    def hears(self, expected: Pairs) -> Pairs:
        """Tell who hears whom: as soon as it is as expected, or else when patience ends."""
        deadline = time.monotonic() + PATIENCE_S
        guests = list(guests_of(self.topology()))
        heard = self.lab.who_hears(guests)
        while heard != expected and time.monotonic() < deadline:
            heard = self.lab.who_hears(guests)
        return heard


@contextmanager
def story() -> Iterator[Story]:
    with Lab(dict.fromkeys(HOSTS, INTERFACES), VTEPS) as lab:
        yield Story(lab)


def guests_of(topology: Topology) -> Iterator[Guest]:
    for nic in topology.nics.all.values():
        where = topology.name(topology.state(nic.vm, vm.Vm).host)
        yield Guest(nic.uuid, where, nic.device.replace("nic", "p", 1), nic.mac, nic.ip)


def neighbours(topology: Topology) -> Pairs:
    """Tell who should hear whom: everybody else in the broadcast domain."""
    found: Pairs = {}
    for domain in domains.domains(topology):
        found |= {nic: tuple(sorted(set(domain.nics) - {nic})) for nic in domain.nics}
    return dict(sorted(found.items()))


def islands_in(found: Mapping[str, Found]) -> set[frozenset[str]]:
    """Tell which devices hear one another, by what the kernels show."""
    circuits = [c for name, look in found.items() for c in reach.circuits(name, reach.Site("z", look))]
    return {frozenset(port for _, port in island) for island in reach.islands(circuits)}


def islands_meant(topology: Topology) -> set[frozenset[str]]:
    every = topology.nics.all
    return {frozenset(every[nic].device for nic in d.nics) for d in domains.domains(topology) if d.nics}


# one host, and a plan by hand


@contextmanager
def one_host(*setup: str) -> Iterator[str]:
    """Give the path of a host with one interface and one address, set up further by `ip` commands."""
    with Lab({"h": ("eth0",)}, {"h": "10.0.0.1"}) as lab:
        path = lab.path("h")
        for line in setup:
            ip(path, line)
        yield path


def ip(path: str, arguments: str) -> str:
    with inside(path):
        return subprocess.run(["ip", *arguments.split()], check=True, capture_output=True, text=True).stdout


def shown(path: str, arguments: str) -> list[str]:
    """Give what `ip` shows, without the numbers that a kernel counts up."""
    rows = [row for row in json.loads(ip(path, f"-j {arguments}") or "[]") if row]
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def plan_of(*parts: HostPlan) -> HostPlan:
    """Put plans of one network each together."""
    return HostPlan(
        host="h",
        position=1,
        bridges=tuple(bridge for part in parts for bridge in part.bridges),
        vlans=tuple(vlan for part in parts for vlan in part.vlans),
        tunnels=tuple(tunnel for part in parts for tunnel in part.tunnels),
        meshes=tuple(mesh for part in parts for mesh in part.meshes),
        ports=tuple(port for part in parts for port in part.ports),
    )


def untagged(interface: str = "eth0") -> HostPlan:
    bridge = Bridge(f"br_{interface}", f"l2-{interface}", interface, 0, (1,))
    return HostPlan("h", 1, bridges=(bridge,), ports=(port_on(bridge.name, 1),))


def tagged(vlan: int = 10) -> HostPlan:
    bridge = Bridge(f"br_eth0_{vlan}", f"l2-vlan{vlan}", "", 0, (2,))
    device = Vlan(f"eth0.{vlan}", bridge.l2, "eth0", vlan, bridge.name, (2,))
    return HostPlan("h", 1, bridges=(bridge,), vlans=(device,), ports=(port_on(bridge.name, 2),))


def tunnelled(vni: int = 9, peers: tuple[str, ...] = ("10.0.0.2", "10.0.0.3")) -> HostPlan:
    bridge = Bridge(f"br_vx_{vni}", f"l2-vni{vni}", "", TUNNEL_MTU, (3,))
    ends = (vni, "10.0.0.1", TUNNEL_PORT, peers, bridge.name, TUNNEL_MTU, (3,))
    tunnel = Tunnel(f"vxlan{vni}", bridge.l2, *ends)
    return HostPlan("h", 1, bridges=(bridge,), tunnels=(tunnel,), ports=(port_on(bridge.name, 3),))


def port_on(bridge: str, number: int) -> Port:
    mac = f"02:00:00:00:00:{number:02x}"
    return Port(f"nic{mac.replace(':', '')}", f"n{number}", "v", mac, "192.168.0.9", "", bridge, (number,))


def blurred(found: Found, like: Found) -> Found:
    """Leave out the MTUs that a plan leaves to the kernel."""
    links = found.links
    for link in like.links.values():
        if link.ours and not link.mtu and link.name in links:
            links = links.set(link.name, msgspec.structs.replace(links[link.name], mtu=0))
    return msgspec.structs.replace(found, links=links)


class Cut(Exception):
    """A run ends here."""


def after(count: int) -> Callable[[object], None]:
    """End a run after so many operations."""
    left = iter(range(count - 1))

    def count_down(_: object) -> None:
        if next(left, None) is None:
            raise Cut

    return count_down
