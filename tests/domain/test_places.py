"""Zones, clusters and hosts."""

from __future__ import annotations

import pytest

from domain import cluster, commands, host, l2, pool, zone
from tests.builders import (
    ONE_HOST,
    a_cluster,
    a_host,
    a_host_state,
    a_no_vlan,
    a_pool,
    a_zone,
    attach,
    attach_pool,
    detach,
)
from tests.given import given


H1 = host.Added("h1", "c1", ("eth0", "eth1"), "", "10.0.0.1")
UUID = "0196f0a0-0000-7000-8000-000000000001"


def test_a_zone_has_a_name_of_its_own() -> None:
    given().when(a_zone("z")).then(zone.Created("z"), taking=["name/zone/z"])


def test_a_second_zone_of_that_name_is_refused() -> None:
    given(a_zone()).when(a_zone()).refused("name-in-use", naming=[zone.Created("z")])


@pytest.mark.parametrize("name", ["", " z", "z ", "a\nb", "a\x00", "z" * 256, "\u202e"])
def test_a_name_is_printable_and_of_some_length(name: str) -> None:
    given().when(a_zone(name)).refused("invalid-argument")


def test_a_zone_may_be_given_its_uuid() -> None:
    case = given().when(commands.CreateZone(name="z", uuid=UUID.upper())).then(zone.Created("z"))
    assert case.id("zone", "z") == UUID


def test_a_uuid_that_was_ever_used_is_refused() -> None:
    command = commands.CreateZone(name="y", uuid=UUID)
    given(commands.CreateZone(name="z", uuid=UUID)).when(command).refused("name-in-use", naming=[zone.Created("z")])


def test_what_is_no_uuid_is_refused() -> None:
    given().when(commands.CreateZone(name="z", uuid="seven")).refused("invalid-argument")


def test_a_cluster_lives_in_a_zone_and_runs_kvm_by_default() -> None:
    given(a_zone()).when(a_cluster()).then(cluster.Created("c1", "z", "KVM"), taking=["name/cluster/c1"])


def test_a_zone_may_be_named_by_its_uuid() -> None:
    case = given(a_zone())
    case.when(a_cluster(zone=case.id("zone", "z"))).then(cluster.Created("c1", "z", "KVM"))


def test_a_cluster_needs_a_zone_that_is_there() -> None:
    given().when(a_cluster()).refused("unknown-object")


def test_a_uuid_of_another_kind_names_nothing() -> None:
    case = given(a_zone(), a_cluster())
    case.when(a_host(cluster=case.id("zone", "z"))).refused("unknown-object")


def test_a_second_cluster_of_that_name_is_refused() -> None:
    given(a_zone(), a_cluster()).when(a_cluster()).refused("name-in-use", naming=[cluster.Created("c1", "z", "KVM")])


def test_a_zone_and_a_cluster_may_share_a_name() -> None:
    given(a_zone()).when(a_cluster("z")).then(cluster.Created("z", "z", "KVM"))


def test_a_host_joins_a_cluster_with_its_interfaces() -> None:
    command = a_host(interfaces=("eth1", "eth0"), address="10.0.0.1", vtep="10.1.0.1")
    fact = host.Added("h1", "c1", ("eth1", "eth0"), "10.0.0.1", "10.1.0.1")
    addresses = ["host-address/z/10.0.0.1", "host-address/z/10.1.0.1"]
    given(a_zone(), a_cluster()).when(command).then(fact, taking=["name/host/h1", *addresses])


def test_a_host_may_use_one_address_for_both() -> None:
    command = a_host(address="10.0.0.1", vtep="10.0.0.1")
    fact = host.Added("h1", "c1", ("eth0", "eth1"), "10.0.0.1", "10.0.0.1")
    given(a_zone(), a_cluster()).when(command).then(fact, taking=["name/host/h1", "host-address/z/10.0.0.1"])


def test_two_hosts_never_share_an_address() -> None:
    case = given(a_zone(), a_cluster(), a_host(vtep="10.0.0.1"))
    first = host.Added("h1", "c1", ("eth0", "eth1"), "", "10.0.0.1")
    case.when(a_host("h2", address="10.0.0.1")).refused("ip-in-use", naming=[first])


