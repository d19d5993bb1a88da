"""What would have to be on bridges that plugins make is not made, and said to be not: nothing else waits for it."""

from __future__ import annotations

from pathlib import Path

from projections import plan
from projections.diff import diff
from projections.found import bare_host
from projections.obstacles import obstacles
from projections.operations import apply_all
from projections.plan import HostPlan
from tests.builders import ONE_HOST, a_cidr, a_vm, an_l3, attach
from tests.domain.test_plugins import a_network, macvlan
from tests.given import Case, given
from tests.service_builders import A_FILTER, a_group, a_provider, join, on_l3, serve


__all__ = ["macvlan"]

ON_M = (*ONE_HOST, a_network(), attach("m"), an_l3(l2="m"), a_cidr(), a_vm(host="h1"))


def plan_of(case: Case) -> HostPlan:
    return plan.plan(case.topology, case.id("host", "h1"))


def told(planned: HostPlan) -> dict[str, str]:
    return {obstacle.name: obstacle.why for obstacle in obstacles(planned, bare_host(("eth0", "eth1"), ("10.0.0.1",)))}


def test_a_server_whose_leg_would_be_on_a_plugins_bridge_is_said_not_to_be_made(macvlan: Path) -> None:
    planned = plan_of(given(*ON_M, a_provider(), serve(flat=("DHCP",))))
    (served,) = planned.namespaces
    bare = bare_host(("eth0", "eth1"), ("10.0.0.1",))
    after = apply_all(bare, diff(planned, bare))
    assert (after.links, after.namespaces) == (bare.links, bare.namespaces)
    assert told(planned) == {
        served.name: f"{served.name} is not made: macvlan7 is made by a plugin, and nothing of ours is plugged in there"
    }


def test_a_nic_in_a_group_on_a_plugins_bridge_is_said_not_to_be_filtered(macvlan: Path) -> None:
    planned = plan_of(given(*ON_M, A_FILTER, serve(sg=("SecurityGroup",)), a_group(), on_l3(), join()))
    (port,) = planned.ports
    assert told(planned) == {
        port.device: f"{port.device} is in a group: macvlan7 is made by a plugin, and nothing of ours filters there"
    }
