"""What an EIP does not go with is refused from both sides: when it is attached, and when the other one comes later."""

from __future__ import annotations

import pytest

from domain import commands as c
from domain import eip, vip
from tests.builders import a_cidr, a_vlan, a_vm, an_l3, attach
from tests.given import given
from tests.service_builders import ROUTED, SERVED, a_vip, an_eip, attach_eip


ATTACHED = eip.Attached("vm/l3", "vm", "l3")
VIP = vip.Created("vip", "public", "10.9.0.2")
TO_PUBLIC = c.AttachL3NetworkToVm(vm="vm", l3="public")


@pytest.mark.parametrize("world", [SERVED, ROUTED])
def test_a_vm_with_an_eip_does_not_join_the_network_of_its_vip(world: tuple[c.Command, ...]) -> None:
    case = given(*world, a_vm(), a_vip(), an_eip(), attach_eip())
    told = case.when(TO_PUBLIC).refused("conflict", naming=[VIP, ATTACHED])
    assert told == "EIP e leads to VM vm from L3 network public: detach it first"


def test_any_nic_with_an_eip_keeps_its_vm_off_the_network() -> None:
    case = given(*SERVED, a_vlan("v30", vlan=30), attach("v30"), an_l3("last", l2="v30"), a_cidr(l3="last"))
    case.do(a_vm("vm", "l3", "last", host="h1"), a_vip(), an_eip(), attach_eip())
    case.when(TO_PUBLIC).refused("conflict", naming=[VIP, ATTACHED])


@pytest.mark.parametrize(
    "freeing",
    [
        c.DetachEip(eip="e"),
        c.DeleteEip(eip="e"),
        c.DeleteVip(vip="vip"),
        c.DetachL3NetworkFromVm(vm="vm", l3="l3"),
    ],
)
def test_a_vm_joins_the_network_when_the_eip_leads_there_no_more(freeing: c.Command) -> None:
    case = given(*SERVED, a_vm(), a_vip(), an_eip(), attach_eip(), freeing, TO_PUBLIC)
    assert len(case.topology.nics.all) == (1 if isinstance(freeing, c.DetachL3NetworkFromVm) else 2)


def test_the_eips_of_others_are_nothing_to_a_vm() -> None:
    case = given(*SERVED, a_vm(), a_vm("other"), a_vip(), an_eip(), attach_eip(vm="other"), TO_PUBLIC)
    assert len(case.topology.nics.all) == 3
