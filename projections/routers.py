"""The namespaces of virtual routers: a leg for each NIC, routes, what is let through and translated, and the servers.

A router is one L3 network's: without a leg on that there is nothing for it to do. What comes in by another network than
its way out is answered by that one's gateway, and an EIP's guest goes out where its EIP is.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain import provider_types, values
from domain.ports import ports
from projections import service_entries as entries
from projections import serving, subnets
from projections.name_server import Server
from projections.namespaces import LEG, Leg, Namespace, Route, Way, leg_name
from projections.service_entries import Router, Services
from projections.topology import Topology
from projections.translation import Door, Forward, OneToOne, Rules, Source


FAMILIES = (values.IPV4, values.IPV6)
ALONE = ("/32", "/128")
KERNELS_OWN = 256
EVERYWHERE = {values.IPV4: "0.0.0.0/0", values.IPV6: "::/0"}


def namespaces(topology: Topology, services: Services, mtus: dict[str, int]) -> Iterator[Namespace]:
    """Walk the routers' namespaces of a host. The MTUs are those of its bridges."""
    for router in services.routers:
        if any(leg.l3 == router.l3 for leg in router.legs):
            yield namespace(topology, router, only(services, router.namespace), mtus)


def only(services: Services, namespace: str) -> Services:
    """Keep what one router does."""
    return Services(
        dhcp=tuple(entry for entry in services.dhcp if entry.namespace == namespace),
        dns=tuple(entry for entry in services.dns if entry.namespace == namespace),
        snat=tuple(entry for entry in services.snat if entry.namespace == namespace),
        eips=tuple(entry for entry in services.eips if entry.namespace == namespace and entry.guest),
        forwardings=tuple(entry for entry in services.forwardings if entry.namespace == namespace and entry.guest),
    )


def namespace(topology: Topology, router: Router, does: Services, mtus: dict[str, int]) -> Namespace:
    rules = rules_of(topology, router, does)
    return Namespace(
        name=router.namespace,
        purpose="router",
        subject=router.router,
        legs=tuple(leg(router, one, mtus) for one in router.legs),
        because=router.because,
        routes=tuple(Route(*route) for route in sorted(routes(rules))),
        ways=tuple(sorted(way for door in rules.doors if door.number for way in ways(door))),
        forwarding=True,
        rules=rules,
        server=server(rules, does),
    )


def leg(router: Router, nic: entries.Leg, mtus: dict[str, int]) -> Leg:
    device = leg_name(router.namespace, nic.l3)
    mtu = nic.mtu or mtus.get(nic.bridge, 0)
    return Leg(device, nic.bridge, nic.mac, tuple(sorted(nic.addresses)), mtu)


def routes(rules: Rules) -> Iterator[tuple[str, str]]:
    for gateway in (gateway for door in rules.doors if not door.number for gateway in door.gateways):
        yield EVERYWHERE[values.family(gateway)], gateway


def ways(door: Door) -> Iterator[Way]:
    """Walk the routes of what is tied to a door: to its networks, and by its gateways to all else."""
    yield from (Way(door.number, network, door.leg, "") for network in sorted(door.networks))
    for gateway in sorted(door.gateways):
        yield Way(door.number, EVERYWHERE[values.family(gateway)], door.leg, gateway)


def server(rules: Rules, does: Services) -> Server | None:
    dhcp = next((entry for entry in does.dhcp if entry.addresses and entry.networks), None)
    dns = next(iter(does.dns), None)
    return serving.server(rules.inside, dhcp=dhcp, dns=dns, router=True) if rules.own and (dhcp or dns) else None


# rules


def rules_of(topology: Topology, router: Router, does: Services) -> Rules:
    devices = {nic.device: leg_name(router.namespace, nic.l3) for nic in router.legs}
    home = next(nic for nic in router.legs if nic.l3 == router.l3)
    told = does.entries
    return Rules(
        inside=devices[home.device],
        own=bare(home.addresses),
        networks=home.networks,
        doors=tuple(doors(topology, router, devices)),
        sources=tuple(source for entry in does.snat for source in sources(entry, devices)),
        pairs=tuple(OneToOne(e.vip, e.guest, devices[e.vip_device]) for e in does.eips if e.vip_device in devices),
        forwards=tuple(forward(e, devices) for e in does.forwardings if e.vip_device in devices),
        serves=tuple(sorted({service for service, _ in told} & {provider_types.DHCP, provider_types.DNS})),
        because=tuple(sorted({*router.because, *(fact for _, entry in told for fact in entry.because)})),
    )


def bare(addresses: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cidr.partition("/")[0] for cidr in addresses)


def doors(topology: Topology, router: Router, devices: dict[str, str]) -> Iterator[Door]:
    own = {ip for nic in router.legs for ip in bare(nic.addresses)}
    for nic in router.legs:
        if nic.l3 != router.l3:
            device, near = devices[nic.device], within_reach(nic)
            every = subnets.gateways(topology, nic.l3)
            gateways = [ip for ip in every if serving.within(ip, near) and ip not in own]
            first = (next((ip for ip in gateways if values.family(ip) == family), "") for family in FAMILIES)
            number = 0 if nic.public else number_of(device)
            yield Door(device, number, bare(nic.addresses), near, tuple(filter(None, first)))


def within_reach(nic: entries.Leg) -> tuple[str, ...]:
    """Give the networks that a leg can reach: with an address in them, and by routes of its own with a VIP as well."""
    addresses = bare(tuple(cidr for cidr in nic.addresses if not (nic.public and cidr.endswith(ALONE))))
    return tuple(network for network in nic.networks if any(serving.within(ip, [network]) for ip in addresses))


def number_of(device: str) -> int:
    """Give a leg's routes a number that stays while other legs come and go, above those that a kernel knows itself."""
    return KERNELS_OWN + int(device.removeprefix(LEG)[:7], 16)


def sources(entry: entries.Snat, devices: dict[str, str]) -> Iterator[Source]:
    for network in entry.networks if entry.device in devices else ():
        for address in entry.addresses:
            if values.family(address) == values.family(network):
                yield Source(network, devices[entry.device], address)


def forward(entry: entries.Forwarding, devices: dict[str, str]) -> Forward:
    outer, inner = ports(entry.vip_ports), ports(entry.private_ports)
    return Forward(entry.protocol, entry.vip, outer, entry.guest, inner, entry.allowed_cidr, devices[entry.vip_device])
