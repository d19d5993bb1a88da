"""A host's tunnels are walled in before the first is there and until the last is gone, and what lacks is told."""

from __future__ import annotations

import msgspec
import pytest

from backends.kvm import scope
from projections.diff import diff
from projections.drift import differences
from projections.found import ALTERED, FOREIGN, Found, bare_host
from projections.obstacles import obstacles
from projections.operations import CreateTunnel, Delete, RaiseWall, apply_all
from projections.plan import HostPlan, plan
from projections.walls import Wall
from tests.builders import A_POOL, a_host, a_no_vlan, a_vxlan, attach
from tests.given import given


CASE = given(*A_POOL, a_vxlan("x", vni=100), a_vxlan("y", vni=101), a_host("h3", vtep="10.0.0.3"))
CASE.do(a_no_vlan(), attach("plain"))
WHOLE = plan(CASE.topology, CASE.id("host", "h1"))
BARE = bare_host(("eth0",), ("10.0.0.1",))
TUNNELS = {CASE.id("l2", name) for name in ("x", "y")}


def realized() -> Found:
    return apply_all(BARE, diff(WHOLE, BARE))


def test_it_lets_in_the_peers_of_all_tunnels_and_knows_the_hosts_own_wires() -> None:
    assert WHOLE.wall == Wall(8472, (100, 101), ("10.0.0.2", "10.0.0.3"), ("eth0",))


def test_it_is_there_before_the_first_tunnel_and_goes_after_the_last() -> None:
    coming, going = diff(WHOLE, BARE), diff(HostPlan("h", 2), realized())

    assert coming.index(RaiseWall(WHOLE.wall)) < min(n for n, o in enumerate(coming) if isinstance(o, CreateTunnel))
    assert going.index(RaiseWall(Wall())) > max(n for n, o in enumerate(going) if isinstance(o, Delete))
    assert apply_all(realized(), going) == BARE


@pytest.mark.parametrize(("wall", "what"), [("", "missing"), (ALTERED, "another one")])
def test_what_somebody_did_to_it_is_drift_of_all_networks_with_tunnels_and_mended(wall: str, what: str) -> None:
    found = msgspec.structs.replace(realized(), wall=wall)

    assert diff(WHOLE, found) == (RaiseWall(WHOLE.wall),)
    (told,) = differences(WHOLE, found)
    assert (told.kind, told.what) == ("altered", f"the wall around tunnels is {what}")
    assert set(told.l2) == TUNNELS


def test_where_it_is_refused_or_somebody_elses_no_tunnel_comes_and_all_else_does() -> None:
    refused = diff(WHOLE, BARE, refused=frozenset({RaiseWall}))
    theirs = msgspec.structs.replace(BARE, wall=FOREIGN)

    assert {o.l2 for o in obstacles(WHOLE, theirs)} == TUNNELS
    for steps in (refused, diff(WHOLE, theirs)):
        links = apply_all(BARE, steps).links
        assert "br_eth0" in links
        assert not [link for link in links.values() if link.kind == "vxlan"]


def test_work_on_one_network_leaves_it_as_it_is() -> None:
    one = scope.part(WHOLE, CASE.id("l2", "x"))
    assert diff(one, scope.narrow(realized(), one, CASE.id("l2", "x"))) == ()
    plain = scope.part(WHOLE, CASE.id("l2", "plain"))
    assert diff(plain, scope.narrow(realized(), plain, CASE.id("l2", "plain"))) == ()
