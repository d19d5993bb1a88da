"""Which hosts can take a VM, the emptiest first, and why each other one can't."""

from __future__ import annotations

from domain.census import Exclusion
from projections.placement import place
from tests.builders import TWO_SUBNETS, a_host, a_host_state, a_no_vlan, a_vm, attach
from tests.given import Case, given


def placed(case: Case, *networks: str, cluster: str = "") -> tuple[list[str], list[tuple[str, str, str]]]:
    now = case.topology
    within = case.id("cluster", cluster) if cluster else ""
    found = place(now, [case.id("l2", n) for n in networks], cluster=within)
    return [now.name(h) for h in found.hosts], [reason(case, e) for e in found.excluded]


def reason(case: Case, exclusion: Exclusion) -> tuple[str, str, str]:
    now = case.topology
    return now.name(exclusion.host), exclusion.why, now.name(exclusion.l2) if exclusion.l2 else ""


def test_every_host_with_the_network_fits_the_emptiest_first() -> None:
    case = given(*TWO_SUBNETS, a_host("h3"), a_vm("a", host="h1"), a_vm("b", host="h1"), a_vm("d", host="h2"))
    assert placed(case, "v10") == (["h3", "h2", "h1"], [])


def test_a_host_without_a_network_is_told_which() -> None:
    case = given(*TWO_SUBNETS, a_no_vlan(), attach("plain", "c2"))
    why = ("h1", "L2 network not attached to cluster c1", "plain")
    assert placed(case, "v10", "plain") == (["h2"], [why])


def test_a_host_out_of_service_is_told_its_state() -> None:
    case = given(*TWO_SUBNETS, a_host_state("maintenance", host="h2"))
    assert placed(case, "v10") == (["h1"], [("h2", "the host is in state maintenance", "")])


def test_only_the_cluster_asked_for_is_looked_at() -> None:
    assert placed(given(*TWO_SUBNETS), "v10", cluster="c2") == (["h2"], [])


def test_without_networks_every_host_fits() -> None:
    assert placed(given(*TWO_SUBNETS)) == (["h1", "h2"], [])
