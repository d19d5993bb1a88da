"""On the bridges of tenants a host hears nothing, before they are there and until they are gone."""

from __future__ import annotations

import msgspec
import pytest

from backends.kvm import scope
from projections.diff import diff
from projections.drift import differences
from projections.found import Address, Found, Link, bare_host
from projections.obstacles import obstacles
from projections.operations import CreateBridge, Deafen, Delete, apply_all
from projections.plan import HostPlan
from tests.kernel.fabric import plan_of, tagged, tunnelled, untagged


WHOLE = msgspec.structs.replace(plan_of(untagged(), tagged(), tunnelled()), deaf=("br_eth0_10", "br_vx_9"))
BARE = bare_host(("eth0",), ("10.0.0.1",))
NOTHING = HostPlan("h", 2)


def realized() -> Found:
    return apply_all(BARE, diff(WHOLE, BARE))


def test_a_host_is_deaf_before_the_bridges_are_there_and_until_they_are_gone() -> None:
    coming = diff(WHOLE, BARE)
    assert coming.index(Deafen(("br_eth0_10", "br_vx_9"))) < min(
        number for number, operation in enumerate(coming) if isinstance(operation, CreateBridge)
    )

    going = diff(NOTHING, realized())
    assert going.index(Deafen(())) > max(n for n, operation in enumerate(going) if isinstance(operation, Delete))
    assert apply_all(realized(), going) == BARE


@pytest.mark.parametrize("deaf", [(), ("br_vx_9",), ("br_eth0_10", "br_vx_9", "br_eth0")])
def test_what_somebody_set_otherwise_is_drift_and_mended(deaf: tuple[str, ...]) -> None:
    found = msgspec.structs.replace(realized(), deaf=frozenset(deaf))

    assert diff(WHOLE, found) == (Deafen(("br_eth0_10", "br_vx_9")),)
    (told,) = differences(WHOLE, found)
    what = "is deaf on more than" if "br_eth0" in deaf else "hears what comes in on"
    assert (told.kind, told.what) == ("altered", f"the host {what} bridges of tenants")
    lost = {"l2-vlan10": "br_eth0_10", "l2-vni9": "br_vx_9"}
    assert told.l2 == tuple(l2 for l2, bridge in lost.items() if bridge not in deaf)


def test_a_foreign_device_with_a_bridges_name_is_heard_as_ever() -> None:
    theirs = msgspec.structs.replace(
        BARE,
        links=BARE.links.set("br_vx_9", Link("br_vx_9", "bridge")),
        addresses=BARE.addresses | {Address("br_vx_9", "10.9.0.1/24")},
        deaf=frozenset({"br_vx_9"}),
    )

    assert apply_all(theirs, diff(WHOLE, theirs)).deaf == frozenset({"br_eth0_10"})


def test_a_network_that_something_keeps_out_has_nothing_made_deaf() -> None:
    bare = bare_host(("eth0",))

    assert [obstacle.l2 for obstacle in obstacles(WHOLE, bare)] == ["l2-vni9"]
    assert apply_all(bare, diff(WHOLE, bare)).deaf == frozenset({"br_eth0_10"})


def test_a_bridge_that_can_not_go_stays_deaf() -> None:
    there = realized()
    held = msgspec.structs.replace(there, links=there.links.set("tap7", Link("tap7", "other", bridge="br_vx_9")))

    after = apply_all(held, diff(NOTHING, held))

    assert "br_vx_9" in after.links
    assert after.deaf == frozenset({"br_vx_9"})


def test_a_foreign_table_keeps_the_networks_out_that_must_not_be_heard() -> None:
    theirs = msgspec.structs.replace(BARE, deaf=None)

    after = apply_all(theirs, diff(WHOLE, theirs))

    assert after.deaf is None
    assert {"br_eth0"} == {link.name for link in after.links.values() if link.kind == "bridge"}
    assert {(o.name, o.l2, o.foreign) for o in obstacles(WHOLE, theirs)} == {
        ("rewire_deaf", "l2-vlan10", True),
        ("rewire_deaf", "l2-vni9", True),
    }


def test_where_a_host_can_not_be_made_deaf_those_networks_are_left_as_they_are_and_others_made() -> None:
    refused = frozenset({Deafen})

    after = apply_all(BARE, diff(WHOLE, BARE, refused=refused))
    assert {"br_eth0"} == {link.name for link in after.links.values() if link.kind == "bridge"}

    flushed = msgspec.structs.replace(realized(), deaf=frozenset())
    assert diff(WHOLE, flushed, refused=refused) == ()


def test_work_on_one_network_lets_the_host_hear_no_other() -> None:
    there = realized()
    for l2, bridge in (("l2-eth0", "br_eth0"), ("l2-vlan10", "br_eth0_10"), ("l2-vni9", "br_vx_9")):
        alone = scope.part(WHOLE, l2)
        assert diff(alone, scope.narrow(there, alone, l2)) == ()
        left = msgspec.structs.replace(
            scope.without(WHOLE, l2), deaf=tuple(name for name in WHOLE.deaf if name != bridge)
        )
        part = scope.part(left, l2)
        after = apply_all(there, diff(part, scope.narrow(there, part, l2)))
        assert bridge not in after.links
        assert after.deaf == frozenset(WHOLE.deaf) - {bridge}
