"""Cables decide who hears whom in the simulator, too."""

from __future__ import annotations

from domain.history import Author
from projections.domains import domains
from projections.topology import Topology
from rewire import apply, change_file, session
from simulator.run import simulate


FABRIC = """
- create-zone: { name: z }
- create-cluster: { name: c, zone: z }
- add-host: { name: h1, cluster: c, interfaces: [eth0] }
- add-host: { name: h2, cluster: c, interfaces: [eth0] }
- add-switch: { name: s, zone: z, ports: [p1, p2] }
- connect: { a: "h1:eth0", b: "s:p1" }
- connect: { a: "h2:eth0", b: "s:p2" }
- set-switch-port: { switch: s, port: p1, mode: trunk, vlans: "10" }
- set-switch-port: { switch: s, port: p2, mode: trunk, vlans: "10" }
- create-l2-vlan-network: { name: v, zone: z, physical-interface: eth0, vlan: 10 }
- attach-l2-network-to-cluster: { l2: v, cluster: c }
- create-l3-network: { name: l3, l2: v }
- add-ip-range-by-cidr: { l3: l3, name: r, cidr: 10.0.0.0/24 }
- create-vm: { name: a, networks: [l3], host: h1 }
- create-vm: { name: b, networks: [l3], host: h2 }
"""
WRONG_TRUNK = '- set-switch-port: { switch: s, port: p2, mode: trunk, vlans: "20" }'
PULLED = '- disconnect: { a: "h2:eth0" }'


def around(change: str) -> tuple[Topology, Topology]:
    """Give the fabric's network before and after a change."""
    with session.opened("memory:") as current:
        apply.run(current.network, change_file.parse(FABRIC.encode(), "fabric"), Author("tester"))
        before = current.topology()
        report = apply.run(current.network, change_file.parse(change.encode(), "change"), Author("tester"))
        assert report.refusal is None
        return before, current.topology()


def test_a_vlan_missing_on_a_trunk_cuts_two_vms_at_once() -> None:
    before, after = around(WRONG_TRUNK)

    run = simulate(before, after)

    assert len(domains(after)) == 2
    assert [(o.vm, o.peer, o.from_us, o.to_us) for o in run.outages()] == [("a", "b", 0, None)]


def test_a_pulled_cable_cuts_what_hangs_on_it() -> None:
    before, after = around(PULLED)

    assert [(o.vm, o.peer, o.change) for o in simulate(before, after).outages()] == [("a", "b", "lost")]


def test_the_way_back_joins_them_again() -> None:
    before, after = around(WRONG_TRUNK)

    assert [(o.vm, o.peer, o.to_us) for o in simulate(after, before).outages()] == []
