"""What hangs on an object stands in its way, or goes first; and nothing is held by what is gone."""

from __future__ import annotations

import pytest

from domain import cluster, host, l2, l3, pool, vm, zone
from domain import commands as c
from domain.commands import Command, Mode
from tests.builders import (
    A_POOL,
    A_SUBNET,
    ONE_HOST,
    TWO_CLUSTERS,
    TWO_SUBNETS,
    a_cidr,
    a_cluster,
    a_host,
    a_no_vlan,
    a_pool,
    a_range,
    a_switch,
    a_vlan,
    a_vm,
    a_vni_range,
    a_vxlan,
    a_zone,
    an_l3,
    attach,
    attach_pool,
    connect,
    destroy,
    migrate,
    realized,
    start,
    stop,
)
from tests.domain.test_l2_changes import V10
from tests.given import Case, Result, given
from tests.machines import invariants


PERMISSIVE: Mode = "permissive"
ENFORCING: Mode = "enforcing"
MAC = "52:54:00:00:00:01"


def delete_zone(name: str = "z", mode: Mode = PERMISSIVE) -> c.DeleteZone:
    return c.DeleteZone(zone=name, mode=mode)


def delete_cluster(name: str = "c1", mode: Mode = PERMISSIVE) -> c.DeleteCluster:
    return c.DeleteCluster(cluster=name, mode=mode)


def delete_host(name: str = "h1", mode: Mode = PERMISSIVE) -> c.DeleteHost:
    return c.DeleteHost(host=name, mode=mode)


def delete_l2(name: str = "v10", mode: Mode = PERMISSIVE) -> c.DeleteL2Network:
    return c.DeleteL2Network(l2=name, mode=mode)


def delete_l3(name: str = "l3", mode: Mode = PERMISSIVE) -> c.DeleteL3Network:
    return c.DeleteL3Network(l3=name, mode=mode)


def delete_vnis(name: str = "100-102", mode: Mode = PERMISSIVE) -> c.DeleteVniRange:
    return c.DeleteVniRange(pool="pool", name=name, mode=mode)


def nothing_is_left(case: Case) -> None:
    """No claim is held and no object lives."""
    assert invariants.held(case.network) == {}
    assert not case.topology.objects.states
    assert not case.topology.objects.names
    assert not case.topology.objects.children
    assert not case.topology.attached


def causes(result: Result) -> list[str]:
    """Give the fact that each fact names as its cause, claims left out."""
    by_reference = {r.reference: r.fact.tag() for r in result.recorded}
    return [by_reference.get(r.cause, "") for r in result.recorded if not r.fact.tag().startswith("claim.")]


# what nothing hangs on


@pytest.mark.parametrize("mode", [PERMISSIVE, ENFORCING])
def test_what_nothing_hangs_on_goes_in_either_mode(mode: Mode) -> None:
    given(a_zone()).when(delete_zone(mode=mode)).then(zone.Deleted(), releasing=["name/zone/z"])
    given(a_zone(), a_cluster()).when(delete_cluster(mode=mode)).then(cluster.Deleted(), releasing=["name/cluster/c1"])
    given(*ONE_HOST).when(delete_host(mode=mode)).then(
        host.Deleted(), releasing=["host-address/z/10.0.0.1", "name/host/h1"]
    )
    given(a_zone(), a_vlan()).when(delete_l2(mode=mode)).then(
        l2.Deleted(), releasing=["name/l2/v10", "bridge/z/br_eth0_10"]
    )
    given(a_zone(), a_pool(), a_vni_range()).when(delete_l2("pool", mode)).then(
        pool.Deleted(), releasing=["name/l2/pool"]
    )
    given(*A_POOL, a_vxlan()).when(delete_l2("x", mode)).then(
        l2.Deleted(), releasing=["name/l2/x", "bridge/z/br_vx_100", "vni/pool/100"]
    )
    given(a_zone(), a_vlan(), an_l3(), a_range()).when(delete_l3(mode=mode)).then(
        l3.Deleted(), releasing=["name/l3/l3"]
    )
    given(a_zone(), a_pool(), a_vni_range()).when(delete_vnis(mode=mode)).then(pool.VniRangeDeleted("100-102"))


