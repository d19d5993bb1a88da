"""Where the virtual router of an L3 network runs.

Whoever changes what that depends on calls `settle`, `reconsider` or `offer` afterwards, in the same transaction: they
look at how things are now, and place, move or remove. The census does not know this command's own facts yet, so each
host it proposes is checked against them. A disabled host keeps the routers it has, and takes none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from domain import claims, host, host_network, l2, l3, pool, router, vip, vm
from domain.handlers import router_nics
from domain.transaction import Transaction


def settle(
    t: Transaction, subnet: str, *, cause: str, besides: Collection[str] = (), also: Collection[str] = ()
) -> None:
    """Bring the router of an L3 network to where it can be, with the NICs that it must have.

    `besides` are EIPs and rules that this very command leads somewhere, `also` hosts that the census may not know to be
    fit.
    """
    uuid = t.holder(claims.router(subnet))
    where = t.load(uuid, router.Router).state.host if uuid else ""
    needed = router.is_needed(router_nics.services_of(t, subnet))
    target = place_of(t, subnet, where, besides, also) if needed else ""
    if target:
        uuid, cause = run(t, subnet, uuid, target, cause=cause)
        router_nics.settle(t, uuid, cause=cause, besides=besides)
    elif uuid:
        remove(t, uuid, cause=cause)


def run(t: Transaction, subnet: str, uuid: str, target: str, *, cause: str) -> tuple[str, str]:
    """Have the router of an L3 network on a host. Gives the router, and what its NICs are caused by."""
    if not uuid:
        return place(t, subnet, target, cause=cause)
    if t.load(uuid, router.Router).state.host != target:
        t.record(uuid, router.Moved(target), cause=cause)
    return uuid, cause


def place_of(t: Transaction, subnet: str, where: str, besides: Collection[str], also: Collection[str]) -> str:
    """Give the host for a router: where it is, if it can, else one that has all networks, else its own at least.

    From a host that has trouble with a network it goes only where there is a better one.
    """
    own = [t.load(subnet, l3.L3Network).state.l2]
    for networks in (networks_of(t, subnet, besides), own):
        if where and keeps(t, where, networks) and is_sound(t, where, networks):
            return where
        if target := choose(t, networks, also):
            return target
    return where if where and keeps(t, where, own) else ""


def reaches(t: Transaction, subnet: str, networks: Collection[str]) -> bool:
    """Tell whether an L3 network's router has all these L2 networks where it is, or could have them on another host.

    Trouble with one is no reason against its own host: a router stays with it where there is no better one.
    """
    uuid = t.holder(claims.router(subnet))
    where = t.load(uuid, router.Router).state.host if uuid else ""
    return bool((where and keeps(t, where, networks)) or choose(t, networks))


def reconsider(t: Transaction, hosts: Iterable[str], *, cause: str) -> None:
    """Settle every router on hosts that lost a network, their cluster or their state, or have trouble."""
    for uuid in hosts:
        for user in (*t.census(uuid).users_of(uuid), *come_to(t, uuid)):
            found = t.get(user)
            if found and isinstance(found.state, router.Router) and found.state.host == uuid:
                settle(t, found.state.l3, cause=cause)


def come_to(t: Transaction, uuid: str) -> list[str]:
    """Give the routers that this very command brought to a host: the census does not know of them."""
    moves = (e for e in t if isinstance(e.fact, router.Placed | router.Moved) and e.fact.host == uuid)
    return list(dict.fromkeys(e.originator_id for e in moves))


def offer(t: Transaction, networks: Iterable[str], hosts: Collection[str], *, cause: str) -> None:
    """Settle the routers that hosts can take or complete, now that they have these L2 networks and pools.

    What is in order already is left alone, as long as it stays so.
    """
    for network in {member: None for uuid in networks for member in members_of(t, uuid)}:
        t.census(network, *t.census().l3s_of(network))
        for found in t.census().routed(network):
            t.census(found.l3, *filter(None, [found.router]))
            if not found.complete:
                settle(t, found.l3, cause=cause, also=hosts)


def members_of(t: Transaction, network: str) -> Iterable[str]:
    """Give the L2 networks of a pool, or the network itself."""
    found = t.get(network)
    is_pool = found is not None and isinstance(found.state, pool.VxlanPool)
    return t.census(network).members_of(network) if is_pool else [network]


def welcome(t: Transaction, guest: str, *, cause: str) -> None:
    """Settle the routers of a VM that runs: its own host may be the first that can take them."""
    state = t.load(guest, vm.Vm).state
    for nic in state.nics:
        settle(t, nic.l3, cause=cause, also=[state.host])


def place(t: Transaction, subnet: str, target: str, *, cause: str) -> tuple[str, str]:
    uuid = t.instruments.ids()
    placed = t.record(uuid, router.Placed(subnet, target), cause=cause)
    t.hold(claims.router(subnet), uuid, cause=placed)
    return uuid, placed


def remove(t: Transaction, uuid: str, *, cause: str) -> None:
    """End a router, and give back all that its NICs hold."""
    state = t.load(uuid, router.Router).state
    removed = t.record(uuid, router.Removed(), cause=cause)
    t.release(claims.router(state.l3), uuid, cause=removed)
    for nic in state.nics:
        router_nics.release(t, uuid, nic, cause=removed)


def networks_of(t: Transaction, subnet: str, besides: Collection[str] = ()) -> set[str]:
    """Give the L2 networks that a router joins, `besides` as for `settle`."""
    return {t.load(uuid, l3.L3Network).state.l2 for uuid in router_nics.joined(t, subnet, besides)}


def l2_of_vip(t: Transaction, uuid: str) -> str:
    """Give the L2 network that a VIP's address is on."""
    return t.load(t.load(uuid, vip.Vip).state.l3, l3.L3Network).state.l2