def test_a_host_names_each_interface_once() -> None:
    command = a_host(interfaces=("eth0", "eth0"))
    given(a_zone(), a_cluster()).when(command).refused("invalid-argument")


def test_a_host_needs_a_cluster_that_is_there() -> None:
    given(a_zone()).when(a_host()).refused("unknown-object")


def test_a_second_host_of_that_name_is_refused() -> None:
    given(*ONE_HOST).when(a_host()).refused("name-in-use", naming=[H1])


@pytest.mark.parametrize("interface", ["", "eth 0", "eth/0", "eth:0", ".", "..", "sixteen-bytes-xx", "é" * 8])
def test_an_interface_has_a_name_that_the_kernel_takes(interface: str) -> None:
    given(a_zone(), a_cluster()).when(a_host(interfaces=(interface,))).refused("invalid-argument")


def test_a_host_has_at_least_one_interface() -> None:
    given(a_zone(), a_cluster()).when(a_host(interfaces=())).refused("invalid-argument")


@pytest.mark.parametrize("address", ["10.0.0", "10.0.0.256", "::1", "host", "10.0.0.1/24"])
def test_a_hosts_addresses_are_ipv4(address: str) -> None:
    given(a_zone(), a_cluster()).when(a_host(address=address)).refused("invalid-argument")
    given(a_zone(), a_cluster()).when(a_host(vtep=address)).refused("invalid-argument")


def test_a_host_that_lacks_the_interface_of_an_attached_network_may_not_join() -> None:
    case = given(*ONE_HOST, a_no_vlan(interface="eth1"), attach("plain"))
    case.when(a_host("h9", interfaces=("eth0",))).refused(
        "physical-interface-missing", naming=[l2.AttachedToCluster("c1")]
    )


def test_a_host_that_lacks_the_interface_of_an_attached_pool_may_not_join() -> None:
    case = given(*ONE_HOST, a_pool(interface="eth1"), attach_pool())
    case.when(a_host("h9", interfaces=("eth0",), vtep="10.0.0.9")).refused(
        "physical-interface-missing", naming=[pool.AttachedToCluster("c1", "10.0.0.0/24")]
    )


def test_a_host_without_an_address_in_the_vtep_network_may_not_join() -> None:
    case = given(*ONE_HOST, a_pool(), attach_pool())
    case.when(a_host("h9", vtep="10.9.0.9")).refused(
        "vtep-missing", naming=[pool.AttachedToCluster("c1", "10.0.0.0/24")]
    )


def test_a_hosts_management_address_may_serve_as_its_vtep() -> None:
    command = a_host("h9", vtep="10.9.0.9", address="10.0.0.9")
    fact = host.Added("h9", "c1", ("eth0", "eth1"), "10.0.0.9", "10.9.0.9")
    given(*ONE_HOST, a_pool(), attach_pool()).when(command).then(fact)


def test_after_the_detach_a_host_needs_the_interface_no_more() -> None:
    case = given(*ONE_HOST, a_no_vlan(interface="eth1"), attach("plain"), detach("plain"))
    case.when(a_host("h9", interfaces=("eth0",))).then(host.Added("h9", "c1", ("eth0",), "", ""))


@pytest.mark.parametrize("state", ["disabled", "maintenance"])
def test_a_host_is_taken_out_of_service(state: host.Condition) -> None:
    given(*ONE_HOST).when(a_host_state(state)).then(host.StateChanged(state), taking=[])


def test_a_host_that_is_in_that_state_stays_in_it() -> None:
    given(*ONE_HOST).when(a_host_state("enabled")).refused("wrong-state", naming=[H1])


def test_the_fact_that_put_a_host_into_its_state_is_named() -> None:
    case = given(*ONE_HOST, a_host_state("disabled"), a_host_state("enabled"), a_host_state("disabled"))
    case.when(a_host_state("disabled")).refused("wrong-state", naming=[host.StateChanged("disabled")])
    assert case.when(a_host_state("disabled")).refusal.conflicts == (case.network.position(),)  # type: ignore[union-attr] # there is a refusal, or this fails


def test_a_host_state_is_one_of_three() -> None:
    given(*ONE_HOST).when(a_host_state("asleep")).refused("invalid-argument")


def test_a_state_needs_a_host_that_is_there() -> None:
    given().when(a_host_state("disabled")).refused("unknown-object")
