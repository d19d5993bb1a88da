"""`rewire drift` tells what on a host is other than it must be, and mends what is ours unless it is told not to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.builders import attach, drifted, realized
from tests.kernel.fabric import ip
from tests.kernel.keeping import Centre, centre


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


def test_without_a_host_all_that_hosts_reported_is_told(place: Centre) -> None:
    place.tell(realized("plain", host="h2"), drifted("plain", host="h2", what="missing: bridge br_eth0 is missing"))

    status, (row,), _ = place.drift()

    assert (status, row["host"], row["kind"], row["state"]) == (1, "h2", "missing", "reported")
    assert row["what"] == "bridge br_eth0 is missing"
    assert row["since"] == place.facts(by="tests")[-1].position
