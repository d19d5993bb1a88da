"""Kernels and the simulator agree on random histories, and a difference between them does not go unnoticed."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import settings
from immutables import Map

from backends.kvm import nft
from backends.kvm.lab import octets
from domain import commands as c
from projections.found import Found, Inside, Link, Room
from projections.verdict import Probe, Protocol
from rewire import change_file
from tests.builders import a_no_vlan, attach
from tests.conformance import answers, campaign, comparison, drawing, roads, shortening
from tests.conformance.laboratory import laboratory
from tests.conformance.trial import Trial
from tests.given import Case
from tests.kernel import packets


COUNT = max(4, min(50, settings().max_examples // 4))
"""50 in continuous integration."""


@pytest.mark.kernel("bridge", "dnsmasq", "nftables", "veth", "vxlan")
def test_random_histories_are_the_same_on_kernels_and_in_the_simulator() -> None:
    result = campaign.run(COUNT, 1, print)

    assert not result.disagreements, "\n".join(map(campaign.told, result.disagreements))
    assert result.histories == COUNT
    assert result.steps >= 20 * COUNT
    assert result.frames > result.steps


def test_what_differs_is_named_and_an_mtu_that_is_left_to_the_kernel_is_none() -> None:
    bridge = Link("br0", "bridge", ours=True)
    real = Found(links=links(Link("br0", "bridge", ours=True, mtu=1500), Link("eth0", "other", up=False)))
    simulated = Found(links=links(bridge, Link("eth0", "other")))

    (told,) = comparison.differences("h1", real, simulated)

    assert told.startswith("h1: links eth0: kernel")


BENT = {
    "flush chain inet rewire leave": ("10.2.0.3 to 198.51.100.7", "1 times on kernels, 0"),
    "flush chain inet rewire aim": ("10.9.0.", "0 times on kernels, 1"),
    "add rule inet rewire through drop; insert rule inet rewire through accept": ("hears", "1 times on kernels, 0"),
}
"""What is done to a router behind everybody's back, and what is heard otherwise then."""


@pytest.mark.kernel("bridge", "dnsmasq", "nftables", "veth", "vxlan")
def test_what_a_router_does_otherwise_than_its_rules_say_is_told() -> None:
    topology = Case(1).do(*drawing.ROUTED).topology
    with laboratory() as place:
        trial = Trial(place, patience_s=1.0)
        assert trial.differences(topology) == []
        for bent, words in BENT.items():
            for room in place.routers():
                nft.load(room, f"{bent}\n".replace("; ", "\n"), "bending")
            assert any(all(word in line for word in words) for line in trial.listen(topology)), bent
        assert trial.end() == []


def test_where_a_packet_leaves_a_router_is_asked_of_the_routes_that_are_there() -> None:
    room = Room(
        legs=Map({"in": Inside("m1", addresses=("10.2.0.1/28",)), "out": Inside("m2", addresses=("10.9.0.2/28",))}),
        routes=frozenset({("0.0.0.0/0", "10.9.0.1")}),
        ways=frozenset({(300, "10.8.0.0/28", "dmz", ""), (300, "0.0.0.0/0", "dmz", "10.8.0.1")}),
    )

    assert roads.looked_up(room, 0, "10.2.0.9") == ("in", "10.2.0.9")
    assert roads.looked_up(room, 0, "198.51.100.7") == ("out", "10.9.0.1")
    assert roads.looked_up(room, 300, "10.8.0.5") == ("dmz", "10.8.0.5")
    assert roads.looked_up(room, 300, "198.51.100.7") == ("dmz", "10.8.0.1")
    assert roads.looked_up(room, 0, "fd00::7") is None


@pytest.mark.parametrize("src", ["10.2.0.3", "fd00::3"])
@pytest.mark.parametrize("protocol", ["TCP", "UDP", "ICMP"])
def test_a_packet_is_known_again_by_its_ends_and_its_mark(src: str, protocol: Protocol) -> None:
    kind = (128 if ":" in src else 8) if protocol == "ICMP" else 0
    probe = Probe(src=src, dst=src[:-1] + "7", protocol=protocol, source_port=20_000, port=80, type=kind)
    frame = octets("fa:00:00:00:00:07") + packets.frame(probe, "fa:00:00:00:00:03", 5)[6:]

    assert answers.routed(probe, 5) in answers.keys(frame, octets("fa:00:00:00:00:07"), b"")
    assert answers.routed(probe, 5) not in answers.keys(frame, octets("fa:00:00:00:00:08"), b"")


@pytest.mark.parametrize("number", [campaign.MESHED_EVERY, campaign.MESHED_EVERY + 1])
def test_the_same_seed_draws_the_same_histories_and_they_are_unlike_each_other(number: int) -> None:
    drawn = campaign.draw(campaign.LOT, number)

    assert drawn == campaign.draw(campaign.LOT, number)
    for one, other in combinations(drawn, 2):
        alike = sum(a == b for a, b in zip(one.commands, other.commands, strict=False))
        assert alike < drawing.STEPS / 2


def links(*every: Link) -> Map[str, Link]:
    return Map({link.name: link for link in every})


def test_the_smallest_history_is_what_a_disagreement_needs_and_can_be_applied() -> None:
    needed = [a_no_vlan("plain", interface="eth1"), attach("plain", "c2")]
    whole = (*drawing.FURNISHED, c.StopVm(vm="a"), c.DestroyVm(vm="b"))

    found = shortening.smallest(whole, lambda some: all(command in some for command in needed))

    assert list(found) == needed
    steps = change_file.parse(campaign.change_file(found).encode(), "smallest.yaml")
    assert tuple(step.command for step in steps) == found
