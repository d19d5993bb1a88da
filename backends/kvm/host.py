"""One KVM host: looked at, compared with its plan, and changed until nothing is missing.

    with Host("h1") as host:
        result = host.realize(plan)

A process works on a host alone. It is level-triggered: a run that was killed is made good by the next. When
an operation fails, a network that wasn't there before is taken back, so that a host's addresses go home,
and the others are still made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby, islice
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from backends.errors import Failure, HostBusy, Unfinished
from backends.kvm import filters, firewall, lock, making, namespace, perform, refusal, scope
from backends.kvm.kernel import Kernel
from backends.kvm.look import look
from backends.kvm.making import Creation, Plug
from backends.kvm.perform import Peering
from backends.kvm.rooms import Rooms
from backends.kvm.setbacks import Setbacks, raise_all
from backends.kvm.vswitch import SOCKET, VSwitch
from backends.protocols import Planned, Result
from backends.services import NOTHING, Backends
from domain.errors import HostUnreachable
from projections.diff import diff
from projections.filter_operations import Membership
from projections.firewall import pending
from projections.found import Found
from projections.namespace_operations import NamespaceOperation
from projections.obstacles import obstacles
from projections.operations import Delete, Operation, apply_all, describe
from projections.ovs_operations import OvsOperation
from projections.plan import HostPlan


HYPERVISOR = "KVM"
MOMENT_S = 1.0
"""A program that a killed run was just starting may hold its lock for as long."""
ROUNDS = 5
"""How often a host is looked at again. Two do where nobody else works on it."""
Heard = Callable[[Operation], object]
"""Is told of each operation when it is done. What it raises ends the run there."""
Step = tuple[Operation, ...]
"""What is done at once: one operation, or several of a kind: links made or deleted, changes of peers or members."""
MANY = 256
"""How many at most: what is told of them comes in steps."""


STATE = Path("/run/rewire")
"""Where a host's own namespaces are pinned, and what their servers read lies."""


def state_of(netns: str | None) -> Path:
    """Give the state folder of this machine, or of a namespace that stands for another one."""
    return STATE / netns.strip("/").replace("/", "-") if netns else STATE


def ignore(_: Operation) -> None:
    """Hear of an operation, and do nothing."""


