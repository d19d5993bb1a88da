"""What hosts have left of networks, why, and under which names; and when it is forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from domain import commands as c
from domain import host, host_network, l2, pool
from domain.commands import Command
from domain.host_network import HostNetwork
from projections.leftovers import leftovers
from projections.objects import Objects
from projections.problems import problems
from projections.topology import Topology
from tests.builders import (
    A_POOL,
    TWO_CLUSTERS,
    a_cluster,
    a_no_vlan,
    a_switch,
    a_vlan,
    a_vxlan,
    attach,
    detach,
    drifted,
    failed,
    mended,
    realized,
    removed,
)
from tests.given import Case, given


A_NETWORK = (*TWO_CLUSTERS, a_cluster("c3"), a_vlan(), attach("v10"))
"""VLAN 10 on c1, where h1 is; c2 with h2, and c3 without a host."""


def move(name: str, cluster: str) -> c.MoveHost:
    return c.MoveHost(host=name, cluster=cluster)


def delete(name: str = "v10") -> c.DeleteL2Network:
    return c.DeleteL2Network(l2=name, mode="enforcing")


def why(case: Case, name: str = "h1") -> list[str]:
    """Give the facts for which a host has its one leftover, by their tags."""
    (left,) = leftovers(case.topology, case.id("host", name))
    facts = {r.position: r.fact.tag() for r in case.network.facts()}
    return [facts[position] for position in left.because]


MADE, MOVED, LEFT = (fact.tag() for fact in (host_network.Realized, host.Moved, l2.DetachedFromCluster))


# why


def test_what_a_host_leaves_behind_when_it_moves_is_left_for_the_move() -> None:
    case = given(*A_NETWORK, realized(), move("h1", "c2"))
    assert why(case) == [MADE, MOVED]
    (problem,) = problems(case.topology)
    assert problem.what == "host h1 still has L2 network v10, which is no longer in its plan"


def test_what_was_taken_off_before_the_move_is_left_for_that() -> None:
    assert why(given(*A_NETWORK, realized(), detach("v10"), move("h1", "c2"))) == [MADE, LEFT]


def test_what_moves_along_is_not_left_behind_until_it_is_taken_off_there() -> None:
    case = given(*A_NETWORK, attach("v10", "c2"), realized(), move("h1", "c2"))
    assert leftovers(case.topology, case.id("host", "h1")) == ()
    assert why(case.do(detach("v10", "c2"))) == [MADE, LEFT]


def test_of_several_moves_the_one_counts_that_led_away_from_the_network() -> None:
    case = given(*A_NETWORK, attach("v10", "c2"), realized(), move("h1", "c2"), move("h1", "c3"))
    moves = [r.position for r in case.network.facts() if isinstance(r.fact, host.Moved)]
    (left,) = leftovers(case.topology, case.id("host", "h1"))
    assert left.because[1:] == (moves[1],)
    case.do(detach("v10", "c2"), detach("v10"))
    assert leftovers(case.topology, case.id("host", "h1")) == (left,)


def test_a_host_that_goes_back_has_the_network_again() -> None:
    case = given(*A_NETWORK, realized(), move("h1", "c2"), move("h1", "c1"))
    assert leftovers(case.topology, case.id("host", "h1")) == ()


def test_a_network_of_a_pool_is_left_for_the_move_or_for_its_own_end() -> None:
    case = given(*A_POOL, a_cluster("c3"), a_vxlan(), realized("x"))
    away = given(*A_POOL, a_cluster("c3"), a_vxlan(), realized("x"), move("h1", "c3"))
    assert why(away) == [MADE, MOVED]
    assert why(case.do(delete("x"))) == [MADE, l2.Deleted.tag()]
    assert why(case.do(detach("pool"))) == [MADE, l2.Deleted.tag()]


def test_a_move_to_where_the_pool_is_too_is_not_why_something_is_left() -> None:
    case = given(*A_POOL, a_vxlan(realize="vm"), realized("x"), move("h1", "c2"))
    assert why(case) == [MADE]


def test_a_network_of_a_pool_is_left_for_what_took_the_pool_off_first() -> None:
    case = given(*A_POOL, a_vxlan(), realized("x"), detach("pool"), delete("pool"))
    assert why(case) == [MADE, pool.DetachedFromCluster.tag()]


# names


def test_a_deleted_network_goes_by_the_last_name_it_had() -> None:
    case = given(*A_NETWORK, realized(), c.UpdateL2Network(l2="v10", name="red"))
    uuid = case.id("l2", "red")
    (problem,) = problems(case.do(delete("red")).topology)
    assert (problem.l2, problem.what) == (("red",), "host h1 still has L2 network red, which is deleted")
    (left,) = leftovers(case.topology, case.id("host", "h1"))
    assert left.devices == ("br_eth0_10", "eth0.10")
    assert case.topology.name(uuid) == "red"


def test_what_is_left_is_what_the_host_made_before_the_vlan_changed() -> None:
    case = given(*A_NETWORK, realized(), c.ChangeL2NetworkVlan(l2="v10", vlan=20), detach("v10"))
    (left,) = leftovers(case.topology, case.id("host", "h1"))
    assert left.devices == ("br_eth0_10", "eth0.10")


def test_another_network_may_have_the_name_of_one_that_is_left() -> None:
    case = given(*A_NETWORK, realized())
    old = case.id("l2", "v10")
    case.do(delete(), a_no_vlan("v10"))
    assert case.id("l2", "v10") != old
    assert case.topology.name(old) == "v10"


def test_a_vm_tells_the_name_of_the_host_it_ran_on_when_that_is_gone() -> None:
    case = given(*A_NETWORK)
    uuid = case.id("host", "h1")
    assert case.do(c.DeleteHost(host="h1")).topology.name(uuid) == "h1"


def test_what_nothing_speaks_of_is_not_remembered() -> None:
    case = given(*A_NETWORK, a_switch())
    uuid = case.id("switch", "s1")
    case.do(c.DeleteSwitch(switch="s1"))
    assert case.topology.name(uuid) == uuid
    assert case.topology.objects.departed == Objects().departed


# forgetting


def told(case: Case) -> HostNetwork:
    """Give what the host's own aggregate keeps."""
    loaded = case.network.load(host_network.uuid_of(case.id("host", "h1")))
    assert loaded
    assert isinstance(loaded.state, HostNetwork)
    return loaded.state


