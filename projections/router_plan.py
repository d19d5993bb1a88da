"""What a host must have for the virtual routers on it: a namespace each, its NICs with their addresses, the way out.

A NIC on a network that the host lacks is left out: the router is there for what it can do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain import devices, router, values, vip
from projections import routing, subnets
from projections.relations import related
from projections.service_entries import Leg, Router
from projections.topology import Topology


def routers_on(topology: Topology, host: str) -> list[str]:
    users = related(topology.services.users, host)
    return sorted(u for u in users if isinstance(topology.objects.states.get(u), router.Router))


def planned(topology: Topology, uuid: str) -> Router:
    """Derive what a router's host must have for it. O(what leads in through it)."""
    state = topology.state(uuid, router.Router)
    legs = tuple(leg(topology, uuid, nic) for nic in nics_here(topology, uuid))
    outside = way_out(topology, uuid)
    gateways = subnets.gateways(topology, outside.l3) if outside else ()
    placed = related(topology.services.users, state.host)[uuid]
    return Router(
        router=uuid,
        l3=state.l3,
        namespace=namespace(uuid),
        legs=legs,
        gateway=next((ip for ip in gateways if values.family(ip) == values.IPV4), ""),
        gateway6=next((ip for ip in gateways if values.family(ip) == values.IPV6), ""),
        because=tuple(sorted({placed, *(position for one in legs for position in one.because)})),
    )


def namespace(uuid: str) -> str:
    """Name a router's network namespace: nothing where there is no router."""
    return devices.namespace(uuid) if uuid else ""


def nics_here(topology: Topology, uuid: str) -> list[router.Nic]:
    """Give the NICs of a router that are on networks of its host."""
    return [nic for nic in topology.state(uuid, router.Router).nics if routing.has(topology, uuid, nic.l3)]


def way_out(topology: Topology, uuid: str) -> router.Nic | None:
    """Give the NIC by which a router reaches the outside from where it is, if it does."""
    state = topology.state(uuid, router.Router)
    outside = routing.way_out(topology, state.l3)
    return next((nic for nic in nics_here(topology, uuid) if nic.l3 == outside), None)


def device_on(topology: Topology, uuid: str, subnet: str) -> str:
    """Give the device of a router's NIC on an L3 network; nothing where there is no router."""
    nic = topology.state(uuid, router.Router).nic_on(subnet) if uuid else None
    return nic.device if nic else ""


def leg(topology: Topology, uuid: str, nic: router.Nic) -> Leg:
    home = topology.state(uuid, router.Router).l3
    led = dict(vips_on(topology, home, nic.l3))
    networks = subnets.networks(topology, nic.l3)
    own = subnets.gateways(topology, nic.l3) if nic.l3 == home else nic.ips
    joined = related(topology.services.users, nic.l3)[uuid]
    return Leg(
        l3=nic.l3,
        device=nic.device,
        mac=nic.mac,
        bridge=subnets.bridge_of(topology, nic.l3),
        addresses=(*within(own, networks), *(alone(ip) for ip in sorted(led))),
        networks=networks,
        mtu=subnets.mtu_of(topology, nic.l3),
        public=nic.l3 == routing.way_out(topology, home),
        because=tuple(sorted({joined, *led.values()})),
    )


def vips_on(topology: Topology, home: str, subnet: str) -> Iterator[tuple[str, int]]:
    """Walk the addresses of the VIPs on an L3 network that lead in, each with the fact that led it there last."""
    for uuid, position in sorted(routing.leading_in(topology, home), key=lambda led: led[1]):
        address = topology.state(uuid, vip.Vip)
        if address.l3 == subnet:
            yield address.ip, position


def within(ips: Iterable[str], networks: Iterable[str]) -> Iterator[str]:
    """Write addresses with the length of the network that each lies in."""
    lengths = {values.family(network): values.prefix(network) for network in networks}
    return (f"{ip}/{lengths[values.family(ip)]}" for ip in ips)


def alone(ip: str) -> str:
    return f"{ip}/{values.BITS[values.family(ip)]}"
