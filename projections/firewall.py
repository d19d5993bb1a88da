"""The host's own firewall, as far as it goes by the names of interfaces.

Where a bridge takes over an interface's addresses, what comes in comes in by the bridge from then on: a rule that lets
the operator in by the interface's name would lock him out, and one that keeps others out would not. So a table that
speaks of the one and not of the other keeps the bridge from being made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from projections.found import Found
from projections.obstacle import Obstacle
from projections.plan import Bridge, HostPlan


def pending(plan: HostPlan, found: Found) -> tuple[Bridge, ...]:
    """Give the bridges that are not there yet and are to take addresses over."""
    addressed = {address.interface for address in found.addresses}
    return tuple(b for b in plan.bridges if b.uplink in addressed and b.name not in found.links)


def obstacles(plan: HostPlan, found: Found) -> Iterator[Obstacle]:
    for bridge in pending(plan, found):
        for table, words in sorted(found.firewall.items()):
            if speaks_of(bridge.uplink, words) and not speaks_of(bridge.name, words):
                why = (
                    f"the host's firewall ({table}) has rules for {bridge.uplink} and none for {bridge.name}, which is"
                    f" to take its addresses: give {bridge.name} the same rules first"
                )
                yield Obstacle(bridge.uplink, bridge.l2, why, foreign=True)


def speaks_of(name: str, words: Iterable[str]) -> bool:
    """Tell whether a name is among those that a table has, some of which may end in `*`."""
    return any(fnmatchcase(name, word) if word.endswith("*") else name == word for word in words)
