"""L3 networks and the rules of their IP ranges, which carry ZStack's numbers R2 to R11."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import l3, pool
from tests.builders import A_SUBNET, ONE_HOST, a_cidr, a_pool, a_range, a_vlan, an_l3
from tests.given import given


L3 = l3.Created("l3", "v10", "private", "", 0, "first-available")
LOW = l3.IpRangeAdded("low", "192.168.0.10", "192.168.0.50", "255.255.255.0", "192.168.0.1", "192.168.0.0/24", 24, "")
EMPTY = (*ONE_HOST, a_vlan(), an_l3())


def test_an_l3_network_lives_on_an_l2_network_attached_or_not() -> None:
    given(*ONE_HOST, a_vlan()).when(an_l3()).then(L3, taking=["name/l3/l3"])


def test_addresses_are_drawn_at_random_where_nothing_else_is_said() -> None:
    command = c.CreateL3Network(name="l3", l2="v10")
    given(*ONE_HOST, a_vlan()).when(command).then(l3.Created("l3", "v10", "private", "", 0, "random"))


def test_an_l3_network_says_what_it_is_for() -> None:
    command = c.CreateL3Network(
        name="l3", l2="v10", category="public", mtu=9000, allocator="ascending", dns_domain="x.org"
    )
    given(*ONE_HOST, a_vlan()).when(command).then(l3.Created("l3", "v10", "public", "x.org", 9000, "ascending"))


def test_an_l3_network_needs_an_l2_network_that_is_no_pool() -> None:
    given(*ONE_HOST).when(an_l3()).refused("unknown-object")
    given(*ONE_HOST, a_pool()).when(an_l3(l2="pool")).refused(
        "invalid-argument", naming=[pool.Created("pool", "", "z", "")]
    )


def test_a_second_l3_network_of_that_name_is_refused() -> None:
    given(*EMPTY).when(an_l3()).refused("name-in-use", naming=[L3])


@pytest.mark.parametrize(
    "command",
    [an_l3(category="secret"), an_l3(allocator="backwards"), an_l3(mtu=67), an_l3(mtu=9217), an_l3(mtu=-1), an_l3("")],
)
def test_an_l3_network_is_of_a_known_sort(command: c.Command) -> None:
    given(*ONE_HOST, a_vlan()).when(command).refused("invalid-argument")


@pytest.mark.parametrize("mtu", [68, 9216])
def test_the_smallest_and_the_largest_mtu_are_allowed(mtu: int) -> None:
    given(*ONE_HOST, a_vlan()).when(an_l3(mtu=mtu)).then(l3.Created("l3", "v10", "private", "", mtu, "first-available"))


# ranges by their ends


def test_a_range_is_added_with_its_subnet() -> None:
    given(*EMPTY).when(a_range()).then(LOW, taking=[])


def test_a_range_may_be_a_single_address() -> None:
    fact = l3.IpRangeAdded(
        "low", "192.168.0.9", "192.168.0.9", "255.255.255.0", "192.168.0.1", "192.168.0.0/24", 24, ""
    )
    given(*EMPTY).when(a_range("192.168.0.9", "192.168.0.9")).then(fact)


def test_a_range_may_reach_from_the_first_to_the_last_host_address() -> None:
    fact = l3.IpRangeAdded("low", "10.0.0.2", "10.0.0.254", "255.255.255.0", "10.0.0.1", "10.0.0.0/24", 24, "")
    given(*EMPTY).when(a_range("10.0.0.2", "10.0.0.254", gateway="10.0.0.1")).then(fact)


def test_a_range_needs_an_l3_network_that_is_there() -> None:
    given().when(a_range()).refused("unknown-object")
    given().when(a_cidr()).refused("unknown-object")


@pytest.mark.parametrize(
    ("start", "end", "gateway"),
    [
        ("224.0.0.1", "224.0.0.9", "224.0.0.10"),
        ("240.0.0.1", "240.0.0.9", "240.0.0.10"),
        ("127.0.0.1", "127.0.0.9", "127.0.0.10"),
        ("169.254.0.1", "169.254.0.9", "169.254.0.10"),
        ("0.0.0.1", "0.0.0.9", "0.0.0.10"),
    ],
)
def test_r2_special_addresses_are_handed_out_by_nobody(start: str, end: str, gateway: str) -> None:
    given(*EMPTY).when(a_range(start, end, gateway=gateway)).refused("invalid-argument")


@pytest.mark.parametrize(
    "command",
    [
        a_range("192.168.0"),
        a_range(end="192.168.0.256"),
        a_range(gateway=""),
        a_range(netmask="255.0.255.0"),
        a_range(netmask="0.0.0.0"),  # noqa: S104 - a netmask
        a_range(netmask="24"),
        a_range(name=""),
        a_cidr("192.168.0.0"),
        a_cidr("192.168.0.0/24/24"),
        a_cidr("192.168.0.0/x"),
        a_cidr("fe80::/64"),
        a_cidr(gateway="router"),
        a_cidr(name=" "),
    ],
)
def test_r3_a_range_is_well_formed(command: c.Command) -> None:
    given(*EMPTY).when(command).refused("invalid-argument")


@pytest.mark.parametrize("end", ["192.168.1.5", "192.168.0.255", "193.168.0.10"])
def test_r4_a_range_ends_in_its_subnet(end: str) -> None:
    given(*EMPTY).when(a_range(end=end)).refused("ip-range-outside-subnet")


def test_r5_the_network_address_is_in_no_range() -> None:
    given(*EMPTY).when(a_range("192.168.0.0")).refused("ip-range-outside-subnet")


def test_r6_a_range_goes_up() -> None:
    given(*EMPTY).when(a_range("192.168.0.50", "192.168.0.10")).refused("invalid-argument")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("192.168.0.50", "192.168.0.60"),
        ("192.168.0.2", "192.168.0.10"),
        ("192.168.0.20", "192.168.0.20"),
        ("192.168.0.2", "192.168.0.99"),
    ],
)
def test_r7_ranges_of_one_l3_network_are_disjoint(start: str, end: str) -> None:
    given(*A_SUBNET).when(a_range(start, end, name="more")).refused("ip-range-overlap", naming=[LOW])


def test_r7_ranges_of_two_l3_networks_on_one_l2_network_are_disjoint() -> None:
    case = given(*A_SUBNET, an_l3("other"))
    case.when(a_range("192.168.0.40", "192.168.0.60", l3="other")).refused("ip-range-overlap", naming=[LOW])
    case.when(a_cidr("192.168.0.0/26", l3="other")).refused("ip-range-overlap", naming=[LOW])


def test_r7_networks_apart_may_have_the_same_addresses() -> None:
    given(*A_SUBNET, a_vlan("w", vlan=11), an_l3("other", l2="w")).when(a_range(l3="other")).then(LOW)


def test_r8_all_ranges_share_one_subnet() -> None:
    wider = a_range("192.168.0.60", "192.168.0.70", name="more", netmask="255.255.0.0")
    given(*A_SUBNET).when(wider).refused("cidr-mismatch", naming=[LOW])
    given(*A_SUBNET).when(a_cidr("10.0.0.0/24", name="more")).refused("cidr-mismatch", naming=[LOW])


@pytest.mark.parametrize("gateway", ["192.168.1.1", "192.168.0.0", "192.168.0.255", "10.0.0.1"])
def test_r9_the_gateway_is_a_host_address_of_the_subnet(gateway: str) -> None:
    given(*EMPTY).when(a_range(gateway=gateway)).refused("gateway-outside-subnet")
    given(*EMPTY).when(a_cidr(gateway=gateway)).refused("gateway-outside-subnet")


@pytest.mark.parametrize("gateway", ["192.168.0.10", "192.168.0.30", "192.168.0.50"])
def test_r10_the_gateway_is_never_handed_out(gateway: str) -> None:
    given(*EMPTY).when(a_range(gateway=gateway)).refused("gateway-in-range")


def test_r11_all_ranges_share_one_gateway() -> None:
    more = a_range("192.168.0.60", "192.168.0.70", name="more", gateway="192.168.0.2")
    given(*A_SUBNET).when(more).refused("cidr-mismatch", naming=[LOW])


def test_two_ranges_of_an_l3_network_share_no_name() -> None:
    given(*A_SUBNET).when(a_range("192.168.0.60", "192.168.0.70")).refused("name-in-use", naming=[LOW])


def test_ranges_are_kept_in_order_with_a_gap_between_them() -> None:
    case = given(*EMPTY, a_range("192.168.0.60", "192.168.0.100", name="high"), a_range())
    subnet = case.topology.state(case.id("l3", "l3"), l3.L3Network)
    assert [r.name for r in subnet.ranges] == ["low", "high"]
    assert [subnet.holds(ip) for ip in ("192.168.0.50", "192.168.0.55", "192.168.0.60")] == [True, False, True]


# ranges by CIDR


def part(name: str, start: int, end: int, gateway: int) -> l3.IpRangeAdded:
    mask = "255.255.255.0"
    return l3.IpRangeAdded(name, f"10.0.0.{start}", f"10.0.0.{end}", mask, f"10.0.0.{gateway}", "10.0.0.0/24", 24, "")


def test_by_cidr_the_first_address_is_the_gateway_where_none_is_given() -> None:
    given(*EMPTY).when(a_cidr("10.0.0.9/24")).then(part("all", 2, 254, 1))


def test_by_cidr_a_gateway_at_the_end_leaves_one_range() -> None:
    given(*EMPTY).when(a_cidr("10.0.0.0/24", gateway="10.0.0.254")).then(part("all", 1, 253, 254))


@pytest.mark.parametrize("gateway", [2, 100, 253])
def test_by_cidr_a_gateway_in_the_middle_makes_two_ranges(gateway: int) -> None:
    parts = (part("all", 1, gateway - 1, gateway), part("all-2", gateway + 1, 254, gateway))
    given(*EMPTY).when(a_cidr("10.0.0.0/24", gateway=f"10.0.0.{gateway}")).then(*parts)


def test_by_cidr_a_30_holds_one_address_beside_its_gateway() -> None:
    fact = l3.IpRangeAdded("all", "10.0.0.2", "10.0.0.2", "255.255.255.252", "10.0.0.1", "10.0.0.0/30", 30, "")
    given(*EMPTY).when(a_cidr("10.0.0.0/30")).then(fact)


@pytest.mark.parametrize("length", [31, 32])
def test_by_cidr_a_subnet_without_room_is_refused(length: int) -> None:
    given(*EMPTY).when(a_cidr(f"10.0.0.0/{length}")).refused("invalid-argument")


@pytest.mark.parametrize("name", ["all", "all-2"])
def test_by_cidr_a_name_in_use_is_refused_and_half_of_it_is_not_recorded(name: str) -> None:
    case = given(*EMPTY, a_range("10.0.0.7", "10.0.0.7", name=name, gateway="10.0.0.100"))
    fact = l3.IpRangeAdded(name, "10.0.0.7", "10.0.0.7", "255.255.255.0", "10.0.0.100", "10.0.0.0/24", 24, "")
    result = case.when(a_cidr("10.0.0.0/24", gateway="10.0.0.100"))
    result.refused("name-in-use" if name == "all" else "ip-range-overlap", naming=[fact])
