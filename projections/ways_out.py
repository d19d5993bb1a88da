"""Which L3 networks take SNAT and have no way out: what of theirs is to be translated gets nowhere.

A network that has no router yet is not told of: it waits for a host, and nothing of its services works.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain import l3, provider, provider_types, router, values
from domain.values import Family
from projections import routing, subnets
from projections.relations import related
from projections.topology import Topology


class Shut(msgspec.Struct, frozen=True):
    """An L3 network without a way out."""

    l3: str
    why: str
    because: tuple[int, ...]
    host: str = ""
    """Where its router is, when that is the reason."""
    only: Family | None = None
    """The family that it is shut for, where the other one may get out."""


def shut(topology: Topology) -> Iterator[Shut]:
    """Walk the L3 networks that take SNAT from a router and have no way out. O(L3 networks)."""
    for uuid, state in topology.every(l3.L3Network):
        source = state.provider_of(provider_types.SNAT)
        if source and topology.state(source, provider.Provider).runs == "router":
            yield from without(topology, uuid, source)


def without(topology: Topology, uuid: str, source: str) -> Iterator[Shut]:
    """Say why an L3 network that takes SNAT from a provider has no way out, if it has none."""
    offer, taken = topology.state(source, provider.Provider), related(topology.services.taken, uuid)
    snat, born = taken[provider_types.SNAT], topology.objects.born[source]
    found = routing.router_of(topology, uuid)
    if not offer.public_l3:
        told = f"provider {offer.name} has no public network"
        yield Shut(uuid, told, (snat, topology.services.closed.get(source, born)))
    elif offer.public_l3 == uuid:
        yield Shut(uuid, f"it is the public network of provider {offer.name} itself", (snat, born))
    elif found:
        yield from astray(topology, found, offer.public_l3, snat)


def astray(topology: Topology, uuid: str, outside: str, snat: int) -> Iterator[Shut]:
    """Say why a router does not get out to the public network that it is to reach, if it does not."""
    state = topology.state(uuid, router.Router)
    nic, name = state.nic_on(outside), topology.name(outside)
    both = len(topology.state(state.l3, l3.L3Network).versions) > 1
    for version in unled(topology, state.l3, nic) if nic else ():
        added, cut = related(topology.services.users, outside)[uuid], related(topology.cut, outside).get(version, 0)
        told = f"L3 network {name} had no IPv{version} address for its router"
        because = (snat, added, *related(topology.ranges, outside).values(), cut)
        yield Shut(state.l3, told, because, only=version if both else None)
    if not routing.has(topology, uuid, outside):
        lacking = topology.name(subnets.l2_of(topology, outside))
        told = f"host {topology.name(state.host)}, where its router is, lacks L2 network {lacking} of {name}"
        yield Shut(state.l3, told, (snat, related(topology.services.users, state.host)[uuid]), state.host)


def unled(topology: Topology, subnet: str, nic: router.Nic) -> list[Family]:
    """Give the families that an L3 network has ranges of and its router no address outside."""
    out = set(map(values.family, nic.ips))
    return [version for version in topology.state(subnet, l3.L3Network).versions if version not in out]
