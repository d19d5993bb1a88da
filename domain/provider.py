"""A network service provider offers services to the L3 networks of the L2 networks it is attached to.

Which L3 network takes what from it is that L3 network's own state. What the provider's type allows is written down
when the provider is made: later decisions ask the provider, never what happens to be installed.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from domain import l3, values
from domain.errors import Refusal, Witness, witness
from domain.history import Fact, Loaded, State
from domain.l3 import L3Network
from domain.provider_types import ProviderType, Runs


# facts


class Created(Fact, frozen=True, tag="network-service-provider.created"):
    name: str
    type: str
    services: tuple[str, ...]
    l2_types: tuple[str, ...]
    """The L2 types it can serve; none means every one."""
    runs: Runs
    needs: tuple[tuple[str, str], ...]
    """(service, the service it rests on)."""
    public_l3: str
    """The L3 network through which its routers reach the outside, or nothing."""


class PublicNetworkRemoved(Fact, frozen=True, tag="network-service-provider.public-network-removed"):
    """Its routers have no way out any more: the L3 network goes."""

    l3: str


class AttachedToL2(Fact, frozen=True, tag="network-service-provider.attached-to-l2"):
    l2: str


class DetachedFromL2(Fact, frozen=True, tag="network-service-provider.detached-from-l2"):
    l2: str


FACTS = (Created, PublicNetworkRemoved, AttachedToL2, DetachedFromL2)


# state


class Provider(State, frozen=True):
    name: str
    type: str
    services: tuple[str, ...]
    l2_types: tuple[str, ...]
    runs: Runs
    needs: tuple[tuple[str, str], ...]
    public_l3: str
    l2s: tuple[str, ...]
    """In order of attachment."""

    def supports(self, l2_type: str) -> bool:
        return supports(self.l2_types, l2_type)


# evolve


def evolve(state: Provider | None, fact: Fact) -> Provider | None:
    match fact:
        case Created():
            return Provider(**msgspec.structs.asdict(fact), l2s=())
        case PublicNetworkRemoved() if state:
            return msgspec.structs.replace(state, public_l3="")
        case AttachedToL2(l2=l2) if state:
            return msgspec.structs.replace(state, l2s=(*state.l2s, l2))
        case DetachedFromL2(l2=l2) if state:
            return msgspec.structs.replace(state, l2s=tuple(n for n in state.l2s if n != l2))
        case _:
            raise TypeError(fact)


# decisions


def create(
    name: str, *, type_name: str, kind: ProviderType, services: Iterable[str], public: Loaded[L3Network] | None
) -> Created:
    offered = tuple(dict.fromkeys(services))
    if not offered:
        raise values.invalid(f"provider {name} offers nothing: give at least one of {', '.join(kind.services)}")
    for service in offered:
        if service not in kind.services:
            raise Refusal(
                "service-not-supported",
                f"providers of type {type_name} know no service {service!r}: give some of {', '.join(kind.services)}",
            )
    if public:
        require_routers(type_name, kind)
        require_public(public)
    outside = public.uuid if public else ""
    return Created(values.name(name), type_name, offered, kind.l2_types, kind.runs, kind.needs, outside)


def require_routers(type_name: str, kind: ProviderType) -> None:
    """Refuse a way out for a provider without routers."""
    if kind.runs != "router":
        raise values.invalid(f"providers of type {type_name} run no routers: leave public-l3 out")


def require_public(outside: Loaded[L3Network]) -> None:
    """Refuse to lead routers out through an L3 network that is not of category public."""
    state = outside.state
    if state.category != "public":
        raise Refusal(
            "invalid-argument",
            f"L3 network {state.name} is {state.category}: routers reach the outside through a public one",
            witness(outside.uuid, l3.Updated, l3.Created, category=state.category),
        )


def attach(uuid: str, provider: Provider, *, l2: str, l2_name: str, l2_type: str) -> AttachedToL2:
    if l2 in provider.l2s:
        raise Refusal(
            "l2-already-attached",
            f"provider {provider.name} is attached to L2 network {l2_name} already",
            witness(uuid, AttachedToL2, l2=l2),
        )
    require_type(provider.l2_types, f"provider {provider.name}", l2_name, l2_type, witness(uuid, Created))
    return AttachedToL2(l2)


def require_type(l2_types: tuple[str, ...], subject: str, l2_name: str, l2_type: str, because: Witness) -> None:
    """Refuse an L2 network whose type is none of those that a provider can serve."""
    if not supports(l2_types, l2_type):
        raise Refusal(
            "l2-type-not-supported",
            f"{subject} can't serve L2 network {l2_name}, a {l2_type}: it serves {', '.join(l2_types)}",
            because,
        )


def supports(l2_types: tuple[str, ...], l2_type: str) -> bool:
    return not l2_types or l2_type in l2_types


def detach(uuid: str, provider: Provider, *, l2: str, l2_name: str) -> DetachedFromL2:
    require_attached(uuid, provider, l2=l2, l2_name=l2_name)
    return DetachedFromL2(l2)


def require_attached(uuid: str, provider: Provider, *, l2: str, l2_name: str) -> None:
    if l2 not in provider.l2s:
        raise Refusal(
            "provider-not-attached",
            f"provider {provider.name} is not attached to L2 network {l2_name}",
            witness(uuid, Created, DetachedFromL2, l2=l2),
        )


def require_service(uuid: str, provider: Provider, service: str) -> None:
    if service not in provider.services:
        raise Refusal(
            "service-not-supported",
            f"provider {provider.name} offers no {service}: it offers {', '.join(provider.services)}",
            witness(uuid, Created),
        )
