"""Realizations are found by what they are for, whoever brings them."""

from importlib.metadata import EntryPoint

import pytest

from backends.registry import GROUP, Registry
from domain.errors import HostUnreachable


def entry(name: str, value: str = "tests.backends.test_registry:Ipvlan") -> EntryPoint:
    return EntryPoint(name, value, GROUP)


class Ipvlan:
    """Somebody else's L2 type."""

    l2_type = "L2IpvlanNetwork"
    hypervisor_type = "KVM"


def test_our_own_types_are_installed() -> None:
    assert Registry().names() == ("L2NoVlanNetwork/KVM", "L2VlanNetwork/KVM", "L2VxlanNetwork/KVM")


@pytest.mark.parametrize("l2_type", ["L2NoVlanNetwork", "L2VlanNetwork", "L2VxlanNetwork"])
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
