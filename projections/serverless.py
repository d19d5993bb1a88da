"""Which L3 networks take DHCP from their hosts and have no address for the server: it answers nobody.

A range that goes may leave none; the next range, or the service attached anew, brings one.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain import l3, provider, provider_types
from domain.values import Family
from projections.relations import related
from projections.topology import Topology


class Serverless(msgspec.Struct, frozen=True):
    """An L3 network whose DHCP server has no address of a family."""

    l3: str
    version: Family
    because: tuple[int, ...]


def serverless(topology: Topology) -> Iterator[Serverless]:
    """Walk the L3 networks without an address for a DHCP server that they take from the hosts. O(L3 networks)."""
    for uuid, state in topology.every(l3.L3Network):
        source = state.provider_of(provider_types.DHCP)
        if source and topology.state(source, provider.Provider).runs == "hosts":
            taken = related(topology.services.taken, uuid)[provider_types.DHCP]
            ranges = related(topology.ranges, uuid).values()
            for version in sorted(set(state.versions) - dict(state.dhcp_servers).keys()):
                cut = related(topology.cut, uuid).get(version, 0)
                yield Serverless(uuid, version, (taken, *ranges, cut))