def kept(case: Case) -> set[str]:
    return {case.topology.name(n) for n in case.topology.reports.of[case.id("host", "h1")]}


def test_a_host_keeps_no_word_of_what_it_has_removed() -> None:
    case = given(*A_NETWORK, realized(), removed())
    assert told(case).reports == ()
    assert kept(case) == {"v10"}  # placement still asks for it
    assert [r.l2 for r in told(case.do(failed())).reports] == [case.id("l2", "v10")]


@pytest.mark.parametrize("deleted_first", [True, False])
def test_a_network_that_is_deleted_and_removed_is_forgotten(*, deleted_first: bool) -> None:
    case = given(*A_NETWORK, a_vlan("w", vlan=11), realized(), realized("w"))
    uuid = case.id("l2", "v10")
    case.do(*([delete(), removed(uuid)] if deleted_first else [removed(), delete()]), removed("w"))
    assert kept(case) == {"w"}
    case.when(removed(uuid)).refused("unknown-object", naming=[l2.Deleted()])


def test_a_network_that_is_deleted_is_kept_until_the_host_has_removed_it() -> None:
    case = given(*A_NETWORK, a_vlan("w", vlan=11), realized(), realized("w"), delete(), removed("w"))
    assert kept(case) == {"v10", "w"}


def changes() -> st.SearchStrategy[Command]:
    name, where, report = (
        st.sampled_from(["v10", "w"]),
        st.sampled_from(["c1", "c2"]),
        st.sampled_from([realized, failed, removed, drifted, mended]),
    )
    return st.one_of(
        st.builds(lambda make, n: make(n), report, name),
        st.builds(lambda make, n: make(n), report, name),
        st.builds(attach, name, where),
        st.builds(detach, name, where),
        st.builds(move, st.just("h1"), where),
        st.builds(delete, name),
        st.builds(a_vlan, name),
    )


@property_of(st.lists(changes(), max_size=30))
def test_what_is_left_and_why_is_what_a_replay_tells(script: list[Command]) -> None:
    case = given(*A_NETWORK, a_vlan("w", vlan=11), attach("w", "c2"))
    for command in script:
        case.when(command)
    uuid = case.id("host", "h1")
    expected = replay(case, uuid)
    found = {left.l2: set(left.because) for left in leftovers(case.topology, uuid)}
    assert found.keys() == expected.keys()
    for network, (made, parted) in expected.items():
        assert found[network] == {made, parted} if parted > made else made in found[network]


def replay(case: Case, uuid: str) -> dict[str, tuple[int, int]]:
    """Give what a host has left, with the fact that made it and the last one that took it out of its plan."""
    made: dict[str, int] = {}
    parted: dict[str, int] = {}
    planned: set[str] = set()
    for recorded in case.network.facts():
        match recorded.fact:
            case host_network.Realized(l2=network):
                made.setdefault(network, recorded.position)
            case host_network.Removed(l2=network):
                made.pop(network, None)
            case _:
                pass
        now = case.at(recorded.position)
        after = set(attached(now, uuid))
        parted |= dict.fromkeys(planned - after, recorded.position)
        planned = after
    return {network: (position, parted.get(network, 0)) for network, position in made.items() if network not in planned}


def attached(now: Topology, uuid: str) -> Iterator[str]:
    member = now.objects.states.get(uuid)
    if isinstance(member, host.Host):
        yield from (network for network, state in now.networks() if member.cluster in state.clusters)
