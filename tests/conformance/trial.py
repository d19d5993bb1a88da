"""One history, carried out on kernels and in the simulator, and compared after every command.

Compared are what every host has, what stands in the way there, and where frames get to; and at the end, when everything
is taken back, whether hosts are as they were.
"""

from __future__ import annotations

import select
import time
from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from domain import cluster, host, vm
from domain.errors import HostUnreachable
from projections import plan, reach
from projections.domains import domains
from projections.filters import Filters
from projections.found import Found
from projections.nics import Nic
from projections.obstacles import obstacles
from projections.plan import HostPlan
from projections.topology import Topology
from projections.verdict import Judge
from simulator import agent
from tests.conformance import comparison
from tests.conformance.drawing import History, told
from tests.conformance.hearing import Heard, Place
from tests.conformance.laboratory import Laboratory
from tests.conformance.questions import Asker, Side
from tests.given import Case
from tests.kernel.fabric import HOSTS


PATIENCE_S, AGAIN_S = 5.0, 0.05
"""How long what must be heard may take: a port forwards once the kernel has noticed that its cable is plugged in."""


class Outcome(msgspec.Struct, frozen=True):
    steps: int
    """After how many commands both were compared."""
    frames: int
    disagreement: tuple[str, ...] = ()
    """The command after which they differed, and in what; nothing where they never did."""


class Trial:
    """A data centre twice."""

    def __init__(self, laboratory: Laboratory, patience_s: float) -> None:
        self._laboratory = laboratory
        self._patience_s = patience_s
        self._asker = Asker(tracks=laboratory.tracks)
        self._sides = {
            name: Side(HostPlan(name, 0), found, Judge(Filters())) for name, found in laboratory.bare.items()
        }
        self.frames = 0

    def differences(self, topology: Topology) -> list[str]:
        """Publish a topology to both, and tell in what they differ then. Who has a plan already is left alone."""
        plans = {name: plan_of(topology, name) for name in HOSTS}
        changed = [name for name in HOSTS if plans[name] != self._sides[name].plan]
        found = [line for name in changed for line in self._realize(name, plans[name])]
        return found or (list(self._listen(topology)) if changed else [])

    def end(self) -> list[str]:
        """Take everything back, and tell what is not as it was."""
        bare = self._laboratory.bare
        try:
            left = self._laboratory.clear()
        except HostUnreachable as error:
            return [f"the kernel fails to undo: {error.sentence}"]
        return [line for name in HOSTS for line in comparison.differences(name, left[name], bare[name])]

    def _realize(self, name: str, wanted: HostPlan) -> Iterator[str]:
        """Carry out a plan both ways."""
        try:
            after = agent.settle(wanted, self._sides[name].found)
            self._sides[name] = Side(wanted, after, Judge(wanted.filters))
            real, in_the_way = self._laboratory.realize(name, wanted)
        except RuntimeError as error:
            yield f"{name}: the simulator fails: {error}"
        except HostUnreachable as error:
            yield f"{name}: the kernel fails: {error.sentence}"
        else:
            if in_the_way != (expected := obstacles(wanted, after)):
                yield f"{name}: in the way: kernel {in_the_way}, simulator {expected}"
            yield from comparison.differences(name, real, after)

    def _listen(self, topology: Topology) -> Iterator[str]:
        guests = {place_of(name, nic): nic for name, nic in guests_of(topology)}
        self._laboratory.ears.listen(guests)
        islands = islands_of(topology, guests, {name: side.found for name, side in self._sides.items()})
        yield from misled(topology, guests, islands)
        deadline = time.monotonic() + self._patience_s
        while (wrong := tuple(self._misheard(guests, islands))) and time.monotonic() < deadline:
            select.select([], [], [], AGAIN_S)
        yield from wrong

    def _misheard(self, guests: Mapping[Place, Nic], islands: Mapping[Place, frozenset[Place]]) -> Iterator[str]:
        """Ask once, and walk what was not heard by whom it should be, or more often than once."""
        questions = {q.key: q for q in self._asker.questions(guests, islands, self._sides)}
        self.frames += len(questions)
        expected: Heard = Counter((q.key, place) for q in questions.values() for place in q.heard_by)
        frames = {q.frame: q.place for q in questions.values()}
        heard = self._laboratory.ears.who_hears(frames, questions.keys(), expected)
        for key, place in sorted((heard - expected) | (expected - heard)):
            times, meant = heard[key, place], expected[key, place]
            yield f"{place} hears {questions[key].words} {times} times on kernels, {meant} in the simulator"


def misled(topology: Topology, guests: Mapping[Place, Nic], islands: Mapping[Place, frozenset[Place]]) -> Iterator[str]:
    """Walk the NICs whose devices reach others than those of their broadcast domain."""
    names = {nic.uuid: place for place, nic in guests.items()}
    for domain in domains(topology):
        meant = frozenset(names[nic] for nic in domain.nics if nic in names)
        for place in sorted(meant):
            if (there := islands.get(place, frozenset())) != meant:
                yield f"{place}: by the simulator's devices it reaches {sorted(there)}, by its domain {sorted(meant)}"


def place_of(host_name: str, nic: Nic) -> Place:
    """Give the guest's end of a NIC."""
    return Place(host_name, nic.device.replace("nic", "p", 1), nic.mac)


def plan_of(topology: Topology, name: str) -> HostPlan:
    """Give what a host must have: nothing where it is not in the data centre. Not of which moment, so as to compare."""
    uuid = topology.objects.names.get(("host", name))
    return msgspec.structs.replace(plan.plan(topology, uuid), position=0) if uuid else HostPlan(name, 0)


def guests_of(topology: Topology) -> Iterator[tuple[str, Nic]]:
    """Walk (host, NIC) of the VMs that run."""
    for nic in topology.nics.all.values():
        if where := topology.state(nic.vm, vm.Vm).host:
            yield topology.name(where), nic


def islands_of(
    topology: Topology, guests: Mapping[Place, Nic], found: Mapping[str, Found]
) -> dict[Place, frozenset[Place]]:
    """Tell which guests hear a NIC, by the devices that hosts have."""
    zones = {m.name: topology.state(m.cluster, cluster.Cluster).zone for _, m in topology.every(host.Host)}
    circuits = [c for name in zones for c in reach.circuits(name, reach.Site(zones[name], found[name]))]
    ends = {(place.host, nic.device): place for place, nic in guests.items()}
    islands = [frozenset(ends[port] for port in island if port in ends) for island in reach.islands(circuits)]
    return {place: island for island in islands for place in island}


def run(laboratory: Laboratory, history: History, patience_s: float = PATIENCE_S) -> Outcome:
    """Carry out a history both ways, up to the first step after which they differ."""
    case, trial, steps = Case(1).do(*history.beginning), Trial(laboratory, patience_s), 0
    different = trial.differences(case.topology)
    last = "the beginning"
    for command, topology in told(case, () if different else history.commands):
        steps, last = steps + 1, str(command)
        if different := trial.differences(topology):
            break
    undone = trial.end()
    if different := different or undone:
        return Outcome(steps, trial.frames, (f"after {last}", *different))
    return Outcome(steps, trial.frames)
