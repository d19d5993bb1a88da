"""Finds the NIC that an EIP or a port forwarding rule is to lead to, and what keeps it from leading there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from domain import (
    claims,
    eip,
    host,
    l2,
    l3,
    l3_services,
    port_forwarding,
    provider,
    provider_types,
    values,
    vip,
    vm,
)
from domain.binding import Binding
from domain.errors import Refusal, witness
from domain.handlers import exclusions, routers
from domain.history import Loaded
from domain.transaction import Transaction


class Target(msgspec.Struct, frozen=True):
    """A NIC with what it belongs to."""

    guest: Loaded[vm.Vm]
    subnet: Loaded[l3.L3Network]
    nic: vm.Nic

    @property
    def binding(self) -> Binding:
        return Binding(self.nic.uuid, self.guest.uuid, self.subnet.uuid)

    @property
    def name(self) -> str:
        return f"{self.guest.state.name}/{self.subnet.state.name}"


def find(t: Transaction, vm_text: str, l3_text: str) -> Target:
    """Find a VM's NIC on an L3 network.

    Raises `Refusal` with `unknown-object` when there is none.
    """
    guest = t.require("vm", vm_text, vm.Vm)
    subnet = t.require("l3", l3_text, l3.L3Network)
    nic = next((nic for nic in guest.state.nics if nic.l3 == subnet.uuid), None)
    if nic is None:
        told = f"VM {guest.state.name} has no NIC on L3 network {subnet.state.name}"
        raise Refusal("unknown-object", told, witness(guest.uuid, vm.NicDetached))
    return Target(guest, subnet, nic)


def require_service(t: Transaction, target: Target, address: Loaded[vip.Vip], service: str) -> None:
    """Refuse a NIC whose network lacks the service, or is the VIP's own, or whose router can't get to the VIP."""
    source = l3_services.require_service(target.subnet.uuid, target.subnet.state, service)
    if target.subnet.uuid == address.state.l3:
        raise Refusal(
            "conflict",
            f"NIC {target.name} is on the L3 network of VIP {address.state.name} itself",
            witness(target.guest.uuid, vm.NicAttached, nic=target.nic.uuid),
            witness(address.uuid, vip.Created),
        )
    offer = t.load(source, provider.Provider)
    if offer.state.runs == "router":
        refuse_other_routers(t, target, address)
        require_router_reaches(t, target.subnet, offer, [address])


def refuse_other_routers(t: Transaction, target: Target, address: Loaded[vip.Vip]) -> None:
    """Refuse a VIP that leads to another L3 network: that one's router answers for it, and only one may."""
    for use in address.state.uses:
        other = t.get(use.user)
        rule = other.state if other else None
        if isinstance(rule, port_forwarding.Rule) and rule.binding and rule.binding.l3 != target.subnet.uuid:
            raise Refusal(
                "conflict",
                f"VIP {address.state.name} is answered for by the router of {t.label(rule.binding.l3)},"
                f" to which port forwarding rule {rule.name} leads: take another VIP",
                witness(use.user, port_forwarding.Attached),
            )


def require_router_reaches(
    t: Transaction,
    subnet: Loaded[l3.L3Network],
    offer: Loaded[provider.Provider],
    addresses: Sequence[Loaded[vip.Vip]],
) -> None:
    """Refuse VIPs on networks that the router's provider is not attached to, or that no host has with the router's."""
    led = {routers.l2_of_vip(t, address.uuid) for address in addresses}
    for network in sorted(led):
        name = t.load(network, l2.L2Network).state.name
        provider.require_attached(offer.uuid, offer.state, l2=network, l2_name=name)
    networks = {*routers.networks_of(t, subnet.uuid), *led}
    if addresses and not routers.reaches(t, subnet.uuid, networks):
        names = ", ".join(address.state.name for address in addresses)
        excluded = t.census().placement(sorted(networks)).excluded
        raise Refusal(
            "no-host-available",
            f"no host has the networks of {subnet.state.name} and of VIP {names} for the router",
            *(witness(address.uuid, vip.Created) for address in addresses),
            *exclusions.causes(t, excluded),
        )


