"""A virtual router is where its L3 network's L2 network is, moves when it must, and goes when it can't."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import router
from domain.router import Moved, Placed, Removed
from tests.builders import (
    TWO_CLUSTERS,
    a_cidr,
    a_cluster,
    a_host,
    a_host_state,
    a_pool,
    a_vlan,
    a_vm,
    a_vni_range,
    a_vxlan,
    an_l3,
    attach,
    attach_pool,
    detach,
    drifted,
    failed,
    mended,
    realized,
    removed,
    start,
    stop,
)
from tests.given import ME, Case, Result, given
from tests.service_builders import (
    A_PUBLIC_SUBNET,
    A_ROUTER,
    A_WAY_OUT,
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
NO_HOST = (a_host_state("disabled"), a_host_state("disabled", host="h2"))
UNPLACED = (*A_PUBLIC_SUBNET, *PROVIDERS, *NO_HOST, serve(vr=("SNAT",)))
"""No host takes the router of l3."""


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


@pytest.fixture
def troubled() -> Case:
    """Give a router that waits: the only host with its network had trouble with that."""
    case = given(*A_PUBLIC_SUBNET, *PROVIDERS, a_vm(host="h1"), stop(), detach("v10", "c2"), failed())
    assert moves(case, serve(vr=("SNAT",))) == []
    return case


def test_a_router_comes_to_a_host_that_reports_its_network_at_last(troubled: Case) -> None:
    assert moves(troubled, realized("pub")) == []
    assert moves(troubled, realized()) == [Placed("l3", "h1")]
    assert moves(troubled, realized()) == []
    assert moves(troubled, start()) == []


def test_a_router_comes_to_a_host_whose_network_drifts_no_more(troubled: Case) -> None:
    troubled.do(unserve(vr=("SNAT",)), realized(), drifted())
    assert moves(troubled, serve(vr=("SNAT",))) == []
    assert moves(troubled, mended()) == [Placed("l3", "h1")]


def test_a_host_that_reported_its_network_gone_takes_no_router(troubled: Case) -> None:
    assert moves(troubled, removed()) == []
    assert moves(troubled, realized()) == [Placed("l3", "h1")]


def test_a_host_that_is_rid_of_a_network_made_for_vms_takes_its_router() -> None:
    made = (*TWO_CLUSTERS, A_ROUTER, a_pool(), a_vni_range(), a_vxlan("x", realize="vm"), attach_pool())
    case = given(*made, an_l3(l2="x"), failed("x"))
    assert moves(case, serve(vr=("SNAT",))) == []
    assert moves(case, removed("x")) == [Placed("l3", "h1")]


def test_a_host_that_has_trouble_still_takes_no_router_when_it_is_enabled(troubled: Case) -> None:
    troubled.do(a_host_state("disabled"))
    assert moves(troubled, a_host_state("enabled")) == []


def test_a_router_comes_to_a_host_whose_trouble_was_with_another_vlan(troubled: Case) -> None:
    assert moves(troubled, c.ChangeL2NetworkVlan(l2="v10", vlan=99)) == [Placed("l3", "h1")]
    assert moves(troubled, c.ChangeL2NetworkVlan(l2="v10", vlan=10)) == []


@pytest.fixture
def doubled() -> Case:
    """Give a router on h1, with h2 in another cluster as fit as that."""
    case = given(*A_PUBLIC_SUBNET, *PROVIDERS, serve(vr=("SNAT",)))
    assert routers(case) == [("l3", "h1")]
    return case


def test_a_router_leaves_a_host_that_reports_trouble(doubled: Case) -> None:
    assert moves(doubled, failed()) == [Moved("h2")]


def test_a_router_leaves_a_host_whose_network_is_gone(doubled: Case) -> None:
    doubled.do(realized())
    assert moves(doubled, removed()) == [Moved("h2")]


def test_a_router_stays_while_its_network_drifts_and_is_mended(doubled: Case) -> None:
    doubled.do(realized())
    assert moves(doubled, drifted()) == []
    assert moves(doubled, drifted(what="an address is gone")) == []
    assert moves(doubled, mended()) == []


def test_a_router_stays_with_trouble_that_is_nowhere_less(doubled: Case) -> None:
    doubled.do(a_host_state("disabled", host="h2"))
    assert moves(doubled, failed()) == []
    assert moves(doubled, a_host_state("enabled", host="h2")) == [Moved("h2")]
    assert moves(doubled, failed(host="h2")) == []


def test_a_host_with_trouble_left_takes_no_router() -> None:
    case = given(*A_WAY_OUT, serve(vr=("SNAT",)), detach("pub", "c2"), a_host_state("disabled"))
    case.do(failed(), failed("pub"), a_host_state("enabled"))
    assert routers(case) == [("l3", "h2")]
    case.do(detach("v10", "c2"), a_host_state("maintenance"), a_host_state("enabled"))
    assert routers(case) == []
    assert moves(case, realized("pub")) == []
    assert moves(case, realized()) == [Placed("l3", "h1")]


def test_a_router_waits_for_a_host_that_is_enabled() -> None:
    case = given(*UNPLACED)
    assert moves(case, a_host_state("enabled", host="h2")) == [Placed("l3", "h2")]
    assert moves(case, a_host_state("enabled")) == []


def test_a_disabled_host_takes_no_router() -> None:
    case = given(*UNPLACED, detach("v10"))
    assert moves(case, attach("v10")) == []
    assert moves(case, a_host_state("maintenance", host="h2")) == []


def test_a_router_comes_with_a_host_that_is_added() -> None:
    case = given(*UNPLACED, detach("v10"))
    assert moves(case, a_host("h3")) == []
    assert moves(case, a_host("h4", cluster="c2")) == [Placed("l3", "h4")]
    assert moves(case, a_host("h5", cluster="c2")) == []


def test_a_router_comes_with_a_host_that_moves_in() -> None:
    case = given(*UNPLACED, detach("v10"), a_host("h3"))
    assert moves(case, c.MoveHost(host="h3", cluster="c2")) == [Placed("l3", "h3")]


def test_a_router_comes_with_a_cluster_to_the_emptiest_host_that_is_enabled() -> None:
    case = given(*ROUTED, a_host("h3"), a_host("h4"), a_vlan("v11", vlan=11), attach("v11"), an_l3("l11", l2="v11"))
    case.do(a_cidr("10.11.0.0/24", l3="l11"), a_vm("busy", "l11", host="h3"))
    case.do(a_host_state("disabled"), detach("v10", "c2"), detach("v10"))
    assert routers(case) == []
    assert moves(case, attach("v10")) == [Placed("l3", "h4")]


def test_a_router_comes_with_its_pool() -> None:
    case = given(*TWO_CLUSTERS, A_ROUTER, a_pool(), a_vni_range(), a_vxlan("x"), an_l3(l2="x"), serve(vr=("SNAT",)))
    assert routers(case) == []
    assert moves(case, attach_pool()) == [Placed("l3", "h1")]
    assert moves(case, detach("pool")) == [Removed()]
    assert moves(case, attach_pool()) == [Placed("l3", "h1")]


def test_a_new_network_settles_only_what_waits_for_it() -> None:
    case = given(*ROUTED, serve("public", flat=("DHCP",)), a_vlan("v11", vlan=11), an_l3("l11", l2="v11"))
    assert moves(case, attach("v11")) == []
    assert moves(case, a_host("h3")) == []
    outcome = case.when(a_host("h4")).outcome
    assert outcome
    assert not {case.id("l3", name) for name in ("l3", "l11", "public")} & outcome.premise.read


@pytest.mark.parametrize(
    "command",
    [
        detach("v10", "c1"),
        a_host_state("maintenance"),
        c.DeleteHost(host="h1"),
        c.DeleteCluster(cluster="c1", mode="enforcing"),
    ],
)
def test_a_router_moves_when_its_host_is_lost(command: c.Command) -> None:
    case = given(*ROUTED)
    assert moves(case, command) == [Moved("h2")]
    assert routers(case) == [("l3", "h2")]


def test_a_disabled_host_keeps_its_router() -> None:
    case = given(*ROUTED)
    assert moves(case, a_host_state("disabled")) == []
    assert moves(case, a_vm(host="h2")) == []
    assert moves(case, serve(vr=("DNS",))) == []
    assert moves(case, a_host_state("enabled")) == []
    case.do(a_host_state("disabled"))
    assert moves(case, a_host_state("maintenance")) == [Moved("h2")]


def test_a_router_stays_when_another_host_is_lost() -> None:
    case = given(*ROUTED)
    assert moves(case, detach("v10", "c2")) == []
    assert moves(case, a_host_state("disabled", host="h2")) == []
    assert moves(case, detach("pub", "c1")) == []


def test_a_router_is_removed_when_no_host_is_left() -> None:
    case = given(*ROUTED, detach("v10", "c2"))
    assert moves(case, detach("v10", "c1")) == [Removed()]
    assert moves(case, attach("v10", "c1")) == [Placed("l3", "h1")]
    assert moves(case, a_vm()) == []


def test_a_router_moves_on_within_its_cluster_first_of_all_to_the_emptiest_host() -> None:
    case = given(*ROUTED, a_host("h3"), a_vm(host="h2"))
    assert moves(case, a_host_state("maintenance")) == [Moved("h3")]


def test_a_router_moves_when_its_host_moves_to_another_cluster() -> None:
    case = given(*ROUTED, detach("v10", "c2"), a_host("h3"))
    assert moves(case, c.MoveHost(host="h1", cluster="c2")) == [Moved("h3")]


def test_a_router_follows_an_address_that_leads_through_it() -> None:
    case = given(*ROUTED, detach("pub", "c1"), a_vm(), a_vip(), an_eip())
    assert moves(case, attach_eip()) == [Moved("h2")]
    assert moves(case, detach("pub", "c2")) == []
    assert moves(case, detach("v10", "c2")) == [Moved("h1")]


@pytest.fixture
def halved() -> Case:
    """Give a router on h1 that leads in from the public network, which only h2 has, and then neither has both."""
    case = given(*ROUTED, a_vm(host="h1"), a_vip(), an_eip(), attach_eip(), detach("pub", "c1"), detach("v10", "c2"))
    assert routers(case) == [("l3", "h1")]
    return case


def test_a_router_moves_to_where_the_public_network_is_as_well(halved: Case) -> None:
    assert moves(halved, attach("v10", "c2")) == [Moved("h2")]


def test_a_router_has_the_public_network_where_it_is(halved: Case) -> None:
    assert moves(halved, attach("pub", "c1")) == []
    assert moves(halved, attach("v10", "c2")) == []


def test_a_router_moves_to_a_cluster_that_the_public_network_comes_to(halved: Case) -> None:
    halved.do(a_cluster("c3"), a_host("h3", cluster="c3"), attach("v10", "c3"))
    assert moves(halved, attach("pub", "c3")) == [Moved("h3")]


def test_a_router_moves_to_a_host_with_all_its_networks_that_is_new(halved: Case) -> None:
    halved.do(a_host_state("disabled", host="h2"))
    assert moves(halved, attach("v10", "c2")) == []
    assert moves(halved, a_host("h3", cluster="c2")) == [Moved("h3")]


def test_a_router_follows_a_rule_that_leads_through_it() -> None:
    case = given(*ROUTED, detach("pub", "c1"), a_vm(), a_vip(), a_rule())
    assert moves(case, c.AttachPortForwardingRule(rule="r", vm="vm", l3="l3")) == [Moved("h2")]


def test_services_that_are_handed_over_need_no_router() -> None:
    case = given(*A_PUBLIC_SUBNET, *PROVIDERS, serve(vr=("DHCP", "DNS")))
    assert moves(case, hand_over("DHCP", "flat")) == []
    assert moves(case, hand_over("DNS", "flat")) == [Removed()]
    assert moves(case, hand_over("DNS", "vr")) == [Placed("l3", "h1")]


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize(
    ("before", "pair"),
    [
        ((detach("v10"), detach("v10", "c2")), (attach("v10"), serve(vr=("SNAT",)))),
        (NO_HOST, (a_host_state("enabled"), serve(vr=("SNAT",)))),
        (NO_HOST, (a_host("h3"), serve(vr=("SNAT",)))),
        ((detach("v10", "c2"), failed()), (realized(), serve(vr=("SNAT",)))),
        ((serve(vr=("SNAT",)), NO_HOST[1]), (a_host_state("enabled", host="h2"), a_host_state("maintenance"))),
        ((serve(vr=("SNAT",)), NO_HOST[1]), (a_host("h3"), a_host_state("maintenance"))),
    ],
)
def test_a_host_that_comes_and_a_router_that_waits_cannot_miss_each_other(
    before: tuple[c.Command, ...], pair: tuple[c.Command, c.Command], turn: int
) -> None:
    case = given(*A_PUBLIC_SUBNET, *PROVIDERS, *before)
    first, second = pair[::turn]
    fork = case.network.fork()
    premise = fork.execute(second, ME).premise
    case.do(first)
    assert case.network.adopt(fork, [premise]) is None
    assert [subnet for subnet, _ in routers(case.do(second))] == ["l3"]


def test_a_router_comes_to_no_host_that_reports_trouble_meanwhile() -> None:
    case = given(*A_PUBLIC_SUBNET, *PROVIDERS, realized())
    fork = case.network.fork()
    premise = fork.execute(serve(vr=("SNAT",)), ME).premise
    case.do(failed())
    assert case.network.adopt(fork, [premise]) is None
