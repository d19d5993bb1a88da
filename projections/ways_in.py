"""Which VIPs lead in through a virtual router that is where their network is not: who knocks there is not heard.

A VIP whose L3 network has no router yet is not told of: it waits for a host, and nothing of its services works.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain import host, router, vip
from projections import routing, subnets
from projections.objects import last_state
from projections.relations import related
from projections.reports import attached_as
from projections.topology import Topology


class Shut(msgspec.Struct, frozen=True):
    """A VIP that the router it leads in through does not reach."""

    vip: str
    router: str
    host: str
    l2: str
    because: tuple[int, ...]


def shut(topology: Topology) -> Iterator[Shut]:
    """Walk the VIPs on L2 networks that their router's host lacks. O(routers + what leads in through them)."""
    for uuid, state in topology.every(router.Router):
        led: dict[str, set[int]] = {}
        for address, position in routing.leading_in(topology, state.l3):
            led.setdefault(address, set()).add(position)
        for address, positions in sorted(led.items()):
            subnet = topology.state(address, vip.Vip).l3
            if not routing.has(topology, uuid, subnet):
                network, placed = subnets.l2_of(topology, subnet), related(topology.services.users, state.host)[uuid]
                because = {*positions, placed, parted(topology, state.host, network)}
                yield Shut(address, uuid, state.host, network, tuple(sorted(because - {0})))


def parted(topology: Topology, member: str, network: str) -> int:
    """Give the fact that took an L2 network or its pool off a host's cluster; 0 where it never was there."""
    state = last_state(topology.objects, member)
    where = state.cluster if isinstance(state, host.Host) else ""
    return topology.reports.left.get((attached_as(topology.objects, network), where), 0)
