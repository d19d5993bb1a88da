"""What networks ask of a host's own interfaces, how MTUs come down to devices, and how a VLAN gives way to another."""

from __future__ import annotations

import msgspec
import pytest

from domain import commands as c
from domain.l2_types import GRE_MTU, TUNNEL_MTU
from projections import plan as plans
from projections.diff import diff
from projections.found import Found, Link, bare_host
from projections.mesh_diff import tunnel_name
from projections.obstacles import obstacles
from projections.operations import Replace, SetMtu, apply_all, describe
from projections.plan import HostPlan
from tests.builders import A_POOL, ONE_HOST, TWO_CLUSTERS, a_cidr, a_no_vlan, a_vlan, a_vm, a_vxlan, an_l3, attach
from tests.given import Case, given


ENDS = ("10.0.0.1",)


def planned(case: Case) -> HostPlan:
    return plans.plan(case.topology, case.id("host", "h1"))


def wide(mtu: int) -> Found:
    """Give a host whose one interface, with its VTEP, has an MTU."""
    bare = bare_host(("eth0",), ENDS)
    links = bare.links.set("eth0", Link("eth0", "other", mtu=mtu))
    addresses = frozenset(msgspec.structs.replace(address, interface="eth0") for address in bare.addresses)
    return msgspec.structs.replace(bare, links=links, addresses=addresses)


def settled(plan: HostPlan, found: Found) -> Found:
    after = apply_all(found, diff(plan, found))
    assert diff(plan, after) == ()
    return after


def mtus(found: Found) -> dict[str, int]:
    return {name: link.mtu for name, link in found.links.items() if link.ours}


TAGGED = (*ONE_HOST, a_vlan(), attach("v10"), an_l3(), a_cidr(), a_vm(host="h1"))
TUNNELLED = (*A_POOL, a_vxlan(), an_l3(l2="x"), a_cidr(), a_vm(host="h1"))


@pytest.mark.parametrize("world", [TAGGED, TUNNELLED])
def test_an_mtu_that_is_raised_and_lowered_reaches_bridge_device_and_ports(world: tuple[c.Command, ...]) -> None:
    case, host = given(*world), wide(9216)
    host = settled(planned(case), host)
    for mtu in (9000, 1400, 8000):
        case.do(c.UpdateL3Network(l3="l3", mtu=mtu))
        host = settled(planned(case), host)
        assert set(mtus(host).values()) == {mtu}
        assert len(mtus(host)) == 3


def test_the_largest_of_several_l3_networks_counts_and_one_that_asks_for_none_has_what_is_usual() -> None:
    case = given(*TAGGED, an_l3("two"), c.UpdateL3Network(l3="l3", mtu=1300))
    assert [bridge.mtu for bridge in planned(case).bridges] == [1500]
    case.do(c.UpdateL3Network(l3="two", mtu=1280))
    assert [bridge.mtu for bridge in planned(case).bridges] == [1300]


def test_where_no_mtu_is_asked_for_devices_have_what_is_below_and_tunnels_what_is_left() -> None:
    tagged = mtus(settled(planned(given(*TAGGED)), wide(9216)))
    assert {tagged["br_eth0_10"], tagged["eth0.10"]} == {9216}
    tunnelled = given(*TUNNELLED)
    assert set(mtus(settled(planned(tunnelled), wide(1500))).values()) == {TUNNEL_MTU}


def test_a_bridge_with_the_hosts_own_addresses_keeps_the_mtu_of_its_uplink() -> None:
    case = given(*ONE_HOST, a_no_vlan(), attach("plain"), an_l3(l2="plain", mtu=1400))
    assert mtus(settled(planned(case), wide(9000)))["br_eth0"] == 9000


@pytest.mark.parametrize(
    ("world", "mtu", "room", "told"),
    [
        (TAGGED, 9000, 1500, "too small for 9000 bytes: "),
        (TUNNELLED, 1500, 1549, "too small for 1500 bytes and 50 around them: "),
        ((*ONE_HOST, a_no_vlan(), attach("plain"), an_l3(l2="plain")), 1501, 1500, "too small for 1501 bytes: "),
    ],
)
def test_an_interface_that_is_too_narrow_is_told_and_left_alone(
    world: tuple[c.Command, ...], mtu: int, room: int, told: str
) -> None:
    case = given(*world)
    before = settled(planned(case), wide(9216))
    narrow = msgspec.structs.replace(
        before, links=before.links.set("eth0", msgspec.structs.replace(before.links["eth0"], mtu=room))
    )
    case.do(c.UpdateL3Network(l3="l3", mtu=mtu))

    (obstacle,) = obstacles(planned(case), narrow)

    assert obstacle.name == "eth0"
    assert told in obstacle.why
    assert not any(isinstance(operation, SetMtu) for operation in diff(planned(case), narrow))


