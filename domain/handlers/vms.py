"""VMs: made on a host that has all their networks, started, stopped, moved and destroyed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from domain import claims, cluster, commands, host, host_network, l3, vm
from domain.errors import Refusal, witness
from domain.handlers import nics, routers, services
from domain.handlers.exclusions import NO_EIPS, causes, explain, vacancy
from domain.history import Loaded
from domain.transaction import Transaction


def create(t: Transaction, c: commands.CreateVm) -> None:
    fact = vm.create(c.name)
    subnets = [t.require("l3", text, l3.L3Network) for text in c.networks]
    refuse_twice(subnets)
    addresses = by_network(t, c.addresses, subnets)
    macs = by_network(t, c.macs, subnets)
    for subnet in subnets:
        l3.require_open(subnet.uuid, subnet.state)
    target = choose_host(t, [s.state.l2 for s in subnets], wanted=c.host, cluster_text=c.cluster)
    uuid = t.identify(c.uuid)
    cause = t.create("vm", uuid, fact)
    for subnet in subnets:
        ip, mac = addresses.get(subnet.uuid, ""), macs.get(subnet.uuid, "")
        nics.attach(t, uuid, subnet, ip=ip, mac=mac, cause=cause)
    started = t.record(uuid, vm.Started(target))
    routers.welcome(t, uuid, cause=started)


def refuse_twice(subnets: Iterable[Loaded[l3.L3Network]]) -> None:
    seen: set[str] = set()
    for subnet in subnets:
        if subnet.uuid in seen:
            raise Refusal("l3-already-attached", f"L3 network {subnet.state.name} is named twice: one NIC each")
        seen.add(subnet.uuid)


def by_network(t: Transaction, wishes: Mapping[str, str], subnets: Iterable[Loaded[l3.L3Network]]) -> dict[str, str]:
    """Key wishes by L3 uuid; one for a network that the VM is not on is a mistake."""
    known = {s.uuid for s in subnets}
    found: dict[str, str] = {}
    for text, wish in wishes.items():
        uuid = t.require("l3", text, l3.L3Network).uuid
        if uuid not in known or uuid in found:
            told = "is named twice" if uuid in found else "is not among the networks of this VM"
            raise Refusal("invalid-argument", f"{text!r} {told}")
        found[uuid] = wish
    return found


def choose_host(
    t: Transaction,
    l2s: Iterable[str],
    *,
    wanted: str = "",
    cluster_text: str = "",
    like: str = "",
    eips: Mapping[str, str] = NO_EIPS,
) -> str:
    """Find a host that has all these L2 networks: the one asked for, or the one with the fewest VMs.

    A network that only an EIP needs is told of with that one.
    """
    networks = sorted(set(l2s))
    within = t.require("cluster", cluster_text, cluster.Cluster).uuid if cluster_text else ""
    asked = t.require("host", wanted, host.Host) if wanted else None
    placement = t.census().placement(networks, cluster=within, like=like)
    if asked and asked.uuid not in placement.hosts:
        why = next((e for e in placement.excluded if e.host == asked.uuid), None)
        reason = explain(t, why, eips) if why else "it is in another cluster"
        because = causes(t, [why], eips) if why else [witness(asked.uuid, host.Added)]
        raise Refusal("host-not-eligible", f"host {asked.state.name} can't take the VM: {reason}", *because)
    if not placement.hosts:
        reasons = "; ".join(f"{t.label(e.host)}: {explain(t, e, eips)}" for e in placement.excluded)
        told = f"no host can take the VM: {reasons or 'there is no host'}"
        raise Refusal("no-host-available", told, *([*causes(t, placement.excluded, eips)] or vacancy(t, within)))
    chosen = asked.uuid if asked else placement.hosts[0]
    watch(t, chosen, networks)
    return chosen


def watch(t: Transaction, chosen: str, networks: Iterable[str]) -> None:
    """Rest the decision on the chosen host, its reports, its cluster and the networks: if one changes, choose again."""
    member = t.load(chosen, host.Host)
    t.get(member.state.cluster)
    t.get(host_network.uuid_of(chosen))
    for uuid in networks:
        network = t.get(uuid)
        pool = getattr(network.state, "pool", "") if network else ""
        if pool:
            t.get(pool)


def networks_of(t: Transaction, guest: vm.Vm) -> list[str]:
    """Give the L2 networks that a VM's host must have: those of its NICs, and what their services need beside."""
    return [*networks_at(t, guest), *eips_of(t, guest)]


def networks_at(t: Transaction, guest: vm.Vm) -> list[str]:
    return [t.load(nic.l3, l3.L3Network).state.l2 for nic in guest.nics]


def eips_of(t: Transaction, guest: vm.Vm) -> dict[str, str]:
    """Give the L2 networks that a VM's host needs for EIPs alone, each with one of these."""
    own = networks_at(t, guest)
    return {network: uuid for network, uuid in services.networks_for(t, guest) if network not in own}


