"""IPv6 ranges, both families on one L3 network, and ranges by CIDR of either."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given as given_values
from hypothesis import strategies as st

from domain import commands as c
from domain import ip_range, l3
from tests.builders import A_SUBNET, ONE_HOST, a_cidr, a_range, a_vlan, an_l3
from tests.given import given


EMPTY = (*ONE_HOST, a_vlan(), an_l3())
SIX = l3.IpRangeAdded("six", "fd00::10", "fd00::ff", "", "fd00::1", "fd00::/64", 64, "Stateful-DHCP")


def a_range6(
    start: str = "fd00::10",
    end: str = "fd00::ff",
    *,
    l3: str = "l3",
    name: str = "six",
    length: int = 64,
    gateway: str = "fd00::1",
    mode: str = "",
    netmask: str = "",
) -> c.AddIpRange:
    return c.AddIpRange(
        l3=l3,
        name=name,
        start=start,
        end=end,
        gateway=gateway,
        prefix_length=length,
        address_mode=mode,
        netmask=netmask,
    )


def by_cidr(cidr: str, *, gateway: str = "", mode: str = "", name: str = "six") -> c.AddIpRangeByCidr:
    return c.AddIpRangeByCidr(l3="l3", name=name, cidr=cidr, gateway=gateway, address_mode=mode)


def test_an_ipv6_range_has_a_prefix_length_and_a_mode() -> None:
    given(*EMPTY).when(a_range6()).then(SIX, taking=[])


def test_addresses_are_kept_in_canonical_form() -> None:
    given(*EMPTY).when(a_range6("FD00:0:0::0010", "fd00::00FF", gateway="fd00:0::1")).then(SIX)


@pytest.mark.parametrize("length", [8, 126])
def test_the_shortest_and_the_longest_prefix_are_allowed(length: int) -> None:
    given(*EMPTY).when(a_range6("fd00::2", "fd00::2", length=length)).then(
        l3.IpRangeAdded(
            "six",
            "fd00::2",
            "fd00::2",
            "",
            "fd00::1",
            {8: "fd00::/8", 126: "fd00::/126"}[length],
            length,
            "Stateful-DHCP",
        )
    )


def test_a_range_of_more_addresses_than_can_be_counted_is_added() -> None:
    whole = l3.IpRangeAdded("six", "fd00::2", "fdff" + ":ffff" * 7, "", "fd00::1", "fd00::/8", 8, "Stateful-DHCP")
    given(*EMPTY).when(by_cidr("fd00::/8")).then(whole)


@pytest.mark.parametrize(
    "command",
    [
        a_range6(length=7),
        a_range6(length=127),
        a_range6(length=0),
        a_range6(length=-1),
        a_range6(netmask="255.255.255.0"),
        a_range6("fd00::ff", "fd00::10"),
        a_range6(end="192.168.0.9"),
        a_range6(gateway="192.168.0.1"),
        a_range6("fe80::10", "fe80::20", gateway="fe80::1"),
        a_range6("ff02::10", "ff02::20", gateway="ff02::1"),
        a_range6("::10", "::20", gateway="::1"),
        a_range6("fd00::1%eth0"),
        a_range6(mode="DHCP"),
        a_range6(mode="SLAAC", length=65),
        a_range6(mode="Stateless-DHCP", length=63),
        by_cidr("fd00::/127"),
        by_cidr("fd00::/128"),
        by_cidr("fd00::/7"),
        by_cidr("fd00::/129"),
        by_cidr("fd00::"),
        by_cidr("ff00::/8"),
    ],
)
def test_an_ipv6_range_is_well_formed(command: c.Command) -> None:
    given(*EMPTY).when(command).refused("invalid-argument")


@pytest.mark.parametrize(
    "command",
    [
        c.AddIpRange(l3="l3", name="low", start="10.0.0.2", end="10.0.0.9", gateway="10.0.0.1"),
        c.AddIpRange(l3="l3", name="low", start="10.0.0.2", end="10.0.0.9", gateway="10.0.0.1", prefix_length=33),
        c.AddIpRange(
            l3="l3",
            name="low",
            start="10.0.0.2",
            end="10.0.0.9",
            gateway="10.0.0.1",
            netmask="255.0.0.0",
            prefix_length=24,
        ),
        c.AddIpRange(
            l3="l3",
            name="low",
            start="10.0.0.2",
            end="10.0.0.9",
            gateway="10.0.0.1",
            prefix_length=8,
            address_mode="SLAAC",
        ),
        a_range("126.0.0.2", "128.0.0.2", netmask="128.0.0.0", gateway="126.0.0.1"),
    ],
)
def test_an_ipv4_range_has_a_netmask_and_no_mode_and_no_special_block_inside(command: c.Command) -> None:
    given(*EMPTY).when(command).refused("invalid-argument")


def test_an_ipv4_range_may_have_a_prefix_length_in_place_of_a_netmask() -> None:
    command = c.AddIpRange(l3="l3", name="a", start="10.0.0.2", end="10.0.0.9", gateway="10.0.0.1", prefix_length=24)
    fact = l3.IpRangeAdded("a", "10.0.0.2", "10.0.0.9", "255.255.255.0", "10.0.0.1", "10.0.0.0/24", 24, "")
    given(*EMPTY).when(command).then(fact)


@pytest.mark.parametrize("mode", ["SLAAC", "Stateless-DHCP", "Stateful-DHCP"])
def test_every_mode_fits_a_64(mode: str) -> None:
    fact = l3.IpRangeAdded("six", "fd00::10", "fd00::ff", "", "fd00::1", "fd00::/64", 64, mode)
    given(*EMPTY).when(a_range6(mode=mode)).then(fact)


def test_the_subnets_own_address_is_any_routers_and_in_no_range() -> None:
    given(*EMPTY).when(a_range6("fd00::", "fd00::9", gateway="fd00::10")).refused("ip-range-outside-subnet")
    given(*EMPTY).when(a_range6(gateway="fd00::")).refused("gateway-outside-subnet")


def test_a_range_and_its_gateway_lie_in_the_subnet_and_apart() -> None:
    given(*EMPTY).when(a_range6(end="fd00:0:0:1::1")).refused("ip-range-outside-subnet")
    given(*EMPTY).when(a_range6(gateway="fd01::1")).refused("gateway-outside-subnet")
    given(*EMPTY).when(a_range6(gateway="fd00::20")).refused("gateway-in-range")


@pytest.mark.parametrize(
    "more",
    [
        a_range6("fd01::10", "fd01::20", gateway="fd01::1", name="more"),
        a_range6("fd00::1000", "fd00::2000", length=48, name="more"),
        a_range6("fd00::1000", "fd00::2000", gateway="fd00::2", name="more"),
        a_range6("fd00::1000", "fd00::2000", mode="SLAAC", name="more"),
    ],
)
def test_ranges_of_one_family_share_subnet_gateway_and_mode(more: c.Command) -> None:
    given(*EMPTY, a_range6()).when(more).refused("cidr-mismatch", naming=[SIX])


def test_the_families_of_an_l3_network_have_nothing_in_common_but_names() -> None:
    case = given(*A_SUBNET).when(a_range6()).then(SIX)
    assert case.topology.state(case.id("l3", "l3"), l3.L3Network).versions == (4, 6)
    low = l3.IpRangeAdded(
        "low", "192.168.0.10", "192.168.0.50", "255.255.255.0", "192.168.0.1", "192.168.0.0/24", 24, ""
    )
    given(*A_SUBNET).when(a_range6(name="low")).refused("name-in-use", naming=[low])


def test_ipv6_ranges_on_one_l2_network_are_disjoint() -> None:
    case = given(*EMPTY, a_range6(), an_l3("other"))
    case.when(a_range6("fd00::ff", "fd00::fff", name="more")).refused("ip-range-overlap", naming=[SIX])
    case.when(a_range6("fd00::2", "fd00::10", l3="other")).refused("ip-range-overlap", naming=[SIX])
    beside = l3.IpRangeAdded("six", "fd00::100", "fd00::fff", "", "fd00::1", "fd00::/64", 64, "Stateful-DHCP")
    case.when(a_range6("fd00::100", "fd00::fff", l3="other")).then(beside)


def test_a_system_network_has_no_ipv6_range() -> None:
    system = l3.Created("l3", "v10", "system", "", 0, "first-available")
    given(*ONE_HOST, a_vlan(), an_l3(category="system")).when(a_range6()).refused("invalid-argument", naming=[system])


@given_values(st.integers(0, 30), st.integers(0, 30), st.sets(st.integers(0, 40)))
def test_what_is_left_between_holes_is_every_number_that_no_hole_has(start: int, size: int, holes: set[int]) -> None:
    whole = range(start, start + size)
    left = list(ip_range.cut(whole, [range(n, n + 2) for n in sorted(holes)]))
    assert [n for part in left for n in part] == [n for n in whole if not {n, n - 1} & holes]
    assert all(left)
    assert all(one.stop < other.start for one, other in pairwise(left))


# by CIDR


def part(name: str, start: str, end: str, gateway: str, cidr: str) -> l3.IpRangeAdded:
    return l3.IpRangeAdded(name, start, end, "", gateway, cidr, int(cidr.split("/")[1]), "Stateful-DHCP")


def test_by_cidr_the_first_ipv6_address_is_the_gateway_and_the_last_is_like_any_other() -> None:
    whole = part("six", "fd00::2", "fd00::ff", "fd00::1", "fd00::/120")
    given(*EMPTY).when(by_cidr("fd00::77/120")).then(whole)
    given(*EMPTY).when(by_cidr("fd00::/120", gateway="fd00::1")).then(whole)


def test_by_cidr_an_ipv6_gateway_at_the_end_leaves_one_range() -> None:
    fact = part("six", "fd00::1", "fd00::fe", "fd00::ff", "fd00::/120")
    given(*EMPTY).when(by_cidr("fd00::/120", gateway="fd00::ff")).then(fact)


def test_by_cidr_an_ipv6_gateway_in_the_middle_makes_two_ranges() -> None:
    parts = (
        part("six", "fd00::1", "fd00::ffff", "fd00::1:0", "fd00::/64"),
        part("six-2", "fd00::1:1", "fd00::ffff:ffff:ffff:ffff", "fd00::1:0", "fd00::/64"),
    )
    given(*EMPTY).when(by_cidr("fd00::/64", gateway="fd00::1:0")).then(*parts)


def test_by_cidr_a_gateway_of_the_other_family_or_subnet_is_refused() -> None:
    given(*EMPTY).when(by_cidr("fd00::/64", gateway="10.0.0.1")).refused("gateway-outside-subnet")
    given(*EMPTY).when(by_cidr("fd00::/64", gateway="fd00::")).refused("gateway-outside-subnet")
    given(*EMPTY).when(a_cidr("10.0.0.0/24", gateway="fd00::1")).refused("gateway-outside-subnet")


def test_by_cidr_a_mode_is_kept() -> None:
    fact = l3.IpRangeAdded("six", "fd00::2", "fd00::ffff:ffff:ffff:ffff", "", "fd00::1", "fd00::/64", 64, "SLAAC")
    given(*EMPTY).when(by_cidr("fd00::/64", mode="SLAAC")).then(fact)


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "::/0"])
def test_by_cidr_everywhere_is_no_subnet(cidr: str) -> None:
    given(*EMPTY).when(by_cidr(cidr)).refused("invalid-argument")


def test_a_range_rests_on_what_every_network_beside_it_says_of_its_own() -> None:
    case = given(*A_SUBNET, an_l3("m3"))
    outcome = case.when(a_range("10.0.0.10", "10.0.0.20", l3="m3", gateway="10.0.0.1")).outcome
    assert outcome
    assert {case.id("l3", "l3"), case.id("l3", "m3")} <= outcome.premise.read
    assert case.id("l2", "v10") in outcome.premise.asked


def test_ipv6_is_only_where_its_packets_fit() -> None:
    """RFC 8200, section 5."""
    narrow = l3.Created("l3", "v10", "private", "", 1279, "first-available")
    case = given(*ONE_HOST, a_vlan(), an_l3(mtu=1279))
    case.when(a_range6()).refused("invalid-argument", naming=[narrow])
    case.do(c.UpdateL3Network(l3="l3", mtu=1280)).when(a_range6()).then(SIX)
    case.when(c.UpdateL3Network(l3="l3", mtu=1279)).refused("conflict", naming=[SIX])
    case.when(c.UpdateL3Network(l3="l3", mtu=0)).then(l3.Updated("l3", "private", "", 0, "first-available"))
