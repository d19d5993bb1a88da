"""One history, carried out on kernels and in the simulator, and compared after every command.

Compared are what every host has, what stands in the way there, and where frames get to; and at the end, when everything
is taken back, whether hosts are as they were.
"""

from __future__ import annotations

import select
import time
from collections import Counter
from collections.abc import Container, Iterator, Mapping

import msgspec

from domain.errors import HostUnreachable
from projections import plan
from projections.digest import digest
from projections.domains import domains
from projections.filters import Filters
from projections.nics import Nic
from projections.obstacles import obstacles
from projections.plan import HostPlan
from projections.topology import Topology
from projections.translation import Rules
from projections.verdict import Judge
from simulator import agent
from tests.conformance import answers, comparison, ground
from tests.conformance.calls import Caller, known_to
from tests.conformance.drawing import History, told
from tests.conformance.ground import NOWHERE, Islands, guests_of, outsiders
from tests.conformance.hearing import Heard, Place
from tests.conformance.laboratory import Laboratory
from tests.conformance.questions import Asker, Side
from tests.conformance.roads import Roads, routers_of
from tests.given import Case
from tests.kernel.fabric import HOSTS


PATIENCE_S, AGAIN_S = 5.0, 0.05
"""How long what must be heard may take: a port forwards once the kernel has noticed that its cable is plugged in."""
TIMES = 10
"""How often it is asked for again at least: on a slow machine, once may take as long as that."""


class Outcome(msgspec.Struct, frozen=True):
    steps: int
    """After how many commands both were compared."""
    plans: int
    """How many plans of hosts were carried out."""
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
        self._rules: dict[str, Rules] = {}
        """What routers were ever told, by digest: of a namespace, a look shows no more than that."""
        self.plans = self.frames = 0

    def differences(self, topology: Topology) -> list[str]:
        """Publish a topology to both, and tell in what they differ then. Who has a plan already is left alone."""
        plans = {name: plan_of(topology, name) for name in HOSTS}
        changed = [name for name in HOSTS if plans[name] != self._sides[name].plan]
        self.plans += len(changed)
        found = [line for name in changed for line in self._realize(name, plans[name])]
        return found or (list(self.listen(topology)) if changed else [])

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
            self._rules |= {digest(each.rules): each.rules for each in wanted.namespaces if each.rules}
            real, in_the_way = self._laboratory.realize(name, wanted)
        except RuntimeError as error:
            yield f"{name}: the simulator fails: {error}"
        except HostUnreachable as error:
            yield f"{name}: the kernel fails: {error.sentence}"
        else:
            if in_the_way != (expected := obstacles(wanted, after)):
                yield f"{name}: in the way: kernel {in_the_way}, simulator {expected}"
            yield from comparison.differences(name, real, after)

    def listen(self, topology: Topology) -> Iterator[str]:
        """Walk what is heard otherwise on kernels than it is by the simulator's account."""
        guests = guests_of(topology)
        everybody = guests | outsiders()
        self._laboratory.ears.listen(everybody)
        found = {name: side.found for name, side in self._sides.items()}
        islands = ground.islands(topology, everybody, found)
        yield from misled(topology, guests, islands)
        roads = Roads(islands, everybody, routers_of(found, self._rules))
        deadline, asked = time.monotonic() + self._patience_s, 0
        while (wrong := tuple(self._misheard(everybody, roads))) and (asked < TIMES or time.monotonic() < deadline):
            select.select([], [], [], AGAIN_S)
            asked += 1
        yield from wrong

    def _misheard(self, everybody: Mapping[Place, Nic], roads: Roads) -> Iterator[str]:
        """Ask once, and walk what was not heard by whom it should be, or more often than once."""
        caller = Caller(roads, self._sides, tracks=self._laboratory.tracks)
        asked = (*self._asker.questions(everybody, roads.islands, self._sides), *caller.questions(self._asker.numbers))
        words = {q.key: q.words for q in asked}
        marked = {q.mark.to_bytes(answers.MARK): q.words for q in asked if q.mark}
        self._laboratory.introduce(known_to(caller.hops))
        expected: Heard = Counter((q.key, place) for q in asked for place in q.heard_by)
        frames = {q.frame: q.place for q in asked}
        self.frames += len(frames)
        heard = self._laboratory.ears.who_hears(frames, Interests(words, marked), expected)
        for key, place in sorted((heard - expected) | (expected - heard)):
            times, meant = heard[key, place], expected[key, place]
            what = words[key] if key in words else marked[answers.mark_of(key)]
            told = f" as {answers.told(key)}" if answers.is_routed(key) else ""
            yield f"{place} hears {what}{told} {times} times on kernels, {meant} in the simulator"


class Interests:
    """What is listened for: what must come, and whatever becomes of a packet that goes to a router."""

    def __init__(self, keys: Container[bytes], marks: Container[bytes]) -> None:
        self.keys, self.marks = keys, marks

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, bytes):
            return False
        return answers.mark_of(key) in self.marks if answers.is_routed(key) else key in self.keys


def misled(topology: Topology, guests: Mapping[Place, Nic], islands: Islands) -> Iterator[str]:
    """Walk the NICs whose devices reach others than those of their broadcast domain."""
    names = {nic.uuid: place for place, nic in guests.items()}
    for domain in domains(topology):
        meant = frozenset(names[nic] for nic in domain.nics if nic in names)
        for place in sorted(meant):
            if (there := islands.get(place, NOWHERE).places & guests.keys()) != meant:
                yield f"{place}: by the simulator's devices it reaches {sorted(there)}, by its domain {sorted(meant)}"


def plan_of(topology: Topology, name: str) -> HostPlan:
    """Give what a host must have: nothing where it is not in the data centre. Not of which moment, so as to compare."""
    uuid = topology.objects.names.get(("host", name))
    return msgspec.structs.replace(plan.plan(topology, uuid), position=0) if uuid else HostPlan(name, 0)


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
        return Outcome(steps, trial.plans, trial.frames, (f"after {last}", *different))
    return Outcome(steps, trial.plans, trial.frames)
