"""VIPs, and the EIPs and port forwarding rules that use them.

A user of a VIP and the VIP's own list of uses change together: the VIP is the one lock for what may not go together.
"""

from __future__ import annotations

from domain import claims, commands, eip, l3, l3_ranges, port_forwarding, provider_types, values, vip, vm
from domain.errors import Refusal, witness
from domain.handlers import addresses, bindings, routers
from domain.handlers.bindings import Target
from domain.history import Loaded
from domain.ports import ALL, ports
from domain.transaction import Transaction


def create(t: Transaction, c: commands.CreateVip) -> None:
    subnet = t.require("l3", c.l3, l3.L3Network)
    l3.require_ranges(subnet.uuid, subnet.state)
    first = values.family(subnet.state.ranges[0].start)
    ip = (
        l3_ranges.require_address(subnet.uuid, subnet.state, c.address)
        if c.address
        else addresses.free(t, subnet, first)
    )
    uuid = t.identify(c.uuid)
    t.refuse_held(claims.ip(subnet.uuid, ip))
    cause = t.create("vip", uuid, vip.create(c.name, l3=subnet.uuid, ip=ip))
    t.take(claims.ip(subnet.uuid, ip), uuid, cause=cause)


def delete(t: Transaction, c: commands.DeleteVip) -> None:
    found = t.require("vip", c.vip, vip.Vip)
    t.subject = found.uuid
    remove(t, found.uuid)


def remove(t: Transaction, uuid: str, *, cause: str = "") -> None:
    """End a VIP, and before it the EIP or the rules that use it, whose end its own end is the cause of."""
    since, address = len(t.events), t.load(uuid, vip.Vip).state
    for use in address.uses:
        found = t.get(use.user)
        match found.state if found else None:
            case eip.Eip() as state:
                end_eip(t, use.user, state, address.ip)
            case port_forwarding.Rule() as state:
                end_rule(t, use.user, state)
            case _:
                pass
    why = t.record(uuid, vip.Deleted(), cause=cause)
    t.release(claims.name("vip", address.name), uuid, cause=why)
    t.release(claims.ip(address.l3, address.ip), uuid, cause=why)
    t.attribute(since, why)


# EIPs


def create_eip(t: Transaction, c: commands.CreateEip) -> None:
    address = t.require("vip", c.vip, vip.Vip)
    uuid = t.identify(c.uuid)
    use = vip.use(address.uuid, address.state, user=uuid, service=provider_types.EIP, protocol="", ports=ALL)
    cause = t.create("eip", uuid, eip.create(c.name, vip=address.uuid))
    t.record(address.uuid, use, cause=cause)


def attach_eip(t: Transaction, c: commands.AttachEip) -> None:
    found = t.require("eip", c.eip, eip.Eip)
    t.subject = found.uuid
    target = bindings.find(t, c.vm, c.l3)
    fact = eip.attach(found.uuid, found.state, target.binding)
    address = t.load(found.state.vip, vip.Vip)
    bindings.require_service(t, target, address, provider_types.EIP)
    bindings.refuse_shared_networks(target, address)
    version = require_version(target, address)
    refuse_guarded_rules(t, target)
    if bindings.runs_in_hosts(t, target.subnet.uuid, provider_types.EIP):
        bindings.require_host_reaches(t, found.state, target)
    cause = t.record(found.uuid, fact)
    t.take(claims.eip(target.nic.uuid, version), found.uuid, cause=cause)
    routers.settle(t, target.subnet.uuid, cause=cause, besides=[found.uuid])


def require_version(target: Target, address: Loaded[vip.Vip]) -> int:
    """Give the IP version that VIP and NIC have in common."""
    version = values.family(address.state.ip)
    if version not in map(values.family, target.nic.addresses):
        raise Refusal(
            "conflict",
            f"VIP {address.state.name} is IPv{version}, and NIC {target.name} has no such address",
            witness(target.guest.uuid, vm.NicAttached, nic=target.nic.uuid),
        )
    return version


def refuse_guarded_rules(t: Transaction, target: Target) -> None:
    """Refuse an EIP beside a rule that lets only some in: the EIP would let all."""
    for uuid in t.census(target.nic.uuid).users_of(target.nic.uuid):
        found = t.get(uuid)
        if found and isinstance(found.state, port_forwarding.Rule) and found.state.allowed_cidr:
            raise Refusal(
                "conflict",
                f"port forwarding rule {found.state.name} lets only {found.state.allowed_cidr} in to that NIC",
                witness(uuid, port_forwarding.Attached),
            )


def detach_eip(t: Transaction, c: commands.DetachEip) -> None:
    found = t.require("eip", c.eip, eip.Eip)
    t.subject = found.uuid
    cause = t.record(found.uuid, eip.detach(found.uuid, found.state))
    give_back(t, found.uuid, found.state, t.load(found.state.vip, vip.Vip).state.ip, cause=cause)


