"""What a host filters follows from its guards, and it comes there from whatever it has loaded."""

from __future__ import annotations

import msgspec
from hypothesis import given as property_of
from hypothesis import strategies as st
from immutables import Map

from projections import filters as filtering
from projections.diff import diff
from projections.filter_operations import (
    AddMember,
    EndConnections,
    FilterOperation,
    LoadFilters,
    RemoveMember,
    UnloadFilters,
)
from projections.filters import Filters, link_local
from projections.found import FOREIGN, Found, Link, Loaded, bare_host
from projections.obstacles import obstacles
from projections.operations import CreatePort, SetDown, SetUp, apply_all, describe
from projections.plan import Bridge, GreMesh, HostPlan, Port, plan
from projections.service_entries import Filter, Guard, Policy, Services, Shield
from tests.builders import a_vm
from tests.filter_strategies import ADDRESSES, BRIDGE, DEVICES, MACS, filters, loaded
from tests.given import given
from tests.service_builders import SERVED, a_group, allow, join, on_l3


PORTS = tuple(
    Port(device, device, "v", mac, ip, ip6, BRIDGE, (1,))
    for device, mac, (ip, ip6) in zip(DEVICES, MACS, ADDRESSES, strict=True)
)
TENANTS = Bridge(BRIDGE, "l2", "", 0, (1,))
AMONG = Filter("ingress", "ALL", "", "", "g")
WEB = Filter("ingress", "TCP", "80-80", "", "")
OUT = Filter("egress", "TCP", "443-443", "", "")


def services(*devices: str, members: tuple[str, ...] = (), rules: tuple[Filter, ...] = ()) -> Services:
    """Put some NICs into one group."""
    egress: Policy = "closed" if OUT in rules else "open"
    shields = (Shield(p.nic, p.device, p.mac, (p.ip,), ("g",), "closed", egress, (5,)) for p in PORTS)
    return Services(
        guards=(Guard("g", BRIDGE, devices, members, (AMONG, *rules), (3,)),),
        shields=tuple(shield for shield in shields if shield.device in devices),
    )


def plan_of(wanted: Filters) -> HostPlan:
    return HostPlan("h", 1, bridges=(TENANTS,), ports=PORTS, filters=wanted)


def test_only_nics_in_groups_are_filtered_and_their_groups_let_members_in() -> None:
    wanted = filtering.filters(services(DEVICES[0], members=("10.5.0.1",), rules=(WEB,)), PORTS, [TENANTS])

    assert [nic.device for nic in wanted.nics] == [DEVICES[0]]
    assert wanted.groups == (filtering.Group("g", BRIDGE, (AMONG, WEB), ("10.5.0.1",)),)
    assert wanted.because == (3, 5)


def test_where_no_nic_is_in_a_group_nothing_is_filtered() -> None:
    assert filtering.filters(services(members=("10.5.0.1",)), PORTS, [TENANTS]) == Filters()


def test_a_nic_on_a_bridge_that_is_not_the_kernels_own_is_not_filtered_and_kept_out() -> None:
    grouped = services(DEVICES[0])
    wanted = filtering.filters(grouped, PORTS, [])
    assert wanted == Filters()

    elsewhere = msgspec.structs.replace(TENANTS, name="other")
    kept_out = msgspec.structs.replace(plan_of(wanted), services=grouped)
    assert not [o for o in diff(kept_out, Found()) if isinstance(o, CreatePort) and o.name == DEVICES[0]]
    assert [o.name for o in obstacles(kept_out, Found())] == [DEVICES[0]]
    assert filtering.filters(grouped, PORTS, [elsewhere]) == Filters()


def test_egress_is_open_until_a_group_has_an_egress_rule() -> None:
    (nic,) = filtering.filters(services(DEVICES[0], rules=(WEB,)), PORTS, [TENANTS]).nics
    assert not nic.egress_closed
    (nic,) = filtering.filters(services(DEVICES[0], rules=(WEB, OUT)), PORTS, [TENANTS]).nics
    assert nic.egress_closed


