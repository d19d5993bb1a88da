"""Switches, ports and cables: what is recorded, and each way of being refused."""

from __future__ import annotations

import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from domain import cable, host, switch
from domain import commands as c
from domain.switch import Port
from tests.builders import ONE_HOST, a_cluster, a_host, a_switch, a_zone, access, connect, disconnect, trunk
from tests.given import ME, given


A_SWITCH = (*ONE_HOST, a_switch())
TWO_SWITCHES = (*A_SWITCH, a_switch("s2"))
UNSET = Port("access", 1, "", 0)
S1 = switch.Added("s1", "z", ("1", "2", "3"))
BONDED = host.Added("h2", "c1", ("bond0", "eth2.5"), "", "")
H1 = host.Added("h1", "c1", ("eth0", "eth1"), "", "10.0.0.1")


# switches


def test_a_switch_is_added_with_its_ports_and_its_name() -> None:
    given(*ONE_HOST).when(a_switch()).then(S1, taking=["name/switch/s1"])


def test_a_switch_without_ports_or_with_one_twice_is_refused() -> None:
    case = given(*ONE_HOST)
    case.when(c.AddSwitch(name="s", zone="z", ports=())).refused("invalid-argument")
    assert "port 1 twice" in case.when(a_switch("s", "1", "1")).refused("invalid-argument")


@pytest.mark.parametrize("port", ["", " ", "a:b", "a b", "x" * 65])
def test_a_port_name_that_a_cable_could_not_be_named_by_is_refused(port: str) -> None:
    given(*ONE_HOST).when(a_switch("s", port)).refused("invalid-argument")


def test_a_switch_in_no_zone_or_under_a_name_in_use_is_refused() -> None:
    case = given(*A_SWITCH)
    case.when(a_switch("s", zone="nowhere")).refused("unknown-object")
    case.when(a_switch()).refused("name-in-use", naming=[S1])


def test_a_switch_is_deleted_and_its_name_is_free_again() -> None:
    case = given(*A_SWITCH)
    case.when(c.DeleteSwitch(switch="s1")).then(switch.Deleted(), releasing=["name/switch/s1"])
    case.do(a_switch())


def test_a_switch_with_cables_stays() -> None:
    case = given(*TWO_SWITCHES, connect("s1:1", "h1:eth0"), connect("s1:2", "s2:1"))
    cables = [cable.Connected("z", "s1", "1", "h1", "eth0"), cable.Connected("z", "s1", "2", "s2", "1")]
    told = case.when(c.DeleteSwitch(switch="s1")).refused("still-in-use", naming=cables)
    assert "has cables in 1, 2" in told
    case.do(disconnect("s1:1"), disconnect("s2:1"), c.DeleteSwitch(switch="s1"))


def test_a_switch_that_is_not_there_can_not_be_deleted() -> None:
    given(*ONE_HOST).when(c.DeleteSwitch(switch="s1")).refused("unknown-object")


# ports


def test_a_port_is_set_to_one_vlan() -> None:
    given(*A_SWITCH).when(access("s1:1", 10)).then(switch.PortSet("1", "access", 10, "", 0))


@pytest.mark.parametrize(
    ("vlans", "spelled"),
    [("10", "10"), ("10,20-29", "10,20-29"), ("20-22, 10,23,21", "10,20-23"), ("", "1-4094"), ("4094,1", "1,4094")],
)
def test_a_trunk_is_set_with_its_vlans_in_one_spelling(vlans: str, spelled: str) -> None:
    given(*A_SWITCH).when(trunk("s1:1", vlans)).then(switch.PortSet("1", "trunk", 0, spelled, 0))


def test_a_trunk_may_have_a_native_vlan() -> None:
    given(*A_SWITCH).when(trunk("s1:1", "10", native=5)).then(switch.PortSet("1", "trunk", 0, "10", 5))


def test_a_port_that_is_set_is_about_its_switch() -> None:
    result = given(*A_SWITCH).when(access("s1:1", 10))
    assert result.outcome
    assert result.outcome.subject == result.case.id("switch", "s1")


def test_a_port_or_switch_that_is_not_there_can_not_be_set() -> None:
    case = given(*A_SWITCH)
    assert "it has 1, 2, 3" in case.when(access("s1:9", 10)).refused("invalid-argument", naming=[S1])
    case.when(access("s9:1", 10)).refused("unknown-object")


@pytest.mark.parametrize("vlans", ["0", "4095", "1-4095", "20-10", "ten", "1,,2", "-5", "5-", "1-2-3", "²"])
def test_what_is_no_list_of_vlans_is_refused(vlans: str) -> None:
    given(*A_SWITCH).when(trunk("s1:1", vlans)).refused("invalid-argument")


def setting(mode: str, vlan: int | None = None, vlans: str = "", native: int | None = None) -> c.SetSwitchPort:
    return c.SetSwitchPort(switch="s1", port="1", mode=mode, vlan=vlan, vlans=vlans, native=native)


@pytest.mark.parametrize(
    "wish",
    [
        setting("hybrid", vlan=1),
        setting("access"),
        setting("access", vlan=0),
        setting("access", vlan=1, vlans="2"),
        setting("access", vlan=1, native=2),
        setting("trunk", vlan=1),
        setting("trunk", native=0),
    ],
)
def test_a_mode_with_what_is_not_its_own_is_refused(wish: c.SetSwitchPort) -> None:
    given(*A_SWITCH).when(wish).refused("invalid-argument")


def ports() -> st.SearchStrategy[Port]:
    vlans = st.lists(st.integers(1, 6), min_size=1).map(lambda v: switch.spelled(",".join(map(str, v))))
    trunks = st.builds(Port, st.just("trunk"), st.just(0), vlans, st.integers(0, 6))
    return st.one_of(trunks, st.integers(1, 6).map(lambda vlan: Port("access", vlan, "", 0)))


