"""Plugins' backends are driven like what is ours: told what is to be there, and asked until nothing is left to do."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
from immutables import Map

from backends.registry import SERVICES
from backends.services import Backends, Done
from projections.found import Found, Link
from projections.obstacle import Obstacle
from projections.operation import Operation
from projections.operations import describe
from projections.ownership import Owners
from projections.plan import Bridge, HostPlan
from projections.service_entries import CustomService, Services
from tests.plugins.backends import Notebook, Write


def service(number: int) -> CustomService:
    return CustomService(
        service="LoadBalancer",
        provider="Ledger",
        host="h",
        l3=f"l3-{number}",
        name=f"net{number}",
        l2=f"l2-{number}",
        bridge=f"br{number}",
        networks=(),
        gateways=(),
        mtu=0,
        vips=(),
        nics=(),
        namespace="",
        because=(number,),
    )


def plan_of(*numbers: int) -> HostPlan:
    bridges = tuple(Bridge(f"br{n}", f"l2-{n}", "", 0, (n,)) for n in numbers)
    return HostPlan("h", 9, bridges=bridges, services=Services(customs=tuple(map(service, numbers))))


def found(*numbers: int) -> Found:
    return Found(links=Map({f"br{n}": Link(f"br{n}", "bridge", ours=True) for n in numbers}))


def backends(notebook: Notebook, *classes: str, name: str = "LoadBalancer/Ledger/Paper") -> Backends:
    entries = [EntryPoint(name, f"tests.plugins.backends:{each}", SERVICES) for each in classes or ("Ledger",)]
    return Backends(notebook, "Paper", entries)


def run(notebook: Notebook, *classes: str, plan: HostPlan | None = None) -> tuple[Done, list[Operation]]:
    heard: list[Operation] = []
    return backends(notebook, *classes).realize(plan or plan_of(1, 2), found(1, 2), heard.append), heard


def test_all_that_is_to_be_there_is_made_and_heard_of() -> None:
    notebook: Notebook = {}

    done, heard = run(notebook)

    assert [describe(step) for step in heard] == ["LoadBalancer/Ledger: write l3-1", "LoadBalancer/Ledger: write l3-2"]
    assert done == Done(tuple(heard), (), ())
    assert notebook.keys() == {"l3-1", "l3-2"}
    assert run(notebook)[1] == []


def test_what_nobody_wants_any_more_is_taken_away() -> None:
    notebook = {"l3-7": "rewire l3-7 fact=3"}

    _, heard = run(notebook, plan=HostPlan("h", 9))

    assert [describe(step) for step in heard] == ["LoadBalancer/Ledger: strike l3-7"]
    assert notebook == {}


def test_a_check_tells_the_same_and_changes_nothing() -> None:
    notebook: Notebook = {}

    result = backends(notebook).check(plan_of(1, 2), found(1, 2))

    assert [describe(step) for step in result.operations] == [describe(step) for step in run({})[1]]
    assert (result.obstacles, notebook) == ((), {})


FOREIGN = Found(links=found(1).links.set("br2", Link("br2", "bridge")))


@pytest.mark.parametrize("there", [found(1), FOREIGN])
def test_a_network_that_is_not_there_or_is_somebody_elses_is_not_served(there: Found) -> None:
    notebook: Notebook = {}

    backends(notebook).realize(plan_of(1, 2), there, lambda _: None)

    assert notebook.keys() == {"l3-1"}


def test_a_step_tells_its_network_and_the_fact_behind_it() -> None:
    (step,) = backends({}).check(plan_of(2), found(2)).operations
    owners = Owners(plan_of(2), found(2))

    assert (owners.of(step), owners.cause(step)) == (("l2-2",), 2)


def test_what_fails_on_one_network_is_told_and_the_others_are_served() -> None:
    notebook: Notebook = {}

    done, heard = run(notebook, "Clumsy")

    ((step, error),) = done.failures
    assert error.sentence == "LoadBalancer/Ledger: write l3-1: RuntimeError: the pen is dry"
    assert isinstance(step, Write)
    assert step.bridge == "br1"
    assert notebook.keys() == {"l3-2"}
    assert list(done.operations) == heard


def test_one_that_can_not_say_what_is_there_is_in_the_way_of_its_networks() -> None:
    for classes, why in (
        (("Blind",), "LoadBalancer/Ledger fails: KeyError: 'glasses'"),
        (("Missing",), "AttributeError"),
        (("Ledger", "Clumsy"), "both tests.plugins.backends:Clumsy and tests.plugins.backends:Ledger are installed"),
    ):
        done, heard = run({}, *classes)

        assert [obstacle.l2 for obstacle in done.obstacles] == ["l2-1", "l2-2"]
        assert all(why in obstacle.why for obstacle in done.obstacles)
        assert heard == []


def test_one_that_never_comes_to_rest_is_stopped_and_told() -> None:
    done, _ = run({}, "Restless", plan=plan_of(1))

    ((_, error),) = done.failures
    assert error.sentence == (
        "LoadBalancer/Ledger doesn't come to rest; this is still to do: LoadBalancer/Ledger: write l3-1"
    )


@pytest.mark.parametrize("name", ["LoadBalancer/F5/Paper", "LoadBalancer/Ledger/KVM", "DHCP/Ledger/Paper"])
def test_what_nothing_installed_does_is_in_nobodys_way_and_told(name: str) -> None:
    told = backends({}, name=name).check(plan_of(1), found(1))

    why = "nothing installed does LoadBalancer of Ledger on Paper hosts: L3 network net1 goes without"
    assert told.obstacles == (Obstacle("net1", "", why, foreign=False),)


def test_whoever_hears_may_end_the_run() -> None:
    notebook: Notebook = {}

    def hear(_: Operation) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        backends(notebook).realize(plan_of(1, 2), found(1, 2), hear)
    assert notebook.keys() == {"l3-1"}
