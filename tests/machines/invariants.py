"""What must hold of every history, checked against accounts that are too simple to be wrong.

Each check takes a network and what follows from it, and raises where they don't fit. None of them looks at how the
thing that it checks was made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import msgspec

from domain import aggregates, claims, cluster, host, l2, l3, pool, vm
from domain.network import Network
from projections import attachment, broadcast, reach
from projections import plan as plans
from projections.diff import diff, obstacles
from projections.domains import domains
from projections.found import Address, Found, Route, bare_host
from projections.operations import apply_all
from projections.plan import HostPlan
from projections.relations import related
from projections.topology import Topology


# claims


def held(network: Network) -> dict[str, str]:
    """Give what is held now, and by whom, from the claims' own facts."""
    found: dict[str, str] = {}
    keys: dict[str, str] = {}
    for recorded in network.facts():
        match recorded.fact:
            case claims.Taken(key=key, holder=holder):
                assert key not in found, f"{key} is taken twice"
                found[key] = holder
                keys[recorded.originator_id] = key
            case claims.Released(holder=holder):
                assert found.pop(keys[recorded.originator_id]) == holder
            case _:
                pass
    return found


def due(topology: Topology) -> Iterator[tuple[str, str]]:
    """Give what each living object must hold."""
    for uuid, state in topology.objects.states.items():
        yield f"name/{aggregates.kind_of(state)}/{topology.name(uuid)}", uuid
        match state:
            case l2.L2Network(pool="") as network:
                yield f"bridge/{network.zone}/{network.bridge}", uuid
                for where in network.clusters:
                    yield f"segment/{where}/{network.physical_interface}/{network.virtual_network_id}", uuid
            case l2.L2Network() as network:
                yield f"bridge/{network.zone}/{network.bridge}", uuid
                yield f"vni/{network.pool}/{network.virtual_network_id}", uuid
            case host.Host() as member:
                zone = topology.state(member.cluster, cluster.Cluster).zone
                yield from ((f"host-address/{zone}/{a}", uuid) for a in {member.address, member.vtep} - {""})
            case vm.Vm() as guest:
                yield from ((f"ip/{nic.l3}/{nic.ip}", uuid) for nic in guest.nics)
                yield from ((f"mac/{nic.mac}", uuid) for nic in guest.nics)
            case _:
                pass


def claims_fit(network: Network, topology: Topology) -> None:
    """Every claim has one holder and every holder its claim: nothing is held twice, nothing leaks."""
    wanted = list(due(topology))
    assert [key for key, count in Counter(key for key, _ in wanted).items() if count > 1] == []
    assert held(network) == dict(wanted)


# attachments, addresses, domains


def relations_fit(topology: Topology) -> None:
    """What is kept step by step is what the states alone would give."""
    kept = {cluster: set(networks) for cluster, networks in topology.attached.items()}
    assert kept == attachment.recompute(topology.objects)
    wires = {network: set(segments) for network, segments in topology.segments.of.items()}
    assert wires == {network: {segment} for network, segment in broadcast.recompute(topology.objects).items()}
    carried = {(n, s) for s, networks in topology.segments.carried.items() for n in networks}
    assert carried == {(n, s) for n, segments in wires.items() for s in segments}


def addresses_fit(topology: Topology) -> None:
    """The free addresses are those of the ranges that no NIC has."""
    for uuid, state in topology.every(l3.L3Network):
        all_of_them = {number for r in state.ranges for number in r.numbers}
        used = {number_of(nic.ip) for nic in topology.nics.all.values() if nic.l3 == uuid}
        kept = topology.addressing[uuid]
        assert {n for first, last in kept.free for n in range(first, last + 1)} == all_of_them - used
        assert kept.size == len(all_of_them)
        assert list(kept.free) == sorted(kept.free)
        assert all(a[1] + 1 < b[0] for a, b in zip(kept.free, kept.free[1:], strict=False))


def number_of(ip: str) -> int:
    a, b, c, d = (int(part) for part in ip.split("."))
    return ((a * 256 + b) * 256 + c) * 256 + d


def nics_on_air(topology: Topology) -> dict[str, tuple[str, str]]:
    """Give (L2 network, host) of every NIC of a running VM."""
    return {
        nic.uuid: (topology.state(nic.l3, l3.L3Network).l2, guest.host)
        for uuid, guest in topology.every(vm.Vm)
        if guest.host
        for nic in guest.nics
    }


