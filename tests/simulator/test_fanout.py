"""How many hosts the controller serves at a time, and how long all of them take."""

import pytest

from domain import commands as c
from projections.topology import Topology
from simulator import run
from simulator.trace import HostConverged
from tests.simulator.builder import DataCentre, cluster, fixed, vlan


HOSTS = ("h1", "h2", "h3", "h4")
PACE = fixed(message=20, report=10, deafen=1, create_bridge=4, create_vlan=5)
THERE = 20 + 1 + 4 + 5
TURN = THERE + 10


def attach() -> tuple[Topology, Topology]:
    centre = DataCentre()
    before = centre.do(*cluster("c1", *HOSTS), *vlan("v", 10))
    return before, centre.do(c.AttachL2NetworkToCluster(l2="v", cluster="c1"))


def converged(parallel: int | None) -> list[float]:
    happened = run.simulate(*attach(), timing=PACE, parallel=parallel)
    return [r.at_us / 1000 for r in happened.trace if isinstance(r, HostConverged)]


def test_without_a_limit_all_hosts_work_at_once() -> None:
    assert converged(None) == [THERE, THERE, THERE, THERE]


def test_one_at_a_time_they_take_the_sum() -> None:
    assert converged(1) == [THERE, TURN + THERE, 2 * TURN + THERE, 3 * TURN + THERE]


def test_two_at_a_time_they_take_half_of_it() -> None:
    assert converged(2) == [THERE, THERE, TURN + THERE, TURN + THERE]


def test_no_host_at_a_time_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one host"):
        converged(0)
