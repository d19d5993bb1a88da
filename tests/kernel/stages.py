"""What a host with services is to have, stage by stage: one history, and the store as it was at each.

At most, `h1` has a virtual router for `inner` with all that one can do, its own DHCP and DNS servers for `dual` (both
families) and DHCP alone for `single`, NICs in groups that name one another, and its own addresses on a bridge.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from domain import commands as c
from projections.plan import HostPlan
from tests.builders import a_cidr, a_pool, a_vm, a_vni_range, a_vxlan, an_l3, attach, attach_pool, stop
from tests.kernel.keeping import Centre
from tests.kernel.routed import ROUTED
from tests.service_builders import (
    A_FILTER,
    a_group,
    a_provider,
    a_rule,
    a_vip,
    allow,
    an_eip,
    attach_eip,
    join,
    on_l3,
    serve,
    unserve,
)


def leave(group: str, vm: str, l3: str = "dual") -> c.RemoveNicFromSecurityGroup:
    return c.RemoveNicFromSecurityGroup(group=group, vm=vm, l3=l3)


SIX = c.AddIpRange(
    l3="dual",
    name="six",
    start="fd00::10",
    end="fd00::ff",
    prefix_length=64,
    gateway="fd00::1",
    address_mode="Stateful-DHCP",
)
NETWORKS = (
    *(a_pool(), a_vni_range(), attach_pool(), attach("plain"), a_vxlan("x"), a_vxlan("y"), a_vxlan("w")),
    *(an_l3("public", l2="plain", category="public"), a_cidr("10.9.0.0/24", l3="public")),
    *(a_provider("vr", *ROUTED, kind="VirtualRouter", public="public"), an_l3("inner", l2="x")),
    *(a_cidr(l3="inner"), serve("inner", vr=ROUTED), c.UpdateL3Network(l3="inner", dns_domain="x.org")),
    *(an_l3("dual", l2="y"), a_cidr("192.168.1.0/24", l3="dual"), SIX),
    *(an_l3("single", l2="w"), a_cidr("192.168.2.0/24", l3="single")),
)
VMS = (
    *(a_vm("a", "inner", host="h1"), a_vm("b", "inner", host="h2"), a_vm("c", "dual", host="h1")),
    *(a_vm("d", "dual", "single", host="h1"), a_vm("e", "dual", host="h2")),
)
SERVICES = (
    *(a_provider(), A_FILTER),
    *(serve("inner", sg=("SecurityGroup",)), serve("single", flat=("DHCP",))),
    serve("dual", flat=("DHCP", "DNS"), sg=("SecurityGroup",)),
    *(a_group(), a_group("r"), on_l3(l3="inner"), on_l3(l3="dual"), on_l3("r", l3="dual")),
    *(allow(ports=22, cidr="10.0.0.0/8"), allow(protocol="UDP", ports=53, remote="r"), allow("egress", group="r")),
    *(join(vm="a", l3="inner"), join(vm="c", l3="dual"), join("r", vm="d", l3="dual"), join("r", vm="e", l3="dual")),
    *(a_vip(), an_eip(), attach_eip(vm="a", l3="inner"), a_vip("w")),
    a_rule("r", "8000-8009", "9000-9009", vip="w", vm="b", l3="inner"),
)
MEMBERS = (leave("r", "e"), a_vm("z", "dual", host="h2"), join(vm="z", l3="dual"))
CHANGES = (
    *(c.DetachEip(eip="e"), attach_eip(vm="b", l3="inner"), a_rule("s", 443, vip="w", vm="a", l3="inner")),
    *(stop("d"), a_vm("f", "single", host="h1"), join("r", vm="c", l3="dual")),
    *(unserve("inner", vr=("DHCP", "DNS")), unserve("dual", flat=("DNS",))),
)
WITHOUT_SERVICES = (
    *(leave("g", "a", "inner"), leave("g", "c"), leave("g", "z"), leave("r", "d"), leave("r", "c")),
    *(c.DeleteSecurityGroup(group=name) for name in "gr"),
    *(c.DeleteEip(eip="e"), c.DeletePortForwardingRule(rule="r"), c.DeletePortForwardingRule(rule="s")),
    unserve("inner", vr=("SNAT", "EIP", "PortForwarding"), sg=("SecurityGroup",)),
    *(unserve("single", flat=("DHCP",)), unserve("dual", flat=("DHCP",), sg=("SecurityGroup",))),
)
WITHOUT_NETWORKS = tuple(c.DeleteL2Network(l2=name, mode="enforcing") for name in ("pool", "plain"))
STEPS = {
    "bare": (),
    "full": (*NETWORKS, *VMS, *SERVICES),
    "members": MEMBERS,
    "changed": CHANGES,
    "unserved": WITHOUT_SERVICES,
    "stopped": tuple(map(stop, "acf")),
    "removed": WITHOUT_NETWORKS,
}


class Stage(msgspec.Struct, frozen=True):
    name: str
    store: Path
    plan: HostPlan


def stages(place: Centre) -> Iterator[Stage]:
    """Tell a history, and keep the store as it is at each stage."""
    for name, commands in STEPS.items():
        place.tell(*commands)
        kept = place.folder / f"{name}.db"
        copy(place.store, kept)
        yield Stage(name, kept, place.plan())


def copy(store: Path, to: Path) -> None:
    to.unlink(missing_ok=True)
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
        (number,) = source.execute("PRAGMA application_id").fetchone()
        target.execute(f"PRAGMA application_id={number}")
