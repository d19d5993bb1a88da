"""Reserved ranges keep addresses back; who has one keeps it. Deleted ranges take what lives on them along."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import l3, vip, vm
from domain.history import Fact
from tests.builders import A_SUBNET, a_range, a_vm, an_l3, destroy
from tests.domain.test_l3 import LOW
from tests.domain.test_l3_ranges import SIX, a_range6
from tests.given import Case, given, names
from tests.given import named as written


MAC = "52:54:00:00:00:01"
NIC = vm.NicAttached("vm/l3", "l3", "192.168.0.10", "", MAC, "nic525400000001")
KEPT = l3.ReservedIpRangeAdded("192.168.0.10", "192.168.0.19")


def reserve(start: str = "192.168.0.10", end: str = "192.168.0.19", *, l3: str = "l3") -> c.AddReservedIpRange:
    return c.AddReservedIpRange(l3=l3, start=start, end=end)


def unreserve(start: str = "192.168.0.10", end: str = "192.168.0.19") -> c.DeleteReservedIpRange:
    return c.DeleteReservedIpRange(l3="l3", start=start, end=end)


def delete(name: str = "low", mode: c.Mode = "permissive") -> c.DeleteIpRange:
    return c.DeleteIpRange(l3="l3", name=name, mode=mode)


def next_ip(case: Case, name: str) -> str:
    return next(r.fact.ip for r in case.when(a_vm(name)).recorded if isinstance(r.fact, vm.NicAttached))


# reserved


def test_reserved_addresses_are_not_handed_out() -> None:
    case = given(*A_SUBNET).when(reserve()).then(KEPT, taking=[])
    assert next_ip(case, "a") == "192.168.0.20"
    case.when(a_vm("b", ip="192.168.0.19")).refused("ip-in-use", naming=[KEPT])
    case.do(unreserve())
    assert next_ip(case, "b") == "192.168.0.10"


def test_who_has_a_reserved_address_keeps_it_and_nobody_gets_it_after() -> None:
    case = given(*A_SUBNET, a_vm(mac=MAC)).when(reserve()).then(KEPT)
    assert [nic.ip for nic in case.topology.nics_of(case.id("vm", "vm"))] == ["192.168.0.10"]
    case.do(destroy())
    assert next_ip(case, "a") == "192.168.0.20"


def test_a_range_added_later_has_the_reserved_addresses_left_out() -> None:
    case = given(
        *A_SUBNET, reserve("192.168.0.10", "192.168.0.64"), a_range("192.168.0.60", "192.168.0.70", name="high")
    )
    assert next_ip(case, "a") == "192.168.0.65"


def test_when_all_is_reserved_nothing_is_left() -> None:
    case = given(*A_SUBNET, reserve(end="192.168.0.50"))
    case.when(a_vm()).refused("ip-exhausted", naming=[LOW])


def test_a_reserved_range_of_ipv6_costs_no_more_than_its_ends() -> None:
    case = given(*A_SUBNET, a_range6()).when(reserve("fd00::", "fd00::ffff:ffff:ffff:fffe"))
    case.then(l3.ReservedIpRangeAdded("fd00::", "fd00::ffff:ffff:ffff:fffe")).when(a_vm()).refused(
        "ip-exhausted", naming=[SIX]
    )


def test_a_reserved_range_lies_in_the_subnet() -> None:
    given(*A_SUBNET).when(reserve("192.168.0.250", "192.168.1.5")).refused("ip-range-outside-subnet", naming=[LOW])
    given(*A_SUBNET).when(reserve("fd00::1", "fd00::2")).refused("ip-range-outside-subnet", naming=[LOW])
    given(*A_SUBNET, an_l3("bare")).when(reserve(l3="bare")).refused("ip-range-outside-subnet")
    case = given(*A_SUBNET).when(reserve("192.168.0.0", "192.168.0.255"))
    case.then(l3.ReservedIpRangeAdded("192.168.0.0", "192.168.0.255"))


@pytest.mark.parametrize(
    ("start", "end"),
    [("192.168.0.19", "192.168.0.30"), ("192.168.0.1", "192.168.0.10"), ("192.168.0.12", "192.168.0.12")],
)
def test_reserved_ranges_are_disjoint(start: str, end: str) -> None:
    given(*A_SUBNET, reserve()).when(reserve(start, end)).refused("ip-range-overlap", naming=[KEPT])


@pytest.mark.parametrize(
    "command",
    [
        reserve("192.168.0.20", "192.168.0.10"),
        reserve("192.168.0.20", "fd00::1"),
        reserve("x"),
        unreserve("x"),
        unreserve("192.168.0.20", "192.168.0.10"),
    ],
)
def test_a_reserved_range_is_well_formed(command: c.Command) -> None:
    given(*A_SUBNET).when(command).refused("invalid-argument")


def test_a_reserved_range_is_deleted_as_it_was_added() -> None:
    case = given(*A_SUBNET, reserve())
    case.when(unreserve(end="192.168.0.18")).refused("unknown-object")
    gone = l3.ReservedIpRangeDeleted("192.168.0.10", "192.168.0.19")
    case.when(unreserve()).then(gone)
    case.when(unreserve()).refused("unknown-object", naming=[gone])


# deletion of ranges


GONE = l3.IpRangeDeleted("low", "192.168.0.10", "192.168.0.50")


def test_a_range_nobody_uses_is_deleted_in_either_mode() -> None:
    given(*A_SUBNET).when(delete()).then(GONE)
    given(*A_SUBNET).when(delete(mode="enforcing")).then(GONE)
    case = given(*A_SUBNET, delete())
    case.when(a_vm()).refused("ip-exhausted", naming=[GONE])
    case.when(delete()).refused("unknown-object", naming=[GONE])
    case.when(a_range()).then(LOW)


def test_a_range_in_use_stands_when_permissive_and_goes_with_its_nics_when_enforcing() -> None:
    case = given(*A_SUBNET, a_range("192.168.0.60", "192.168.0.70", name="high"))
    case.do(a_vm(mac=MAC), a_vm("two", ip="192.168.0.60"))
    case.when(delete()).refused("still-in-use", naming=[NIC])
    result = case.when(delete(mode="enforcing"))
    result.then(GONE, vm.NicDetached("vm/l3"), taking=[], releasing=["ip/l3/192.168.0.10", f"mac/{MAC}"])
    range_gone, nic_gone = (r for r in result.recorded if r.fact.tag() in {"l3.ip-range-deleted", "vm.nic-detached"})
    assert nic_gone.cause == range_gone.reference
    assert case.topology.state(case.id("vm", "vm"), vm.Vm).state == "running"
    assert next_ip(case, "three") == "192.168.0.61"


def test_a_vip_stands_in_the_way_of_its_range_and_goes_along_when_enforced() -> None:
    case = given(*A_SUBNET, c.CreateVip(name="vip", l3="l3"))
    case.when(delete()).refused("still-in-use", naming=[vip.Created("vip", "l3", "192.168.0.10")])
    case.when(delete(mode="enforcing")).then(GONE, vip.Deleted(), releasing=["name/vip/vip", "ip/l3/192.168.0.10"])


def test_the_first_addresses_in_the_way_of_a_range_are_told_and_each_has_its_fact() -> None:
    case = given(*A_SUBNET, a_vm("b", ip="192.168.0.30"), c.CreateVip(name="v", l3="l3", address="192.168.0.20"))
    case.do(a_vm("a"), a_vm("c", ip="192.168.0.40"), a_vm("d", ip="192.168.0.50"))
    facts = [r.fact for r in case.network.facts()]
    held = [named(case, f) for f in facts if isinstance(f, vm.NicAttached | vip.Created)]
    assert case.when(delete()).refused("still-in-use", naming=held) == (
        "range low of L3 network l3 has addresses in use, 192.168.0.10 (NIC a/l3), 192.168.0.20 (VIP v),"
        " 192.168.0.30 (NIC b/l3) and 2 more: take them off first, or delete it enforcing"
    )


def test_only_addresses_that_no_other_range_has_are_told() -> None:
    case = given(*A_SUBNET, a_range6(), a_vm())
    ip6 = nic_of(case).ip6
    told = case.when(delete("six")).refused("still-in-use", naming=[nic_of(case)])
    assert f"in use, {ip6} (NIC vm/l3): take" in told


def named(case: Case, fact: Fact) -> Fact:
    return written(fact, names(case.network.facts()))


def test_a_nic_of_both_families_goes_with_either_of_them() -> None:
    case = given(*A_SUBNET, a_range6(), a_vm())
    case.when(delete("six")).refused("still-in-use", naming=[nic_of(case)])
    case.when(delete("six", "enforcing")).then(
        l3.IpRangeDeleted("six", "fd00::10", "fd00::ff"), vm.NicDetached("vm/l3")
    )


def nic_of(case: Case) -> vm.NicAttached:
    (nic,) = case.topology.nics_of(case.id("vm", "vm"))
    return vm.NicAttached("vm/l3", "l3", nic.ip, nic.ip6, nic.mac, nic.device)


def test_the_last_range_of_a_family_takes_its_reserved_ranges_along() -> None:
    six = l3.ReservedIpRangeAdded("fd00::", "fd00::f")
    case = given(*A_SUBNET, a_range6(), reserve(), reserve(six.start, six.end))
    case.when(delete()).then(GONE, l3.ReservedIpRangeDeleted("192.168.0.10", "192.168.0.19"))
    state = case.topology.state(case.id("l3", "l3"), l3.L3Network)
    assert [(k.start, k.end) for k in state.reserved] == [(six.start, six.end)]


def test_a_range_that_is_not_there_is_not_deleted() -> None:
    assert "it has 192.168.0.10-192.168.0.50" in given(*A_SUBNET).when(delete("high")).refused("unknown-object")
