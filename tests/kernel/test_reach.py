"""Frames go where the broadcast domains say, and nowhere else."""

from collections.abc import Iterator

import pytest

from domain.commands import Command
from tests import builders
from tests.kernel.fabric import Story, islands_in, islands_meant, neighbours, story


NETWORKS: dict[str, tuple[Command, ...]] = {
    "untagged": (builders.a_no_vlan("a", interface="eth0"), builders.a_no_vlan("b", interface="eth1")),
    "tagged": (builders.a_vlan("a", vlan=10), builders.a_vlan("b", vlan=20)),
    "tunnelled": (
        *(builders.a_pool(), builders.a_vni_range(), builders.attach_pool("c1"), builders.attach_pool("c2")),
        *(builders.a_vxlan("xa"), builders.a_vxlan("xb")),
    ),
}


@pytest.fixture
def three_hosts() -> Iterator[Story]:
    with story() as told:
        yield told


@pytest.mark.parametrize(
    ("kind", "names", "detached"),
    [
        pytest.param("untagged", ("a", "b"), "a", marks=pytest.mark.kernel("bridge", "veth")),
        pytest.param("tagged", ("a", "b"), "a", marks=pytest.mark.kernel("bridge", "veth", "vlan")),
        pytest.param("tunnelled", ("xa", "xb"), "pool", marks=pytest.mark.kernel("bridge", "veth", "vxlan")),
    ],
)
def test_an_arp_request_reaches_exactly_the_nics_of_its_broadcast_domain(
    three_hosts: Story, kind: str, names: tuple[str, ...], detached: str
) -> None:
    three_hosts.add_networks(*NETWORKS[kind], names=names)
    assert_frames_agree(three_hosts)

    three_hosts.tell(builders.detach(detached, "c2"))
    assert_frames_agree(three_hosts)


@pytest.mark.kernel("bridge", "veth", "vxlan")
def test_a_tunnel_and_the_untagged_network_that_takes_its_address_work_together(three_hosts: Story) -> None:
    three_hosts.add_networks(*NETWORKS["untagged"], *NETWORKS["tunnelled"], names=("a", "b", "xa", "xb"))

    assert_frames_agree(three_hosts)


def assert_frames_agree(told: Story) -> None:
    looks = told.realize()
    expected = neighbours(told.topology())
    assert any(expected.values())
    assert told.hears(expected) == expected
    assert islands_in(looks) == islands_meant(told.topology())
