"""A way to ask for every command, most often for one that makes sense at that moment.

Each of a command's fields, or some together, is looked up in what there is. It refuses to know which wishes come true:
only what would be pointless is left out, and now and then one field says anything at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_type_hints

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, sampled_from

from domain import commands as c
from domain.commands import Command
from projections.topology import Topology
from tests.machines import service_vocabulary as s
from tests.machines import subnet_vocabulary as n
from tests.machines import vocabulary as v
from tests.strategies import wild


class Wish(NamedTuple):
    """A command, and where to look for what to say in its fields: `vm l3` are two that belong together."""

    kind: type[Command]
    fields: dict[str, v.Look]

    def is_open(self, now: Topology) -> bool:
        """Tell whether there is something to say in every field."""
        return all(look(now) for look in self.fields.values())

    def draw(self, draw: DrawFn, now: Topology) -> Command:
        said: dict[str, Any] = {}
        for names, look in self.fields.items():
            found: Any = draw(sampled_from(look(now)))
            said.update(zip(names.split(), found, strict=True) if " " in names else {names: found})
        return self.kind(**said)


def wish(kind: type[Command], **fields: v.Look | Sequence[object] | str) -> Wish:
    """Wish for a command; two underscores part fields that belong together, words stand for themselves."""
    return Wish(kind, {name.replace("__", " "): v.as_look(said) for name, said in fields.items()})


@st.composite
def wishes(draw: DrawFn, among: Sequence[Wish]) -> Command:
    """Give a wish that is open at this moment, one of another area where none is; one in ten with a slip."""
    now: Topology = draw(st.runner()).now
    chosen = [one for one in among if one.is_open(now)] or [one for one in EVERY if one.is_open(now)]
    command = draw(sampled_from(chosen)).draw(draw, now)
    return slip(draw, command) if draw(st.integers(0, 9)) == 1 else command


def slip(draw: DrawFn, command: Command) -> Command:
    """Say anything in one field of a command."""
    hints = get_type_hints(type(command))
    name = draw(sampled_from([field.name for field in msgspec.structs.fields(command)]))
    return msgspec.structs.replace(command, **{name: draw(wild(hints[name]))})


NEW_L2S = v.fresh("l2", "v10 v20 w10 plain gre x1 x2 x3 m1")

PLACES = (
    wish(c.CreateZone, name=v.fresh("zone", "z y x")),
    wish(c.CreateCluster, name=v.fresh("cluster", "c1 c2 c3 d1 b"), zone=v.ZONES, hypervisor="KVM KVM KVM Bare"),
    wish(
        c.AddHost,
        name=v.fresh("host", "h1 h2 h3 h4 e1"),
        cluster=v.CLUSTERS,
        interfaces=v.PORT_SETS,
        address=("", "", "", "10.7.0.1"),
        vtep=v.tunnel_addresses,
    ),
    wish(c.SetHostState, host__state=v.host_states),
    wish(c.MoveHost, host__cluster=v.moves),
)
NETWORKS = (
    wish(c.CreateL2NoVlanNetwork, name=NEW_L2S, zone=v.ZONES, physical_interface=v.INTERFACES),
    wish(c.CreateL2VlanNetwork, name=NEW_L2S, zone=v.ZONES, physical_interface=v.INTERFACES, vlan=v.VLANS),
    wish(c.CreateL2OvsGreNetwork, name=NEW_L2S, zone=v.ZONES, physical_interface=v.INTERFACES, key=(5, 5, 6)),
    wish(c.CreateL2Network, name=NEW_L2S, zone=v.ZONES, type__number=v.TYPED, physical_interface=v.INTERFACES),
    wish(c.CreateL2VxlanNetworkPool, name=v.fresh("l2", "pool loop"), zone=v.ZONES, physical_interface=("", "eth0")),
    wish(c.AddVniRange, pool__start__end=v.new_vni_ranges, name=("", "", "high")),
    wish(c.CreateL2VxlanNetwork, name=NEW_L2S, pool__vni=v.vnis, realize="attach vm"),
    wish(c.AttachL2NetworkToCluster, l2__cluster=v.attachable_networks),
    wish(c.AttachL2NetworkToCluster, l2__cluster=v.attachable_pools, vtep_cidr=v.UNDERLAYS),
    wish(c.ChangeL2NetworkVlan, l2__vlan=v.retags),
    wish(c.UpdateL2Network, l2=v.L2S, name=v.maybe(NEW_L2S), description=(None, "slow", "missing")),
)
SUBNETS = (
    wish(
        c.CreateL3Network,
        name=n.NEW_L3S,
        l2=v.NETWORKS,
        category="private private public system",
        mtu=(0, 0, 0, 1400, 9000),
        allocator=n.ALLOCATORS,
    ),
    wish(
        c.UpdateL3Network,
        l3=n.L3S,
        name=v.maybe(n.NEW_L3S),
        category=(None, None, "private", "public", "system"),
        dns_domain=(None, "example.org"),
        mtu=(None, 0, 1400),
        allocator=n.ALLOCATORS,
    ),
    wish(c.ChangeL3NetworkState, l3__state=n.l3_states),
    wish(c.AddIpRange, l3__name__start__end__gateway__netmask=n.new_ranges),
    wish(c.AddIpRange, l3__name__start__end__gateway__prefix_length__address_mode=n.new_ranges6),
    wish(c.AddIpRangeByCidr, l3__name__cidr__address_mode=n.new_subnets),
    wish(c.AddReservedIpRange, l3__start__end=n.reservable),
    wish(c.AddDns, l3__address=n.new_resolvers),
    wish(c.AddHostRoute, l3__prefix=n.new_routes, next_hop="10.0.0.1 10.9.0.1"),
    wish(c.DeleteReservedIpRange, l3__start__end=n.reserved),
    wish(c.RemoveDns, l3__address=n.resolvers),
    wish(c.RemoveHostRoute, l3__prefix=n.routes),
)
GUESTS = (
    wish(c.CreateVm, name=n.NEW_VMS, networks=n.bundles, host=v.perhaps(v.HOSTS)),
    wish(c.CreateVm, name=n.NEW_VMS, networks__addresses=n.addressed, cluster=v.perhaps(v.CLUSTERS)),
    wish(c.CreateVm, name=n.NEW_VMS, networks__macs=n.with_macs),
    wish(c.StartVm, vm=n.stopped, host=v.perhaps(v.HOSTS)),
    wish(c.StopVm, vm=n.running),
    wish(c.MigrateVm, vm=n.running, host=v.perhaps(v.HOSTS)),
    wish(c.AttachL3NetworkToVm, vm__l3=n.pluggable),
    wish(c.AttachL3NetworkToVm, vm__l3__address=n.pluggable_at),
)
SERVICES = (
    wish(c.CreateNetworkServiceProvider, name=v.fresh("provider", "vr flat sg two"), type__services=s.OFFERS),
    wish(
        c.CreateNetworkServiceProvider,
        name=v.fresh("provider", "vr two"),
        type=("VirtualRouter",),
        services=(("SNAT", "EIP", "PortForwarding"), ("DHCP", "DNS", "SNAT")),
        public_l3=n.L3S,
    ),
    wish(c.AttachNetworkServiceProviderToL2Network, provider__l2=s.joinable),
    wish(c.AttachNetworkServiceToL3Network, l3__services=s.offered),
    wish(c.ChangeNetworkServiceProvider, l3__service__provider=s.rivals),
    wish(c.CreateSecurityGroup, name=v.fresh("security-group", "g1 g2 g3")),
    wish(
        c.AddSecurityGroupRule,
        uuid=s.RULE_IDS,
        group=s.GROUPS,
        direction="ingress egress",
        protocol__ports=s.PROTOCOLS,
        remote_cidr=("", "", "10.0.0.0/29", "::/0"),
    ),
    wish(c.AddSecurityGroupRule, group=s.GROUPS, direction="ingress egress", protocol=("ALL",), remote_group=s.GROUPS),
    wish(c.AttachSecurityGroupToL3Network, group__l3=s.filterable),
    wish(c.AddNicToSecurityGroup, group__vm__l3=s.outsiders),
    wish(c.DetachNetworkServiceProviderFromL2Network, provider__l2=s.joined),
    wish(c.DeleteSecurityGroupRule, group__rule=s.rules),
    wish(c.RemoveNicFromSecurityGroup, group__vm__l3=s.members),
)
ADDRESSES = (
    wish(c.CreateVip, name=v.fresh("vip", "vip1 vip2 vip3 vip4"), l3=n.ranged),
    wish(c.CreateVip, name=v.fresh("vip", "vip1 vip2 vip3 vip4"), l3__address=n.free_addresses),
    wish(c.CreateEip, name=v.fresh("eip", "eip1 eip2 eip3"), vip=s.unused_vips),
    wish(c.AttachEip, eip__vm__l3=s.eip_targets),
    wish(c.DetachEip, eip=s.bound_eips),
    wish(
        c.CreatePortForwardingRule,
        name=v.fresh("port-forwarding", "web ssh dns"),
        vip=s.shared_vips,
        protocol="TCP TCP UDP",
        vip_ports=s.SPANS,
        allowed_cidr=("", "", "10.0.1.0/29"),
        vm__l3=s.forwarding_nics,
    ),
    wish(
        c.CreatePortForwardingRule,
        name=v.fresh("port-forwarding", "web ssh dns"),
        vip=s.shared_vips,
        protocol="TCP UDP",
        vip_ports__private_ports=((22, 22), ("80-82", "90-92"), ("443", ""), (53, "53")),
    ),
    wish(c.AttachPortForwardingRule, rule__vm__l3=s.rule_targets),
    wish(c.DetachPortForwardingRule, rule=s.bound_rules),
)
FABRIC = (
    wish(c.AddSwitch, name=v.fresh("switch", "s1 s2 s3"), zone=v.ZONES, ports=(("1", "2", "3", "4"), ("1", "2"))),
    wish(c.SetSwitchPort, switch__port=v.ports, mode__vlan__vlans__native=v.PORT_FORMS),
    wish(c.Connect, a__b=v.open_ends),
    wish(c.Disconnect, a=v.cabled),
)
REPORTS = (
    wish(c.ReportL2Realized, host__l2=v.present, milliseconds=(0, 7)),
    wish(c.ReportL2Failed, host__l2=v.present, reason="slow missing"),
    wish(c.ReportL2Removed, host__l2=v.reported("realized", "failed")),
    wish(c.ReportDrift, host__l2=v.reported("realized"), what="slow missing"),
    wish(c.ReportDriftEnded, host__l2=v.drifted),
)
PARTINGS = (
    wish(c.DetachL2NetworkFromCluster, l2__cluster=v.attachments),
    wish(c.DetachL3NetworkFromVm, vm__l3=n.nics),
    wish(c.DetachNetworkServiceFromL3Network, l3__services=s.enjoyed),
    wish(c.DetachSecurityGroupFromL3Network, group__l3=s.filtered),
)
ENDINGS = (
    wish(c.DeleteZone, zone=v.ZONES, mode="permissive permissive enforcing"),
    wish(c.DeleteCluster, cluster=v.CLUSTERS, mode=v.MODES),
    wish(c.DeleteHost, host=v.HOSTS, mode=v.MODES),
    wish(c.DeleteVniRange, pool__name=v.vni_ranges, mode=v.MODES),
    wish(c.DeleteL2Network, l2=v.L2S, mode=v.MODES),
    wish(c.DeleteL3Network, l3=n.L3S, mode=v.MODES),
    wish(c.DeleteIpRange, l3__name=n.ranges, mode=v.MODES),
    wish(c.DestroyVm, vm=n.VMS),
    wish(c.DeleteVip, vip=s.VIPS),
    wish(c.DeleteEip, eip=s.EIPS),
    wish(c.DeletePortForwardingRule, rule=s.RULES),
    wish(c.DeleteSecurityGroup, group=s.GROUPS),
    wish(c.DeleteSwitch, switch=v.SWITCHES),
)
AREAS: Mapping[str, tuple[Wish, ...]] = {
    "places": PLACES,
    "networks": NETWORKS,
    "subnets": SUBNETS,
    "guests": GUESTS,
    "services": SERVICES,
    "addresses": ADDRESSES,
    "fabric": FABRIC,
    "reports": REPORTS,
    "partings": PARTINGS,
    "endings": ENDINGS,
}
"""What is asked for, by what it is about: runs differ in which of these they use."""
EVERY = tuple(wish for among in AREAS.values() for wish in among)
