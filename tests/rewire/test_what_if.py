"""Questions about what would follow, and the promise that asking changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rewire.conftest import Rewire


DETACH = "- detach-l2-network-from-cluster: { l2: l2-1, cluster: cluster-2 }"
BEFORE = "63"


@pytest.fixture
def detach(change: Callable[[str], str]) -> str:
    return change(DETACH)


def test_asking_records_nothing(network: Rewire, detach: str) -> None:
    before = network("history", "--claims").value

    network("what-if", detach, "--at", BEFORE, "--simulate")

    assert network("history", "--claims").value == before
    assert network("verify").status == 0


def test_a_what_if_foretells_what_the_diff_shows_afterwards(network: Rewire, detach: str) -> None:
    foretold = network("what-if", detach, "--at", BEFORE).value

    assert foretold == network("diff", BEFORE, "now").value


def test_a_refused_step_is_listed_and_the_answer_is_no(network: Rewire, detach: str) -> None:
    answer = network("what-if", detach)

    assert answer.status == 1
    (refused,) = answer.value["refused"]
    told = "L2 network l2-1 is not attached to cluster cluster-2"
    assert (refused["step"], refused["command"]) == (1, "detach-l2-network-from-cluster")
    assert refused["error"] == {"code": "l2-not-attached", "message": told, "conflicts": [64]}


def test_a_simulation_without_a_refused_step_says_no_as_well(network: Rewire, detach: str) -> None:
    answer = network("simulate", detach)

    assert answer.status == 1
    assert "refused, and so left out: step 1 (detach-l2-network-from-cluster): l2-not-attached" in answer.err
    assert network("simulate", detach, "--at", BEFORE).status == 0


def test_a_simulation_tells_how_long_and_whom_it_cuts(network: Rewire, detach: str) -> None:
    simulation = network("what-if", detach, "--at", BEFORE, "--simulate").value["simulation"]

    assert simulation["operations"] == 5
    assert simulation["converged_after_s"] > 0
    pairs = [(outage["vm"], outage["peer"], outage["to_s"]) for outage in simulation["outages"]]
    assert pairs == [("vm-a", "vm-c", None), ("vm-b", "vm-c", None)]


def test_a_recorded_change_is_simulated_again_with_the_same_trace(network: Rewire, tmp_path: Path) -> None:
    traces = []
    for number in (1, 2):
        name = tmp_path / f"trace-{number}"
        assert network("simulate", "--since", BEFORE, "--seed", "7", "--trace", str(name)).status == 0
        traces.append(name.read_bytes())

    assert traces[0] == traces[1]
    assert all(json.loads(line)["what"] for line in traces[0].splitlines())


def test_how_long_things_take_may_come_from_a_file(network: Rewire, detach: str, tmp_path: Path) -> None:
    pace = tmp_path / "pace.yaml"
    pace.write_text(
        "message: { shape: fixed, ms: 1000 }\ndelete: { shape: fixed, ms: 500 }\nrelease: { shape: fixed, ms: 0 }\n"
    )

    simulation = network("simulate", detach, "--at", BEFORE, "--timing", str(pace)).value["simulation"]

    assert simulation["converged_after_s"] == 2.0


def test_a_timing_file_that_is_none_is_told(network: Rewire, detach: str) -> None:
    answer = network("simulate", detach, "--at", BEFORE, "--timing", detach)

    assert answer.status == 2
    assert "holds no timing" in answer.err


FIRST_CABLE = "- connect: { a: host-1:eth1, b: host-2:eth1 }\n"
REST = """
- add-switch: { name: s1, zone: zone-1, ports: [p1, p2] }
- connect: { a: host-1:eth0, b: s1:p1 }
- connect: { a: host-2:eth0, b: s1:p2 }
"""


def test_the_first_cable_of_a_zone_is_told_with_what_it_does_to_the_rest(
    network: Rewire, change: Callable[[str], str]
) -> None:
    told = network("what-if", change(FIRST_CABLE))
    whole = network("what-if", change(FIRST_CABLE + REST))

    assert told.value["domains"]["split"]
    assert told.err.startswith("zone zone-1 comes to have a fabric: ")
    assert "an interface without a cable reaches nobody" in told.err
    assert ("l2-1" in str(told.value["domains"]["split"]), "l2-1" in str(whole.value["domains"]["split"])) == (
        True,
        False,
    )
