"""A machine is the host that the bridges on it were made for, and nobody takes it for another one."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain.errors import Refusal
from projections.diff import diff
from projections.found import Found, bare_host
from projections.operations import apply_all
from projections.plan import plan
from projections.whose import refuse_another
from tests.builders import ONE_HOST, a_host, a_no_vlan, attach
from tests.given import Case, given


GRE = c.CreateL2OvsGreNetwork(name="gre", zone="z", physical_interface="eth0", key=7)


def realized(*network: c.Command) -> tuple[Case, Found]:
    """Give a host `h1` at its plan, beside another one."""
    case = given(*ONE_HOST, a_host("h2", vtep="10.0.0.2"), *network)
    wanted, bare = plan(case.topology, case.id("host", "h1")), bare_host(("eth0",), ("10.0.0.1",))
    return case, apply_all(bare, diff(wanted, bare))


@pytest.mark.parametrize("network", [(a_no_vlan(), attach("plain")), (GRE, attach("gre"))])
def test_another_host_is_refused_by_name(network: tuple[c.Command, ...]) -> None:
    case, found = realized(*network)

    refuse_another(case.id("host", "h1"), found, case.topology)
    with pytest.raises(Refusal, match="this machine is host h1, by the bridges on it, and not h2") as told:
        refuse_another(case.id("host", "h2"), found, case.topology)
    assert told.value.code == "wrong-state"


def test_a_machine_on_which_nothing_is_may_be_any_host() -> None:
    case, _ = realized(a_no_vlan(), attach("plain"))

    refuse_another(case.id("host", "h2"), bare_host(("eth0",)), case.topology)


def test_what_a_host_left_that_is_no_more_is_taken_over() -> None:
    case, found = realized(a_no_vlan(), attach("plain"))
    case.do(c.DeleteHost(host="h1"), a_host("h1"))

    refuse_another(case.id("host", "h1"), found, case.topology)
    refuse_another(case.id("host", "h2"), found, case.topology)
