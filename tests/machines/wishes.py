"""A way to ask for every command, most often for one that makes sense at that moment.

It refuses to know which of them may be done.
"""

from __future__ import annotations

from typing import Any

from hypothesis.strategies import SearchStrategy, builds, dictionaries, just, none, nothing, sampled_from

from domain import commands as c
from domain.commands import Command
from tests.machines import vocabulary as v


WISHES: dict[type[Command], SearchStrategy[Command]] = {}
"""What is asked for, command by command."""


def wish(kind: type[Command], **fields: SearchStrategy[object]) -> None:
    """Add a way to ask for a command."""
    WISHES[kind] = WISHES.get(kind, nothing()) | builds(kind, **fields)


def wish_about(kind: type[Command], fields: str, look: v.Look, **others: SearchStrategy[object]) -> None:
    """Add a way to ask for a command about what belongs together: each of some fields takes one part of it."""
    names = fields.split()

    def ask(found: tuple[str, ...], **rest: Any) -> Command:
        return kind(**dict(zip(names, found, strict=True)), **rest)

    WISHES[kind] = WISHES.get(kind, nothing()) | builds(ask, v.there(look, ("nobody",) * len(names)), **others)


NEW_L2S = v.fresh("l2", "v10 v20 w10 plain gre x1 x2 x3")
NEW_L3S = v.fresh("l3", "guests public inner six odd")


def detached(found: tuple[str, str, str]) -> Command:
    name, service, source = found
    return c.DetachNetworkServiceFromL3Network(l3=name, services={source: (service,)})


def handed_over(found: tuple[str, str, str], provider: str) -> Command:
    return c.ChangeNetworkServiceProvider(l3=found[0], service=found[1], provider=provider)


# places
wish(c.CreateZone, name=v.fresh("zone", "z y"))
wish(c.DeleteZone, zone=v.ZONES, mode=v.words("permissive permissive permissive enforcing"))
wish(c.CreateCluster, name=v.fresh("cluster", "c1 c2 c3 d1"), zone=v.ZONES, hypervisor=v.words("KVM KVM KVM ESX"))
wish(c.DeleteCluster, cluster=v.CLUSTERS, mode=v.MODES)
wish(
    c.AddHost,
    name=v.fresh("host", "h1 h2 h3 h4 e1"),
    cluster=v.CLUSTERS,
    interfaces=v.PORT_SETS,
    address=v.rarely(v.TUNNELS),
    vtep=just("") | v.TUNNELS | v.TUNNELS,
)
wish(c.DeleteHost, host=v.HOSTS, mode=v.MODES)
wish(c.SetHostState, host=v.HOSTS, state=v.words("enabled enabled disabled maintenance asleep"))
wish(c.MoveHost, host=v.HOSTS, cluster=v.CLUSTERS)

# L2 networks and v.pools
wish(c.CreateL2NoVlanNetwork, name=NEW_L2S, zone=v.ZONES, physical_interface=v.INTERFACES)
wish(c.CreateL2VlanNetwork, name=NEW_L2S, zone=v.ZONES, physical_interface=v.INTERFACES, vlan=v.VLANS)
wish(
    c.CreateL2VxlanNetworkPool, name=v.fresh("l2", "pool loop"), zone=v.ZONES, physical_interface=v.rarely(v.INTERFACES)
)
wish(c.AddVniRange, pool=v.there(v.pools, "nobody"), start=v.VNIS, end=v.VNIS, name=v.words("low high") | just(""))
wish_about(c.DeleteVniRange, "pool name", v.vni_ranges, mode=v.MODES)
wish(
    c.CreateL2VxlanNetwork,
    name=NEW_L2S,
    pool=v.there(v.pools, "nobody"),
    vni=none() | v.VNIS,
    realize=v.words("attach vm vm later"),
)
wish(
    c.CreateL2OvsGreNetwork,
    name=NEW_L2S,
    zone=v.ZONES,
    physical_interface=v.INTERFACES,
    key=sampled_from([5, 5, 6, 0, (1 << 32) - 1]),
)
wish(
    c.CreateL2Network,
    name=NEW_L2S,
    zone=v.ZONES,
    type=v.words("L2NoVlanNetwork L2VlanNetwork OvsGreL2Network L2VxlanNetwork Unheard"),
    physical_interface=just("") | v.INTERFACES,
    number=v.VLANS,
)
wish(c.AttachL2NetworkToCluster, l2=v.L2S, cluster=v.CLUSTERS, vtep_cidr=v.rarely(v.UNDERLAYS))
wish(c.AttachL2NetworkToCluster, l2=v.there(v.pools, "nobody"), cluster=v.CLUSTERS, vtep_cidr=v.UNDERLAYS)
wish_about(c.DetachL2NetworkFromCluster, "l2 cluster", v.attachments)
wish(c.DetachL2NetworkFromCluster, l2=v.L2S, cluster=v.CLUSTERS)
wish(c.ChangeL2NetworkVlan, l2=v.L2S, vlan=v.VLANS)
wish(c.UpdateL2Network, l2=v.L2S, name=none() | NEW_L2S, description=none() | v.WHY)
wish(c.DeleteL2Network, l2=v.L2S, mode=v.MODES)

