"""Drives what other people's packages do for network services on one host, as it drives what is ours: it asks what is
still to do, has it done step by step, and asks again.

A plugin that breaks is told as what failed, with what it was doing, and keeps nobody else from going on. A service that
nothing here can do is an obstacle. Refuses to know what any plugin does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from importlib.metadata import EntryPoint
from typing import Any

import msgspec

from backends import registry
from backends.errors import Failure
from backends.protocols import NetworkServiceBackend, Result
from domain.errors import HostUnreachable, RewireError
from projections.found import Found
from projections.obstacle import Obstacle
from projections.obstacles import owners_of
from projections.operation import Operation
from projections.operations import describe
from projections.plan import HostPlan
from projections.service_entries import CustomService


ROUNDS = 5
"""How often a plugin is asked again. Two do where nobody else works on the host."""
NOTHING = Result((), ())
Services = tuple[CustomService, ...]
Heard = Callable[[Operation], object]
"""Is told of each step when it is done. What it raises ends the run there."""


class Done(msgspec.Struct, frozen=True):
    """What came of a run: what was done, what failed, and what stands in the way."""

    operations: tuple[Operation, ...]
    failures: tuple[Failure, ...]
    obstacles: tuple[Obstacle, ...]


class Backends:
    """The backends that are installed for a host's hypervisor type. They are loaded when they are first asked."""

    def __init__(self, host: Any, hypervisor_type: str, entries: Iterable[EntryPoint] | None = None) -> None:
        self._host = host
        self._hypervisor_type = hypervisor_type
        self._entries = entries
        self._loaded: dict[str, NetworkServiceBackend[Any]] = {}

    @cached_property
    def installed(self) -> dict[str, tuple[EntryPoint, ...]]:
        """Give them by service and provider type."""
        return registry.service_backends(self._hypervisor_type, self._entries)

    def check(self, plan: HostPlan, found: Found) -> Result:
        """Tell what is still to do on a host, which has the networks that it is found with. Changes nothing."""
        results = [self._ask(name, services) for name, services in self._assigned(plan, found)]
        ways = (way for result in results for way in result.obstacles)
        operations = tuple(operation for result in results for operation in result.operations)
        return Result(operations, (*ways, *self._unattended(plan)))

    def realize(self, plan: HostPlan, found: Found, heard: Heard) -> Done:
        """Have each backend do what is to be done. What *heard* raises ends the run there."""
        runs = [self._converge(name, services, heard) for name, services in self._assigned(plan, found)]
        return Done(
            tuple(step for run in runs for step in run.operations),
            tuple(failure for run in runs for failure in run.failures),
            (*(way for run in runs for way in run.obstacles), *self._unattended(plan)),
        )

    def _assigned(self, plan: HostPlan, found: Found) -> Iterator[tuple[str, Services]]:
        """Walk all that is installed, each with the services that are for it and whose networks are there."""
        there = present(plan, found)
        for name in sorted(self.installed):
            yield name, tuple(s for s in plan.services.customs if s.backend == name and s.bridge in there)

    def _unattended(self, plan: HostPlan) -> Iterator[Obstacle]:
        """Walk the services that nothing installed can do. No network lacks anything by that."""
        for service in plan.services.customs:
            if service.backend not in self.installed:
                why = f"nothing installed does {service.service} of {service.provider} on {self._hypervisor_type} hosts"
                yield Obstacle(service.name, "", f"{why}: L3 network {service.name} goes without", foreign=False)

    def _converge(self, name: str, services: Services, heard: Heard) -> Done:
        """Carry out what one backend tells, until that is nothing. Where a step fails, its network is left as it is."""
        done, failures = list[Operation](), list[Failure]()
        for _ in range(ROUNDS):
            result = self._ask(name, services)
            left = apart(result.operations, failures)
            if not left:
                return Done(tuple(done), tuple(failures), result.obstacles)
            for step in left:
                if not apart((step,), failures):
                    continue
                if error := self._attempt(name, step):
                    failures.append(Failure(step, error))
                else:
                    done.append(step)
                    heard(step)
        last = self._ask(name, services)
        restless = (Failure(step, unrest(name, last)) for step in apart(last.operations, failures)[:1])
        return Done(tuple(done), (*failures, *restless), last.obstacles)

    def _ask(self, name: str, services: Services) -> Result:
        try:
            return self._backend(name).check(self._host, services)
        except Exception as error:  # noqa: BLE001 - whatever somebody else's code raises, the host goes on
            why = f"{name} fails: {sentence(error)}"
            return Result((), tuple(Obstacle(name, l2, why, foreign=False) for l2 in networks_of(services)))

    def _attempt(self, name: str, step: Operation) -> HostUnreachable | None:
        try:
            self._backend(name).perform(self._host, step)
        except Exception as error:  # noqa: BLE001 - the same
            return HostUnreachable(f"{describe(step)}: {sentence(error)}")
        return None

    def _backend(self, name: str) -> NetworkServiceBackend[Any]:
        entry, *others = self.installed[name]
        if others:
            values = " and ".join(sorted(each.value for each in (entry, *others)))
            raise HostUnreachable(f"both {values} are installed to do it: remove one")
        if name not in self._loaded:
            self._loaded[name] = entry.load()()
        return self._loaded[name]


def present(plan: HostPlan, found: Found) -> set[str]:
    """Give the bridges of the plan that are there and are what they are taken for."""
    links, rows = found.links, found.ovs.bridges
    ours = {name for name in owners_of(plan) if is_ours(links.get(name)) or is_ours(rows.get(name))}
    return ours | {custom.bridge for custom in plan.customs if custom.bridge in links}


def is_ours(thing: Any) -> bool:
    return thing is not None and bool(thing.ours)


def apart(steps: Iterable[Operation], failures: Iterable[Failure]) -> tuple[Operation, ...]:
    """Keep the steps that are for other networks than those that something failed for."""
    stuck = {place_of(failure.operation) for failure in failures}
    return tuple(step for step in steps if place_of(step) not in stuck)


def place_of(step: Operation) -> str:
    """Give the bridge that a step is about; of what is on none any more, its own name."""
    return str(getattr(step, "bridge", "") or getattr(step, "name", ""))


def unrest(name: str, left: Result) -> HostUnreachable:
    told = ", ".join(map(describe, left.operations))
    return HostUnreachable(f"{name} doesn't come to rest; this is still to do: {told}")


def networks_of(services: Services) -> tuple[str, ...]:
    """Give the L2 networks of services; where there are none, that of nobody."""
    return tuple(sorted({service.l2 for service in services})) or ("",)


def sentence(error: Exception) -> str:
    return error.sentence if isinstance(error, RewireError) else f"{type(error).__name__}: {error}"