@pytest.mark.parametrize(
    "command", [delete_zone(), delete_cluster(), delete_host(), delete_l2(), delete_l3(), delete_vnis(), destroy()]
)
def test_what_is_not_there_can_not_go(command: c.Command) -> None:
    given().when(command).refused("unknown-object")


def test_a_range_that_is_not_there_can_not_go() -> None:
    told = given(a_zone(), a_pool(), a_vni_range(name="low")).when(delete_vnis("high")).refused("unknown-object")
    assert "low" in told


def test_what_is_gone_is_gone() -> None:
    case = given(a_zone(), delete_zone())
    case.when(delete_zone()).refused("unknown-object", naming=[zone.Deleted()])
    case.when(a_cluster()).refused("unknown-object", naming=[zone.Deleted()])
    case.when(a_zone()).then(zone.Created("z"), taking=["name/zone/z"])


# permissive


def test_a_zone_names_everything_in_its_way_once_and_each_tie_by_its_fact() -> None:
    case = given(*A_SUBNET, a_vm(mac=MAC), a_switch("s1", "1"), connect("h1:eth0", "s1:1"))
    result = case.when(delete_zone())
    assert result.refusal
    assert result.refusal.code == "still-in-use"
    told = "VM vm, L2 network v10, L3 network l3, switch s1, cluster c1, host h1, the cable at h1:eth0"
    assert result.refusal.sentence.startswith(f"zone z is still in use by {told}: remove them first")
    tags = [r.fact.tag() for r in case.network.facts() if r.position in result.refusal.conflicts]
    assert sorted(tags) == sorted(
        [
            "vm.created",
            "l2.created",
            "l3.created",
            "vm.nic-attached",
            "l2.attached-to-cluster",
            "switch.added",
            "cluster.created",
            "host.added",
            "vm.started",
            "cable.connected",
        ]
    )


def test_a_crowd_is_counted_and_each_of_it_named_by_its_fact() -> None:
    case = given(*A_SUBNET, *(a_vm(f"vm{number:02}") for number in range(13)))
    result = case.when(delete_l3())
    assert result.refusal
    assert result.refusal.sentence.count("NIC ") == 10
    assert "NIC vm09/l3 and 3 more: remove them first" in result.refusal.sentence
    assert len(result.refusal.conflicts) == 13


def test_ties_of_what_stays_are_each_told() -> None:
    told = given(*TWO_SUBNETS, a_vm(host="h1"), an_l3("m3"), a_cidr("10.8.0.0/24", l3="m3")).when(delete_l2()).refusal
    assert told
    for what in ("L3 network l3", "NIC vm/l3", "L3 network m3", "v10 to cluster c1", "v10 to cluster c2"):
        assert what in told.sentence


PLUGS = [(("bond0=e0+e1",), "e1"), (("eth0.5",), "eth0"), (("bond0.5", "bond0=e0"), "e0")]
"""Interfaces of a host, and a plug that is none of them."""


def plugged(interfaces: tuple[str, ...], plug: str) -> Case:
    host = a_host(interfaces=interfaces)
    return given(a_zone(), a_cluster(), host, a_switch("s1", "1"), connect(f"h1:{plug}", "s1:1"))


@pytest.mark.parametrize(("interfaces", "plug"), PLUGS)
def test_a_cable_under_an_interface_is_in_the_way(interfaces: tuple[str, ...], plug: str) -> None:
    case = plugged(interfaces, plug)
    for command in (delete_host(), delete_cluster(), delete_zone()):
        told = case.when(command).refusal
        assert told
        assert f"the cable at h1:{plug}" in told.sentence
        tags = [r.fact.tag() for r in case.network.facts() if r.position in told.conflicts]
        assert "cable.connected" in tags


