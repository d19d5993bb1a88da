"""`rewire drift` tells what on a host is other than it must be, and mends what is ours unless it is told not to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from domain import commands as c
from rewire import cli
from rewire.commands import realize
from tests.builders import a_cidr, a_no_vlan, a_vm, an_l3, attach, detach, drifted, realized
from tests.kernel.fabric import ip
from tests.kernel.keeping import FAR_S, Centre, centre
from tests.kernel.test_failures import SERVED


pytestmark = pytest.mark.kernel("bridge", "veth")


@pytest.fixture
def place() -> Iterator[Centre]:
    """Give a centre whose h1 has network `plain`."""
    with centre() as found:
        found.tell(attach("plain"))
        assert found.agent("h1", "--once").wait() == 0
        yield found


def test_a_host_at_its_plan_has_no_drift(place: Centre) -> None:
    status, rows, _ = place.drift(*place.on())

    assert (status, rows) == (0, [])


@pytest.mark.parametrize(
    ("change", "kind", "name", "what"),
    [
        ("link delete br_eth0", "missing", "br_eth0", "bridge br_eth0 is missing"),
        ("link set br_eth0 down", "altered", "br_eth0", "br_eth0 is down"),
        ("link set eth0 nomaster", "altered", "eth0", "eth0 is a port of no bridge, not of br_eth0"),
        ("link set br_eth0 mtu 1400", "altered", "br_eth0", "br_eth0 has an MTU of 1400, not 1600"),
        ("link set br_eth0 alias mine", "altered", "br_eth0", "br_eth0 is marked 'mine', not 'rewire "),
    ],
)
def test_what_was_changed_by_hand_is_told_with_its_cause_and_mended(
    place: Centre, change: str, kind: str, name: str, what: str
) -> None:
    ip(place.path(), change)

    told, rows, _ = place.drift(*place.on())
    again, none, _ = place.drift(*place.on())

    row = next(row for row in rows if row["name"] == name)
    assert (told, row["kind"], row["state"]) == (1, kind, "healed")
    assert row["what"].startswith(what)
    assert row["l2"] == ["plain"]
    assert row["because"] == list(place.plan().bridges[0].because)
    assert (again, none) == (0, [])
    assert place.tags() == ["realized", "drift-began", "drift-ended"]


def test_without_healing_nothing_is_changed_on_the_host_nor_in_its_history(place: Centre) -> None:
    ip(place.path(), "link set br_eth0 down")

    first, (row,), _ = place.drift(*place.on(), "--no-heal")
    second, (same,), _ = place.drift(*place.on(), "--no-heal")

    assert (first, second) == (1, 1)
    assert row == same
    assert (row["state"], row["since"]) == ("found", None)
    assert place.tags() == ["realized"]


def test_drift_that_a_fact_told_has_its_time_and_position(place: Centre) -> None:
    place.tell(drifted("plain", what="altered: br_eth0 is down"))
    ip(place.path(), "link set br_eth0 down")

    _, (row,), _ = place.drift(*place.on(), "--no-heal")

    (began,) = place.facts(by="tests")[-1:]
    assert (row["since"], row["at"]) == (began.position, began.recorded_at)


def test_a_foreign_device_is_told_unless_it_is_allowed_and_stays(place: Centre) -> None:
    ip(place.path(), "link add docker0 type bridge")
    noise = place.folder / "noise"
    noise.write_text("# what containers make\ndocker*\n")

    status, (row,), _ = place.drift(*place.on())

    assert (status, row["kind"], row["name"], row["state"]) == (1, "foreign", "docker0", "found")
    assert place.drift(*place.on(), "--allow", "docker?")[:2] == (0, [])
    assert place.drift(*place.on(), "--allow", "bridge")[:2] == (0, [])
    assert place.drift(*place.on(), "--allow-from", str(noise))[:2] == (0, [])
    assert "docker0" in ip(place.path(), "-br link show")


def test_a_host_s_own_devices_are_not_foreign_and_what_is_in_the_way_is_told_once(place: Centre) -> None:
    for line in ("link add storage type bridge", "address add 10.0.0.1/16 dev storage", "link add br_eth1 type bridge"):
        ip(place.path(), line)
    place.tell(a_no_vlan("other", interface="eth1"), attach("other"))

    _, rows, _ = place.drift(*place.on(), "--no-heal")

    assert [(row["kind"], row["name"], row["l2"]) for row in rows] == [("foreign", "br_eth1", ["other"])]


def test_a_foreign_device_in_a_bridge_of_ours_is_told_by_the_agent_while_it_is_there(place: Centre) -> None:
    agent = place.agent(interval=FAR_S)
    for line in ("link add tap9 mtu 1600 type veth peer name tap8", "link set tap9 master br_eth0"):
        ip(place.path(), line)
    began = agent.hear("report-drift", "recorded")

    _, (reported,), _ = place.drift()
    _, rows, _ = place.drift(*place.on(), "--no-heal", "--allow", "tap8")
    ip(place.path(), "link set tap9 nomaster")
    agent.hear("report-drift-ended", "recorded")

    assert began["l2"] == "plain"
    assert began["result"] == "recorded: foreign: device tap9 on br_eth0 is not ours"
    assert (reported["kind"], reported["what"]) == ("foreign", "device tap9 on br_eth0 is not ours")
    (row,) = [row for row in rows if row["name"] == "tap9"]
    assert (row["l2"], row["since"]) == (["plain"], reported["since"])
    assert place.agent("h2", "--once").wait() == 0
    assert place.tags() == ["realized", "drift-began", "drift-ended"]


def test_what_a_new_plan_asks_is_no_drift_before_the_agent_has_looked(place: Centre) -> None:
    place.tell(a_no_vlan("other", interface="eth1"), attach("other"), detach("plain"), attach("plain"))

    told, rows, _ = place.drift(*place.on(), "--no-heal")
    ip(place.path(), "link set br_eth0 down")
    done, after, _ = place.drift(*place.on())

    assert (told, {row["state"] for row in rows}) == (0, {"to do"})
    assert {row["name"] for row in rows} == {"br_eth0", "br_eth1"}
    assert (done, {row["state"] for row in after}) == (0, {"done"})
    assert place.tags() == ["realized", "realized"]
    assert place.drift(*place.on())[:2] == (0, [])


def test_without_a_host_all_that_hosts_reported_is_told(place: Centre) -> None:
    place.tell(realized("plain", host="h2"), drifted("plain", host="h2", what="missing: bridge br_eth0 is missing"))

    status, (row,), _ = place.drift()

    assert (status, row["host"], row["kind"], row["state"]) == (1, "h2", "missing", "reported")
    assert row["what"] == "bridge br_eth0 is missing"
    assert row["since"] == place.facts(by="tests")[-1].position


@pytest.mark.parametrize(
    "command", [("drift",), ("realize",), ("realize", "--delete"), ("realize", "--dry-run"), ("check",)]
)
def test_what_is_meant_for_another_host_is_refused_and_nothing_changes_or_is_recorded(
    place: Centre, command: tuple[str, ...]
) -> None:
    name, *words = command
    before, (_, *where) = place.links(), place.on()

    told, _, error = place.run(name, *words, "h2", *where)

    assert told == 1
    assert "this machine is host h1" in error
    assert "wrong-state" in error
    assert place.links() == before
    assert place.tags("agent@h2") == []


def test_the_agent_of_another_host_ends_at_once(place: Centre) -> None:
    before = place.links()
    agent = place.agent("h2", "--netns", place.path("h1"), "--state", str(place.folder / "h1"))

    assert agent.wait() == 1
    assert "wrong-state: this machine is host h1" in agent.errors[-1]
    assert place.links() == before
    assert place.tags("agent@h2") == []


@pytest.mark.kernel("nftables", "dnsmasq")
def test_all_commands_find_what_the_agent_made_where_it_keeps_its_state(place: Centre) -> None:
    place.tell(*SERVED)
    assert place.agent("h1", "--once").wait() == 0

    for name in ("check", "realize"):
        told, result, _ = place.run(name, *place.on())
        assert (told, result["operations"]) == (0, [])


def test_what_was_told_while_others_worked_on_the_host_is_not_undone(
    place: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a guest is prepared while `rewire realize` waits for its turn."""
    open_kernel = realize.opened

    def opened(*words: Any) -> Any:
        place.tell(a_vm(host="h1"))
        return open_kernel(*words)

    monkeypatch.setattr(realize, "opened", opened)
    place.tell(an_l3(l2="plain"), a_cidr())
    assert cli.run(["--store", f"sqlite:{place.store}", "realize", *place.on()]) == 0

    assert {port.device for port in place.plan().ports} <= place.links()
    assert place.plan().ports


