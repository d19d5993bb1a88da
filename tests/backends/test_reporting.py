"""What a host has to report after a look: its own changes are drift, and what a plan asks anew is none."""

from __future__ import annotations

import msgspec
from immutables import Map

from backends.reporting import NOTHING, Account, digests, drifts_of, foretold, is_asked_anew, reports, unsettled
from domain import commands as c
from domain.commands import Command
from projections import drift
from projections.diff import diff
from projections.found import Found, Link, bare_host
from projections.operations import apply_all
from projections.plan import HostPlan, plan
from projections.reports import Said
from tests.builders import ONE_HOST, a_cidr, a_no_vlan, a_vlan, a_vm, an_l3, attach, drifted, realized
from tests.given import Case, given
from tests.service_builders import a_provider, serve


SERVED = (
    *ONE_HOST,
    *(a_no_vlan(), attach("plain"), a_vlan(interface="eth1"), attach("v10")),
    *(an_l3("first", l2="plain"), a_cidr(l3="first"), an_l3("second"), a_cidr("192.168.9.0/24", l3="second")),
    *(a_provider(), serve("first", flat=("DHCP",)), serve("second", flat=("DHCP",))),
    *(a_vm("a", "first", host="h1"), a_vm("b", "second", host="h1")),
    *(realized("plain"), realized("v10")),
)
"""Two networks with a DHCP server each, whose fences are one table of the host."""


def planned(case: Case) -> HostPlan:
    return plan(case.topology, case.id("host", "h1"))


def there(wanted: HostPlan) -> Found:
    bare = bare_host(("eth0", "eth1"))
    return apply_all(bare, diff(wanted, bare))


def account(wanted: HostPlan, found: Found, last: HostPlan | None = None) -> Account:
    """Give the account of a host that was last seen at a plan, this one or an earlier one."""
    told = drift.differences(wanted, found)
    return Account(wanted, found, told, drift.guests(found), digests(wanted), digests(last or wanted), {}, {})


def said(case: Case) -> Map[str, Said]:
    return case.topology.reports.of.get(case.id("host", "h1"), NOTHING)


def of(case: Case, known: Account) -> list[Command]:
    return list(reports(known, case.topology, said(case)))


def test_what_a_new_plan_of_one_network_makes_of_a_table_that_others_share_is_drift_of_none() -> None:
    case = given(*SERVED)
    before = planned(case)
    case.do(c.ChangeL2NetworkVlan(l2="v10", vlan=11))
    after, network = planned(case), case.id("l2", "plain")

    known = account(after, there(before), before)

    fences = [one for one in known.differences if one.table == "fences"]
    assert network in fences[0].l2
    assert digests(before)[network] == digests(after)[network]
    assert of(case, known) == []
    assert is_asked_anew(fences[0], known.parts, known.settled)


def test_a_table_that_is_gone_is_drift_of_all_that_share_it() -> None:
    case = given(*SERVED)
    wanted = planned(case)

    told = of(case, account(wanted, msgspec.structs.replace(there(wanted), fence="")))

    what = "altered: the fences of servers and EIPs are missing"
    networks = sorted(case.id("l2", name) for name in ("plain", "v10"))
    assert told == [c.ReportDrift(host=wanted.host, l2=network, what=what) for network in networks]


def test_of_what_is_told_as_drift_nothing_is_what_a_plan_asks_anew() -> None:
    case = given(*SERVED)
    before = planned(case)
    case.do(c.ChangeL2NetworkVlan(l2="v10", vlan=11))
    after, network = planned(case), case.id("l2", "plain")
    found = there(before)
    down = msgspec.structs.replace(found.links["br_eth0"], up=False)
    known = account(after, msgspec.structs.replace(found, links=found.links.set("br_eth0", down)), before)

    (told,) = of(case, known)

    assert told == c.ReportDrift(host=after.host, l2=network, what="altered: br_eth0 is down")
    assert [one.what for one in drifts_of(known, network, known.differences) if not one.table] != []
    assert unsettled(known.differences) >= {network, "fences"}


def test_a_foreign_device_on_a_bridge_of_ours_is_drift_until_it_is_gone_and_keeps_nothing_from_being_realized() -> None:
    case = given(*SERVED)
    wanted, network = planned(case), case.id("l2", "plain")
    clean = there(wanted)
    found = msgspec.structs.replace(clean, links=clean.links.set("tap9", Link("tap9", "other", bridge="br_eth0")))

    (began,) = of(case, account(wanted, found))
    assert began == c.ReportDrift(host=wanted.host, l2=network, what="foreign: device tap9 on br_eth0 is not ours")
    case.do(began)
    assert of(case, account(wanted, found)) == []
    assert of(case, account(wanted, clean)) == [c.ReportDriftEnded(host=wanted.host, l2=network)]

    fresh = given(*SERVED[:-2])
    known = account(planned(fresh), found)
    assert {type(one) for one in of(fresh, known)} == {c.ReportL2Realized}


def test_reports_that_are_owed_count_as_told() -> None:
    case = given(*SERVED, drifted("v10"))
    wanted, first, second = planned(case), case.id("l2", "plain"), case.id("l2", "v10")
    owed = (c.ReportDrift(host="h1", l2=first, what="altered: x"), c.ReportDriftEnded(host="h1", l2=second))

    then = foretold(said(case), owed)

    assert (then[first].drift, then[second].drift) == ("altered: x", "")
    told = list(reports(account(wanted, there(wanted)), case.topology, then))
    assert told == [c.ReportDriftEnded(host=wanted.host, l2=first)]
