"""The services an L3 network takes, each from one provider that is attached to its L2 network.

What follows from a service, the address of a DHCP server and the virtual router, is settled in the same transaction.
So is what an L3 network or a range that goes leaves behind: whoever takes it away calls `forget_l3` or `forget_range`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from domain import (
    claims,
    commands,
    eip,
    l2,
    l3,
    l3_services,
    port_forwarding,
    provider,
    provider_types,
    security_group,
    values,
    vip,
    vm,
)
from domain.errors import Code, Refusal, witness
from domain.handlers import addresses, bindings, router_nics, routers, vips
from domain.history import Loaded
from domain.ip_range import IpRange
from domain.transaction import Transaction
from domain.values import Family


Offer = tuple[str, Loaded[provider.Provider]]
"""A service, and who offers it."""

Choose = Callable[[Transaction, Loaded[l3.L3Network], Family, Collection[IpRange]], str]
"""Find a free address, or nothing; or insist on one."""


def attach(t: Transaction, c: commands.AttachNetworkServiceToL3Network) -> None:
    subnet = t.require("l3", c.l3, l3.L3Network)
    t.subject = subnet.uuid
    cause = ""
    for service, offer in offers(t, c.services, "service-already-provided"):
        require_offer(t, subnet.state, offer, service)
        now = t.load(subnet.uuid, l3.L3Network).state  # what this request attached counts too
        cause = t.record(
            subnet.uuid, l3_services.attach_service(subnet.uuid, now, service=service, provider=offer.uuid)
        )
    require_needs(t, subnet.uuid, "service-missing")
    begins = any(provider_types.DHCP in services for services in c.services.values())
    settle(t, subnet.uuid, cause=cause, choose=addresses.free if begins else addresses.find)


def offers(t: Transaction, services: Mapping[str, tuple[str, ...]], twice: Code) -> Iterator[Offer]:
    """Walk what a request names, each service with its provider; one that stands there twice is refused with a code."""
    if not services or not all(services.values()):
        raise values.invalid("give at least one service for each provider, as in {flat: [DHCP]}")
    named = [service for wanted in services.values() for service in wanted]
    if again := sorted({service for service in named if named.count(service) > 1}):
        raise Refusal(twice, f"{', '.join(again)} stands twice in this request: name each service once")
    for text, wanted in services.items():
        offer = t.require("provider", text, provider.Provider)
        yield from ((service, offer) for service in wanted)


def require_offer(t: Transaction, subnet: l3.L3Network, offer: Loaded[provider.Provider], service: str) -> None:
    """Refuse a provider that has no such service, or is not where the L3 network is."""
    name = t.load(subnet.l2, l2.L2Network).state.name
    provider.require_service(offer.uuid, offer.state, service)
    provider.require_attached(offer.uuid, offer.state, l2=subnet.l2, l2_name=name)


def require_needs(t: Transaction, uuid: str, code: Code) -> None:
    """Refuse a service without the one that it rests on: one is asked for while the other is missing, or the other is
    to go while the one is still in use.
    """
    subnet = t.load(uuid, l3.L3Network).state
    for service, source in subnet.services:
        offer = t.load(source, provider.Provider).state
        for needing, needed in offer.needs:
            if needing == service and not subnet.provider_of(needed):
                raise Refusal(
                    code,
                    f"{service} of provider {offer.name} rests on {needed}, which L3 network {subnet.name} lacks",
                    witness(uuid, l3.Created, l3.ServiceDetached, service=needed)
                    if code == "service-missing"
                    else witness(uuid, l3.ServiceAttached, l3.ServiceProviderChanged, service=service, provider=source),
                )


def detach(t: Transaction, c: commands.DetachNetworkServiceFromL3Network) -> None:
    subnet = t.require("l3", c.l3, l3.L3Network)
    t.subject = subnet.uuid
    cause = ""
    for service, offer in offers(t, c.services, "service-missing"):
        now, name = t.load(subnet.uuid, l3.L3Network).state, offer.state.name
        fact = l3_services.detach_service(subnet.uuid, now, service=service, provider=offer.uuid, provider_name=name)
        refuse_in_use(t, subnet, service)
        cause = t.record(subnet.uuid, fact)
    require_needs(t, subnet.uuid, "still-in-use")
    settle(t, subnet.uuid, cause=cause)


def refuse_in_use(t: Transaction, subnet: Loaded[l3.L3Network], service: str) -> None:
    """Refuse to end a service while an EIP, a rule or a group of that network lives by it."""
    for uuid in t.census(subnet.uuid).users_of(subnet.uuid):
        found = t.get(uuid)
        match service, found.state if found else None:
            case provider_types.EIP, eip.Eip(binding=binding) if binding:
                because = witness(uuid, eip.Attached)
            case provider_types.PORT_FORWARDING, port_forwarding.Rule(binding=binding) if binding:
                because = witness(uuid, port_forwarding.Attached)
            case provider_types.SECURITY_GROUP, security_group.SecurityGroup():
                because = witness(uuid, security_group.AttachedToL3, l3=subnet.uuid)
            case _:
                continue
        told = f"{t.label(uuid)} needs {service} of L3 network {subnet.state.name}: detach it first"
        raise Refusal("still-in-use", told, because)


def change(t: Transaction, c: commands.ChangeNetworkServiceProvider) -> None:
    """Hand a service over. EIPs, rules and VIPs follow: none of them says whose it is."""
    subnet = t.require("l3", c.l3, l3.L3Network)
    offer = t.require("provider", c.provider, provider.Provider)
    t.subject = subnet.uuid
    fact = l3_services.change_provider(
        subnet.uuid, subnet.state, service=c.service, provider=offer.uuid, provider_name=offer.state.name
    )
    require_offer(t, subnet.state, offer, c.service)
    before = t.load(subnet.state.provider_of(c.service), provider.Provider).state.runs
    cause = t.record(subnet.uuid, fact)
    require_needs(t, subnet.uuid, "service-missing")
    if c.service == provider_types.EIP:
        require_eips_lead(t, subnet, offer, before=before)
    begins = c.service == provider_types.DHCP
    settle(t, subnet.uuid, cause=cause, choose=addresses.free if begins else addresses.find)


def require_eips_lead(
    t: Transaction, subnet: Loaded[l3.L3Network], offer: Loaded[provider.Provider], *, before: str
) -> None:
    """Refuse to hand EIPs over to hosts or to a router that can't get to their VIPs, as attaching them there is."""
    bound, after = list(eips_on(t, subnet.uuid)), offer.state.runs
    if after == "hosts":
        for one in bound:
            bindings.require_host_reaches(t, one)
    elif after == "router" != before:
        vips_of = dict.fromkeys(one.vip for one in bound)
        bindings.require_router_reaches(t, subnet, offer, [t.load(address, vip.Vip) for address in vips_of])


