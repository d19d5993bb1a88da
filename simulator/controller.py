"""The controller: it publishes a change, tells the hosts whose plan it is to, and waits for their reports.

It serves a bounded number of hosts at a time, as ZStack does: a host's turn lasts from the message to the
report. Which hosts there are and what they must have is given to it.
"""

from __future__ import annotations

from collections.abc import Iterable

import simpy

from simulator import chance, timing, trace
from simulator.agent import Agent, Message, Process, Surroundings


UNLIMITED = 1 << 62


class Controller:
    """*parallel* hosts are served at a time; all at once when it is `None`."""

    def __init__(self, around: Surroundings, *, parallel: int | None) -> None:
        if parallel is not None and parallel < 1:
            raise ValueError(f"at least one host must be served at a time, not {parallel}")
        self._around = around
        self._turns = simpy.Resource(around.env, capacity=parallel or UNLIMITED)
        self._links = chance.Streams(around.seed, "messages")

    def publish(self, position: int, messages: Iterable[tuple[Agent, Message]]) -> None:
        """Start telling hosts, in the order given."""
        around, addressed = self._around, list(messages)
        names = tuple(agent.name for agent, _ in addressed)
        around.tell(trace.Published(around.now, position, names))
        for agent, message in addressed:
            around.env.process(self._serve(agent, message))

    def _serve(self, agent: Agent, message: Message) -> Process:
        around, link = self._around, self._links.of(agent.uuid)
        with self._turns.request() as turn:
            yield turn
            yield around.env.timeout(timing.draw(around.timing.message, link))
            yield from agent.hear(message)
            yield around.env.timeout(timing.draw(around.timing.report, link))
            around.tell(trace.HostReported(around.now, agent.name, message.plan.position))
