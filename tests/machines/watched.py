"""A machine whose history is looked at from all sides, whatever its rules do to it.

What costs little is checked after each step that recorded something; the rest on a sample of the steps, and always at
the end.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from hypothesis.stateful import RuleBasedStateMachine, invariant

from domain.commands import Command
from domain.errors import Refusal
from domain.handlers import HANDLERS
from domain.history import Recorded
from domain.instruments import repeatable
from domain.network import Network, Outcome
from projections import topology
from projections.follow import Follower
from projections.timeline_store import TimelineStore, rebuilt
from projections.topology import Topology
from rewire import reference
from tests.given import attempt
from tests.machines import invariants, remains


EVERY = int(os.environ.get("REWIRE_EVERY", "7"))
"""Of so many steps one is followed by the checks that cost much; 1 checks everything always."""


class Watched(RuleBasedStateMachine):
    """A network, all that follows from it, and what must always hold of both."""

    def __init__(self) -> None:
        super().__init__()
        self.follower = Follower()
        self.network = Network(":memory:", survey=self.follower, instruments=repeatable(1))
        self.timeline = TimelineStore(self.network, self.follower)
        self.folded = Topology()
        self.looked = 0
        """The position up to which everything was checked."""
        self.steps = 0

    def begin_with(self, facts: Iterable[Recorded]) -> None:
        self.network.record(facts, None)

    def run(self, command: Command) -> Outcome | Refusal:
        """Run a command: it is done or refused, and a refusal records nothing and points at facts that are there."""
        before = self.network.position()
        answer = attempt(self.network, command)
        if isinstance(answer, Refusal):
            assert self.network.position() == before
            assert all(0 < position <= before for position in answer.conflicts)
            assert answer.code in reference.reach(HANDLERS[type(command)])[1] | {"invalid-argument"}, command
        return answer

    @property
    def now(self) -> Topology:
        return self.follower.now(self.network)

    def name(self, uuid: str) -> str:
        return self.now.name(uuid)

    def teardown(self) -> None:
        try:
            self.look_closely()
            self.timeline_is_the_fold()
            self.replay_gives_the_same()
        finally:
            self.timeline.close()
            self.network.close()

    # what always holds

    @invariant()
    def all_holds(self) -> None:
        self.steps += 1
        if self.looked == self.network.position():
            return
        invariants.check_at_once(self.network, self.now)
        if self.steps % EVERY == 0:
            self.look_closely()

    def look_closely(self) -> None:
        invariants.check(self.network, self.now)
        remains.check(self.network, self.now)
        self.steps_equal_the_whole()
        self.timeline.catch_up()
        self.looked = self.network.position()

    def steps_equal_the_whole(self) -> None:
        self.folded = topology.fold(self.network.facts(self.folded.position), self.folded)
        assert self.folded == self.now

    def timeline_is_the_fold(self) -> None:
        """Rows stay for ever, so what was written wrong at any step is still wrong at the end."""
        assert self.timeline.rows() == rebuilt(self.network)

    def replay_gives_the_same(self) -> None:
        """The facts, recorded into an empty store, give equal facts and equal projections."""
        follower = Follower()
        replica = Network(":memory:", survey=follower, instruments=repeatable(2))
        replica.record(self.network.facts(), None)
        assert list(replica.facts()) == list(self.network.facts())
        assert follower.now(replica) == self.now
        assert rebuilt(replica) == rebuilt(self.network)
        assert replica.broken_link() == self.network.broken_link() == 0
        for uuid, state in self.now.objects.states.items():
            loaded, kept = replica.load(uuid), self.network.load(uuid)
            assert loaded == kept
            assert loaded is not None
            assert loaded.state == state
        replica.close()
