"""What must hold of the plan of every host: it can be carried out and undone, and joins the NICs of a domain."""

from __future__ import annotations

import msgspec

from domain import cluster, host, l2
from projections import plan as plans
from projections import reach
from projections.diff import diff
from projections.domains import domains
from projections.found import Address, Found, Route, bare_host
from projections.obstacles import obstacles, unrealized
from projections.operations import apply_all
from projections.plan import HostPlan
from projections.topology import Topology
from tests.machines import flood


def check(topology: Topology) -> None:
    every = {uuid: plans.plan(topology, uuid) for uuid, _ in topology.every(host.Host)}
    hosts = {uuid: carried_out(topology, plan) for uuid, plan in every.items()}
    devices_reach_what_the_domains_say(topology, hosts)
    others_devices_are_planned(topology, every)


def lived_in(interfaces: tuple[str, ...], ends: tuple[str, ...] = ("10.0.0.1",)) -> Found:
    """Give a host whose interfaces have addresses and routes to lose, and whose tunnels start at *ends*."""
    bare = bare_host(interfaces, ends)
    addresses = frozenset(Address(name, f"10.7.{i}.{j}/24") for i, name in enumerate(interfaces) for j in (1, 2))
    routes = frozenset(Route(name, f"10.8.{i}.0/24", f"10.7.{i}.254") for i, name in enumerate(interfaces))
    return msgspec.structs.replace(
        bare, addresses=bare.addresses | addresses, routes=routes | {Route(interfaces[0], "0.0.0.0/0", "10.7.0.254")}
    )


def carried_out(topology: Topology, plan: HostPlan) -> Found:
    """Give a host as planned: it has what the plan says and nothing to do, and one that undid it is as before."""
    state = topology.state(plan.host, host.Host)
    before = lived_in(state.interfaces, state.ends)
    after = apply_all(before, diff(plan, before))
    assert obstacles(plan, before) == tuple(unrealized(plan))
    assert diff(plan, after) == ()
    assert made(after) == wanted(plan)
    assert after.peers == frozenset((tunnel.name, peer) for tunnel in plan.tunnels for peer in tunnel.peers)
    empty = HostPlan(plan.host, topology.position)
    assert apply_all(after, diff(empty, after)) == before
    return after


Device = tuple[str, str, str, int]
"""Name, kind, what it lies on or starts from, number."""


def made(found: Found) -> set[Device]:
    """Give the devices of ours that a host has."""
    return {
        (link.name, link.kind, link.interface or link.local, link.number) for link in found.links.values() if link.ours
    }


def wanted(plan: HostPlan) -> set[Device]:
    """Give the devices of a plan; what is on a plugin's bridge is plugged in by whoever makes that."""
    bridges = {*(bridge.name for bridge in plan.bridges), *(mesh.bridge for mesh in plan.meshes)}
    return {
        *((bridge.name, "bridge", "", 0) for bridge in plan.bridges),
        *((vlan.name, "vlan", vlan.interface, vlan.vlan) for vlan in plan.vlans),
        *((tunnel.name, "vxlan", tunnel.local, tunnel.vni) for tunnel in plan.tunnels),
        *((port.device, "port", "", 0) for port in plan.ports if port.bridge in bridges),
        *((leg.device, "leg", "", 0) for each in plan.namespaces for leg in each.legs if leg.bridge in bridges),
    }


def on(topology: Topology, *carriers: str) -> dict[str, flood.Place]:
    """Give where the NICs are whose networks have these carriers."""
    homes = flood.on_air(topology).items()
    return {nic: place for nic, place in homes if topology.state(place[0], l2.L2Network).carrier in carriers}


def devices_reach_what_the_domains_say(topology: Topology, hosts: dict[str, Found]) -> None:
    """NICs hear one another through the planned devices exactly where they share a domain."""
    sites = {u: reach.Site(zone_of(topology, u), found, reach.beyond(topology, u)) for u, found in hosts.items()}
    circuits = [circuit for uuid, site in sites.items() for circuit in reach.circuits(uuid, site)]
    homes = {(where, topology.nics.all[nic].device): nic for nic, (_, where) in flood.on_air(topology).items()}
    heard = {frozenset(homes[end] for end in island) for island in reach.islands(circuits)}
    said = {frozenset(d.nics) - set(on(topology, "own")) for d in domains(topology)}
    assert heard == said - {frozenset()}


def others_devices_are_planned(topology: Topology, every: dict[str, HostPlan]) -> None:
    """Where OVS or a plugin makes the devices, each host with a NIC is told to have them, with the others as peers."""
    for nic, (network, where) in on(topology, "gre", "own").items():
        plan = every[where]
        devices: list[plans.GreMesh | plans.Custom] = [*plan.meshes, *plan.customs]
        (told,) = [device for device in devices if device.l2 == network]
        assert told.bridge in {port.bridge for port in plan.ports if port.nic == nic}
        if isinstance(told, plans.GreMesh):
            (domain,) = [domain for domain in domains(topology) if nic in domain.nics]
            others = {home for _, home in domain.places} - {where}
            assert set(told.peers) == {topology.state(other, host.Host).endpoint for other in others}


def zone_of(topology: Topology, uuid: str) -> str:
    return topology.state(topology.state(uuid, host.Host).cluster, cluster.Cluster).zone
