"""What hosts reported otherwise than it was meant is a problem, with the reports that say so."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain.commands import Command
from projections.domains import domains
from projections.problem import Problem
from projections.problems import problems
from tests.builders import (
    A_POOL,
    TWO_CLUSTERS,
    a_range,
    a_vlan,
    a_vm,
    a_vxlan,
    an_l3,
    attach,
    detach,
    drifted,
    failed,
    mended,
    realized,
    removed,
)
from tests.given import Case, given
from tests.service_builders import A_ROUTER, serve, unserve


BOTH = (*TWO_CLUSTERS, a_vlan(), attach("v10"), attach("v10", "c2"), realized(), realized(host="h2"))
"""Both hosts have v10, and say so."""
MOVED = c.ChangeL2NetworkVlan(l2="v10", vlan=30)


def facts(case: Case, problem: Problem) -> list[str]:
    tags = {r.position: r.fact.tag() for r in case.network.facts()}
    return [tags[position] for position in problem.because]


def kinds(case: Case) -> list[str]:
    return [problem.kind for problem in problems(case.topology)]


def test_what_is_realized_as_meant_is_no_problem() -> None:
    assert kinds(given(*BOTH)) == []


# domains


def test_a_vlan_that_one_host_alone_has_changed_to_is_a_split_at_the_realized_level() -> None:
    case = given(*BOTH, MOVED, realized(host="h2"))
    assert len(domains(case.topology, "realized")) == 2
    problem, late = problems(case.topology)
    assert (late.kind, late.hosts) == ("outdated", ("h1",))
    assert (problem.kind, problem.l2, problem.hosts) == ("realized-split", ("v10",), ("h1", "h2"))
    assert "h1 on z/eth0/vlan10; h2 on z/eth0/vlan30" in problem.what
    assert facts(case, problem) == ["host-network.realized", "l2.vlan-changed", "host-network.realized"]
    assert kinds(case.do(realized())) == []


def test_a_host_that_is_to_have_the_network_no_more_splits_nothing() -> None:
    assert kinds(given(*BOTH, detach("v10"), MOVED, realized(host="h2"))) == ["stale"]


def test_a_host_that_stayed_on_a_vlan_that_another_network_has_now_is_a_leak_at_the_realized_level() -> None:
    case = given(*BOTH, MOVED, a_vlan("new"), attach("new", "c2"), realized("new", host="h2"))
    problem, *late = problems(case.topology)
    assert [one.kind for one in late] == ["outdated", "outdated"]
    assert (problem.kind, problem.l2, problem.hosts) == ("realized-leak", ("new", "v10"), ("h1", "h2"))
    assert facts(case, problem) == ["host-network.realized", "l2.vlan-changed", "host-network.realized"]
    assert kinds(case.do(realized(), realized(host="h2"))) == []


def test_a_leak_that_was_intended_is_told_once() -> None:
    twin = (a_vlan("twin"), attach("twin", "c2"), realized("twin", host="h2"))
    assert kinds(given(*TWO_CLUSTERS, a_vlan(), attach("v10"), realized(), *twin)) == ["leak"]


# hosts


@pytest.mark.parametrize(
    ("report", "kind", "told"),
    [(failed(), "failed", "no such device"), (removed(), "gone", "gone"), (drifted(), "drifted", "the bridge is down")],
)
def test_a_host_without_a_network_of_its_plan_is_told_until_it_has_it(report: Command, kind: str, told: str) -> None:
    case = given(*BOTH, report)
    (problem,) = problems(case.topology)
    assert (problem.kind, problem.l2, problem.hosts) == (kind, ("v10",), ("h1",))
    assert told in problem.what
    assert facts(case, problem) == [
        f"host-network.{'drift-began' if kind == 'drifted' else 'removed' if kind == 'gone' else kind}"
    ]
    assert kinds(case.do(mended() if kind == "drifted" else realized())) == []


@pytest.mark.parametrize("ending", [detach("v10"), MOVED, c.DeleteL2Network(l2="v10", mode="enforcing")])
def test_what_failed_before_a_network_was_to_be_otherwise_is_none(ending: Command) -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), attach("v10"), failed(), ending)
    assert kinds(case) == []


def test_a_vlan_that_a_host_has_not_changed_to_is_told_until_it_reports() -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), attach("v10"), realized(), MOVED)
    (problem,) = problems(case.topology)
    assert (problem.kind, problem.l2, problem.hosts) == ("outdated", ("v10",), ("h1",))
    assert "it is on eth0/10, and it is to be on eth0/30" in problem.what
    assert facts(case, problem) == ["host-network.realized", "l2.vlan-changed"]
    assert kinds(case.do(failed())) == ["failed"]
    assert kinds(case.do(realized())) == []
    assert kinds(case.do(c.ChangeL2NetworkVlan(l2="v10", vlan=10))) == ["outdated"]
    assert kinds(case.do(MOVED)) == []


def test_what_is_made_for_vms_alone_is_no_problem_where_none_is() -> None:
    case = given(*A_POOL, a_vxlan(realize="vm"), failed("x"))
    assert kinds(case) == []


def test_what_is_made_for_vms_is_gone_where_it_was_removed_while_one_runs() -> None:
    case = given(*A_POOL, a_vxlan(realize="vm"), an_l3(l2="x"), a_range(), realized("x"), removed("x"))
    assert kinds(case.do(a_vm(host="h1"))) == []
    case.do(realized("x"), removed("x"))
    (problem,) = problems(case.topology)
    assert (problem.kind, problem.l2, problem.hosts) == ("gone", ("x",), ("h1",))
    assert facts(case, problem) == ["host-network.removed"]
    assert kinds(case.do(a_vm("b", host="h1"))) == ["gone"]
    assert kinds(case.do(realized("x"))) == []


def test_what_is_made_for_vms_is_gone_where_it_was_removed_under_a_router() -> None:
    case = given(*A_POOL, a_vxlan(realize="vm"), an_l3(l2="x"), a_range(), A_ROUTER, serve(vr=("DHCP",)))
    assert kinds(case.do(realized("x"), removed("x"))) == ["gone"]
    assert kinds(case.do(unserve(vr=("DHCP",)))) == []
