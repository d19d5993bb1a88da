"""What a change does to a small data centre, told literally."""

import msgspec

from domain import commands as c
from simulator import run, trace
from simulator.outages import Outage
from simulator.timing import Timing, Uniform
from simulator.trace import (
    HostConverged,
    HostNotified,
    HostReported,
    OperationDone,
    OperationStarted,
    Pairs,
    Published,
    ReachChanged,
    Started,
)
from simulator.world import Publication
from tests.simulator.builder import DataCentre, cluster, fixed, guest, host, pool, untagged, vlan, vxlan


def test_a_detach_is_traced_from_the_message_to_the_report() -> None:
    centre = DataCentre()
    before = centre.do(
        *cluster("c1", "h1"),
        *cluster("c2", "h2"),
        *vlan("v", 10, "c1", "c2"),
        guest("a", "h1", "v", number=1),
        guest("b", "h1", "v", number=2),
        guest("c", "h2", "v", number=3),
    )
    after = centre.do(c.DetachL2NetworkFromCluster(l2="v", cluster="c2"))

    happened = run.simulate(before, after, timing=fixed(message=20, delete=15, report=7))

    assert happened.trace == (
        Started(0, before.position, (("a", "b", "c"),)),
        Published(0, after.position, ("h2",)),
        HostNotified(20_000, "h2", after.position),
        OperationStarted(20_000, "h2", "delete eth0.10"),
        OperationDone(35_000, "h2", "delete eth0.10"),
        ReachChanged(35_000, "h2", lost=(Pairs("c", ("a", "b")),), gained=()),
        OperationStarted(35_000, "h2", "delete nicfa0000000003"),
        OperationDone(50_000, "h2", "delete nicfa0000000003"),
        OperationStarted(50_000, "h2", "delete br_eth0_10"),
        OperationDone(65_000, "h2", "delete br_eth0_10"),
        OperationStarted(65_000, "h2", "deafen"),
        OperationDone(66_000, "h2", "deafen"),
        HostConverged(66_000, "h2", after.position, 4),
        HostReported(73_000, "h2", after.position),
    )
    assert happened.outages() == [
        Outage("a", "c", 35_000, None, "lost"),
        Outage("b", "c", 35_000, None, "lost"),
    ]


def test_a_vm_that_is_deleted_here_before_it_is_made_there_is_cut_in_between() -> None:
    centre = DataCentre()
    before = centre.do(
        *cluster("c1", "h1", "h2"),
        *vlan("v", 10, "c1"),
        guest("a", "h1", "v", number=1),
        guest("b", "h1", "v", number=2),
    )
    after = centre.do(c.MigrateVm(vm="a", host="h2"))

    happened = run.simulate(before, after, timing=fixed(message=20, delete=15, create_port=40))

    assert happened.outages() == [Outage("a", "b", 35_000, 60_000, "kept")]
    assert happened.outages(["lost", "gained"]) == []
    assert happened.tally() == {"kept": 1, "lost": 0, "gained": 0, "passing": 0}


def test_a_vm_that_is_made_there_before_it_is_deleted_here_is_never_cut() -> None:
    centre = DataCentre()
    before = centre.do(
        *cluster("c1", "h1", "h2"),
        *vlan("v", 10, "c1"),
        guest("a", "h1", "v", number=1),
        guest("b", "h1", "v", number=2),
    )
    after = centre.do(c.MigrateVm(vm="a", host="h2"))

    happened = run.simulate(before, after, timing=fixed(delete=40, create_port=15))

    assert happened.outages() == []


def test_a_vm_that_is_deleted_here_and_made_there_at_one_time_is_not_cut() -> None:
    centre = DataCentre()
    before = centre.do(
        *cluster("c1", "h1", "h2"),
        *vlan("v", 10, "c1"),
        guest("a", "h1", "v", number=1),
        guest("b", "h1", "v", number=2),
    )
    after = centre.do(c.MigrateVm(vm="a", host="h2"))

    happened = run.simulate(before, after, timing=fixed(delete=15, create_port=15))

    changed = [(r.at_us, r.host) for r in happened.trace if isinstance(r, ReachChanged)]
    assert changed == [(16_000, "h1"), (16_000, "h2")]
    assert happened.outages() == []
    assert sum(happened.tally().values()) == 0


