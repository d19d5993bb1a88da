"""The chart of fabric parts: redrawn fact by fact, it is what all at once draws."""

from __future__ import annotations

import msgspec
from hypothesis import given as property_of
from hypothesis import strategies as st

from domain import cable, switch
from domain import commands as c
from domain.cable import End
from domain.history import Fact, Recorded
from projections import broadcast
from projections.fabric import Parts, reached
from projections.topology import Topology, evolve
from tests.builders import (
    a_cluster,
    a_host,
    a_no_vlan,
    a_switch,
    a_vlan,
    a_zone,
    access,
    attach,
    connect,
    detach,
    disconnect,
)
from tests.given import Case, given


PORTS = ("1", "2", "3", "4")
MEMBERS = ("eth0", "eth1")
BONDED = given(
    a_zone(),
    a_cluster(),
    *(a_host(name, interfaces=("bond0=eth0+eth1", "eth2")) for name in ("h1", "h2", "h3")),
    *(
        a_no_vlan("n0", interface="bond0"),
        a_vlan("n2", vlan=2, interface="bond0"),
        a_vlan("m2", vlan=2, interface="eth2"),
    ),
    *(attach(name) for name in ("n0", "n2", "m2")),
    *(a_switch(name, *PORTS) for name in ("s1", "s2", "s3")),
).topology
"""Three switches and three hosts with a bond of two, and no cable yet."""
ENDS: list[End] = [(uuid, port) for uuid, _ in BONDED.every(switch.Switch) for port in PORTS]
PLUGS: list[End] = [
    (uuid, port)
    for (kind, _), uuid in sorted(BONDED.objects.names.items())
    if kind == "host"
    for port in (*MEMBERS, "eth2")
]
VLANS = st.sampled_from([0, 1, 2, 3])
SETTINGS = st.one_of(
    st.builds(switch.Port, st.just("access"), VLANS.filter(bool), st.just(""), st.just(0)),
    st.builds(switch.Port, st.just("trunk"), st.just(0), st.sampled_from(["1-3", "2", "2-3"]), VLANS),
)


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, Fact]]:
    """Give facts that set ports, and connect and pull cables, as often one as the other."""
    ends, cables, made = [*ENDS, *PLUGS], list[tuple[str, End, End]](), list[tuple[str, Fact]]()
    for number in range(draw(st.integers(1, 25))):
        what = draw(st.sampled_from(["set", "connect", "connect", "pull"]))
        if what == "set" or len(ends) < 2:
            device, port = draw(st.sampled_from(ENDS))
            made.append((device, switch.PortSet(port, **msgspec.structs.asdict(draw(SETTINGS)))))
        elif what == "connect":
            a, b = draw(st.lists(st.sampled_from(ends), min_size=2, max_size=2, unique=True))
            ends = [end for end in ends if end not in (a, b)]
            cables.append((f"cable{number}", a, b))
            made.append((f"cable{number}", cable.Connected(zone_of(BONDED), *a, *b)))
        elif cables:
            uuid, a, b = cables.pop(draw(st.integers(0, len(cables) - 1)))
            ends += [a, b]
            made.append((uuid, cable.Disconnected()))
    return made


def zone_of(topology: Topology) -> str:
    return topology.find("zone", "z")


def check(now: Topology) -> None:
    """Each place that is known is in the part that a flood of it finds, and every place of that is known."""
    places = {place: name for here in now.segments.chart.names.values() for place, name in here.items()}
    parts = Parts(now.objects, now.fabric)
    assert places == {place: parts.of(place) for place in places}
    assert all(reached(now.objects, now.fabric, place) <= places.keys() for place in places)
    assert {(p, n) for n, part in now.segments.chart.parts.items() for p in part} == set(places.items())
    assert {n: dict(here) for n, here in now.segments.of.items()} == broadcast.recompute(now.scene)


@property_of(steps())
def test_each_fact_leaves_what_all_at_once_draws(made: list[tuple[str, Fact]]) -> None:
    now = BONDED
    for uuid, fact in made:
        now = evolve(now, Recorded(uuid, 1, now.position + 1, "", "", "", "", "", fact))
        check(now)


def on_one_switch() -> Case:
    """Give h1 with both members of its bond on s1, the second one standing by, and h2 on s1."""
    hosts = [a_host(name, interfaces=("bond0=eth0+eth1",)) for name in ("h1", "h2")]
    case = given(a_zone(), a_cluster(), *hosts, a_no_vlan(interface="bond0"), attach("plain"), a_switch("s1", *PORTS))
    return case.do(connect("h1:eth0", "s1:1"), connect("h1:eth1", "s1:2"), connect("h2:eth0", "s1:3"))


def test_a_member_that_stands_by_takes_over_where_the_first_is_pulled() -> None:
    case = on_one_switch()
    for end in ("h1:eth0", "h1:eth1"):
        assert len(case.topology.segments.carried) == 1
        case.do(disconnect(end))
        check(case.topology)
    assert len(case.topology.segments.carried) == 2


def test_a_fact_moves_only_the_places_whose_part_has_another_name() -> None:
    case = on_one_switch()
    before = case.topology.segments
    case.do(a_switch("s2"), connect("s2:1", "s1:4"))
    assert case.topology.segments.of is before.of
    case.do(disconnect("h2:eth0"))
    (move,) = case.topology.segments.moves
    assert move.host == case.id("host", "h2")


def test_a_device_that_is_gone_is_left_out() -> None:
    case = on_one_switch().do(*(disconnect(end) for end in ("s1:1", "s1:2", "s1:3")))
    gone = case.id("switch", "s1")
    assert gone in case.topology.segments.chart.names
    case.do(c.DeleteSwitch(switch="s1"))
    assert gone not in case.topology.segments.chart.names
    check(case.topology)


def test_a_host_that_no_network_is_on_is_found_by_the_member_that_takes_over() -> None:
    bonded = a_host("h1", interfaces=("bond0=eth0+eth1",))
    case = given(a_zone(), a_cluster(), bonded, a_cluster("c2"), a_host("h2", cluster="c2"))
    case.do(a_no_vlan(), attach("plain", "c2"), a_switch("s1", *PORTS), a_switch("s2", *PORTS))
    case.do(connect("h1:eth0", "s1:1"), connect("h1:eth1", "s2:1"), connect("h2:eth0", "s2:2"))
    check(case.topology)
    case.do(disconnect("h1:eth0"))
    check(case.topology)


def test_a_network_that_left_is_not_moved() -> None:
    case = on_one_switch().do(detach("plain"), disconnect("h2:eth0"))
    check(case.topology)
    assert not case.topology.segments.of


def test_a_host_that_left_is_on_no_segment() -> None:
    case = on_one_switch().do(disconnect("h2:eth0"))
    gone = case.id("host", "h2")
    case.do(c.DeleteHost(host="h2"))
    check(case.topology)
    assert gone not in case.topology.segments.chart.names


def test_a_port_that_is_set_again_has_one_setting() -> None:
    case = on_one_switch().do(access("s1:3", 2), access("s1:1", 2), access("s1:3", 3), access("s1:2", 2))
    settings = case.topology.state(case.id("switch", "s1"), switch.Switch).settings
    assert [(port, setting.vlan) for port, setting in settings] == [("1", 2), ("2", 2), ("3", 3)]
