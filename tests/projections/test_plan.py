"""What one host must have, and the facts that it rests on."""

from __future__ import annotations

import msgspec

from projections.plan import Bridge, HostPlan, Port, Tunnel, Vlan, plan
from projections.walls import Wall
from tests.builders import (
    A_POOL,
    A_SUBNET,
    TWO_SUBNETS,
    a_cidr,
    a_host,
    a_no_vlan,
    a_vm,
    a_vxlan,
    an_l3,
    attach,
    detach,
    migrate,
    stop,
)
from tests.given import Case, given


MAC = "52:54:00:00:00:01"


def planned(case: Case, host: str = "h1") -> HostPlan:
    """Give a plan with names for uuids, and without the facts it rests on."""
    now = case.topology
    text = msgspec.json.encode(plan(now, case.id("host", host))).decode()
    for uuid in [*now.objects.states, *now.nics.all]:
        text = text.replace(uuid, now.name(uuid))
    named = msgspec.json.decode(text, type=HostPlan)
    return msgspec.structs.replace(
        named,
        position=0,
        bridges=tuple(msgspec.structs.replace(x, because=()) for x in named.bridges),
        vlans=tuple(msgspec.structs.replace(x, because=()) for x in named.vlans),
        tunnels=tuple(msgspec.structs.replace(x, because=()) for x in named.tunnels),
        ports=tuple(msgspec.structs.replace(x, because=()) for x in named.ports),
    )


def tunnel(*peers: str, local: str = "10.0.0.1") -> Tunnel:
    return Tunnel("vxlan100", "x", 100, local, 8472, peers, "br_vx_100", 1450, ())


def test_a_host_of_a_bare_cluster_needs_nothing() -> None:
    assert planned(given(*A_SUBNET, detach("v10"))) == HostPlan("h1", 0)


def test_a_vlan_network_is_a_device_in_a_bridge_with_the_nics_as_ports() -> None:
    assert planned(given(*A_SUBNET, a_vm(mac=MAC))) == HostPlan(
        "h1",
        0,
        bridges=(Bridge("br_eth0_10", "v10", "", 0, ()),),
        vlans=(Vlan("eth0.10", "v10", "eth0", 10, "br_eth0_10", ()),),
        ports=(Port("nic525400000001", "vm/l3", "vm", MAC, "192.168.0.10", "", "br_eth0_10", ()),),
        deaf=("br_eth0_10",),
    )


def test_a_network_without_vlan_has_the_interface_itself_in_its_bridge() -> None:
    case = given(*TWO_SUBNETS, detach("v10"), a_no_vlan(), attach("plain"))
    assert planned(case) == HostPlan("h1", 0, bridges=(Bridge("br_eth0", "plain", "eth0", 0, ()),))


def test_a_vxlan_network_is_a_tunnel_to_the_other_hosts_and_never_to_itself() -> None:
    case = given(*A_POOL, a_vxlan(), a_host("h3", vtep="10.0.0.3"))
    bridge = Bridge("br_vx_100", "x", "", 1450, ())
    tunnels = (tunnel("10.0.0.2", "10.0.0.3"),)
    wall = Wall(8472, (100,), ("10.0.0.2", "10.0.0.3"))
    assert planned(case) == HostPlan("h1", 0, bridges=(bridge,), tunnels=tunnels, deaf=("br_vx_100",), wall=wall)
    assert planned(case, "h2").tunnels == (tunnel("10.0.0.1", "10.0.0.3", local="10.0.0.2"),)
    assert planned(case.do(detach("pool", "c2"))).tunnels == (tunnel("10.0.0.3"),)


def test_a_network_realized_with_vms_comes_and_goes_with_them() -> None:
    case = given(*A_POOL, a_vxlan(realize="vm"), an_l3("lx", l2="x"), a_cidr(l3="lx"))
    assert planned(case) == HostPlan("h1", 0)
    case.do(a_vm("a", "lx", host="h1", mac=MAC))
    assert planned(case).tunnels == (tunnel(),)
    case.do(a_vm("b", "lx", host="h2"))
    assert planned(case).tunnels == (tunnel("10.0.0.2"),)
    case.do(stop("a"))
    assert planned(case) == HostPlan("h1", 0)
    assert planned(case, "h2").tunnels == (tunnel(local="10.0.0.2"),)


def test_ports_follow_a_vm_that_moves() -> None:
    case = given(*TWO_SUBNETS, a_vm(host="h1"), migrate())
    assert [len(planned(case, name).ports) for name in ("h1", "h2")] == [0, 1]


def test_each_object_names_the_facts_it_rests_on() -> None:
    case = given(*TWO_SUBNETS, detach("v10"))
    attached = case.when(attach("v10")).recorded[0].position
    made = case.when(a_vm(host="h1")).recorded
    found = plan(case.topology, case.id("host", "h1"))
    created = case.topology.objects.born[case.id("l2", "v10")]
    assert {found.bridges[0].because, found.vlans[0].because} == {(created, attached)}
    assert found.ports[0].because == (made[2].position, made[-1].position)
    assert found.position == case.network.position()
