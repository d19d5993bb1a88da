"""An L2 type and a hypervisor come with a package of their own, without a change to ours."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import msgspec
import pytest

from backends.reporting import NOTHING, Account, reports
from domain import cluster, l2, l2_types, plugins, vm
from domain import commands as c
from projections import plan
from projections.diff import diff
from projections.domains import domains
from projections.found import bare_host
from projections.inventory import l2_networks
from projections.plan import Custom
from tests.builders import TWO_CLUSTERS, a_host, a_range, a_vlan, a_vm, a_zone, an_l3, attach, detach
from tests.given import Case, given
from tests.plugins.distribution import ENTRIES, install


RIVAL = """[rewire.l2_type]
MacVlanNetwork = tests.plugins.macvlan:nonsense
"""


@pytest.fixture
def macvlan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(tmp_path, "rewire_macvlan", ENTRIES)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def a_network(
    name: str = "m", *, kind: str = "MacVlanNetwork", number: int = 7, interface: str = "eth0"
) -> c.CreateL2Network:
    return c.CreateL2Network(name=name, zone="z", type=kind, physical_interface=interface, number=number)


def bare_cluster(hypervisor: str = "Bare") -> c.CreateCluster:
    return c.CreateCluster(name="b", zone="z", hypervisor=hypervisor)


MADE = l2.Created(
    "m", "", "z", "eth0", "MacVlanNetwork", 7, "", "macvlan7", "mv7", "attach", "", "own", "macvlan:eth0/7"
)
ON_C1 = l2.AttachedToCluster("c1")


def test_a_network_of_a_plugins_type_is_made_and_attached(macvlan: Path) -> None:
    case = given(*TWO_CLUSTERS)
    case.when(a_network()).then(MADE, taking=["name/l2/m", "bridge/z/macvlan7"])
    case.when(attach("m")).then(ON_C1, taking=["segment/c1/macvlan:eth0/7"])
    case.when(detach("m")).then(l2.DetachedFromCluster("c1"), releasing=["segment/c1/macvlan:eth0/7"])


def test_the_plugin_has_its_own_say_about_numbers(macvlan: Path) -> None:
    told = given(*TWO_CLUSTERS).when(a_network(number=2000)).refused("invalid-argument")
    assert "macvlan group" in told


def test_a_network_of_a_plugins_type_needs_what_every_network_needs(macvlan: Path) -> None:
    given().when(a_network()).refused("unknown-object")
    given(*TWO_CLUSTERS, a_network()).when(a_network()).refused("name-in-use", naming=[MADE])
    given(*TWO_CLUSTERS).when(a_network(interface="eth/0")).refused("invalid-argument")


def test_two_of_one_segment_do_not_meet_in_a_cluster(macvlan: Path) -> None:
    case = given(*TWO_CLUSTERS, a_network(), a_network("n"), attach("m"))
    case.when(attach("n")).refused("conflict", naming=[ON_C1])


def test_a_plugins_type_may_share_the_wires_of_ours(macvlan: Path) -> None:
    case = given(*TWO_CLUSTERS, a_network("t", kind="TaggedNetwork", number=10), attach("t"), a_vlan())
    case.when(attach("v10")).refused("vlan-in-use", naming=[ON_C1])
    case.do(attach("v10", "c2"))
    (domain,) = domains(case.topology)
    assert len(domain.l2) == 2


def test_it_is_shown_with_its_type_and_number(macvlan: Path) -> None:
    case = given(*TWO_CLUSTERS, a_network(), attach("m"))
    (shown,) = l2_networks(case.topology)
    assert (shown["type"], shown["number"], shown["attachedClusterUuids"]) == (
        "MacVlanNetwork",
        7,
        [case.id("cluster", "c1")],
    )


def in_use() -> Case:
    return given(*TWO_CLUSTERS, a_network(), attach("m"), attach("m", "c2"), an_l3(l2="m"), a_range()).do(
        a_vm("one", host="h1"), a_vm("two", host="h2")
    )


def test_it_is_a_domain_of_its_own(macvlan: Path) -> None:
    case = in_use().do(a_vlan(vlan=7), attach("v10"))
    assert sorted(len(domain.nics) for domain in domains(case.topology)) == [0, 2]


def test_it_is_planned_and_left_to_its_own_realization(macvlan: Path) -> None:
    case = in_use()
    network = case.id("l2", "m")
    planned = plan.plan(case.topology, case.id("host", "h1"))
    born = case.topology.objects.born[network]
    assert planned.customs == (Custom("macvlan7", network, "MacVlanNetwork", "mv7", "eth0", 7, (born, born + 3)),)
    assert len(planned.ports) == 1
    assert planned.bridges == ()
    assert diff(planned, bare_host(("eth0", "eth1"))) == ()


def test_what_its_realization_does_is_its_own_to_report(macvlan: Path) -> None:
    case = in_use()
    home, network = case.id("host", "h1"), case.id("l2", "m")
    planned, bare = plan.plan(case.topology, home), bare_host(("eth0", "eth1"))
    account = Account(planned, bare, (), (), {}, {}, {}, {})
    assert list(reports(account, case.topology, NOTHING)) == []
    case.do(c.ReportL2Realized(host="h1", l2=network, milliseconds=1))
    nothing = msgspec.structs.replace(account, plan=plan.HostPlan(home, 1))
    assert list(reports(nothing, case.topology, case.topology.reports.of[home])) == []


def test_its_history_is_read_where_the_plugin_is_no_longer_installed(
    macvlan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = in_use()
    before = domains(case.topology)
    (macvlan / "rewire_macvlan-1.0.dist-info" / "entry_points.txt").write_text("")
    assert domains(case.at(case.network.position())) == before
    case.when(a_network("more")).refused("l2-type-not-supported")
    case.do(detach("m"))


def test_a_type_that_nobody_brings_is_refused_and_the_known_ones_named(macvlan: Path) -> None:
    told = given(a_zone()).when(a_network(kind="L2IpvlanNetwork")).refused("l2-type-not-supported")
    assert "L2NoVlanNetwork, L2VlanNetwork, MacVlanNetwork, NonsenseNetwork, OvsGreL2Network, TaggedNetwork" in told


def test_a_vxlan_network_is_made_out_of_a_pool() -> None:
    given(a_zone()).when(a_network(kind="L2VxlanNetwork")).refused("l2-type-not-supported")


def test_a_type_that_makes_no_network_is_refused(macvlan: Path) -> None:
    given(a_zone()).when(a_network(kind="NonsenseNetwork")).refused("l2-type-not-supported")


def test_our_own_types_are_made_by_the_same_command() -> None:
    tagged = l2.Created(
        "m", "", "z", "eth0", "L2VlanNetwork", 7, "", "br_eth0_7", "eth0.7", "attach", "", "vlan", "eth0/7"
    )
    given(a_zone()).when(a_network(kind="L2VlanNetwork")).then(tagged)
    given(a_zone()).when(a_network(kind="L2NoVlanNetwork")).refused("invalid-argument")


def test_our_own_types_are_registered_as_a_plugins_are() -> None:
    assert {entry.name: entry.load() for entry in entry_points(group=plugins.L2_TYPES)} == l2_types.BUILT_IN


def test_two_packages_that_add_one_type_are_refused(macvlan: Path) -> None:
    install(macvlan, "rival", RIVAL)
    told = given(a_zone()).when(a_network()).refused("invalid-argument")
    assert "tests.plugins.macvlan:nonsense and by tests.plugins.macvlan:shape" in told


# hypervisors


def test_a_cluster_of_a_hypervisor_that_a_plugin_brings(macvlan: Path) -> None:
    case = given(a_zone())
    case.when(bare_cluster()).then(cluster.Created("b", "z", "Bare"))
    case.do(a_host(cluster="b"), a_network())
    case.when(attach("m", "b")).then(l2.AttachedToCluster("b"))


def test_a_hypervisor_that_nobody_brings_is_refused_and_the_known_ones_named(macvlan: Path) -> None:
    told = given(a_zone()).when(bare_cluster("ESX")).refused("invalid-argument")
    assert "Bare, KVM" in told


def test_without_the_plugin_its_hypervisor_is_not_known() -> None:
    told = given(a_zone()).when(bare_cluster()).refused("invalid-argument")
    assert told.endswith("known: KVM")


def test_a_network_that_nobody_realizes_on_a_hypervisor_is_not_attached_there(macvlan: Path) -> None:
    case = given(a_zone(), bare_cluster(), a_vlan())
    told = case.when(attach("v10", "b")).refused("l2-type-not-supported")
    assert "L2VlanNetwork on Bare" in told
    case.do(c.CreateL2VxlanNetworkPool(name="pool", zone="z"))
    case.when(attach("pool", "b", vtep_cidr="10.0.0.0/24")).refused("l2-type-not-supported")


def test_a_host_does_not_move_to_another_hypervisor(macvlan: Path) -> None:
    case = given(*TWO_CLUSTERS, bare_cluster())
    told = case.when(c.MoveHost(host="h1", cluster="b")).refused(
        "host-not-eligible", naming=[cluster.Created("c1", "z", "KVM"), cluster.Created("b", "z", "Bare")]
    )
    assert "KVM" in told
    assert "Bare" in told


def test_a_vm_does_not_migrate_to_another_hypervisor(macvlan: Path) -> None:
    case = given(*TWO_CLUSTERS[:3], bare_cluster(), a_host("h9", cluster="b"), a_network(), attach("m"))
    case.do(attach("m", "b"), an_l3(l2="m"), a_range(), a_vm(host="h1"))
    told = case.when(c.MigrateVm(vm="vm")).refused(
        "no-host-available", naming=[cluster.Created("b", "z", "Bare"), vm.Started("h1")]
    )
    assert "host h9: the host runs Bare, the VM was made on KVM" in told
    case.when(c.SetHostState(host="h1", state="maintenance"))
    assert case.topology.state(case.id("vm", "vm"), vm.Vm).state == "stopped"
