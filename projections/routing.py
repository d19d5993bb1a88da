"""How the virtual routers of L3 networks stand to an L2 network that hosts may come to have."""

from __future__ import annotations

from collections.abc import Iterator

from domain import host, l3, provider, router, vip
from domain.census import Routed
from projections import attachment
from projections.relations import related
from projections.topology import Topology


def routed(topology: Topology, network: str) -> list[Routed]:
    """Give the L3 networks that need a router which joins an L2 network. O(what its L3 networks and VIPs lead to)."""
    return [standing(topology, uuid) for uuid in sorted(reached(topology, network)) if is_needed(topology, uuid)]


def reached(topology: Topology, network: str) -> set[str]:
    """Give the L3 networks on an L2 network, and those that the VIPs on it lead to."""
    own = set(related(topology.objects.children, network))
    return own | {subnet for uuid in own for address in vips(topology, uuid) for subnet in led_to(topology, address)}


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
    taken = topology.state(subnet, l3.L3Network).services
    return any(topology.state(source, provider.Provider).runs == "router" for _, source in taken)


def standing(topology: Topology, subnet: str) -> Routed:
    """Say where the router of an L3 network is, and whether it has all its networks there."""
    for uuid in related(topology.services.users, subnet):
        state = topology.objects.states[uuid]
        if isinstance(state, router.Router):
            here = topology.state(state.host, host.Host).cluster
            clusters = (attachment.clusters_of(topology.objects, n) for n in networks_of(topology, subnet))
            return Routed(subnet, uuid, all(here in found for found in clusters))
    return Routed(subnet, "", complete=False)


def networks_of(topology: Topology, subnet: str) -> Iterator[str]:
    """Walk the L2 networks that a router joins: its own, and those of the VIPs that lead to its NICs."""
    yield topology.state(subnet, l3.L3Network).l2
    for uuid in related(topology.services.users, subnet):
        state = topology.objects.states[uuid]
        binding = getattr(state, "binding", None)
        if binding and binding.l3 == subnet:
            address = topology.state(getattr(state, "vip", ""), vip.Vip)
            yield topology.state(address.l3, l3.L3Network).l2
