"""A DHCP server in the hosts has an address of the network: it moves when its range goes, or is left without one."""

from __future__ import annotations

from domain import commands as c
from domain import l3, vip
from projections.problems import problems
from tests.builders import ONE_HOST, a_range, a_vlan, an_l3, attach
from tests.given import Case, given
from tests.service_builders import a_provider, a_vip, serve, unserve


FULL = (
    *ONE_HOST,
    a_vlan(),
    attach("v10"),
    an_l3(),
    a_range("192.168.0.2", "192.168.0.3"),
    a_provider(),
    serve(flat=("DHCP",)),
    a_range("192.168.0.4", "192.168.0.4", name="one"),
    a_vip(l3="l3", address="192.168.0.4"),
)
"""The server has 192.168.0.2, and VIP vip all that there is beside its range."""
GONE = l3.IpRangeDeleted("low", "192.168.0.2", "192.168.0.3")
ONE = l3.IpRangeAdded("one", "192.168.0.4", "192.168.0.4", "255.255.255.0", "192.168.0.1", "192.168.0.0/24", 24, "")
RELEASED = l3.DhcpServerAddressReleased("192.168.0.2", 4)


def deletion(mode: str) -> c.DeleteIpRange:
    return c.DeleteIpRange(l3="l3", name="low", mode="enforcing" if mode == "enforcing" else "permissive")


def kinds(case: Case) -> list[str]:
    return [problem.kind for problem in problems(case.topology)]


def test_a_range_whose_end_leaves_the_server_no_address_stays_and_the_holder_of_the_last_one_is_named() -> None:
    case = given(*FULL)
    told = case.when(deletion("permissive")).refused("ip-exhausted", naming=[vip.Created("vip", "l3", "192.168.0.4")])
    assert "DHCP server of L3 network l3 has 192.168.0.2" in told
    assert "192.168.0.4 (VIP vip)" in told


def test_a_range_is_removed_enforcing_and_leaves_a_server_without_address_which_is_a_problem() -> None:
    case = given(*FULL).when(deletion("enforcing")).then(GONE, RELEASED, releasing=["ip/l3/192.168.0.2"])
    (problem,) = problems(case.topology)
    assert (problem.kind, problem.l2) == ("no-dhcp-address", ("v10",))
    assert "l3 has no IPv4 address left for its DHCP server" in problem.what
    facts = {r.position: r.fact.tag() for r in case.network.facts()}
    assert [facts[position] for position in problem.because] == [
        "l3.service-attached",
        "l3.ip-range-added",
        "l3.ip-range-deleted",
    ]


def test_other_services_come_and_go_beside_a_server_without_an_address() -> None:
    case = given(*FULL, deletion("enforcing"), serve(flat=("DNS",)), serve(flat=("EIP",)), unserve(flat=("DNS",)))
    assert kinds(case) == ["no-dhcp-address"]
    case.do(unserve(flat=("DHCP",))).when(serve(flat=("DHCP",))).refused("ip-exhausted", naming=[ONE])


def test_the_next_range_gives_the_server_an_address() -> None:
    case = given(*FULL, deletion("enforcing"))
    added = a_range("192.168.0.8", "192.168.0.9", name="new")
    assert l3.DhcpServerAddressAssigned("192.168.0.8", 4) in [r.fact for r in case.when(added).recorded]
    assert kinds(case) == []


def test_where_an_address_is_free_the_server_moves_in_either_mode() -> None:
    case = given(*FULL, c.DeleteVip(vip="vip"))
    moved = l3.DhcpServerAddressAssigned("192.168.0.4", 4)
    case.when(deletion("permissive")).then(GONE, RELEASED, moved)
    assert kinds(case) == []


def test_the_last_range_takes_the_server_along() -> None:
    case = given(*FULL[:-2]).when(deletion("permissive")).then(GONE, RELEASED)
    assert kinds(case) == []
