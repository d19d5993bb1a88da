"""What one host must do for network services: DHCP and DNS servers, translation, forwarding, filters.

A service that runs in the hosts is done by each host for the NICs that run there; one that runs in a virtual router by
the router's host for all of its L3 network; one that runs elsewhere by none of ours. Each entry names the facts that it
rests on.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain import eip, host, l3, port_forwarding, provider, provider_types, router, values, vip, vm
from domain.binding import Binding
from projections import attachment, custom_services, filtering, router_plan, subnets
from projections.nics import Nic
from projections.relations import related
from projections.service_entries import (
    CustomService,
    DhcpServer,
    DnsServer,
    Eip,
    Forwarding,
    Lease,
    Services,
    Snat,
)
from projections.topology import Topology


def services(topology: Topology, uuid: str) -> Services:
    """Derive what a host does. O(NICs and routers on it, and what they use)."""
    every = tuple(sorted(duties_of(topology, uuid), key=lambda d: (d.l3, d.service)))
    duties = tuple(duty for duty in every if duty.ours)
    bindings = [b for d in duties for b in bound(topology, d)]
    guarded = {nic: d.because for d in duties if d.service == provider_types.SECURITY_GROUP for nic in d.nics}
    return Services(
        routers=tuple(router_plan.planned(topology, r) for r in router_plan.routers_on(topology, uuid)),
        dhcp=tuple(dhcp(topology, d) for d in duties if d.service == provider_types.DHCP),
        dns=tuple(dns(topology, d) for d in duties if d.service == provider_types.DNS),
        snat=tuple(snat(topology, d) for d in duties if d.service == provider_types.SNAT),
        eips=tuple(as_eip(topology, b) for b in bindings if isinstance(b.state, eip.Eip)),
        forwardings=tuple(forwarding(topology, b) for b in bindings if isinstance(b.state, port_forwarding.Rule)),
        guards=tuple(filtering.guards(topology, guarded)),
        shields=tuple(filtering.shields(topology, guarded)),
        customs=tuple(custom(topology, duty) for duty in every if not duty.ours),
    )


# who does what


class Duty(msgspec.Struct, frozen=True):
    """A service that a host does on an L3 network, and for which NICs."""

    host: str
    l3: str
    service: str
    router: str
    """The one that does it here; nothing where each host does it for its own NICs."""
    nics: tuple[str, ...]
    because: tuple[int, ...]
    ours: bool = True
    """Whether we do it ourselves, or leave it to a plugin's backend."""


def duties_of(topology: Topology, uuid: str) -> Iterator[Duty]:
    """Walk the services that a host does: by its NICs, and by its routers."""
    here: dict[str, list[str]] = {}
    for guest in related(topology.objects.children, uuid):
        for nic in topology.nics_of(guest):
            here.setdefault(nic.l3, []).append(nic.uuid)
    for subnet, nics in here.items():
        yield from duties(topology, uuid, subnet, by="", nics=nics, because=())
    for found in router_plan.routers_on(topology, uuid):
        subnet = topology.state(found, router.Router).l3
        everywhere = list(related(topology.nics.on_l3, subnet))
        placed = related(topology.services.users, uuid)[found]
        yield from duties(topology, uuid, subnet, by=found, nics=everywhere, because=(placed,))


def duties(
    topology: Topology,
    uuid: str,
    subnet: str,
    *,
    by: str,
    nics: list[str],
    because: tuple[int, ...],
) -> Iterator[Duty]:
    taken = related(topology.services.taken, subnet)
    for service, source in topology.state(subnet, l3.L3Network).services:
        known = topology.state(source, provider.Provider)
        if known.runs == ("router" if by else "hosts"):
            facts = tuple(sorted({taken[service], *because}))
            ours = provider_types.is_ours(known.type, known.runs, service)
            yield Duty(uuid, subnet, service, by, tuple(sorted(nics)), facts, ours)


def custom(topology: Topology, duty: Duty) -> CustomService:
    namespace = router_plan.namespace(duty.router)
    return custom_services.custom(topology, duty.host, duty.l3, duty.service, namespace=namespace, because=duty.because)


def networks(topology: Topology, uuid: str) -> set[str]:
    """Give the L2 networks that a host needs for services, beside those of its NICs: its routers', and its EIPs'."""
    routed = (nic for r in router_plan.routers_on(topology, uuid) for nic in router_plan.nics_here(topology, r))
    led = (topology.state(b.state.vip, vip.Vip) for d in duties_of(topology, uuid) for b in bound(topology, d))
    return {subnets.l2_of(topology, subnet) for subnet in (*(n.l3 for n in routed), *(v.l3 for v in led))}


