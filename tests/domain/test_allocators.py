"""How an address is chosen: at random, the first that is free, or ever upward."""

from __future__ import annotations

import random

from domain import commands as c
from domain import vm
from projections import addressing
from projections.addressing import Addresses
from tests.builders import ONE_HOST, a_cidr, a_vlan, a_vm, an_l3, attach, destroy
from tests.given import Case, given
from tests.service_builders import a_vip


def network(allocator: str, cidr: str = "10.0.0.0/29", *, seed: int = 1) -> Case:
    """Give an L3 network with addresses .2 to .6."""
    return given(*ONE_HOST, a_vlan(), attach("v10"), an_l3(allocator=allocator), a_cidr(cidr), seed=seed)


def next_ip(case: Case, name: str) -> str:
    recorded = case.when(a_vm(name)).recorded
    return next(r.fact.ip for r in recorded if isinstance(r.fact, vm.NicAttached))


def test_first_available_takes_the_lowest_free_address() -> None:
    case = network("first-available")
    assert [next_ip(case, name) for name in "abc"] == ["10.0.0.2", "10.0.0.3", "10.0.0.4"]
    case.do(destroy("b"), destroy("a"))
    assert [next_ip(case, name) for name in "de"] == ["10.0.0.2", "10.0.0.3"]


def test_ascending_lets_a_released_address_wait_for_the_way_round() -> None:
    case = network("ascending")
    assert [next_ip(case, name) for name in "abc"] == ["10.0.0.2", "10.0.0.3", "10.0.0.4"]
    case.do(destroy("c"), destroy("a"))
    assert [next_ip(case, name) for name in "defg"] == ["10.0.0.5", "10.0.0.6", "10.0.0.2", "10.0.0.4"]


def test_ascending_is_not_moved_by_an_address_that_was_asked_for() -> None:
    case = network("ascending").do(a_vm("a", ip="10.0.0.5"))
    assert [next_ip(case, name) for name in "bc"] == ["10.0.0.2", "10.0.0.3"]
    case.do(destroy("b"), a_vm("d", ip="10.0.0.2"))
    assert [next_ip(case, name) for name in "ef"] == ["10.0.0.4", "10.0.0.6"]


def test_ascending_is_not_moved_by_a_vip_that_asked_for_its_address() -> None:
    case = network("ascending").do(a_vip("v", l3="l3", address="10.0.0.4"))
    assert [next_ip(case, name) for name in "abc"] == ["10.0.0.2", "10.0.0.3", "10.0.0.5"]


def test_ascending_is_moved_by_a_vip_that_did_not() -> None:
    case = network("ascending").do(a_vip("v", l3="l3"), c.DeleteVip(vip="v"))
    assert next_ip(case, "a") == "10.0.0.3"


def test_an_address_asked_for_when_it_was_its_turn_has_had_it() -> None:
    case = network("ascending").do(a_vm("a", ip="10.0.0.2"), destroy("a"))
    assert [next_ip(case, name) for name in "bcdef"] == [f"10.0.0.{i}" for i in (3, 4, 5, 6, 2)]


def test_random_gives_every_address_once_and_no_other() -> None:
    case = network("random")
    found = [next_ip(case, name) for name in "abcde"]
    assert sorted(found) == [f"10.0.0.{i}" for i in range(2, 7)]
    case.when(a_vm("f")).refused(
        "ip-exhausted", naming=[r.fact for r in case.network.facts() if r.fact.tag() == "l3.ip-range-added"]
    )


def test_random_draws_differ_from_seed_to_seed() -> None:
    draws = {next_ip(network("random", "10.0.0.0/16", seed=seed), "a") for seed in range(5)}
    assert len(draws) > 1


def test_random_finds_the_one_address_that_is_left_over() -> None:
    free = addressing.grow(Addresses(), 1, 1000)
    besides = set(range(1, 1001)) - {777}
    assert addressing.choose(free, "random", random.Random(1), besides) == 777


def test_random_gives_nothing_where_nothing_is_free() -> None:
    assert addressing.choose(Addresses(), "random", random.Random(1), ()) is None


def test_random_draws_each_address_about_equally_often() -> None:
    free = addressing.grow(addressing.grow(addressing.grow(Addresses(), 1, 2), 10, 10), 20, 21)
    chance = random.Random(1)
    draws = [addressing.choose(free, "random", chance, ()) for _ in range(5000)]
    assert {ip: 850 < draws.count(ip) < 1150 for ip in set(draws)} == dict.fromkeys([1, 2, 10, 20, 21], True)
