"""What failed keeps back what it is about, what can't be without it, and nothing else; nothing comes up unguarded."""

from __future__ import annotations

import msgspec

from backends.errors import Failure
from backends.kvm.setbacks import Setbacks
from domain import commands as c
from domain.errors import HostUnreachable
from projections.diff import diff
from projections.filter_operations import FilterOperation
from projections.found import Found, bare_host
from projections.namespace_operations import CreateLeg, LoadFences, NamespaceOperation
from projections.operations import CreatePort, Operation, apply_all
from projections.plan import HostPlan, plan
from tests.builders import ONE_HOST, a_cidr, a_no_vlan, a_vlan, a_vm, an_l3, attach
from tests.given import Case, given
from tests.service_builders import A_FILTER, a_provider, serve


ROUTED = ("DHCP", "SNAT")
WORLD = (
    *ONE_HOST,
    *(a_no_vlan(), attach("plain"), a_vlan("v", interface="eth1", vlan=10), attach("v")),
    *(an_l3("public", l2="plain", category="public"), a_cidr("10.9.0.0/24", l3="public")),
    *(an_l3("l3", l2="v"), a_cidr()),
    *(a_provider(), a_provider("vr", *ROUTED, kind="VirtualRouter", public="public"), A_FILTER),
)


def planned(case: Case) -> HostPlan:
    return plan(case.topology, case.id("host", "h1"))


def there(wanted: HostPlan) -> Found:
    bare = bare_host(("eth0", "eth1"))
    return apply_all(bare, diff(wanted, bare))


def grouped(group: str, guest: str, subnet: str) -> tuple[c.Command, ...]:
    """Make a group of one NIC."""
    return (
        c.CreateSecurityGroup(name=group),
        c.AttachSecurityGroupToL3Network(group=group, l3=subnet),
        c.AddNicToSecurityGroup(group=group, vm=guest, l3=subnet),
    )


def left_after_a_vlan_failed(case: Case, found: Found, vlan: int) -> tuple[Operation, ...]:
    """Give what is still done when a kernel could not make the VLAN device of network `v`."""
    case.do(c.ChangeL2NetworkVlan(l2="v", vlan=vlan))
    wanted = planned(case)
    (failed,) = (step for step in diff(wanted, found) if getattr(step, "name", "") == f"eth1.{vlan}")
    setbacks = Setbacks(wanted, found)
    setbacks.note([Failure(failed, HostUnreachable("no vlan devices"))], found)
    return setbacks.left(found)


def test_a_router_waits_whole_for_a_network_of_its_own_that_failed() -> None:
    case = given(*WORLD, serve(vr=ROUTED))
    wanted = planned(case)
    found = there(msgspec.structs.replace(wanted, namespaces=()))
    assert any(isinstance(step, CreateLeg) for step in diff(wanted, found))

    assert left_after_a_vlan_failed(case, found, 20) == ()


def test_what_is_not_behind_a_network_that_failed_comes_but_nothing_unguarded() -> None:
    case = given(*WORLD, serve(flat=("DHCP",), sg=("SecurityGroup",)), a_vm(host="h1"), *grouped("web", "vm", "l3"))
    found = there(planned(case))
    case.do(serve("public", flat=("DHCP",), sg=("SecurityGroup",)), a_vm("p", "public", host="h1"))
    case.do(*grouped("other", "p", "public"))

    left = left_after_a_vlan_failed(case, found, 20)

    kinds = {type(step) for step in left}
    assert CreatePort in kinds
    assert any(isinstance(step, FilterOperation) for step in left)
    assert LoadFences not in kinds
    assert not any(isinstance(step, NamespaceOperation) for step in left)
