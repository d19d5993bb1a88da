"""What the end of an object leaves behind: nothing. No living object speaks of a dead one, no dead one has a claim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from domain import claims, host_network
from domain.network import Network
from projections.topology import Topology
from tests.machines import invariants


MEMORIES = frozenset({"last_host"})
"""What may outlive the thing it speaks of. So do a host's reports, which are about devices."""


def check(network: Network, topology: Topology) -> None:
    living = topology.objects.states
    dead = {r.originator_id for r in network.facts() if not isinstance(r.fact, claims.FACTS)} - set(living)
    assert {key: holder for key, holder in invariants.held(network).items() if holder not in living} == {}
    told = {uuid: set(spoken_of(state)) & dead for uuid, state in living.items() if not is_report(state)}
    assert {uuid: gone for uuid, gone in told.items() if gone} == {}
    assert set(topology.objects.children) <= set(living)


def is_report(state: Any) -> bool:
    return isinstance(state, host_network.HostNetwork)


def spoken_of(state: Any) -> Iterator[str]:
    """Walk all text in a state, memories left out."""
    match msgspec.to_builtins(state):
        case dict() as fields:
            yield from (text for key, value in fields.items() if key not in MEMORIES for text in texts(value))
        case _:
            pass


def texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from (text for key, inner in value.items() if key not in MEMORIES for text in texts(inner))
        case list() | tuple():
            yield from (text for inner in value for text in texts(inner))
        case _:
            pass
