"""HostPlan: what one host must have for the networks of its cluster and the NICs of its VMs.

The plan says what, never how: the way from what a host has to what it must have is `diff`'s. Each object names
the facts that caused it. A backend builds it, a simulator pretends to, and both read the same plan.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain import host, l2, l3, pool
from domain.l2_types import GRE_MTU, TUNNEL_MTU
from projections import attachment, doorways, flat, routers, service_plan
from projections.filters import Filters, filters
from projections.namespaces import Barrier, Fence, Gate, Namespace
from projections.peers import peers
from projections.relations import related
from projections.service_entries import Services
from projections.topology import Topology
from projections.walls import Wall, wall


TUNNEL_PORT = 8472
"""UDP port of the tunnels: Linux's default, which ZStack keeps, not IANA's 4789."""
BRIDGED = frozenset({"interface", "vlan", "tunnel"})
"""The carriers of the networks that a bridge of the kernel's joins VMs to."""
DEFAULT_MTU = 1500
USUAL_MTU = {"tunnel": TUNNEL_MTU, "gre": GRE_MTU}


class Bridge(msgspec.Struct, frozen=True):
    name: str
    l2: str
    uplink: str
    """The physical interface that is its port, with its addresses on the bridge; nothing where a device of ours is."""
    mtu: int
    """0: as what is below has it."""
    because: tuple[int, ...]


class Vlan(msgspec.Struct, frozen=True):
    name: str
    l2: str
    interface: str
    vlan: int
    bridge: str
    because: tuple[int, ...]
    mtu: int = 0
    """0: as the interface below has it."""


class Tunnel(msgspec.Struct, frozen=True):
    name: str
    l2: str
    vni: int
    local: str
    port: int
    peers: tuple[str, ...]
    """Where broadcasts are sent a copy each (head-end replication): the other hosts' VTEPs, never our own."""
    bridge: str
    mtu: int
    because: tuple[int, ...]


class GreMesh(msgspec.Struct, frozen=True):
    """An OVS bridge with a tunnel of one key to each other host of the network."""

    bridge: str
    l2: str
    key: int
    interface: str
    local: str
    peers: tuple[str, ...]
    because: tuple[int, ...]
    mtu: int = 0
    """0: the kernel's own."""


class Custom(msgspec.Struct, frozen=True):
    """A network of a plugin's type: for its own realization to make, not for `diff`."""

    bridge: str
    l2: str
    type: str
    device: str
    interface: str
    number: int
    because: tuple[int, ...]


class Port(msgspec.Struct, frozen=True):
    """The host's end of a VM's NIC."""

    device: str
    nic: str
    vm: str
    mac: str
    """The guest's."""
    ip: str
    ip6: str
    bridge: str
    because: tuple[int, ...]
    mtu: int = 0
    """0: the kernel's own."""


class HostPlan(msgspec.Struct, frozen=True):
    """All that a host must have from us; what it has of ours beside that must go."""

    host: str
    position: int
    bridges: tuple[Bridge, ...] = ()
    vlans: tuple[Vlan, ...] = ()
    tunnels: tuple[Tunnel, ...] = ()
    ports: tuple[Port, ...] = ()
    meshes: tuple[GreMesh, ...] = ()
    customs: tuple[Custom, ...] = ()
    services: Services = Services()
    filters: Filters = Filters()
    namespaces: tuple[Namespace, ...] = ()
    fences: tuple[Fence, ...] = ()
    deaf: tuple[str, ...] = ()
    """The bridges without addresses of the host's own: what comes in there is never for the host itself."""
    gates: tuple[Gate, ...] = ()
    wall: Wall = Wall()

    @property
    def barriers(self) -> tuple[Barrier, ...]:
        """Give all that keeps legs where they belong."""
        return (*self.fences, *self.gates)


def plan(topology: Topology, uuid: str) -> HostPlan:
    """Derive a host's plan. O(networks of its cluster + NICs on it + peers)."""
    member = topology.state(uuid, host.Host)
    here = dict(attachment.networks_on(topology.objects, topology.attached, member.cluster))
    ports = tuple(sorted(ports_of(topology, uuid), key=lambda port: port.device))
    serving = {topology.state(n, l2.L2Network).bridge for n in service_plan.networks(topology, uuid)}
    busy = {port.bridge for port in ports} | serving
    networks = [(n, topology.state(n, l2.L2Network), because) for n, because in sorted(here.items())]
    needed = [(n, s, facts(topology, n, b)) for n, s, b in networks if is_needed(s, busy)]
    bridges = tuple(bridge(topology, member, n, because) for n, s, because in needed if s.carrier in BRIDGED)
    vlans = tuple(vlan(topology, n, because) for n, s, because in needed if s.carrier == "vlan" and not has(member, s))
    tunnels = tuple(tunnel(topology, uuid, n, because) for n, s, because in needed if s.carrier == "tunnel")
    services = service_plan.services(topology, uuid)
    meshes = tuple(mesh(topology, uuid, n, because) for n, s, because in needed if s.carrier == "gre")
    mtus = {b.name: b.mtu or DEFAULT_MTU for b in bridges} | {m.bridge: m.mtu or DEFAULT_MTU for m in meshes}
    led = doorways.possible(services.eips, gated=[b.name for b in bridges], made=mtus)
    doors = tuple(doorways.doorways(topology, uuid, led))
    namespaces = (
        *flat.namespaces(topology, services, mtus),
        *routers.namespaces(topology, services, mtus),
        *(doorways.namespace(topology, each, mtus) for each in doors),
    )
    return HostPlan(
        host=uuid,
        position=topology.position,
        bridges=bridges,
        vlans=vlans,
        tunnels=tunnels,
        ports=ports,
        meshes=meshes,
        customs=tuple(custom(n, s, because) for n, s, because in needed if s.carrier == "own"),
        services=services,
        filters=filters(services, ports, bridges),
        namespaces=namespaces,
        fences=tuple(flat.fences(namespaces, ways_out(bridges, vlans, tunnels))),
        deaf=tuple(sorted(bridge.name for bridge in bridges if not bridge.uplink)),
        gates=tuple(doorways.gate(topology, each) for each in doors),
        wall=wall(tunnels, bridges),
    )


