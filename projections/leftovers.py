"""What hosts still have of networks that they are to have no more, by their own word.

What a host never reported is not known here, and a look at a kernel is another thing.
"""

from __future__ import annotations

import msgspec

from domain import host, l2
from projections import plan
from projections.topology import Topology


class Leftover(msgspec.Struct, frozen=True):
    """An L2 network that a host made, was to give up, and did not report removed."""

    l2: str
    because: tuple[int, ...]


def leftovers(topology: Topology, uuid: str) -> tuple[Leftover, ...]:
    """Give what a host has that is no longer in its plan, by its own word, sorted by network. O(its plan)."""
    made = {network: said.made for network, said in topology.reports.of.get(uuid, {}).items() if said.made}
    if not made:
        return ()
    intended = plan.plan(topology, uuid)
    bridged, meshed = {b.l2 for b in intended.bridges}, {m.l2 for m in intended.meshes}
    planned = bridged | meshed | {custom.l2 for custom in intended.customs}
    gone = sorted(made.keys() - planned)
    return tuple(Leftover(n, tuple(sorted({made[n], parted(topology, uuid, n)} - {0}))) for n in gone)


def parted(topology: Topology, uuid: str, network: str) -> int:
    """Give the fact that took a network off the host's cluster; 0 where it was another one that did."""
    state = topology.objects.states.get(network)
    subject = (state.pool if isinstance(state, l2.L2Network) else "") or network
    return topology.reports.left.get((subject, topology.state(uuid, host.Host).cluster), 0)