def choose(t: Transaction, networks: Collection[str], also: Collection[str] = ()) -> str:
    """Find the best host that has all these L2 networks now, or nothing."""
    wanted = sorted(networks)
    chosen = next((h for h in (*t.census().placement(wanted).hosts, *also) if fits(t, h, wanted)), "")
    if not chosen:
        rest_on_lack(t, wanted)
    return chosen


def rest_on_lack(t: Transaction, networks: Collection[str]) -> None:
    """Rest a decision on there being no host for a router: on the clusters with all its networks, and their hosts."""
    for where in sorted(set[str].intersection(*(set(clusters_of(t, network)) for network in networks))):
        for uuid in t.census(where).hosts_of(where):
            t.get(uuid)
            t.get(host_network.uuid_of(uuid))


def fits(t: Transaction, uuid: str, networks: Collection[str]) -> bool:
    return state_of(t, uuid) == "enabled" and has(t, uuid, networks) and is_sound(t, uuid, networks)


def is_sound(t: Transaction, uuid: str, networks: Collection[str]) -> bool:
    """Tell whether a host's own word keeps no router on these L2 networks from it."""
    t.get(host_network.uuid_of(uuid))
    return not any(fails(t, uuid, network) for network in networks)


def fails(t: Transaction, uuid: str, network: str) -> bool:
    """Tell whether a host failed at an L2 network or lost it, by its last word since that is on its VLAN.

    What is said or changed in this very command the census does not know yet.
    """
    if any(e.originator_id == network and isinstance(e.fact, l2.VlanChanged) for e in t):
        return False
    said = host_network.uuid_of(uuid)
    heard = [e.fact for e in t if e.originator_id == said and getattr(e.fact, "l2", "") == network]
    if not heard:
        return t.census().fails(uuid, network)
    gone = isinstance(heard[-1], host_network.Removed) and not is_made_for_vms(t, network)
    return gone or isinstance(heard[-1], host_network.Failed)


def is_made_for_vms(t: Transaction, network: str) -> bool:
    """Tell whether an L2 network is made on a host only where a VM needs it: there none is missed."""
    found = t.get(network)
    return found is not None and isinstance(found.state, l2.L2Network) and found.state.realize == "vm"


def keeps(t: Transaction, uuid: str, networks: Collection[str]) -> bool:
    """Tell whether a host may keep a router: one that is disabled takes nothing new, and loses nothing."""
    return state_of(t, uuid) in ("enabled", "disabled") and has(t, uuid, networks)


def state_of(t: Transaction, uuid: str) -> str:
    """Give the state of a host; nothing when it is gone."""
    found = t.get(uuid)
    return found.state.state if found and isinstance(found.state, host.Host) else ""


def has(t: Transaction, uuid: str, networks: Collection[str]) -> bool:
    """Tell whether a host has all these L2 networks now."""
    cluster = t.load(uuid, host.Host).state.cluster
    return all(cluster in clusters_of(t, network) for network in networks)


def clusters_of(t: Transaction, network: str) -> tuple[str, ...]:
    """Give the clusters that an L2 network is on now, its own or its pool's."""
    found = t.get(network)
    match found.state if found else None:
        case l2.L2Network(pool=owner) if owner:
            return clusters_of(t, owner)
        case l2.L2Network(clusters=clusters):
            return clusters
        case pool.VxlanPool() as state:
            return state.clusters
        case _:
            return ()
