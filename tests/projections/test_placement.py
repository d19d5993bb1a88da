"""Which hosts can take a VM, the emptiest first, and why each other one can't."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import vm
from domain.census import Exclusion
from domain.commands import Command
from domain.history import Fact
from domain.host_network import DriftBegan, Failed, Removed
from projections.placement import place
from tests.builders import (
    A_POOL,
    TWO_SUBNETS,
    a_host,
    a_host_state,
    a_no_vlan,
    a_vm,
    a_vxlan,
    attach,
    detach,
    drifted,
    failed,
    mended,
    migrate,
    realized,
    removed,
    start,
    stop,
)
from tests.given import ME, Case, given, named, names


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


# what hosts report

MADE = (realized(), realized(host="h2"))
FAILED = "the host reported that it failed: no such device"
GONE = "the host reported it gone"
DRIFTED = "the host reported that it drifted: the bridge is down"


@pytest.mark.parametrize(("report", "why"), [(failed(), FAILED), (removed(), GONE), (drifted(), DRIFTED)])
def test_a_host_that_lost_a_network_by_its_own_word_is_left_out_until_it_says_otherwise(
    report: Command, why: str
) -> None:
    case = given(*TWO_SUBNETS, *MADE, report)
    assert placed(case, "v10") == (["h2"], [("h1", why, "v10")])
    assert placed(case) == (["h1", "h2"], [])
    assert placed(case.do(realized()), "v10") == (["h1", "h2"], [])


def test_a_drift_that_ended_is_no_reason() -> None:
    assert placed(given(*TWO_SUBNETS, *MADE, drifted(), mended()), "v10") == (["h1", "h2"], [])


def test_what_a_host_said_before_the_network_was_attached_anew_is_no_reason() -> None:
    case = given(*TWO_SUBNETS, *MADE, detach("v10"), removed())
    assert placed(case, "v10") == (["h2"], [("h1", "L2 network not attached to cluster c1", "v10")])
    assert placed(case.do(attach("v10")), "v10") == (["h1", "h2"], [])


@pytest.mark.parametrize(("report", "why"), [(failed(), FAILED), (removed(), GONE), (drifted(), DRIFTED)])
def test_what_a_host_said_of_another_vlan_is_no_reason(report: Command, why: str) -> None:
    case = given(*TWO_SUBNETS, *MADE, report)
    assert placed(case.do(c.ChangeL2NetworkVlan(l2="v10", vlan=20)), "v10") == (["h1", "h2"], [])
    assert placed(case.do(realized(), report), "v10") == (["h2"], [("h1", why, "v10")])


def test_what_is_gone_after_the_vlan_changed_is_gone() -> None:
    case = given(*TWO_SUBNETS, *MADE, c.ChangeL2NetworkVlan(l2="v10", vlan=20), removed())
    assert placed(case, "v10") == (["h2"], [("h1", GONE, "v10")])
    assert placed(case.do(realized()), "v10") == (["h1", "h2"], [])


def test_what_a_host_said_before_the_vlan_changed_and_changed_back_is_no_reason() -> None:
    back = (c.ChangeL2NetworkVlan(l2="v10", vlan=20), c.ChangeL2NetworkVlan(l2="v10", vlan=10))
    assert placed(given(*TWO_SUBNETS, *MADE, failed(), *back), "v10") == (["h1", "h2"], [])


def test_a_network_that_hosts_have_while_a_vm_needs_it_may_be_gone_meanwhile() -> None:
    case = given(*A_POOL, a_vxlan(realize="vm"), realized("x"), removed("x"))
    assert placed(case, "x") == (["h1", "h2"], [])
    assert placed(case.do(failed("x")), "x") == (["h2"], [("h1", FAILED, "x")])


@pytest.mark.parametrize(
    ("report", "fact"),
    [
        (failed(), Failed("h1", "v10", "eth0/10", "no such device", 0)),
        (removed(), Removed("h1", "v10")),
        (drifted(), DriftBegan("h1", "v10", "eth0/10", "the bridge is down")),
    ],
)
def test_a_vm_asked_onto_such_a_host_is_told_the_report(report: Command, fact: Fact) -> None:
    case = given(*TWO_SUBNETS, realized(), report)
    case.when(a_vm(host="h1")).refused("host-not-eligible", naming=[fact])
    case.do(a_vm(host="h2"), a_vm("b", host="h2"), stop("b"))
    case.when(migrate(host="h1")).refused("host-not-eligible", naming=[fact])
    case.when(start("b", host="h1")).refused("host-not-eligible", naming=[fact])
    assert "the host reported" in case.when(migrate()).refused("no-host-available", naming=[fact, *why_elsewhere(case)])


def why_elsewhere(case: Case) -> list[Fact]:
    """Give the fact that the VM runs where it does."""
    known = names(case.network.facts())
    started = [r for r in case.network.facts() if isinstance(r.fact, vm.Started) and known[r.originator_id] == "vm"]
    return [named(started[-1].fact, known)]


def test_a_decision_is_made_again_when_the_chosen_host_reports_meanwhile() -> None:
    case = given(*TWO_SUBNETS, a_vm(), stop())
    fork = case.network.fork()
    premise = fork.execute(start(host="h1"), ME).premise
    case.do(failed())
    assert case.network.adopt(fork, [premise]) is None
    other = case.network.fork()
    premise = other.execute(start(host="h2"), ME).premise
    case.do(realized())
    assert case.network.adopt(other, [premise]) is not None


def test_a_pool_is_where_it_is_attached() -> None:
    case = given(*A_POOL, detach("pool", "c2"))
    assert placed(case, "pool") == (["h1"], [("h2", "L2 network not attached to cluster c2", "pool")])
