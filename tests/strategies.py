"""All Hypothesis strategies in one place.

Those of a well-formed thing are named for it in the plural; `wild` ones give whatever a person could type.
"""

from __future__ import annotations

from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from domain import aggregates
from domain.commands import COMMANDS, Command
from domain.history import Fact, Recorded
from domain.values import address
from tests.builders import (
    TWO_CLUSTERS,
    a_cidr,
    a_host,
    a_no_vlan,
    a_pool,
    a_vlan,
    a_vm,
    a_vni_range,
    a_vxlan,
    an_l3,
    attach,
    attach_pool,
    destroy,
    detach,
    migrate,
    start,
    stop,
)
from tests.given import Case, given


def ipv4_numbers() -> st.SearchStrategy[int]:
    return st.integers(0, (1 << 32) - 1)


def macs() -> st.SearchStrategy[str]:
    """Give unicast MAC addresses in our own spelling."""
    octets = st.binary(min_size=6, max_size=6).filter(lambda b: not b[0] & 1 and any(b))
    return octets.map(lambda b: b.hex(":"))


def interfaces() -> st.SearchStrategy[str]:
    return st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=15)


def texts() -> st.SearchStrategy[str]:
    """Give what can be stored: any text but half a surrogate pair."""
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def uuids() -> st.SearchStrategy[str]:
    return st.uuids().map(str)


def facts() -> st.SearchStrategy[Fact]:
    """Give a fact of any kind, with any plain values in it."""
    return st.sampled_from(aggregates.FACTS).flatmap(facts_of)


def facts_of(kind: type[Fact]) -> st.SearchStrategy[Fact]:
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name in kind.__struct_fields__}
    return st.builds(kind, **{name: of_type(hint) for name, hint in hints.items()})


def of_type(hint: Any) -> st.SearchStrategy[Any]:
    if hint is str:
        return texts()
    if hint is int:
        return st.integers(-(1 << 63), (1 << 63) - 1)
    if get_origin(hint) is tuple:
        return st.lists(of_type(get_args(hint)[0]), max_size=4).map(tuple)
    return st.sampled_from(get_args(hint))


def envelopes() -> st.SearchStrategy[Recorded]:
    """Give a fact of any kind in any envelope, before it has a position."""
    words = {name: texts() for name in ("recorded_at", "actor", "reason", "command", "cause")}
    return st.builds(
        Recorded,
        originator_id=uuids(),
        originator_version=st.integers(1, 1 << 40),
        position=st.just(0),
        fact=facts(),
        **words,
    )


# what a person could type

WILD_TEXT = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["z", "c1", "h1", "v10", "plain", "pool", "x", "l3", "vm", "eth0", "", "10.0.0.0/24"]),
    st.sampled_from(["192.168.0.10", "255.255.255.0", "private", "random", "disabled", "52:54:00:00:00:01"]),
    ipv4_numbers().map(address),
    st.builds("{}/{}".format, ipv4_numbers().map(address), st.integers(-1, 40)),
)
WILD_NUMBER = st.one_of(st.integers(), st.integers(-1, 4096))


def wild_commands() -> st.SearchStrategy[Command]:
    """Give any command with anything in its fields that their types allow."""
    return st.sampled_from(sorted(COMMANDS)).flatmap(lambda name: wild_command(COMMANDS[name]))


def wild_command(kind: type[Command]) -> st.SearchStrategy[Command]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{f.name: wild(hints[f.name]) for f in msgspec.structs.fields(kind)})


def wild(hint: Any) -> st.SearchStrategy[Any]:
    if hint is str:
        return WILD_TEXT
    if hint is int:
        return WILD_NUMBER
    if get_origin(hint) is tuple:
        return st.lists(WILD_TEXT, max_size=3).map(tuple)
    if get_origin(hint) is dict:
        return st.dictionaries(WILD_TEXT, WILD_TEXT, max_size=2)
    return st.none() | WILD_NUMBER


# histories in a small world, where things happen to one another


def scripts() -> st.SearchStrategy[list[Command]]:
    """Give lists of commands over few names: many are refused, the rest make a history with plenty in it."""
    cluster, vm = st.sampled_from(["c1", "c2"]), st.sampled_from(["a", "b", "e"])
    network = st.sampled_from(["v10", "w10", "plain", "pool"])
    subnets = st.lists(st.sampled_from(["lv", "lw", "lp", "lx"]), min_size=1, max_size=2, unique=True)
    host = st.sampled_from(["", "h1", "h2", "h3"])
    commands = st.one_of(
        st.builds(attach, network, cluster),
        st.builds(attach_pool, cluster),
        st.builds(detach, network, cluster),
        st.builds(lambda name, nets, where: a_vm(name, *nets, host=where), vm, subnets, host),
        st.builds(stop, vm),
        st.builds(start, vm),
        st.builds(migrate, vm),
        st.builds(destroy, vm),
    )
    return st.lists(commands, min_size=1, max_size=25)


WORLD: tuple[Command, ...] = (
    *TWO_CLUSTERS,
    a_host("h3", cluster="c2", vtep="10.0.0.3"),
    a_pool(),
    a_vni_range(),
    a_vlan(),
    a_vlan("w10"),
    a_no_vlan(),
    a_vxlan(),
    an_l3("lv"),
    an_l3("lw", l2="w10", allocator="ascending"),
    an_l3("lp", l2="plain", allocator="random"),
    an_l3("lx", l2="x"),
    *(a_cidr("10.1.0.0/29", l3=name) for name in ("lv", "lw", "lp", "lx")),
    attach("v10", "c1"),
    attach("w10", "c2"),
    attach_pool("c1"),
    a_vm("a", "lv", host="h1"),
    a_vm("b", "lw", host="h2"),
)


def cases() -> st.SearchStrategy[Case]:
    """Give a history of everything that was not refused."""
    return scripts().map(run)


def run(script: list[Command]) -> Case:
    case = given(*WORLD)
    for command in script:
        case.when(command)
    return case
