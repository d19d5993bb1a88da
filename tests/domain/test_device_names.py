"""Device names: no two networks share one on a host, and none takes that of an interface of the host's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from domain import commands as c
from domain import host, l2, pool
from domain.commands import Command
from projections import devices, plan
from projections.diff import diff
from projections.found import bare_host
from projections.obstacles import obstacles
from projections.operations import CreateBridge, apply_all
from projections.topology import Topology
from tests.builders import (
    A_POOL,
    ONE_HOST,
    TWO_CLUSTERS,
    a_cluster,
    a_host,
    a_no_vlan,
    a_pool,
    a_vlan,
    a_vm,
    a_vni_range,
    a_vxlan,
    a_zone,
    an_l3,
    attach,
    attach_pool,
    detach,
)
from tests.domain.test_plugins import a_network, macvlan
from tests.given import ME, Case, given
from tests.machines import invariants
from tests.machines.planned import lived_in


__all__ = ["macvlan"]

UUID = "0196f0a0-0000-7000-8000-00000000abcd"
ON_C1 = l2.AttachedToCluster("c1")
ATTACHED_POOL = pool.AttachedToCluster("c1", "10.0.0.0/24")


def made(case: Case, name: str) -> tuple[str, str]:
    """Give the names of a network's devices."""
    state = case.topology.state(case.id("l2", name), l2.L2Network)
    return state.bridge, state.device


def change(name: str, vlan: int) -> c.ChangeL2NetworkVlan:
    return c.ChangeL2NetworkVlan(l2=name, vlan=vlan)


# what is made is named around what is there


def test_a_bridge_gives_way_to_a_vlan_device_of_its_name() -> None:
    case = given(a_zone(), a_vlan("tagged", interface="br_eth0"))
    case.do(c.CreateL2NoVlanNetwork(name="plain", zone="z", physical_interface="eth0.10", uuid=UUID))
    assert made(case, "tagged") == ("br_br_eth0_10", "br_eth0.10")
    assert made(case, "plain") == ("l2_00000000abcd", "")


def test_a_vlan_device_gives_way_to_a_bridge_of_its_name() -> None:
    case = given(a_zone(), a_no_vlan(interface="eth0.10"), a_vlan("tagged", interface="br_eth0", uuid=UUID))
    assert made(case, "plain") == ("br_eth0.10", "")
    assert made(case, "tagged") == ("br_br_eth0_10", "vx_00000000abcd")


def test_a_bridge_gives_way_to_an_interface_of_a_host_in_its_zone() -> None:
    case = given(a_zone(), a_cluster(), a_host(interfaces=("eth0", "br_eth0")), a_vlan("w", uuid=UUID), a_zone("y"))
    case.do(a_no_vlan(), a_no_vlan("elsewhere", zone="y"))
    assert made(case, "plain")[0].startswith("l2_")
    assert made(case, "elsewhere") == ("br_eth0", "")
    case.when(attach("plain")).then(ON_C1)


def test_a_tunnel_gives_way_to_an_interface_of_a_host() -> None:
    case = given(*A_POOL, a_host("h3", interfaces=("vxlan100",), vtep="10.0.0.9"))
    case.do(c.CreateL2VxlanNetwork(name="x", pool="pool", uuid=UUID))
    assert made(case, "x") == ("br_vx_100", "vx_00000000abcd")


def test_a_member_of_a_bond_has_its_name_too() -> None:
    case = given(a_zone(), a_cluster(), a_host(interfaces=("eth0", "bond0=br_eth0+eth9")), a_no_vlan())
    assert made(case, "plain")[0].startswith("l2_")


def test_a_vlan_device_of_a_plugins_gives_way_too(macvlan: Path) -> None:
    case = given(*ONE_HOST, a_network("a", kind="TaggedNetwork", number=10))
    case.do(a_network("b", kind="TaggedNetwork", number=10, interface="eth1"))
    assert made(case, "a") == ("tg10", "tg10.dev")
    assert [name[:3] for name in made(case, "b")] == ["l2_", "vx_"]
    case.do(attach("a"), attach("b"))


