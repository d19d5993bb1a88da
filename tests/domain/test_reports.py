"""What hosts report: taken as they say it, unless it can't be true of what they said before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain import commands as c
from domain.host_network import DriftBegan, DriftEnded, Failed, Realized, Removed
from tests.builders import (
    A_POOL,
    ONE_HOST,
    a_vlan,
    a_vxlan,
    attach,
    drifted,
    failed,
    mended,
    realized,
    removed,
)
from tests.given import given


A_NETWORK = (*ONE_HOST, a_vlan(), attach("v10"))
MADE = Realized("h1", "v10", "eth0/10", 0)
BEGAN = DriftBegan("h1", "v10", "eth0/10", "the bridge is down")


def test_each_report_is_a_fact() -> None:
    case = given(*A_NETWORK)
    case.when(realized(milliseconds=12)).then(Realized("h1", "v10", "eth0/10", 12))
    case.when(drifted()).then(BEGAN)
    case.when(mended()).then(DriftEnded("h1", "v10"))
    case.when(failed()).then(Failed("h1", "v10", "eth0/10", "no such device", 0))
    case.when(removed()).then(Removed("h1", "v10"))
    case.when(realized()).then(MADE)


def test_a_report_is_about_the_segment_that_the_network_has_then() -> None:
    case = given(*A_NETWORK, realized()).do(c.ChangeL2NetworkVlan(l2="v10", vlan=20))
    case.when(drifted()).then(DriftBegan("h1", "v10", "eth0/20", "the bridge is down"))
    case.when(failed()).then(Failed("h1", "v10", "eth0/20", "no such device", 0))
    case.when(realized()).then(Realized("h1", "v10", "eth0/20", 0))


def test_a_vxlan_network_has_no_wire_to_report() -> None:
    given(*A_POOL, a_vxlan()).when(realized("x")).then(Realized("h1", "x", "", 0))


def test_a_report_on_a_network_that_is_deleted_is_about_the_segment_it_was_on() -> None:
    case = given(*A_NETWORK, realized())
    gone = case.id("l2", "v10")
    case.do(c.DeleteL2Network(l2="v10", mode="enforcing"), failed(gone))
    (said,) = (r.fact for r in case.network.facts() if isinstance(r.fact, Failed))
    assert said.segment == "eth0/10"


def test_the_reports_of_a_host_are_one_history() -> None:
    case = given(*A_NETWORK, a_vlan("w", vlan=11), realized(), realized("w"))
    subjects = {r.originator_id for r in case.network.facts() if isinstance(r.fact, Realized)}
    assert len(subjects) == 1


REPORTS = (realized, failed, removed, drifted, mended)


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_on_what_is_not_there_is_refused(report: Callable[..., c.Command]) -> None:
    case = given(*A_NETWORK)
    case.when(report("v99")).refused("unknown-object")
    case.when(report("v10", host="h99")).refused("unknown-object")


def test_a_pool_is_reported_on_by_its_networks() -> None:
    case = given(*A_POOL, a_vxlan())
    case.when(realized("pool")).refused("invalid-argument")
    case.do(realized("x"))


def test_what_was_not_made_can_not_be_removed_and_not_twice() -> None:
    case = given(*A_NETWORK)
    case.when(removed()).refused("wrong-state")
    case.do(realized(), removed())
    case.when(removed()).refused("wrong-state", naming=[Removed("h1", "v10")])


def test_what_failed_can_be_removed() -> None:
    given(*A_NETWORK, failed()).when(removed()).then(Removed("h1", "v10"))


@pytest.mark.parametrize(
    ("before", "naming"),
    [
        ((), []),
        ((failed(),), [Failed("h1", "v10", "eth0/10", "no such device", 0)]),
        ((realized(), removed()), [Removed("h1", "v10")]),
    ],
)
def test_what_is_not_realized_can_not_drift(before: tuple[c.Command, ...], naming: list[Removed]) -> None:
    given(*A_NETWORK, *before).when(drifted()).refused("wrong-state", naming=naming)


def test_a_drift_is_reported_once_and_another_one_beside_it() -> None:
    case = given(*A_NETWORK, realized(), drifted())
    case.when(drifted()).refused("wrong-state", naming=[BEGAN])
    case.when(drifted(what="an address is gone")).then(DriftBegan("h1", "v10", "eth0/10", "an address is gone"))


def test_a_drift_that_did_not_begin_can_not_end() -> None:
    case = given(*A_NETWORK, realized())
    case.when(mended()).refused("wrong-state")
    case.do(drifted(), mended())
    case.when(mended()).refused("wrong-state", naming=[DriftEnded("h1", "v10")])


def test_a_network_made_anew_is_no_longer_drifted() -> None:
    given(*A_NETWORK, realized(), drifted(), realized()).when(mended()).refused("wrong-state")


@pytest.mark.parametrize(
    "report",
    [failed(reason=" "), realized(milliseconds=-1), realized(milliseconds=1 << 53)],
)
def test_a_report_that_says_nothing_is_refused(report: c.Command) -> None:
    given(*A_NETWORK).when(report).refused("invalid-argument")


def test_a_drift_without_words_is_refused() -> None:
    given(*A_NETWORK, realized()).when(drifted(what="")).refused("invalid-argument")
