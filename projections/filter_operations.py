"""Operations on a host's filters, and what each does to what a look would show.

The table is replaced whole or not at all, and a member is one element of one set. After either, connections may be left
that nobody may open any more: that is marked on the host in the same step, and `EndConnections` takes the mark away.
"""

from __future__ import annotations

import msgspec

from projections.filters import Filters, Place
from projections.found import Found, Loaded
from projections.operation import Operation


class FilterOperation(Operation, frozen=True):
    """Base of them."""


class LoadFilters(FilterOperation, frozen=True, tag="load-filters"):
    """Have these in place of those before, all at once."""

    filters: Filters


class MemberOperation(FilterOperation, frozen=True):
    """Base of those that change one element of one set."""

    group: str
    bridge: str
    address: str

    @property
    def place(self) -> Place:
        return (self.group, self.bridge)


class AddMember(MemberOperation, frozen=True, tag="add-member"):
    """Let one more address in as a member of a group on a bridge."""


class RemoveMember(MemberOperation, frozen=True, tag="remove-member"):
    """Let it in as a member no more."""


class EndConnections(FilterOperation, frozen=True, tag="end-connections"):
    """End the connections that these would not let anybody open now, and no others."""

    filters: Filters


class UnloadFilters(FilterOperation, frozen=True, tag="unload-filters"):
    """Filter nothing any more."""


Membership = AddMember | RemoveMember


def subject(operation: FilterOperation) -> str:
    """Say what an operation is done to: `10.0.0.1 of web on br_eth0`."""
    match operation:
        case AddMember() | RemoveMember():
            return f"{operation.address} of {operation.group} on {operation.bridge}"
        case _:
            return ""


def apply(found: Found, operation: FilterOperation) -> Found:
    """Give what a look would show after an operation."""
    return msgspec.structs.replace(found, filters=loaded(found.filters, operation))


def loaded(before: Loaded | None, operation: FilterOperation) -> Loaded | None:
    match operation:
        case LoadFilters(filters=filters):
            return Loaded(filters.digest, filters.members, settled=False, nics=filters.devices)
        case AddMember(place=place, address=address) if before:
            members = before.members.set(place, before.members[place] | {address})
            return msgspec.structs.replace(before, members=members, settled=False)
        case RemoveMember(place=place, address=address) if before:
            members = before.members.set(place, before.members[place] - {address})
            return msgspec.structs.replace(before, members=members, settled=False)
        case EndConnections() if before:
            return msgspec.structs.replace(before, settled=True)
        case UnloadFilters():
            return None
        case _:
            raise TypeError(operation)
