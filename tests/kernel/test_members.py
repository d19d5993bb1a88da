"""Who is a member of a group is one on its own network, and nobody who only says so."""

from __future__ import annotations

import msgspec
import pytest

from backends.kvm import filters
from projections import plan
from projections.filter_diff import change_members
from projections.filter_operations import AddMember, Membership
from projections.filters import Filters
from projections.found import Loaded
from projections.plan import HostPlan
from projections.service_entries import Services
from projections.verdict import Probe, verdict
from tests.builders import ONE_HOST, a_cidr, a_pool, a_vm, a_vni_range, a_vxlan, an_l3, attach_pool
from tests.given import Case, given
from tests.kernel.guarded import Wires, wires
from tests.service_builders import A_FILTER, a_group, join, on_l3, serve


pytestmark = pytest.mark.kernel("bridge", "veth", "vxlan", "nftables")

NETWORKS = ("red", "blue")
TWINS = (
    *ONE_HOST,
    a_pool(),
    a_vni_range(),
    attach_pool(),
    A_FILTER,
    a_group(),
    *(
        wish
        for name in NETWORKS
        for wish in (
            a_vxlan(f"x-{name}"),
            an_l3(name, l2=f"x-{name}"),
            a_cidr(l3=name),
            serve(name, sg=("SecurityGroup",)),
        )
    ),
    *(a_vm(f"{name}-{number}", name, host="h1") for number in (1, 2) for name in NETWORKS),
    *(on_l3(l3=name) for name in NETWORKS),
    join(vm="red-1", l3="red"),
    join(vm="blue-2", l3="blue"),
)
"""VMs red-1 and blue-1 have one address on two networks, and so have red-2 and blue-2. In a group are red-1 and
blue-2, so that blue-1 has the address of a member, and is none.
"""


def planned(case: Case) -> HostPlan:
    return plan.plan(case.topology, case.id("host", "h1"))


def bare(found: HostPlan) -> HostPlan:
    """Leave out what this kernel may not have: here filters are loaded by hand."""
    return msgspec.structs.replace(found, filters=Filters(), services=Services(), namespaces=(), fences=(), gates=())


def syn(case: Case, sender: str, receiver: str) -> Probe:
    ends = {case.topology.name(nic.vm): nic for nic in case.topology.nics.all.values()}
    one, other = ends[sender], ends[receiver]
    return Probe(source=one.device, target=other.device, mac=one.mac, src=one.ip, dst=other.ip, protocol="TCP", port=22)


def passes(here: Wires, found: Filters, probe: Probe) -> bool:
    """Tell whether a packet passes on a kernel, which has to be what is meant."""
    passed = here.passes(probe)
    assert passed == verdict(found, probe).allowed
    return passed


def test_who_has_a_members_address_on_another_network_is_no_member() -> None:
    case = given(*TWINS)
    found = planned(case)
    stranger = syn(case, "blue-1", "blue-2")
    assert stranger.src == syn(case, "red-1", "red-2").src

    with wires(bare(found)) as here:
        here.load(found.filters)
        assert not passes(here, found.filters, stranger)

        case.do(join(vm="blue-1", l3="blue"))
        joined = planned(case).filters
        changes: list[Membership] = list(change_members(joined, Loaded("", found.filters.members)))
        assert changes == [AddMember(case.id("security-group", "g"), "br_vx_101", stranger.src)]
        filters.change_members(here.path, changes, "joining")
        assert passes(here, joined, stranger)


def test_who_is_in_no_group_cannot_pretend_to_be_a_member() -> None:
    case = given(*TWINS, a_vm("blue-3", "blue", host="h1"), join(vm="blue-3", l3="blue"))
    found = planned(case)
    honest, stranger = syn(case, "blue-3", "blue-2"), syn(case, "blue-1", "blue-2")
    claim = msgspec.structs.replace(stranger, src=honest.src, dst=honest.src, protocol="ARP", port=0)

    with wires(bare(found)) as here:
        here.load(found.filters)

        assert passes(here, found.filters, honest)
        assert not passes(here, found.filters, msgspec.structs.replace(stranger, src=honest.src))
        assert not passes(here, found.filters, claim)
        assert passes(here, found.filters, syn(case, "blue-2", "blue-1"))


def test_where_nobody_is_in_a_group_nics_send_only_as_themselves_whatever_a_kernel_tracks() -> None:
    case = given(*TWINS[:-2])
    found = planned(case)
    with wires(msgspec.structs.replace(bare(found), filters=found.filters)) as here:
        honest = syn(case, "red-1", "red-2")

        assert passes(here, found.filters, honest)
        assert not passes(here, found.filters, msgspec.structs.replace(honest, src="192.168.0.77"))
