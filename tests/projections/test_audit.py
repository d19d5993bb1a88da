"""Were these two ever in one broadcast domain: answered by index, against a replay of every position."""

from __future__ import annotations

from itertools import combinations_with_replacement

from hypothesis import given as property_of

from domain import vm
from projections import audit, topology
from projections.domains import domains
from projections.intervals import Interval
from projections.timeline_store import TimelineStore
from projections.topology import Topology, evolve
from tests.builders import (
    TWO_CLUSTERS,
    TWO_SUBNETS,
    a_cidr,
    a_cluster,
    a_vlan,
    a_vm,
    an_l3,
    attach,
    detach,
    migrate,
    start,
    stop,
)
from tests.given import Case, given
from tests.strategies import cases, wired_cases


Pair = tuple[str, str]


def together(now: Topology) -> set[Pair]:
    """Give the pairs of VMs with NICs in one domain, each with itself where it has one at all."""
    guests = ({now.nics.all[nic].vm for nic in d.nics} for d in domains(now))
    return {pair for found in guests for pair in combinations_with_replacement(sorted(found), 2)}


def asked(case: Case, one: str, other: str) -> tuple[Interval, ...]:
    store = TimelineStore(case.network, case.follower)
    store.catch_up()
    found = audit.same_domain(store, case.id("vm", one), case.id("vm", other))
    store.close()
    return found


@property_of(cases() | wired_cases())
def test_the_answer_equals_a_replay_at_every_position(case: Case) -> None:
    store = TimelineStore(case.network, case.follower)
    store.catch_up()
    everyone = sorted({r.originator_id for r in case.network.facts() if isinstance(r.fact, vm.Created)})
    pairs = list(combinations_with_replacement(everyone, 2))
    answers = {pair: audit.same_domain(store, *pair) for pair in pairs}
    now = topology.Topology()
    for recorded in case.network.facts():
        now = evolve(now, recorded)
        told = {pair for pair in pairs if any(i.holds(now.position) for i in answers[pair])}
        assert told == together(now)
    store.close()


def test_the_stretch_names_the_facts_that_began_and_ended_it() -> None:
    case = given(*TWO_SUBNETS, a_vm("a", host="h1"))
    began = case.when(a_vm("b", host="h2")).recorded[-1].position
    ended = next(r.position for r in case.when(detach("v10", "c2")).recorded if isinstance(r.fact, vm.NicDetached))
    (found,) = asked(case, "a", "b")
    assert (found.since, found.until) == (began, ended)
    assert {began, ended} <= set(found.because)
    assert asked(case, "b", "a")[0].since == began


def test_a_pause_makes_two_stretches_and_a_move_makes_none() -> None:
    case = given(*TWO_SUBNETS, a_vm("a", host="h1"), a_vm("b", host="h1"), migrate("b", host="h2"))
    assert len(asked(case, "a", "b")) == 1
    assert len(asked(case.do(stop("b"), start("b")), "a", "b")) == 2


def test_a_leak_over_one_vlan_is_found_with_its_way() -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), a_vlan("w"), attach("v10", "c1"), attach("w", "c2"))
    case.do(an_l3(), a_cidr(), an_l3("m3", l2="w"), a_cidr("10.0.0.0/24", l3="m3"), a_vm("a"), a_vm("b", "m3"))
    (found,) = asked(case, "a", "b")
    segment = f"{case.id('zone', 'z')}/eth0/10"
    assert [case.topology.name(step) for step in found.path] == ["a/l3", "v10", segment, "w", "b/m3"]
    case.do(detach("w", "c2"))
    (ended,) = asked(case, "a", "b")
    assert ended.until is not None


def test_two_that_never_met_have_no_stretch() -> None:
    case = given(*TWO_CLUSTERS, a_vlan(), a_vlan("w", vlan=11), attach("v10"), attach("w"))
    case.do(an_l3(), a_cidr(), an_l3("m3", l2="w"), a_cidr(l3="m3"), a_vm("a"), a_vm("b", "m3"))
    assert asked(case, "a", "b") == ()


def test_how_two_networks_met_does_not_rest_on_a_third() -> None:
    """Three networks on one wire: a way leads over the wire, not through the third."""
    case = given(*TWO_CLUSTERS, a_cluster("c3"), a_vlan(), a_vlan("w"), a_vlan("x"), attach("v10", "c1"))
    case.do(attach("w", "c2"), an_l3(), a_cidr(), an_l3("m3", l2="w"), a_cidr("10.0.0.0/24", l3="m3"))
    case.do(a_vm("a"), a_vm("b", "m3"))
    before = asked(case, "a", "b")
    case.do(attach("x", "c3"))
    assert asked(case, "a", "b") == before
