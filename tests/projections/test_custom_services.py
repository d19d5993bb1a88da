"""A service of a plugin's provider type is planned with all that its backend must know, and left to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain import commands as c
from projections import plan
from projections.diff import diff
from projections.found import bare_host
from projections.parts import parts
from projections.service_entries import CustomService
from tests.builders import a_vm
from tests.given import Case, given
from tests.plugins.distribution import install
from tests.service_builders import A_PUBLIC_SUBNET, a_provider, a_rule, a_vip, serve, unserve


TYPES = """[rewire.network_service_provider]
Ledger = tests.plugins.providers:LEDGER
"""


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "rewire_ledger", TYPES)
    monkeypatch.syspath_prepend(tmp_path)


def planned(case: Case, host: str = "h1") -> plan.HostPlan:
    return plan.plan(case.topology, case.id("host", host))


def balanced() -> Case:
    case = given(*A_PUBLIC_SUBNET, a_provider(), a_provider("lb", "LoadBalancer", "DHCP", kind="Ledger"))
    return case.do(serve(lb=("LoadBalancer",)), a_vm("one", host="h1"), a_vm("two", host="h2"))


def customs(case: Case, host: str = "h1") -> tuple[CustomService, ...]:
    return planned(case, host).services.customs


def test_a_backend_is_told_who_is_on_its_network_wherever_it_is() -> None:
    case = balanced().do(a_vip("v", l3="l3"), a_vip("w", l3="l3"), a_rule(vip="w"), a_vip("elsewhere"))
    case.do(c.StopVm(vm="two"))

    (told,) = customs(case)

    assert (told.backend, told.name, told.l3) == ("LoadBalancer/Ledger", "l3", case.id("l3", "l3"))
    assert (told.host, told.bridge, told.namespace) == (case.id("host", "h1"), "br_eth0_10", "")
    assert told.networks
    assert told.gateways
    tags = {recorded.position: recorded.fact.tag() for recorded in case.network.facts()}
    assert [(nic.name, nic.host, [tags[fact] for fact in nic.because]) for nic in told.nics] == [
        ("one", case.id("host", "h1"), ["vm.nic-attached", "vm.started"]),
        ("two", "", ["vm.nic-attached"]),
    ]
    assert [(vip.name, vip.uses) for vip in told.vips] == [("v", ()), ("w", (("PortForwarding", "TCP", "80"),))]


def test_each_host_with_a_nic_on_the_network_is_told_and_no_other() -> None:
    case = balanced()
    assert [len(customs(case, host)) for host in ("h1", "h2")] == [1, 1]

    case.do(c.StopVm(vm="two"))
    assert [len(customs(case, host)) for host in ("h1", "h2")] == [1, 0]

    case.do(unserve(lb=("LoadBalancer",)))
    assert customs(case) == ()


def test_what_we_do_ourselves_is_not_left_to_anybody() -> None:
    case = given(*A_PUBLIC_SUBNET, a_provider()).do(serve(flat=("DHCP", "DNS")), a_vm("one", host="h1"))

    assert customs(case) == ()
    assert planned(case).services.dhcp


def test_what_a_plugin_is_to_do_we_do_not() -> None:
    case = balanced().do(serve(lb=("DHCP",)))

    assert [each.service for each in customs(case)] == ["DHCP", "LoadBalancer"]
    assert planned(case).services.dhcp == ()
    assert planned(case).namespaces == ()


def test_a_load_balancer_in_a_router_is_left_to_whoever_brings_one() -> None:
    case = given(*A_PUBLIC_SUBNET, a_provider("vr", "SNAT", "LoadBalancer", kind="VirtualRouter"))
    case.do(serve(vr=("SNAT", "LoadBalancer")))

    told = [each for host in ("h1", "h2") for each in customs(case, host)]

    assert [(each.backend, bool(each.namespace)) for each in told] == [("LoadBalancer/VirtualRouter", True)]


def test_nothing_of_it_is_ours_to_make() -> None:
    case = balanced()
    before = planned(case)
    case.do(unserve(lb=("LoadBalancer",)))

    bare = bare_host(("eth0", "eth1"))
    assert diff(before, bare) == diff(planned(case), bare)


def test_a_change_of_it_is_a_change_of_the_networks_part_of_the_plan() -> None:
    case = balanced()
    before = parts(planned(case))
    case.do(a_vip("v", l3="l3"))

    assert parts(planned(case)).keys() == before.keys()
    assert parts(planned(case)) != before
