"""What one host must do for network services: DHCP and DNS servers, translation, forwarding, filters.

A service that runs in the hosts is done by each host for the NICs that run there; one that runs in a virtual router by
the router's host for all of its L3 network; one that runs elsewhere by none of ours. Each entry names the facts that it
rests on.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain import eip, host, l2, l3, port_forwarding, provider, provider_types, router, security_group, vip, vm
from domain.binding import Binding
from domain.l2_types import TUNNEL_MTU
from projections import attachment
from projections.nics import Nic
from projections.relations import related
from projections.service_entries import DhcpServer, DnsServer, Eip, Filter, Forwarding, Guard, Lease, Services, Snat
from projections.topology import Topology


def services(topology: Topology, uuid: str) -> Services:
    """Derive what a host does. O(NICs and routers on it, and what they use)."""
    duties = tuple(sorted(duties_of(topology, uuid), key=lambda d: (d.l3, d.service)))
    bindings = [b for d in duties for b in bound(topology, d)]
    return Services(
        routers=tuple(sorted(topology.state(r, router.Router).l3 for r in routers_on(topology, uuid))),
        dhcp=tuple(dhcp(topology, d) for d in duties if d.service == provider_types.DHCP),
        dns=tuple(dns(topology, d) for d in duties if d.service == provider_types.DNS),
        snat=tuple(snat(topology, d) for d in duties if d.service == provider_types.SNAT),
        eips=tuple(as_eip(topology, b) for b in bindings if isinstance(b.state, eip.Eip)),
        forwardings=tuple(forwarding(topology, b) for b in bindings if isinstance(b.state, port_forwarding.Rule)),
        guards=tuple(guards(topology, duties)),
    )


# who does what


class Duty(msgspec.Struct, frozen=True):
    """A service that a host does on an L3 network, and for which NICs."""

    host: str
    l3: str
    service: str
    distributed: bool
    """Whether each host does it for its own NICs."""
    nics: tuple[str, ...]
    because: tuple[int, ...]


def duties_of(topology: Topology, uuid: str) -> Iterator[Duty]:
    """Walk the services that a host does: by its NICs, and by its routers."""
    here: dict[str, list[str]] = {}
    for guest in related(topology.objects.children, uuid):
        for nic in topology.nics_of(guest):
            here.setdefault(nic.l3, []).append(nic.uuid)
    for subnet, nics in here.items():
        yield from duties(topology, uuid, subnet, runs="hosts", nics=nics, because=())
    for found in routers_on(topology, uuid):
        subnet = topology.state(found, router.Router).l3
        everywhere = list(related(topology.nics.on_l3, subnet))
        placed = related(topology.services.users, uuid)[found]
        yield from duties(topology, uuid, subnet, runs="router", nics=everywhere, because=(placed,))


def duties(
    topology: Topology,
    uuid: str,
    subnet: str,
    *,
    runs: provider_types.Runs,
    nics: list[str],
    because: tuple[int, ...],
) -> Iterator[Duty]:
    taken = related(topology.services.taken, subnet)
    for service, source in topology.state(subnet, l3.L3Network).services:
        if topology.state(source, provider.Provider).runs == runs:
            facts = tuple(sorted({taken[service], *because}))
            yield Duty(uuid, subnet, service, runs == "hosts", tuple(sorted(nics)), facts)


def routers_on(topology: Topology, uuid: str) -> list[str]:
    users = related(topology.services.users, uuid)
    return sorted(u for u in users if isinstance(topology.objects.states.get(u), router.Router))


def networks(topology: Topology, uuid: str) -> set[str]:
    """Give the L2 networks that a host needs for services, beside those of its NICs: its routers', and its EIPs'."""
    found: set[str] = set()
    for duty in duties_of(topology, uuid):
        if not duty.distributed:
            found.add(topology.state(duty.l3, l3.L3Network).l2)
        found |= {l2_of(topology, topology.state(b.state.vip, vip.Vip).l3) for b in bound(topology, duty)}
    return found


def reaches(topology: Topology, uuid: str, address: str) -> bool:
    """Tell whether a host has the L2 network of a VIP."""
    network = l2_of(topology, topology.state(address, vip.Vip).l3)
    return topology.state(uuid, host.Host).cluster in attachment.clusters_of(topology.objects, network)


def l2_of(topology: Topology, subnet: str) -> str:
    return topology.state(subnet, l3.L3Network).l2


def bridge_of(topology: Topology, subnet: str) -> str:
    return topology.state(l2_of(topology, subnet), l2.L2Network).bridge


# servers


def dhcp(topology: Topology, duty: Duty) -> DhcpServer:
    state = topology.state(duty.l3, l3.L3Network)
    nics = [topology.nics.all[uuid] for uuid in duty.nics]
    gateways = tuple(dict.fromkeys(r.gateway for r in state.ranges))
    return DhcpServer(
        l3=duty.l3,
        bridge=bridge_of(topology, duty.l3),
        addresses=tuple(ip for _, ip in state.dhcp_servers) if duty.distributed else gateways,
        gateways=gateways,
        networks=subnets(state),
        dns=state.dns,
        routes=tuple((route.prefix, route.next_hop) for route in state.host_routes),
        domain=state.dns_domain,
        mtu=mtu_of(topology, state),
        leases=tuple(lease(topology, nic) for nic in nics),
        because=tuple(sorted({*duty.because, *(nic.position for nic in nics)})),
    )


def mtu_of(topology: Topology, subnet: l3.L3Network) -> int:
    """Give the MTU that guests are told: the network's own, in a tunnel what that leaves, or else none."""
    tunnelled = topology.state(subnet.l2, l2.L2Network).carrier == "tunnel"
    return subnet.mtu or (TUNNEL_MTU if tunnelled else 0)


