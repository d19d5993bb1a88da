"""given(*commands).when(command).then(*facts), or .refused(code, naming=facts).

A test of a decision reads as one sentence. Everything is written with names: where a fact carries an object's uuid, the
test writes the object's name, and for a NIC `vm/l3`. It refuses to look inside: commands go in, facts come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from domain import claims, instruments, router
from domain.codec import AnyFact
from domain.commands import Command
from domain.errors import Refusal
from domain.handlers import HANDLERS
from domain.history import Author, Fact, Recorded
from domain.network import Network, Outcome
from projections.follow import Follower
from projections.topology import Topology
from rewire import reference
from tests import met


ME = Author("tester", "a test")


class Case:
    """A history in memory, repeatable to the last bit of chance."""

    def __init__(self, seed: int) -> None:
        self.follower = Follower()
        self.network = Network(":memory:", survey=self.follower, instruments=instruments.repeatable(seed))

    def do(self, *commands: Command) -> Case:
        for command in commands:
            self.network.execute(command, ME)
        return self

    def when(self, command: Command) -> Result:
        before = self.network.position()
        answer = attempt(self.network, command)
        if isinstance(answer, Outcome):
            return Result(self, command, before, answer)
        return Result(self, command, before, None, answer)

    @property
    def topology(self) -> Topology:
        return self.follower.now(self.network)

    def at(self, position: int) -> Topology:
        return self.follower.at(self.network, position)

    def id(self, kind: str, name: str) -> str:
        return self.topology.find(kind, name)

    def made(self, kind: str, name: str) -> Fact:
        """Give the fact that made an object, with names."""
        first, *_ = self.network.facts_of(self.id(kind, name))
        return named(first.fact, names(self.network.facts()))


class Result:
    """What one command led to."""

    def __init__(
        self, case: Case, command: Command, before: int, outcome: Outcome | None, refusal: Refusal | None = None
    ) -> None:
        self.case = case
        self.command = command
        self.before = before
        self.outcome = outcome
        self.refusal = refusal

    @property
    def documented(self) -> reference.Found:
        """Give what the reference says that the command may record and be refused with."""
        return reference.reach(HANDLERS[type(self.command)])

    @property
    def recorded(self) -> tuple[Recorded, ...]:
        assert self.outcome, self.refusal
        return self.outcome.recorded

    def then(self, *facts: Fact, taking: Sequence[str] | None = None, releasing: Sequence[str] | None = None) -> Case:
        """Expect these facts about objects, in this order; and, where it is said, these claims."""
        known = names(self.case.network.facts())
        mine = [named(r.fact, known) for r in self.recorded]
        assert {type(fact) for fact in mine} <= self.documented[0] | set(claims.FACTS), "the reference does not know"
        assert [f for f in mine if not isinstance(f, claims.FACTS)] == list(facts)
        if taking is not None:
            assert [f.key for f in mine if isinstance(f, claims.Taken)] == list(taking)
        if releasing is not None:
            assert self.released(known) == list(releasing)
        assert len({(r.command, r.recorded_at, r.actor, r.reason) for r in self.recorded}) == 1
        return self.case

    def released(self, known: dict[str, str]) -> list[str]:
        subjects = [r.originator_id for r in self.recorded if isinstance(r.fact, claims.Released)]
        taken = [self.case.network.facts_of(s)[0].fact for s in subjects]
        return [f.key for f in (named(t, known) for t in taken) if isinstance(f, claims.Taken)]

    def refused(self, code: str, *, naming: Sequence[Fact] = ()) -> str:
        """Expect a refusal that points at exactly these facts, and that nothing was recorded. Gives the sentence."""
        network, refusal = self.case.network, self.refused_with(code)
        known = names(network.facts())
        pointed = [named(r.fact, known) for r in network.facts() if r.position in refusal.conflicts]
        assert pointed == list(naming)
        return refusal.sentence

    def refused_with(self, code: str) -> Refusal:
        """Expect a refusal of a code that the reference knows of, and that nothing was recorded."""
        assert self.refusal, f"recorded {self.outcome}"
        assert self.refusal.code == code, self.refusal
        assert code in self.documented[1] | {"invalid-argument"}, "the reference does not know of it"
        assert self.case.network.position() == self.before
        met.note(self.command, code)
        return self.refusal


def attempt(network: Network, command: Command) -> Outcome | Refusal:
    """Run a command, and take a refusal for an answer."""
    try:
        return network.execute(command, ME)
    except Refusal as refusal:
        return refusal


def given(*commands: Command, seed: int = 1) -> Case:
    return Case(seed).do(*commands)


def names(facts: Iterable[Recorded]) -> dict[str, str]:
    """Give what to write instead of each uuid: the object's name, `vm/l3` for a NIC. A router's NIC is made by chance:
    `mac` and `device` stand for its own.
    """
    known: dict[str, str] = {}
    for recorded in facts:
        fact = recorded.fact
        if name := getattr(fact, "name", "") if recorded.originator_version == 1 else "":
            known[recorded.originator_id] = name
        if nic := getattr(fact, "nic", ""):
            vm, l3 = known[recorded.originator_id], known.get(getattr(fact, "l3", ""), "")
            known.setdefault(nic, f"{vm}/{l3}")
        if isinstance(fact, router.NicAdded):
            known |= {fact.mac: "mac", fact.device: "device"}
    return known


def named(fact: Fact, known: dict[str, str]) -> Fact:
    """Write a fact with names where it has uuids."""
    text = msgspec.json.encode(fact).decode()
    for uuid, name in known.items():
        text = text.replace(uuid, name)
    found: Fact = msgspec.json.decode(text, type=AnyFact)
    return found
