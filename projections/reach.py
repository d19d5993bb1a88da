"""Which ports hear one another, given what each host really has.

The same question as the broadcast domains answer from intentions, answered from devices: a real host's look and
a simulated one go in alike. Equal interface names of a zone are joined, VLAN by VLAN, unless it is said where
their cables lead. Two ends of a tunnel are joined when each sends its broadcasts to the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from domain import cluster, host, l2_types
from projections import broadcast
from projections.fabric import Parts
from projections.found import Found, Link
from projections.ovs import OvsPort
from projections.topology import Topology


class Site(msgspec.Struct, frozen=True):
    """A host where it stands."""

    zone: str
    found: Found
    beyond: Mapping[tuple[str, int], Wire] = {}
    """Where the frames of an interface get to over cables, by interface and VLAN; what is not here, to its equals."""


class Wire(msgspec.Struct, frozen=True, order=True):
    """Untagged frames or one VLAN on an interface of a zone, or a part of its fabric."""

    zone: str
    interface: str
    vlan: int


def beyond(topology: Topology, uuid: str) -> dict[tuple[str, int], Wire]:
    """Give where the frames of each L2 network of its zone get to from a host; nothing in one without a fabric."""
    parts = Parts(topology.objects, topology.fabric)
    zone = topology.state(topology.state(uuid, host.Host).cluster, cluster.Cluster).zone
    found: dict[tuple[str, int], Wire] = {}
    for network, state in topology.networks():
        segment = broadcast.segment_at(topology.scene, network, uuid, parts)
        if segment and state.zone == zone and broadcast.wired(topology.scene, network):
            interface, _, number = state.segment.rpartition("/")
            found[interface, int(number)] = Wire(segment.part, segment.interface, segment.number)
    return found


class TunnelEnd(msgspec.Struct, frozen=True, order=True):
    """A host's end of a VNI or of a GRE key, and whom it sends broadcasts to."""

    vni: int
    port: int
    local: str
    peers: frozenset[str]


class Circuit(msgspec.Struct, frozen=True):
    """What one bridge joins: the VMs' ports on it, and the ways out of the host."""

    host: str
    bridge: str
    ports: tuple[str, ...]
    wires: tuple[Wire, ...]
    tunnels: tuple[TunnelEnd, ...]


def circuits(host: str, site: Site) -> tuple[Circuit, ...]:
    """Give what each bridge of ours on a host joins, in order of name. O(links)."""
    members: dict[str, list[Link]] = {}
    for link in site.found.links.values():
        if link.bridge and link.up:
            members.setdefault(link.bridge, []).append(link)
    bridges = [name for name in sorted(members) if is_live_bridge(site.found.links.get(name))]
    found = [circuit(host, site, bridge, members[bridge]) for bridge in bridges]
    return tuple(sorted((*found, *meshes(host, site)), key=lambda circuit: circuit.bridge))


def meshes(host: str, site: Site) -> Iterator[Circuit]:
    """Walk what each OVS bridge of ours joins: it is a tunnel's end for each key, which has no UDP port."""
    for bridge in site.found.ovs.bridges.values():
        ports = [port for port in site.found.ovs.ports.values() if port.bridge == bridge.name]
        if bridge.ours and ports:
            plugged = sorted(port.name for port in ports if port.kind == "system" and is_live_port(site, port.name))
            yield Circuit(host, bridge.name, tuple(plugged), (), tuple(sorted(mesh_ends(ports))))


def mesh_ends(ports: list[OvsPort]) -> Iterator[TunnelEnd]:
    for key, local in {(port.key, port.local) for port in ports if port.kind == "gre"}:
        yield TunnelEnd(key, 0, local, frozenset(p.remote for p in ports if (p.key, p.local) == (key, local)))


def is_live_port(site: Site, name: str) -> bool:
    link = site.found.links.get(name)
    return link is not None and link.kind == "port" and link.up


def is_live_bridge(link: Link | None) -> bool:
    return link is not None and link.ours and link.up


def circuit(host: str, site: Site, bridge: str, links: Iterable[Link]) -> Circuit:
    ordered = sorted(links, key=lambda link: link.name)
    return Circuit(
        host=host,
        bridge=bridge,
        ports=tuple(link.name for link in ordered if link.kind == "port"),
        wires=tuple(wire for link in ordered for wire in wires_of(site, link)),
        tunnels=tuple(tunnel_end(site, link) for link in ordered if link.kind == "vxlan"),
    )


def wires_of(site: Site, link: Link) -> Iterator[Wire]:
    if link.kind == "other":
        yield wire(site, *l2_types.above(link.name))
    if link.kind == "vlan" and link.interface in site.found.links and site.found.links[link.interface].up:
        yield wire(site, link.interface, link.number)


def wire(site: Site, interface: str, vlan: int) -> Wire:
    return site.beyond.get((interface, vlan)) or Wire(site.zone, interface, vlan)


def tunnel_end(site: Site, link: Link) -> TunnelEnd:
    peers = frozenset(peer for tunnel, peer in site.found.peers if tunnel == link.name)
    return TunnelEnd(link.number, link.udp_port, link.local, peers)


def islands(found: Iterable[Circuit]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Give the sets of (host, port) that hear one another, sorted. O(circuits, and for a VNI its ends squared)."""
    everywhere = list(found)
    groups = list(range(len(everywhere)))
    for ends in (*on_wires(everywhere), *through_tunnels(everywhere)):
        for other in ends[1:]:
            groups[root(groups, other)] = root(groups, ends[0])
    joined: dict[int, list[tuple[str, str]]] = {}
    for index, place in enumerate(everywhere):
        joined.setdefault(root(groups, index), []).extend((place.host, port) for port in place.ports)
    return tuple(sorted(tuple(sorted(ports)) for ports in joined.values() if ports))


def root(groups: list[int], index: int) -> int:
    while groups[index] != index:
        groups[index] = groups[groups[index]]
        index = groups[index]
    return index


def on_wires(everywhere: list[Circuit]) -> Iterable[list[int]]:
    """Give the circuits on each wire."""
    found: dict[Wire, list[int]] = {}
    for index, place in enumerate(everywhere):
        for wire in place.wires:
            found.setdefault(wire, []).append(index)
    return found.values()


def through_tunnels(everywhere: list[Circuit]) -> Iterator[list[int]]:
    """Walk the pairs of circuits that a tunnel joins, each end knowing the other."""
    ends: Mapping[tuple[int, int], list[tuple[int, TunnelEnd]]] = by_vni(everywhere)
    for members in ends.values():
        for index, mine in members:
            for other, theirs in members:
                if other > index and theirs.local in mine.peers and mine.local in theirs.peers:
                    yield [index, other]


def by_vni(everywhere: list[Circuit]) -> dict[tuple[int, int], list[tuple[int, TunnelEnd]]]:
    found: dict[tuple[int, int], list[tuple[int, TunnelEnd]]] = {}
    for index, place in enumerate(everywhere):
        for end in place.tunnels:
            found.setdefault((end.vni, end.port), []).append((index, end))
    return found
