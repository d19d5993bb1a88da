"""Agents that keep a host: in this process until there is nothing to do, or in one of their own that is killed.

What a killed one has started goes on for as long as it does: nobody waits for it, as on any host.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from backends.correspondence import Event, Tell
from backends.kvm.host import Host
from rewire.commands.agent import agent_of
from rewire.office import StoreOffice


class Kept(NamedTuple):
    """A host, `h1`, and what its agent is told to keep it with."""

    path: str
    store: Path
    state: Path


class Starting(Host):
    """Does something when it begins to change its host."""

    begin: Callable[[], object] = staticmethod(lambda: None)

    def realize(self, *plan: Any, **options: Any) -> Any:
        self.begin()
        return super().realize(*plan, **options)


def keep(kept: Kept, tell: Tell, begin: Callable[[], object] = Starting.begin) -> None:
    """Have an agent take its turns until there is nothing to do."""
    office = StoreOffice(f"sqlite:{kept.store}", "h1")
    try:
        with Starting(kept.path, plug="veth", state=kept.state) as host:
            host.begin = begin
            agent = agent_of("h1", host, office, tell, patient=False)
            while agent.turn() == 0:
                pass
    finally:
        office.close()


def operations(kept: Kept) -> list[Event]:
    """Have an agent take its turns until there is nothing to do, and give what it did on the host."""
    told: list[Event] = []
    keep(kept, told.append)
    assert not [event for event in told if "failed" in event.result]
    return [event for event in told if event.result == "done"]


def kill(kept: Kept, number: int) -> bool:
    """Have an agent in a process of its own, and kill that as soon as it has done so many operations. It has to."""
    child = os.fork()
    if child == 0:
        try:
            keep(kept, die_after(number))
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    return True


def die_after(number: int) -> Tell:
    left = iter(range(number - 1))

    def count_down(event: Event) -> None:
        if event.result == "done" and next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    return count_down


def how_many(sample: int, whole: int) -> int:
    """Give how often to kill: a sample's number, `REWIRE_KILLS`, or with `all` the whole."""
    wanted = os.environ.get("REWIRE_KILLS", str(sample))
    return whole if wanted == "all" else int(wanted)


def chance() -> tuple[int, random.Random]:
    """Give a seed, `REWIRE_SEED` if there is one, and what draws from it."""
    seed = int(os.environ.get("REWIRE_SEED") or random.randrange(1 << 32))
    return seed, random.Random(seed)