def ways_out(
    bridges: tuple[Bridge, ...], vlans: tuple[Vlan, ...], tunnels: tuple[Tunnel, ...]
) -> dict[str, tuple[str, ...]]:
    """Give the ports that lead off the host, by bridge."""
    uplinks: dict[str, tuple[str, ...]] = {bridge.name: (bridge.uplink,) for bridge in bridges if bridge.uplink}
    tagged = {device.bridge: (device.name,) for device in vlans}
    return uplinks | tagged | {device.bridge: (device.name,) for device in tunnels}


def facts(topology: Topology, network: str, attached: int) -> tuple[int, ...]:
    """Name what a network's devices rest on: the fact that made it, the one that gave it its VLAN, and the one that
    brought it to the cluster.
    """
    born = topology.objects.born[network]
    return tuple(sorted({born, topology.objects.shaped.get(network, born), attached}))


def is_needed(network: l2.L2Network, busy: set[str]) -> bool:
    return network.realize == "attach" or network.bridge in busy


def ports_of(topology: Topology, uuid: str) -> Iterator[Port]:
    """Walk the NICs of the VMs that run on a host."""
    for guest, placed in related(topology.objects.children, uuid).items():
        for nic in topology.nics_of(guest):
            subnet = topology.state(nic.l3, l3.L3Network)
            network = topology.state(subnet.l2, l2.L2Network)
            because = tuple(sorted({nic.position, placed}))
            mtu = mtu_of(topology, subnet.l2)
            yield Port(nic.device, nic.uuid, guest, nic.mac, nic.ip, nic.ip6, network.bridge, because, mtu)


def bridge(topology: Topology, member: host.Host, uuid: str, because: tuple[int, ...]) -> Bridge:
    network = topology.state(uuid, l2.L2Network)
    return Bridge(network.bridge, uuid, uplink_of(member, network), mtu_of(topology, uuid), because)


def uplink_of(member: host.Host, network: l2.L2Network) -> str:
    """Give the host's own interface that is a port of the network's bridge; nothing where a device of ours is."""
    if network.carrier == "interface":
        return network.physical_interface
    return network.device if has(member, network) else ""


def has(member: host.Host, network: l2.L2Network) -> bool:
    """Tell whether the network's VLAN device is an interface of the host's own, which is used and never made."""
    return network.carrier == "vlan" and member.stands_for(network.device, network.segment)


def mtu_of(topology: Topology, uuid: str) -> int:
    """Give the largest MTU of an L2 network's L3 networks, where one that asks for none has what is usual.

    Where none asks, it is what a tunnel leaves, and elsewhere 0.
    """
    usual = USUAL_MTU.get(topology.state(uuid, l2.L2Network).carrier, 0)
    subnets = (topology.state(n, l3.L3Network) for n in related(topology.objects.children, uuid))
    asked = [subnet.mtu for subnet in subnets]
    return max(mtu or usual or DEFAULT_MTU for mtu in asked) if any(asked) else usual


def vlan(topology: Topology, uuid: str, because: tuple[int, ...]) -> Vlan:
    network = topology.state(uuid, l2.L2Network)
    return Vlan(
        name=network.device,
        l2=uuid,
        interface=network.physical_interface,
        vlan=network.virtual_network_id,
        bridge=network.bridge,
        because=because,
        mtu=mtu_of(topology, uuid),
    )


def tunnel(topology: Topology, uuid: str, network_uuid: str, because: tuple[int, ...]) -> Tunnel:
    network = topology.state(network_uuid, l2.L2Network)
    owner = topology.state(network.pool, pool.VxlanPool)
    member = topology.state(uuid, host.Host)
    local = member.tunnel_address(owner.vtep_cidr(member.cluster))
    return Tunnel(
        name=network.device,
        l2=network_uuid,
        vni=network.virtual_network_id,
        local=local,
        port=TUNNEL_PORT,
        peers=tuple(sorted(set(peers(topology, uuid, network_uuid)) - {local})),
        bridge=network.bridge,
        mtu=mtu_of(topology, network_uuid),
        because=because,
    )


def mesh(topology: Topology, uuid: str, network_uuid: str, because: tuple[int, ...]) -> GreMesh:
    network = topology.state(network_uuid, l2.L2Network)
    local = topology.state(uuid, host.Host).endpoint
    others = (h for h in attachment.hosts_of(topology.objects, network_uuid) if h != uuid)
    return GreMesh(
        bridge=network.bridge,
        l2=network_uuid,
        key=network.virtual_network_id,
        interface=network.physical_interface,
        local=local,
        peers=tuple(sorted({topology.state(other, host.Host).endpoint for other in others} - {local})),
        because=because,
        mtu=mtu_of(topology, network_uuid),
    )


def custom(uuid: str, network: l2.L2Network, because: tuple[int, ...]) -> Custom:
    return Custom(
        bridge=network.bridge,
        l2=uuid,
        type=network.type,
        device=network.device,
        interface=network.physical_interface,
        number=network.virtual_network_id,
        because=because,
    )
