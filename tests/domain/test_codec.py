"""Facts become bytes and come back; every form that was ever released is read for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

from domain import aggregates, claims, cluster, codec, host, l2, l3, pool, vm, zone
from domain.errors import StoreUnreachable
from domain.history import Author, Fact, Recorded
from tests import strategies
from tests.builders import a_zone
from tests.given import given as history
from tests.given import named, names


GOLDEN = Path(__file__).parent / "golden"
MASK = "255.255.255.0"


def stored(name: str) -> Iterator[tuple[str, int, str, str]]:
    """Read a golden history: subject, version, tag and state as they lie in a store."""
    for line in (GOLDEN / name).read_text().splitlines():
        subject, version, tag, state = json.loads(line)
        yield subject, version, tag, state


def loaded(name: str) -> list[Recorded]:
    return [codec.decode(s, v, p, state.encode()) for p, (s, v, _, state) in enumerate(stored(name), start=1)]


@given(strategies.envelopes())
def test_encode_and_decode_of_every_fact_is_the_identity(recorded: Recorded) -> None:
    state = codec.encode(recorded)
    assert codec.decode(recorded.originator_id, recorded.originator_version, 0, state) == recorded


@pytest.mark.parametrize("kind", aggregates.FACTS, ids=lambda kind: kind.tag())
def test_every_fact_has_a_tag_of_its_own_and_no_defaults(kind: type[Fact]) -> None:
    assert [f.tag() for f in aggregates.FACTS].count(kind.tag()) == 1
    assert not any(kind.__struct_defaults__)


@pytest.mark.parametrize("kind", aggregates.FACTS, ids=lambda kind: kind.tag())
def test_every_kind_of_fact_has_its_golden_history(kind: type[Fact]) -> None:
    assert kind.tag() in {tag for path in GOLDEN.iterdir() for _, _, tag, _ in stored(path.name)}


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.iterdir()))
def test_a_golden_history_is_stored_today_as_it_was_then(name: str) -> None:
    rows = list(stored(name))
    assert [codec.encode(r).decode() for r in loaded(name)] == [state for _, _, _, state in rows]
    assert [r.fact.tag() for r in loaded(name)] == [tag for _, _, tag, _ in rows]


def test_the_golden_history_of_part_1_still_says_what_it_said() -> None:
    facts = loaded("part1.jsonl")
    known = names(facts)
    assert [named(r.fact, known) for r in facts if not isinstance(r.fact, claims.FACTS)] == PART_1


def test_the_golden_claims_of_part_1_still_say_what_they_said() -> None:
    facts = loaded("part1.jsonl")
    mine = [named(r.fact, names(facts)) for r in facts if isinstance(r.fact, claims.FACTS)]
    assert mine[0] == claims.Taken("name/zone/z", "z")
    assert mine[-1] == claims.Released("vm")


def test_the_golden_envelopes_of_part_1_still_say_what_they_said() -> None:
    first, second, *_ = loaded("part1.jsonl")
    assert first == Recorded(
        "019b76da-a800-7cd6-8409-f134c386bbc4",
        1,
        1,
        "2026-01-01T00:00:00.000000Z",
        "tester",
        "a test",
        "019b76da-a800-7226-b63c-5ab791b7584a",
        "",
        zone.Created("z"),
    )
    assert second.cause == first.reference


def broken(fact: str) -> bytes:
    return b'["2026-01-01T00:00:00.000000Z","me","","","",' + fact.encode() + b"]"


@pytest.mark.parametrize(
    "state",
    [
        broken('{"fact":"l9.created","name":"x"}'),
        broken('{"fact":"zone.created"}'),
        broken('{"fact":"zone.created","name":7}'),
        broken('{"fact":"zone.created","name":"z","colour":"red"}'),
        broken('{"fact":"host.state-changed","state":"asleep"}'),
        broken("{}"),
        b"[]",
        b"",
        b"\xff\xfe",
        b'["2026',
    ],
)
def test_bytes_that_are_no_known_fact_are_refused_with_their_place(state: bytes) -> None:
    with pytest.raises(StoreUnreachable, match="fact 7 can't be read: "):
        codec.decode("subject", 1, 7, state)
    with pytest.raises(StoreUnreachable, match="fact 1 of subject can't be read: "):
        codec.decode("subject", 1, 0, state)


def test_a_fact_remembers_who_and_why() -> None:
    network = history().network
    network.execute(a_zone(), Author("anne", "a new site"))
    (first, _) = network.facts()
    assert (first.actor, first.reason, first.position) == ("anne", "a new site", 1)


PART_1: list[Fact] = [
    zone.Created("z"),
    cluster.Created("c1", "z", "KVM"),
    host.Added("h1", "c1", ("eth0", "eth1"), "", "10.0.0.1"),
    cluster.Created("c2", "z", "KVM"),
    host.Added("h2", "c2", ("eth0", "eth1"), "", "10.0.0.2"),
    pool.Created("pool", "", "z", ""),
    pool.VniRangeAdded("100-102", 100, 102),
    pool.AttachedToCluster("c1", "10.0.0.0/24"),
    pool.AttachedToCluster("c2", "10.0.0.0/24"),
    l2.Created("x", "", "z", "", "L2VxlanNetwork", 100, "pool", "br_vx_100", "vxlan100", "attach", "", "tunnel", ""),
    l2.Created("plain", "", "z", "eth0", "L2NoVlanNetwork", 0, "", "br_eth0", "", "attach", "", "interface", "eth0/0"),
    l2.AttachedToCluster("c1"),
    l2.Created(
        "v10", "", "z", "eth0", "L2VlanNetwork", 10, "", "br_eth0_10", "eth0.10", "attach", "", "vlan", "eth0/10"
    ),
    l2.AttachedToCluster("c1"),
    l2.AttachedToCluster("c2"),
    l3.Created("l3", "v10", "private", "", 0, "first-available"),
    l3.IpRangeAdded("low", "192.168.0.10", "192.168.0.50", MASK, "192.168.0.1", "192.168.0.0/24", 24, ""),
    l3.Created("lx", "x", "private", "", 0, "first-available"),
    l3.IpRangeAdded("all", "192.168.0.2", "192.168.0.254", MASK, "192.168.0.1", "192.168.0.0/24", 24, ""),
    vm.Created("vm"),
    vm.NicAttached("vm/l3", "l3", "192.168.0.10", "", "fa:e9:d4:7d:38:0d", "nicfae9d47d380d"),
    vm.NicAttached("vm/lx", "lx", "192.168.0.2", "", "fa:96:48:be:ab:13", "nicfa9648beab13"),
    vm.Started("h1"),
    vm.Migrated("h2"),
    vm.Stopped(),
    vm.Started("h2"),
    host.StateChanged("maintenance"),
    pool.DetachedFromCluster("c1"),
    l2.DetachedFromCluster("c2"),
    vm.NicDetached("vm/l3"),
    vm.Destroyed(),
]
