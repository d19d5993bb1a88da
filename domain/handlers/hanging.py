"""What hangs on what: for each kind of object, what stands in the way of its end, and how it ends.

It says, and does nothing by itself: `deletion` walks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import msgspec

from domain import cable, claims, cluster, eip, host, l2, l3, pool, port_forwarding, provider, switch, vip, vm, zone
from domain.errors import Witness, witness
from domain.handlers import attachments, fabric, hosts, nics, providers, reports, routers, services, vips, vms
from domain.history import Fact, Loaded, State
from domain.transaction import Transaction


class Hanging(msgspec.Struct, frozen=True):
    """Something that hangs on an object."""

    what: str
    """As people know it."""
    because: Witness
    """The fact that hung it there."""
    end: Callable[[], object] = lambda: None
    """Takes it off, where it is a mere tie."""
    subject: str = ""
    """The object, where it goes itself with all that hangs on it."""


Find = Callable[[Transaction, Loaded[Any]], Iterator[Hanging]]
"""Walk what hangs on an object. Each is looked for only when the one before it has gone."""


class Kind(msgspec.Struct, frozen=True):
    """How objects of one kind end."""

    deleted: type[Fact]
    hanging: Find
    holds: Callable[[Any], Iterable[claims.Key]]
    """What it holds beside its name, once nothing hangs on it."""
    before: Callable[[Transaction, Loaded[Any]], object] = lambda _, __: None
    """Ends what nobody made by hand, and so stands in nobody's way."""
    after: Callable[[Transaction, str, str], object] = lambda _, __, ___: None
    """Settles what others lose by its end, which is the cause."""


def living(t: Transaction, uuids: Iterable[str], *kinds: type[State]) -> Iterator[Loaded[Any]]:
    """Load those objects of some kinds that this command has not ended yet."""
    for uuid in uuids:
        found = t.get(uuid)
        if found and isinstance(found.state, kinds):
            yield found


def child(t: Transaction, uuid: str, *facts: type[Fact]) -> Hanging:
    """Name an object that goes with what it lives in."""
    return Hanging(t.label(uuid), witness(uuid, *facts), subject=uuid)


def on_zone(t: Transaction, found: Loaded[zone.Zone]) -> Iterator[Hanging]:
    for guest in living(t, t.census(found.uuid).guests_in(found.uuid), vm.Vm):
        yield Hanging(t.label(guest.uuid), witness(guest.uuid, vm.Created), partial(vms.end, t, guest))
    children = t.census(found.uuid).children_of(found.uuid)
    for network in living(t, children, l2.L2Network):
        yield child(t, network.uuid, l2.Created)
    for owner in living(t, children, pool.VxlanPool):
        yield child(t, owner.uuid, pool.Created)
    for device in living(t, children, switch.Switch):
        ended = partial(fabric.remove_switch, t, device.uuid)
        yield Hanging(t.label(device.uuid), witness(device.uuid, switch.Added), ended)
    for part in living(t, children, cluster.Cluster):
        yield child(t, part.uuid, cluster.Created)


def on_cluster(t: Transaction, found: Loaded[cluster.Cluster]) -> Iterator[Hanging]:
    """Hosts go first: a VM that stops with its host keeps its NICs, one that runs when a network leaves does not."""
    for member in living(t, t.census(found.uuid).hosts_of(found.uuid), host.Host):
        yield child(t, member.uuid, host.Added, host.Moved)
    for network in living(t, t.census(found.uuid).networks_on(found.uuid), l2.L2Network, pool.VxlanPool):
        if found.uuid in network.state.clusters:
            yield attachment(t, network, found.uuid)


def attachment(t: Transaction, network: Loaded[Any], where: str) -> Hanging:
    return Hanging(
        f"the attachment of {t.label(network.uuid)} to {t.label(where)}",
        witness(network.uuid, l2.AttachedToCluster, pool.AttachedToCluster, cluster=where),
        lambda: attachments.take_off(t, t.load(network.uuid, State), t.load(where, cluster.Cluster)),
    )