@property_of(ports())
def test_what_comes_in_goes_out_in_the_same_form(port: Port) -> None:
    ways_in = {(form, vlan) for form in range(8) if (vlan := port.enters_as(form))}
    ways_out = {(form, vlan) for vlan in range(1, 8) if (form := port.leaves_as(vlan)) is not None}
    assert ways_in == ways_out


def test_ports_pass_frames_as_their_mode_says() -> None:
    assert [UNSET.enters_as(form) for form in (0, 1, 2)] == [1, None, None]
    plain, native = Port("trunk", 0, "10,20-29", 0), Port("trunk", 0, "10", 5)
    assert [plain.enters_as(form) for form in (0, 10, 25, 30)] == [None, 10, 25, None]
    assert [native.enters_as(form) for form in (0, 5, 10)] == [5, None, 10]
    assert [native.leaves_as(vlan) for vlan in (5, 10, 11)] == [0, 10, None]


# cables


def test_a_cable_takes_both_its_ends() -> None:
    given(*A_SWITCH).when(connect("h1:eth0", "s1:1")).then(
        cable.Connected("z", "h1", "eth0", "s1", "1"), taking=["cable-end/h1/eth0", "cable-end/s1/1"]
    )


@pytest.mark.parametrize("end", ["h1:eth0", "s1:1"])
def test_a_cable_is_pulled_by_either_end_and_can_be_laid_again(end: str) -> None:
    case = given(*A_SWITCH, connect("h1:eth0", "s1:1"))
    case.when(disconnect(end)).then(cable.Disconnected(), releasing=["cable-end/h1/eth0", "cable-end/s1/1"])
    case.do(connect("s1:1", "h1:eth0"))


def test_an_end_takes_one_cable() -> None:
    case = given(*TWO_SWITCHES, connect("h1:eth0", "s1:1"))
    there = cable.Connected("z", "h1", "eth0", "s1", "1")
    told = case.when(connect("s2:1", "h1:eth0")).refused("cable-in-use", naming=[there])
    assert told == "h1:eth0 is cabled to s1:1 already: disconnect it first"
    assert case.when(connect("s1:1", "s2:1")).refused("cable-in-use", naming=[there]).startswith("s1:1 is cabled to h1")


def test_a_cable_has_two_ends() -> None:
    case = given(*A_SWITCH)
    case.when(connect("s1:1", "s1:1")).refused("invalid-argument")
    case.do(connect("s1:1", "s1:2"))


@pytest.mark.parametrize("end", ["h1", ":", "h1:", ":eth0", ""])
def test_what_is_no_end_is_refused(end: str) -> None:
    given(*A_SWITCH).when(connect(end, "s1:1")).refused("invalid-argument")


def test_an_end_that_is_not_there_is_refused() -> None:
    case = given(*A_SWITCH)
    case.when(connect("h9:eth0", "s1:1")).refused("unknown-object")
    assert "it has eth0, eth1" in case.when(connect("h1:eth9", "s1:1")).refused("invalid-argument", naming=[H1])
    case.when(connect("h1:eth0", "s1:9")).refused("invalid-argument", naming=[S1])
    case.when(disconnect("s9:1")).refused("unknown-object")
    assert case.when(disconnect("s1:1")).refused("unknown-object") == "there is no cable at s1:1"


def test_a_name_of_a_host_and_of_a_switch_is_ambiguous_and_a_uuid_is_not() -> None:
    case = given(*ONE_HOST, a_switch("h1", "eth0"), a_switch())
    both = [H1, switch.Added("h1", "z", ("eth0",))]
    case.when(connect("h1:eth0", "s1:1")).refused("ambiguous-name", naming=both)
    case.do(connect(f"{case.id('host', 'h1')}:eth0", "s1:1"))


def test_no_cable_leads_out_of_a_zone() -> None:
    case = given(*A_SWITCH, a_zone("y"), a_cluster("k", zone="y"), a_host("far", cluster="k"), a_switch("t", zone="y"))
    far = host.Added("far", "k", ("eth0", "eth1"), "", "")
    case.when(connect("far:eth0", "s1:1")).refused("wrong-zone", naming=[S1, far])
    case.when(connect("s1:1", "t:1")).refused("wrong-zone", naming=[S1, switch.Added("t", "y", ("1", "2", "3"))])
    case.do(connect("far:eth0", "t:1"))


def test_the_members_of_a_bond_take_cables_and_the_bond_none() -> None:
    case = given(*A_SWITCH, a_host("h2", interfaces=("bond0=eth0+eth1", "eth2.5")))
    case.do(connect("h2:eth0", "s1:1"), connect("h2:eth1", "s1:2"), connect("h2:eth2", "s1:3"))
    told = case.when(disconnect("h2:bond0")).refused("invalid-argument", naming=[BONDED])
    assert "it has eth0, eth1, eth2" in told


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (c.DeleteSwitch(switch="s1"), connect("h1:eth0", "s1:1")),
        (connect("h1:eth0", "s1:1"), c.DeleteSwitch(switch="s1")),
        (connect("h1:eth0", "s1:1"), connect("s2:1", "s1:1")),
        (a_switch("s3"), a_switch("s3")),
    ],
)
def test_of_two_changes_that_race_the_second_is_decided_again(mine: c.Command, theirs: c.Command) -> None:
    case = given(*TWO_SWITCHES)
    fork = case.network.fork()
    premise = fork.execute(mine, ME).premise
    case.do(theirs)
    assert case.network.adopt(fork, [premise]) is None
    assert case.when(mine).refusal