@pytest.mark.parametrize(("interfaces", "plug"), PLUGS)
@pytest.mark.parametrize("command", [delete_host(mode=ENFORCING), delete_cluster(mode=ENFORCING)])
def test_a_cable_under_an_interface_goes_with_its_host(
    interfaces: tuple[str, ...], plug: str, command: Command
) -> None:
    case = plugged(interfaces, plug)
    case.do(command)
    assert not case.topology.fabric.wires
    case.do(c.DeleteSwitch(switch="s1"), delete_zone(mode=ENFORCING))
    nothing_is_left(case)


@pytest.mark.parametrize(("interfaces", "plug"), PLUGS)
def test_a_cable_under_an_interface_goes_with_its_zone(interfaces: tuple[str, ...], plug: str) -> None:
    case = plugged(interfaces, plug)
    case.do(delete_zone(mode=ENFORCING))
    nothing_is_left(case)


def test_a_cluster_names_its_hosts_their_vms_and_its_networks() -> None:
    case = given(*A_SUBNET, a_vm())
    told = case.when(delete_cluster()).refused(
        "still-in-use",
        naming=[host.Added("h1", "c1", ("eth0", "eth1"), "", "10.0.0.1"), l2.AttachedToCluster("c1"), vm.Started("h1")],
    )
    assert "host h1, running VM vm, the attachment of L2 network v10 to cluster c1" in told


def test_a_cluster_names_the_move_of_a_host_that_was_moved_in() -> None:
    case = given(*TWO_CLUSTERS, c.MoveHost(host="h2", cluster="c1"))
    case.when(delete_cluster()).refused(
        "still-in-use", naming=[host.Added("h1", "c1", ("eth0", "eth1"), "", "10.0.0.1"), host.Moved("c1")]
    )


def test_a_host_names_the_vms_on_it_and_how_they_came_there() -> None:
    case = given(*TWO_SUBNETS, a_vm("one", host="h1"), a_vm("two", host="h2"), migrate("two", host="h1"))
    case.when(delete_host()).refused("still-in-use", naming=[vm.Started("h1"), vm.Migrated("h1")])


def test_a_stopped_vm_is_in_no_hosts_way() -> None:
    given(*TWO_SUBNETS, a_vm(host="h1"), stop()).when(delete_host()).then(host.Deleted())


def test_a_network_names_its_subnets_and_its_clusters() -> None:
    case = given(*A_SUBNET)
    subnet = l3.Created("l3", "v10", "private", "", 0, "first-available")
    case.when(delete_l2()).refused("still-in-use", naming=[l2.AttachedToCluster("c1"), subnet])


def test_a_subnet_names_its_nics() -> None:
    case = given(*A_SUBNET, a_vm(mac=MAC))
    result = case.when(delete_l3())
    assert result.refusal
    assert (result.refusal.code, "NIC vm/l3" in result.refusal.sentence) == ("still-in-use", True)
    (position,) = result.refusal.conflicts
    assert [r.fact.tag() for r in case.network.facts(position - 1, position)] == ["vm.nic-attached"]


def test_a_pool_and_a_range_name_the_networks_in_them() -> None:
    x = l2.Created("x", "", "z", "", "L2VxlanNetwork", 100, "pool", "br_vx_100", "vxlan100", "attach", "", "tunnel", "")
    case = given(a_zone(), a_pool(), a_vni_range(), a_vni_range(200, 201), a_vxlan())
    case.when(delete_l2("pool")).refused("still-in-use", naming=[x])
    case.when(delete_vnis()).refused("still-in-use", naming=[x])
    case.when(delete_vnis("200-201")).then(pool.VniRangeDeleted("200-201"))


# enforcing


def test_a_zone_goes_with_everything_in_it() -> None:
    case = given(*A_SUBNET, a_vm(mac=MAC), a_switch("s1", "1"), connect("h1:eth0", "s1:1"), realized())
    case.do(a_pool(), a_vni_range(), attach_pool(), a_vxlan(), an_l3("lx", l2="x"), a_cidr("10.1.0.0/24", l3="lx"))
    case.do(a_vm("two", "lx", "l3"), a_vm("off", "lx"), stop("off"), c.CreateVm(name="bare", networks=()), stop("bare"))
    case.do(delete_zone(mode=ENFORCING))
    nothing_is_left(case)


