"""What projections keep step by step: it must be what the objects' own states give, counted anew."""

from __future__ import annotations

from domain import aggregates, cluster, host, l2, l3, pool, switch, vm
from projections.relations import Related
from projections.topology import Topology


def check(topology: Topology) -> None:
    names_fit(topology)
    children_fit(topology)
    nics_fit(topology)
    ranges_fit(topology)


def names_fit(topology: Topology) -> None:
    """Every object can be found by its name, and nothing else can."""
    states = topology.objects.states
    wanted = {(aggregates.kind_of(state), getattr(state, "name", uuid)): uuid for uuid, state in states.items()}
    assert len(wanted) == len(states)
    assert dict(topology.objects.names) == wanted
    assert set(topology.objects.born) == set(states)


def children_fit(topology: Topology) -> None:
    """Every object is listed in what it lives in, which lives too."""
    found = {(parent, uuid) for uuid, state in topology.objects.states.items() for parent in parents(state) if parent}
    assert pairs(topology.objects.children) == found
    assert {parent for parent, _ in found} <= set(topology.objects.states)


def parents(state: object) -> tuple[str, ...]:
    match state:
        case l2.L2Network():
            return state.zone, state.pool
        case cluster.Cluster(zone=home) | pool.VxlanPool(zone=home) | switch.Switch(zone=home):
            return (home,)
        case host.Host(cluster=home) | l3.L3Network(l2=home) | vm.Vm(host=home):
            return (home,)
        case _:
            return ()


def nics_fit(topology: Topology) -> None:
    """The NICs are those of the VMs."""
    own = {(uuid, nic) for uuid, guest in topology.every(vm.Vm) for nic in guest.nics}
    kept = topology.nics
    assert {(n.vm, vm.Nic(n.uuid, n.l3, n.ip, n.ip6, n.mac, n.device)) for n in kept.all.values()} == own
    assert pairs(kept.of_vm) == {(uuid, nic.uuid) for uuid, nic in own}
    assert pairs(kept.on_l3) == {(nic.l3, nic.uuid) for _, nic in own}


def ranges_fit(topology: Topology) -> None:
    own = {(uuid, r.name) for uuid, state in topology.every(l3.L3Network) for r in state.ranges}
    assert pairs(topology.ranges) == own


def pairs(relation: Related) -> set[tuple[str, str]]:
    return {(parent, child) for parent, children in relation.items() for child in children}
