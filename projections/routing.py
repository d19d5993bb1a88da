"""How the virtual routers of L3 networks stand to an L2 network that hosts may come to have."""

from __future__ import annotations

from collections.abc import Iterator

from domain import host, l3, provider, router, vip
from domain.census import Routed
from projections import attachment, placement
from projections.relations import related
from projections.topology import Topology


def routed(topology: Topology, network: str) -> list[Routed]:
    """Give the L3 networks that need a router which joins an L2 network. O(what its L3 networks and VIPs lead to)."""
    return [standing(topology, uuid) for uuid in sorted(reached(topology, network)) if is_needed(topology, uuid)]


def reached(topology: Topology, network: str) -> set[str]:
    """Give the L3 networks on an L2 network, those that the VIPs on it lead to, and those that have their way out on
    it.
    """
    own = set(related(topology.objects.children, network))
    led = {subnet for uuid in own for address in vips(topology, uuid) for subnet in led_to(topology, address)}
    return own | led | {subnet for uuid in own for subnet in led_out(topology, uuid)}


def led_out(topology: Topology, outside: str) -> Iterator[str]:
    """Walk the L3 networks that are served by a provider whose way out an L3 network is."""
    for uuid in related(topology.services.users, outside):
        if isinstance(topology.objects.states[uuid], provider.Provider):
            yield from (s for s in related(topology.services.users, uuid) if s in topology.objects.states)


def vips(topology: Topology, subnet: str) -> Iterator[vip.Vip]:
    for uuid in related(topology.services.users, subnet):
        state = topology.objects.states[uuid]
        if isinstance(state, vip.Vip):
            yield state


def led_to(topology: Topology, address: vip.Vip) -> Iterator[str]:
    for use in address.uses:
        binding = getattr(topology.objects.states[use.user], "binding", None)
        if binding:
            yield str(binding.l3)


def is_needed(topology: Topology, subnet: str) -> bool:
    return router.is_needed(services_of(topology, subnet))


def services_of(topology: Topology, subnet: str) -> dict[str, provider.Provider]:
    """Give the services that an L3 network takes, each with who offers it."""
    taken = topology.state(subnet, l3.L3Network).services
    return {service: topology.state(source, provider.Provider) for service, source in taken}


def router_of(topology: Topology, subnet: str) -> str:
    """Give the virtual router of an L3 network, or nothing."""
    users = related(topology.services.users, subnet)
    states = ((uuid, topology.objects.states[uuid]) for uuid in users)
    return next((uuid for uuid, state in states if isinstance(state, router.Router) and state.l3 == subnet), "")


def standing(topology: Topology, subnet: str) -> Routed:
    """Say where the router of an L3 network is, and whether it has all its networks there, without trouble."""
    uuid = router_of(topology, subnet)
    return Routed(
        subnet, uuid, complete=bool(uuid) and all(is_sound(topology, uuid, n) for n in joined(topology, subnet))
    )


def has(topology: Topology, uuid: str, subnet: str) -> bool:
    """Tell whether a router is where the L2 network of an L3 network is; no longer once its host is gone."""
    member = topology.objects.states.get(topology.state(uuid, router.Router).host)
    here = member.cluster if isinstance(member, host.Host) else ""
    return here in attachment.clusters_of(topology.objects, topology.state(subnet, l3.L3Network).l2)


def is_sound(topology: Topology, uuid: str, subnet: str) -> bool:
    """Tell whether a router is where the L2 network of an L3 network is, and its host has not failed at that."""
    network = topology.state(subnet, l3.L3Network).l2
    where = topology.state(uuid, router.Router).host
    return has(topology, uuid, subnet) and not placement.fails(topology, where, network)


def joined(topology: Topology, subnet: str) -> set[str]:
    """Give the L3 networks that a router joins: its own, its way out, and those of the VIPs that lead in through it."""
    homes = (topology.state(address, vip.Vip).l3 for address, _ in leading_in(topology, subnet))
    return {subnet, way_out(topology, subnet), *homes} - {""}


def way_out(topology: Topology, subnet: str) -> str:
    """Give the L3 network through which a router reaches the outside; nothing where it is the router's own."""
    outside = router.way_out(services_of(topology, subnet))
    return "" if outside == subnet else outside


def leading_in(topology: Topology, subnet: str) -> Iterator[tuple[str, int]]:
    """Walk the VIPs that lead to NICs of an L3 network through its router, each with the fact that led it there."""
    services = services_of(topology, subnet)
    for uuid, position in related(topology.services.users, subnet).items():
        if address := router.leads_in(topology.objects.states[uuid], subnet, services):
            yield address, position