def test_children_go_before_their_parents() -> None:
    result = given(*A_SUBNET, a_vm(mac=MAC)).when(delete_zone(mode=ENFORCING))
    result.then(
        vm.Destroyed(),
        l3.Deleted(),
        l2.DetachedFromCluster("c1"),
        l2.Deleted(),
        host.Deleted(),
        cluster.Deleted(),
        zone.Deleted(),
    )


def test_each_fact_of_a_cascade_names_what_it_made_way_for() -> None:
    result = given(*A_SUBNET, a_vm(mac=MAC)).when(delete_zone(mode=ENFORCING))
    assert causes(result) == [
        "zone.deleted",
        "l2.deleted",
        "l2.deleted",
        "zone.deleted",
        "cluster.deleted",
        "zone.deleted",
        "",
    ]
    assert [r.fact.tag() for r in result.recorded if not r.cause] == ["zone.deleted"]
    assert len({r.command for r in result.recorded}) == 1


def test_at_no_position_of_a_cascade_a_living_object_has_a_dead_parent() -> None:
    case = given(*A_SUBNET, a_vm(), a_vm("off"), stop("off"))
    before = case.network.position()
    case.do(delete_zone(mode=ENFORCING))
    for position in range(before, case.network.position() + 1):
        no_orphans(case, position)


def no_orphans(case: Case, position: int) -> None:
    objects = case.at(position).objects
    for parent, children in objects.children.items():
        assert parent in objects.states
        assert all(child in objects.states for child in children)


def test_another_zone_stays_as_it_is() -> None:
    other = (a_zone("y"), a_cluster("d1", zone="y"), a_host("far", cluster="d1"), a_vlan("w10", zone="y"))
    case = given(*A_SUBNET, *other, attach("w10", "d1"), an_l3("m3", l2="w10"), a_cidr("10.1.0.0/24", l3="m3"))
    case.do(a_vm("here"), a_vm("there", "m3"), delete_zone(mode=ENFORCING))
    assert case.topology.state(case.id("vm", "there"), vm.Vm).host == case.id("host", "far")
    assert {kind for kind, _ in case.topology.objects.names} == {"zone", "cluster", "host", "l2", "l3", "vm"}
    assert len(case.topology.objects.names) == 6
    invariants.claims_fit(case.network, case.topology)


def test_a_vm_stops_with_its_host_and_keeps_its_nics() -> None:
    case = given(*TWO_SUBNETS, a_vm(host="h1"))
    result = case.when(delete_host(mode=ENFORCING))
    result.then(vm.Stopped(), host.Deleted(), releasing=["host-address/z/10.0.0.1", "name/host/h1"])
    assert causes(result) == ["host.deleted", ""]
    case.when(start()).then(vm.Started("h2"))


def test_a_host_goes_with_its_cables_and_its_reports() -> None:
    case = given(*A_SUBNET, a_switch("s1", "1"), connect("h1:eth0", "s1:1"), realized())
    case.do(delete_host(mode=ENFORCING))
    invariants.claims_fit(case.network, case.topology)
    case.do(a_host(), connect("h1:eth0", "s1:1"))


def test_a_cluster_goes_with_its_hosts_and_leaves_its_networks() -> None:
    case = given(*TWO_SUBNETS, a_vm("one", host="h1"), a_vm("two", host="h2"), a_pool(), attach_pool())
    result = case.when(delete_cluster(mode=ENFORCING))
    result.then(
        vm.Stopped(),
        host.Deleted(),
        l2.DetachedFromCluster("c1"),
        pool.DetachedFromCluster("c1"),
        cluster.Deleted(),
        releasing=["host-address/z/10.0.0.1", "name/host/h1", "segment/c1/eth0/10", "name/cluster/c1"],
    )
    assert causes(result) == ["host.deleted", "cluster.deleted", "cluster.deleted", "cluster.deleted", ""]
    assert len(case.topology.nics_of(case.id("vm", "one"))) == 1
    case.when(start("one")).then(vm.Started("h2"))


