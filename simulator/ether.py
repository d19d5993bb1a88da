"""What joins the hosts: wires and tunnels, and the VMs' ports on the bridges between them.

The same question as `projections.reach`, asked again after every operation: so only the bridges of the one
host that changed are looked at, and only what changed about them is carried over. That both give one answer
is for a test to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from projections import reach
from projections.found import Found
from projections.reach import Circuit, Site, TunnelEnd, Wire
from simulator.graph import Node
from simulator.hearing import Hearing


End = tuple[int, int, str]
"""VNI, UDP port and VTEP: where a tunnel's frames arrive."""


class Busy(msgspec.Struct, frozen=True):
    """A bridge's circuit and the VMs whose ports are on it."""

    circuit: Circuit
    vms: tuple[int, ...]


def is_alike(known: Site, site: Site) -> bool:
    """Tell whether nothing but a tunnel's peers can have changed."""
    before, after = known.found, site.found
    return before.links is after.links and before.ovs is after.ovs and known.beyond is site.beyond


class Ether:
    """All bridges of all hosts. *owners* gives the VM of each NIC."""

    def __init__(self, owners: Mapping[str, int]) -> None:
        self.hearing = Hearing()
        self._owners = owners
        self._sites: dict[str, Site] = {}
        self._bridges: dict[str, dict[str, Busy]] = {}
        self._ends: dict[End, dict[Node, TunnelEnd]] = {}

    def look(self, host: str, site: Site) -> None:
        """Carry over what a host has now."""
        known = self._sites.get(host)
        self._sites[host] = site
        if known is None or not is_alike(known, site):
            self._look_closely(host, site)
        else:
            for tunnel, peer in sorted(known.found.peers ^ site.found.peers):
                self._switch_peer(host, site, tunnel, peer)

    def _look_closely(self, host: str, site: Site) -> None:
        """Compare every bridge with what is known of it. O(links, and for a tunnel its peers)."""
        before = self._bridges.get(host, {})
        after = {c.bridge: Busy(c, self._vms(site.found, c)) for c in reach.circuits(host, site)}
        for bridge in sorted(before.keys() | after.keys()):
            if before.get(bridge) != after.get(bridge):
                self._rewire((host, bridge), before.get(bridge), after.get(bridge))
        self._bridges[host] = after

    def _switch_peer(self, host: str, site: Site, tunnel: str, peer: str) -> None:
        """Follow a single tunnel peer, by far the most frequent change, without a look at the others."""
        link = site.found.links[tunnel]
        busy = self._bridges[host].get(link.bridge)
        if not busy or [key(e, e.local) for e in busy.circuit.tunnels] != [(link.number, link.udp_port, link.local)]:
            self._look_closely(host, site)
            return
        node, old = (host, link.bridge), busy.circuit.tunnels[0]
        end = msgspec.structs.replace(old, peers=old.peers ^ {peer})
        circuit = msgspec.structs.replace(busy.circuit, tunnels=(end,))
        self._bridges[host][link.bridge] = Busy(circuit, busy.vms)
        self._move_ends(node, (old,), (end,))
        change = self.hearing.graph.join if peer in end.peers else self.hearing.graph.part
        for other, theirs in self._ends.get(key(end, peer), {}).items():
            if other != node and end.local in theirs.peers:
                change(node, other)

    def _vms(self, found: Found, circuit: Circuit) -> tuple[int, ...]:
        nics = (nic_of(found.links[port].mark) for port in circuit.ports)
        return tuple(self._owners[nic] for nic in nics if nic in self._owners)

    def _rewire(self, node: Node, before: Busy | None, after: Busy | None) -> None:
        old, new = Counter(before.vms if before else ()), Counter(after.vms if after else ())
        for vm in sorted((old - new).elements()):
            self.hearing.leave(node, vm)
        self._connect(node, before.circuit if before else None, after.circuit if after else None)
        for vm in sorted((new - old).elements()):
            self.hearing.enter(node, vm)

    def _connect(self, node: Node, before: Circuit | None, after: Circuit | None) -> None:
        """Move a bridge from its old neighbours to its new ones."""
        if before and after and (before.wires, before.tunnels) == (after.wires, after.tunnels):
            return
        graph = self.hearing.graph
        graph.add(node)
        self._move_ends(node, before.tunnels if before else (), after.tunnels if after else ())
        wanted = self._neighbours(node, after) if after else {}
        for other in graph.neighbours(node):
            if other not in wanted:
                self._disconnect(node, other)
        present = set(graph.neighbours(node))
        for other in wanted:
            if other not in present:
                graph.add(other)
                graph.join(node, other)
        if not after:
            graph.drop(node)

    def _disconnect(self, node: Node, other: Node) -> None:
        self.hearing.graph.part(node, other)
        if isinstance(other, Wire) and not self.hearing.graph.neighbours(other):
            self.hearing.graph.drop(other)

    def _move_ends(self, node: Node, old: tuple[TunnelEnd, ...], new: tuple[TunnelEnd, ...]) -> None:
        for end in old:
            del self._ends[key(end, end.local)][node]
        for end in new:
            self._ends.setdefault(key(end, end.local), {})[node] = end

    def _neighbours(self, node: Node, circuit: Circuit) -> dict[Node, None]:
        """Give a bridge's wires, and the bridges that its tunnels lead to, both ends knowing each other."""
        found: dict[Node, None] = dict.fromkeys(circuit.wires)
        for end in circuit.tunnels:
            for peer in sorted(end.peers):
                for other, theirs in self._ends.get(key(end, peer), {}).items():
                    if other != node and end.local in theirs.peers:
                        found[other] = None
        return found


def key(end: TunnelEnd, address: str) -> End:
    return (end.vni, end.port, address)


def nic_of(mark: str) -> str:
    """Read the NIC that a port is for off its mark."""
    return [*mark.split(), "", ""][1]
