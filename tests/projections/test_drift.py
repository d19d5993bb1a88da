"""What is other than it must be is told, each thing once, and of the network that it is about."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given as property_of
from hypothesis import strategies as st

from domain import commands as c
from domain import host
from projections.diff import diff
from projections.drift import Difference, differences, kind_in, own_devices, strangers, summary
from projections.found import Address, Found, Link, bare_host
from projections.operations import apply_all
from projections.ownership import Owners
from projections.parts import parts
from projections.plan import HostPlan, plan
from tests.builders import ONE_HOST, a_cidr, a_no_vlan, a_vlan, a_vm, an_l3, attach
from tests.given import Case, given
from tests.service_builders import A_FILTER, serve
from tests.strategies import cases


GROUPED = (
    c.CreateSecurityGroup(name="web"),
    c.AttachSecurityGroupToL3Network(group="web", l3="l3"),
    c.AddNicToSecurityGroup(group="web", vm="vm", l3="l3"),
)


def realized() -> tuple[Case, HostPlan, Found]:
    """Give a host that is at its plan: network `plain` on eth0, VLAN 10 on eth1."""
    case = given(*ONE_HOST, a_no_vlan(), attach("plain"), a_vlan(interface="eth1"), attach("v10"))
    wanted = plan(case.topology, case.id("host", "h1"))
    bare = bare_host(("eth0", "eth1"))
    return case, wanted, apply_all(bare, diff(wanted, bare))


@property_of(cases(), st.integers(0, 1 << 32))
def test_something_is_told_where_there_is_something_to_do_and_of_each_network_that_it_is_for(
    case: Case, seed: int
) -> None:
    chance = random.Random(seed)
    for uuid, member in case.topology.every(host.Host):
        wanted, bare = plan(case.topology, uuid), bare_host(member.interfaces, (member.vtep,) if member.vtep else ())
        steps = diff(wanted, bare)
        found = apply_all(bare, steps[: chance.randint(0, len(steps))])
        left, told = diff(wanted, found), differences(wanted, found)
        networks = {network for step in left for network in Owners(wanted, found).of(step)}
        assert bool(told) >= bool(left)
        assert networks <= {network for one in told for network in one.l2}


@pytest.mark.parametrize(
    ("name", "fields", "kind", "what"),
    [
        ("br_eth0", {"up": False}, "altered", "br_eth0 is down"),
        ("eth1.10", {"bridge": ""}, "altered", "eth1.10 is a port of no bridge, not of br_eth1_10"),
        ("eth1.10", {"number": 11}, "altered", "VLAN device eth1.10 is another than it must be, VLAN 11 instead of 10"),
        ("eth0", {"up": False}, "altered", "eth0 is down"),
    ],
)
def test_what_differs_is_said_in_words(name: str, fields: dict[str, object], kind: str, what: str) -> None:
    _, wanted, found = realized()
    link = msgspec.structs.replace(found.links[name], **fields)
    altered = msgspec.structs.replace(found, links=found.links.set(name, link))

    assert [(one.kind, one.name, one.what) for one in differences(wanted, altered)] == [(kind, name, what)]


def test_what_is_missing_and_what_only_follows_is_one_thing() -> None:
    case, wanted, found = realized()
    bridges = msgspec.structs.replace(found, links=found.links.delete("br_eth0"))

    (told,) = differences(wanted, bridges)

    assert (told.kind, told.what, told.l2) == ("missing", "bridge br_eth0 is missing", (case.id("l2", "plain"),))
    assert told.because == wanted.bridges[0].because


def test_what_nobody_wants_any_more_is_extra_and_known_by_its_mark() -> None:
    case, wanted, found = realized()
    without = HostPlan(wanted.host, wanted.position)

    told = differences(without, found)

    assert {one.kind for one in told if one.name in ("br_eth0", "eth1.10", "br_eth1_10")} == {"extra"}
    assert {network for one in told for network in one.l2} == {case.id("l2", "plain"), case.id("l2", "v10")}


def test_a_foreign_device_is_told_unless_its_name_or_kind_is_allowed() -> None:
    _, _, found = realized()
    foreign = msgspec.structs.replace(found, links=found.links.set("docker0", Link("docker0", "bridge")))

    assert [one.name for one in strangers(foreign, ("eth0", "eth1"))] == ["docker0"]
    assert [one.name for one in strangers(foreign, ("eth0",))] == ["docker0", "eth1"]
    assert strangers(foreign, ("eth0", "eth1"), ("dock*",)) == ()
    assert strangers(foreign, ("eth0", "eth1"), ("bridge",)) == ()


def test_what_the_facts_know_of_a_host_is_not_foreign() -> None:
    wish = c.AddHost(
        name="h",
        cluster="c",
        interfaces=("eth0.5", "bond0=eth2+eth3"),
        address="192.0.2.1",
        vtep="10.0.0.9",
    )
    case = given(c.CreateZone(name="z"), c.CreateCluster(name="c", zone="z"), wish)
    own = (*(Link(name, "other") for name in ("eth0", "eth2", "eth3", "bond0", "mgmt", "storage")), Link("ex", "other"))
    below = Link("eth0.5", "vlan", interface="eth0", lower="eth0")
    bare = bare_host(())
    links = bare.links.update({link.name: link for link in (*own, below)})
    addresses = {Address("mgmt", "192.0.2.1/24"), Address("storage", "10.0.0.9/16"), Address("ex", "10.0.0.99/16")}
    found = msgspec.structs.replace(bare, links=links, addresses=frozenset(addresses))

    member = case.topology.state(case.id("host", "h"), host.Host)

    assert [one.name for one in strangers(found, own_devices(member, found))] == ["ex"]


def test_connections_may_have_to_end_only_where_filters_are_in_force_and_only_then_it_is_told() -> None:
    case = given(*ONE_HOST, a_no_vlan(), attach("plain"), an_l3(l2="plain"), a_cidr(), a_vm(host="h1"))
    case.do(A_FILTER, serve(sg=("SecurityGroup",)), *GROUPED)
    wanted = plan(case.topology, case.id("host", "h1"))
    there = apply_all(bare_host(("eth0", "eth1")), diff(wanted, bare_host(("eth0", "eth1"))))
    assert there.filters is not None
    unsettled = msgspec.structs.replace(there, filters=msgspec.structs.replace(there.filters, settled=False))

    fresh = {one.what for one in differences(wanted, bare_host(("eth0", "eth1"))) if one.table == "filters"}
    assert fresh == {"the filters are missing"}
    (told,) = differences(wanted, unsettled)
    assert told.what == "there are connections that the filters would not let anybody open"


def test_a_report_tells_the_first_things_and_how_many_more_there_are() -> None:
    many = [Difference("missing", f"d{n}", (), f"bridge d{n} is missing", ()) for n in range(7)]

    assert summary(many[:2]) == "missing: bridge d0 is missing; missing: bridge d1 is missing"
    assert summary(many).endswith("; missing: bridge d4 is missing; and 2 more")
    assert kind_in(summary(many)) == "missing"
    assert kind_in("the bridge is down") == "altered"


def test_a_network_s_part_changes_with_what_is_its_own_and_with_nothing_else() -> None:
    case, wanted, _ = realized()
    plain, tagged = case.id("l2", "plain"), case.id("l2", "v10")
    wider = tuple(msgspec.structs.replace(b, mtu=9000) if b.l2 == plain else b for b in wanted.bridges)
    later = msgspec.structs.replace(wanted, bridges=wider, position=wanted.position + 9)

    assert parts(wanted).keys() == {plain, tagged}
    assert parts(later)[plain] != parts(wanted)[plain]
    assert parts(later)[tagged] == parts(wanted)[tagged]
