"""Topologies are kept up to date by pulling, at any position, for a history and all its forks."""

from __future__ import annotations

from hypothesis import given as property_of

from projections import topology
from projections.follow import Follower
from projections.topology import Topology
from tests.builders import A_SUBNET, a_vm, a_zone, detach
from tests.given import ME, Case, given
from tests.strategies import cases


def test_an_empty_history_gives_an_empty_topology() -> None:
    assert given().topology == Topology()


@property_of(cases())
def test_any_position_is_the_fold_of_the_facts_up_to_it(case: Case) -> None:
    for at in range(0, case.network.position() + 1, 9):
        assert case.at(at) == topology.fold(case.network.facts(upto=at))


def test_looking_back_does_not_lose_what_is_newest() -> None:
    case = given(*A_SUBNET, a_vm())
    newest = case.topology
    assert case.at(3).position == 3
    assert case.topology is newest


def test_a_fork_begins_with_its_parents_topology_at_no_cost() -> None:
    case = given(*A_SUBNET)
    newest = case.topology
    assert case.follower.now(case.network.fork()) == newest


def test_a_fork_of_the_past_is_folded_from_the_facts() -> None:
    case = given(*A_SUBNET, a_vm())
    assert case.topology.position > 4
    fork = case.network.fork(4)
    fork.execute(a_zone("y"), ME)
    assert case.follower.now(fork) == topology.fold(fork.facts()) == Follower().now(fork)


def test_a_name_that_is_gone_is_written_as_its_uuid() -> None:
    now = given(*A_SUBNET, detach("v10")).topology
    assert now.name("0196f0a0-0000-7000-8000-000000000001") == "0196f0a0-0000-7000-8000-000000000001"
