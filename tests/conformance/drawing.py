"""Histories to try, as lists of commands: each was done when it was drawn.

The places are those of the laboratory: three hosts in two clusters of one zone. Everything else comes and goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import msgspec
from hypothesis import reject
from hypothesis import strategies as st

from domain import commands as c
from domain import host
from domain.commands import Command
from domain.errors import Refusal
from domain.network import Outcome
from projections.topology import Topology
from tests import builders as b
from tests import service_builders as sb
from tests.given import Case, attempt
from tests.kernel import probe
from tests.kernel.fabric import HOSTS, INTERFACES, VTEPS
from tests.machines import service_vocabulary as s
from tests.machines import subnet_vocabulary as n
from tests.machines import vocabulary as v
from tests.machines.wishes import Wish, wish


STEPS = 22
"""Two more than must be compared: chance gives something else when a history is told again, and one may be refused."""
TRIES = 500
"""So many wishes are drawn before a history is given up: those that make no sense at that moment, or are refused."""
VIRTUAL = (("VirtualRouter", sb.ROUTED_SERVICES), ("VirtualRouter", ("SNAT", "EIP", "PortForwarding")))
UNDERLAY = "10.0.0.0/24"
PLACES: tuple[Command, ...] = (
    b.a_zone(),
    b.a_cluster("c1"),
    b.a_cluster("c2"),
    *(b.a_host(name, cluster=cluster, interfaces=INTERFACES, vtep=VTEPS[name]) for name, cluster in HOSTS.items()),
    b.a_pool(),
    b.a_vni_range(100, 102, name="low"),
    sb.a_provider("flat", "DHCP", "DNS"),
    sb.a_provider("sg", "SecurityGroup", kind="SecurityGroup"),
    sb.a_group("g1"),
    sb.a_group("g2"),
)
FURNISHED: tuple[Command, ...] = (
    *PLACES,
    b.a_no_vlan("plain", interface="eth1"),
    b.attach("plain", "c1"),
    b.attach("plain", "c2"),
    b.attach_pool("c1", cidr=UNDERLAY),
    b.attach_pool("c2", cidr=UNDERLAY),
    b.a_vxlan("x1"),
    b.an_l3("guests", l2="plain"),
    b.a_cidr("10.1.0.0/28", l3="guests"),
    b.an_l3("inner", l2="x1", allocator="ascending"),
    b.a_cidr("10.2.0.0/28", l3="inner"),
    b.a_vm("a", "guests", "inner", host="h1"),
    b.a_vm("b", "guests", host="h2"),
    b.a_vm("e", "inner", host="h3"),
)
SERVED: tuple[Command, ...] = (
    *FURNISHED,
    sb.serve("guests", flat=("DHCP",), sg=("SecurityGroup",)),
    sb.serve("inner", flat=("DHCP", "DNS"), sg=("SecurityGroup",)),
    sb.allow(group="g1", ports=80),
    sb.allow("egress", "UDP", 53, group="g2"),
    sb.on_l3("g1", l3="guests"),
    sb.on_l3("g2", l3="inner"),
    sb.join("g1", vm="a", l3="guests"),
    sb.join("g2", vm="e", l3="inner"),
)
ROUTED: tuple[Command, ...] = (
    *FURNISHED,
    b.an_l3("public", l2="plain", category="public"),
    b.a_cidr("10.9.0.0/28", l3="public"),
    sb.a_provider("vr", *sb.ROUTED_SERVICES, kind="VirtualRouter", public="public"),
    sb.serve("inner", vr=sb.ROUTED_SERVICES, sg=("SecurityGroup",)),
    sb.serve("guests", flat=("DHCP", "DNS")),
    sb.a_vip("vip1"),
    sb.a_vip("vip2"),
    sb.an_eip("eip1", vip="vip1"),
    sb.attach_eip("eip1", vm="e", l3="inner"),
    sb.a_rule("web", "80-82", "90-92", vip="vip2", vm="e", l3="inner"),
)
SECLUDED: tuple[Command, ...] = (
    *ROUTED,
    b.a_vxlan("x2"),
    b.an_l3("odd", l2="x2"),
    b.a_cidr("10.8.0.0/28", l3="odd"),
    b.a_cidr("fd08::/120", l3="odd", name="six"),
    b.a_cidr("fd09::/120", l3="public", name="six"),
    b.a_vm("f", "odd", host="h1"),
    b.a_vm("g", "public", host="h2"),
    sb.serve("odd", vr=sb.ROUTED_SERVICES),
    sb.a_vip("vip3", l3="odd"),
    sb.a_rule("dns", 53, vip="vip3", protocol="UDP", vm="a", l3="inner"),
    sb.allow(group="g1", ports=80),
    sb.on_l3("g1", l3="inner"),
    sb.join("g1", vm="e", l3="inner"),
)
"""Two routers, of which one has a leg on the other's network too."""
MESHED: tuple[Command, ...] = (
    *FURNISHED,
    c.CreateL2OvsGreNetwork(name="gre1", zone="z", physical_interface="eth0", key=5),
    b.attach("gre1", "c1"),
    b.attach("gre1", "c2"),
    b.an_l3("odd", l2="gre1"),
    b.a_cidr("10.8.0.0/28", l3="odd"),
    b.an_l3("public", l2="plain", category="public"),
    b.a_cidr("10.9.0.0/28", l3="public"),
    sb.a_provider("vr", *sb.ROUTED_SERVICES, kind="VirtualRouter", public="public"),
    *(b.a_vm(name, "odd", host=host) for name, host in (("f", "h1"), ("g", "h2"), ("k", "h3"))),
)
BEGINNINGS = (SERVED, SERVED, FURNISHED, PLACES, ROUTED, ROUTED, SECLUDED, SECLUDED)
WITH_MESHES = (MESHED, MESHED, PLACES)