def on_host(t: Transaction, found: Loaded[host.Host]) -> Iterator[Hanging]:
    for guest in vms.guests(t, found.uuid):
        because = witness(guest.uuid, vm.Started, vm.Migrated, host=found.uuid)
        yield Hanging(f"running {t.label(guest.uuid)}", because, partial(t.record, guest.uuid, vm.Stopped()))
    for port in fabric.plugs(found.state):
        if uuid := fabric.cable_at(t, (found.uuid, port)):
            what = f"the cable at {found.state.name}:{port}"
            yield Hanging(what, witness(uuid, cable.Connected), partial(fabric.pull, t, uuid))


def on_l2(t: Transaction, found: Loaded[l2.L2Network]) -> Iterator[Hanging]:
    for subnet in living(t, t.census(found.uuid).l3s_of(found.uuid), l3.L3Network):
        yield child(t, subnet.uuid, l3.Created)
    for where in found.state.clusters:
        yield attachment(t, found, where)


def on_pool(t: Transaction, found: Loaded[pool.VxlanPool]) -> Iterator[Hanging]:
    yield from members(t, found.uuid, lambda _: True)
    for where in found.state.clusters:
        yield attachment(t, found, where)


def members(t: Transaction, owner: str, wanted: Callable[[int], bool]) -> Iterator[Hanging]:
    """Walk the VXLAN networks of a pool whose VNI is one of those wanted."""
    for network in living(t, t.census(owner).members_of(owner), l2.L2Network):
        if wanted(network.state.virtual_network_id):
            yield child(t, network.uuid, l2.Created)


def on_l3(t: Transaction, found: Loaded[l3.L3Network]) -> Iterator[Hanging]:
    for guest in living(t, t.census(found.uuid).vms_on(found.uuid), vm.Vm):
        for nic in guest.state.nics:
            if nic.l3 == found.uuid:
                because = witness(guest.uuid, vm.NicAttached, nic=nic.uuid)
                what = f"NIC {guest.state.name}/{found.state.name}"
                yield Hanging(what, because, partial(nics.detach, t, guest, found.uuid, cause=""))
    for address in living(t, t.census(found.uuid).users_of(found.uuid), vip.Vip):
        if address.state.l3 == found.uuid:
            because = witness(address.uuid, vip.Created)
            yield Hanging(t.label(address.uuid), because, partial(vips.remove, t, address.uuid))
            for user in living(t, (use.user for use in address.state.uses), eip.Eip, port_forwarding.Rule):
                made = witness(user.uuid, eip.Created, port_forwarding.Created)
                yield Hanging(t.label(user.uuid), made)
    for offer in providers.leading_out(t, found.uuid):
        what = f"routers of {t.label(offer.uuid)}, as their way out"
        yield Hanging(what, witness(offer.uuid, provider.Created), partial(providers.close, t, offer))


def nothing(_: Any) -> Iterable[claims.Key]:
    return ()


def held_by_l2(state: l2.L2Network) -> Iterator[claims.Key]:
    yield claims.bridge(state.zone, state.bridge)
    if state.pool:
        yield claims.vni(state.pool, state.virtual_network_id)


def forget_host(t: Transaction, found: Loaded[host.Host]) -> None:
    """End what a host reported, and give back its addresses."""
    reports.forget(t, found.uuid)
    hosts.release_addresses(t, found)


KINDS: dict[type[State], Kind] = {
    zone.Zone: Kind(zone.Deleted, on_zone, nothing),
    cluster.Cluster: Kind(cluster.Deleted, on_cluster, nothing),
    host.Host: Kind(
        host.Deleted,
        on_host,
        nothing,
        before=forget_host,
        after=lambda t, uuid, cause: routers.reconsider(t, [uuid], cause=cause),
    ),
    l2.L2Network: Kind(
        l2.Deleted,
        on_l2,
        held_by_l2,
        before=lambda t, found: providers.leave_all(t, found.uuid, cause=""),
    ),
    pool.VxlanPool: Kind(pool.Deleted, on_pool, nothing),
    l3.L3Network: Kind(
        l3.Deleted,
        on_l3,
        nothing,
        before=lambda t, found: services.forget_l3(t, found, cause=""),
    ),
}
"""What hangs on objects of each kind, and how they end."""