def lease(topology: Topology, nic: Nic) -> Lease:
    first = topology.state(nic.vm, vm.Vm).nics[0]
    return Lease(nic.uuid, nic.mac, ips_of(nic), default=first.uuid == nic.uuid)


def ips_of(nic: Nic) -> tuple[str, ...]:
    return tuple(filter(None, (nic.ip, nic.ip6)))


def subnets(state: l3.L3Network) -> tuple[str, ...]:
    return tuple(dict.fromkeys(r.network_cidr for r in state.ranges))


def dns(topology: Topology, duty: Duty) -> DnsServer:
    state = topology.state(duty.l3, l3.L3Network)
    return DnsServer(duty.l3, bridge_of(topology, duty.l3), state.dns, duty.because)


def snat(topology: Topology, duty: Duty) -> Snat:
    state = topology.state(duty.l3, l3.L3Network)
    return Snat(duty.l3, bridge_of(topology, duty.l3), subnets(state), duty.because)


# addresses that lead to NICs


class Bound(msgspec.Struct, frozen=True):
    """An EIP or a rule that leads to a NIC, and the facts by which a host does it."""

    uuid: str
    state: eip.Eip | port_forwarding.Rule
    binding: Binding
    because: tuple[int, ...]


LEADING: dict[str, type[eip.Eip | port_forwarding.Rule]] = {
    provider_types.EIP: eip.Eip,
    provider_types.PORT_FORWARDING: port_forwarding.Rule,
}


def bound(topology: Topology, duty: Duty) -> Iterator[Bound]:
    """Walk what leads to the NICs of a duty by its service, from VIPs on networks that the host has."""
    kind = LEADING.get(duty.service)
    for nic in duty.nics if kind else ():
        for uuid, position in sorted(related(topology.services.users, nic).items()):
            state = topology.objects.states[uuid]
            if kind and isinstance(state, kind) and state.binding and reaches(topology, duty.host, state.vip):
                because = tuple(sorted({*duty.because, position, topology.objects.born[state.vip]}))
                yield Bound(uuid, state, state.binding, because)


def as_eip(topology: Topology, found: Bound) -> Eip:
    address = topology.state(found.state.vip, vip.Vip)
    return Eip(
        eip=found.uuid,
        vip=address.ip,
        guest=guest_address(topology, found, address),
        nic=found.binding.nic,
        vip_bridge=bridge_of(topology, address.l3),
        bridge=bridge_of(topology, found.binding.l3),
        because=found.because,
    )


def guest_address(topology: Topology, found: Bound, address: vip.Vip) -> str:
    """Give the NIC's address of the VIP's family."""
    ips = ips_of(topology.nics.all[found.binding.nic])
    return next((ip for ip in ips if (":" in ip) == (":" in address.ip)), "")


def forwarding(topology: Topology, found: Bound) -> Forwarding:
    rule = topology.state(found.uuid, port_forwarding.Rule)
    address = topology.state(rule.vip, vip.Vip)
    return Forwarding(
        rule=found.uuid,
        protocol=rule.protocol,
        vip=address.ip,
        vip_ports=str(rule.vip_ports),
        guest=guest_address(topology, found, address),
        private_ports=str(rule.private_ports),
        allowed_cidr=rule.allowed_cidr,
        vip_bridge=bridge_of(topology, address.l3),
        bridge=bridge_of(topology, found.binding.l3),
        because=found.because,
    )


# filters


def guards(topology: Topology, duties: tuple[Duty, ...]) -> Iterator[Guard]:
    """Walk the groups that NICs here are in, and those that their rules name."""
    mine = guarded(topology, duties)
    named = {r.remote_group for g in mine for r in topology.state(g, security_group.SecurityGroup).rules}
    for group in sorted((named | mine.keys()) - {""}):
        yield guard(topology, group, mine.get(group, {}))


def guarded(topology: Topology, duties: tuple[Duty, ...]) -> dict[str, dict[str, int]]:
    """Give the groups of the NICs here, each with those NICs and the facts that put them there."""
    found: dict[str, dict[str, int]] = {}
    for nic in (n for d in duties if d.service == provider_types.SECURITY_GROUP for n in d.nics):
        for uuid, position in related(topology.services.users, nic).items():
            if isinstance(topology.objects.states[uuid], security_group.SecurityGroup):
                found.setdefault(uuid, {})[nic] = position
    return found


def guard(topology: Topology, uuid: str, here: dict[str, int]) -> Guard:
    group = topology.state(uuid, security_group.SecurityGroup)
    rules = related(topology.services.rules, uuid)
    return Guard(
        group=uuid,
        ports=tuple(sorted(topology.nics.all[nic].device for nic in here)),
        members=tuple(sorted(ip for m in group.members for ip in ips_of(topology.nics.all[m.nic]))),
        filters=tuple(as_filter(rule) for rule in group.rules),
        because=tuple(sorted({topology.objects.born[uuid], *here.values(), *rules.values()})),
    )


def as_filter(rule: security_group.Rule) -> Filter:
    ports = f"{rule.first_port}-{rule.last_port}" if rule.first_port else ""
    return Filter(rule.direction, rule.protocol, ports, rule.remote_cidr, rule.remote_group)
