"""A packet's fate, and the rule that decided it."""

from __future__ import annotations

import pytest
from hypothesis import given as property_of

from projections.filters import Filters, Group, GuardedNic
from projections.service_entries import Filter
from projections.verdict import ADVERT, ROUTER_ADVERT, SOLICIT, Judge, Probe, verdict
from tests.filter_strategies import filters, probes


A = GuardedNic("nic1", "br0", "02:00:00:00:00:01", ("10.0.0.1", "fd00::1"), ("web", "base"), egress_closed=False)
B = GuardedNic("nic2", "br0", "02:00:00:00:00:02", ("10.0.0.2",), ("out",), egress_closed=True)
WEB = Group("web", "br0", (Filter("ingress", "TCP", "80-90", "10.0.0.0/8", ""),), ())
BASE = Group(
    "base", "br0", (Filter("ingress", "ALL", "", "", "base"), Filter("ingress", "ICMP", "", "", "")), ("10.0.0.3",)
)
OUT = Group("out", "br0", (Filter("egress", "UDP", "53-53", "", "base"),), ())
FILTERS = Filters((A, B), (WEB, BASE, OUT))


def to_a(protocol: str, **fields: object) -> Probe:
    plain = {"source": "nic9", "target": "nic1", "src": "10.0.0.9", "dst": "10.0.0.1", "protocol": protocol}
    return Probe(**{**plain, **fields})  # type: ignore[arg-type] # what is no field is refused at run time


def from_b(protocol: str, **fields: object) -> Probe:
    plain = {"source": "nic2", "target": "nic9", "src": "10.0.0.2", "dst": "10.0.0.9", "protocol": protocol}
    return Probe(**{**plain, **fields})  # type: ignore[arg-type] # as above


@pytest.mark.parametrize(
    ("probe", "allowed", "why"),
    [
        (to_a("TCP", target="nic8"), True, "no group"),
        (to_a("TCP", port=80), True, "group web: ingress TCP 80-90 10.0.0.0/8"),
        (to_a("TCP", port=90), True, "group web: ingress TCP 80-90 10.0.0.0/8"),
        (to_a("TCP", port=91), False, "nic1: ingress is closed"),
        (to_a("TCP", port=91, established=True), True, "nic1: established"),
        (to_a("UDP", port=80), False, "nic1: ingress is closed"),
        (to_a("TCP", port=80, src="192.168.0.1"), False, "nic1: ingress is closed"),
        (to_a("UDP", port=7, src="10.0.0.3"), True, "group base: ingress ALL members of base"),
        (to_a("ICMP", type=8, src="192.168.0.1"), True, "group base: ingress ICMP anybody"),
        (to_a("ARP"), True, "nic1: ARP"),
        (to_a("UDP", source_port=67, port=68), True, "nic1: DHCP"),
        (to_a("ICMP", type=ROUTER_ADVERT, src="fe80::9", dst="ff02::1"), True, "nic1: neighbour discovery"),
        (from_b("UDP", port=53, dst="10.0.0.3"), True, "group out: egress UDP 53-53 members of base"),
        (from_b("UDP", port=53), False, "nic2: egress is closed"),
        (from_b("UDP", port=53, established=True), True, "nic2: established"),
        (from_b("UDP", port=53, target="nic1", dst="10.0.0.3", src="10.0.0.1"), False, "nic2: not its address"),
        (from_b("UDP", mac="02:00:00:00:00:07"), False, "nic2: not its MAC address"),
        (from_b("UDP", src="0.0.0.0", source_port=68, port=67), False, "nic2: no source address"),  # noqa: S104
        (from_b("UDP", src="0.0.0.0", dst="255.255.255.255", source_port=68, port=67), True, "nic2: DHCP"),  # noqa: S104
        (from_b("UDP", source_port=67, port=68), False, "nic2: a DHCP server's message"),
        (from_b("ICMP", type=ROUTER_ADVERT, src="fe80::ff:fe00:2", dst="ff02::1"), False, "nic2: a router's message"),
        (from_b("ICMP", type=SOLICIT, src="::", dst="ff02::1"), True, "nic2: neighbour discovery"),
        (
            from_b("ICMP", type=ADVERT, src="fe80::ff:fe00:2", dst="ff02::1", about="fd00::1"),
            False,
            "nic2: not its address to advertise",
        ),
        (from_b("ARP", established=True, src="10.0.0.1"), False, "nic2: not its address"),
    ],
)
def test_the_first_rule_that_is_about_a_packet_decides(probe: Probe, allowed: bool, why: str) -> None:  # noqa: FBT001
    found = verdict(FILTERS, probe)

    assert (found.allowed, found.why) == (allowed, why)


def test_what_one_nic_may_send_the_other_must_let_in() -> None:
    assert verdict(FILTERS, from_b("UDP", port=53, target="nic1", dst="10.0.0.3")).why == "nic1: ingress is closed"


@property_of(filters(), probes())
def test_being_established_never_closes_what_was_open(wanted: Filters, probe: Probe) -> None:
    judge = Judge(wanted)
    established = Probe(**{name: getattr(probe, name) for name in probe.__struct_fields__} | {"established": True})

    assert judge.verdict(established).allowed >= judge.verdict(probe).allowed