def test_a_new_vm_waits_until_it_is_plugged_in() -> None:
    centre = DataCentre()
    before = centre.do(*cluster("c1", "h1"), *vlan("v", 10, "c1"), guest("a", "h1", "v", number=1))
    after = centre.do(guest("b", "h1", "v", number=2))

    happened = run.simulate(before, after, timing=fixed(message=20, create_port=3))

    assert happened.outages() == [Outage("a", "b", 0, 23_000, "gained")]


def test_a_vm_with_another_nic_in_common_is_not_cut() -> None:
    centre = DataCentre()
    before = centre.do(
        *cluster("c1", "h1"),
        *cluster("c2", "h2"),
        *vlan("v", 10, "c1", "c2"),
        *untagged("u", "eth1", "c1", "c2"),
        guest("a", "h1", "v", "u", number=1),
        guest("b", "h2", "v", "u", number=2),
    )
    after = centre.do(c.DetachL2NetworkFromCluster(l2="v", cluster="c2"))

    happened = run.simulate(before, after, timing=fixed())

    assert happened.outages() == []
    assert not [record for record in happened.trace if isinstance(record, ReachChanged)]


def test_tunnels_join_only_when_both_ends_know_each_other() -> None:
    centre = DataCentre()
    before = centre.do(
        *cluster("c1", "h1", "h2"),
        *pool("p", "c1"),
        *vxlan("x", "p", realize="vm"),
        guest("a", "h1", "x", number=1),
    )
    after = centre.do(guest("b", "h2", "x", number=2))

    happened = run.simulate(before, after, timing=fixed(create_bridge=4, create_tunnel=6, create_port=3, add_peer=20))

    done = [(r.at_us, r.host, r.operation) for r in happened.trace if isinstance(r, OperationDone)]
    assert done == [
        (2_000, "h1", "raise-wall"),
        (2_000, "h2", "deafen"),
        (3_000, "h2", "raise-wall"),
        (7_000, "h2", "create-bridge br_vx_100"),
        (13_000, "h2", "create-tunnel vxlan100"),
        (16_000, "h2", "create-port nicfa0000000002"),
        (22_000, "h1", "add-peer vxlan100 10.9.0.2"),
        (36_000, "h2", "add-peer vxlan100 10.9.0.1"),
    ]
    assert happened.outages() == [Outage("a", "b", 0, 36_000, "gained")]


def test_a_newer_plan_is_taken_up_between_two_operations() -> None:
    centre = DataCentre()
    start = centre.do(*cluster("c1", "h1"), *vlan("v", 10), *vlan("w", 20, "c1"))
    first = centre.do(c.AttachL2NetworkToCluster(l2="v", cluster="c1"))
    second = centre.do(c.DetachL2NetworkFromCluster(l2="v", cluster="c1"))

    happened = run.follow(
        start,
        [Publication(0, first), Publication(3_000, second)],
        timing=fixed(message=1, create_bridge=4, delete=15),
    )

    told = [(r.at_us, r.operation) for r in happened.trace if isinstance(r, OperationDone)]
    assert told == [
        (2_000, "deafen"),
        (6_000, "create-bridge br_eth0_10"),
        (21_000, "delete br_eth0_10"),
        (22_000, "deafen"),
    ]
    converged = [r for r in happened.trace if isinstance(r, HostConverged)]
    assert converged == [
        HostConverged(22_000, "h1", second.position, 4),
        HostConverged(22_000, "h1", second.position, 0),
    ]