def delete_eip(t: Transaction, c: commands.DeleteEip) -> None:
    found = t.require("eip", c.eip, eip.Eip)
    t.subject = found.uuid
    address = t.load(found.state.vip, vip.Vip)
    cause = end_eip(t, found.uuid, found.state, address.state.ip)
    t.record(address.uuid, vip.UseEnded(found.uuid), cause=cause)


def end_eip(t: Transaction, uuid: str, state: eip.Eip, ip: str) -> str:
    why = t.record(uuid, eip.Deleted())
    t.release(claims.name("eip", state.name), uuid, cause=why)
    give_back(t, uuid, state, ip, cause=why)
    return why


def give_back(t: Transaction, uuid: str, state: eip.Eip, ip: str, *, cause: str) -> None:
    """Free the NIC for another EIP, and the router from what it did for this one."""
    if state.binding:
        t.release(claims.eip(state.binding.nic, values.family(ip)), uuid, cause=cause)
        routers.settle(t, state.binding.l3, cause=cause)


# port forwarding rules


def create_rule(t: Transaction, c: commands.CreatePortForwardingRule) -> None:
    address = t.require("vip", c.vip, vip.Vip)
    if bool(c.vm) != bool(c.l3):
        raise values.invalid("a rule leads to a NIC: give both vm and l3, or neither")
    outside = ports(c.vip_ports)
    fact = port_forwarding.create(
        c.name,
        vip=address.uuid,
        ip=address.state.ip,
        protocol=c.protocol,
        vip_ports=outside,
        private_ports=outside if c.private_ports == "" else ports(c.private_ports),
        allowed_cidr=c.allowed_cidr,
    )
    uuid = t.identify(c.uuid)
    service = provider_types.PORT_FORWARDING
    use = vip.use(address.uuid, address.state, user=uuid, service=service, protocol=fact.protocol, ports=outside)
    cause = t.create("port-forwarding", uuid, fact)
    t.record(address.uuid, use, cause=cause)
    if c.vm:
        bind_rule(t, t.load(uuid, port_forwarding.Rule), bindings.find(t, c.vm, c.l3))


def attach_rule(t: Transaction, c: commands.AttachPortForwardingRule) -> None:
    rule = t.require("port-forwarding", c.rule, port_forwarding.Rule)
    t.subject = rule.uuid
    bind_rule(t, rule, bindings.find(t, c.vm, c.l3))


def bind_rule(t: Transaction, rule: Loaded[port_forwarding.Rule], target: Target) -> None:
    fact = port_forwarding.attach(rule.uuid, rule.state, target.binding)
    address = t.load(rule.state.vip, vip.Vip)
    bindings.require_service(t, target, address, provider_types.PORT_FORWARDING)
    require_version(target, address)
    for nic in target.guest.state.nics:
        refuse_neighbours(t, rule, target, nic.uuid)
    cause = t.record(rule.uuid, fact)
    routers.settle(t, target.subnet.uuid, cause=cause, besides=[rule.uuid])


def refuse_neighbours(t: Transaction, rule: Loaded[port_forwarding.Rule], target: Target, nic: str) -> None:
    """Refuse what the other rules of that VM, or the NIC's EIP, do not go with."""
    for uuid in t.census(target.guest.uuid, nic).users_of(nic):
        found = t.get(uuid)
        match found.state if found else None:
            case port_forwarding.Rule() as other:
                port_forwarding.refuse_clash(rule.state, target.nic.uuid, uuid, other)
            case eip.Eip(name=name) if rule.state.allowed_cidr and nic == target.nic.uuid:
                raise Refusal(
                    "conflict",
                    f"EIP {name} lets everybody in to that NIC, not only {rule.state.allowed_cidr}",
                    witness(uuid, eip.Attached),
                )
            case _:
                pass


def detach_rule(t: Transaction, c: commands.DetachPortForwardingRule) -> None:
    rule = t.require("port-forwarding", c.rule, port_forwarding.Rule)
    t.subject = rule.uuid
    cause = t.record(rule.uuid, port_forwarding.detach(rule.uuid, rule.state))
    if rule.state.binding:
        routers.settle(t, rule.state.binding.l3, cause=cause)


def delete_rule(t: Transaction, c: commands.DeletePortForwardingRule) -> None:
    rule = t.require("port-forwarding", c.rule, port_forwarding.Rule)
    t.subject = rule.uuid
    cause = end_rule(t, rule.uuid, rule.state)
    t.record(rule.state.vip, vip.UseEnded(rule.uuid), cause=cause)


def end_rule(t: Transaction, uuid: str, state: port_forwarding.Rule) -> str:
    why = t.record(uuid, port_forwarding.Deleted())
    t.release(claims.name("port-forwarding", state.name), uuid, cause=why)
    if state.binding:
        routers.settle(t, state.binding.l3, cause=why)
    return why
