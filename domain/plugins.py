"""What other people's packages add, found by their entry points, without a change to our files.

What is built in is never looked up here, so that a run without plugins pays nothing for them. Two packages that add
the same thing are refused: which one came first would be left to the order of folders.
"""

from __future__ import annotations

from typing import Any

from domain.errors import Refusal


L2_TYPES = "rewire.l2_type"
"""Named `L2VlanNetwork`: how a network of that type is made."""
REALIZATIONS = "rewire.l2_realization"
"""Named `L2VlanNetwork/KVM`: who makes it on hosts of that hypervisor type."""
PROVIDERS = "rewire.network_service_provider"
"""Named `Flat`: what providers of that type can offer, and where."""


def names(group: str) -> tuple[str, ...]:
    """Give what installed packages add to a group, sorted."""
    from importlib.metadata import entry_points

    return tuple(sorted(entry_points(group=group).names))


def load(group: str, name: str) -> Any:
    """Load what a package adds under a name; `None` when none does."""
    from importlib.metadata import entry_points

    found = {entry.value: entry for entry in entry_points(group=group, name=name)}
    if len(found) > 1:
        raise Refusal("invalid-argument", f"{name} is added by {' and by '.join(sorted(found))}: remove one of them")
    return next((entry.load() for entry in found.values()), None)


def hypervisors() -> frozenset[str]:
    """Give the hypervisor types that somebody realizes an L2 type on."""
    return frozenset(name.partition("/")[2] for name in names(REALIZATIONS))
