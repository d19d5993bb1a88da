"""Who has which address in a broadcast domain: NICs of VMs and of routers, VIPs, gateways and DHCP servers.

An address is one holder's within an L3 network, which claims see to; it may be that of two where L3 networks share a
domain.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from domain import l3, provider_types, router, vip, vm
from projections.domains import Domain
from projections.relations import related
from projections.topology import Topology


Role = Literal["nic", "vip", "gateway", "dhcp", "router"]


class Holder(msgspec.Struct, frozen=True, order=True):
    """What answers for an address. A gateway and a DHCP server go by their L3 network."""

    role: Role
    uuid: str


def doubled(topology: Topology, found: Domain) -> Iterator[tuple[str, list[Holder]]]:
    """Walk the addresses that several have in a domain, of either family, sorted."""
    holders: dict[str, list[Holder]] = {}
    for ip, holder in held(topology, found):
        holders.setdefault(ip, []).append(holder)
    yield from sorted((ip, several) for ip, several in holders.items() if len(several) > 1)


def held(topology: Topology, found: Domain) -> Iterator[tuple[str, Holder]]:
    for uuid in found.nics:
        yield from ((ip, Holder("nic", uuid)) for ip in topology.nics.all[uuid].addresses)
    for network in found.l2 if found.segments else ():
        subnets = sorted(related(topology.objects.children, network))
        yield from gateways(topology, subnets)
        for subnet in subnets:
            yield from vips(topology, subnet)
            yield from routers(topology, subnet)
            servers = topology.state(subnet, l3.L3Network).dhcp_servers
            yield from ((ip, Holder("dhcp", subnet)) for _, ip in servers)


def gateways(topology: Topology, subnets: list[str]) -> Iterator[tuple[str, Holder]]:
    """Walk the gateways of one L2 network. Ranges and L3 networks that name the same one share it."""
    first: dict[str, str] = {}
    for subnet in subnets:
        for added in topology.state(subnet, l3.L3Network).ranges:
            first.setdefault(added.gateway, subnet)
    yield from ((ip, Holder("gateway", subnet)) for ip, subnet in first.items())


def vips(topology: Topology, subnet: str) -> Iterator[tuple[str, Holder]]:
    """Walk the VIPs that something uses: nobody answers for another."""
    for uuid in related(topology.services.users, subnet):
        state = topology.objects.states[uuid]
        if isinstance(state, vip.Vip) and state.l3 == subnet and state.uses:
            yield state.ip, Holder("vip", uuid)


def routers(topology: Topology, subnet: str) -> Iterator[tuple[str, Holder]]:
    """Walk the addresses that virtual routers have of their own: where they reach the outside."""
    for uuid in related(topology.services.users, subnet):
        state = topology.objects.states[uuid]
        nic = state.nic_on(subnet) if isinstance(state, router.Router) else None
        yield from ((ip, Holder("router", uuid)) for ip in (nic.ips if nic else ()))


# about one


def label(topology: Topology, holder: Holder) -> str:
    """Give what people call it."""
    name = topology.name(holder.uuid)
    match holder.role:
        case "nic":
            return name
        case "vip":
            return f"VIP {name}"
        case "gateway":
            return f"the gateway of {name}"
        case "dhcp":
            return f"the DHCP server of {name}"
        case "router":
            return f"the virtual router of {topology.name(topology.state(holder.uuid, router.Router).l3)}"


def subnet_of(topology: Topology, holder: Holder) -> str:
    match holder.role:
        case "nic":
            return topology.nics.all[holder.uuid].l3
        case "vip":
            return topology.state(holder.uuid, vip.Vip).l3
        case "router":
            return next(nic.l3 for nic in topology.state(holder.uuid, router.Router).nics if nic.ips)
        case _:
            return holder.uuid


def l2_of(topology: Topology, holder: Holder) -> str:
    return topology.state(subnet_of(topology, holder), l3.L3Network).l2


def host_of(topology: Topology, holder: Holder) -> str:
    """Give the host that a NIC is on; nothing for another holder, which is on many or on none of ours."""
    match holder.role:
        case "nic":
            return topology.state(topology.nics.all[holder.uuid].vm, vm.Vm).host
        case "router":
            return topology.state(holder.uuid, router.Router).host
        case _:
            return ""


def because(topology: Topology, holder: Holder, ip: str) -> set[int]:
    """Name the facts by which it has the address."""
    match holder.role:
        case "nic":
            return {topology.nics.all[holder.uuid].position}
        case "vip":
            return {topology.objects.born[holder.uuid], *related(topology.services.users, holder.uuid).values()}
        case "gateway":
            positions = related(topology.ranges, holder.uuid)
            ranges = topology.state(holder.uuid, l3.L3Network).ranges
            return {positions[added.name] for added in ranges if added.gateway == ip}
        case "dhcp":
            served = related(topology.services.taken, holder.uuid)[provider_types.DHCP]
            return {served, related(topology.services.answering, holder.uuid)[ip]}
        case "router":
            return {related(topology.services.users, subnet_of(topology, holder))[holder.uuid]}
