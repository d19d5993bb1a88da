"""Kernels and the simulator agree on random histories, and a difference between them does not go unnoticed."""

from __future__ import annotations

import pytest
from hypothesis import settings
from immutables import Map

from domain import commands as c
from projections.found import Found, Link
from rewire import change_file
from tests.builders import a_no_vlan, attach
from tests.conformance import campaign, comparison, drawing, shortening


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


def links(*every: Link) -> Map[str, Link]:
    return Map({link.name: link for link in every})


def test_the_smallest_history_is_what_a_disagreement_needs_and_can_be_applied() -> None:
    needed = [a_no_vlan("plain", interface="eth1"), attach("plain", "c2")]
    whole = (*drawing.FURNISHED, c.StopVm(vm="a"), c.DestroyVm(vm="b"))

    found = shortening.smallest(whole, lambda some: all(command in some for command in needed))

    assert list(found) == needed
    steps = change_file.parse(campaign.change_file(found).encode(), "smallest.yaml")
    assert tuple(step.command for step in steps) == found
