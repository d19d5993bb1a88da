"""What filters let through and what they don't, judged by frames on a real bridge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given as property_of
from hypothesis import settings
from hypothesis import strategies as st

from projections.filters import Filters, Group, GuardedNic
from projections.service_entries import Filter
from projections.verdict import ADVERT, REDIRECT, ROUTER_ADVERT, ROUTER_SOLICIT, SOLICIT, Probe, verdict
from tests.filter_strategies import ADDRESSES, BRIDGE, DEVICES, LINK_LOCAL, MACS, filters, probes
from tests.kernel.guarded import Wires, wires


pytestmark = pytest.mark.kernel("bridge", "veth", "nftables")

A, B, C = DEVICES
ECHO, ECHO6 = 8, 128
AMONG = Filter("ingress", "ALL", "", "", "g")


@pytest.fixture(scope="module")
def host() -> Iterator[Wires]:
    with wires() as made:
        yield made


def in_groups(number: int, *groups: str, egress_closed: bool = False) -> GuardedNic:
    own = tuple(filter(None, ADDRESSES[number]))
    return GuardedNic(DEVICES[number], BRIDGE, MACS[number], own, groups, egress_closed)


def only(nic: GuardedNic, *rules: Filter, members: tuple[str, ...] = ()) -> Filters:
    """Guard one NIC by one group."""
    return Filters((nic,), (Group("g", BRIDGE, (AMONG, *rules), members),), (), (1,))


def sent(number: int, to: int, **fields: object) -> Probe:
    """Give a packet between two NICs, honest where it is not said otherwise."""
    ipv6 = ":" in str(fields.get("src", ""))
    plain = {
        "source": DEVICES[number],
        "target": DEVICES[to],
        "mac": MACS[number],
        "src": ADDRESSES[number][ipv6],
        "dst": ADDRESSES[to][ipv6],
        "source_port": 1024 if "port" in fields else 0,
    }
    return Probe(**{**plain, **fields})  # type: ignore[arg-type] # what is no field is refused at run time


def tcp(number: int, to: int, port: int, **fields: object) -> Probe:
    return sent(number, to, protocol="TCP", port=port, **fields)


def udp(number: int, to: int, source_port: int, port: int, **fields: object) -> Probe:
    return sent(number, to, protocol="UDP", source_port=source_port, port=port, **fields)


def icmp6(number: int, to: int, kind: int, **fields: object) -> Probe:
    return sent(number, to, protocol="ICMP", type=kind, **{"src": LINK_LOCAL[number], "dst": "ff02::1", **fields})


def arp(number: int, to: int, **fields: object) -> Probe:
    return sent(number, to, protocol="ARP", **fields)


def test_between_nics_in_no_group_everything_passes(host: Wires) -> None:
    host.load(only(in_groups(2, "g")))

    assert host.passes(tcp(0, 1, 80))
    assert host.passes(udp(0, 1, 67, 68))
    assert host.passes(tcp(0, 1, 80, src="10.9.9.9"))
    assert host.passes(icmp6(0, 1, ROUTER_ADVERT))


def test_a_nic_in_a_group_without_rules_receives_nothing_but_from_members_and_sends_everything(host: Wires) -> None:
    host.load(only(in_groups(0, "g"), members=(ADDRESSES[0][0], ADDRESSES[2][0], ADDRESSES[2][1])))

    assert not host.passes(tcp(1, 0, 80))
    assert not host.passes(sent(1, 0, protocol="ICMP", type=ECHO))
    assert host.passes(tcp(2, 0, 80))
    assert host.passes(tcp(2, 0, 80, src=ADDRESSES[2][1]))
    assert host.passes(tcp(0, 1, 80))


def test_a_rule_opens_its_ports_to_its_network_and_nothing_beside(host: Wires) -> None:
    host.load(only(in_groups(0, "g"), Filter("ingress", "TCP", "80-90", "10.5.0.0/24", "")))

    assert host.passes(tcp(1, 0, 80))
    assert host.passes(tcp(1, 0, 90))
    assert not host.passes(tcp(1, 0, 79))
    assert not host.passes(tcp(1, 0, 91))
    assert not host.passes(tcp(1, 0, 80, src="10.5.1.2"))
    assert not host.passes(udp(1, 0, 1024, 80))


def test_a_rule_about_a_group_opens_to_its_members(host: Wires) -> None:
    friends = Group("friends", BRIDGE, (), (ADDRESSES[1][0],))
    open_to = only(in_groups(0, "g"), Filter("ingress", "UDP", "53-53", "", "friends"))
    host.load(Filters(open_to.nics, (*open_to.groups, friends)))

    assert host.passes(udp(1, 0, 1024, 53))
    assert not host.passes(udp(1, 0, 1024, 54))
    assert not host.passes(udp(2, 0, 1024, 53))


def test_an_egress_rule_closes_what_it_does_not_let_out(host: Wires) -> None:
    host.load(only(in_groups(0, "g", egress_closed=True), Filter("egress", "TCP", "443-443", "10.5.0.2/32", "")))

    assert host.passes(tcp(0, 1, 443))
    assert not host.passes(tcp(0, 1, 80))
    assert not host.passes(tcp(0, 2, 443))
    assert not host.passes(tcp(0, 2, 443, src=ADDRESSES[0][1], dst=ADDRESSES[2][1]))
    assert host.passes(udp(0, 1, 68, 67, src="0.0.0.0", dst="255.255.255.255"))  # noqa: S104 - a guest without an address
    assert host.passes(icmp6(0, 1, SOLICIT))
    assert host.passes(icmp6(0, 1, ROUTER_SOLICIT))


def test_a_rule_without_a_remote_is_about_both_families(host: Wires) -> None:
    host.load(only(in_groups(0, "g"), Filter("ingress", "ICMP", "", "", "")))

    assert host.passes(sent(1, 0, protocol="ICMP", type=ECHO))
    assert host.passes(sent(2, 0, protocol="ICMP", type=ECHO6, src="fd00::3", dst="fd00::1"))
    assert not host.passes(tcp(2, 0, 80, src="fd00::3", dst="fd00::1"))


def test_a_rule_about_a_network_of_one_family_leaves_the_other_closed(host: Wires) -> None:
    host.load(only(in_groups(0, "g"), Filter("ingress", "TCP", "80-80", "fd00::/64", "")))

    assert host.passes(tcp(2, 0, 80, src="fd00::3", dst="fd00::1"))
    assert not host.passes(tcp(2, 0, 80, src="fd00:1::3", dst="fd00::1"))
    assert not host.passes(tcp(2, 0, 80))


@pytest.mark.parametrize(
    ("lie", "truth"),
    [
        pytest.param(tcp(0, 1, 80, mac=MACS[1]), tcp(0, 1, 80), id="mac"),
        pytest.param(tcp(0, 1, 80, src="10.5.0.2"), tcp(0, 1, 80), id="ip"),
        pytest.param(
            tcp(0, 1, 80, src="fd00::3", dst="fd00::3"), tcp(0, 1, 80, src="fd00::1", dst="fd00::3"), id="ipv6"
        ),
        pytest.param(arp(0, 1, src="10.5.0.2"), arp(0, 1), id="arp-ip"),
        pytest.param(arp(0, 1, mac=MACS[1]), arp(0, 1, src="0.0.0.0"), id="arp-mac"),  # noqa: S104 - a probe of RFC 5227
        pytest.param(udp(0, 1, 67, 68), udp(0, 1, 68, 67), id="dhcp-server"),
        pytest.param(
            udp(0, 1, 547, 546, src=LINK_LOCAL[0], dst="ff02::1"),
            udp(0, 1, 546, 547, src=LINK_LOCAL[0], dst="ff02::1"),
            id="dhcp6-server",
        ),
        pytest.param(icmp6(0, 1, ROUTER_ADVERT), icmp6(0, 1, ROUTER_SOLICIT), id="router"),
        pytest.param(icmp6(0, 1, REDIRECT), icmp6(0, 1, SOLICIT, src="::"), id="redirect"),
        pytest.param(icmp6(0, 1, ADVERT, about="fd00::3"), icmp6(0, 1, ADVERT, about="fd00::1"), id="neighbour"),
    ],
)
def test_a_nic_in_a_group_speaks_only_as_itself(host: Wires, lie: Probe, truth: Probe) -> None:
    host.load(only(in_groups(0, "g")))

    assert host.passes(truth)
    assert not host.passes(lie)


def test_a_nic_in_a_group_hears_what_it_lives_by(host: Wires) -> None:
    host.load(only(in_groups(0, "g", egress_closed=True)))

    assert host.passes(arp(1, 0))
    assert host.passes(udp(1, 0, 67, 68))
    assert host.passes(udp(1, 0, 547, 546, src=LINK_LOCAL[1], dst=LINK_LOCAL[0]))
    assert host.passes(icmp6(1, 0, ROUTER_ADVERT))
    assert host.passes(icmp6(1, 0, ADVERT))
    assert not host.passes(udp(1, 0, 68, 67))


@property_of(filters().filter(lambda wanted: wanted.nics), st.lists(probes(), min_size=10, max_size=20))
@settings(max_examples=40)
def test_a_kernel_does_what_the_verdict_says(host: Wires, wanted: Filters, packets: list[Probe]) -> None:
    host.load(wanted)

    said = [verdict(wanted, packet) for packet in packets]

    assert [host.passes(packet) for packet in packets] == [each.allowed for each in said], said