def start(t: Transaction, c: commands.StartVm) -> None:
    guest = t.require("vm", c.vm, vm.Vm)
    t.subject = guest.uuid
    vm.start(guest.uuid, guest.state, "")
    networks = networks_of(t, guest.state)
    wanted = c.host or stay(t, guest.state, networks)
    target = choose_host(t, networks, wanted=wanted, like=guest.state.last_host, eips=eips_of(t, guest.state))
    cause = t.record(guest.uuid, vm.start(guest.uuid, guest.state, target))
    routers.welcome(t, guest.uuid, cause=cause)


def stay(t: Transaction, guest: vm.Vm, networks: Iterable[str]) -> str:
    """Prefer the host a VM ran on last, where that still fits."""
    fits = t.census().placement(sorted(set(networks))).hosts
    return guest.last_host if guest.last_host in fits else ""


def stop(t: Transaction, c: commands.StopVm) -> None:
    guest = t.require("vm", c.vm, vm.Vm)
    t.subject = guest.uuid
    t.record(guest.uuid, vm.stop(guest.uuid, guest.state))


def migrate(t: Transaction, c: commands.MigrateVm) -> None:
    guest = t.require("vm", c.vm, vm.Vm)
    t.subject = guest.uuid
    vm.require_running(guest.uuid, guest.state)
    networks, eips, here = networks_of(t, guest.state), eips_of(t, guest.state), guest.state.host
    target = (
        choose_host(t, networks, wanted=c.host, like=here, eips=eips) if c.host else elsewhere(t, guest, networks, eips)
    )
    name = t.load(target, host.Host).state.name
    t.record(guest.uuid, vm.migrate(guest.uuid, guest.state, host=target, host_name=name))


def elsewhere(t: Transaction, guest: Loaded[vm.Vm], networks: Iterable[str], eips: Mapping[str, str]) -> str:
    """Find the best host other than the one the VM is on."""
    wanted = sorted(set(networks))
    placement = t.census().placement(wanted, like=guest.state.host)
    others = [h for h in placement.hosts if h != guest.state.host]
    if not others:
        reasons = "; ".join(f"{t.label(e.host)}: {explain(t, e, eips)}" for e in placement.excluded)
        raise Refusal(
            "no-host-available",
            f"no other host can take VM {guest.state.name}: {reasons or 'there is no other host'}",
            witness(guest.uuid, vm.Started, vm.Migrated),
            *causes(t, placement.excluded, eips),
        )
    watch(t, others[0], wanted)
    return others[0]


def guests(t: Transaction, uuid: str) -> Iterator[Loaded[vm.Vm]]:
    """Walk the VMs that run on a host."""
    for name in t.census(uuid).guests_of(uuid):
        guest = t.get(name)
        if guest and isinstance(guest.state, vm.Vm) and guest.state.host == uuid:
            yield Loaded(guest.uuid, guest.version, guest.state)


def refuse_guests(t: Transaction, member: Loaded[host.Host]) -> None:
    """Refuse to touch a host while VMs run on it."""
    found = list(guests(t, member.uuid))
    if found:
        told = ", ".join(guest.state.name for guest in found)
        raise Refusal(
            "still-in-use",
            f"VMs run on host {member.state.name}: {told}; set it to maintenance, or migrate them first",
            *(witness(guest.uuid, vm.Started, vm.Migrated, host=member.uuid) for guest in found),
        )


def evacuate(t: Transaction, source: Loaded[host.Host], *, cause: str) -> None:
    """Migrate a host's VMs to others that have all their networks, spread evenly; stop those that none can take."""
    placed: Counter[str] = Counter()
    for guest in guests(t, source.uuid):
        networks = sorted(set(networks_of(t, guest.state)))
        fitting = t.census().placement(networks, like=source.uuid).hosts
        others = [uuid for uuid in fitting if uuid != source.uuid]
        if others:
            target = min(others, key=lambda uuid: placed[uuid])
            placed[target] += 1
            watch(t, target, networks)
            t.record(guest.uuid, vm.Migrated(target), cause=cause)
        else:
            t.record(guest.uuid, vm.Stopped(), cause=cause)


def destroy(t: Transaction, c: commands.DestroyVm) -> None:
    guest = t.require("vm", c.vm, vm.Vm)
    t.subject = guest.uuid
    end(t, guest)


def end(t: Transaction, guest: Loaded[vm.Vm]) -> None:
    """Destroy a VM, and give back all that its NICs hold."""
    cause = t.record(guest.uuid, vm.Destroyed())
    t.release(claims.name("vm", guest.state.name), guest.uuid, cause=cause)
    for nic in guest.state.nics:
        nics.release(t, guest.uuid, nic, cause=cause)
