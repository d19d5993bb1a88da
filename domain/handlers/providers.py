"""Network service providers, the L2 networks they attach themselves to, and the way out of their routers.

A new L2 network is joined by every provider that can serve it, and a new provider joins every L2 network that it can
serve: the extension point of L2 creation. Either way the facts are the provider's own, caused by what came new.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain import commands, l2, l3, provider, provider_types, router
from domain.errors import Refusal, witness
from domain.handlers import routers
from domain.history import Loaded
from domain.transaction import Transaction


def create(t: Transaction, c: commands.CreateNetworkServiceProvider) -> None:
    kind = provider_types.require(c.type)
    public = t.require("l3", c.public_l3, l3.L3Network) if c.public_l3 else None
    fact = provider.create(c.name, type_name=c.type, kind=kind, services=c.services, public=public)
    if public:
        network = t.load(public.state.l2, l2.L2Network)
        because = witness(network.uuid, l2.Created)
        provider.require_type(kind.l2_types, c.type, network.state.name, network.state.type, because)
    cause = t.create("provider", t.identify(c.uuid), fact)
    offer = t.load(t.subject, provider.Provider)
    for uuid in t.census(l2.Created.tag()).networks():
        join(t, offer, uuid, cause=cause)


def join_all(t: Transaction, network: str, *, cause: str) -> None:
    """Let every provider join a new L2 network that it can serve."""
    for uuid in t.census(provider.Created.tag()).providers():
        join(t, t.load(uuid, provider.Provider), network, cause=cause)


def join(t: Transaction, offer: Loaded[provider.Provider], network: str, *, cause: str) -> None:
    if offer.state.supports(t.load(network, l2.L2Network).state.type):
        t.record(offer.uuid, provider.AttachedToL2(network), cause=cause)


def leave_all(t: Transaction, network: str, *, cause: str) -> None:
    """Take every provider off an L2 network that goes."""
    for uuid in t.census(network).users_of(network):
        found = t.get(uuid)
        if found and isinstance(found.state, provider.Provider) and network in found.state.l2s:
            t.record(uuid, provider.DetachedFromL2(network), cause=cause)


def leading_out(t: Transaction, subnet: str) -> Iterator[Loaded[provider.Provider]]:
    """Walk the providers whose routers reach the outside through an L3 network."""
    for uuid in t.census(subnet).users_of(subnet):
        found = t.get(uuid)
        if found and isinstance(found.state, provider.Provider) and found.state.public_l3 == subnet:
            yield t.load(uuid, provider.Provider)


def refuse_way_out(t: Transaction, subnet: Loaded[l3.L3Network]) -> None:
    """Refuse an L3 network another category while routers reach the outside through it."""
    for offer in leading_out(t, subnet.uuid):
        raise Refusal(
            "still-in-use",
            f"routers of provider {offer.state.name} reach the outside through L3 network {subnet.state.name}:"
            " it stays public",
            witness(offer.uuid, provider.Created),
        )


def close(t: Transaction, offer: Loaded[provider.Provider]) -> None:
    """Take the public network of a provider away, and with it the way out of its routers."""
    cause = t.record(offer.uuid, provider.PublicNetworkRemoved(offer.state.public_l3))
    for uuid in t.census(offer.uuid).users_of(offer.uuid):
        routers.settle(t, uuid, cause=cause)


def attach(t: Transaction, c: commands.AttachNetworkServiceProviderToL2Network) -> None:
    offer = t.require("provider", c.provider, provider.Provider)
    network = t.require("l2", c.l2, l2.L2Network)
    t.subject = offer.uuid
    state = network.state
    fact = provider.attach(offer.uuid, offer.state, l2=network.uuid, l2_name=state.name, l2_type=state.type)
    t.record(offer.uuid, fact)


def detach(t: Transaction, c: commands.DetachNetworkServiceProviderFromL2Network) -> None:
    offer = t.require("provider", c.provider, provider.Provider)
    network = t.require("l2", c.l2, l2.L2Network)
    t.subject = offer.uuid
    fact = provider.detach(offer.uuid, offer.state, l2=network.uuid, l2_name=network.state.name)
    for uuid in t.census(network.uuid, offer.uuid).l3s_of(network.uuid):
        subnet = t.load(uuid, l3.L3Network)
        refuse_customer(subnet, offer)
        refuse_door(t, subnet, offer)
    t.record(offer.uuid, fact)


def refuse_customer(subnet: Loaded[l3.L3Network], offer: Loaded[provider.Provider]) -> None:
    """Refuse to leave an L3 network that takes a service."""
    taken = [service for service, source in subnet.state.services if source == offer.uuid]
    if taken:
        raise Refusal(
            "still-in-use",
            f"L3 network {subnet.state.name} takes {', '.join(taken)} from provider {offer.state.name}",
            *(
                witness(subnet.uuid, l3.ServiceAttached, l3.ServiceProviderChanged, service=s, provider=offer.uuid)
                for s in taken
            ),
        )


def refuse_door(t: Transaction, subnet: Loaded[l3.L3Network], offer: Loaded[provider.Provider]) -> None:
    """Refuse to leave an L3 network through which routers reach the outside, or are reached by VIPs."""
    for uuid in t.census(subnet.uuid).users_of(subnet.uuid):
        found = t.get(uuid)
        if found and isinstance(found.state, router.Router) and found.state.l3 != subnet.uuid:
            served = t.load(found.state.l3, l3.L3Network).state
            if offer.uuid in dict(served.services).values():
                raise Refusal(
                    "still-in-use",
                    f"the router of L3 network {served.name} has a NIC on {subnet.state.name}",
                    witness(uuid, router.NicAdded, l3=subnet.uuid),
                )
