"""Running the steps of a change file: one by one, all or none, or only to see what would be recorded.

Dry runs and all-or-none runs happen on a fork, by the same code; a step that must be refused is tried on a fork
too, so that it can never be recorded by mistake.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterable

import msgspec

from domain.errors import Refusal
from domain.history import Author, Recorded
from domain.network import Network, Outcome
from domain.transaction import Premise
from rewire.change_file import Step
from rewire.output import error_object


ATTEMPTS = 20
"""How often an all-or-none run starts over when others change what it rests on."""


class Entry(msgspec.Struct, frozen=True):
    """What became of one step."""

    step: int
    command: str
    status: str
    """`ok`, `refused`, or `expected` for a refusal that the file asked for."""
    uuid: str
    positions: tuple[int, ...]
    error: dict[str, object] | None


class Report(msgspec.Struct, frozen=True):
    """What became of a run."""

    entries: tuple[Entry, ...]
    refusal: Refusal | None
    """What the run stopped at."""
    recorded: tuple[Recorded, ...]
    premises: tuple[Premise, ...]


Watch = Callable[[Step], None]


def nobody(_: Step) -> None:
    """Watch a run without doing anything."""


def author(actor: str | None, reason: str) -> Author:
    """Name the author of a change: who is said to be, or who runs the program."""
    return Author(actor or os.environ.get("REWIRE_ACTOR") or pwd.getpwuid(os.getuid()).pw_name, reason)


def run(network: Network, steps: Iterable[Step], by: Author, *, watch: Watch = nobody) -> Report:
    """Record steps one by one, up to the first refusal that the file did not ask for."""
    entries: list[Entry] = []
    recorded: list[Recorded] = []
    premises: list[Premise] = []
    for step in steps:
        try:
            outcome = attempt(network, step, by)
        except Refusal as refusal:
            entries.append(entry(step, "refused", refusal=refusal))
            return Report(tuple(entries), refusal, tuple(recorded), tuple(premises))
        if isinstance(outcome, Refusal):
            entries.append(entry(step, "expected", refusal=outcome))
        else:
            entries.append(entry(step, "ok", outcome=outcome))
            recorded += outcome.recorded
            premises.append(outcome.premise)
        watch(step)
    return Report(tuple(entries), None, tuple(recorded), tuple(premises))


def attempt(network: Network, step: Step, by: Author) -> Outcome | Refusal:
    """Run one step; a refusal that was asked for is its result, one that was not is raised."""
    if not step.expect_error:
        return network.execute(step.command, by)
    try:
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
        report = run(fork, kept, by, watch=watch)
        if report.refusal:
            return unrecorded(report)
        recorded = network.adopt(fork, report.premises)
        if recorded is not None:
            return placed(report, recorded)
    raise Refusal("conflict", f"others kept changing what this rests on, {ATTEMPTS} times over: try again")


def unrecorded(report: Report) -> Report:
    """Take the positions off the steps of a run of which nothing was recorded."""
    entries = tuple(msgspec.structs.replace(e, positions=()) for e in report.entries)
    return msgspec.structs.replace(report, entries=entries, recorded=())


def placed(report: Report, recorded: tuple[Recorded, ...]) -> Report:
    """Give the steps the positions that their facts really got."""
    real = {planned.position: fact.position for planned, fact in zip(report.recorded, recorded, strict=True)}
    entries = tuple(msgspec.structs.replace(e, positions=tuple(real[p] for p in e.positions)) for e in report.entries)
    return msgspec.structs.replace(report, entries=entries, recorded=recorded)


def entry(step: Step, status: str, *, outcome: Outcome | None = None, refusal: Refusal | None = None) -> Entry:
    return Entry(
        step=step.number,
        command=step.command.tag(),
        status=status,
        uuid=outcome.subject if outcome else "",
        positions=tuple(r.position for r in outcome.recorded) if outcome else (),
        error=error_object(refusal) if refusal else None,
    )
