"""Providers are made of an installed type, and join the L2 networks that they can serve."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain import commands as c
from domain import l2, l3, provider
from tests.builders import (
    A_SUBNET,
    ONE_HOST,
    a_cidr,
    a_no_vlan,
    a_pool,
    a_vlan,
    a_vm,
    a_vni_range,
    a_vxlan,
    an_l3,
    attach,
)
from tests.given import Case, given
from tests.service_builders import (
    A_PUBLIC_SUBNET,
    A_ROUTER,
    A_WAY_OUT,
    PROVIDERS,
    ROUTED,
    a_provider,
    a_router_nic,
    a_rule,
    a_vip,
    an_eip,
    attach_eip,
    hand_over,
    serve,
    unserve,
)


FLAT = provider.Created("flat", "Flat", ("DHCP", "DNS", "EIP"), (), "hosts", (), "")
VR = provider.Created(
    "vr",
    "VirtualRouter",
    ("DHCP", "DNS", "SNAT", "EIP", "PortForwarding"),
    ("L2NoVlanNetwork", "L2VlanNetwork", "L2VxlanNetwork"),
    "router",
    (("PortForwarding", "SNAT"), ("EIP", "SNAT")),
    "",
)
ON_V10 = provider.AttachedToL2("v10")


def to_l2(provider: str = "flat", l2: str = "v10") -> c.AttachNetworkServiceProviderToL2Network:
    return c.AttachNetworkServiceProviderToL2Network(provider=provider, l2=l2)


def from_l2(provider: str = "flat", l2: str = "v10") -> c.DetachNetworkServiceProviderFromL2Network:
    return c.DetachNetworkServiceProviderFromL2Network(provider=provider, l2=l2)


def test_a_provider_says_what_its_type_allows() -> None:
    given().when(A_ROUTER).then(VR, taking=["name/provider/vr"])
    given().when(a_provider()).then(FLAT)


def test_a_provider_offers_only_what_its_type_knows() -> None:
    given().when(a_provider("flat", "DHCP", "SNAT")).refused("service-not-supported")


def test_a_provider_offers_something() -> None:
    given().when(c.CreateNetworkServiceProvider(name="p", type="Flat", services=())).refused("invalid-argument")


def test_a_provider_type_is_installed() -> None:
    told = given().when(a_provider("f5", "LoadBalancer", kind="F5")).refused("invalid-argument")
    assert "Flat, SecurityGroup, VirtualRouter" in told


def test_a_providers_name_is_its_own() -> None:
    given(a_provider()).when(a_provider()).refused("name-in-use", naming=[FLAT])


# joining L2 networks


def test_a_new_l2_network_is_joined_by_every_provider_that_can_serve_it() -> None:
    case = given(*ONE_HOST, a_provider(), A_ROUTER)
    result = case.when(a_vlan())
    result.then(
        l2.Created(
            "v10", "", "z", "eth0", "L2VlanNetwork", 10, "", "br_eth0_10", "eth0.10", "attach", "", "vlan", "eth0/10"
        ),
        ON_V10,
        ON_V10,
    )
    born = result.recorded[0]
    assert [r.cause for r in result.recorded if r.fact.tag().endswith("attached-to-l2")] == [born.reference] * 2


def test_a_new_provider_joins_every_l2_network_that_it_can_serve() -> None:
    given(*ONE_HOST, a_vlan(), a_no_vlan()).when(a_provider()).then(FLAT, ON_V10, provider.AttachedToL2("plain"))


def test_a_vxlan_network_is_joined_like_any_other_and_its_pool_is_not() -> None:
    case = given(*ONE_HOST, a_pool(), a_vni_range(), A_ROUTER, a_vxlan())
    assert [case.topology.name(n) for n in case.topology.state(case.id("provider", "vr"), provider.Provider).l2s] == [
        "x"
    ]


def test_a_type_joins_only_l2_types_that_it_supports() -> None:
    gre = c.CreateL2OvsGreNetwork(name="gre", zone="z", physical_interface="eth0", key=7)
    case = given(*ONE_HOST, A_ROUTER, a_provider(), gre)
    assert case.topology.state(case.id("provider", "vr"), provider.Provider).l2s == ()
    assert case.topology.state(case.id("provider", "flat"), provider.Provider).l2s == (case.id("l2", "gre"),)
    case.when(to_l2("vr", "gre")).refused("l2-type-not-supported", naming=[VR])


def test_a_provider_leaves_an_l2_network_and_comes_back() -> None:
    case = given(*ONE_HOST, a_vlan(), a_provider())
    case.when(from_l2()).then(provider.DetachedFromL2("v10"))
    case.when(from_l2()).refused("provider-not-attached", naming=[provider.DetachedFromL2("v10")])
    case.when(to_l2()).then(ON_V10)
    case.when(to_l2()).refused("l2-already-attached", naming=[ON_V10])


def test_a_provider_stays_while_an_l3_network_takes_a_service_from_it() -> None:
    case = given(*A_SUBNET, a_provider(), serve(flat=("DNS",)))
    case.when(from_l2()).refused("still-in-use", naming=[l3.ServiceAttached("DNS", "flat")])
    case.do(unserve(flat=("DNS",))).when(from_l2()).then(provider.DetachedFromL2("v10"))


@pytest.mark.parametrize(
    "command", [to_l2("nobody"), to_l2("flat", "nothing"), from_l2("nobody"), from_l2("flat", "nothing")]
)
def test_provider_and_l2_network_must_be_there(command: c.Command) -> None:
    given(*ONE_HOST, a_vlan(), a_provider()).when(command).refused("unknown-object")


def test_a_pool_has_no_providers() -> None:
    given(*ONE_HOST, a_pool(), a_provider()).when(to_l2("flat", "pool")).refused("unknown-object")


# types of other packages


@pytest.fixture
def f5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a distribution that adds a provider type which offers load balancing and nothing else."""
    (tmp_path / "f5_of_a_test.py").write_text(
        "from domain.provider_types import ProviderType\n"
        "F5 = ProviderType(services=('LoadBalancer',))\n"
        "NOT_ONE = 'LoadBalancer'\n"
    )
    info = tmp_path / "f5_of_a_test-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: f5-of-a-test\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[rewire.network_service_provider]\nF5 = f5_of_a_test:F5\nOdd = f5_of_a_test:NOT_ONE\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("f5")