def eips_on(t: Transaction, subnet: str) -> Iterator[eip.Eip]:
    """Walk the EIPs that lead to NICs of an L3 network."""
    for uuid in t.census(subnet).users_of(subnet):
        found = t.get(uuid)
        if found and isinstance(found.state, eip.Eip) and found.state.binding and found.state.binding.l3 == subnet:
            yield found.state


# what follows


def settle(t: Transaction, subnet: str, *, cause: str, choose: Choose = addresses.find) -> None:
    """Bring to where the services are what follows from them: DHCP server addresses and the virtual router."""
    settle_dhcp(t, subnet, cause=cause, choose=choose)
    routers.settle(t, subnet, cause=cause)


def settle_ranges(t: Transaction, subnet: str, *, cause: str, ranges: Collection[IpRange]) -> None:
    """Bring to what the ranges are now whoever has an address of them that nobody asked for."""
    settle_dhcp(t, subnet, cause=cause, ranges=ranges)
    router_nics.resettle(t, subnet, cause=cause, ranges=ranges)


def settle_dhcp(
    t: Transaction,
    subnet: str,
    *,
    cause: str,
    ranges: Collection[IpRange] = (),
    choose: Choose = addresses.find,
) -> None:
    """Give DHCP servers that run in the hosts an address of each IP version that the network has, and take it back.

    A command that changes the ranges gives those to choose from: the census still answers for the ranges before it.
    Where none is free, a server is left without an address until ranges or services change again; only a command that
    begins with the service insists on one, by its way to choose.
    """
    found = t.load(subnet, l3.L3Network)
    have = dict(found.state.dhcp_servers)
    source = found.state.provider_of(provider_types.DHCP)
    distributed = bool(source) and t.load(source, provider.Provider).state.runs == "hosts"
    due = set(found.state.versions) if distributed else set[Family]()
    for version, ip in have.items():
        if version not in due or not found.state.holds(ip):
            released = t.record(subnet, l3.DhcpServerAddressReleased(ip, version), cause=cause)
            t.release(claims.ip(subnet, ip), subnet, cause=released)
    now = t.load(subnet, l3.L3Network)
    for version in sorted(due - dict(now.state.dhcp_servers).keys()):
        if ip := choose(t, now, version, ranges):
            assigned = t.record(subnet, l3.DhcpServerAddressAssigned(ip, version), cause=cause)
            t.hold(claims.ip(subnet, ip), subnet, cause=assigned)


