"""What a host's filters lack: the part of `diff` that is about them.

They are loaded before the first port that they guard is there, and unloaded when the last is gone: a guarded NIC is
never up without them. Where they can't be had, the NICs that need them are closed: not made, and down where they are
there. They come up when there are filters for them, or when they need none any more.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from projections.filter_operations import (
    AddMember,
    EndConnections,
    FilterOperation,
    LoadFilters,
    Membership,
    RemoveMember,
    UnloadFilters,
)
from projections.filters import Filters, Place
from projections.found import FOREIGN, Found, Loaded
from projections.operations import Operation, SetDown
from projections.plan import HostPlan


TABLE = "table bridge rewire"
"""Where a host keeps them."""
Kinds = frozenset[type[Operation]]
NONE: Kinds = frozenset()


def is_blocked(filters: Filters, found: Found) -> bool:
    """Tell whether something foreign is where a host's filters have to be."""
    return bool(filters.nics) and found.filters is not None and found.filters.digest == FOREIGN


def unguarded(plan: HostPlan, found: Found) -> dict[str, str]:
    """Give the devices that nothing would guard though they are in groups, each with the reason."""
    mine = plan.filters.devices
    grouped = {shield.device for shield in plan.services.shields if shield.groups}
    elsewhere = dict.fromkeys(grouped - mine, "the kernel filters nothing on a bridge that is not its own")
    taken = f"there is a {TABLE} in nftables that Rewire did not make"
    return elsewhere | (dict.fromkeys(mine, taken) if is_blocked(plan.filters, found) else {})


def closed(plan: HostPlan, found: Found, refused: Kinds = NONE) -> set[str]:
    """Give the devices that must not be up. Where a host takes no new filters, those that it has guard theirs still."""
    guarded = found.filters.nics if found.filters else frozenset[str]()
    left = plan.filters.devices - guarded if FilterOperation in refused else frozenset[str]()
    return {*unguarded(plan, found), *left}


def close(barred: set[str], found: Found) -> Iterator[SetDown]:
    """Take down what must not be up."""
    links = (found.links[name] for name in sorted(barred) if name in found.links)
    yield from (SetDown(link.name) for link in links if link.ours and link.up)


def admitted(plan: HostPlan, barred: set[str]) -> HostPlan:
    """Give a plan without the ports that must not be up."""
    return msgspec.structs.replace(plan, ports=tuple(port for port in plan.ports if port.device not in barred))


def load(filters: Filters, found: Found) -> Iterator[FilterOperation]:
    """Have a host filter what it must, members included. Done before ports come up."""
    loaded = found.filters
    if not filters.nics or is_blocked(filters, found):
        return
    if loaded is None or identity(loaded) != (filters.digest, filters.devices, set(filters.members)):
        yield LoadFilters(filters)
        yield EndConnections(filters)
        return
    changes = tuple(change_members(filters, loaded))
    yield from changes
    if changes or not loaded.settled:
        yield EndConnections(filters)


def identity(loaded: Loaded) -> tuple[str, frozenset[str], set[Place]]:
    """Give what can't be changed but by loading all of it anew."""
    return loaded.digest, loaded.nics, set(loaded.members)


def change_members(filters: Filters, loaded: Loaded) -> Iterator[Membership]:
    for place, wanted in filters.members.items():
        have = loaded.members[place]
        yield from (RemoveMember(*place, address) for address in sorted(have - wanted))
        yield from (AddMember(*place, address) for address in sorted(wanted - have))


def unload(filters: Filters, found: Found) -> Iterator[FilterOperation]:
    """Let go of filters that guard nobody. Done after ports are gone."""
    if not filters.nics and found.filters is not None and found.filters.digest != FOREIGN:
        yield UnloadFilters()