def test_hosts_that_a_change_is_not_about_hear_nothing() -> None:
    centre = DataCentre()
    before = centre.do(*cluster("c1", "h1"), *cluster("c2", "h2"), *vlan("v", 10, "c1"))
    after = centre.do(c.CreateZone(name="elsewhere"))

    happened = run.simulate(before, after)

    assert happened.trace == (Started(0, before.position, ()), Published(0, after.position, ()))
    assert happened.summary().converged_after_s == 0


def test_a_host_that_joins_starts_from_nothing() -> None:
    centre = DataCentre()
    before = centre.do(*cluster("c1", "h1"), *vlan("v", 10, "c1"))
    after = centre.do(host("c1", "h2"))

    happened = run.simulate(before, after, timing=fixed())

    done = [(r.host, r.operation) for r in happened.trace if isinstance(r, OperationDone)]
    assert done == [("h2", "deafen"), ("h2", "create-bridge br_eth0_10"), ("h2", "create-vlan eth0.10")]


def test_two_vms_that_had_one_name_are_told_apart() -> None:
    centre = DataCentre()
    before = centre.do(*cluster("c1", "h1"), *vlan("v", 10, "c1"), guest("a", "h1", "v", number=1))
    old = before.find("vm", "a")
    after = centre.do(c.DestroyVm(vm="a"), guest("a", "h1", "v", number=2))

    happened = run.simulate(before, after, timing=fixed())

    assert happened.intents == (((old,),), ((after.find("vm", "a"),),))


def test_the_summary_is_in_seconds_and_counts_what_it_does_not_list() -> None:
    centre = DataCentre()
    before = centre.do(
        *cluster("c1", "h1"),
        *cluster("c2", "h2"),
        *vlan("v", 10, "c1", "c2"),
        guest("a", "h1", "v", number=1),
        guest("c", "h2", "v", number=3),
    )
    after = centre.do(c.DetachL2NetworkFromCluster(l2="v", cluster="c2"))
    happened = run.simulate(before, after, timing=fixed(message=20, delete=15))

    told = msgspec.json.decode(msgspec.json.encode(happened.summary()))

    assert told == {
        "converged_after_s": 0.066,
        "operations": 4,
        "hosts": [{"host": "h2", "converged_after_s": 0.066, "operations": 4}],
        "outages": [{"vm": "a", "peer": "c", "from_s": 0.035, "to_s": None, "intended": True, "change": "lost"}],
        "outage_counts": {"kept": 0, "lost": 1, "gained": 0, "passing": 0},
    }
    assert happened.summary(["kept"]).outages == ()
    assert happened.summary(["kept"]).outage_counts == happened.summary().outage_counts


def test_a_trace_is_read_back_as_it_was_written() -> None:
    centre = DataCentre()
    before = centre.do(*cluster("c1", "h1"), *vlan("v", 10, "c1"), guest("a", "h1", "v", number=1))
    after = centre.do(guest("b", "h1", "v", number=2))
    happened = run.simulate(before, after)

    written = list(trace.lines(happened.trace))

    assert tuple(trace.read(line) for line in written) == happened.trace
    assert len(written) == len(b"".join(written).splitlines())


def test_a_message_that_comes_late_changes_nothing() -> None:
    centre = DataCentre()
    start = centre.do(*cluster("c1", "h1"), *vlan("v", 10))
    first = centre.do(c.AttachL2NetworkToCluster(l2="v", cluster="c1"))
    second = centre.do(c.DetachL2NetworkFromCluster(l2="v", cluster="c1"))

    traces = [
        run.follow(
            start,
            [Publication(0, first), Publication(1_000, second)],
            seed=seed,
            timing=Timing(message=Uniform(0, 100)),
        ).trace
        for seed in range(20)
    ]

    overtaken = [t for t in traces if [r.position for r in t if isinstance(r, HostNotified)][-1] == first.position]
    assert overtaken
    for told in overtaken:
        assert not [record for record in told if isinstance(record, OperationDone)]
        assert [r.position for r in told if isinstance(r, HostConverged)] == [second.position] * 2