def refuse_shared_networks(target: Target, address: Loaded[vip.Vip]) -> None:
    """Refuse an EIP to a VM that is on the VIP's network already, by another NIC or by its subnet."""
    other = next((nic for nic in target.guest.state.nics if nic.l3 == address.state.l3), None)
    if other:
        raise Refusal(
            "conflict",
            f"VM {target.guest.state.name} has a NIC on the L3 network of VIP {address.state.name}",
            witness(target.guest.uuid, vm.NicAttached, nic=other.uuid),
        )
    inside = next((r for r in target.subnet.state.ranges if lies_in(address.state.ip, r.network_cidr)), None)
    if inside:
        raise Refusal(
            "conflict",
            f"VIP {address.state.name} ({address.state.ip}) lies in {inside.network_cidr}, the subnet of"
            f" {target.subnet.state.name}",
            witness(target.subnet.uuid, l3.IpRangeAdded, name=inside.name),
        )


def refuse_eips_from(t: Transaction, guest: Loaded[vm.Vm], subnet: Loaded[l3.L3Network]) -> None:
    """Refuse a VM a NIC on the L3 network of a VIP that leads to it as an EIP: the same rule from the other side."""
    users = (uuid for nic in guest.state.nics for uuid in t.census(guest.uuid).users_of(nic.uuid))
    for uuid in users:
        found = t.get(uuid)
        if not (found and isinstance(found.state, eip.Eip)):
            continue
        address = t.load(found.state.vip, vip.Vip)
        if address.state.l3 == subnet.uuid:
            raise Refusal(
                "conflict",
                f"EIP {found.state.name} leads to VM {guest.state.name} from L3 network {subnet.state.name}:"
                " detach it first",
                witness(uuid, eip.Attached),
                witness(address.uuid, vip.Created),
            )


def lies_in(ip: str, network: str) -> bool:
    return values.family(ip) == values.family(network) and values.number(ip) in values.subnet(network)


def require_host_reaches(t: Transaction, bound: eip.Eip, target: Target | None = None) -> None:
    """Refuse an EIP that would run in a host without the VIP's L2 network."""
    binding = target.binding if target else bound.binding
    guest = t.load(binding.vm, vm.Vm) if binding else None
    network = routers.l2_of_vip(t, bound.vip)
    if guest and guest.state.host and not routers.has(t, guest.state.host, [network]):
        where = t.load(guest.state.host, host.Host).state.cluster
        subject = t.load(network, l2.L2Network).state.pool or network
        raise Refusal(
            "host-not-eligible",
            f"VM {guest.state.name} runs on {t.label(guest.state.host)}, which lacks the network of EIP {bound.name}",
            witness(guest.uuid, vm.Started, vm.Migrated),
            exclusions.absence(subject, where),
        )


def runs_in_hosts(t: Transaction, subnet: str, service: str) -> bool:
    """Tell whether a service of an L3 network is done by the hosts of its NICs."""
    source = t.load(subnet, l3.L3Network).state.provider_of(service)
    return bool(source) and t.load(source, provider.Provider).state.runs == "hosts"


def detach_eips(t: Transaction, network: str, hosts: Collection[str], *, cause: str) -> None:
    """Detach the EIPs that hosts do, where they lose the L2 network of the VIP."""
    for subnet in t.census(network).l3s_of(network):
        for uuid in t.census(subnet).users_of(subnet):
            address = t.get(uuid)
            if address and isinstance(address.state, vip.Vip) and address.state.l3 == subnet:
                for use in address.state.uses:
                    detach_eip_on(t, use.user, address.state, hosts, cause=cause)


def detach_eip_on(t: Transaction, uuid: str, address: vip.Vip, hosts: Collection[str], *, cause: str) -> None:
    found = t.get(uuid)
    binding = found.state.binding if found and isinstance(found.state, eip.Eip) else None
    if binding and runs_in_hosts(t, binding.l3, provider_types.EIP) and t.load(binding.vm, vm.Vm).state.host in hosts:
        why = t.record(uuid, eip.Detached(), cause=cause)
        t.release(claims.eip(binding.nic, values.family(address.ip)), uuid, cause=why)