def reaches(topology: Topology, uuid: str, address: str) -> bool:
    """Tell whether a host has the L2 network of a VIP."""
    network = subnets.l2_of(topology, topology.state(address, vip.Vip).l3)
    return topology.state(uuid, host.Host).cluster in attachment.clusters_of(topology.objects, network)


# servers


def dhcp(topology: Topology, duty: Duty) -> DhcpServer:
    state = topology.state(duty.l3, l3.L3Network)
    nics = [topology.nics.all[uuid] for uuid in duty.nics]
    gateways = subnets.gateways(topology, duty.l3)
    return DhcpServer(
        l3=duty.l3,
        bridge=subnets.bridge_of(topology, duty.l3),
        addresses=own_addresses(topology, duty),
        gateways=gateways,
        networks=subnets.networks(topology, duty.l3),
        dns=state.dns,
        routes=tuple((route.prefix, route.next_hop) for route in state.host_routes),
        domain=state.dns_domain,
        address_mode=next((r.address_mode for r in state.ranges if r.address_mode), ""),
        mtu=subnets.mtu_of(topology, duty.l3),
        leases=tuple(lease(topology, nic) for nic in nics),
        namespace=router_plan.namespace(duty.router),
        because=tuple(sorted({*duty.because, *(nic.position for nic in nics)})),
    )


def own_addresses(topology: Topology, duty: Duty) -> tuple[str, ...]:
    """Give the addresses at which a network's servers are: in the hosts the network's own, in a router its gateways."""
    if duty.router:
        return subnets.gateways(topology, duty.l3)
    return tuple(ip for _, ip in topology.state(duty.l3, l3.L3Network).dhcp_servers)


def lease(topology: Topology, nic: Nic) -> Lease:
    guest = topology.state(nic.vm, vm.Vm)
    return Lease(nic.uuid, nic.mac, ips_of(nic), default=guest.nics[0].uuid == nic.uuid, name=guest.name)


def ips_of(nic: Nic) -> tuple[str, ...]:
    return tuple(filter(None, (nic.ip, nic.ip6)))


def dns(topology: Topology, duty: Duty) -> DnsServer:
    state = topology.state(duty.l3, l3.L3Network)
    everybody = [topology.nics.all[uuid] for uuid in sorted(related(topology.nics.on_l3, duty.l3))]
    return DnsServer(
        l3=duty.l3,
        bridge=subnets.bridge_of(topology, duty.l3),
        addresses=own_addresses(topology, duty),
        networks=subnets.networks(topology, duty.l3),
        domain=state.dns_domain,
        names=tuple((topology.state(nic.vm, vm.Vm).name, ips_of(nic)) for nic in everybody),
        forwards=state.dns,
        namespace=router_plan.namespace(duty.router),
        because=duty.because,
    )


def snat(topology: Topology, duty: Duty) -> Snat:
    outside = router_plan.way_out(topology, duty.router) if duty.router else None
    networks, addresses = subnets.networks(topology, duty.l3), outside.ips if outside else ()
    both = set(map(values.family, networks)) & set(map(values.family, addresses))
    return Snat(
        l3=duty.l3,
        bridge=subnets.bridge_of(topology, duty.l3),
        networks=tuple(network for network in networks if values.family(network) in both),
        addresses=tuple(ip for ip in addresses if values.family(ip) in both),
        device=outside.device if outside else "",
        namespace=router_plan.namespace(duty.router),
        because=duty.because,
    )


# addresses that lead to NICs


class Bound(msgspec.Struct, frozen=True):
    """An EIP or a rule that leads to a NIC, and the facts by which a host does it."""

    uuid: str
    state: eip.Eip | port_forwarding.Rule
    binding: Binding
    router: str
    """The one that leads in here; nothing where the host itself does."""
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
                yield Bound(uuid, state, state.binding, duty.router, because)


def as_eip(topology: Topology, found: Bound) -> Eip:
    address = topology.state(found.state.vip, vip.Vip)
    return Eip(
        eip=found.uuid,
        vip=address.ip,
        guest=guest_address(topology, found, address),
        nic=found.binding.nic,
        vip_bridge=subnets.bridge_of(topology, address.l3),
        bridge=subnets.bridge_of(topology, found.binding.l3),
        vip_device=router_plan.device_on(topology, found.router, address.l3),
        namespace=router_plan.namespace(found.router),
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
        vip_bridge=subnets.bridge_of(topology, address.l3),
        bridge=subnets.bridge_of(topology, found.binding.l3),
        vip_device=router_plan.device_on(topology, found.router, address.l3),
        namespace=router_plan.namespace(found.router),
        because=found.because,
    )
