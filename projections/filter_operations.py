"""Operations on a host's filters, and what each does to what a look would show.

The table is replaced whole or not at all, and a member is one element of one set. After either, connections may be left
that nobody may open any more: that is marked on the host in the same step, and `EndConnections` takes the mark away.
"""

from __future__ import annotations

import msgspec

from projections.filters import Filters
from projections.found import Found, Loaded
from projections.operation import Operation


class FilterOperation(Operation, frozen=True):
    """Base of them."""


class LoadFilters(FilterOperation, frozen=True, tag="load-filters"):
    """Have these in place of those before, all at once."""

    filters: Filters


class AddMember(FilterOperation, frozen=True, tag="add-member"):
    group: str
    address: str


class RemoveMember(FilterOperation, frozen=True, tag="remove-member"):
    group: str
    address: str


class EndConnections(FilterOperation, frozen=True, tag="end-connections"):
    """End the connections that these would not let anybody open now, and no others."""

    filters: Filters


class UnloadFilters(FilterOperation, frozen=True, tag="unload-filters"):
    """Filter nothing any more."""


Membership = AddMember | RemoveMember


def subject(operation: FilterOperation) -> str:
    """Say what an operation is done to: `10.0.0.1 of web`."""
    match operation:
        case AddMember(group=group, address=address) | RemoveMember(group=group, address=address):
            return f"{address} of {group}"
        case _:
            return ""


def apply(found: Found, operation: FilterOperation) -> Found:
    """Give what a look would show after an operation."""
    return msgspec.structs.replace(found, filters=loaded(found.filters, operation))


def loaded(before: Loaded | None, operation: FilterOperation) -> Loaded | None:
    match operation:
        case LoadFilters(filters=filters):
            return Loaded(filters.digest, filters.members, settled=False)
        case AddMember(group=group, address=address) if before:
            members = before.members.set(group, before.members[group] | {address})
            return Loaded(before.digest, members, settled=False)
        case RemoveMember(group=group, address=address) if before:
            members = before.members.set(group, before.members[group] - {address})
            return Loaded(before.digest, members, settled=False)
        case EndConnections() if before:
            return msgspec.structs.replace(before, settled=True)
        case UnloadFilters():
            return None
        case _:
            raise TypeError(operation)
