"""What lives by network services goes with the networks, VMs and hosts it hangs on."""

from __future__ import annotations

from domain import eip, l3, port_forwarding, vip, vm
from tests.builders import a_vm, destroy
from tests.domain.test_deletion import ENFORCING, causes, delete_l2, delete_l3, delete_zone
from tests.given import Case, given
from tests.machines import remains
from tests.service_builders import ROUTED, a_group, a_rule, a_vip, an_eip, attach_eip, join, on_l3, serve


def served() -> Case:
    """Give a VM with an EIP, a second one with a rule, a router that leads to both."""
    case = given(*ROUTED, serve(flat=("DHCP", "DNS"), sg=("SecurityGroup",)), a_group(), on_l3())
    case.do(a_vm(), a_vm("two"), join(), a_vip(), an_eip(), attach_eip())
    return case.do(a_vip("web"), a_rule(vip="web", vm="two"))


def test_a_public_network_names_its_vips_and_what_uses_them() -> None:
    told = served().when(delete_l3("public")).refusal
    assert told
    assert told.code == "still-in-use"
    for what in ("VIP vip", "EIP e", "VIP web", "port forwarding rule r"):
        assert what in told.sentence


def test_a_public_network_goes_with_its_vips_and_what_uses_them() -> None:
    case = served()
    result = case.when(delete_l3("public", ENFORCING))
    tags = [r.fact.tag() for r in result.recorded]
    for kind in (vip.Deleted, eip.Deleted, port_forwarding.Deleted, l3.Deleted):
        assert kind.tag() in tags
    assert vm.NicDetached.tag() not in tags
    assert causes(result).count("") == 1
    remains.check(case.network, case.topology)


def test_a_private_network_goes_and_leaves_the_vips_without_a_nic() -> None:
    case = served()
    case.do(delete_l2(mode=ENFORCING))
    remains.check(case.network, case.topology)
    assert case.topology.state(case.id("eip", "e"), eip.Eip).binding is None


def test_a_destroyed_vm_leaves_its_eip_free() -> None:
    case = served().do(destroy())
    remains.check(case.network, case.topology)
    case.do(attach_eip(vm="two"))


def test_a_zone_takes_its_services_along() -> None:
    case = served()
    case.do(delete_zone(mode=ENFORCING))
    remains.check(case.network, case.topology)
    left = {kind for kind, _ in case.topology.objects.names}
    assert left == {"provider", "security-group"}