def test_a_name_is_free_again_when_its_bearer_is_gone() -> None:
    case = given(*ONE_HOST, a_host("h2", interfaces=("eth0", "br_eth0")), c.DeleteHost(host="h2"), a_no_vlan())
    assert made(case, "plain") == ("br_eth0", "")


def test_a_changed_vlan_names_its_device_around_what_is_there() -> None:
    case = given(*ONE_HOST, a_no_vlan("other", interface="eth0.10"), a_vlan(vlan=5, interface="br_eth0", uuid=UUID))
    case.when(change("v10", 10)).then(
        l2.VlanChanged(10, "vx_00000000abcd", "L2VlanNetwork", "vlan", "br_eth0/10"),
    )


def test_networks_on_one_wire_share_the_name_of_its_device() -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), attach("v10"), a_vlan("w"), attach("w", "c2"))
    assert made(case, "v10")[1] == made(case, "w")[1] == "eth0.10"


# what comes later and would have one name twice is refused


def test_a_host_with_an_interface_of_a_bridges_name_does_not_join() -> None:
    case = given(*ONE_HOST, a_no_vlan(), attach("plain"), a_cluster("c2"))
    odd = a_host("h2", interfaces=("eth0", "br_eth0"))
    told = case.when(odd).refused("conflict", naming=[ON_C1])
    assert "plain has a device br_eth0, which is an interface of host h2" in told
    case.do(a_host("h2", cluster="c2", interfaces=("eth0", "br_eth0")))
    case.when(c.MoveHost(host="h2", cluster="c1")).refused("conflict", naming=[ON_C1])


def test_a_network_is_not_attached_where_a_host_has_an_interface_of_its_bridges_name() -> None:
    case = given(a_zone(), a_cluster(), a_no_vlan(), a_host("odd", interfaces=("eth0", "br_eth0")), a_cluster("c2"))
    case.when(attach("plain")).refused("conflict", naming=[host.Added("odd", "c1", ("eth0", "br_eth0"), "", "")])
    case.when(attach("plain", "c2")).then(l2.AttachedToCluster("c2"))
    case.do(detach("plain", "c2"), c.MoveHost(host="odd", cluster="c2"))
    case.when(attach("plain", "c2")).refused("conflict", naming=[host.Moved("c2")])
    case.do(c.DeleteL2Network(l2="plain"), a_no_vlan(), attach("plain", "c2"))


def test_a_host_does_not_join_where_a_tunnel_has_its_interfaces_name() -> None:
    case = given(*A_POOL, a_vxlan())
    told = case.when(a_host("h3", interfaces=("vxlan100",), vtep="10.0.0.9")).refused(
        "conflict", naming=[ATTACHED_POOL]
    )
    assert "x has a device vxlan100" in told


def test_a_pool_is_not_attached_where_a_host_has_the_name_of_one_of_its_tunnels() -> None:
    case = given(*ONE_HOST, a_pool(), a_vni_range(), a_vxlan(), a_host("h3", interfaces=("vxlan100",), vtep="10.0.0.9"))
    case.when(attach_pool()).refused("conflict", naming=[host.Added("h3", "c1", ("vxlan100",), "", "10.0.0.9")])


BONDED_VLAN = a_host(interfaces=("eth0", "bond0=eth0.5+eth1"))
"""Host h1, which has VLAN 5 of eth0 as a member of a bond, where no network can use it."""
BONDED_ADDED = host.Added("h1", "c1", ("eth0", "bond0"), "", "")


def test_a_vlan_is_not_changed_to_one_that_a_member_of_a_bond_is() -> None:
    case = given(a_zone(), a_cluster(), a_vlan(vlan=6), BONDED_VLAN, attach("v10"))
    told = case.when(change("v10", 5)).refused("conflict", naming=[BONDED_ADDED])
    assert told.startswith("host h1 has eth0.5 of its own")


def test_a_network_is_not_attached_where_a_member_of_a_bond_is_its_vlan() -> None:
    case = given(a_zone(), a_cluster(), BONDED_VLAN, a_vlan("five", vlan=5))
    assert made(case, "five")[1].startswith("vx_")
    case.when(attach("five")).refused("conflict", naming=[BONDED_ADDED])


