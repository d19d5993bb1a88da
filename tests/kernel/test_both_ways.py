"""The same operations drive the kernel and the simulator: one history, run both ways, gives the same hosts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from backends.kvm.host import Host
from backends.kvm.lab import Lab
from domain import cluster, host
from projections import plan, reach
from projections.found import Found
from projections.topology import Topology
from rewire.demo import wire
from simulator.run import simulate


def on_kernels(before: Topology, after: Topology) -> dict[str, Found]:
    found: dict[str, Found] = {}
    with Lab(wire.interfaces(before), wire.vteps(before)) as lab:
        for topology in (before, after):
            for uuid, member in topology.every(host.Host):
                with Host(lab.path(member.name), plug="veth") as kernel:
                    kernel.realize(plan.plan(topology, uuid))
                    found[member.name] = kernel.look()
    return found


def devices(found: Found) -> dict[str, Any]:
    """Give what is ours on a host, less what only a kernel knows."""
    ours = (link for link in found.links.values() if link.ours)
    peers = {link.name: sorted(peer for tunnel, peer in found.peers if tunnel == link.name) for link in ours}
    return {
        name: (link.kind, link.bridge, link.mark, link.up, link.interface, link.number, link.local, peers[name])
        for name, link in found.links.items()
        if link.ours
    }


def islands(topology: Topology, found: Mapping[str, Found]) -> object:
    """Give which ports hear one another, by the devices that hosts have."""
    zones = {m.name: topology.state(m.cluster, cluster.Cluster).zone for _, m in topology.every(host.Host)}
    sites = {name: reach.Site(zones[name], each) for name, each in found.items()}
    return reach.islands(c for name, site in sorted(sites.items()) for c in reach.circuits(name, site))


@pytest.mark.kernel("bridge", "veth")
def test_an_untagged_network_is_the_same_on_kernels_and_in_the_simulator() -> None:
    agree("partial-attachment")


@pytest.mark.kernel("bridge", "veth", "vxlan")
def test_a_tunnelled_network_is_the_same_on_kernels_and_in_the_simulator() -> None:
    agree("vxlan-pool")


@pytest.mark.kernel("bridge", "veth", "vlan")
def test_a_tagged_network_is_the_same_on_kernels_and_in_the_simulator() -> None:
    agree("vlan-two-clusters")


def agree(name: str) -> None:
    before, after = wire.story(name)

    real, simulated = on_kernels(before, after), simulate(before, after).found

    assert {host: devices(found) for host, found in real.items()} == {
        host: devices(found) for host, found in simulated.items()
    }
    assert islands(after, real) == islands(after, simulated)
    assert any(devices(found) for found in real.values())
