"""A virtual router is where its L3 network's L2 network is, moves when it must, and goes when it can't."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import router
from domain.router import Moved, Placed, Removed
from tests.builders import a_host, a_host_state, a_vm, attach, detach, start, stop
from tests.given import Case, Result, given
from tests.service_builders import (
    A_PUBLIC_SUBNET,
    PROVIDERS,
    ROUTED,
    a_rule,
    a_vip,
    an_eip,
    attach_eip,
    hand_over,
    serve,
    unserve,
)


ROUTER = (Placed, Moved, Removed)
UNPLACED = (*A_PUBLIC_SUBNET, *PROVIDERS, a_host_state("disabled"), a_host_state("disabled", host="h2"))


def moves(case: Case, command: c.Command) -> list[object]:
    """Give what a command does to routers, hosts by name; each caused by another fact of the command."""
    result: Result = case.when(command)
    mine = [r for r in result.recorded if isinstance(r.fact, ROUTER)]
    assert all(r.cause in {other.reference for other in result.recorded} for r in mine)
    return [named(case, r.fact) for r in mine]


def named(case: Case, fact: object) -> object:
    match fact:
        case Placed(l3=l3, host=host):
            return Placed(case.topology.name(l3), case.topology.name(host))
        case Moved(host=host):
            return Moved(case.topology.name(host))
        case _:
            return fact


def routers(case: Case) -> list[tuple[str, str]]:
    found = case.topology.every(router.Router)
    return [(case.topology.name(r.l3), case.topology.name(r.host)) for _, r in found]


def test_a_router_is_placed_when_the_first_service_needs_it() -> None:
    case = given(*A_PUBLIC_SUBNET, *PROVIDERS)
    assert moves(case, serve(flat=("DHCP",))) == []
    assert moves(case, serve(vr=("SNAT",))) == [Placed("l3", "h1")]
    assert moves(case, serve(vr=("DNS",))) == []
    assert moves(case, serve("public", vr=("DNS",))) == [Placed("public", "h1")]
    assert moves(case, unserve(vr=("DNS",))) == []
    assert moves(case, unserve(vr=("SNAT",))) == [Removed()]
    assert routers(case) == [("public", "h1")]


def test_a_router_without_a_host_waits_for_the_first_vm() -> None:
    case = given(*UNPLACED)
    assert moves(case, serve(vr=("SNAT",))) == []
    case.do(a_host_state("enabled", host="h2"))
    assert moves(case, a_vm()) == [Placed("l3", "h2")]
    assert moves(case, a_vm("next")) == []


def test_a_router_without_a_host_comes_back_with_a_vm_that_starts() -> None:
    case = given(*A_PUBLIC_SUBNET, *PROVIDERS, a_vm(), stop(), *UNPLACED[-2:], serve(vr=("SNAT",)))
    case.do(a_host_state("enabled"))
    assert moves(case, start()) == [Placed("l3", "h1")]


@pytest.mark.parametrize(
    "command",
    [
        detach("v10", "c1"),
        a_host_state("disabled"),
        a_host_state("maintenance"),
        c.DeleteHost(host="h1"),
        c.DeleteCluster(cluster="c1", mode="enforcing"),
    ],
)
def test_a_router_moves_when_its_host_is_lost(command: c.Command) -> None:
    case = given(*ROUTED)
    assert moves(case, command) == [Moved("h2")]
    assert routers(case) == [("l3", "h2")]


def test_a_router_stays_when_another_host_is_lost() -> None:
    case = given(*ROUTED)
    assert moves(case, detach("v10", "c2")) == []
    assert moves(case, a_host_state("disabled", host="h2")) == []
    assert moves(case, detach("pub", "c1")) == []


def test_a_router_is_removed_when_no_host_is_left() -> None:
    case = given(*ROUTED, detach("v10", "c2"))
    assert moves(case, detach("v10", "c1")) == [Removed()]
    assert moves(case, attach("v10", "c1")) == []
    assert moves(case, a_vm()) == [Placed("l3", "h1")]


def test_a_router_moves_on_within_its_cluster_first_of_all_to_the_emptiest_host() -> None:
    case = given(*ROUTED, a_host("h3"), a_vm(host="h2"))
    assert moves(case, a_host_state("disabled")) == [Moved("h3")]


def test_a_router_comes_back_to_a_host_that_is_enabled_while_vms_run_there() -> None:
    case = given(*A_PUBLIC_SUBNET, *PROVIDERS, a_vm(host="h1"), *UNPLACED[-2:], serve(vr=("SNAT",)))
    assert moves(case, a_host_state("enabled", host="h2")) == []
    assert moves(case, a_host_state("enabled")) == [Placed("l3", "h2")]


def test_a_router_moves_when_its_host_moves_to_another_cluster() -> None:
    case = given(*ROUTED, detach("v10", "c2"), a_host("h3"))
    assert moves(case, c.MoveHost(host="h1", cluster="c2")) == [Moved("h3")]


def test_a_router_follows_an_address_that_leads_through_it() -> None:
    case = given(*ROUTED, detach("pub", "c1"), a_vm(), a_vip(), an_eip())
    assert moves(case, attach_eip()) == [Moved("h2")]
    assert moves(case, detach("pub", "c2")) == []
    assert moves(case, detach("v10", "c2")) == [Moved("h1")]


def test_a_router_follows_a_rule_that_leads_through_it() -> None:
    case = given(*ROUTED, detach("pub", "c1"), a_vm(), a_vip(), a_rule())
    assert moves(case, c.AttachPortForwardingRule(rule="r", vm="vm", l3="l3")) == [Moved("h2")]


def test_services_that_are_handed_over_need_no_router() -> None:
    case = given(*A_PUBLIC_SUBNET, *PROVIDERS, serve(vr=("DHCP", "DNS")))
    assert moves(case, hand_over("DHCP", "flat")) == []
    assert moves(case, hand_over("DNS", "flat")) == [Removed()]
    assert moves(case, hand_over("DNS", "vr")) == [Placed("l3", "h1")]
