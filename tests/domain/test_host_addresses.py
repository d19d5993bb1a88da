"""A host's addresses are its own: none that has a meaning of its own, and none that stands for a whole network."""

from __future__ import annotations

import pytest

from domain import host, pool
from tests.builders import ONE_HOST, a_cluster, a_host, a_pool, a_zone, attach_pool
from tests.given import given


IMPOSSIBLE = ["0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1", "169.254.1.1", "240.0.0.1"]  # noqa: S104


@pytest.mark.parametrize("address", IMPOSSIBLE)
def test_a_host_has_no_address_with_a_meaning_of_its_own(address: str) -> None:
    case = given(*ONE_HOST)
    assert address in case.when(a_host("h2", address=address)).refused("invalid-argument")
    case.when(a_host("h2", vtep=address)).refused("invalid-argument")


@pytest.mark.parametrize(("vtep", "what"), [("10.0.0.0", "network"), ("10.0.0.255", "broadcast")])
def test_no_tunnel_starts_at_an_address_of_a_whole_network(vtep: str, what: str) -> None:
    members = (a_zone(), a_cluster(), a_host(vtep=vtep), a_pool())
    told = (
        given(*members)
        .when(attach_pool())
        .refused("invalid-argument", naming=[host.Added("h1", "c1", ("eth0", "eth1"), "", vtep)])
    )
    assert f"the {what} address of 10.0.0.0/24" in told
    later = given(*ONE_HOST, a_pool(), attach_pool()).when(a_host("h2", vtep=vtep))
    later.refused("invalid-argument", naming=[pool.AttachedToCluster("c1", "10.0.0.0/24")])
    given(*ONE_HOST, a_pool(), attach_pool()).do(a_host("h2", vtep=vtep, address="10.0.0.9"))


def test_a_network_of_two_addresses_has_hosts_at_both() -> None:
    given(a_zone(), a_cluster(), a_host(vtep="10.0.0.0"), a_host("h2", vtep="10.0.0.1"), a_pool()).do(
        attach_pool(cidr="10.0.0.0/31")
    )