def test_a_network_goes_with_its_subnets_and_the_vms_run_on() -> None:
    case = given(*TWO_SUBNETS, a_vm(host="h1", ip="192.168.0.20", mac=MAC), a_vm("off", host="h2"), stop("off"))
    result = case.when(delete_l2(mode=ENFORCING))
    result.then(
        vm.NicDetached("vm/l3"),
        vm.NicDetached("off/l3"),
        l3.Deleted(),
        l2.DetachedFromCluster("c1"),
        l2.DetachedFromCluster("c2"),
        l2.Deleted(),
    )
    assert causes(result) == ["l3.deleted", "l3.deleted", "l2.deleted", "l2.deleted", "l2.deleted", ""]
    guest = case.topology.state(case.id("vm", "vm"), vm.Vm)
    assert (guest.state, guest.nics) == ("running", ())
    invariants.claims_fit(case.network, case.topology)


def test_a_subnet_goes_with_its_nics_alone() -> None:
    case = given(*A_SUBNET, a_no_vlan(), attach("plain"), an_l3("m3", l2="plain"), a_cidr("10.1.0.0/24", l3="m3"))
    case.do(a_vm("both", "m3", "l3", mac=MAC))
    case.when(delete_l3(mode=ENFORCING)).then(vm.NicDetached("both/l3"), l3.Deleted())
    assert [nic.l3 for nic in case.topology.nics_of(case.id("vm", "both"))] == [case.id("l3", "m3")]


def test_a_pool_goes_with_its_networks() -> None:
    case = given(*A_POOL, a_vxlan(), an_l3(l2="x"), a_range(), a_vm(host="h1", mac=MAC))
    case.when(delete_l2("pool", ENFORCING)).then(
        vm.NicDetached("vm/l3"),
        l3.Deleted(),
        l2.Deleted(),
        pool.DetachedFromCluster("c1"),
        pool.DetachedFromCluster("c2"),
        pool.Deleted(),
    )
    invariants.claims_fit(case.network, case.topology)


def test_a_range_goes_with_the_networks_inside_it_alone() -> None:
    case = given(*A_POOL, a_vni_range(200, 201), a_vxlan("in"), a_vxlan("out", vni=200))
    result = case.when(delete_vnis(mode=ENFORCING))
    result.then(
        l2.Deleted(),
        pool.VniRangeDeleted("100-102"),
        releasing=["name/l2/in", "bridge/z/br_vx_100", "vni/pool/100"],
    )
    assert causes(result) == ["vxlan-pool.vni-range-deleted", ""]
    case.when(a_vxlan("again", vni=100)).refused("invalid-argument")
    assert case.id("l2", "out")


def test_a_renamed_network_gives_back_the_name_it_has() -> None:
    case = given(a_zone(), a_vlan(), c.UpdateL2Network(l2="v10", name="red"))
    case.when(delete_l2("red")).then(l2.Deleted(), releasing=["name/l2/red", "bridge/z/br_eth0_10"])
    case.do(a_vlan()).do(a_vlan("red", vlan=11))


def test_what_a_deleted_network_held_is_free() -> None:
    case = given(*A_SUBNET, a_vm(ip="192.168.0.20", mac=MAC), delete_l2(mode=ENFORCING))
    case.do(a_vlan(), attach("v10"), an_l3(), a_range(), a_vm("again", ip="192.168.0.20", mac=MAC))
    assert case.when(a_vlan("w10")).recorded


def test_a_destroyed_vm_gives_back_everything() -> None:
    case = given(*A_SUBNET, a_vm(ip="192.168.0.20", mac=MAC))
    case.when(destroy()).then(vm.Destroyed(), releasing=["name/vm/vm", "ip/l3/192.168.0.20", f"mac/{MAC}"])


def test_a_network_that_hangs_on_nothing_names_its_creation_no_more() -> None:
    given(*TWO_CLUSTERS, a_vlan(), delete_l2()).when(a_vlan()).then(V10)
