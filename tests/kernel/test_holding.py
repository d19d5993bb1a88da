"""What somebody else has on a link of ours keeps that on the host: a kernel would delete it along, and asks nobody."""

from __future__ import annotations

import pytest

from backends.kvm.host import Host
from tests.kernel.fabric import ip, one_host, plan_of, shown, tagged, tunnelled, untagged


pytestmark = pytest.mark.kernel("bridge", "tap", "veth", "vxlan", "macvlan")

THEIRS = (
    "link add mine1 link br_eth0 type macvlan",
    "link add mine2 type vxlan id 77 dstport 4789 dev br_eth0",
    "addr add 10.44.0.1/24 dev mine1",
    "addr add 10.45.0.1/24 dev mine2",
    "addr add 10.46.0.1/24 dev br_vx_9",
)


def theirs(path: str) -> list[list[str]]:
    return [shown(path, f"addr show {name}") for name in ("mine1", "mine2")]


def test_a_bridge_stays_while_somebody_elses_devices_stand_on_it_or_it_has_an_address_of_somebody() -> None:
    with one_host() as path, Host(path) as host:
        before = host.look()
        host.realize(plan_of(untagged(), tunnelled()))
        for line in THEIRS:
            ip(path, line)
        there = theirs(path)

        told = host.delete("h")
        assert {(obstacle.name, obstacle.why, obstacle.foreign) for obstacle in told.obstacles} == {
            ("br_eth0", "br_eth0 can't go: mine1 stands on it, which Rewire did not do", True),
            ("br_eth0", "br_eth0 can't go: mine2 stands on it, which Rewire did not do", True),
            ("br_vx_9", "br_vx_9 can't go: it has the address 10.46.0.1/24, which Rewire did not do", True),
        }
        assert theirs(path) == there
        assert host.delete("h").operations == ()

        ip(path, "link del mine1")
        ip(path, "link del mine2")
        ip(path, "addr del 10.46.0.1/24 dev br_vx_9")
        assert not host.delete("h").obstacles
        assert host.look() == before


@pytest.mark.kernel("vlan")
def test_a_vlan_device_that_somebody_elses_stands_on_is_taken_off_its_bridge_and_stays() -> None:
    with one_host() as path, Host(path) as host:
        host.realize(tagged())
        ip(path, "link add mine1 link eth0.10 type vlan id 20")

        told = host.delete("h")
        assert [obstacle.name for obstacle in told.obstacles] == ["eth0.10"]
        assert {link.name for link in host.look().links.values() if link.ours} == {"eth0.10"}
        assert host.look().links["eth0.10"].bridge == ""

        ip(path, "link del mine1")
        host.delete("h")
        assert not [link for link in host.look().links.values() if link.ours]
