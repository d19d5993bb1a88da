"""Realizations are found by what they are for, whoever brings them."""

from importlib.metadata import EntryPoint

import pytest

from backends.kvm.instantiation import Networks
from backends.registry import GROUP, RESOURCES, Registry, resources
from domain.errors import HostUnreachable


def entry(name: str, value: str = "tests.backends.test_registry:Ipvlan") -> EntryPoint:
    return EntryPoint(name, value, GROUP)


class Ipvlan:
    """Somebody else's L2 type."""

    l2_type = "L2IpvlanNetwork"
    hypervisor_type = "KVM"


def test_our_own_types_are_installed() -> None:
    types = ("L2NoVlanNetwork", "L2VlanNetwork", "L2VxlanNetwork", "OvsGreL2Network")
    assert Registry().names() == tuple(f"{l2_type}/KVM" for l2_type in types)


@pytest.mark.parametrize("l2_type", ["L2NoVlanNetwork", "L2VlanNetwork", "L2VxlanNetwork", "OvsGreL2Network"])
def test_each_of_our_types_is_realized_by_what_says_so(l2_type: str) -> None:
    found = Registry().realization(l2_type, "KVM")

    assert (found.l2_type, found.hypervisor_type) == (l2_type, "KVM")


def test_a_type_that_somebody_else_brings_is_found_without_a_change_to_ours() -> None:
    registry = Registry([entry("L2IpvlanNetwork/KVM")])

    assert isinstance(registry.realization("L2IpvlanNetwork", "KVM"), Ipvlan)


def test_what_nobody_brings_is_refused_and_what_there_is_named() -> None:
    registry = Registry([entry("L2IpvlanNetwork/KVM")])

    with pytest.raises(HostUnreachable, match=r"L2IpvlanNetwork on ESX hosts \(installed: L2IpvlanNetwork/KVM\)"):
        registry.realization("L2IpvlanNetwork", "ESX")


def test_two_for_the_same_are_refused_by_name() -> None:
    with pytest.raises(HostUnreachable, match="both here:A and there:B are installed to realize L2IpvlanNetwork/KVM"):
        Registry([entry("L2IpvlanNetwork/KVM", "here:A"), entry("L2IpvlanNetwork/KVM", "there:B")])


def test_one_that_is_listed_twice_is_one() -> None:
    assert Registry([entry("L2IpvlanNetwork/KVM")] * 2).names() == ("L2IpvlanNetwork/KVM",)


class Passthrough:
    """Somebody else's preparation of hosts."""


def test_what_prepares_hosts_for_vms_is_asked_in_order_of_names_and_only_for_its_hypervisor() -> None:
    value = "tests.backends.test_registry:Passthrough"
    ours = "backends.kvm.instantiation:Networks"
    entries = [
        EntryPoint(name, where, RESOURCES)
        for name, where in (("pci/KVM", value), ("pci/ESX", value), ("networks/KVM", ours))
    ]

    assert [type(each) for each in resources("KVM", entries)] == [Networks, Passthrough]


def test_ours_is_installed() -> None:
    assert [type(each) for each in resources("KVM")] == [Networks]


def test_where_nothing_prepares_hosts_no_vm_starts() -> None:
    with pytest.raises(HostUnreachable, match="nothing installed prepares ESX hosts for VMs"):
        resources("ESX")
