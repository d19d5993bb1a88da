"""What failed while a host was brought to its plan, and what is left alone for it.

A failure keeps back what it is about and nothing else: one NIC, one namespace, one kind of what is the whole host's, or
one network. A network that was not there before is taken back, so that the host's addresses go home; one that was there
stays as it is. Where nobody can tell what a failure is about, all is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backends.errors import Failure, Unfinished
from backends.kvm import scope
from projections.diff import diff
from projections.filter_diff import NONE, Kinds
from projections.filter_operations import FilterOperation
from projections.found import Found
from projections.namespace_operations import LoadFences, NamespaceOperation
from projections.operations import Deafen, Operation, RaiseWall
from projections.ownership import Owners
from projections.plan import HostPlan


GUARDS = (FilterOperation, Deafen, RaiseWall)
"""What is the whole host's, and keeps from others what needs it: where it is refused, the rest is done all the same."""


class Setbacks:
    """The failures of one run, and what of the plan is still wanted."""

    def __init__(self, plan: HostPlan, before: Found) -> None:
        self.plan = plan
        self.failures: list[Failure] = []
        self._before = before
        self._ports = set[str]()
        self._namespaces = set[str]()
        self._networks = set[str]()
        self._refused: Kinds = NONE

    def left(self, found: Found) -> tuple[Operation, ...]:
        """Give what is still to be done and may be tried."""
        owners, operations = Owners(self.plan, found), diff(self.plan, found, refused=self._refused)
        kept = {operation for operation in operations if self._keeps_back(operation, owners)}
        open_legs = scope.legless(self.plan, found) if any(isinstance(o, LoadFences) for o in kept) else set[str]()
        return tuple(o for o in operations if o not in kept and not scope.is_in(o, open_legs))

    def note(self, failures: Iterable[Failure], found: Found) -> None:
        """Leave alone what operations failed for."""
        ports, owners = {port.device for port in self.plan.ports}, Owners(self.plan, found)
        behind = dict[tuple[str, ...], None]()
        for failure in failures:
            self.failures.append(failure)
            operation = failure.operation
            if isinstance(operation, NamespaceOperation):
                self._namespaces |= scope.left_out(self.plan, operation)
            elif isinstance(operation, GUARDS):
                self._refused |= {kind for kind in GUARDS if isinstance(operation, kind)}
            elif name_of(operation) in ports:
                self._ports.add(name_of(operation))
            else:
                behind[owners.of(operation)] = None
        for networks in behind:
            self._give_up(networks)

    def _give_up(self, networks: tuple[str, ...]) -> None:
        """Leave networks as they are, or take back one that is new."""
        if not networks:
            raise_all(self.failures)
        if len(networks) == 1 and scope.is_new(self._before, self.plan, networks[0]):
            self.plan = scope.without(self.plan, networks[0])
        else:
            self._networks |= set(networks)
            self._namespaces |= scope.behind(self.plan, self._networks)

    def _keeps_back(self, operation: Operation, owners: Owners) -> bool:
        return (
            name_of(operation) in self._ports
            or scope.is_in(operation, self._namespaces)
            or (not isinstance(operation, FilterOperation) and not self._networks.isdisjoint(owners.of(operation)))
        )


def name_of(operation: Operation) -> str:
    return str(getattr(operation, "name", ""))


def raise_all(failures: Sequence[Failure]) -> None:
    """Raise `Unfinished` if anything failed."""
    if failures:
        raise Unfinished(failures) from failures[0].error