def test_each_operation_is_printed_with_the_fact_behind_it(place: Centre, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--store", f"sqlite:{place.store}", "realize", *place.on(), "-o", "table"]
    ip(place.path(), "link delete br_eth0")
    cause = str(max(place.plan().bridges[0].because))

    assert cli.run([*words, "--dry-run"]) == 0
    foretold = capsys.readouterr().out.splitlines()
    assert foretold[0].split() == ["to", "do", "because"]
    assert ["create-bridge", "br_eth0", cause] in [line.split() for line in foretold]

    assert cli.run(words) == 0
    assert capsys.readouterr().out.splitlines()[1:] == foretold[1:]
    assert cli.run(words) == 0
    assert capsys.readouterr().out == "nothing done: the host is at its plan\n"


@pytest.mark.kernel("nftables", "dnsmasq")
def test_what_a_deleted_host_has_is_left_by_its_agent_and_taken_off_by_its_name(place: Centre) -> None:
    place.tell(*SERVED)
    agent = place.agent()
    agent.hear("start-server")
    place.tell(c.DeleteHost(host="h1", mode="enforcing"))

    left = agent.hear("plan", "waiting: the host is deleted")
    assert "`rewire realize h1 --delete`" in left["result"]
    assert place.look().namespaces

    told, _, error = place.run("realize", *place.on(), "--delete")
    unknown, _, nobody = place.run("realize", "h9", *place.on()[1:], "--delete")

    assert (told, error) == (0, "")
    assert (place.links(), dict(place.look().namespaces)) == (set(), {})
    assert (unknown, "unknown-object" in nobody) == (1, True)
