"""Which fact brought each IP range: what a clash of two ranges rests on."""

from __future__ import annotations

from domain import l3
from domain.history import Recorded
from projections.relations import Related, link, unlink


def evolve(ranges: Related, recorded: Recorded) -> Related:
    """Fold one fact into L3-network-to-range-name. O(log n)."""
    uuid = recorded.originator_id
    match recorded.fact:
        case l3.IpRangeAdded(name=name):
            return link(ranges, uuid, name, recorded.position)
        case l3.IpRangeDeleted(name=name):
            return unlink(ranges, uuid, name)
        case l3.Deleted() if uuid in ranges:
            return ranges.delete(uuid)
        case _:
            return ranges
