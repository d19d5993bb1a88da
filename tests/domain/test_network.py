"""The network as a whole: forks, changes adopted all at once, and decisions that others overtake."""

from __future__ import annotations

import pytest

from domain import l2, zone
from domain.census import Census
from domain.commands import Command
from domain.errors import Refusal
from domain.instruments import real, repeatable
from domain.network import ATTEMPTS, Network
from projections.follow import Follower
from tests.builders import A_SUBNET, ONE_HOST, TWO_CLUSTERS, a_cluster, a_vlan, a_vm, a_zone, attach, destroy, detach
from tests.given import ME, given, named, names


def test_a_fork_sees_the_past_and_not_what_came_after() -> None:
    case = given(a_zone())
    fork = case.network.fork()
    case.do(a_cluster())
    assert [r.fact for r in fork.facts()] == [r.fact for r in case.network.facts(0, 2)]
    with pytest.raises(Refusal, match="unknown-object"):
        fork.execute(attach("v10"), ME)


def test_a_fork_goes_its_own_way_and_its_parent_never_knows() -> None:
    case = given(*A_SUBNET)
    before = list(case.network.facts())
    fork = case.network.fork()
    fork.execute(detach("v10"), ME)
    assert list(case.network.facts()) == before
    assert fork.position() > case.network.position()
    assert case.follower.now(fork) != case.topology


def test_a_fork_of_a_fork_inherits_both() -> None:
    case = given(a_zone())
    fork = case.network.fork()
    fork.execute(a_cluster(), ME)
    again = fork.fork()
    again.execute(a_vlan(), ME)
    known = names(again.facts())
    tags = [named(r.fact, known).tag() for r in again.facts() if not r.fact.tag().startswith("claim")]
    assert tags == ["zone.created", "cluster.created", "l2.created"]
    assert again.facts_of(case.id("zone", "z"))[0].fact == zone.Created("z")


def test_a_fork_of_the_past_begins_at_the_end_of_a_command() -> None:
    case = given(*A_SUBNET)
    end = case.network.position()
    case.do(a_vm())
    last = case.network.position()
    assert [case.network.fork(at).base for at in (0, end, end + 1, last - 1, last)] == [0, end, last, last, last]
    case.network.fork(end + 2).execute(destroy(), ME)


def test_a_fork_keeps_what_a_claim_holds() -> None:
    case = given(*A_SUBNET, a_vlan("w"))
    with pytest.raises(Refusal, match="vlan-in-use"):
        case.network.fork().execute(attach("w"), ME)


def test_an_aggregate_is_read_up_to_a_position() -> None:
    case = given(*A_SUBNET)
    at = case.network.position()
    case.do(detach("v10"))
    uuid = case.id("l2", "v10")
    assert [r.fact.tag() for r in case.network.facts_of(uuid, at)] == ["l2.created", "l2.attached-to-cluster"]
    fork = case.network.fork(at)
    assert fork.facts_of(uuid) == case.network.facts_of(uuid, at)


# all or none


def test_what_a_fork_did_is_adopted_all_at_once() -> None:
    case = given(*ONE_HOST, a_vlan())
    fork = case.network.fork()
    done = [fork.execute(command, ME) for command in (attach("v10"), detach("v10"))]
    recorded = case.network.adopt(fork, [outcome.premise for outcome in done])
    assert recorded
    assert [r.fact for r in recorded] == [r.fact for outcome in done for r in outcome.recorded]
    assert case.network.broken_link() == 0


@pytest.mark.parametrize("between", [attach("w"), a_vlan("x"), a_zone("other")])
def test_what_a_fork_did_is_adopted_unless_something_moved_that_it_rests_on(between: Command) -> None:
    case = given(*ONE_HOST, a_vlan(), a_vlan("w"))
    fork = case.network.fork()
    outcome = fork.execute(attach("v10"), ME)
    case.do(between)
    before = case.network.position()
    adopted = case.network.adopt(fork, [outcome.premise])
    if between == attach("w"):
        assert adopted is None
        assert case.network.position() == before
    else:
        assert adopted is not None


# decisions that others overtake


def test_a_decision_is_made_again_when_another_came_first() -> None:
    follower = Follower()
    others = [attach("w", "c1")]

    def survey(network: Network, position: int) -> Census:
        if others:
            network.execute(others.pop(), ME)
        return follower(network, position)

    case = given(*TWO_CLUSTERS, a_vlan(), a_vlan("w"))
    case.network.survey = survey
    with pytest.raises(Refusal, match="vlan-in-use") as refused:
        case.network.execute(attach("v10"), ME)
    (at,) = refused.value.conflicts
    (fact,) = case.network.facts(at - 1, at)
    assert isinstance(fact.fact, l2.AttachedToCluster)
    assert fact.originator_id == case.id("l2", "w")


def test_a_decision_that_is_overtaken_again_and_again_gives_up() -> None:
    follower = Follower()
    depth = [0]

    def survey(network: Network, position: int) -> Census:
        if not depth[0]:
            depth[0] = 1
            command = detach("w") if "w" in attached(case.network) else attach("w")
            network.execute(command, ME)
            depth[0] = 0
        return follower(network, position)

    def attached(network: Network) -> set[str]:
        topology = follower.now(network)
        return {topology.name(u) for u, state in topology.networks() if state.clusters}

    case = given(*ONE_HOST, a_vlan(vlan=11), a_vlan("w"))
    case.network.survey = survey
    with pytest.raises(Refusal, match=f"conflict: others kept changing what this rests on, {ATTEMPTS} times over"):
        case.network.execute(attach("v10"), ME)


def test_a_fact_is_folded_into_its_aggregate_once() -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), attach("v10"))
    uuid, cache = case.id("l2", "v10"), case.network.repository.cache
    case.do(attach("v10", "c2"))
    loaded = case.network.load(uuid)
    assert loaded
    assert loaded.version == 3
    assert cache
    kept: object = cache.get(uuid)
    assert kept is loaded


# instruments


def test_repeatable_instruments_give_the_same_history_twice() -> None:
    assert list(given(*A_SUBNET, a_vm()).network.facts()) == list(given(*A_SUBNET, a_vm()).network.facts())
    assert list(given(*A_SUBNET, seed=2).network.facts()) != list(given(*A_SUBNET).network.facts())


def test_the_real_clock_writes_utc_and_ids_sort_by_time() -> None:
    tools = real()
    stamps, ids = [tools.clock() for _ in range(3)], [tools.ids() for _ in range(3)]
    assert stamps == sorted(stamps)
    assert all(len(stamp) == len("2026-01-01T00:00:00.000000Z") and stamp.endswith("Z") for stamp in stamps)
    assert {text[14] for text in ids} == {"7"}
    assert len({*ids}) == 3


def test_the_repeatable_clock_ticks_a_second_a_look() -> None:
    clock = repeatable(1, start="2026-01-01T00:00:00+02:00").clock
    assert [clock(), clock()] == ["2025-12-31T22:00:00.000000Z", "2025-12-31T22:00:01.000000Z"]
