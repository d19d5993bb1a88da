"""One KVM host: looked at, compared with its plan, and changed until nothing is missing.

    with Host("h1") as host:
        result = host.realize(plan)

A process works on a host alone. It is level-triggered: a run that was killed is made good by the next. When an operation
fails, a network that wasn't there before is taken back, so that the addresses of a host go home.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from types import TracebackType

from backends.kvm import lock, perform, refusal, scope
from backends.kvm.kernel import Kernel
from backends.kvm.look import look
from backends.kvm.perform import Plug
from backends.protocols import Result
from domain.errors import HostUnreachable
from projections.diff import diff, obstacles
from projections.found import Found
from projections.operations import Operation, describe
from projections.plan import HostPlan


ROUNDS = 5
"""How often a host is looked at again. Two do where nobody else works on it."""
Heard = Callable[[Operation], None]
"""Is told of each operation when it is done. What it raises ends the run there."""


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

    def __enter__(self) -> Host:
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
        wanted, found = self._compared(plan, l2)
        return Result(diff(wanted, found), obstacles(wanted, found))

    def realize(self, plan: HostPlan, *, l2: str = "", on_operation: Heard | None = None) -> Result:
        """Bring the host to its plan; with an L2 network, that alone. Tell what was done and what stands in the way.

        Raises `HostUnreachable` when the kernel refuses an operation, or another process is changing the host.
        """
        with self._alone():
            return self._converge(plan, l2, on_operation or ignore)

    def delete(self, host: str, *, on_operation: Heard | None = None) -> Result:
        """Take everything of ours off the host."""
        return self.realize(HostPlan(host, 0), on_operation=on_operation)

    def _alone(self) -> lock.Held:
        with refusal.translated(f"locking {self.name}"):
            return lock.Held(self.netns)

    def _compared(self, plan: HostPlan, l2: str) -> tuple[HostPlan, Found]:
        if not l2:
            return plan, self.look()
        wanted = scope.part(plan, l2)
        return wanted, scope.narrow(self.look(), wanted, l2)

    def _converge(self, plan: HostPlan, l2: str, heard: Heard) -> Result:
        wanted, found = before = self._compared(plan, l2)
        done: list[Operation] = []
        for _ in range(ROUNDS):
            operations = diff(wanted, found)
            if not operations:
                return Result(tuple(done), obstacles(wanted, found))
            for operation in operations:
                self._perform(operation, before, l2)
                done.append(operation)
                heard(operation)
            wanted, found = self._compared(plan, l2)
        missing = ", ".join(describe(operation) for operation in diff(wanted, found))
        raise HostUnreachable(f"{self.name} doesn't come to rest: still to do after {ROUNDS} rounds: {missing}")

    def _perform(self, operation: Operation, before: tuple[HostPlan, Found], l2: str) -> None:
        try:
            self._attempt(operation)
        except HostUnreachable as failure:
            raise HostUnreachable(failure.sentence + self._restore(operation, before, l2)) from failure

    def _attempt(self, operation: Operation) -> None:
        with refusal.translated(*refusal.performing(operation, self.plug)):
            perform.perform(self._kernel, operation, self.plug)

    def _restore(self, failed: Operation, before: tuple[HostPlan, Found], l2: str) -> str:
        """Take the network of a failed operation back, if it wasn't there before. Say how that went."""
        plan, found = before
        network = scope.network_of(plan, failed)
        if not scope.is_new(found, plan, network):
            return ""
        try:
            for operation in diff(*self._compared(scope.without(plan, network), l2)):
                self._attempt(operation)
        except HostUnreachable as second:
            return f"; and putting things back failed too: {second.sentence}"
        return "; what had been made of that network was taken back"


def ignore(operation: Operation) -> None:
    """Hear of an operation, and do nothing."""


__all__ = ["Heard", "Host", "nullcontext"]
