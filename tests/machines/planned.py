"""What must hold of the plan of every host: it can be carried out and undone, and joins the NICs of a domain."""

from __future__ import annotations

import msgspec

from domain import cluster, host, l2, l3, provider, vm
from projections import plan as plans
from projections import reach
from projections.diff import diff
from projections.domains import domains
from projections.found import Address, Found, Route, bare_host
from projections.obstacles import obstacles, unrealized
from projections.operations import apply_all
from projections.plan import HostPlan, Port
from projections.topology import Topology
from tests.machines import flood


def check(topology: Topology) -> None:
    every = {uuid: plans.plan(topology, uuid) for uuid, _ in topology.every(host.Host)}
    hosts = {uuid: carried_out(topology, plan) for uuid, plan in every.items()}
    closed = {port.nic for plan in every.values() for port in unguarded_ports(plan)}
    devices_reach_what_the_domains_say(topology, hosts, closed)
    others_devices_are_planned(topology, every)
    others_services_are_told(topology, every)


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
    assert {obstacle.name for obstacle in obstacles(plan, before)} == left_out(plan)
    assert diff(plan, after) == ()
    assert made(after) == wanted(plan)
    assert after.peers == frozenset((tunnel.name, peer) for tunnel in plan.tunnels for peer in tunnel.peers)
    empty = HostPlan(plan.host, topology.position)
    assert apply_all(after, diff(empty, after)) == before
    return after


def left_out(plan: HostPlan) -> set[str]:
    """Give what a host can't make: what would be on bridges that plugins make, or be filtered where no kernel does."""
    owned = bridges(plan)
    unguarded = {port.device for port in unguarded_ports(plan)}
    apart = {each.name for each in plan.namespaces if {leg.bridge for leg in each.legs} - owned}
    return unguarded | apart | {obstacle.name for obstacle in unrealized(plan)}


def unguarded_ports(plan: HostPlan) -> list[Port]:
    """Give the NICs that are in a group, and on no bridge of the kernel's."""
    filtered, guarded = {bridge.name for bridge in plan.bridges}, {s.device for s in plan.services.shields if s.groups}
    return [port for port in plan.ports if port.device in guarded and port.bridge not in filtered]


def bridges(plan: HostPlan) -> set[str]:
    """Give the bridges that are ours to make."""
    return {*(bridge.name for bridge in plan.bridges), *(mesh.bridge for mesh in plan.meshes)}


Device = tuple[str, str, str, int]
"""Name, kind, what it lies on or starts from, number."""


def made(found: Found) -> set[Device]:
    """Give the devices of ours that a host has."""
    return {
        (link.name, link.kind, link.interface or link.local, link.number) for link in found.links.values() if link.ours
    }


def wanted(plan: HostPlan) -> set[Device]:
    """Give the devices of a plan that a host can make; what is on a plugin's bridge is left to whoever makes that."""
    owned, lacking = bridges(plan), left_out(plan)
    return {
        *((bridge.name, "bridge", "", 0) for bridge in plan.bridges),
        *((vlan.name, "vlan", vlan.interface, vlan.vlan) for vlan in plan.vlans),
        *((tunnel.name, "vxlan", tunnel.local, tunnel.vni) for tunnel in plan.tunnels),
        *((port.device, "port", "", 0) for port in plan.ports if port.bridge in owned and port.device not in lacking),
        *((leg.device, "leg", "", 0) for each in plan.namespaces if each.name not in lacking for leg in each.legs),
    }


def on(topology: Topology, *carriers: str) -> dict[str, flood.Place]:
    """Give where the NICs are whose networks have these carriers."""
    homes = flood.on_air(topology).items()
    return {nic: place for nic, place in homes if topology.state(place[0], l2.L2Network).carrier in carriers}


def devices_reach_what_the_domains_say(topology: Topology, hosts: dict[str, Found], closed: set[str]) -> None:
    """NICs hear one another through the planned devices exactly where they share a domain and none is kept down."""
    sites = {u: reach.Site(zone_of(topology, u), found, reach.beyond(topology, u)) for u, found in hosts.items()}
    circuits = [circuit for uuid, site in sites.items() for circuit in reach.circuits(uuid, site)]
    homes = {(where, topology.nics.all[nic].device): nic for nic, (_, where) in flood.on_air(topology).items()}
    heard = {frozenset(homes[end] for end in island) for island in reach.islands(circuits)}
    said = {frozenset(d.nics) - {*on(topology, "own"), *closed} for d in domains(topology)}
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


def others_services_are_told(topology: Topology, every: dict[str, HostPlan]) -> None:
    """A service that a plugin does in hosts is told to each host with a NIC on the network, with all who are on it."""
    homes = {nic.uuid: topology.state(nic.vm, vm.Vm).host for nic in topology.nics.all.values()}
    for uuid, plan in every.items():
        told = {(each.l3, each.service): each for each in plan.services.customs if not each.namespace}
        here = {nic.l3 for nic in topology.nics.all.values() if homes[nic.uuid] == uuid}
        assert told.keys() == {(subnet, service) for subnet in here for service in left_to_plugins(topology, subnet)}
        for (subnet, _), each in told.items():
            assert {(nic.nic, nic.host) for nic in each.nics} == {
                (nic.uuid, homes[nic.uuid]) for nic in topology.nics.all.values() if nic.l3 == subnet
            }


def left_to_plugins(topology: Topology, subnet: str) -> list[str]:
    taken = topology.state(subnet, l3.L3Network).services
    return [service for service, source in taken if topology.state(source, provider.Provider).type == "Ledger"]


def zone_of(topology: Topology, uuid: str) -> str:
    return topology.state(topology.state(uuid, host.Host).cluster, cluster.Cluster).zone
