"""A host's agent: it hears of a plan, looks at what the host has, and acts until the two agree.

Level-triggered like the real one: it keeps only the newest plan it has heard of, and takes a new one up
between two operations. It does not know who else there is, nor what its operations mean to VMs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

import msgspec
import simpy

from projections import diff, operations
from projections.found import Found
from projections.operations import Operation
from projections.plan import HostPlan
from simulator import chance, timing, trace


Process = Generator[simpy.Event, Any, None]


class Surroundings(msgspec.Struct, frozen=True):
    """What everything in a run shares."""

    env: simpy.Environment
    timing: timing.Timing
    seed: int
    tell: Callable[[trace.Entry], None]

    @property
    def now(self) -> int:
        return int(self.env.now)


class Message(msgspec.Struct, frozen=True):
    """A plan on its way to a host."""

    number: int
    """Later ones have higher numbers, and prevail."""
    plan: HostPlan


class Agent:
    """One host: its name, what it has, and whoever works on it. *changed* is called after every operation."""

    def __init__(
        self,
        around: Surroundings,
        plan: HostPlan,
        *,
        name: str,
        found: Found,
        changed: Callable[[Agent], None],
    ) -> None:
        self.name = name
        self.uuid = plan.host
        self.found = found
        self._around = around
        self._changed = changed
        self._newest = Message(-1, plan)
        self._hands = simpy.Resource(around.env, capacity=1)
        self._chance = chance.stream(around.seed, plan.host, "operations")

    def hear(self, message: Message) -> Process:
        """Take in a message, and come back when the host has what was asked for."""
        around = self._around
        around.tell(trace.HostNotified(around.now, self.name, message.plan.position))
        self._newest = max(self._newest, message, key=lambda m: m.number)
        with self._hands.request() as turn:
            yield turn
            yield from self._converge()

    def _converge(self) -> Process:
        done = 0
        while steps := diff.diff(self._newest.plan, self.found):
            before = self.found
            for step in self._until_news(steps):
                yield from self._perform(step)
                done += 1
            if self.found == before:
                raise RuntimeError(f"host {self.name} gets no nearer to its plan by {steps}")
        around = self._around
        around.tell(trace.HostConverged(around.now, self.name, self._newest.plan.position, done))

    def _until_news(self, steps: Iterable[Operation]) -> Iterable[Operation]:
        """Walk the steps while no newer plan is there."""
        known = self._newest
        for step in steps:
            if self._newest is not known:
                return
            yield step

    def _perform(self, step: Operation) -> Process:
        around, text = self._around, operations.describe(step)
        around.tell(trace.OperationStarted(around.now, self.name, text))
        yield around.env.timeout(timing.draw(around.timing.of(step), self._chance))
        self.found = operations.apply(self.found, step)
        around.tell(trace.OperationDone(around.now, self.name, text))
        self._changed(self)


def settle(plan: HostPlan, found: Found) -> Found:
    """Give what a host has once it has carried out a plan, in no time."""
    while steps := diff.diff(plan, found):
        before, found = found, operations.apply_all(found, steps)
        if before == found:
            raise RuntimeError(f"host {plan.host} gets no nearer to its plan by {steps}")
    return found
