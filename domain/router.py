"""A virtual router serves one L3 network, runs on one host, and has a NIC on each L3 network that it joins.

It has no name and is nobody's to create: it is there while an L3 network takes a service from a provider that needs
one, and some host has the networks it joins. Its NICs go along when it moves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from domain import eip, port_forwarding, provider_types
from domain.history import Fact, State
from domain.provider import Provider


# facts


class Placed(Fact, frozen=True, tag="router.placed"):
    l3: str
    host: str


class Moved(Fact, frozen=True, tag="router.moved"):
    host: str


class NicAdded(Fact, frozen=True, tag="router.nic-added"):
    l3: str
    ips: tuple[str, ...]
    """Its own, where the router reaches the outside: elsewhere it answers for gateways and VIPs alone."""
    mac: str
    device: str


class NicAddressAssigned(Fact, frozen=True, tag="router.nic-address-assigned"):
    l3: str
    ip: str


class NicAddressReleased(Fact, frozen=True, tag="router.nic-address-released"):
    l3: str
    ip: str


class NicRemoved(Fact, frozen=True, tag="router.nic-removed"):
    l3: str


class Removed(Fact, frozen=True, tag="router.removed"):
    """It is gone with all of its NICs."""


FACTS = (Placed, Moved, NicAdded, NicAddressAssigned, NicAddressReleased, NicRemoved, Removed)


# state


class Nic(State, frozen=True):
    l3: str
    ips: tuple[str, ...]
    mac: str
    device: str


class Router(State, frozen=True):
    l3: str
    host: str
    nics: tuple[Nic, ...]
    """In order of addition: the first one is on its own L3 network."""

    def nic_on(self, l3: str) -> Nic | None:
        return next((nic for nic in self.nics if nic.l3 == l3), None)


# evolve


def evolve(state: Router | None, fact: Fact) -> Router | None:
    match fact:
        case Placed(l3=l3, host=host):
            return Router(l3, host, nics=())
        case Moved(host=host) if state:
            return msgspec.structs.replace(state, host=host)
        case NicAdded(l3=l3, ips=ips, mac=mac, device=device) if state:
            return msgspec.structs.replace(state, nics=(*state.nics, Nic(l3, ips, mac, device)))
        case NicAddressAssigned(l3=l3, ip=ip) if state:
            return readdressed(state, l3, lambda ips: (*ips, ip))
        case NicAddressReleased(l3=l3, ip=ip) if state:
            return readdressed(state, l3, lambda ips: tuple(other for other in ips if other != ip))
        case NicRemoved(l3=l3) if state:
            return msgspec.structs.replace(state, nics=tuple(nic for nic in state.nics if nic.l3 != l3))
        case Removed():
            return None
        case _:
            raise TypeError(fact)


def readdressed(state: Router, l3: str, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Router:
    nics = (msgspec.structs.replace(nic, ips=change(nic.ips)) if nic.l3 == l3 else nic for nic in state.nics)
    return msgspec.structs.replace(state, nics=tuple(nics))


# decisions

Services = Mapping[str, Provider]
"""What an L3 network takes, in order of attachment, and from whom."""


def is_needed(services: Services) -> bool:
    """Tell whether one of these services runs in a router."""
    return any(offer.runs == "router" for offer in services.values())


def way_out(services: Services) -> str:
    """Give the L3 network through which a router that does these services reaches the outside, or nothing.

    It is that of the provider of SNAT; where a router does none, that of the first provider.
    """
    done = [service for service, offer in services.items() if offer.runs == "router"]
    first = min(done, key=lambda service: service != provider_types.SNAT, default="")
    return services[first].public_l3 if first else ""


def leads_in(user: State | None, l3: str, services: Services) -> str:
    """Give the VIP from which an EIP or a rule leads to a NIC of the router's L3 network, if the router does it."""
    match user:
        case eip.Eip(vip=address, binding=binding):
            service = provider_types.EIP
        case port_forwarding.Rule(vip=address, binding=binding):
            service = provider_types.PORT_FORWARDING
        case _:
            return ""
    offer = services.get(service)
    return address if binding and binding.l3 == l3 and offer and offer.runs == "router" else ""