def test_a_tunnel_whose_address_is_on_no_interface_is_told() -> None:
    case = given(*TUNNELLED)
    (obstacle,) = obstacles(planned(case), bare_host(("eth0",)))
    assert obstacle.why == "no interface of the host has the address 10.0.0.1, from which tunnels start"
    assert diff(planned(case), bare_host(("eth0",))) == ()


def test_a_mesh_starts_at_an_address_of_the_host_and_fits_through_its_interface() -> None:
    gre = c.CreateL2OvsGreNetwork(name="g", zone="z", physical_interface="eth0", key=7)
    plan = planned(given(*TWO_CLUSTERS, gre, attach("g"), attach("g", "c2")))
    assert [obstacle.name for obstacle in obstacles(plan, bare_host(("eth0",)))] == ["10.0.0.1"]
    assert [obstacle.name for obstacle in obstacles(plan, wide(GRE_MTU + 41))] == ["eth0"]
    assert obstacles(plan, wide(GRE_MTU + 42)) == ()


def test_tunnels_never_lead_to_their_own_host() -> None:
    for mesh in (planned(given(*TUNNELLED)).tunnels[0], planned(given(*TWO_CLUSTERS, *GRE)).meshes[0]):
        assert mesh.local not in mesh.peers
        assert mesh.peers


GRE = (
    c.CreateL2OvsGreNetwork(name="g", zone="z", physical_interface="eth0", key=7),
    attach("g"),
    attach("g", "c2"),
)


@pytest.mark.parametrize("peer", ["1.1.1.1", "255.255.255.255", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"])
def test_the_name_of_a_mesh_s_tunnel_fits_whatever_it_leads_to(peer: str) -> None:
    name = tunnel_name("019b76da-bb88-74ba-868a-e3c7f1fd42a2", peer)
    assert len(name.encode()) == 15
    assert name != tunnel_name("019b76da-bb88-74ba-868a-e3c7f1fd42a3", peer)


# one VLAN gives way to another


def test_the_old_vlan_stays_until_the_new_one_is_there_and_both_are_never_on_the_bridge() -> None:
    case = given(*TAGGED)
    found = settled(planned(case), wide(1500))
    case.do(c.ChangeL2NetworkVlan(l2="v10", vlan=20))
    steps = diff(planned(case), found)
    assert [describe(step) for step in steps if "br_eth0_10" not in describe(step) or isinstance(step, Replace)] == [
        "create-vlan eth0.20",
        "replace eth0.10 by eth0.20 on br_eth0_10",
        "delete eth0.10",
    ]
    for done in range(len(steps) + 1):
        part = apply_all(found, steps[:done])
        on_bridge = [link.name for link in part.links.values() if link.bridge == "br_eth0_10" and link.kind == "vlan"]
        assert len(on_bridge) == 1
        settled(planned(case), part)


def test_a_vlan_whose_successor_is_kept_out_stays() -> None:
    case = given(*TAGGED)
    found = settled(planned(case), wide(1500))
    case.do(c.ChangeL2NetworkVlan(l2="v10", vlan=20))
    blocked = msgspec.structs.replace(found, links=found.links.set("eth0.20", Link("eth0.20", "other")))
    assert diff(planned(case), blocked) == ()
    assert [obstacle.name for obstacle in obstacles(planned(case), blocked)] == ["eth0.20"]


def test_two_vlans_that_somebody_put_on_one_bridge_are_parted_first() -> None:
    case = given(*TAGGED)
    found = settled(planned(case), wide(1500))
    both = apply_all(found, diff(planned(given(*TAGGED)), found))
    case.do(c.ChangeL2NetworkVlan(l2="v10", vlan=20))
    after = apply_all(both, diff(planned(case), both))
    joined = msgspec.structs.replace(after, links=after.links.set("eth0.10", found.links["eth0.10"]))
    assert describe(diff(planned(case), joined)[0]) == "delete eth0.10"
