"""A run of the simulator, from topologies to a trace and what follows from it.

The way in for everybody else. It takes topologies and gives values: where they come from and how they are
shown is not its business.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from projections.found import Found
from projections.topology import Topology
from simulator import intent, outages, summary
from simulator.intent import CHANGES, Bonds, Change, Intent
from simulator.outages import Outage
from simulator.summary import Summary
from simulator.timing import Timing
from simulator.trace import Entry
from simulator.world import Publication, World, surroundings


class Run(msgspec.Struct, frozen=True):
    """What happened, and what was meant to."""

    trace: tuple[Entry, ...]
    intents: tuple[Intent, ...]
    """The VMs that each topology means to be together, from the first topology to the last."""
    found: Mapping[str, Found]
    """What each host has at the end, by name: what a look at a real one would show."""

    def outages(self, changes: Collection[Change] = CHANGES) -> list[Outage]:
        """List outages of the pairs to which the change does one of these things, by VM, peer and time."""
        return outages.outages(self.trace, Bonds(self.intents), changes)

    def tally(self) -> dict[Change, int]:
        """Count outages by what the change does to the pair. Cheap where a list would be endless."""
        return outages.tally(self.trace, Bonds(self.intents))

    def summary(self, changes: Collection[Change] = CHANGES) -> Summary:
        """Tell how long it took and whom it hurt; all outages are counted, those of some kinds listed."""
        return summary.summarize(self.trace, self.tally(), self.outages(changes))


def simulate(
    before: Topology,
    after: Topology,
    *,
    seed: int = 0,
    timing: Timing | None = None,
    parallel: int | None = None,
) -> Run:
    """Publish one topology to a data centre that has realized another, and see.

    *parallel* is how many hosts the controller serves at a time: all of them when it is `None`, 10 in ZStack.
    """
    return follow(before, [Publication(0, after)], seed=seed, timing=timing, parallel=parallel)


def follow(
    before: Topology,
    publications: Sequence[Publication],
    *,
    seed: int = 0,
    timing: Timing | None = None,
    parallel: int | None = None,
) -> Run:
    """Publish topologies, each at its moment, whether or not the hosts are done with the last."""
    trace: list[Entry] = []
    around = surroundings(trace.append, seed=seed, pace=timing)
    ordered = sorted(publications, key=lambda publication: publication.at_us)
    world = World(before, ordered, around=around, parallel=parallel)
    world.run()
    topologies = [before, *(publication.topology for publication in ordered)]
    return Run(
        tuple(trace),
        tuple(intent.intended(topology, world.names) for topology in topologies),
        {agent.name: agent.found for agent in world.agents.values()},
    )
