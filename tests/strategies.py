"""All Hypothesis strategies in one place.

Those of a well-formed thing are named for it in the plural; `wild` ones give whatever a person could type.
"""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st
from immutables import Map

from domain import aggregates
from domain.commands import COMMANDS, Command, DeleteSwitch
from domain.history import Fact, Recorded
from domain.values import address
from projections.found import STRAY, Inside, Room, Running
from projections.name_server import Book, Name, Server
from projections.namespaces import Leg, Namespace, Route, Way
from projections.translation import Rules
from tests.builders import (
    TWO_CLUSTERS,
    a_cidr,
    a_host,
    a_no_vlan,
    a_pool,
    a_switch,
    a_vlan,
    a_vm,
    a_vni_range,
    a_vxlan,
    access,
    an_l3,
    attach,
    attach_pool,
    connect,
    destroy,
    detach,
    disconnect,
    migrate,
    start,
    stop,
    trunk,
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
    if get_origin(hint) is tuple and get_args(hint)[-1] is not Ellipsis:
        return st.tuples(*(of_type(part) for part in get_args(hint)))
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
    """Give anything that a field of this type takes."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint is str:
        return WILD_TEXT
    if hint is int:
        return WILD_NUMBER
    if hint is type(None):
        return st.none()
    if origin is tuple:
        return st.lists(wild(parts[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(wild(parts[0]), wild(parts[1]), max_size=2)
    if origin is Literal:
        return st.sampled_from(parts)
    return st.one_of(*(wild(part) for part in parts))


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


# the same world on cables


def fabric_commands() -> st.SearchStrategy[Command]:
    """Give changes of a fabric: a few switches and hosts, a few VLANs, most of them meeting."""
    end = st.sampled_from([*PORTS, *PLUGS])
    vlan, port = st.sampled_from([10, 20]), st.sampled_from(PORTS)
    native = st.sampled_from([None, 10, 20])
    return st.one_of(
        st.builds(connect, end, end),
        st.builds(disconnect, end),
        st.builds(access, port, vlan),
        st.builds(lambda end, vlans, native: trunk(end, vlans, native=native), port, VLAN_LISTS, native),
        st.builds(lambda name: a_switch(name, *"1234"), st.sampled_from(["s1", "s2", "s3"])),
        st.builds(lambda name: DeleteSwitch(switch=name), st.sampled_from(["s1", "s3"])),
    )


PORTS = [f"{switch}:{port}" for switch in ("s1", "s2", "s3") for port in "1234"]
PLUGS = [f"{host}:{interface}" for host in ("h1", "h2", "h3") for interface in ("eth0", "eth1")]
VLAN_LISTS = st.sampled_from(["10", "20", "10,20", ""])


def wired_cases() -> st.SearchStrategy[Case]:
    """Give histories in which a fabric is rebuilt and sometimes taken away, while networks and VMs move on it."""
    moves = st.one_of(fabric_commands(), fabric_commands(), scripts().map(lambda script: script[0]))
    return st.lists(moves, min_size=1, max_size=30).map(lambda script: run([*CABLED, *script]))


CABLED: tuple[Command, ...] = (
    *(a_switch(name, *"1234") for name in ("s1", "s2")),
    *(connect(f"h{i}:eth0", f"s{1 + i // 3}:{i}") for i in (1, 2, 3)),
    connect("s1:4", "s2:4"),
    *(trunk(end) for end in ("s1:1", "s1:2", "s1:4", "s2:3", "s2:4")),
)


# namespaces of ours


LEGS = ("leg1", "leg2", "leg3")
ROOMS = ("ns1", "ns2", "ns3")


def namespaces() -> st.SearchStrategy[tuple[Namespace, ...]]:
    """Give namespaces that a host must have, on bridge `br_eth0_10`: each leg in one of them at most."""
    return (
        st.permutations(LEGS)
        .flatmap(lambda legs: st.tuples(*(a_namespace(name, leg) for name, leg in zip(ROOMS, legs, strict=True))))
        .flatmap(lambda every: st.lists(st.sampled_from(every), unique=True).map(tuple))
    )


def a_namespace(name: str, leg: str) -> st.SearchStrategy[Namespace]:
    ends = st.builds(Leg, st.just(leg), st.just("br_eth0_10"), macs(), cidrs(), st.sampled_from([1400, 1500]))
    return st.builds(
        Namespace,
        name=st.just(name),
        purpose=st.just("dhcp"),
        subject=st.just("s"),
        legs=st.tuples(ends),
        because=st.tuples(st.integers(1, 2)),
        routes=st.sampled_from([(), (Route("0.0.0.0/0", "10.0.0.1"),)]),
        ways=st.sampled_from([(), (Way(1, "10.0.9.0/24", leg, ""), Way(1, "0.0.0.0/0", leg, "10.0.0.7"))]),
        forwarding=st.booleans(),
        rules=st.none() | st.just(Rules(leg, ("10.0.0.1",), ("10.0.0.0/24",))),
        server=st.none()
        | st.builds(Server, st.just(leg), st.just(()), st.booleans(), st.just(False), st.just(0), books()),
    )


def cidrs() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(["10.0.0.1/24", "10.0.0.2/24", "fd00::1/64"]), unique=True).map(sorted).map(tuple)


def books() -> st.SearchStrategy[Book]:
    return st.builds(Book, guests=st.just(()), names=st.sampled_from([(), (Name("a", ("10.0.0.3",)),)]))


def rooms() -> st.SearchStrategy[dict[str, Room]]:
    """Give what a look may show of namespaces, ours and foreign, in whatever state."""
    ends = st.builds(Inside, macs(), st.sampled_from([0, 1400]), st.booleans(), cidrs())
    return st.permutations((*LEGS, "leg4")).flatmap(
        lambda legs: st.fixed_dictionaries(
            {}, optional={n: a_room(leg, ends) for n, leg in zip((*ROOMS, "ns4"), legs, strict=True)}
        )
    )


def a_room(leg: str, ends: st.SearchStrategy[Inside]) -> st.SearchStrategy[Room]:
    running = st.builds(Running, st.just(leg), st.sampled_from(["", "x"]), st.just("y"))
    return st.just(Room()) | st.builds(
        Room,
        ours=st.booleans(),
        mark=st.sampled_from(["rewire o fact=1", "rewire s fact=1"]),
        legs=st.fixed_dictionaries({}, optional={leg: ends}).map(Map),
        routes=st.sampled_from([frozenset(), frozenset({("10.9.0.0/16", "10.0.0.9")})]),
        ways=st.sampled_from([frozenset(), frozenset({(2, "0.0.0.0/0", leg, "10.0.0.7")})]),
        forwarding=st.sampled_from([True, False, None]),
        rules=st.sampled_from(["", "old"]),
        server=st.none() | st.just(STRAY) | running,
    )
