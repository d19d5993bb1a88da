"""Which L2 network is on which cluster, and so on which hosts."""

from __future__ import annotations

from hypothesis import given as property_of
from immutables import Map

from projections import attachment, topology
from projections.relations import Related, link, unlink
from tests.builders import A_POOL, TWO_CLUSTERS, a_host, a_no_vlan, a_vlan, a_vxlan, attach, detach
from tests.given import Case, given
from tests.machines import invariants
from tests.strategies import cases


def hosts_of(case: Case, network: str) -> list[str]:
    now = case.topology
    return [now.name(h) for h in attachment.hosts_of(now.objects, case.id("l2", network))]


def test_a_network_is_on_the_hosts_of_its_clusters_and_no_others() -> None:
    case = given(*TWO_CLUSTERS, a_host("h3", cluster="c2"), a_vlan(), attach("v10", "c2"))
    assert hosts_of(case, "v10") == ["h2", "h3"]
    assert hosts_of(case.do(detach("v10", "c2")), "v10") == []


def test_a_host_that_joins_gets_the_networks_of_its_cluster() -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), attach("v10", "c2"), a_host("h3", cluster="c2"))
    assert hosts_of(case, "v10") == ["h2", "h3"]


def test_a_vxlan_network_is_where_its_pool_is() -> None:
    case = given(*A_POOL, a_vxlan())
    assert hosts_of(case, "x") == hosts_of(case, "pool") == ["h1", "h2"]
    assert hosts_of(case.do(detach("pool")), "x") == ["h2"]


def test_what_is_not_a_network_is_nowhere() -> None:
    case = given(*TWO_CLUSTERS)
    assert attachment.clusters_of(case.topology.objects, case.id("zone", "z")) == ()


def test_the_networks_of_a_cluster_carry_the_fact_that_brought_them() -> None:
    case = given(*A_POOL, a_vxlan(), a_no_vlan(), a_vlan())
    positions = [case.when(attach(name)).recorded[0].position for name in ("plain", "v10")]
    now = case.topology
    found = dict(attachment.networks_on(now.objects, now.attached, case.id("cluster", "c1")))
    assert {now.name(uuid) for uuid in found} == {"plain", "v10", "x"}
    assert [found[case.id("l2", name)] for name in ("plain", "v10")] == positions
    assert found[case.id("l2", "x")] < positions[0]


@property_of(cases())
def test_what_is_kept_step_by_step_equals_what_is_computed_at_once(case: Case) -> None:
    invariants.check(case.network, case.topology)
    assert topology.fold(case.network.facts()) == case.topology


def test_parting_what_was_never_joined_changes_nothing() -> None:
    empty: Related = Map()
    relation = link(empty, "a", "b", 1)
    assert unlink(relation, "a", "c") is relation
    assert dict(unlink(relation, "a", "b")) == {}
