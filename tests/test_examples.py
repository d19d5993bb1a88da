"""The change files of `examples/`, applied as they stand: inventories, domains and intervals, word for word.

A uuid is written as the name of its object. What chance decides is left out: MAC addresses, and names made of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.history import Author
from projections import audit, inventory, problems
from projections.domains import domains, segment_name
from projections.intervals import Interval
from projections.timeline_store import TimelineStore
from rewire import apply, change_file
from tests.given import Case, given


EXAMPLES = Path(__file__).parent.parent / "examples"
BY_CHANCE = {"mac", "device"}


def applied(name: str) -> Case:
    case = given()
    report = apply.run(case.network, change_file.read_all((str(EXAMPLES / name),)), Author("tester"))
    assert report.refusal is None
    return case


def shown(case: Case, kind: str) -> list[dict[str, Any]]:
    return [named(case, item) for item in inventory.KINDS[kind](case.topology)]


def named(case: Case, value: Any) -> Any:
    """Write names for uuids, all the way down."""
    if isinstance(value, dict):
        return {named(case, k): named(case, v) for k, v in value.items() if k not in BY_CHANCE and k != "uuid"}
    if isinstance(value, list):
        return [named(case, item) for item in value]
    return case.topology.name(value) if isinstance(value, str) else value


def wires(case: Case) -> Iterator[tuple[list[str], list[str], list[str], list[str]]]:
    """Walk the domains by names: networks, segments, hosts, NICs."""
    now = case.topology
    for d in domains(now):
        segments = [segment_name(now, s) for s in d.segments]
        yield [now.name(n) for n in d.l2], segments, [now.name(h) for h in d.hosts], [now.name(n) for n in d.nics]


def together(case: Case, one: str, other: str) -> list[tuple[str, str]]:
    """Give the stretches in which two VMs shared a domain, by the facts they began and ended with."""
    store = TimelineStore(case.network, case.follower)
    store.catch_up()
    found = audit.same_domain(store, case.id("vm", one), case.id("vm", other))
    store.close()
    return [bounds(case, interval) for interval in found]


def bounds(case: Case, interval: Interval) -> tuple[str, str]:
    facts = {r.position: f"{r.fact.tag()} {case.topology.name(r.originator_id)}" for r in case.network.facts()}
    return facts[interval.since], facts[interval.until] if interval.until else ""


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_applies(path: Path) -> None:
    assert applied(path.name).network.broken_link() == 0


EXPECTED = Path(__file__).parent / "expected"
"""One file an example: its inventories as `rewire show` would print them, by kind."""


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_gives_the_inventories_it_is_known_for(path: Path) -> None:
    case = applied(path.name)
    expected = json.loads((EXPECTED / f"{path.stem}.json").read_text())
    assert {kind: found for kind in inventory.KINDS if (found := shown(case, kind))} == {
        k: v for k, v in expected.items() if v
    }


def test_partial_attachment_leaves_two_domains_and_an_interval_that_ended() -> None:
    case = applied("partial-attachment.yaml")
    assert list(wires(case)) == [
        (["l2-1"], ["zone-1/eth0/untagged"], ["host-1", "host-2"], ["vm-a/l3-1", "vm-b/l3-1"]),
        (["l2-2"], ["zone-1/eth1/untagged"], ["host-3", "host-4"], ["vm-c/l3-2", "vm-d/l3-2"]),
    ]
    assert together(case, "vm-a", "vm-b") == [("vm.started vm-b", "")]
    assert together(case, "vm-a", "vm-c") == [("vm.started vm-c", "vm.nic-detached vm-c")]
    assert together(case, "vm-c", "vm-d") == [("vm.started vm-d", "")]
    assert together(case, "vm-a", "vm-d") == []


def test_vlan_two_clusters_ends_as_a_domain_of_one_cluster() -> None:
    case = applied("vlan-two-clusters.yaml")
    assert list(wires(case)) == [
        (["vlan-10"], ["zone-v/eth0/vlan10"], ["host-v1", "host-v2"], ["vm-v1/l3-v", "vm-v2/l3-v"]),
        (["vlan-10-again"], [], [], []),
    ]
    assert together(case, "vm-v1", "vm-v2") == [("vm.started vm-v2", "")]
    assert together(case, "vm-v1", "vm-v3") == [("vm.started vm-v3", "vm.nic-detached vm-v3")]


def test_vxlan_pool_ends_with_both_networks_in_one_cluster() -> None:
    case = applied("vxlan-pool.yaml")
    assert list(wires(case)) == [
        (["vxlan-a"], ["pool-x/vni100"], ["host-x1", "host-x2"], ["vm-x1/l3-x", "vm-x2/l3-x"]),
        (["vxlan-b"], ["pool-x/vni150"], ["host-x1", "host-x2"], []),
    ]
    assert together(case, "vm-x1", "vm-x2") == [("vm.started vm-x2", "")]
    assert together(case, "vm-x1", "vm-x3") == [("vm.started vm-x3", "vm.nic-detached vm-x3")]


def test_fabric_wrong_trunk_ends_split_and_leaking() -> None:
    case = applied("fabric-wrong-trunk.yaml")
    assert list(wires(case)) == [
        (["racks-10"], ["tor-1/vlan10"], ["host-f1", "host-f2", "host-f3"], []),
        (["racks-20"], ["tor-1/vlan20"], ["host-f1", "host-f2"], ["vm-f1/l3-20", "vm-f2/l3-20"]),
        (["racks-20"], ["tor-2/vlan20"], ["host-f3"], ["vm-f3/l3-20"]),
        (
            ["office", "guests"],
            ["tor-1/vlan30"],
            ["host-f1", "host-f2", "host-f3"],
            ["vm-f1/l3-office", "vm-guest/l3-guests"],
        ),
    ]
    assert together(case, "vm-f1", "vm-f2") == [("vm.started vm-f2", "")]
    assert together(case, "vm-f1", "vm-f3") == [("vm.started vm-f3", "switch.port-set tor-1")]
    assert together(case, "vm-f1", "vm-guest") == [("switch.port-set tor-2", "")]


def test_fabric_wrong_trunk_tells_its_problems_with_their_facts() -> None:
    case = applied("fabric-wrong-trunk.yaml")
    trunk, access = case.network.position() - 1, case.network.position()
    split, leak, *_ = found = problems.problems(case.topology)
    assert [p.kind for p in found] == ["split", "leak", "ranges-overlap", "address-collision", "address-collision"]
    assert split.what == "L2 network racks-20 is 2 domains: host-f1, host-f2 on tor-1/vlan20; host-f3 on tor-2/vlan20"
    assert split.because == (trunk,)
    assert leak.what == "L2 networks guests, office are one domain on tor-1/vlan30"
    assert leak.because[-1] == access
    assert problems.problems(case.at(trunk - 1)) == ()


def test_ip_ranges_hands_out_nothing_between_the_ranges() -> None:
    case = applied("ip-ranges.yaml")
    nics = ["vm-r1/l3-r", "vm-r2/l3-r", "vm-r3/l3-r"]
    assert list(wires(case)) == [(["l2-r"], ["zone-r/eth0/untagged"], ["host-r"], nics)]
    assert together(case, "vm-r1", "vm-r2") == [("vm.started vm-r2", "")]
    assert [nic["ip"] for nic in shown(case, "nic")] == ["192.168.0.10", "192.168.0.50", "192.168.0.60"]
