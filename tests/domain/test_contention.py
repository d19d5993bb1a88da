"""Many processes at one L3 network, and pairs of commands that want the same: nothing twice, nothing lost.

`RACES` says how often each pair is tried (`RACES=1000 pytest -s tests/domain/test_contention.py`); what it came to is
printed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks import contention
from domain import commands as c
from domain.commands import Command, Mode
from projections.topology import fold
from tests.builders import (
    a_cluster,
    a_pool,
    a_range,
    a_vlan,
    a_vni_range,
    a_vxlan,
    a_zone,
    an_l3,
    attach,
)
from tests.domain.racing import opened, race
from tests.given import ME
from tests.machines import remains
from tests.service_builders import A_ROUTER, a_provider, serve


RACES = int(os.environ.get("RACES", "8"))


def test_processes_that_use_up_a_network_never_share_an_address_and_lose_none(tmp_path: Path) -> None:
    reports = contention.contend(tmp_path / "s", 4, 400)
    assert sum((report.refused for report in reports), Counter[str]()) == {}
    contention.verify(tmp_path / "s", 4, 400)


class Pair(NamedTuple):
    """What must be there for a try, the two commands of it, and what they may be told."""

    world: Callable[[str], tuple[Command, ...]]
    one: Callable[[str], Command]
    other: Callable[[str], Command]
    outcomes: frozenset[tuple[str, str]]


def one_of(code: str) -> frozenset[tuple[str, str]]:
    return frozenset({("", code), (code, "")})


def delete(i: str, mode: Mode) -> Command:
    return c.DeleteL2Network(l2=f"v{i}", mode=mode)


WORLD: tuple[Command, ...] = (a_zone(), a_vlan("a"), a_vlan("b"), a_provider(), A_ROUTER)
PAIRS = {
    "attach, attach": Pair(
        lambda i: (a_cluster(f"c{i}"),),
        lambda i: attach("a", f"c{i}"),
        lambda i: attach("b", f"c{i}"),
        one_of("vlan-in-use"),
    ),
    "child, parent permissive": Pair(
        lambda i: (a_vlan(f"v{i}"),),
        lambda i: an_l3(f"l{i}", l2=f"v{i}"),
        lambda i: delete(i, "permissive"),
        frozenset({("", "still-in-use"), ("unknown-object", "")}),
    ),
    "child, parent enforcing": Pair(
        lambda i: (a_vlan(f"v{i}"),),
        lambda i: an_l3(f"l{i}", l2=f"v{i}"),
        lambda i: delete(i, "enforcing"),
        frozenset({("", ""), ("unknown-object", "")}),
    ),
    "VNI, another": Pair(
        lambda i: (a_pool(f"p{i}"), a_vni_range(pool=f"p{i}")),
        lambda i: a_vxlan(f"x{i}", pool=f"p{i}"),
        lambda i: a_vxlan(f"y{i}", pool=f"p{i}"),
        frozenset({("", "")}),
    ),
    "VNI, the same": Pair(
        lambda i: (a_pool(f"p{i}"), a_vni_range(pool=f"p{i}")),
        lambda i: a_vxlan(f"x{i}", pool=f"p{i}", vni=101),
        lambda i: a_vxlan(f"y{i}", pool=f"p{i}", vni=101),
        one_of("vni-in-use"),
    ),
    "VNI, the last": Pair(
        lambda i: (a_pool(f"p{i}"), a_vni_range(100, 100, pool=f"p{i}")),
        lambda i: a_vxlan(f"x{i}", pool=f"p{i}"),
        lambda i: a_vxlan(f"y{i}", pool=f"p{i}"),
        one_of("vni-exhausted"),
    ),
    "range, range": Pair(
        lambda i: (a_vlan(f"v{i}"), an_l3(f"l{i}", l2=f"v{i}"), an_l3(f"m{i}", l2=f"v{i}")),
        lambda i: a_range("192.168.0.10", "192.168.0.50", l3=f"l{i}"),
        lambda i: a_range("192.168.0.50", "192.168.0.90", l3=f"m{i}"),
        one_of("ip-range-overlap"),
    ),
    "provider, provider": Pair(
        lambda i: (a_vlan(f"v{i}"), an_l3(f"l{i}", l2=f"v{i}"), a_range(l3=f"l{i}")),
        lambda i: serve(f"l{i}", flat=("DNS",)),
        lambda i: serve(f"l{i}", vr=("DNS",)),
        one_of("service-already-provided"),
    ),
}


def test_each_pair_ends_in_one_of_its_outcomes(tmp_path: Path) -> None:
    tries = [(name, pair, f"{place}-{i}") for place, (name, pair) in enumerate(PAIRS.items()) for i in range(RACES)]
    network = opened(tmp_path / "s")
    for command in (*WORLD, *(command for _, pair, i in tries for command in pair.world(i))):
        network.execute(command, ME)
    told = race(tmp_path / "s", [pair.one(i) for _, pair, i in tries], [pair.other(i) for _, pair, i in tries])
    ended = Counter((name, one.code, other.code) for (name, _, _), (one, other) in zip(tries, told, strict=True))
    for (name, one, other), count in sorted(ended.items()):
        print(f"{name}: {one or 'done'} / {other or 'done'}: {count}")  # noqa: T201 - asked for, with -s
    assert {end for end in ended if end[1:] not in PAIRS[end[0]].outcomes} == set()
    contention.held(network.facts())
    assert network.broken_link() == 0
    remains.check(network, fold(network.facts()))
