"""Kinds of network service provider: what each can offer, on which L2 networks, and where it runs.

They are found through entry points of the group `rewire.network_service_provider`, named after the type, so that a
third party adds one without a change here. Ours are registered the same way. Types are looked up only when a provider
is made: what matters of the type is written into that fact, so that a history never depends on what is installed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from domain import l2_types, plugins, values


DHCP = "DHCP"
DNS = "DNS"
SNAT = "SNAT"
EIP = "EIP"
PORT_FORWARDING = "PortForwarding"
SECURITY_GROUP = "SecurityGroup"
LOAD_BALANCER = "LoadBalancer"
HOST_ROUTE = "HostRoute"

Runs = Literal["hosts", "router", "elsewhere"]
"""In every host that has a running NIC, in one virtual router an L3 network, or in a box of its own."""


class ProviderType(msgspec.Struct, frozen=True, kw_only=True):
    """What every provider of a type has in common."""

    services: tuple[str, ...]
    l2_types: tuple[str, ...] = ()
    """The L2 types it can serve; none means every one."""
    runs: Runs = "elsewhere"
    needs: tuple[tuple[str, str], ...] = ()
    """(service, the service it rests on), both on one L3 network."""


VIRTUAL_ROUTER = ProviderType(
    services=(DHCP, DNS, SNAT, PORT_FORWARDING, EIP, LOAD_BALANCER),
    l2_types=(l2_types.NO_VLAN, l2_types.VLAN, l2_types.VXLAN),
    runs="router",
    needs=((PORT_FORWARDING, SNAT), (EIP, SNAT)),
)
FLAT = ProviderType(services=(DHCP, DNS, EIP, HOST_ROUTE), runs="hosts")
SECURITY = ProviderType(services=(SECURITY_GROUP,), runs="hosts")
BUILT_IN = {"VirtualRouter": VIRTUAL_ROUTER, "Flat": FLAT, "SecurityGroup": SECURITY}
ROUTED = frozenset({DHCP, DNS, SNAT, PORT_FORWARDING, EIP})
"""What a virtual router of ours does by itself, whoever's provider it belongs to."""


def is_ours(name: str, runs: Runs, service: str) -> bool:
    """Tell whether our own hosts do a service of a provider type, or leave it to whoever brings a backend for it."""
    return service in ROUTED if runs == "router" else name in BUILT_IN


def require(name: str) -> ProviderType:
    """Load an installed type by its name.

    Raises `Refusal` with `invalid-argument` and the types there are when there is none.
    """
    found = plugins.load(plugins.PROVIDERS, name)
    if found is None:
        known = ", ".join(plugins.names(plugins.PROVIDERS)) or "none at all"
        raise values.invalid(f"{name!r} is no installed provider type: give one of {known}")
    if not isinstance(found, ProviderType):
        raise values.invalid(f"what is installed as provider type {name} is no ProviderType")
    return found