def test_a_host_does_not_join_with_a_vlan_of_its_own_beside_a_networks_under_another_name() -> None:
    """The network's device has a name of its own, since a host elsewhere in the zone has the usual one in a bond."""
    case = given(a_zone(), a_cluster("c2"), a_host("h1", cluster="c2", interfaces=("eth0", "bond0=eth0.5+eth1")))
    case.do(a_cluster(), a_vlan("five", vlan=5), attach("five"))
    case.when(a_host("h2", interfaces=("eth0", "eth0.5"))).refused("conflict", naming=[ON_C1])
    case.when(c.MoveHost(host="h1", cluster="c1")).refused("conflict", naming=[ON_C1])


@pytest.mark.parametrize("second", [a_vlan("w"), a_no_vlan("w", interface="eth0.10")])
def test_two_networks_of_one_wire_are_told_of_the_wire(second: Command) -> None:
    case = given(*ONE_HOST, a_host("h2", interfaces=("eth0", "eth0.10")), a_vlan(), second)
    case.do(c.DeleteHost(host="h1"), attach("v10"))
    code = "vlan-in-use" if isinstance(second, c.CreateL2VlanNetwork) else "physical-interface-in-use"
    case.when(attach("w")).refused(code, naming=[ON_C1])


def test_a_device_that_came_with_another_vlan_is_told_by_the_change() -> None:
    case = given(*ONE_HOST, a_vlan(vlan=6), attach("v10"), change("v10", 5))
    changed = l2.VlanChanged(5, "eth0.5", "L2VlanNetwork", "vlan", "eth0/5")
    bonded = a_host("h2", interfaces=("eth0", "bond0=eth0.5+eth1"))
    case.when(bonded).refused("conflict", naming=[ON_C1, changed])
    case.do(detach("v10"), bonded)
    joined = host.Added("h2", "c1", ("eth0", "bond0"), "", "")
    case.when(attach("v10")).refused("conflict", naming=[changed, joined])


# two at the same moment

A_RACE = (*ONE_HOST, a_no_vlan(), a_vlan(vlan=6), attach("v10"), a_pool(), a_vni_range())
ODD = a_host("odd", interfaces=("eth0", "br_eth0"))
LIKE_A_TUNNEL = a_host("odd", interfaces=("eth0", "vxlan100"), vtep="10.0.0.9")
BONDED = a_host("odd", interfaces=("eth0", "bond0=eth0.5+eth1"))


