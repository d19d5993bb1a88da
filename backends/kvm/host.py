"""One KVM host: looked at, compared with its plan, and changed until nothing is missing.

    with Host("h1") as host:
        result = host.realize(plan)

A process works on a host alone. It is level-triggered: a run that was killed is made good by the next. When
an operation fails, a network that wasn't there before is taken back, so that a host's addresses go home,
and the others are still made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from types import TracebackType
from typing import NamedTuple, Self

from backends.kvm import lock, perform, refusal, scope
from backends.kvm.kernel import Kernel
from backends.kvm.look import look
from backends.kvm.perform import Plug
from backends.protocols import Result
from domain.errors import HostUnreachable
from projections.diff import diff, obstacles
from projections.found import Found
from projections.operations import Delete, Operation, describe
from projections.plan import HostPlan


ROUNDS = 5
"""How often a host is looked at again. Two do where nobody else works on it."""
Heard = Callable[[Operation], object]
"""Is told of each operation when it is done. What it raises ends the run there."""
Step = tuple[Operation, ...]
"""What is done at once: one operation, or several deletions."""


class Failure(NamedTuple):
    operation: Operation
    error: HostUnreachable


def ignore(_: Operation) -> None:
    """Hear of an operation, and do nothing."""


class Host:
    """The network of one kernel: of this machine, or of a namespace by the name that `ip netns` has for it."""

    def __init__(self, netns: str | None = None, *, plug: Plug = "tap") -> None:
        self.netns = netns
        self.plug: Plug = plug
        with refusal.translated(f"reaching {self.name}"):
            self._kernel = Kernel(netns)

    @property
    def name(self) -> str:
        return f"the namespace {self.netns}" if self.netns else "this machine"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kernel.__exit__(kind, error, trace)

    def look(self) -> Found:
        """Give what the host has."""
        with refusal.translated(f"looking at {self.name}"):
            return look(self._kernel)

    def check(self, plan: HostPlan, *, l2: str = "") -> Result:
        """Tell what is missing, and what stands in the way; with an L2 network, of that alone. Changes nothing."""
        wanted = scope.part(plan, l2)
        found = self._seen(wanted, l2)
        return Result(diff(wanted, found), obstacles(wanted, found))

    def realize(self, plan: HostPlan, *, l2: str = "", on_operation: Heard = ignore) -> Result:
        """Bring the host to its plan; with an L2 network, that alone. Tell what was done and what stands in the way.

        Raises `HostUnreachable` when the kernel refuses an operation, or another process is changing the
        host.
        """
        with lock.held(self.netns):
            return self._converge(scope.part(plan, l2), l2, on_operation)

    def delete(self, uuid: str, *, on_operation: Heard = ignore) -> Result:
        """Take everything of ours off the host."""
        return self.realize(HostPlan(uuid, 0), on_operation=on_operation)

    def _seen(self, wanted: HostPlan, l2: str) -> Found:
        """Look, and see only one network as ours if there is one."""
        found = self.look()
        return scope.narrow(found, wanted, l2) if l2 else found

    def _converge(self, plan: HostPlan, l2: str, heard: Heard) -> Result:
        wanted, before = plan, self._seen(plan, l2)
        found, done, failures = before, list[Operation](), list[Failure]()
        for _ in range(ROUNDS + len(plan.bridges)):
            operations = diff(wanted, found)
            if not operations:
                raise_all(failures)
                return Result(tuple(done), obstacles(wanted, found))
            if failure := self._run(operations, done, heard):
                failures.append(failure)
                wanted = given_up(wanted, before, failures)
            found = self._seen(plan, l2)
        missing = ", ".join(describe(operation) for operation in diff(wanted, found))
        raise HostUnreachable(f"{self.name} doesn't come to rest; this is still to do: {missing}")

    def _run(self, operations: Iterable[Operation], done: list[Operation], heard: Heard) -> Failure | None:
        """Perform operations until one fails."""
        for step in steps(operations):
            try:
                self._perform(step)
            except HostUnreachable as error:
                return Failure(step[0], error)
            for operation in step:
                done.append(operation)
                heard(operation)
        return None

    def _perform(self, step: Step) -> None:
        with refusal.translated(*refusal.performing(step[0], self.plug)):
            if deletions := [operation for operation in step if isinstance(operation, Delete)]:
                perform.delete(self._kernel, deletions)
            else:
                perform.perform(self._kernel, step[0], self.plug)


def steps(operations: Iterable[Operation]) -> Iterator[Step]:
    """Walk operations one by one, but deletions that follow each other together."""
    for together, found in groupby(operations, key=lambda operation: isinstance(operation, Delete)):
        run = tuple(found)
        yield from (run,) if together else ((operation,) for operation in run)


def given_up(wanted: HostPlan, before: Found, failures: list[Failure]) -> HostPlan:
    """Give the plan without the network whose operation failed. One that was there before stays as it is: raise."""
    network = scope.network_of(wanted, failures[-1].operation)
    if not scope.is_new(before, wanted, network):
        raise_all(failures)
    return scope.without(wanted, network)


def raise_all(failures: list[Failure]) -> None:
    if failures:
        told = "; ".join(failure.error.sentence for failure in failures)
        raise HostUnreachable(told) from failures[0].error