def absent_hosts(now: Topology) -> list[tuple[str, str]]:
    """Give (host of the laboratory that is not in the data centre, its VTEP)."""
    living = {state.name for _, state in now.every(host.Host)}
    return [(name, vtep) for name, vtep in VTEPS.items() if name not in living]


def attachable_meshes(now: Topology) -> list[tuple[str, str]]:
    """Give (GRE network, cluster that it is not on)."""
    return [pair for pair in v.attachable_networks(now) if pair[0].startswith("gre")]


NEW_MESHES = v.fresh("l2", "gre1 gre2")
NEW_L2S = v.fresh("l2", "plain n1 n2 x1 x2 x3")
TAGGED: tuple[Wish, ...] = (
    wish(c.CreateL2VlanNetwork, name=NEW_L2S, zone=v.ZONES, physical_interface=INTERFACES, vlan=(10, 20)),
    wish(c.ChangeL2NetworkVlan, l2__vlan=v.retags),
)
PLAIN: tuple[Wish, ...] = (
    wish(c.CreateL2NoVlanNetwork, name=NEW_L2S, zone=v.ZONES, physical_interface=INTERFACES),
    wish(c.CreateL2VxlanNetwork, name=NEW_L2S, pool__vni=v.vnis, realize="attach vm"),
    wish(c.AttachL2NetworkToCluster, l2__cluster=v.attachable_networks),
    wish(c.AttachL2NetworkToCluster, l2__cluster=v.attachable_networks),
    wish(c.AttachL2NetworkToCluster, l2__cluster=v.attachable_pools, vtep_cidr=(UNDERLAY,)),
    wish(c.DetachL2NetworkFromCluster, l2__cluster=v.attachments),
    wish(c.DeleteL2Network, l2=v.L2S, mode="enforcing"),
    wish(c.AddVniRange, pool__start__end=v.new_vni_ranges),
    wish(c.AddHost, name__vtep=absent_hosts, cluster=v.CLUSTERS, interfaces=(INTERFACES,)),
    wish(c.DeleteHost, host=v.HOSTS, mode=v.MODES),
    wish(c.MoveHost, host__cluster=v.moves),
    wish(c.SetHostState, host__state=v.host_states),
    wish(c.CreateL3Network, name=n.NEW_L3S, l2=v.NETWORKS, mtu=(0, 0, 1400), allocator=n.ALLOCATORS),
    wish(c.UpdateL3Network, l3=n.L3S, mtu=(0, 1300, 1400)),
    wish(c.AddIpRangeByCidr, l3__name__cidr__address_mode=n.new_subnets),
    wish(c.AddIpRangeByCidr, l3__name__cidr__address_mode=n.new_subnets),
    wish(c.AddDns, l3__address=n.new_resolvers),
    wish(c.AddHostRoute, l3__prefix=n.new_routes, next_hop="10.1.0.1 10.9.0.1"),
    wish(c.CreateVm, name=n.NEW_VMS, networks=n.bundles, host=v.perhaps(v.HOSTS)),
    wish(c.CreateVm, name=n.NEW_VMS, networks=n.bundles, host=v.perhaps(v.HOSTS)),
    wish(c.CreateVm, name=n.NEW_VMS, networks=n.bundles, host=v.HOSTS),
    wish(c.StartVm, vm=n.stopped, host=v.perhaps(v.HOSTS)),
    wish(c.StopVm, vm=n.running),
    wish(c.MigrateVm, vm=n.running, host=v.perhaps(v.HOSTS)),
    wish(c.MigrateVm, vm=n.running, host=v.HOSTS),
    wish(c.DestroyVm, vm=n.VMS),
    wish(c.AttachL3NetworkToVm, vm__l3=n.pluggable),
    wish(c.DetachL3NetworkFromVm, vm__l3=n.nics),
    wish(c.AttachNetworkServiceProviderToL2Network, provider__l2=s.joinable),
    wish(c.AttachNetworkServiceToL3Network, l3__services=s.offered),
    wish(c.DetachNetworkServiceFromL3Network, l3__services=s.enjoyed),
    wish(
        c.AddSecurityGroupRule,
        group=s.GROUPS,
        direction="ingress ingress egress",
        protocol__ports=(("TCP", "80-82"), ("UDP", 53), ("ICMP", ""), ("ALL", "")),
        remote_cidr=("", "", "10.1.0.0/29", "::/0"),
    ),
    wish(c.AddSecurityGroupRule, group=s.GROUPS, direction="ingress egress", protocol=("ALL",), remote_group=s.GROUPS),
    wish(c.DeleteSecurityGroupRule, group__rule=s.rules),
    wish(c.AttachSecurityGroupToL3Network, group__l3=s.filterable),
    wish(c.AddNicToSecurityGroup, group__vm__l3=s.outsiders),
    wish(c.AddNicToSecurityGroup, group__vm__l3=s.outsiders),
    wish(c.AddNicToSecurityGroup, group__vm__l3=s.outsiders),
    wish(c.RemoveNicFromSecurityGroup, group__vm__l3=s.members),
)
VIPS = v.fresh("vip", "vip1 vip2 vip3 vip4")
ROUTERS: tuple[Wish, ...] = (
    wish(c.CreateNetworkServiceProvider, name=v.fresh("provider", "vr"), type__services=VIRTUAL, public_l3=n.L3S),
    wish(c.AttachNetworkServiceToL3Network, l3__services=s.offered),
    wish(c.ChangeNetworkServiceProvider, l3__service__provider=s.rivals),
    wish(c.CreateVip, name=VIPS, l3=n.ranged),
    wish(c.CreateEip, name=v.fresh("eip", "eip1 eip2 eip3"), vip=s.unused_vips),
    wish(c.AttachEip, eip__vm__l3=s.eip_targets),
    wish(c.AttachEip, eip__vm__l3=s.eip_targets),
    wish(c.DetachEip, eip=s.bound_eips),
    wish(
        c.CreatePortForwardingRule,
        name=v.fresh("port-forwarding", "web ssh dns"),
        vip=s.shared_vips,
        protocol="TCP TCP UDP",
        vip_ports__private_ports=((80, ""), ("80-82", "90-92"), ("8000-8003", ""), (53, 5353)),
        allowed_cidr=("", "", "10.9.0.0/28", "198.51.100.0/24"),
        vm__l3=s.forwarding_nics,
    ),
    wish(c.AttachPortForwardingRule, rule__vm__l3=s.rule_targets),
    wish(c.DetachPortForwardingRule, rule=s.bound_rules),
    wish(c.DeletePortForwardingRule, rule=s.RULES),
    wish(c.DeleteEip, eip=s.EIPS),
    wish(c.DeleteVip, vip=s.VIPS),
)
MESHES: tuple[Wish, ...] = (
    wish(c.CreateL2OvsGreNetwork, name=NEW_MESHES, zone=v.ZONES, physical_interface=INTERFACES, key=(5, 6)),
    wish(c.AttachL2NetworkToCluster, l2__cluster=attachable_meshes),
)


