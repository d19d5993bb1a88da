"""Hosts follow a network that is given another VLAN; and what a plan holds for networks that need no bridge of ours."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from domain import commands as c
from domain import host
from domain.l2_types import GRE_MTU
from projections import plan
from projections.diff import diff
from projections.found import Found, Link
from projections.mesh_diff import tunnel_name
from projections.namespace_operations import LoadFences
from projections.obstacles import obstacles
from projections.operations import (
    CreateVlan,
    Deafen,
    Delete,
    Mark,
    MoveAddress,
    MoveRoute,
    Replace,
    apply_all,
    describe,
)
from projections.plan import GreMesh, HostPlan
from tests.builders import (
    A_POOL,
    ONE_HOST,
    TWO_CLUSTERS,
    a_cidr,
    a_cluster,
    a_host,
    a_no_vlan,
    a_range,
    a_vlan,
    a_vm,
    a_vxlan,
    a_zone,
    an_l3,
    attach,
    destroy,
    migrate,
    stop,
)
from tests.given import Case, given
from tests.machines.planned import lived_in
from tests.service_builders import a_provider, serve


def change(network: str, vlan: int) -> c.ChangeL2NetworkVlan:
    return c.ChangeL2NetworkVlan(l2=network, vlan=vlan)


def planned(case: Case, name: str = "h1") -> HostPlan:
    return plan.plan(case.topology, case.id("host", name))


def realized(case: Case) -> Found:
    """Give the host as it is once it has done what is planned now."""
    before = lived_in(case.topology.state(case.id("host", "h1"), host.Host).interfaces)
    return apply_all(before, diff(planned(case), before))


def tagged() -> Case:
    return given(*ONE_HOST, a_vlan(), attach("v10"), an_l3(), a_range(), a_vm(mac="52:54:00:00:00:01"))


def untagged() -> Case:
    return given(*ONE_HOST, a_no_vlan("v10"), attach("v10"), an_l3(), a_range(), a_vm(mac="52:54:00:00:00:01"))


def test_another_vlan_is_another_device_in_the_same_bridge() -> None:
    case = tagged()
    found = realized(case)
    case.do(change("v10", 20))
    steps = diff(planned(case), found)
    changed = case.network.position() - 2
    network = case.id("l2", "v10")
    assert steps == (
        CreateVlan("eth0.20", "eth0", 20, "", 0, f"rewire {network} fact={changed}"),
        Replace("eth0.10", "eth0.20", "br_eth0_10"),
        Mark("br_eth0_10", f"rewire {network} fact={changed} host={case.id('host', 'h1')}"),
        Delete("eth0.10"),
    )
    after = apply_all(found, steps)
    assert after.links["nic525400000001"] == found.links["nic525400000001"]
    assert diff(planned(case), after) == ()


def test_a_network_that_loses_its_tag_takes_the_interface_with_its_addresses() -> None:
    case = tagged()
    found = realized(case)
    case.do(change("v10", 0))
    steps = diff(planned(case), found)
    assert [type(step) for step in steps[:4]] == [Mark, Replace, Delete, Deafen]
    assert {type(step) for step in steps[4:]} == {MoveAddress, MoveRoute}
    after = apply_all(found, steps)
    assert {a.cidr for a in after.addresses if a.interface == "br_eth0_10"} == {"10.7.0.1/24", "10.7.0.2/24"}
    assert after.links["nic525400000001"].bridge == "br_eth0_10"
    assert diff(planned(case), after) == ()


def test_a_network_that_gets_a_tag_gives_the_interface_back_with_its_addresses() -> None:
    case = untagged()
    found = realized(case)
    case.do(change("v10", 20))
    steps = diff(planned(case), found)
    kinds = [type(step) for step in steps]
    assert (kinds[0], kinds[-3:]) == (CreateVlan, [Replace, Mark, Deafen])
    assert {*kinds[1:-3]} == {MoveAddress, MoveRoute}
    after = apply_all(found, steps)
    assert {a.cidr for a in after.addresses if a.interface == "eth0"} == {"10.7.0.1/24", "10.7.0.2/24"}
    assert {r.interface for r in after.routes if r.destination == "0.0.0.0/0"} == {"eth0"}
    assert (after.links["eth0"].bridge, after.links["eth0.20"].bridge) == ("", "br_eth0")
    assert after.links["nic525400000001"] == found.links["nic525400000001"]
    assert diff(planned(case), after) == ()


def owned() -> Case:
    """Give a host that has a device of VLAN 20 by itself, which is used and never made."""
    host = a_host(interfaces=("eth0", "eth1", "eth0.20"))
    wishes = (a_zone(), a_cluster(), host, a_vlan(), attach("v10"), an_l3(), a_range(), a_vm(mac="52:54:00:00:00:01"))
    return given(*wishes)


CHANGES = [(tagged, (20,)), (tagged, (0,)), (untagged, (20,)), (owned, (20,)), (owned, (20, 0)), (owned, (20, 10))]


@pytest.mark.parametrize(("world", "vlans"), CHANGES)
def test_all_along_a_change_one_thing_leads_off_the_host_at_most_and_it_hears_where_its_addresses_are(
    world: Callable[[], Case], vlans: tuple[int, ...]
) -> None:
    case = world().do(*(change("v10", vlan) for vlan in vlans[:-1]))
    found = realized(case)
    case.do(change("v10", vlans[-1]))
    (bridge,) = planned(case).bridges
    for operation in diff(planned(case), found):
        found = apply_all(found, [operation])
        assert len({"eth0", "eth0.10", "eth0.20"} & ports(found, bridge.name)) <= 1
        assert not found.deaf or bridge.name not in {address.interface for address in found.addresses}
    assert diff(planned(case), found) == ()


@pytest.mark.parametrize(("world", "vlan"), [(tagged, 20), (tagged, 0), (untagged, 20)])
def test_what_leads_off_the_host_stays_until_the_next_one_is_ready(world: Callable[[], Case], vlan: int) -> None:
    case = world()
    found = realized(case)
    case.do(change("v10", vlan))
    (bridge,) = planned(case).bridges
    for operation in diff(planned(case), found):
        found = apply_all(found, [operation])
        assert {"eth0", "eth0.10", "eth0.20"} & ports(found, bridge.name)


@pytest.mark.parametrize(("world", "vlan"), [(tagged, 20), (tagged, 0), (untagged, 20)])
def test_all_along_a_change_servers_are_kept_from_what_leads_off_the_host(world: Callable[[], Case], vlan: int) -> None:
    case = world().do(a_provider(), serve(flat=("DHCP",)))
    found, fences = realized(case), planned(case).fences
    case.do(change("v10", vlan))
    (bridge,) = planned(case).bridges
    for operation in diff(planned(case), found):
        found = apply_all(found, [operation])
        fences = operation.fences if isinstance(operation, LoadFences) else fences
        assert {"eth0", "eth0.10", "eth0.20"} & ports(found, bridge.name) <= set(fences[0].outside)
    assert fences == planned(case).fences


@pytest.mark.parametrize(("world", "vlans"), [(tagged, (20,)), (untagged, (20,)), (owned, (20, 10))])
def test_a_network_stays_as_it_is_while_something_foreign_keeps_it_from_its_new_vlan(
    world: Callable[[], Case], vlans: tuple[int, ...]
) -> None:
    case = world().do(*(change("v10", vlan) for vlan in vlans[:-1]))
    found = realized(case)
    case.do(change("v10", vlans[-1]))
    link = Link(f"eth0.{vlans[-1]}", "vlan", interface="eth0", number=9)
    foreign = msgspec.structs.replace(found, links=found.links.set(link.name, link))

    assert obstacles(planned(case), foreign) != ()
    assert diff(planned(case), foreign) == ()


def ports(found: Found, bridge: str) -> set[str]:
    return {link.name for link in found.links.values() if link.bridge == bridge}


@pytest.mark.parametrize(("world", "vlans"), CHANGES)
def test_a_change_that_is_cut_off_anywhere_is_finished_by_the_next_run(
    world: Callable[[], Case], vlans: tuple[int, ...]
) -> None:
    case = world().do(*(change("v10", vlan) for vlan in vlans[:-1]))
    found = realized(case)
    case.do(change("v10", vlans[-1]))
    steps = diff(planned(case), found)
    whole = apply_all(found, steps)
    for done in range(len(steps)):
        part = apply_all(found, steps[:done])
        assert obstacles(planned(case), part) == ()
        assert apply_all(part, diff(planned(case), part)) == whole


@pytest.mark.parametrize("world", [tagged, untagged])
def test_a_changed_network_leaves_a_host_as_it_was(world: Callable[[], Case]) -> None:
    case = world()
    case.do(change("v10", 20))
    found = realized(case)
    empty = HostPlan(case.id("host", "h1"), case.network.position())
    assert apply_all(found, diff(empty, found)) == lived_in(("eth0", "eth1"))


def test_a_device_rests_on_the_fact_that_gave_it_its_vlan() -> None:
    case = tagged()
    case.do(change("v10", 20))
    changed = case.network.position() - 2
    (vlan,) = planned(case).vlans
    assert changed in vlan.because
    assert (vlan.name, vlan.vlan, vlan.bridge) == ("eth0.20", 20, "br_eth0_10")


def test_a_change_moves_the_network_from_one_domain_into_another() -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), attach("v10"), a_vlan("v20", vlan=20), attach("v20", "c2"))
    before = case.network.position()
    case.do(change("v10", 20))
    assert sorted(map(len, case.at(before).segments.carried.values())) == [1, 1]
    assert sorted(map(len, case.topology.segments.carried.values())) == [2]


# GRE


def test_a_gre_network_is_a_mesh_of_its_hosts() -> None:
    gre = c.CreateL2OvsGreNetwork(name="g", zone="z", physical_interface="eth0", key=7)
    case = given(*TWO_CLUSTERS, gre, attach("g"), attach("g", "c2"), an_l3(l2="g"), a_cidr(), a_vm(host="h1"))
    found = planned(case)
    network = case.id("l2", "g")
    born = case.topology.objects.born[network]
    because = found.meshes[0].because
    assert found.meshes == (GreMesh("ovs7", network, 7, "eth0", "10.0.0.1", ("10.0.0.2",), because, GRE_MTU),)
    assert because[0] == born
    assert (found.bridges, found.vlans, found.tunnels) == ((), (), ())
    assert [port.bridge for port in found.ports] == ["ovs7"]
    assert [describe(step) for step in diff(found, lived_in(("eth0", "eth1")))] == [
        "create-ovs-bridge ovs7",
        f"add-gre-port {tunnel_name(network, '10.0.0.2')} to ovs7 for 10.0.0.2",
        f"create-port {found.ports[0].device}",
        f"plug-port {found.ports[0].device} to ovs7",
    ]


# a network that is realized with its first VM


def on_demand() -> Case:
    return given(*A_POOL, a_vxlan(realize="vm"), an_l3(l2="x"), a_range())


def bridges(case: Case) -> list[tuple[str, ...]]:
    return [tuple(b.name for b in planned(case, name).bridges) for name in ("h1", "h2")]


def test_a_network_on_demand_is_on_the_hosts_that_run_its_vms() -> None:
    case = on_demand()
    assert bridges(case) == [(), ()]
    case.do(a_vm("one", host="h1"))
    assert bridges(case) == [("br_vx_100",), ()]
    assert planned(case).tunnels[0].peers == ()
    case.do(a_vm("two", host="h1"), a_vm("three", host="h2"))
    assert bridges(case) == [("br_vx_100",), ("br_vx_100",)]
    assert planned(case).tunnels[0].peers == ("10.0.0.2",)


def test_a_network_on_demand_leaves_with_the_last_vm_that_needs_it() -> None:
    case = on_demand().do(a_vm("one", host="h1"), a_vm("two", host="h1"), stop("one"))
    assert bridges(case) == [("br_vx_100",), ()]
    case.do(migrate("two", host="h2"))
    assert bridges(case) == [(), ("br_vx_100",)]
    case.do(destroy("two"))
    assert bridges(case) == [(), ()]


def test_a_network_on_demand_is_made_and_taken_away_again() -> None:
    case = on_demand().do(a_vm("one", host="h1"))
    found = realized(case)
    assert {"br_vx_100", "vxlan100"} <= set(found.links)
    case.do(stop("one"))
    assert apply_all(found, diff(planned(case), found)) == lived_in(("eth0", "eth1"))
