"""What a host's filters lack: the part of `diff` that is about them.

They are loaded before the first port that they guard is there, and unloaded when the last is gone: a guarded NIC is
never up without them. A table with the name of ours that is not is an obstacle, and keeps the NICs that need ours away.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from projections.filter_operations import (
    AddMember,
    EndConnections,
    FilterOperation,
    LoadFilters,
    RemoveMember,
    UnloadFilters,
)
from projections.filters import Filters
from projections.found import FOREIGN, Found, Loaded
from projections.plan import HostPlan


TABLE = "table bridge rewire"
"""Where a host keeps them."""


def is_blocked(filters: Filters, found: Found) -> bool:
    """Tell whether something foreign is where a host's filters have to be."""
    return bool(filters.nics) and found.filters is not None and found.filters.digest == FOREIGN


def unguarded(plan: HostPlan, found: Found) -> dict[str, str]:
    """Give the devices that nothing would guard though they are in groups, each with the reason."""
    mine = {nic.device for nic in plan.filters.nics}
    grouped = {shield.device for shield in plan.services.shields}
    elsewhere = dict.fromkeys(grouped - mine, "the kernel filters nothing on a bridge that is not its own")
    taken = f"there is a {TABLE} in nftables that Rewire did not make"
    return elsewhere | (dict.fromkeys(mine, taken) if is_blocked(plan.filters, found) else {})


def admitted(plan: HostPlan, found: Found) -> HostPlan:
    """Give a plan without the ports that would come up unguarded."""
    barred = unguarded(plan, found)
    return msgspec.structs.replace(plan, ports=tuple(port for port in plan.ports if port.device not in barred))


def load(filters: Filters, found: Found) -> Iterator[FilterOperation]:
    """Have a host filter what it must, members included. Done before ports come up."""
    loaded = found.filters
    if not filters.nics or is_blocked(filters, found):
        return
    if loaded is None or loaded.digest != filters.digest or set(loaded.members) != set(filters.members):
        yield LoadFilters(filters)
        yield EndConnections(filters)
        return
    changes = tuple(change_members(filters, loaded))
    yield from changes
    if changes or not loaded.settled:
        yield EndConnections(filters)


def change_members(filters: Filters, loaded: Loaded) -> Iterator[FilterOperation]:
    for group, wanted in filters.members.items():
        have = loaded.members[group]
        yield from (RemoveMember(group, address) for address in sorted(have - wanted))
        yield from (AddMember(group, address) for address in sorted(wanted - have))


def unload(filters: Filters, found: Found) -> Iterator[FilterOperation]:
    """Let go of filters that guard nobody. Done after ports are gone."""
    if not filters.nics and found.filters is not None and found.filters.digest != FOREIGN:
        yield UnloadFilters()