# L3 networks
wish(
    c.CreateL3Network,
    name=NEW_L3S,
    l2=v.L2S,
    category=v.words("private private public system secret"),
    mtu=v.MTUS,
    allocator=v.ALLOCATORS,
)
wish(
    c.UpdateL3Network,
    l3=v.L3S,
    name=none() | NEW_L3S,
    category=none() | v.words("private public system"),
    dns_domain=none() | v.words("example.org -"),
    mtu=none() | v.MTUS,
    allocator=none() | v.ALLOCATORS,
)
wish(c.ChangeL3NetworkState, l3=v.L3S, state=v.words("enabled enabled disabled asleep"))
wish(c.DeleteL3Network, l3=v.L3S, mode=v.MODES)
wish(
    c.AddIpRange,
    l3=v.L3S,
    name=v.RANGES,
    start=v.ADDRESSES,
    end=v.ADDRESSES,
    gateway=v.GATEWAYS,
    netmask=just("255.255.255.0"),
)
wish(
    c.AddIpRange,
    l3=v.L3S,
    name=v.RANGES,
    start=v.words("fd00::2 fd00::5"),
    end=v.words("fd00::3 fd00::8"),
    gateway=v.words("fd00::1"),
    prefix_length=sampled_from([64, 120, 127]),
    address_mode=v.ADDRESS_MODES,
)
wish(
    c.AddIpRangeByCidr,
    l3=v.L3S,
    name=v.RANGES,
    cidr=v.CIDRS,
    gateway=just("") | v.GATEWAYS,
    address_mode=just("") | v.ADDRESS_MODES,
)
wish_about(c.DeleteIpRange, "l3 name", v.ranges, mode=v.MODES)
wish(c.DeleteIpRange, l3=v.L3S, name=v.RANGES, mode=v.MODES)
wish(c.AddReservedIpRange, l3=v.L3S, start=v.ADDRESSES, end=v.ADDRESSES)
wish_about(c.DeleteReservedIpRange, "l3 start end", v.reserved)
wish(c.AddDns, l3=v.L3S, address=v.words("8.8.8.8 1.1.1.1 fd00::53 x"))
wish_about(c.RemoveDns, "l3 address", v.resolvers)
wish(c.AddHostRoute, l3=v.L3S, prefix=v.CIDRS, next_hop=v.GATEWAYS)
wish_about(c.RemoveHostRoute, "l3 prefix", v.routes)
wish(c.RemoveHostRoute, l3=v.L3S, prefix=v.CIDRS, next_hop=just("") | v.GATEWAYS)

# VMs
wish(
    c.CreateVm,
    name=v.fresh("vm", "a b e f g"),
    networks=v.many(v.L3S, 0, 2),
    host=just("") | v.HOSTS,
    cluster=v.rarely(v.CLUSTERS),
    addresses=just({}) | dictionaries(v.L3S, v.PAIRS, max_size=1),
    macs=just({}) | dictionaries(v.L3S, v.MACS, max_size=1),
)
wish(c.StartVm, vm=v.VMS, host=just("") | v.HOSTS)
wish(c.StopVm, vm=v.VMS)
wish(c.MigrateVm, vm=v.VMS, host=just("") | v.HOSTS)
wish(c.DestroyVm, vm=v.VMS)
wish(c.AttachL3NetworkToVm, vm=v.VMS, l3=v.L3S, address=just("") | v.PAIRS)
wish_about(c.DetachL3NetworkFromVm, "vm l3", v.nics)
wish(c.DetachL3NetworkFromVm, vm=v.VMS, l3=v.L3S)

