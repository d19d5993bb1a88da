"""Frames as long as an L3 network asks for get through, whichever way its MTU went."""

from __future__ import annotations

import time

import pytest

from domain import commands
from tests import builders
from tests.kernel.fabric import Story, guests_of, ip, story
from tests.kernel.frames import Device


pytestmark = pytest.mark.kernel("bridge", "veth")
SENDER = b"\2\0\0\0\0\1"
PATIENCE_S = 10.0
SLACK = 5
"""A kernel lets four bytes more through everywhere: a tag may be among them."""


TAGGED = [pytest.mark.kernel("vlan"), pytest.mark.slow_in_machine]


@pytest.mark.parametrize(
    ("network", "name", "wide", "narrow"),
    [
        pytest.param((builders.a_no_vlan("a"),), "a", 1600, 1400, id="untagged"),
        pytest.param((builders.a_vlan("a"),), "a", 1596, 1400, id="tagged", marks=TAGGED),
        pytest.param(
            (
                builders.a_pool(),
                builders.a_vni_range(),
                *map(builders.attach_pool, ("c1", "c2")),
                builders.a_vxlan("xa"),
            ),
            "xa",
            1550,
            1300,
            id="tunnelled",
            marks=pytest.mark.kernel("vxlan"),
        ),
    ],
)
def test_frames_of_the_mtu_get_through_after_it_was_raised_and_lowered(
    network: tuple[commands.Command, ...], name: str, wide: int, narrow: int
) -> None:
    with story() as told:
        told.add_networks(*network, names=(name,))
        for mtu in (wide, narrow, wide):
            told.tell(commands.UpdateL3Network(l3=f"l3-{name}", mtu=mtu))
            looks = told.realize()
            ports = {link.mtu for look in looks.values() for link in look.links.values() if link.kind == "port"}
            assert ports == {mtu}
            widen_guests(told)
            assert longest(told, (narrow, narrow + SLACK, wide, wide + SLACK)) == mtu


def widen_guests(told: Story) -> None:
    """A guest's own end is the guest's to set: by DHCP, say."""
    for guest in guests_of(told.topology()):
        ip(told.lab.path(guest.host), f"link set {guest.device} mtu 1700")


def longest(told: Story, lengths: tuple[int, ...]) -> int:
    """Give the length of the longest frame of some that one host's guest hears of another's."""
    ears = {guest.host: Device(told.lab.path(guest.host), guest.device) for guest in guests_of(told.topology())}
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for length in lengths:
                ears["h1"].send(SENDER, length, length=length)
            heard = [frame.length for frame in ears["h2"].hear() if frame.sender == SENDER]
            if heard or time.monotonic() > deadline:
                return max(heard, default=0)
    finally:
        for ear in ears.values():
            ear.close()