def nics_have_their_network(topology: Topology) -> None:
    """No NIC runs on a host whose cluster lacks its network."""
    for network, uuid in nics_on_air(topology).values():
        assert topology.state(uuid, host.Host).cluster in attachment.clusters_of(topology.objects, network)


def wire(topology: Topology, network: str) -> tuple[str, str, int]:
    """Give the wire an attached L2 network is on: equal names in a zone are one, and so is a VNI of a pool."""
    state = topology.state(network, l2.L2Network)
    return (state.pool or state.zone, state.physical_interface, state.virtual_network_id)


def flood(topology: Topology) -> set[frozenset[str]]:
    """Give the NICs that hear one another, by shouting from each."""
    homes = {nic: network for nic, (network, _) in nics_on_air(topology).items()}
    islands = {nic: {nic} for nic in homes}
    for one, other in combinations(homes, 2):
        mine, theirs = homes[one], homes[other]
        if mine == theirs or wire(topology, mine) == wire(topology, theirs):
            merged = islands[one] | islands[other]
            islands |= dict.fromkeys(merged, merged)
    return {frozenset(island) for island in islands.values()}


def domains_fit(topology: Topology) -> None:
    """Domains part the NICs on air, and are what a flood reaches."""
    found = domains(topology)
    listed = [nic for d in found for nic in d.nics]
    assert sorted(listed) == sorted(nics_on_air(topology))
    assert {frozenset(d.nics) for d in found if d.nics} == flood(topology)
    assert sorted(n for d in found for n in d.l2) == sorted(uuid for uuid, _ in topology.networks())


# plans


def lived_in(interfaces: tuple[str, ...]) -> Found:
    """Give a host whose interfaces have addresses and routes to lose."""
    bare = bare_host(interfaces)
    addresses = frozenset(Address(name, f"10.7.{i}.{j}/24") for i, name in enumerate(interfaces) for j in (1, 2))
    routes = frozenset(Route(name, f"10.8.{i}.0/24", f"10.7.{i}.254") for i, name in enumerate(interfaces))
    return msgspec.structs.replace(
        bare, addresses=addresses, routes=routes | {Route(interfaces[0], "0.0.0.0/0", "10.7.0.254")}
    )


def plans_fit(topology: Topology) -> dict[str, Found]:
    """A host that did its diff has nothing to do, and one that undid it is as before. Gives the hosts as planned."""
    planned: dict[str, Found] = {}
    for uuid, state in topology.every(host.Host):
        before = lived_in(state.interfaces)
        plan = plans.plan(topology, uuid)
        after = apply_all(before, diff(plan, before))
        assert obstacles(plan, before) == ()
        assert diff(plan, after) == ()
        empty = HostPlan(uuid, topology.position)
        assert apply_all(after, diff(empty, after)) == before
        planned[uuid] = after
    return planned


def devices_reach_what_the_domains_say(topology: Topology, planned: dict[str, Found]) -> None:
    """NICs hear one another through the planned devices exactly where they share a domain."""
    sites = {uuid: reach.Site(zone_of(topology, uuid), found) for uuid, found in planned.items()}
    circuits = [circuit for uuid, site in sites.items() for circuit in reach.circuits(uuid, site)]
    homes = {(where, topology.nics.all[nic].device): nic for nic, (_, where) in nics_on_air(topology).items()}
    heard = {frozenset(homes[end] for end in island) for island in reach.islands(circuits)}
    assert heard == flood(topology)


def zone_of(topology: Topology, uuid: str) -> str:
    member = topology.state(uuid, host.Host)
    return str(getattr(topology.objects.states[member.cluster], "zone", ""))


# all of them


def check(network: Network, topology: Topology) -> None:
    claims_fit(network, topology)
    relations_fit(topology)
    addresses_fit(topology)
    nics_have_their_network(topology)
    domains_fit(topology)
    hosts_fit(topology)
    devices_reach_what_the_domains_say(topology, plans_fit(topology))


def hosts_fit(topology: Topology) -> None:
    """Every host has the interfaces and tunnel addresses that the networks of its cluster need."""
    for _, member in topology.every(host.Host):
        for uuid in related(topology.attached, member.cluster):
            match topology.objects.states[uuid]:
                case l2.L2Network(physical_interface=interface):
                    assert interface in member.interfaces
                case pool.VxlanPool(physical_interface=interface) as owner:
                    assert not interface or interface in member.interfaces
                    assert member.tunnel_address(owner.vtep_cidr(member.cluster))
                case _:
                    raise AssertionError(uuid)