def test_another_package_adds_a_provider_type_with_a_service_of_its_own() -> None:
    case = given(*ONE_HOST, a_vlan(), an_l3())
    case.when(a_provider("f5", "LoadBalancer", kind="F5")).then(
        provider.Created("f5", "F5", ("LoadBalancer",), (), "elsewhere", (), ""), ON_V10
    )
    case.when(serve(f5=("LoadBalancer",))).then(l3.ServiceAttached("LoadBalancer", "f5"))
    case.when(a_provider("g5", "DHCP", kind="F5")).refused("service-not-supported")


@pytest.mark.usefixtures("f5")
def test_what_is_no_provider_type_is_refused() -> None:
    given().when(a_provider("odd", "LoadBalancer", kind="Odd")).refused("invalid-argument")


# where routers may be


@pytest.fixture
def far() -> Case:
    """Give networks as served as ever, and public addresses on a GRE network, where no virtual router can be."""
    gre = c.CreateL2OvsGreNetwork(name="gre", zone="z", physical_interface="eth0", key=7)
    public = an_l3("far", l2="gre", category="public")
    places = (gre, attach("gre"), attach("gre", "c2"), public, a_cidr("10.8.0.0/24", l3="far"))
    return given(*A_PUBLIC_SUBNET, *PROVIDERS, *places, a_vip(l3="far"), an_eip(), a_vm(host="h1"))


def test_routers_reach_the_outside_only_through_a_network_of_a_type_that_they_can_be_on(far: Case) -> None:
    command = a_provider("new", kind="VirtualRouter", public="far")
    far.when(command).refused("l2-type-not-supported", naming=[far.made("l2", "gre")])


def test_what_leads_in_through_a_router_comes_from_networks_that_its_provider_is_attached_to(far: Case) -> None:
    far.do(serve(vr=("SNAT", "EIP", "PortForwarding")))
    far.when(attach_eip()).refused("provider-not-attached", naming=[VR])
    far.do(c.DeleteEip(eip="e"), a_rule())
    far.when(a_rule("more", 81, vm="vm")).refused("provider-not-attached", naming=[VR])
    far.when(c.AttachPortForwardingRule(rule="r", vm="vm", l3="l3")).refused("provider-not-attached", naming=[VR])


def test_hosts_hand_no_eip_to_a_router_that_its_provider_can_not_bring_there(far: Case) -> None:
    far.do(serve(flat=("EIP",), vr=("SNAT",)), attach_eip())
    far.when(hand_over("EIP", "vr")).refused("provider-not-attached", naming=[VR])


def test_a_provider_stays_where_its_routers_reach_the_outside() -> None:
    case = given(*A_WAY_OUT, serve(vr=("SNAT",)))
    case.when(from_l2("vr", "pub")).refused("still-in-use", naming=[a_router_nic("public", "10.9.0.2")])
    case.do(unserve(vr=("SNAT",))).when(from_l2("vr", "pub")).then(provider.DetachedFromL2("pub"))


def test_a_provider_stays_where_vips_lead_in_through_its_routers() -> None:
    case = given(*ROUTED, a_vm(host="h1"), a_vip(), an_eip(), attach_eip())
    case.when(from_l2("vr", "pub")).refused("still-in-use", naming=[a_router_nic("public")])
    case.do(c.DetachEip(eip="e")).when(from_l2("vr", "pub")).then(provider.DetachedFromL2("pub"))