class Host:
    """The network of one kernel: of this machine, or of a namespace by the name that `ip netns` has for it.

    Which Open vSwitch belongs to a namespace has to be said: without it, it has none.
    """

    def __init__(
        self,
        netns: str | None = None,
        *,
        plug: Plug = "tap",
        state: Path | None = None,
        vswitch: VSwitch | None = None,
    ) -> None:
        self.netns = netns
        self._vswitch = vswitch or VSwitch("" if netns else SOCKET)
        self.plug: Plug = plug
        self.state = state or state_of(netns)
        self._rooms = Rooms(self.state)
        self._backends = Backends(self, HYPERVISOR)
        with refusal.translated(f"reaching {self.name}"):
            self._home, self._kernel = namespace.identity(netns), Kernel(netns)

    @property
    def name(self) -> str:
        return f"the namespace {self.netns}" if self.netns else "this machine"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._vswitch.close()
        self._kernel.__exit__(kind, error, trace)

    def await_others(self) -> None:
        """Wait until nobody works on the host, nor what somebody has started who was killed; a moment at most."""
        with suppress(HostBusy), lock.held(self.netns, patience_s=MOMENT_S):
            pass

    def look(self) -> Found:
        """Give what the host has."""
        with refusal.translated(f"looking at {self.name}"):
            self._follow()
            return look(self._kernel, self._rooms.look(), self._vswitch.look())

    def _follow(self) -> None:
        """Go where the name leads now: the namespace may have been deleted, and another one made of that name."""
        if (home := namespace.identity(self.netns)) != self._home:
            self._kernel.__exit__(None, None, None)
            self._kernel, self._home = Kernel(self.netns), home

    def check(self, plan: HostPlan, *, l2: str = "") -> Result:
        """Tell what is missing, and what stands in the way; with an L2 network, of that alone. Changes nothing."""
        wanted = scope.part(plan, l2)
        found = self._seen(wanted, l2)
        return Result(diff(wanted, found), obstacles(wanted, found)) if l2 else self.compare(wanted, found)

    def compare(self, plan: HostPlan, found: Found) -> Result:
        """Tell what a look lacks, and what stands in the way, with what is for plugins to do. Changes nothing."""
        found = self._warned(plan, found)
        operations = diff(plan, found)
        theirs = self._backends.check(plan, apply_all(found, operations) if plan.services.customs else found)
        return Result((*operations, *theirs.operations), (*obstacles(plan, found), *theirs.obstacles))

    def realize(
        self, plan: HostPlan | Planned, *, l2: str = "", on_operation: Heard = ignore, patience_s: float = MOMENT_S
    ) -> Result:
        """Bring the host to its plan; with an L2 network, that alone. Tell what was done and what stands in the way.

        Where others change plans and the host too, give what derives the plan: it is asked when nobody else works
        on the host any more, so that what is made is never older than what they made.

        Raises `HostUnreachable` when the kernel refuses an operation, or another process is changing the
        host and goes on until patience ends.
        """
        with lock.held(self.netns, patience_s=patience_s):
            wanted = plan if isinstance(plan, HostPlan) else plan()
            if l2:
                return self._converge(scope.part(wanted, l2), l2, on_operation)
            return self._converge_all(wanted, on_operation)

    def delete(self, uuid: str, *, on_operation: Heard = ignore) -> Result:
        """Take everything of ours off the host."""
        return self.realize(HostPlan(uuid, 0), on_operation=on_operation)

    def _seen(self, wanted: HostPlan, l2: str) -> Found:
        """Look, and see only one network as ours if there is one."""
        found = self._warned(wanted, self.look())
        return scope.narrow(found, wanted, l2) if l2 else found

    def _warned(self, plan: HostPlan, found: Found) -> Found:
        """Look at the host's own firewall as well, where a bridge is about to take addresses over."""
        if not pending(plan, found):
            return found
        return msgspec.structs.replace(found, firewall=firewall.look(self.netns))

    def _converge_all(self, plan: HostPlan, heard: Heard) -> Result:
        """Do what is ours, then have plugins do theirs, whatever failed of ours."""
        own, failures = NOTHING, list[Failure]()
        try:
            own = self._converge(plan, "", heard)
        except Unfinished as error:
            failures.extend(error.failures)
        found = self.look() if plan.services.customs else Found()
        theirs = self._backends.realize(plan, found, heard)
        raise_all([*failures, *theirs.failures])
        return Result((*own.operations, *theirs.operations), (*own.obstacles, *theirs.obstacles))

    def _converge(self, plan: HostPlan, l2: str, heard: Heard) -> Result:
        found, done = self._seen(plan, l2), list[Operation]()
        setbacks = Setbacks(plan, found)
        for _ in range(ROUNDS + len(plan.bridges)):
            operations = setbacks.left(found)
            if not operations:
                raise_all(setbacks.failures)
                return Result(tuple(done), obstacles(setbacks.plan, found))
            setbacks.note(self._run(operations, done, heard), found)
            found = self._seen(plan, l2)
        missing = ", ".join(describe(operation) for operation in setbacks.left(found))
        raise HostUnreachable(f"{self.name} doesn't come to rest; this is still to do: {missing}")

    def _run(self, operations: Iterable[Operation], done: list[Operation], heard: Heard) -> list[Failure]:
        """Perform operations until one fails, or some that are done at once."""
        for step in steps(operations):
            failures = self._attempt(step)
            for operation in step:
                if operation not in failures:
                    done.append(operation)
                    heard(operation)
            if failures:
                return once_each(failures)
        return []

    def _attempt(self, step: Step) -> dict[Operation, HostUnreachable]:
        """Do what is done at once, and give what failed of it: of links and peers some, else all or nothing."""
        first = step[0]
        try:
            with refusal.translated(*refusal.performing(first, self.plug)):
                if isinstance(first, Creation):
                    made = [operation for operation in step if isinstance(operation, Creation)]
                    return self._refused(made, making.make(self._kernel, made, self.plug))
                if isinstance(first, Peering):
                    peers = [operation for operation in step if isinstance(operation, Peering)]
                    return self._refused(peers, perform.change_peers(self._kernel, peers))
                self._perform(step)
        except HostUnreachable as error:
            return dict.fromkeys(step, error)
        return {}

    def _refused(
        self, step: Sequence[Operation], answers: Sequence[OSError | None]
    ) -> dict[Operation, HostUnreachable]:
        """Give the operations that the kernel objected to, in its words."""
        found: dict[Operation, HostUnreachable] = {}
        for operation, error in zip(step, answers, strict=True):
            try:
                with refusal.translated(*refusal.performing(operation, self.plug)):
                    if error:
                        raise error
            except HostUnreachable as told:
                found[operation] = told
        return found

    def _perform(self, step: Step) -> None:
        with refusal.translated(*refusal.performing(step[0], self.plug)):
            if deletions := [operation for operation in step if isinstance(operation, Delete)]:
                perform.delete(self._kernel, deletions)
            elif changes := [operation for operation in step if isinstance(operation, Membership)]:
                filters.change_members(self.netns, changes, describe(step[0]))
            elif isinstance(step[0], NamespaceOperation):
                self._rooms.perform(self._kernel, step[0])
            elif isinstance(step[0], OvsOperation):
                self._vswitch.perform(step[0])
            else:
                perform.perform(self._kernel, step[0])


def steps(operations: Iterable[Operation]) -> Iterator[Step]:
    """Walk operations one by one, but those of some kinds together that follow each other, up to so many of links."""
    sizes = {"": 1, "membership": None}
    for together, found in groupby(operations, key=kind_of_many):
        while step := tuple(islice(found, sizes.get(together, MANY))):
            yield step


def kind_of_many(operation: Operation) -> str:
    """Name the kind of an operation that is done together with others of it; nothing for one by itself."""
    if isinstance(operation, Membership):
        return "membership"
    return type(operation).__name__ if isinstance(operation, Creation | Delete | Peering) else ""


def once_each(failures: Mapping[Operation, HostUnreachable]) -> list[Failure]:
    """Give the first operation for each error: those that failed as one have the same."""
    first: dict[HostUnreachable, Operation] = {}
    for operation, error in failures.items():
        first.setdefault(error, operation)
    return [Failure(operation, error) for error, operation in first.items()]