def test_connections_of_tenants_bridges_are_kept_apart_and_stay_in_their_zone() -> None:
    names = [f"br{number}" for number in range(1000)]
    zones = dict(filtering.zones(names))

    assert len(set(zones.values())) == 1000
    assert all(0 < number <= filtering.ZONES for number in zones.values())
    assert dict(filtering.zones(names[7:8])) == {"br7": zones["br7"]}
    wanted = filtering.filters(services(DEVICES[0]), PORTS, [TENANTS])
    assert wanted.zones == tuple(filtering.zones([BRIDGE]))


def test_a_bridge_with_the_hosts_own_addresses_has_the_hosts_own_zone() -> None:
    uplinked = msgspec.structs.replace(TENANTS, uplink="eth0")
    assert filtering.filters(services(DEVICES[0]), PORTS, [uplinked]).zones == ()


def test_a_nic_may_speak_from_the_link_local_address_of_its_mac_address() -> None:
    assert link_local("52:54:00:12:34:56") == "fe80::5054:ff:fe12:3456"


def test_a_change_of_members_touches_their_elements_and_not_the_table() -> None:
    before = filtering.filters(services(DEVICES[0], members=("10.5.0.1", "10.5.0.2")), PORTS, [TENANTS])
    after = filtering.filters(services(DEVICES[0], members=("10.5.0.1", "10.5.0.9")), PORTS, [TENANTS])
    found = apply_all(Found(), diff(plan_of(before), Found()))

    assert diff(plan_of(after), found) == (
        RemoveMember("g", BRIDGE, "10.5.0.2"),
        AddMember("g", BRIDGE, "10.5.0.9"),
        EndConnections(after),
    )


def test_a_nic_that_joins_on_another_host_is_an_element_here_and_the_table_there() -> None:
    case = given(*SERVED, a_vm("a", host="h1"), a_vm("b", host="h2"), a_group(), on_l3(), join(vm="a"), allow(ports=22))
    here, there = (case.id("host", name) for name in ("h1", "h2"))
    found = apply_all(bare_host(("eth0",)), diff(plan(case.topology, here), bare_host(("eth0",))))
    (free,) = plan(case.topology, there).filters.nics
    assert (free.groups, plan(case.topology, there).filters.groups) == ((), ())

    case.do(join(vm="b"))

    joined = [describe(operation) for operation in diff(plan(case.topology, here), found)]
    assert joined == [f"add-member 192.168.0.12 of {case.id('security-group', 'g')} on br_eth0_10", "end-connections"]
    (guarded,) = plan(case.topology, there).filters.nics
    assert (guarded.ips, guarded.groups) == (("192.168.0.12",), (case.id("security-group", "g"),))


def test_filters_are_loaded_before_the_ports_that_they_guard_and_unloaded_after_the_last_is_gone() -> None:
    wanted = filtering.filters(services(DEVICES[0]), PORTS, [TENANTS])
    coming = diff(plan_of(wanted), Found())
    kinds = [type(operation) for operation in coming]
    assert kinds.index(LoadFilters) < kinds.index(CreatePort)

    going = diff(HostPlan("h", 2), apply_all(Found(), coming))
    assert going[-1] == UnloadFilters()


def test_a_run_that_was_cut_off_before_connections_were_ended_ends_them_next_time() -> None:
    wanted = filtering.filters(services(DEVICES[0]), PORTS, [TENANTS])
    found = apply_all(Found(), diff(plan_of(wanted), Found()))
    half = Loaded(wanted.digest, wanted.members, settled=False, nics=wanted.devices)
    cut_off = msgspec.structs.replace(found, filters=half)

    assert diff(plan_of(wanted), found) == ()
    assert diff(plan_of(wanted), cut_off) == (EndConnections(wanted),)


def test_a_foreign_table_is_left_alone_and_keeps_out_the_nics_that_need_ours() -> None:
    wanted = filtering.filters(services(DEVICES[0]), PORTS, [TENANTS])
    theirs = Found(filters=Loaded(FOREIGN))

    done = diff(plan_of(wanted), theirs)
    after = apply_all(theirs, done)

    assert after.filters == Loaded(FOREIGN)
    assert DEVICES[0] not in after.links
    assert DEVICES[1] in after.links
    assert [(o.name, o.l2, o.foreign) for o in obstacles(plan_of(wanted), theirs)] == [(DEVICES[0], "l2", True)]
    assert apply_all(after, diff(HostPlan("h", 2), after)).filters == Loaded(FOREIGN)


