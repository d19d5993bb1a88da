"""Running the steps of a change file: one by one, all or none, or only to see what would be recorded.

Dry runs and all-or-none runs happen on a fork, by the same code; a step that must be refused is tried on a fork
too, so that it can never be recorded by mistake.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterable, Mapping

import msgspec

from domain.errors import Refusal, RewireError
from domain.history import Author, Recorded
from domain.network import Network, Outcome
from domain.transaction import Premise
from rewire import creation
from rewire.change_file import Step
from rewire.output import Error, error_object, without_fork


ATTEMPTS = 20
"""How often an all-or-none run starts over when others change what it rests on."""


class Entry(msgspec.Struct, frozen=True):
    """What became of one step."""

    step: int
    command: str
    status: str
    """`ok`, `refused`, or `expected` for a refusal that the file asked for; `refused` too for a step that was undone
    because another one was.
    """
    uuid: str
    positions: tuple[int, ...]
    error: Error | None


class Report(msgspec.Struct, frozen=True):
    """What became of a run."""

    entries: tuple[Entry, ...]
    refusal: RewireError | None
    """What the run stopped at: a rule, or a store that failed."""
    interrupted: bool
    """The user stopped it; what stands in the entries was recorded."""
    recorded: tuple[Recorded, ...]
    premises: tuple[Premise, ...]


Watch = Callable[[Step], None]


def nobody(_: Step) -> None:
    """Watch a run without doing anything."""


def author(actor: str | None, reason: str) -> Author:
    """Name the author of a change: who is said to be, or who runs the program."""
    return Author(actor or os.environ.get("REWIRE_ACTOR") or login(), reason)


def login() -> str:
    """Give the user's name, or number where nobody has named it."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def run(network: Network, steps: Iterable[Step], by: Author, *, watch: Watch = nobody) -> Report:
    """Record steps one by one, up to the first refusal that the file did not ask for, or until the user stops it."""
    entries: list[Entry] = []
    outcomes: list[Outcome] = []
    for step in steps:
        try:
            outcome = attempt(network, step, by)
        except RewireError as stop:
            return report([*entries, refused(step, stop)], outcomes, stop)
        except KeyboardInterrupt:
            return report(entries, outcomes, interrupted=True)
        entries.append(entry(step, outcome))
        if isinstance(outcome, Outcome):
            outcomes.append(outcome)
        watch(step)
    return report(entries, outcomes)


def report(
    entries: Iterable[Entry],
    outcomes: Iterable[Outcome],
    refusal: RewireError | None = None,
    *,
    interrupted: bool = False,
) -> Report:
    kept = list(outcomes)
    recorded = tuple(fact for outcome in kept for fact in outcome.recorded)
    return Report(tuple(entries), refusal, interrupted, recorded, tuple(outcome.premise for outcome in kept))


def attempt(network: Network, step: Step, by: Author) -> Outcome | Refusal:
    """Run one step; a refusal that was asked for is its result, one that was not is raised."""
    if not step.expect_error:
        creation.ask(step.command)
        return network.execute(step.command, by)
    try:
        creation.ask(step.command)
        network.fork().execute(step.command, by)
    except Refusal as refusal:
        if refusal.code == step.expect_error:
            return refusal
        raise
    told = f"step {step.number} ({step.command.tag()}) was to be refused with {step.expect_error}, and would be done"
    raise Refusal("expected-error-missing", told)


def all_or_none(network: Network, steps: Iterable[Step], by: Author, *, watch: Watch = nobody) -> Report:
    """Record all steps in one transaction, or none when one of them is refused."""
    kept = list(steps)
    for _ in range(ATTEMPTS):
        fork = network.fork()
        done = run(fork, kept, by, watch=watch)
        if done.refusal or done.interrupted:
            return unrecorded(done, fork.base)
        recorded = network.adopt(fork, done.premises)
        if recorded is not None:
            return placed(done, recorded)
    raise Refusal("conflict", f"others kept changing what this rests on, {ATTEMPTS} times over: try again")


def unrecorded(done: Report, base: int) -> Report:
    """Take off all mention of facts that were never recorded: what was done before the stop is undone."""
    undone = Error("conflict", why_undone(done), ())
    if isinstance(done.refusal, Refusal):
        done.refusal.conflicts = without_fork(error_object(done.refusal), base).conflicts
    entries = (
        msgspec.structs.replace(e, status="refused", uuid="", positions=(), error=undone)
        if e.status == "ok"
        else msgspec.structs.replace(e, error=e.error and without_fork(e.error, base))
        for e in done.entries
    )
    return msgspec.structs.replace(done, entries=tuple(entries), recorded=())


def why_undone(done: Report) -> str:
    """Say what kept a step from being recorded that would have been by itself."""
    stop = "the run was stopped" if done.interrupted else f"step {done.entries[-1].step} was refused"
    return f"not recorded: {stop}, and it was to be all or none"


def placed(done: Report, recorded: tuple[Recorded, ...]) -> Report:
    """Give the steps the positions that their facts really got."""
    real = {planned.position: fact.position for planned, fact in zip(done.recorded, recorded, strict=True)}
    return msgspec.structs.replace(done, entries=tuple(moved(e, real) for e in done.entries), recorded=recorded)


def moved(entry: Entry, real: Mapping[int, int]) -> Entry:
    """Give a step the positions that its facts, and those that stood in its way, really got."""
    error = entry.error and msgspec.structs.replace(
        entry.error, conflicts=tuple(real.get(p, p) for p in entry.error.conflicts)
    )
    return msgspec.structs.replace(entry, positions=tuple(real[p] for p in entry.positions), error=error)


def entry(step: Step, outcome: Outcome | Refusal) -> Entry:
    """Report a step that went as the file has it: done, or refused as was expected."""
    if isinstance(outcome, Refusal):
        return msgspec.structs.replace(refused(step, outcome), status="expected")
    positions = tuple(fact.position for fact in outcome.recorded)
    return Entry(step.number, step.command.tag(), "ok", outcome.subject, positions, None)


def refused(step: Step, refusal: RewireError) -> Entry:
    return Entry(step.number, step.command.tag(), "refused", "", (), error_object(refusal))
