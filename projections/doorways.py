"""The EIPs that hosts do themselves: a namespace for each L3 network whose guests here have some.

It is a router that does nothing else, with a door for each L3 network of VIPs. Inside it is the network's gateway, but
only to those guests that have an EIP, each in the EIP's family: whoever else is on that network has the gateway that is
out there. It is the same there on every host, so that a guest that migrates notices nothing; outside, its hardware
address is the host's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec

from domain import eip, l3, values, vip
from projections import router_plan, routers, subnets
from projections.digest import named
from projections.name_server import Book, Server, Subnet
from projections.namespaces import Gate, Namespace, leg_mac, leg_name
from projections.service_entries import Eip, Leg, Router, Services
from projections.topology import Topology
from projections.translation import Rules


class Doorway(msgspec.Struct, frozen=True):
    """The EIPs of one L3 network's guests on one host."""

    host: str
    l3: str
    eips: tuple[Eip, ...]

    @property
    def name(self) -> str:
        return named("eip-", self.l3)

    @property
    def families(self) -> set[int]:
        return {values.family(each.guest) for each in self.eips}


def doorways(topology: Topology, host: str, eips: Iterable[Eip]) -> Iterator[Doorway]:
    """Walk what a host needs for EIPs of its own."""
    by_network = {each.eip: topology.nics.all[each.nic].l3 for each in eips}
    for network, led in groupby(sorted(eips, key=lambda each: by_network[each.eip]), lambda each: by_network[each.eip]):
        yield Doorway(host, network, tuple(led))


def possible(eips: Iterable[Eip], gated: Iterable[str], made: Iterable[str]) -> list[Eip]:
    """Keep what a host does itself: for guests on bridges where a leg can be kept to some, from VIPs on any of ours."""
    inner, outer = set(gated), set(made)
    return [e for e in eips if not e.namespace and e.guest and e.bridge in inner and e.vip_bridge in outer]


# the namespace


def namespace(topology: Topology, doorway: Doorway, mtus: dict[str, int]) -> Namespace:
    """Derive a router's namespace with other EIPs than a router's. The MTUs are those of the host's bridges."""
    router = as_router(topology, doorway)
    led = tuple(msgspec.structs.replace(e, vip_device=outside(topology, e)) for e in doorway.eips)
    found = routers.namespace(topology, router, Services(eips=led), mtus)
    rules = found.rules
    if rules is None or values.IPV6 not in doorway.families:
        return msgspec.structs.replace(found, purpose="eip")
    told = msgspec.structs.replace(rules, advertises=True)
    return msgspec.structs.replace(found, purpose="eip", rules=told, server=advertiser(topology, doorway, rules))


def as_router(topology: Topology, doorway: Doorway) -> Router:
    """Say it in the words of a router: a leg to the guests, and one to each network of VIPs, which is no way out."""
    because = tuple(sorted({fact for each in doorway.eips for fact in each.because}))
    doors = sorted({outside(topology, each) for each in doorway.eips})
    legs = (home(topology, doorway, because), *(door(topology, doorway, each, because) for each in doors))
    return Router(doorway.l3, doorway.l3, doorway.name, legs, gateway="", gateway6="", because=because)


def outside(topology: Topology, each: Eip) -> str:
    """Give the L3 network of an EIP's VIP."""
    return topology.state(topology.state(each.eip, eip.Eip).vip, vip.Vip).l3


def home(topology: Topology, doorway: Doorway, because: tuple[int, ...]) -> Leg:
    networks = subnets.networks(topology, doorway.l3)
    return Leg(
        l3=doorway.l3,
        device=doorway.l3,
        mac=leg_mac(doorway.name, doorway.l3),
        bridge=subnets.bridge_of(topology, doorway.l3),
        addresses=tuple(router_plan.within(gateways(topology, doorway), networks)),
        networks=networks,
        mtu=subnets.mtu_of(topology, doorway.l3),
        public=False,
        because=because,
    )


def gateways(topology: Topology, doorway: Doorway) -> list[str]:
    """Give the gateways of the network, of the families that there are EIPs of."""
    return [ip for ip in subnets.gateways(topology, doorway.l3) if values.family(ip) in doorway.families]


def door(topology: Topology, doorway: Doorway, subnet: str, because: tuple[int, ...]) -> Leg:
    vips = sorted(each.vip for each in doorway.eips if outside(topology, each) == subnet)
    return Leg(
        l3=subnet,
        device=subnet,
        mac=leg_mac(f"{doorway.host}/{doorway.name}", subnet),
        bridge=subnets.bridge_of(topology, subnet),
        addresses=tuple(map(router_plan.alone, vips)),
        networks=subnets.networks(topology, subnet),
        mtu=subnets.mtu_of(topology, subnet),
        public=False,
        because=because,
    )


def advertiser(topology: Topology, doorway: Doorway, rules: Rules) -> Server:
    """Give who tells guests that have an IPv6 address outside of their router, and nothing else."""
    ranges = topology.state(doorway.l3, l3.L3Network).ranges
    six = next(r for r in ranges if values.family(r.network_cidr) == values.IPV6)
    told = Subnet(six.network_cidr, six.gateway, six.address_mode)
    return Server(rules.inside, (told,), dns=False, router=True, mtu=subnets.mtu_of(topology, doorway.l3), book=Book())


# who is led through


def gate(topology: Topology, doorway: Doorway) -> Gate:
    own = gateways(topology, doorway)
    ports = [(topology.nics.all[each.nic].device, values.family(each.guest)) for each in doorway.eips]
    return Gate(
        leg=leg_name(doorway.name, doorway.l3),
        bridge=subnets.bridge_of(topology, doorway.l3),
        mac=leg_mac(doorway.name, doorway.l3),
        holders=tuple(sorted((port, ip) for port, family in ports for ip in own if values.family(ip) == family)),
        networks=subnets.networks(topology, doorway.l3),
    )