def test_a_port_that_is_there_already_is_down_while_a_foreign_table_is_there_and_not_taken_away() -> None:
    wanted = filtering.filters(services(DEVICES[0]), PORTS, [TENANTS])
    there = apply_all(Found(), diff(plan_of(wanted), Found()))
    theirs = msgspec.structs.replace(there, filters=Loaded(FOREIGN))

    assert diff(plan_of(wanted), theirs) == (SetDown(DEVICES[0]),)
    down = apply_all(theirs, diff(plan_of(wanted), theirs))
    assert diff(plan_of(wanted), down) == ()
    gone = msgspec.structs.replace(down, filters=None)
    assert apply_all(gone, diff(plan_of(wanted), gone)) == there


def test_where_new_filters_are_refused_nics_that_they_would_guard_are_closed_and_the_rest_is_done() -> None:
    wanted = filtering.filters(services(DEVICES[0]), PORTS, [TENANTS])
    refused = frozenset({FilterOperation})

    made = diff(plan_of(wanted), Found(), refused=refused)
    assert not any(isinstance(operation, FilterOperation) for operation in made)
    links = apply_all(Found(), made).links
    assert (DEVICES[0] in links, DEVICES[1] in links) == (False, True)

    bare = apply_all(Found(), diff(plan_of(Filters()), Found()))
    assert diff(plan_of(wanted), bare, refused=refused) == (SetDown(DEVICES[0]),)
    assert type(diff(plan_of(wanted), bare)[0]) is LoadFilters


def test_where_new_filters_are_refused_nics_that_the_old_ones_guard_stay() -> None:
    old = filtering.filters(services(DEVICES[0]), PORTS, [TENANTS])
    there = apply_all(Found(), diff(plan_of(old), Found()))
    more = filtering.filters(services(*DEVICES[:2]), PORTS, [TENANTS])

    assert diff(plan_of(more), there, refused=frozenset({FilterOperation})) == (SetDown(DEVICES[1]),)
    assert diff(HostPlan("h", 2), there, refused=frozenset({FilterOperation}))[-1] != UnloadFilters()


def test_a_nic_on_open_vswitch_is_down_while_it_is_in_a_group() -> None:
    mesh = GreMesh(BRIDGE, "l2", 7, "", "10.0.0.1", (), (1,))
    own = bare_host((), ("10.0.0.1",))
    free = HostPlan("h", 1, meshes=(mesh,), ports=PORTS[:1])
    grouped = msgspec.structs.replace(free, services=services(DEVICES[0]))

    there = apply_all(own, diff(free, own))
    closed = diff(grouped, there)

    assert closed == (SetDown(DEVICES[0]),)
    (obstacle,) = obstacles(grouped, there)
    assert obstacle.why.startswith(f"{DEVICES[0]} is in a group, and kept down: ")
    down = apply_all(there, closed)
    assert diff(grouped, down) == ()
    assert diff(free, down) == (SetUp(DEVICES[0]),)
    assert DEVICES[0] not in apply_all(own, diff(grouped, own)).links


@property_of(filters(), st.none() | loaded())
def test_a_host_comes_to_its_filters_from_whatever_it_has_loaded(wanted: Filters, before: Loaded | None) -> None:
    found = Found(links=Map({"eth0": Link("eth0", "other")}), filters=before)

    after = apply_all(found, diff(plan_of(wanted), found))

    assert diff(plan_of(wanted), after) == ()
    assert after.filters == (Loaded(wanted.digest, wanted.members, nics=wanted.devices) if wanted.nics else None)


@property_of(filters(), loaded(), st.integers(0, 20))
def test_a_nic_is_never_up_without_the_filters_that_guard_it(wanted: Filters, before: Loaded, steps: int) -> None:
    found = Found(filters=before)

    cut_off = apply_all(found, diff(plan_of(wanted), found)[:steps])

    for nic in (nic for nic in wanted.nics if nic.groups):
        assert nic.device not in cut_off.links or (cut_off.filters and cut_off.filters.digest == wanted.digest)
