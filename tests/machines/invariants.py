"""What must hold of every history, checked against accounts that are too simple to be wrong.

Each check takes a network and what follows from it, and raises where they don't fit. None of them looks at how the
thing that it checks was made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address
from itertools import pairwise
from typing import Literal

from domain import (
    aggregates,
    cable,
    claims,
    cluster,
    eip,
    host,
    l2,
    l3,
    pool,
    port_forwarding,
    provider,
    router,
    vip,
    vm,
)
from domain.history import State
from domain.network import Network
from projections import addressing, attachment, broadcast, fabric, services
from projections.domains import domains
from projections.relations import related
from projections.topology import Topology
from tests.machines import flood, kept, planned, served


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
        if hasattr(state, "name"):
            yield f"name/{aggregates.kind_of(state)}/{topology.name(uuid)}", uuid
        match state:
            case l2.L2Network(pool="") as network:
                yield f"bridge/{network.zone}/{network.bridge}", uuid
                for where in network.clusters:
                    gre = network.carrier == "gre"
                    yield f"segment/{where}/{f'gre:{network.virtual_network_id}' if gre else network.segment}", uuid
            case l2.L2Network() as network:
                yield f"bridge/{network.zone}/{network.bridge}", uuid
                yield f"vni/{network.pool}/{network.virtual_network_id}", uuid
            case cable.Cable(a=a, b=b):
                yield from ((f"cable-end/{device}/{port}", uuid) for device, port in (a, b))
            case host.Host() as member:
                zone = topology.state(member.cluster, cluster.Cluster).zone
                yield from ((f"host-address/{zone}/{a}", uuid) for a in {member.address, member.vtep} - {""})
            case vm.Vm() as guest:
                yield from ((f"ip/{nic.l3}/{ip}", uuid) for nic in guest.nics for ip in nic.addresses)
                yield from ((f"mac/{nic.mac}", uuid) for nic in guest.nics)
            case _:
                yield from ((key, uuid) for key in due_for_services(topology, uuid, state))


def due_for_services(topology: Topology, uuid: str, state: State) -> Iterator[str]:
    match state:
        case l3.L3Network(dhcp_servers=servers):
            yield from (f"ip/{uuid}/{ip}" for _, ip in servers)
        case vip.Vip(l3=home, ip=ip):
            yield f"ip/{home}/{ip}"
        case eip.Eip(vip=address, binding=binding) if binding:
            yield f"eip/{binding.nic}/{ip_address(topology.state(address, vip.Vip).ip).version}"
        case router.Router(l3=home, nics=nics):
            yield f"router/{home}"
            yield from (f"mac/{nic.mac}" for nic in nics)
            yield from (f"ip/{nic.l3}/{ip}" for nic in nics for ip in nic.ips)
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
    kinds = {uuid: kind for kind, here in topology.objects.kinds.items() for uuid in here}
    assert kinds == {uuid: type(state) for uuid, state in topology.objects.states.items()}
    kept = {cluster: set(networks) for cluster, networks in topology.attached.items()}
    assert kept == attachment.recompute(topology.objects)
    places = {network: dict(here) for network, here in topology.segments.of.items()}
    assert places == broadcast.recompute(topology.scene)
    carried = {(n, h, s) for s, here in topology.segments.carried.items() for n, h in here}
    assert carried == {(n, h, s) for n, here in places.items() for h, s in here.items()}
    assert (dict(topology.fabric.wires), dict(topology.fabric.sizes)) == fabric.recompute(topology.objects)


def services_fit(topology: Topology) -> None:
    """Who uses what is what the states alone would give, and everything that is used is there."""
    kept, simple = topology.services, services.recompute(topology.objects)
    for name in ("users", "taken", "rules", "answering"):
        mine, other = getattr(kept, name), getattr(simple, name)
        assert {k: set(v) for k, v in mine.items()} == {k: set(v) for k, v in other.items()}
    assert set(kept.users) <= {*topology.objects.states, *topology.nics.all, services.PROVIDERS}


def routers_fit(topology: Topology) -> None:
    """A virtual router is on a host that has its network and is not in maintenance, and serves a network that needs
    one.
    """
    for uuid, state in topology.every(router.Router):
        subnet, member = topology.state(state.l3, l3.L3Network), topology.state(state.host, host.Host)
        assert member.state in ("enabled", "disabled")
        assert member.cluster in attachment.clusters_of(topology.objects, subnet.l2)
        assert any(topology.state(p, provider.Provider).runs == "router" for _, p in subnet.services)
        router_nics_fit(topology, uuid)


def router_nics_fit(topology: Topology, uuid: str) -> None:
    """A router has one NIC on its own network, one where each VIP is that leads in through it, and one on its way out,
    which alone has addresses of its own: at most one of each family.
    """
    state = topology.state(uuid, router.Router)
    taken = dict(topology.state(state.l3, l3.L3Network).services)
    mine = {s: p for s, p in taken.items() if topology.state(p, provider.Provider).runs == "router"}
    main = mine.get("SNAT") or next(iter(mine.values()))
    outside = topology.state(main, provider.Provider).public_l3
    kinds: tuple[tuple[type[eip.Eip | port_forwarding.Rule], str], ...] = (
        (eip.Eip, "EIP"),
        (port_forwarding.Rule, "PortForwarding"),
    )
    users = [user for kind, service in kinds if service in mine for _, user in topology.every(kind)]
    homes = {topology.state(u.vip, vip.Vip).l3 for u in users if u.binding and u.binding.l3 == state.l3}
    assert {nic.l3 for nic in state.nics} == {state.l3, outside, *homes} - {""}
    assert len({nic.l3 for nic in state.nics}) == len(state.nics)
    for nic in state.nics:
        assert nic.device == f"nic{nic.mac.replace(':', '')}"
        assert len({ip_address(ip).version for ip in nic.ips}) == len(nic.ips)
        assert not nic.ips or nic.l3 == outside != state.l3


def eips_lead_elsewhere(topology: Topology) -> None:
    """No VM that an EIP leads to has a NIC on the L3 network of the VIP itself."""
    for _, state in topology.every(eip.Eip):
        if state.binding:
            homes = {nic.l3 for nic in topology.state(state.binding.vm, vm.Vm).nics}
            assert topology.state(state.vip, vip.Vip).l3 not in homes


def addresses_fit(topology: Topology) -> None:
    """The addresses in use are those that somebody has; the free ones are the others of the ranges, reserved ones left
    out.
    """
    for uuid, state in topology.every(l3.L3Network):
        held = set(holders(topology, uuid))
        assert all(map(state.serves, held))
        versions: tuple[Literal[4, 6], ...] = (4, 6)
        for version in versions:
            kept = topology.addressing.get((uuid, version), addressing.EMPTY)
            used = {int(ip_address(ip)) for ip in held if ip_address(ip).version == version}
            assert set(addressing.in_use(kept, 0, 1 << 128)) == used
            ranges = [r.numbers for r in state.ranges if r.version == version]
            assert addressing.capacity(kept).total == sum(r.stop - r.start for r in ranges)
            if kept.size < SMALL:
                reserved = [r.numbers for r in state.reserved if r.version == version]
                free = {n for r in ranges for n in r if not any(n in k for k in reserved)} - used
                assert list(addressing.upward(kept)) == sorted(free)


SMALL = 10_000
"""What a plain set can hold."""


def holders(topology: Topology, subnet: str) -> Iterator[str]:
    """Walk the addresses of an L3 network that a NIC of a VM or a router, a VIP or a DHCP server has."""
    for nic in topology.nics.all.values():
        yield from nic.addresses if nic.l3 == subnet else ()
    yield from (state.ip for _, state in topology.every(vip.Vip) if state.l3 == subnet)
    yield from (ip for _, ip in topology.state(subnet, l3.L3Network).dhcp_servers)
    routers = (state for _, state in topology.every(router.Router))
    yield from (ip for state in routers for nic in state.nics if nic.l3 == subnet for ip in nic.ips)


def ranges_are_disjoint(topology: Topology) -> None:
    """No two ranges of the L3 networks on one L2 network meet."""
    numbers: dict[str, list[tuple[int, int, int]]] = {}
    for _, state in topology.every(l3.L3Network):
        numbers.setdefault(state.l2, []).extend((r.version, r.numbers.start, r.numbers.stop) for r in state.ranges)
    for found in numbers.values():
        for (family, _, stop), (other, start, _) in pairwise(sorted(found)):
            assert family != other or stop <= start


def vnis_are_apart(topology: Topology) -> None:
    """No two VNI ranges of a pool meet, nor any two of the pools on one cluster."""
    groups = {uuid: [uuid] for uuid, _ in topology.every(pool.VxlanPool)}
    for where, networks in topology.attached.items():
        groups[where] = [uuid for uuid in networks if uuid in groups]
    for pools in groups.values():
        numbers = [(r.start, r.end) for uuid in pools for r in topology.state(uuid, pool.VxlanPool).ranges]
        assert all(end < start for (_, end), (start, _) in pairwise(sorted(numbers)))


def nics_have_their_network(topology: Topology) -> None:
    """No NIC runs on a host whose cluster lacks its network."""
    for network, uuid in flood.on_air(topology).values():
        assert topology.state(uuid, host.Host).cluster in attachment.clusters_of(topology.objects, network)


def domains_fit(topology: Topology) -> None:
    """Domains part the NICs on air, and are what a flood reaches."""
    found = domains(topology)
    on_air = flood.on_air(topology)
    assert sorted(nic for d in found for nic in d.nics) == sorted(on_air)
    assert {d.places for d in found if d.places} == flood.islands(topology)
    assert all((network, home) in d.places for d in found for network, home in map(on_air.__getitem__, d.nics))
    assert {n for d in found for n in d.l2} == {uuid for uuid, _ in topology.networks()}
    assert len({d.id for d in found}) == len(found)


# all of them


def check_at_once(network: Network, topology: Topology) -> None:
    """Check what costs little."""
    claims_fit(network, topology)
    services_fit(topology)
    served.check(topology)
    routers_fit(topology)
    eips_lead_elsewhere(topology)
    addresses_fit(topology)
    ranges_are_disjoint(topology)
    vnis_are_apart(topology)
    nics_have_their_network(topology)
    hosts_fit(topology)


def check(network: Network, topology: Topology) -> None:
    check_at_once(network, topology)
    relations_fit(topology)
    kept.check(topology)
    domains_fit(topology)
    planned.check(topology)


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
