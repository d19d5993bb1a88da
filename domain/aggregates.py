"""The list of all aggregates: which facts there are, and what each kind folds with.

The one place to add a kind. It is data: nothing here decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from domain import (
    cable,
    claims,
    cluster,
    eip,
    host,
    host_network,
    l2,
    l3,
    pool,
    port_forwarding,
    provider,
    router,
    security_group,
    switch,
    vip,
    vm,
    zone,
)
from domain.history import Evolve, Fact, Loaded, Recorded, State


MODULES: tuple[Any, ...] = (
    zone,
    cluster,
    host,
    l2,
    pool,
    l3,
    vm,
    provider,
    vip,
    eip,
    port_forwarding,
    security_group,
    router,
    switch,
    cable,
    host_network,
    claims,
)
FACTS: tuple[type[Fact], ...] = tuple(fact for module in MODULES for fact in module.FACTS)
BIRTHS: tuple[type[Fact], ...] = tuple(module.FACTS[0] for module in MODULES)
"""What an aggregate begins with: the first of its kinds of fact."""
EVOLVE: dict[type[Fact], Evolve] = {fact: module.evolve for module in MODULES for fact in module.FACTS}

KINDS: dict[str, tuple[type[State], ...]] = {
    "zone": (zone.Zone,),
    "cluster": (cluster.Cluster,),
    "host": (host.Host,),
    "l2": (l2.L2Network, pool.VxlanPool),
    "l3": (l3.L3Network,),
    "vm": (vm.Vm,),
    "provider": (provider.Provider,),
    "vip": (vip.Vip,),
    "eip": (eip.Eip,),
    "port-forwarding": (port_forwarding.Rule,),
    "security-group": (security_group.SecurityGroup,),
    "router": (router.Router,),
    "switch": (switch.Switch,),
    "cable": (cable.Cable,),
    "host-network": (host_network.HostNetwork,),
}
"""Each kind has one space of names: a VXLAN pool shares that of the L2 networks."""

LABELS = {
    "zone": "zone",
    "cluster": "cluster",
    "host": "host",
    "l2": "L2 network",
    "l3": "L3 network",
    "vm": "VM",
    "provider": "provider",
    "vip": "VIP",
    "eip": "EIP",
    "port-forwarding": "port forwarding rule",
    "security-group": "security group",
    "router": "virtual router",
    "switch": "switch",
    "cable": "cable",
    "host-network": "reports of host",
}


def evolve(state: State | None, fact: Fact) -> State | None:
    """Fold one fact of any kind."""
    return EVOLVE[type(fact)](state, fact)


def project(loaded: Loaded[State] | None, facts: Iterable[Recorded]) -> Loaded[State] | None:
    """Fold an aggregate's facts onto what was loaded before. `None` where there are none, or it is gone."""
    uuid, version, state = (loaded.uuid, loaded.version, loaded.state) if loaded else ("", 0, None)
    for recorded in facts:
        uuid, version = recorded.originator_id, recorded.originator_version
        state = evolve(state, recorded.fact)
    return Loaded(uuid, version, state) if state else None


def kind_of(state: State) -> str:
    """Give the kind whose names and references a state belongs to."""
    return next(kind for kind, types in KINDS.items() if isinstance(state, types))
