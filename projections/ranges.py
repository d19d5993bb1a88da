"""Which fact brought each IP range, and which took one away last: what a clash of ranges, or their lack, rests on."""

from __future__ import annotations

from domain import l3, values
from domain.history import Recorded
from domain.values import Family
from projections.relations import Related, Relation, link, unlink


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


def evolve_cut(cut: Relation[str, Family], recorded: Recorded) -> Relation[str, Family]:
    """Fold one fact into L3-network-to-family: the last fact that took a range of that family away. O(log n)."""
    uuid = recorded.originator_id
    match recorded.fact:
        case l3.IpRangeDeleted(start=start):
            return link(cut, uuid, values.family(start), recorded.position)
        case l3.Deleted() if uuid in cut:
            return cut.delete(uuid)
        case _:
            return cut
