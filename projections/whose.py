"""Whose a machine is: the host that the bridges on it were made for, as their marks say.

What is meant for one host and done on another's machine would take all that is there for left over, and tell of one
what is the other's. A host that is no more has nothing to lose: whoever is here then takes over what it left.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain import host as hosts
from domain.errors import Refusal
from projections.found import Found
from projections.marks import host_in
from projections.objects import Departed
from projections.topology import Topology


def find(topology: Topology, text: str) -> str:
    """Give the uuid of a host by name or uuid, also of one that is no more: the last one of the name.

    Raises `Refusal` with `unknown-object` when there was none.
    """
    try:
        return topology.find("host", text)
    except Refusal:
        gone = ((was.position, uuid) for uuid, was in topology.objects.departed.items() if is_called(was, uuid, text))
        if last := max(gone, default=None):
            return last[1]
        raise


def is_called(was: Departed, uuid: str, text: str) -> bool:
    return isinstance(was.state, hosts.Host) and text in {was.state.name, uuid}


def refuse_another(host: str, found: Found, topology: Topology) -> None:
    """Raise `Refusal` with `wrong-state` where a machine is another host than the one that is meant."""
    others = {host_in(mark) for mark in marks(found)} - {"", host}
    living = sorted(topology.name(other) for other in others if other in topology.objects.states)
    if living:
        name, meant = living[0], topology.name(host)
        raise Refusal(
            "wrong-state",
            f"this machine is host {name}, by the bridges on it, and not {meant}: give {name} instead,"
            f" or take all that is {name}'s off it first (`rewire realize {name} --delete`)",
        )


def marks(found: Found) -> Iterator[str]:
    yield from (link.mark for link in found.links.values() if link.ours and link.kind == "bridge")
    yield from (bridge.mark for bridge in found.ovs.bridges.values() if bridge.ours)