@pytest.mark.parametrize(
    ("before", "one", "other"),
    [
        ((), attach("plain"), ODD),
        ((), change("v10", 5), BONDED),
        ((attach_pool(),), a_vxlan(), LIKE_A_TUNNEL),
        ((a_vxlan(),), attach_pool(), LIKE_A_TUNNEL),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_of_two_that_would_share_a_name_the_second_is_decided_again(
    *, before: tuple[Command, ...], one: Command, other: Command, swapped: bool
) -> None:
    case = given(*A_RACE, *before)
    mine, theirs = (other, one) if swapped else (one, other)
    fork = case.network.fork()
    premise = fork.execute(mine, ME).premise
    case.do(theirs)
    assert case.network.adopt(fork, [premise]) is None


# a host's own VLAN device


OWN = (a_zone(), a_cluster(), a_host(interfaces=("eth0", "eth0.5")), a_vlan("five", vlan=5), attach("five"))
"""Host h1, which has VLAN 5 of eth0 as an interface of its own, and a network on it."""


def test_a_host_uses_the_vlan_device_that_is_its_own_and_makes_none() -> None:
    case = given(*OWN, a_host("h2"))
    own, other = (plan.plan(case.topology, case.id("host", name)) for name in ("h1", "h2"))
    assert ([(b.name, b.uplink) for b in own.bridges], own.vlans) == ([("br_eth0_5", "eth0.5")], ())
    assert ([(b.name, b.uplink) for b in other.bridges], [v.name for v in other.vlans]) == (
        [("br_eth0_5", "")],
        ["eth0.5"],
    )
    bare = bare_host(("eth0", "eth0.5"))
    assert obstacles(own, bare) == ()
    assert [o.name for o in diff(own, bare) if isinstance(o, CreateBridge)] == ["br_eth0_5"]
    assert not apply_all(bare, diff(own, bare)).links["eth0.5"].ours


def test_a_host_with_a_vlan_device_of_its_own_is_in_the_domain_of_the_others() -> None:
    case = given(*OWN, a_host("h2"), an_l3(l2="five"), c.AddIpRangeByCidr(l3="l3", name="all", cidr="10.0.0.0/24"))
    case.do(a_vm("a", host="h1"), a_vm("b", host="h2"))
    invariants.check(case.network, case.topology)


def test_a_host_gives_its_own_vlan_device_back_when_the_network_has_another_vlan() -> None:
    case = given(*OWN)
    bare = lived_in(("eth0", "eth0.5"))
    before = plan.plan(case.topology, case.id("host", "h1"))
    there = apply_all(bare, diff(before, bare))
    after = plan.plan(case.do(change("five", 6)).topology, case.id("host", "h1"))
    now = apply_all(there, diff(after, there))
    assert now.links["eth0.5"] == bare.links["eth0.5"]
    assert {a for a in now.addresses if a.interface == "eth0.5"} == {
        a for a in bare.addresses if a.interface == "eth0.5"
    }
    assert now.links["eth0.6"].bridge == "br_eth0_5"


# whatever happens


NAMES = ["eth0", "eth0.5", "br_eth0", "br_eth0.5", "br_eth0_5", "vxlan5", "br_vx_5"]


STRANGE: tuple[Command, ...] = (
    *(a_zone(), a_cluster(), a_cluster("c2"), a_pool(), a_vni_range(5, 6), a_vxlan("a")),
    *(
        a_no_vlan("b"),
        a_no_vlan("c", interface="eth0.5"),
        a_vlan("d", vlan=5),
        a_vlan("e", vlan=5, interface="br_eth0"),
    ),
)
"""Networks of which some have names that others would have."""


def strange_commands() -> st.SearchStrategy[Command]:
    """Give commands over interfaces that are named like what networks make."""
    name, cluster = st.sampled_from("abcdefgh"), st.sampled_from(["c1", "c1", "c2"])
    several = st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True).map(tuple)
    interface, vlan = st.sampled_from(["eth0", "eth0.5", "br_eth0"]), st.sampled_from([5, 6])
    return st.one_of(
        st.builds(lambda n, i: a_no_vlan(n, interface=i), name, interface),
        st.builds(lambda n, i, v: a_vlan(n, interface=i, vlan=v), name, interface, vlan),
        st.builds(a_vxlan, name),
        st.builds(attach, name, cluster),
        st.builds(attach, name, cluster),
        st.builds(attach_pool, cluster),
        st.builds(change, name, st.sampled_from([0, 5, 6])),
        st.builds(lambda n, w, i: a_host(n, cluster=w, interfaces=i, vtep=f"10.0.0.{ord(n)}"), name, cluster, several),
        st.builds(lambda n, w: c.MoveHost(host=n, cluster=w), name, cluster),
        st.builds(lambda n: c.DeleteHost(host=n), name),
        st.builds(lambda n: c.DeleteL2Network(l2=n), name),
    )


def names_on(topology: Topology, uuid: str) -> list[str]:
    """Give the names of all devices that a host is to have, its own included, each as often as it is meant."""
    found = plan.plan(topology, uuid)
    bridges, vlans, tunnels = ([x.name for x in part] for part in (found.bridges, found.vlans, found.tunnels))
    return sorted([*bridges, *vlans, *tunnels, *topology.state(uuid, host.Host).devices])


@property_of(st.lists(strange_commands(), min_size=1, max_size=40))
def test_no_name_is_twice_on_a_host_and_nothing_of_its_own_is_in_the_way(script: list[Command]) -> None:
    case = given(*STRANGE)
    for command in script:
        case.when(command)
    now = case.topology
    for uuid, member in now.every(host.Host):
        names = names_on(now, uuid)
        assert len(set(names)) == len(names)
        assert obstacles(plan.plan(now, uuid), bare_host(member.interfaces, member.ends)) == ()
    assert {name: set(bearers) for name, bearers in now.devices.items()} == devices.recompute(now.objects)
