"""L3 networks and their IP ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from domain import claims, commands, host, ip_range, l2, l3, l3_ranges, l3_settings, pool, values, vip, vm
from domain.census import Exclusion
from domain.errors import Refusal, Witness, witness
from domain.handlers import addresses, bindings, exclusions, nics, providers, routers, services, vms
from domain.history import Fact, Loaded
from domain.ip_range import IpRange
from domain.transaction import Transaction


NO_USERS = "a system network has no users' VMs"
TOLD = 3
"""How many of the addresses in the way a sentence tells; the facts name all."""


def create(t: Transaction, c: commands.CreateL3Network) -> None:
    network = t.find("l2", c.l2)
    if not isinstance(network.state, l2.L2Network):
        raise Refusal(
            "invalid-argument",
            f"{c.l2!r} is a VXLAN pool: make the L3 network on one of its VXLAN networks",
            witness(network.uuid, pool.Created),
        )
    fact = l3.create(
        c.name,
        l2=network.uuid,
        category=c.category,
        dns_domain=c.dns_domain,
        mtu=c.mtu,
        allocator=c.allocator,
    )
    t.create("l3", t.identify(c.uuid), fact)


def update(t: Transaction, c: commands.UpdateL3Network) -> None:
    """Change an L3 network, and move the claim on its name along."""
    subnet = t.require("l3", c.l3, l3.L3Network)
    t.subject = subnet.uuid
    fact = l3_settings.update(
        subnet.uuid,
        subnet.state,
        name=c.name,
        category=c.category,
        dns_domain=c.dns_domain,
        mtu=c.mtu,
        allocator=c.allocator,
    )
    if fact.category == "system":
        refuse_users(t, subnet, lambda _: False, what=f"L3 network {subnet.state.name}", why=NO_USERS)
    if fact.category != "public":
        providers.refuse_way_out(t, subnet)
    old, new = claims.name("l3", subnet.state.name), claims.name("l3", fact.name)
    if old == new:
        t.record(subnet.uuid, fact)
        return
    t.refuse_held(new)
    cause = t.record(subnet.uuid, fact)
    t.release(old, subnet.uuid, cause=cause)
    t.take(new, subnet.uuid, cause=cause)


def change_state(t: Transaction, c: commands.ChangeL3NetworkState) -> None:
    record(t, c.l3, lambda subnet: l3_settings.change_state(subnet.uuid, subnet.state, c.state))


def record(t: Transaction, text: str, decide: Callable[[Loaded[l3.L3Network]], Fact]) -> None:
    """Record what a decision about one L3 network alone comes to."""
    subnet = t.require("l3", text, l3.L3Network)
    t.subject = subnet.uuid
    t.record(subnet.uuid, decide(subnet))


# ranges


def add_ip_range(t: Transaction, c: commands.AddIpRange) -> None:
    added = ip_range.by_ends(
        c.name,
        start=c.start,
        end=c.end,
        gateway=c.gateway,
        netmask=c.netmask,
        prefix_length=c.prefix_length,
        address_mode=c.address_mode,
    )
    add_ranges(t, c.l3, [added])


def add_ip_range_by_cidr(t: Transaction, c: commands.AddIpRangeByCidr) -> None:
    added = ip_range.by_cidr(c.name, cidr=c.cidr, gateway=c.gateway, address_mode=c.address_mode)
    add_ranges(t, c.l3, list(added))


def add_ranges(t: Transaction, text: str, added: Sequence[IpRange]) -> None:
    """Record ranges that no other L3 network on the same L2 network overlaps, and what they make possible."""
    subnet = t.require("l3", text, l3.L3Network)
    t.subject = subnet.uuid
    facts = [l3_ranges.add(subnet.uuid, subnet.state, one) for one in added]
    refuse_overlaps(t, subnet.state.l2, added)
    causes = [t.record(subnet.uuid, fact) for fact in facts]
    services.settle_ranges(t, subnet.uuid, cause=causes[0], ranges=added)


def refuse_overlaps(t: Transaction, network: str, added: Sequence[IpRange]) -> None:
    """Refuse ranges that meet one on the same L2 network, and rest on all that its L3 networks say of theirs."""
    t.rest_on(t.census(network).l3s_of(network))
    for one in added:
        for uuid in t.census(network).l3s_within(network, one.start, one.end):
            l3_ranges.refuse_overlap(uuid, t.load(uuid, l3.L3Network).state, one)


def delete_ip_range(t: Transaction, c: commands.DeleteIpRange) -> None:
    """Delete a range, and with it what has an address of it: NICs come off, VIPs end, DHCP servers move."""
    subnet = t.require("l3", c.l3, l3.L3Network)
    t.subject = subnet.uuid
    fact = l3_ranges.delete(subnet.uuid, subnet.state, c.name)
    left = l3.evolve(subnet.state, fact)
    if left is None:
        raise TypeError(fact)
    if c.mode == "permissive":
        what = f"range {fact.name} of L3 network {subnet.state.name}"
        refuse_users(t, subnet, left.serves, what=what, why="take them off first, or delete it enforcing")
        refuse_homeless(t, subnet, left)
    cause = t.record(subnet.uuid, fact)
    for kept in left.reserved:
        if kept.version not in left.versions:
            t.record(subnet.uuid, l3.ReservedIpRangeDeleted(kept.start, kept.end), cause=cause)
    for guest in guests_of(t, subnet.uuid):
        if not all(map(left.serves, addresses_on(guest.state, subnet.uuid))):
            nics.detach(t, guest, subnet.uuid, cause=cause)
    services.forget_range(t, subnet.uuid, cause=cause)


def refuse_homeless(t: Transaction, subnet: Loaded[l3.L3Network], left: l3.L3Network) -> None:
    """Refuse when what is left of the ranges has no address for a DHCP server that would have to move."""
    after = Loaded(subnet.uuid, subnet.version, left)
    for version, ip in subnet.state.dhcp_servers:
        if left.holds(ip) or version not in left.versions or addresses.find(t, after, version, left.ranges):
            continue
        found = sorted((u for u in users(t, subnet) if values.family(u.ip) == version), key=in_order)
        told = ", ".join(f"{user.ip} ({user.name})" for user in found[:TOLD])
        raise Refusal(
            "ip-exhausted",
            f"the DHCP server of L3 network {subnet.state.name} has {ip}, and no other address is free for it;"
            f" in use: {told or 'none'}; free one, add an IP range, or delete it enforcing",
            *(user.because for user in found),
        )


class User(msgspec.Struct, frozen=True):
    """A NIC or a VIP with an address of an L3 network."""

    ip: str
    name: str
    because: Witness


def refuse_users(
    t: Transaction, subnet: Loaded[l3.L3Network], fits: Callable[[str], bool], *, what: str, why: str
) -> None:
    """Refuse while a NIC or a VIP has an address that does not fit any more; tell the first, and name each."""
    found = sorted((u for u in users(t, subnet) if not fits(u.ip)), key=in_order)
    if found:
        told = ", ".join(f"{user.ip} ({user.name})" for user in found[:TOLD])
        more = f" and {len(found) - TOLD} more" if len(found) > TOLD else ""
        because = (user.because for user in found)
        raise Refusal("still-in-use", f"{what} has addresses in use, {told}{more}: {why}", *because)


def in_order(user: User) -> tuple[int, int]:
    return values.family(user.ip), values.number(user.ip)


def users(t: Transaction, subnet: Loaded[l3.L3Network]) -> Iterator[User]:
    """Walk the addresses that somebody took by hand, with who has them."""
    for guest in guests_of(t, subnet.uuid):
        name = f"NIC {guest.state.name}/{subnet.state.name}"
        for nic in guest.state.nics:
            if nic.l3 == subnet.uuid:
                because = witness(guest.uuid, vm.NicAttached, nic=nic.uuid)
                yield from (User(ip, name, because) for ip in nic.addresses)
    for uuid in t.census(subnet.uuid).users_of(subnet.uuid):
        found = t.get(uuid)
        if found and isinstance(found.state, vip.Vip):
            yield User(found.state.ip, t.label(uuid), witness(uuid, vip.Created))


def guests_of(t: Transaction, subnet: str) -> Iterator[Loaded[vm.Vm]]:
    return (t.load(uuid, vm.Vm) for uuid in t.census(subnet).vms_on(subnet))


def addresses_on(guest: vm.Vm, subnet: str) -> Iterator[str]:
    return (ip for nic in guest.nics if nic.l3 == subnet for ip in nic.addresses)


def add_reserved_range(t: Transaction, c: commands.AddReservedIpRange) -> None:
    record(t, c.l3, lambda subnet: l3_ranges.reserve(subnet.uuid, subnet.state, start=c.start, end=c.end))


def delete_reserved_range(t: Transaction, c: commands.DeleteReservedIpRange) -> None:
    record(t, c.l3, lambda subnet: l3_ranges.unreserve(subnet.uuid, subnet.state, start=c.start, end=c.end))


# what guests are told


def add_dns(t: Transaction, c: commands.AddDns) -> None:
    record(t, c.l3, lambda subnet: l3_settings.add_dns(subnet.uuid, subnet.state, c.address))


def remove_dns(t: Transaction, c: commands.RemoveDns) -> None:
    record(t, c.l3, lambda subnet: l3_settings.remove_dns(subnet.uuid, subnet.state, c.address))


def add_host_route(t: Transaction, c: commands.AddHostRoute) -> None:
    record(
        t,
        c.l3,
        lambda subnet: l3_settings.add_host_route(subnet.uuid, subnet.state, prefix=c.prefix, next_hop=c.next_hop),
    )


def remove_host_route(t: Transaction, c: commands.RemoveHostRoute) -> None:
    record(
        t,
        c.l3,
        lambda subnet: l3_settings.remove_host_route(subnet.uuid, subnet.state, prefix=c.prefix, next_hop=c.next_hop),
    )


# VMs


def attach_to_vm(t: Transaction, c: commands.AttachL3NetworkToVm) -> None:
    """Give a VM a NIC, running or not; the host that it runs on must have the L2 network."""
    guest = t.require("vm", c.vm, vm.Vm)
    subnet = t.require("l3", c.l3, l3.L3Network)
    t.subject = guest.uuid
    vm.refuse_nic(guest.uuid, guest.state, l3=subnet.uuid, l3_name=subnet.state.name)
    l3.require_open(subnet.uuid, subnet.state)
    bindings.refuse_eips_from(t, guest, subnet)
    require_zone(t, guest, subnet)
    if guest.state.host:
        require_network(t, guest.state.host, subnet.state.l2)
    cause = nics.attach(t, guest.uuid, subnet, ip=c.address, mac="")
    if guest.state.host:
        routers.settle(t, subnet.uuid, cause=cause)


def require_zone(t: Transaction, guest: Loaded[vm.Vm], subnet: Loaded[l3.L3Network]) -> None:
    """Refuse an L3 network of another zone than the VM's: no host has both."""
    network = t.load(subnet.state.l2, l2.L2Network)
    zones = t.census(guest.uuid).zones_of(guest.uuid)
    if network.state.zone not in zones:
        told = ", ".join(sorted(t.label(zone) for zone in zones))
        raise Refusal(
            "wrong-zone",
            f"VM {guest.state.name} is in {told}, L3 network {subnet.state.name} in {t.label(network.state.zone)}",
            witness(guest.uuid, vm.Started, vm.Migrated),
            witness(network.uuid, l2.Created),
        )


def require_network(t: Transaction, where: str, network: str) -> None:
    """Refuse a host without an L2 network. One that takes no new VMs may still give those it has a NIC."""
    vms.watch(t, where, [network])
    member, state = t.load(where, host.Host).state, t.load(network, l2.L2Network).state
    if exclusions.is_attached(t, state.pool or network, member.cluster):
        excluded = t.census().placement([network], cluster=member.cluster).excluded
        missing = next((e for e in excluded if e.host == where and e.l2), None)
    else:
        missing = Exclusion(where, "L2 network not attached to its cluster", network)
    if missing:
        told = f"host {member.name} can't take the NIC: {exclusions.explain(t, missing)}"
        raise Refusal("host-not-eligible", told, *exclusions.causes(t, [missing]))


def detach_from_vm(t: Transaction, c: commands.DetachL3NetworkFromVm) -> None:
    guest = t.require("vm", c.vm, vm.Vm)
    subnet = t.require("l3", c.l3, l3.L3Network)
    t.subject = guest.uuid
    vm.require_nic(guest.uuid, guest.state, l3=subnet.uuid, l3_name=subnet.state.name)
    nics.detach(t, guest, subnet.uuid)
