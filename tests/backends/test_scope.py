"""One network's part of a host is told from everything else."""

import msgspec

from backends.kvm import scope
from projections.diff import diff
from projections.found import Address, Found, bare_host
from projections.name_server import Book, Server
from projections.namespace_operations import CreateNamespace, LoadFences
from projections.namespaces import Fence, Leg, Namespace, Route, Way
from projections.operations import CreateBridge, CreatePort, Enslave, MoveAddress, apply_all
from projections.plan import HostPlan
from projections.translation import Rules
from tests.kernel.fabric import plan_of, tunnelled, untagged


WHOLE = plan_of(untagged(), tunnelled())
BARE = bare_host(("eth0",), ("10.0.0.1",))


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
        CreatePort("nic020000000003", "02:00:00:00:00:03", "br_vx_9", 1450, "m"): "l2-vni9",
        CreateBridge("br_other", 0, "", "m"): "",
    }

    assert {operation: scope.network_of(WHOLE, operation) for operation in operations} == operations


def test_a_network_is_new_until_its_bridge_has_its_uplink() -> None:
    made = apply_all(BARE, diff(WHOLE, BARE)[:1])

    assert scope.is_new(BARE, WHOLE, "l2-eth0")
    assert scope.is_new(made, WHOLE, "l2-eth0")
    assert not scope.is_new(realized(), WHOLE, "l2-eth0")


def served(bridge: str) -> Namespace:
    return Namespace(f"ns-{bridge}", "dhcp", "s", (Leg(f"leg-{bridge}", bridge, "06:00:00:00:00:01"),), (1,))


SERVED = msgspec.structs.replace(
    WHOLE,
    namespaces=(served("br_eth0"), served("br_vx_9")),
    fences=(Fence("leg-br_eth0", "br_eth0", ("eth0",), ()), Fence("leg-br_vx_9", "br_vx_9", ("vxlan9",), ())),
)


def test_a_network_takes_its_servers_along_and_leaves_those_of_others() -> None:
    there = apply_all(BARE, diff(SERVED, BARE))
    nothing = HostPlan("h", 1)

    left = apply_all(there, diff(nothing, scope.narrow(there, nothing, "l2-eth0")))

    assert set(left.namespaces) == {"ns-br_vx_9"}
    assert {link.name for link in left.links.values() if link.kind == "leg"} == {"leg-br_vx_9"}
    assert left.fence == there.fence  # what keeps the other one in
    alone = scope.part(SERVED, "l2-vni9")
    assert diff(alone, scope.narrow(there, alone, "l2-vni9")) == ()


def test_what_can_not_be_fenced_in_is_left_out_and_what_fails_takes_nothing_else_along() -> None:
    assert scope.left_out(SERVED, LoadFences(SERVED.fences)) == {"", "ns-br_eth0", "ns-br_vx_9"}
    failed = scope.left_out(SERVED, CreateNamespace("ns-br_eth0", "m"))

    left = [o for o in diff(SERVED, BARE) if not scope.is_in(o, failed)]

    assert set(apply_all(BARE, left).namespaces) == {"ns-br_vx_9"}


ROUTED = msgspec.structs.replace(
    WHOLE,
    namespaces=(
        Namespace(
            "rt1",
            "router",
            "r",
            (
                Leg("leg1", "br_vx_9", "06:00:00:00:00:01", ("192.168.0.1/24",)),
                Leg("leg2", "br_eth0", "06:00:00:00:00:02", ("10.9.0.2/24",)),
            ),
            (1,),
            routes=(Route("0.0.0.0/0", "10.9.0.1"),),
            ways=(Way(1, "10.9.0.0/24", "leg2", ""),),
            forwarding=True,
            rules=Rules("leg1", ("192.168.0.1",), ("192.168.0.0/24",)),
            server=Server("leg1", (), dns=True, router=True, mtu=0, book=Book()),
        ),
    ),
)


def test_what_joins_two_networks_is_left_alone_by_the_work_on_one_of_them() -> None:
    there = apply_all(BARE, diff(ROUTED, BARE))
    for l2 in ("l2-eth0", "l2-vni9"):
        alone = scope.part(ROUTED, l2)
        assert diff(alone, scope.narrow(there, alone, l2)) == ()
        nothing = HostPlan("h", 1)
        assert apply_all(there, diff(nothing, scope.narrow(there, nothing, l2))).namespaces == there.namespaces


def test_what_joins_two_networks_lives_on_with_one_of_them() -> None:
    (whole,) = ROUTED.namespaces
    (inside,) = scope.without(ROUTED, "l2-eth0").namespaces
    assert (inside.legs, inside.routes, inside.ways, inside.server) == (whole.legs[:1], (), (), whole.server)
    (outside,) = scope.without(ROUTED, "l2-vni9").namespaces
    assert (outside.legs, outside.routes, outside.ways) == (whole.legs[1:], whole.routes, whole.ways)
    assert (outside.rules, outside.server) == (whole.rules, None)
