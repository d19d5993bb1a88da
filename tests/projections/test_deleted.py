"""What projections say of objects that are renamed, changed or gone, and of positions before that."""

from __future__ import annotations

from hypothesis import given as every
from hypothesis import strategies as st

from domain import commands as c
from domain.commands import Command
from projections import timeline
from projections.domains import domains
from projections.inventory import KINDS, l2_networks
from tests.builders import A_POOL, A_SUBNET, ONE_HOST, a_vlan, a_vm, a_vxlan, a_zone, attach, realized
from tests.domain.test_deletion import ENFORCING, delete_zone
from tests.domain.test_deletion_always import DELETIONS
from tests.given import Case, given
from tests.projections.test_timeline import stored, told
from tests.strategies import cases


def test_a_renamed_object_has_had_both_names() -> None:
    case = given(a_zone(), a_vlan(), c.UpdateL2Network(l2="v10", name="red"))
    rows = [row for row in timeline.fold(case.network.facts()) if row.table == "objects" and row.values[1] == "l2"]
    assert [(row.values[2], row.until is None) for row in rows] == [("red", True), ("v10", False)]
    assert case.topology.find("l2", "red") == case.at(case.network.position() - 3).find("l2", "v10")


def test_of_a_deleted_zone_nothing_goes_on() -> None:
    case = given(*A_SUBNET, a_vm(), realized()).do(delete_zone(mode=ENFORCING))
    assert [row for row in timeline.fold(case.network.facts()) if row.until is None] == []
    assert [list(rows(case.topology)) for rows in KINDS.values()] == [[] for _ in KINDS]
    assert domains(case.topology) == ()


def test_a_changed_vlan_is_a_wire_that_ends_and_one_that_begins() -> None:
    case = given(*ONE_HOST, a_vlan(), attach("v10"), c.ChangeL2NetworkVlan(l2="v10", vlan=20))
    found = told(case, "wires", "l2", "segment")
    zone = case.id("zone", "z")
    assert sorted(found) == [("v10", f"{zone}/eth0/10", "2"), ("v10", f"{zone}/eth0/20", "1")]


@every(cases(), st.lists(st.sampled_from(DELETIONS), min_size=1, max_size=4))
def test_the_stored_timeline_equals_the_fold_whatever_is_deleted(case: Case, deletions: list[Command]) -> None:
    for command in deletions:
        case.when(command)
    store = stored(case)
    assert store.rows() == timeline.fold(case.network.facts())
    store.close()


def test_a_vxlan_network_is_shown_with_its_account() -> None:
    case = given(*A_POOL, a_vxlan(), c.CreateL2VxlanNetwork(name="mine", pool="pool", account="alice"))
    assert [(x["name"], x["account"]) for x in l2_networks(case.topology)] == [("x", ""), ("mine", "alice")]
    case.when(c.CreateL2VxlanNetwork(name="more", pool="pool", account=" ")).refused("invalid-argument")


def test_a_gre_network_is_shown_with_its_key() -> None:
    case = given(a_zone(), c.CreateL2OvsGreNetwork(name="g", zone="z", physical_interface="eth0", key=7))
    (shown,) = l2_networks(case.topology)
    assert (shown["type"], shown["greKey"]) == ("OvsGreL2Network", 7)
