"""A run of the simulator, as a command asks for it and shows it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from domain.errors import InvalidFile
from projections.topology import Topology
from rewire import extras


if TYPE_CHECKING:
    from simulator.intent import Change
    from simulator.run import Run
    from simulator.timing import Timing


PAIRS_LISTED = 100_000
"""Of the pairs that part by intention, above this many are counted and not listed."""


def run(
    before: Topology, after: Topology, *, seed: int = 0, parallel: int | None = None, timing: str | None = None
) -> Run:
    """Simulate how a data centre gets from one topology to another."""
    extras.require("simpy", "simulator")
    from simulator.run import simulate

    return simulate(before, after, seed=seed, parallel=parallel, timing=pace(timing) if timing else None)


def pace(name: str) -> Timing:
    """Read how long things take from a file, JSON or YAML."""
    from rewire.change_file import load, text_of
    from simulator.timing import Timing

    try:
        return msgspec.convert(load(text_of(name), name), Timing)
    except msgspec.ValidationError as error:
        raise InvalidFile(f"{name} holds no timing: {error}") from error


def as_object(found: Run) -> dict[str, Any]:
    """Give what a program reads: when all were there, how much was done, and who was cut from whom."""
    counts = found.tally()
    listed: tuple[Change, ...] = ("kept", "passing") if counts["lost"] > PAIRS_LISTED else ("kept", "passing", "lost")
    summary: dict[str, Any] = msgspec.to_builtins(found.summary(listed))
    return {
        "converged_after_s": summary["converged_after_s"],
        "operations": summary["operations"],
        "hosts": list(summary["hosts"]),
        "outages": list(summary["outages"]),
        "outage_counts": summary["outage_counts"],
    }


def write_trace(found: Run, name: str) -> None:
    """Write the trace as JSON lines to a file, or to standard output for `-`."""
    from simulator.trace import lines

    text = b"".join(lines(found.trace))
    if name == "-":
        sys.stdout.buffer.write(text)
    else:
        Path(name).write_bytes(text)
