"""One thing that is other than it was meant, by names, with the facts that cause it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

from domain import cable
from projections.domains import segment_name
from projections.fabric import Segment
from projections.topology import Topology


Kind = Literal[
    "split",
    "leak",
    "realized-split",
    "realized-leak",
    "loop",
    "ranges-overlap",
    "address-collision",
    "no-way-out",
    "no-way-in",
    "no-dhcp-address",
    "failed",
    "gone",
    "drifted",
    "outdated",
    "stale",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which they are told."""


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong."""

    kind: Kind
    l2: tuple[str, ...]
    segments: tuple[str, ...]
    hosts: tuple[str, ...]
    cables: tuple[str, ...]
    because: tuple[int, ...]
    what: str

    @property
    def order(self) -> tuple[int, tuple[str, ...], tuple[str, ...], tuple[int, ...]]:
        """Give its place among others."""
        return KINDS.index(self.kind), self.l2, self.hosts, self.because


def problem(
    topology: Topology,
    kind: Kind,
    what: str,
    *,
    l2: Iterable[str],
    because: Iterable[int],
    segments: Iterable[Segment] = (),
    hosts: Iterable[str] = (),
    cables: Iterable[str] = (),
) -> Problem:
    """Write a problem with names for uuids."""
    return Problem(
        kind=kind,
        l2=tuple(sorted(topology.name(n) for n in l2)),
        segments=tuple(segment_name(topology, s) for s in segments),
        hosts=tuple(sorted(topology.name(h) for h in hosts)),
        cables=tuple(sorted(cable_name(topology, c) for c in cables)),
        because=tuple(sorted({p for p in because if p})),
        what=what,
    )


def cable_name(topology: Topology, uuid: str) -> str:
    state = topology.state(uuid, cable.Cable)
    return " - ".join(f"{topology.name(device)}:{port}" for device, port in sorted((state.a, state.b)))


def listed(found: Iterable[str]) -> str:
    return ", ".join(sorted(found))
