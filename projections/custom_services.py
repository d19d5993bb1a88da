"""What a plugin's backend is told of an L3 network that it is to serve from a host: who is on it, and where.

All of it, since nobody here knows what it will need: a service of the same type may answer each host's own guests, or
choose one host for a whole network. Refuses to know what it does with that.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain import l3, provider, vip, vm
from projections import subnets
from projections.nics import Nic
from projections.relations import related
from projections.service_entries import CustomNic, CustomService, CustomVip
from projections.topology import Topology


def custom(
    topology: Topology, host: str, subnet: str, service: str, *, namespace: str, because: tuple[int, ...]
) -> CustomService:
    """Derive one service of a host. O(NICs and VIPs on the network)."""
    state = topology.state(subnet, l3.L3Network)
    return CustomService(
        service=service,
        provider=topology.state(state.provider_of(service), provider.Provider).type,
        host=host,
        l3=subnet,
        name=state.name,
        l2=state.l2,
        bridge=subnets.bridge_of(topology, subnet),
        networks=subnets.networks(topology, subnet),
        gateways=subnets.gateways(topology, subnet),
        mtu=subnets.mtu_of(topology, subnet),
        vips=tuple(vips(topology, subnet)),
        nics=tuple(of_nic(topology, topology.nics.all[nic]) for nic in sorted(related(topology.nics.on_l3, subnet))),
        namespace=namespace,
        because=because,
    )


def vips(topology: Topology, subnet: str) -> Iterator[CustomVip]:
    """Walk the VIPs on a network, whatever uses them."""
    for uuid in sorted(related(topology.services.users, subnet)):
        state = topology.objects.states.get(uuid)
        if isinstance(state, vip.Vip) and state.l3 == subnet:
            uses = tuple((use.service, use.protocol, str(use.ports) if use.protocol else "") for use in state.uses)
            yield CustomVip(uuid, state.name, state.ip, uses, (topology.objects.born[uuid],))


def of_nic(topology: Topology, nic: Nic) -> CustomNic:
    guest = topology.state(nic.vm, vm.Vm)
    placed = related(topology.objects.children, guest.host).get(nic.vm, 0)
    return CustomNic(
        nic=nic.uuid,
        vm=nic.vm,
        name=guest.name,
        mac=nic.mac,
        ips=nic.addresses,
        device=nic.device,
        host=guest.host if placed else "",
        because=tuple(sorted({nic.position, placed} - {0})),
    )
