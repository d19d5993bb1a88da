"""Histories to begin a run with: a furnished one has more to break than an empty one.

Each is decided once and copied from there on.
"""

from __future__ import annotations

from functools import cache

from domain import commands as c
from domain.commands import Command
from domain.history import Recorded
from tests.builders import (
    a_cidr,
    a_cluster,
    a_host,
    a_no_vlan,
    a_pool,
    a_switch,
    a_vlan,
    a_vm,
    a_vni_range,
    a_vxlan,
    a_zone,
    access,
    an_l3,
    attach,
    attach_pool,
    connect,
    stop,
    trunk,
)
from tests.given import ME, Case
from tests.machines.ledger import Ledger
from tests.service_builders import a_group, a_provider, a_rule, a_vip, allow, an_eip, attach_eip, join, on_l3, serve


PLACES: tuple[Command, ...] = (
    a_zone("z"),
    a_zone("y"),
    a_cluster("c1"),
    a_cluster("c2"),
    a_cluster("d1", zone="y"),
    a_host("h1", vtep="10.8.0.1"),
    a_host("h2", cluster="c2", vtep="10.8.0.2"),
    a_host("h3", cluster="c2", interfaces=("eth0", "eth1", "bond0=eth2+eth3"), vtep="10.8.0.3"),
    a_host("e1", cluster="d1"),
)
NETWORKS: tuple[Command, ...] = (
    *PLACES,
    a_vlan("v10"),
    a_vlan("v20", vlan=20),
    a_no_vlan("plain", interface="eth1"),
    c.CreateL2OvsGreNetwork(name="gre", zone="z", physical_interface="eth1", key=5),
    a_pool("pool"),
    a_vni_range(100, 102, name="low"),
    a_vxlan("x1"),
    a_vxlan("x2", realize="vm"),
    attach("v10", "c1"),
    attach("v10", "c2"),
    attach("v20", "c1"),
    attach("v20", "c2"),
    attach("gre", "c2"),
    attach("plain", "c1"),
    attach_pool("c1", cidr="10.8.0.0/24"),
    attach_pool("c2", cidr="10.8.0.0/24"),
    an_l3("guests"),
    an_l3("public", l2="v20", category="public"),
    an_l3("inner", l2="x2", allocator="ascending"),
    a_cidr("10.0.0.0/28", l3="guests"),
    c.AddIpRangeByCidr(l3="guests", name="more", cidr="fd00::/125", address_mode="Stateful-DHCP"),
    a_cidr("10.9.0.0/29", l3="public"),
    a_cidr("10.0.1.0/29", l3="inner"),
    a_vm("a", "guests", host="h1"),
    a_vm("b", "guests", "inner", host="h2"),
    a_vm("e", "public"),
    stop("e"),
)
PROVIDED: tuple[Command, ...] = (
    *NETWORKS,
    a_provider("flat", "DHCP", "DNS", "EIP", "HostRoute"),
    a_provider("vr", "DHCP", "DNS", "SNAT", "EIP", "PortForwarding", kind="VirtualRouter", public="public"),
    a_provider("sg", "SecurityGroup", kind="SecurityGroup"),
    a_group("g1"),
    a_group("g2"),
    a_vip("vip1"),
    a_vip("vip2"),
)
GROUPED: tuple[Command, ...] = (
    allow(group="g1", remote="g2", uuid="00000000-0000-4000-8000-000000000000"),
    on_l3("g1", l3="guests"),
    join("g1", vm="a", l3="guests"),
    an_eip("eip1", vip="vip1"),
    attach_eip("eip1", vm="a", l3="guests"),
)
FLAT: tuple[Command, ...] = (
    *PROVIDED,
    serve("guests", flat=("DHCP", "EIP"), sg=("SecurityGroup",)),
    *GROUPED,
)
ROUTED: tuple[Command, ...] = (
    *PROVIDED,
    serve("guests", vr=("SNAT", "EIP", "PortForwarding"), flat=("DHCP",), sg=("SecurityGroup",)),
    *GROUPED,
    a_rule("web", 80, vip="vip2", vm="b", l3="guests"),
)
WIRED: tuple[Command, ...] = (
    *ROUTED,
    a_switch("s1", *"1234"),
    a_switch("s2", *"1234"),
    connect("h1:eth0", "s1:1"),
    connect("h2:eth0", "s2:1"),
    connect("h3:eth0", "s2:2"),
    connect("s1:4", "s2:4"),
    *(trunk(end) for end in ("s1:1", "s1:4", "s2:1", "s2:4")),
    access("s2:2", 10),
)
PLUGGED: tuple[Command, ...] = (
    *PROVIDED,
    c.CreateCluster(name="b", zone="z", hypervisor="Bare"),
    a_host("b1", cluster="b", interfaces=("eth0", "eth1")),
    c.CreateL2Network(name="m1", zone="z", type="MacVlanNetwork", physical_interface="eth1", number=7),
    c.CreateL2Network(name="w10", zone="z", type="TaggedNetwork", physical_interface="eth0", number=30),
    *(attach("m1", cluster) for cluster in ("c1", "c2", "b")),
    attach("w10", "c1"),
    a_provider("two", "LoadBalancer", kind="F5"),
    a_provider("book", "LoadBalancer", kind="Ledger"),
    an_l3("odd", l2="m1"),
    an_l3("six", l2="w10"),
    a_cidr("10.0.2.0/29", l3="odd"),
    a_cidr("10.0.3.0/29", l3="six"),
    a_vm("f", "odd", host="h1"),
    a_vm("g", "odd", host="b1"),
    a_vm("k", "six", "guests", host="h1"),
    an_l3("mesh", l2="gre"),
    a_cidr("10.0.4.0/29", l3="mesh"),
    a_vm("i", "mesh", host="h2"),
    a_vm("j", "mesh", host="h3"),
    serve("odd", two=("LoadBalancer",), flat=("DHCP", "EIP")),
    serve("guests", sg=("SecurityGroup",)),
    serve("six", book=("LoadBalancer",)),
)
"""With networks, hosts and providers of types that come from another package, and VMs on a GRE mesh."""
WORLDS: dict[str, tuple[Command, ...]] = {
    "wired": WIRED,
    "routed": ROUTED,
    "flat": FLAT,
    "plugged": PLUGGED,
    "places": PLACES,
    "empty": (),
}
OFTEN = [*["wired", "routed", "flat", "plugged"] * 3, *WORLDS]
"""How often each is begun with."""


@cache
def history(world: str) -> tuple[tuple[Recorded, ...], Ledger]:
    """Give the facts of a world, and the ledger of it. Its uuids are others than a machine's own."""
    network, ledger = Case(seed=77).network, Ledger()
    for command in WORLDS[world]:
        ledger.note(command, network.execute(command, ME))
    return tuple(network.facts()), ledger
