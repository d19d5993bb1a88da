"""What a host has to tell while its store is away is told when that is back, in order; nothing that is untrue then."""

from __future__ import annotations

from collections.abc import Iterable

from backends.correspondence import Correspondence, Event
from domain import commands as c
from domain.commands import Command
from domain.errors import StoreUnreachable, Witness
from projections.topology import Topology
from tests.builders import ONE_HOST, a_vlan, attach, realized
from tests.given import Case, given


class Store:
    """A store that may be away."""

    def __init__(self, case: Case) -> None:
        self.case, self.away = case, False

    def topology(self) -> Topology:
        if self.away:
            raise StoreUnreachable("the store is away")
        return self.case.topology

    def record(self, command: Command) -> int:
        self.topology()
        self.case.do(command)
        return self.case.network.position()

    def newest(self, witnesses: Iterable[Witness]) -> int:
        self.topology()
        return max(self.case.network.positions(witnesses), default=0)


def drift(what: str) -> c.ReportDrift:
    return c.ReportDrift(host="h1", l2="v10", what=what)


ENDED = c.ReportDriftEnded(host="h1", l2="v10")


def about(case: Case, *wishes: c.ReportDrift | c.ReportDriftEnded) -> list[Command]:
    """Give reports as an agent makes them: by uuid."""
    host, network = case.id("host", "h1"), case.id("l2", "v10")
    made = (c.ReportDrift(host=host, l2=network, what=w.what) if isinstance(w, c.ReportDrift) else w for w in wishes)
    return [c.ReportDriftEnded(host=host, l2=network) if w is ENDED else w for w in made]


def begin() -> tuple[Case, Store, Correspondence, list[Event]]:
    case = given(*ONE_HOST, a_vlan(), attach("v10"), realized("v10"))
    store, told = Store(case), list[Event]()
    mail = Correspondence(store, told.append)
    mail.news()
    store.away = True
    return case, store, mail, told


def test_drifts_that_came_and_went_meanwhile_are_told_each_with_its_end() -> None:
    case, store, mail, told = begin()
    for wish in about(case, drift("altered: a"), ENDED, drift("altered: a"), ENDED, ENDED):
        mail.send([wish])
    assert [event.result for event in told] == ["waiting: the store is away"]

    store.away = False
    assert mail.news()

    said = case.topology.reports.of[case.id("host", "h1")][case.id("l2", "v10")]
    assert said.drift == ""
    operations = [event.operation for event in told[1:]]
    assert operations == [*["report-drift", "report-drift-ended"] * 2, "store"]
    assert mail.owed == ()


def test_what_was_seen_of_a_vlan_that_is_another_by_now_is_not_told() -> None:
    case, store, mail, told = begin()
    mail.send(about(case, drift("altered: a"), ENDED))
    case.do(c.ChangeL2NetworkVlan(l2="v10", vlan=11))

    store.away = False
    assert mail.news()

    assert [event.operation for event in told] == ["store", "store"]
    assert mail.owed == ()