def networks_for(t: Transaction, guest: vm.Vm) -> Iterator[tuple[str, str]]:
    """Walk the L2 networks that a VM's host needs beside those of its NICs, each with the EIP that it is for: the VIPs'
    where EIPs run in the hosts.
    """
    for nic in guest.nics:
        for uuid in t.census(nic.uuid).users_of(nic.uuid):
            found = t.get(uuid)
            if found and isinstance(found.state, eip.Eip) and bindings.runs_in_hosts(t, nic.l3, provider_types.EIP):
                yield routers.l2_of_vip(t, found.state.vip), uuid


# what an object leaves behind


def forget_l3(t: Transaction, subnet: Loaded[l3.L3Network], *, cause: str) -> None:
    """End what serves an L3 network that goes: groups, router, DHCP addresses. Its VIPs have ended before."""
    for _, ip in subnet.state.dhcp_servers:
        t.release(claims.ip(subnet.uuid, ip), subnet.uuid, cause=cause)
    if uuid := t.holder(claims.router(subnet.uuid)):
        routers.remove(t, uuid, cause=cause)
    for uuid in t.census(subnet.uuid).users_of(subnet.uuid):
        found = t.get(uuid)
        match found.state if found else None:
            case security_group.SecurityGroup(l3s=attached) if subnet.uuid in attached:
                leave_group(t, uuid, subnet.uuid, cause=cause)
            case _:
                pass


def forget_range(t: Transaction, subnet: str, *, cause: str) -> None:
    """End the VIPs whose addresses are in no range any more; give DHCP servers and routers another address."""
    state = t.load(subnet, l3.L3Network).state
    for uuid in t.census(subnet).users_of(subnet):
        found = t.get(uuid)
        if found and isinstance(found.state, vip.Vip) and found.state.l3 == subnet and not state.holds(found.state.ip):
            vips.remove(t, uuid, cause=cause)
    settle_ranges(t, subnet, cause=cause, ranges=state.ranges)


def leave_group(t: Transaction, uuid: str, subnet: str, *, cause: str = "") -> None:
    """Take a security group off an L3 network, with its NICs there."""
    group = t.load(uuid, security_group.SecurityGroup)
    name = t.load(subnet, l3.L3Network).state.name
    why = t.record(uuid, security_group.detach(uuid, group.state, l3=subnet, l3_name=name), cause=cause)
    for member in group.state.members:
        if member.l3 == subnet:
            t.record(uuid, security_group.NicRemoved(member.nic), cause=why)
