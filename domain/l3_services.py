"""Which services an L3 network takes, and from whom: each type from one provider at a time.

Whether a provider may serve here at all is asked elsewhere; this is about what the L3 network itself has.
"""

from __future__ import annotations

from domain.errors import Refusal, witness
from domain.l3 import Created, L3Network, ServiceAttached, ServiceDetached, ServiceProviderChanged


def attach_service(uuid: str, l3: L3Network, *, service: str, provider: str) -> ServiceAttached:
    if other := l3.provider_of(service):
        raise Refusal(
            "service-already-provided",
            f"L3 network {l3.name} takes {service} already: change its provider, or detach it first",
            witness(uuid, ServiceAttached, ServiceProviderChanged, service=service, provider=other),
        )
    return ServiceAttached(service, provider)


def detach_service(uuid: str, l3: L3Network, *, service: str, provider: str, provider_name: str) -> ServiceDetached:
    current = require_service(uuid, l3, service)
    if current != provider:
        raise Refusal(
            "service-missing",
            f"L3 network {l3.name} does not take {service} from provider {provider_name}",
            witness(uuid, ServiceAttached, ServiceProviderChanged, service=service, provider=current),
        )
    return ServiceDetached(service)


def change_provider(
    uuid: str, l3: L3Network, *, service: str, provider: str, provider_name: str
) -> ServiceProviderChanged:
    if require_service(uuid, l3, service) == provider:
        raise Refusal(
            "service-already-provided",
            f"L3 network {l3.name} takes {service} from provider {provider_name} already",
            witness(uuid, ServiceAttached, ServiceProviderChanged, service=service, provider=provider),
        )
    return ServiceProviderChanged(service, provider)


def require_service(uuid: str, l3: L3Network, service: str) -> str:
    """Give the provider of a service that the network must take."""
    if provider := l3.provider_of(service):
        return provider
    raise Refusal(
        "service-missing",
        f"L3 network {l3.name} takes no {service}: attach that service first",
        witness(uuid, Created, ServiceDetached, service=service),
    )