@cache
def wishes() -> tuple[Wish, ...]:
    """Give what this kernel can be asked for."""
    plain = (*PLAIN, *ROUTERS)
    return plain if probe.lack("vlan") else (*plain, *TAGGED * 2)


class History(msgspec.Struct, frozen=True):
    """What was there before, and the commands after each of which everything is compared."""

    beginning: tuple[Command, ...]
    commands: tuple[Command, ...]


@st.composite
def histories(draw: st.DrawFn, *, meshed: bool = False) -> History:
    """Draw a history: a beginning, and so many commands that each did something; with GRE networks where hosts have
    Open vSwitch.
    """
    beginning = draw(st.sampled_from(WITH_MESHES if meshed else BEGINNINGS))
    among = (*wishes(), *MESHES * 3) if meshed else wishes()
    case, done = Case(1).do(*beginning), list[Command]()
    for _ in range(TRIES):
        if len(done) == STEPS:
            return History(beginning, tuple(done))
        one = draw(st.sampled_from(among))
        if one.is_open(case.topology):
            command = one.draw(draw, case.topology)
            answer = attempt(case.network, command)
            if isinstance(answer, Outcome) and answer.recorded:
                done.append(command)
    return reject()


def told(case: Case, commands: Iterable[Command]) -> Iterable[tuple[Command, Topology]]:
    """Walk the commands that are done, and what is so then. Others are left out: what they were about is not there."""
    for command in commands:
        if not isinstance(attempt(case.network, command), Refusal):
            yield command, case.topology
