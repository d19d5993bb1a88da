"""Simulated hosts do EIPs by the same operations as real ones, and nobody hears anybody else by that."""

from __future__ import annotations

from domain import commands as c
from projections.plan import plan
from simulator import trace
from simulator.agent import settle
from simulator.trace import OperationDone, ReachChanged
from simulator.world import Publication, World, surroundings
from tests.builders import a_vm, migrate
from tests.given import given
from tests.service_builders import SERVED, a_vip, an_eip, attach_eip


def test_an_eip_comes_moves_and_goes_without_joining_anybody() -> None:
    case = given(*SERVED, a_vm("a", host="h1"), a_vm("b", host="h1"), a_vm("p", "public", host="h1"))
    case.do(a_vip(), an_eip())
    start = case.topology
    attached = case.do(attach_eip(vm="a")).topology
    moved = case.do(migrate("a", host="h2")).topology
    detached = case.do(c.DetachEip(eip="e")).topology
    told: list[trace.Entry] = []
    publications = [Publication(at * 10**9, each) for at, each in enumerate((attached, moved, detached), 1)]

    world = World(start, publications, around=surroundings(told.append), parallel=None)
    world.run()

    done = [(entry.host, entry.operation.split()[0]) for entry in told if isinstance(entry, OperationDone)]
    for step in (("h1", "create-namespace"), ("h1", "load-rules"), ("h1", "delete-namespace"), ("h2", "load-rules")):
        assert step in done
    changes = [entry for entry in told if isinstance(entry, ReachChanged)]
    met = {vm for entry in changes for pairs in (*entry.lost, *entry.gained) for vm in (pairs.vm, *pairs.peers)}
    assert met <= {"a", "b"}  # who are on one network, and never on that of the VIP
    for uuid, agent in world.agents.items():
        assert settle(plan(detached, uuid), agent.found) == agent.found
        assert not [name for name in agent.found.namespaces if name.startswith("eip-")]
