"""Every address in use is somebody's, and nobody else's."""

from __future__ import annotations

from domain import values
from projections import addressing
from projections.takers import takers
from tests.builders import a_vm
from tests.domain.test_l3_ranges import a_range6
from tests.given import Case, given
from tests.service_builders import A_WAY_OUT, a_vip, an_eip, attach_eip, serve


WORLD = (
    *A_WAY_OUT,
    a_range6(),
    serve(flat=("DHCP",), vr=("SNAT", "EIP")),
    a_vm("a"),
    a_vm("b", "public"),
    a_vip(),
    a_vip("idle"),
    an_eip(),
    attach_eip(vm="a"),
)


def told(case: Case, name: str) -> list[tuple[str, str]]:
    return [(one.address, one.holder) for one in takers(case.topology, case.id("l3", name))]


def test_vms_vips_routers_servers_and_gateways_have_addresses() -> None:
    case = given(*WORLD)
    assert told(case, "l3") == [
        ("192.168.0.1", "the gateway of l3"),
        ("192.168.0.10", "the DHCP server of l3"),
        ("192.168.0.11", "a/l3"),
        ("fd00::1", "the gateway of l3"),
        ("fd00::10", "the DHCP server of l3"),
        ("fd00::11", "a/l3"),
    ]
    assert told(case, "public") == [
        ("10.9.0.1", "the gateway of public"),
        ("10.9.0.2", "the virtual router of l3"),
        ("10.9.0.3", "b/public"),
        ("10.9.0.4", "VIP vip"),
        ("10.9.0.5", "VIP idle"),
    ]


def test_what_is_in_use_is_what_somebody_has() -> None:
    case = given(*WORLD)
    for (subnet, version), kept in case.topology.addressing.items():
        used = [values.address(n, version) for n in addressing.in_use(kept, 0, 1 << 128)]
        had = [one.address for one in takers(case.topology, subnet) if "gateway" not in one.holder]
        assert [ip for ip in had if values.family(ip) == version] == used


def test_each_address_rests_on_facts() -> None:
    case = given(*WORLD)
    facts = {r.position: r.fact.tag() for r in case.network.facts()}
    found = {one.holder: {facts[p] for p in one.because} for one in takers(case.topology, case.id("l3", "l3"))}
    assert found["the gateway of l3"] == {"l3.ip-range-added"}
    assert found["the DHCP server of l3"] == {"l3.service-attached", "l3.dhcp-server-address-assigned"}
    assert found["a/l3"] == {"vm.nic-attached"}