# services
wish(
    c.CreateNetworkServiceProvider,
    name=v.fresh("provider", "vr flat sg two"),
    type=v.words("VirtualRouter Flat SecurityGroup Unheard"),
    services=v.many(v.TYPES, 1, 2),
)
wish(c.AttachNetworkServiceProviderToL2Network, provider=v.PROVIDERS, l2=v.L2S)
wish(c.DetachNetworkServiceProviderFromL2Network, provider=v.PROVIDERS, l2=v.L2S)
wish(c.AttachNetworkServiceToL3Network, l3=v.L3S, services=v.SERVED)
WISHES[c.DetachNetworkServiceFromL3Network] = builds(detached, v.there(v.enjoyed, ("nobody", "DHCP", "nobody")))
wish(c.DetachNetworkServiceFromL3Network, l3=v.L3S, services=v.SERVED)
WISHES[c.ChangeNetworkServiceProvider] = builds(
    handed_over, v.there(v.enjoyed, ("nobody", "DHCP", "nobody")), v.PROVIDERS
)
wish(c.ChangeNetworkServiceProvider, l3=v.L3S, service=v.TYPES, provider=v.PROVIDERS)
wish(c.CreateVip, name=v.fresh("vip", "vip1 vip2 vip3"), l3=v.L3S, address=just("") | v.ADDRESSES)
wish(c.DeleteVip, vip=v.VIPS)
wish(c.CreateEip, name=v.fresh("eip", "eip1 eip2"), vip=v.VIPS)
wish_about(c.AttachEip, "vm l3", v.nics, eip=v.EIPS)
wish(c.AttachEip, eip=v.EIPS, vm=v.VMS, l3=v.L3S)
wish(c.DetachEip, eip=v.EIPS)
wish(c.DeleteEip, eip=v.EIPS)
wish(
    c.CreatePortForwardingRule,
    name=v.fresh("port-forwarding", "web ssh"),
    vip=v.VIPS,
    protocol=v.words("TCP UDP SCTP"),
    vip_ports=v.SPANS,
    private_ports=just("") | v.SPANS,
    vm=just("") | v.VMS,
    l3=just("") | v.L3S,
    allowed_cidr=v.rarely(v.CIDRS),
)
wish_about(c.AttachPortForwardingRule, "vm l3", v.nics, rule=v.RULES)
wish(c.AttachPortForwardingRule, rule=v.RULES, vm=v.VMS, l3=v.L3S)
wish(c.DetachPortForwardingRule, rule=v.RULES)
wish(c.DeletePortForwardingRule, rule=v.RULES)
wish(c.CreateSecurityGroup, name=v.fresh("security-group", "g1 g2 g3"))
wish(c.DeleteSecurityGroup, group=v.GROUPS)
wish(
    c.AddSecurityGroupRule,
    uuid=just("") | v.RULE_IDS,
    group=v.GROUPS,
    direction=v.words("ingress egress up"),
    protocol=v.words("TCP UDP ICMP ALL"),
    ports=just("") | v.SPANS,
    remote_cidr=v.rarely(v.CIDRS),
    remote_group=just("") | v.GROUPS,
)
wish_about(c.DeleteSecurityGroupRule, "group rule", v.rules)
wish(c.AttachSecurityGroupToL3Network, group=v.GROUPS, l3=v.L3S)
wish_about(c.DetachSecurityGroupFromL3Network, "group l3", v.filtered)
wish(c.DetachSecurityGroupFromL3Network, group=v.GROUPS, l3=v.L3S)
wish_about(c.AddNicToSecurityGroup, "vm l3", v.nics, group=v.GROUPS)
wish(c.AddNicToSecurityGroup, group=v.GROUPS, vm=v.VMS, l3=v.L3S)
wish_about(c.RemoveNicFromSecurityGroup, "group vm l3", v.members)

# the fabric
wish(
    c.AddSwitch,
    name=v.fresh("switch", "s1 s2 s3"),
    zone=v.ZONES,
    ports=just(("1", "2", "3", "4")) | v.many(v.words("1 2 3")),
)
wish(c.DeleteSwitch, switch=v.SWITCHES)
wish(
    c.SetSwitchPort,
    switch=v.SWITCHES,
    port=v.words("1 2 3 4 9"),
    mode=v.words("access trunk trunk off"),
    vlan=none() | v.VLANS,
    vlans=v.words("10 10,20 10-30 20 x") | just(""),
    native=none() | v.VLANS,
)
wish(c.Connect, a=v.ENDS, b=v.ENDS)
wish_about(c.Disconnect, "a", v.cabled)

# reports
wish(c.ReportL2Realized, host=v.HOSTS, l2=v.L2S, milliseconds=sampled_from([0, 7, -1]))
wish(c.ReportL2Failed, host=v.HOSTS, l2=v.L2S, reason=v.WHY)
wish(c.ReportL2Removed, host=v.HOSTS, l2=v.L2S)
wish(c.ReportDrift, host=v.HOSTS, l2=v.L2S, what=v.WHY)
wish(c.ReportDriftEnded, host=v.HOSTS, l2=v.L2S)
