"""A uuid stands for one thing, ever: it may be written in any way, and is never used again."""

from __future__ import annotations

import pytest

from domain import claims, cluster, host_network, security_group, zone
from domain import commands as c
from tests.builders import A_SUBNET, a_cidr, a_vlan, an_l3, attach, realized, removed
from tests.given import given
from tests.service_builders import A_FILTER, a_group, a_provider, allow, serve, unserve


UUID = "0196f0a0-0000-7000-8000-0000000000ab"
SPELLINGS = [UUID, UUID.upper(), UUID.replace("-", ""), UUID.replace("-", "").upper()]
RULE = security_group.RuleAdded(UUID, "ingress", "TCP", 0, 0, "", "")
A_ZONE = c.CreateZone(name="z", uuid=UUID)


# spelling


@pytest.mark.parametrize("made", SPELLINGS)
@pytest.mark.parametrize("named", SPELLINGS)
def test_an_object_is_named_by_its_uuid_however_that_is_written(made: str, named: str) -> None:
    case = given(c.CreateZone(name="z", uuid=made))
    case.when(c.CreateCluster(name="c1", zone=named)).then(cluster.Created("c1", "z", "KVM"))
    assert case.topology.find("zone", named) == UUID


@pytest.mark.parametrize("text", [f"{{{UUID}}}", f"urn:uuid:{UUID}", UUID.replace("-", "", 1), UUID[:-1]])
def test_what_is_written_otherwise_is_no_uuid(text: str) -> None:
    case = given()
    case.when(c.CreateZone(name="z", uuid=text)).refused("invalid-argument")
    case.do(A_ZONE).when(c.DeleteZone(zone=text)).refused("unknown-object")


@pytest.mark.parametrize("named", SPELLINGS)
def test_a_rule_is_named_by_its_uuid_however_that_is_written(named: str) -> None:
    case = given(a_group(), allow(uuid=UUID))
    case.when(c.DeleteSecurityGroupRule(group="g", rule=named)).then(security_group.RuleDeleted(UUID))


@pytest.mark.parametrize("named", SPELLINGS)
def test_a_network_that_is_deleted_is_reported_by_its_uuid_however_that_is_written(named: str) -> None:
    made = (*A_SUBNET[:3], a_vlan(uuid=UUID), attach("v10"), realized(), c.DeleteL2Network(l2="v10", mode="enforcing"))
    given(*made).when(removed(named)).then(host_network.Removed("h1", "v10"))


# once


def test_a_uuid_that_an_object_has_is_refused_with_its_creation() -> None:
    case = given(A_ZONE, c.CreateCluster(name="c1", zone="z"))
    told = case.when(c.CreateZone(name="y", uuid=UUID)).refused("name-in-use", naming=[zone.Created("z")])
    assert "zone z" in told


def test_a_uuid_of_what_is_gone_is_refused_with_its_creation_and_its_end() -> None:
    case = given(A_ZONE, c.DeleteZone(zone="z"))
    told = case.when(A_ZONE).refused("name-in-use", naming=[zone.Created("z"), zone.Deleted()])
    assert "there was" in told
    assert "never used again" in told


@pytest.mark.parametrize("again", [allow(protocol="UDP", uuid=UUID), allow(group="other", uuid=UUID), A_ZONE])
def test_a_uuid_of_a_rule_is_refused_for_a_rule_or_an_object(again: c.Command) -> None:
    case = given(a_group(), a_group("other"), allow(uuid=UUID))
    told = case.when(again).refused("name-in-use", naming=[RULE])
    assert "security group g" in told


def test_a_uuid_of_an_object_is_refused_for_a_rule() -> None:
    given(A_ZONE, a_group()).when(allow(uuid=UUID)).refused("name-in-use", naming=[zone.Created("z")])


# twice in one request


def test_one_mac_address_twice_in_a_request_is_told_as_such() -> None:
    other = (a_vlan("w", vlan=11), attach("w"), an_l3("lw", l2="w"), a_cidr("10.0.0.0/24", l3="lw"))
    twin = "52:54:00:00:00:01"
    command = c.CreateVm(name="vm", networks=("l3", "lw"), macs={"l3": twin, "lw": twin.upper()})
    told = given(*A_SUBNET, *other).when(command).refused("mac-in-use")
    assert told == f"{claims.mac(twin).what} stands twice in this request"


def test_one_service_twice_in_a_request_is_told_as_such() -> None:
    case = given(*A_SUBNET, a_provider(), A_FILTER, a_provider("other", "DNS"))
    told = case.when(serve(flat=("DNS",), other=("DNS",))).refused("service-already-provided")
    assert told.startswith("DNS stands twice in this request")
    twice = case.do(serve(flat=("DNS",))).when(unserve(flat=("DNS", "DNS"))).refused("service-missing")
    assert twice.startswith("DNS stands twice in this request")
