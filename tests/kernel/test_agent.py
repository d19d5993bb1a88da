"""An agent keeps its host at its plan, and its history says what happened: nothing twice, nothing left out."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from backends.kvm import lock, nft
from domain import commands as c
from domain import host_network, l2
from domain.sqlite import APPLICATION_ID
from rewire.libvirt.domain import Domain
from rewire.libvirt.tenancy import Tenancies
from tests.builders import (
    a_cidr,
    a_pool,
    a_vm,
    a_vni_range,
    a_vxlan,
    an_l3,
    attach,
    attach_pool,
    destroy,
    detach,
    migrate,
    stop,
)
from tests.kernel.fabric import ip
from tests.kernel.keeping import FAR_S, Centre, centre


pytestmark = pytest.mark.kernel("bridge", "veth")


@pytest.fixture
def place() -> Iterator[Centre]:
    with centre() as found:
        yield found


def test_what_another_process_attaches_is_realized_and_reported_once(place: Centre) -> None:
    agent = place.agent()
    place.tell(attach("plain"))

    told = agent.hear("report-l2-realized", "recorded")

    assert told["l2"] == "plain"
    assert "br_eth0" in place.links()
    assert place.tags() == ["realized"]
    (fact,) = [fact.fact for fact in place.facts() if isinstance(fact.fact, host_network.Realized)]
    assert fact.milliseconds > 0


def test_a_line_of_the_log_says_what_was_done_for_whom_and_because_of_what(place: Centre) -> None:
    place.tell(attach("plain"))
    agent = place.agent()

    made = agent.hear("create-bridge br_eth0")

    assert list(made) == ["time", "host", "operation", "l2", "because", "result"]
    assert (made["host"], made["l2"], made["result"]) == ("h1", "plain", "done")
    assert made["because"] == max(place.plan().bridges[0].because)


def test_what_is_deleted_by_hand_is_told_and_back_at_once_and_not_only_at_the_next_look(place: Centre) -> None:
    place.tell(attach("plain"))
    agent = place.agent(interval=FAR_S)
    agent.hear("report-l2-realized", "recorded")

    ip(place.path(), "link delete br_eth0")
    began = agent.hear("report-drift", "recorded")
    made = agent.hear("create-bridge br_eth0")
    agent.hear("report-drift-ended", "recorded")

    assert began["result"] == "recorded: missing: bridge br_eth0 is missing"
    assert made["result"] == "done"
    assert "br_eth0" in place.links()
    assert place.tags() == ["realized", "drift-began", "drift-ended"]


@pytest.mark.kernel("nftables", "vxlan")
def test_tables_that_somebody_flushes_are_back_at_once_and_not_only_at_the_next_look(place: Centre) -> None:
    place.tell(a_pool(), a_vni_range(), attach_pool(), a_vxlan())
    agent = place.agent(interval=FAR_S)
    agent.hear("report-l2-realized", "recorded")

    nft.load(place.path(), "flush ruleset\n", "reloading")
    agent.hear("deafen")
    agent.hear("raise-wall")
    agent.hear("report-drift-ended", "recorded")

    assert place.look().wall == place.plan().wall.digest
    assert place.look().deaf == frozenset(place.plan().deaf)


@pytest.mark.parametrize(
    ("wish", "tag"),
    [
        (migrate("a", host="h2"), "vm.migrated"),
        (stop("a"), "vm.stopped"),
        (destroy("a"), "vm.destroyed"),
        (c.DetachL3NetworkFromVm(vm="a", l3="l3"), "vm.nic-detached"),
    ],
    ids=["migrate", "stop", "destroy", "detach"],
)
def test_a_nic_is_taken_away_because_of_what_parted_it_from_the_host(place: Centre, wish: c.Command, tag: str) -> None:
    place.tell(attach("plain"), an_l3("l3", l2="plain"), a_cidr(), a_vm("a", host="h1"))
    agent = place.agent()
    agent.hear("report-l2-realized", "recorded")

    place.tell(wish, c.UpdateL3Network(l3="l3", dns_domain="later.org"))
    told = agent.hear("delete nic")

    (fact,) = [fact for fact in place.facts(by="tests") if fact.fact.tag() == tag]
    assert (told["because"], told["result"]) == (fact.position, "done")


def test_an_mtu_is_set_because_of_the_l3_network_that_asks_for_it(place: Centre) -> None:
    place.tell(attach("plain"), an_l3("l3", l2="plain"), a_cidr(), a_vm("a", host="h1"))
    agent = place.agent()
    agent.hear("report-l2-realized", "recorded")

    place.tell(c.UpdateL3Network(l3="l3", mtu=1400))
    asked = place.topology.position
    told = agent.hear("set-mtu nic")

    assert told["because"] == asked


def test_a_guest_that_runs_on_without_its_nic_is_told_of(place: Centre) -> None:
    place.tell(attach("plain"), an_l3("l3", l2="plain"), a_cidr(), a_vm("a", host="h1"))
    agent = place.agent()
    agent.hear("report-l2-realized", "recorded")
    guest = Domain("guest-one", "d1", ())
    Tenancies(place.folder / "h1").take(place.topology.find("vm", "a"), guest)

    place.tell(stop("a"))
    told = agent.hear("delete nic")

    (fact,) = [fact for fact in place.facts(by="tests") if fact.fact.tag() == "vm.stopped"]
    assert told["because"] == fact.position
    assert told["result"] == "done: libvirt domain guest-one still runs, and is without it"


def test_what_is_detached_is_taken_away_and_reported_removed(place: Centre) -> None:
    place.tell(attach("plain"))
    agent = place.agent()
    agent.hear("report-l2-realized", "recorded")

    place.tell(detach("plain"))
    gone = agent.hear("delete br_eth0")
    agent.hear("report-l2-removed", "recorded")

    (parted,) = [fact for fact in place.facts(by="tests") if isinstance(fact.fact, l2.DetachedFromCluster)]
    assert gone["because"] == parted.position
    assert place.links() == set()
    assert place.tags() == ["realized", "removed"]


def test_looks_that_show_nothing_new_record_nothing(place: Centre) -> None:
    place.tell(attach("plain"))
    agent = place.agent("h1", "--once")
    assert agent.wait() == 0
    said = place.tags()

    again = place.agent("h1", "--once")

    assert again.wait() == 0
    assert [line["operation"] for line in again.lines] == ["start", "stop"]
    assert place.tags() == said == ["realized"]


def test_an_agent_says_when_it_begins_to_keep_its_host_what_it_keeps_and_when_it_ends(place: Centre) -> None:
    place.tell(attach("plain"))
    begun = place.topology.position
    agent = place.agent(interval=FAR_S)
    agent.hear("report-l2-realized", "recorded")

    assert agent.end() == 0

    first, last = agent.lines[0], agent.lines[-1]
    assert (first["operation"], first["result"]) == ("start", "1 network to keep")
    assert first["because"] == begun
    assert (last["operation"], last["result"]) == ("stop", "done")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_leaves_everything_in_place(place: Centre, number: int) -> None:
    place.tell(attach("plain"))
    agent = place.agent(interval=FAR_S)
    agent.hear("report-l2-realized", "recorded")

    assert agent.end(number) == 0
    assert agent.errors == []
    assert "br_eth0" in place.links()


def test_a_second_agent_of_a_host_is_refused_and_told_who_the_first_is(place: Centre) -> None:
    first = place.agent()
    place.tell(attach("plain"))
    first.hear("report-l2-realized", "recorded")

    second = place.agent()

    assert second.wait() == 3
    assert second.errors == [
        f"error: host-unreachable: process {first.process.pid} is this host's agent already: there can be one only"
    ]


def test_a_host_that_somebody_else_is_changing_is_left_to_him_until_he_is_done(place: Centre) -> None:
    with lock.held(place.path()):
        place.tell(attach("plain"))
        agent = place.agent()
        told = agent.hear("wait")
        assert place.links() == set()

    agent.hear("report-l2-realized", "recorded")
    assert told["result"].startswith(f"process {os.getpid()} is changing this host")
    assert place.tags() == ["realized"]


def test_what_a_plan_changed_meanwhile_is_not_undone(place: Centre) -> None:
    place.tell(attach("plain"))
    agent = place.agent()
    agent.hear("report-l2-realized", "recorded")
    with lock.held(place.path()):
        place.tell(detach("plain"))
        agent.hear("wait")
        place.tell(attach("plain"))

    agent.hear("mark br_eth0")
    assert agent.end() == 0
    assert not [line for line in agent.lines if line["operation"].startswith("delete")]


def test_drift_that_came_while_no_agent_lived_is_told_as_such(place: Centre) -> None:
    place.tell(attach("plain"))
    assert place.agent("h1", "--once").wait() == 0
    ip(place.path(), "link set br_eth0 down")

    assert place.agent("h1", "--once").wait() == 0

    assert place.tags() == ["realized", "drift-began", "drift-ended"]
    told = [fact.fact.what for fact in place.facts() if isinstance(fact.fact, host_network.DriftBegan)]
    assert told == ["altered: br_eth0 is down"]


def test_what_a_plan_changes_is_no_drift(place: Centre) -> None:
    place.tell(attach("plain"))
    agent = place.agent()
    agent.hear("report-l2-realized", "recorded")

    place.tell(detach("plain"), attach("plain"))
    agent.hear("mark br_eth0")
    assert agent.end() == 0

    assert place.tags() == ["realized"]


def test_a_host_that_the_store_does_not_know_is_refused(place: Centre) -> None:
    agent = place.agent("h2", "--host", "h9")

    assert agent.wait() == 1
    assert agent.errors == ["error: unknown-object: there is no host 'h9'"]


def test_a_store_that_is_away_is_waited_for_and_the_host_kept_as_it_was_told_last(place: Centre) -> None:
    place.tell(attach("plain"))
    agent = place.agent()
    agent.hear("report-l2-realized", "recorded")
    away = place.store.with_suffix(".away")

    place.store.rename(away)
    agent.hear("store", "waiting: the store")
    ip(place.path(), "link delete br_eth0")
    agent.hear("create-bridge br_eth0")
    away.rename(place.store)
    agent.hear("report-drift", "recorded")
    agent.hear("report-drift-ended", "recorded")

    assert agent.end() == 0
    assert ("store", "back") in {(line["operation"], line["result"]) for line in agent.lines}
    assert place.tags() == ["realized", "drift-began", "drift-ended"]


def test_a_store_that_somebody_writes_to_keeps_neither_the_host_nor_the_end_waiting(place: Centre) -> None:
    place.tell(attach("plain"))
    agent = place.agent()
    agent.hear("report-l2-realized", "recorded")

    with closing(sqlite3.connect(place.store, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        ip(place.path(), "link delete br_eth0")
        agent.hear("create-bridge br_eth0")
        assert agent.end() == 0
        writer.execute("ROLLBACK")


def test_a_store_that_is_not_there_yet_is_waited_for(place: Centre) -> None:
    place.tell(attach("plain"))
    later = place.folder / "later.db"
    agent = place.agent(store=later)
    agent.hear("store", "waiting: there is no store")

    later.symlink_to(place.store)

    agent.hear("report-l2-realized", "recorded")
    assert place.tags() == ["realized"]


def test_a_store_of_a_newer_version_ends_it(place: Centre) -> None:
    newer = place.folder / "newer.db"
    with sqlite3.connect(place.store) as source, sqlite3.connect(newer) as target:
        source.backup(target)
        target.execute(f"PRAGMA application_id={APPLICATION_ID}")
        target.execute("PRAGMA user_version=99")
    agent = place.agent(store=newer)

    assert agent.wait() == 3
    assert "was written by a newer Rewire" in agent.errors[0]
