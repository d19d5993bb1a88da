"""One network's part of a host is told from everything else."""

from backends.kvm import scope
from projections.diff import diff
from projections.found import Address, Found, bare_host
from projections.operations import CreateBridge, CreatePort, Enslave, MoveAddress, apply_all
from projections.plan import HostPlan
from tests.kernel.fabric import plan_of, tunnelled, untagged


WHOLE = plan_of(untagged(), tunnelled())
BARE = bare_host(("eth0",))


def realized() -> Found:
    return apply_all(BARE, diff(WHOLE, BARE))


def test_a_plan_falls_into_its_networks() -> None:
    assert scope.part(WHOLE, "l2-eth0") == scope.without(WHOLE, "l2-vni9") == untagged()
    assert scope.part(WHOLE, "l2-vni9") == scope.without(WHOLE, "l2-eth0") == tunnelled()
    assert scope.part(WHOLE, "") == WHOLE


def test_another_networks_links_are_kept_off_by_being_foreign() -> None:
    nothing = HostPlan("h", 1)
    seen = scope.narrow(realized(), scope.part(nothing, "l2-eth0"), "l2-eth0")

    left = apply_all(realized(), diff(nothing, seen))

    assert set(left.links) == {"eth0", "br_vx_9", "vxlan9", "nic020000000003"}


def test_an_operation_is_known_to_serve_its_network() -> None:
    operations = {
        CreateBridge("br_eth0", 0, "eth0", "m"): "l2-eth0",
        Enslave("eth0", "br_eth0"): "l2-eth0",
        MoveAddress(Address("eth0", "10.0.0.1/24"), "br_eth0"): "l2-eth0",
        CreatePort("nic020000000003", "02:00:00:00:00:03", "br_vx_9", "m"): "l2-vni9",
        CreateBridge("br_other", 0, "", "m"): "",
    }

    assert {operation: scope.network_of(WHOLE, operation) for operation in operations} == operations


def test_a_network_is_new_until_its_bridge_has_its_uplink() -> None:
    made = apply_all(BARE, diff(WHOLE, BARE)[:1])

    assert scope.is_new(BARE, WHOLE, "l2-eth0")
    assert scope.is_new(made, WHOLE, "l2-eth0")
    assert not scope.is_new(realized(), WHOLE, "l2-eth0")
