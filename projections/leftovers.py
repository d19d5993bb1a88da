"""What hosts still have of networks that they are to have no more, by their own word.

What a host never reported is not known here, and a look at a kernel is another thing.
"""

from __future__ import annotations

import msgspec

from projections import plan
from projections.reports import NOTHING, parted
from projections.topology import Topology


class Leftover(msgspec.Struct, frozen=True):
    """An L2 network that a host made, was to give up, and did not report removed."""

    l2: str
    devices: tuple[str, ...]
    """The names of what is left, as they were when the host spoke of it."""
    because: tuple[int, ...]


def leftovers(topology: Topology, uuid: str) -> tuple[Leftover, ...]:
    """Give what a host has that is no longer in its plan, by its own word, sorted by network. O(its plan)."""
    made = {network: said for network, said in topology.reports.of.get(uuid, NOTHING).items() if said.made}
    if not made:
        return ()
    gone = sorted(made.keys() - networks_in(plan.plan(topology, uuid)))
    return tuple(Leftover(n, made[n].devices, because(topology, uuid, n, made[n].made)) for n in gone)


def networks_in(intended: plan.HostPlan) -> set[str]:
    """Give the L2 networks in a host's plan."""
    bridged, meshed = {b.l2 for b in intended.bridges}, {m.l2 for m in intended.meshes}
    return bridged | meshed | {custom.l2 for custom in intended.customs}


def because(topology: Topology, uuid: str, network: str, made: int) -> tuple[int, ...]:
    return tuple(sorted({made, parted(topology.reports, topology.objects, uuid, network)} - {0}))
