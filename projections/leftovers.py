"""What hosts still have of networks that they are to have no more, by their own word.

What a host never reported is not known here, and a look at a kernel is another thing.
"""

from __future__ import annotations

import msgspec

from domain import l2
from projections import plan
from projections.objects import last_state
from projections.reports import parted
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
    gone = sorted(made.keys() - planned(topology, uuid))
    return tuple(Leftover(n, because(topology, uuid, n, made[n])) for n in gone)


def planned(topology: Topology, uuid: str) -> set[str]:
    """Give the L2 networks in a host's plan. O(its plan)."""
    intended = plan.plan(topology, uuid)
    bridged, meshed = {b.l2 for b in intended.bridges}, {m.l2 for m in intended.meshes}
    return bridged | meshed | {custom.l2 for custom in intended.customs}


def because(topology: Topology, uuid: str, network: str, made: int) -> tuple[int, ...]:
    return tuple(sorted({made, parted(topology.reports, topology.objects, uuid, network)} - {0}))


def devices(topology: Topology, network: str) -> tuple[str, ...]:
    """Give the names of the devices that are left of a network."""
    state = last_state(topology.objects, network)
    return l2.device_names(state) if isinstance(state, l2.L2Network) else ()
