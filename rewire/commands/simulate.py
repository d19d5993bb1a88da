"""`rewire simulate`: a change in virtual time, on every host at once."""

from __future__ import annotations

import click

from projections.topology import Topology
from rewire import change_file, options, output, radius, session, simulation, status, supposition, when
from rewire.session import Session


@click.command(name="simulate")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@click.option("--since", metavar="WHEN", help="Simulate what was recorded after this moment...")
@click.option("--until", metavar="WHEN", help="...up to this one.  [default: now]")
@click.option("--seed", default=0, show_default=True, help="Same seed, same history: same trace, byte for byte.")
@click.option("--parallel", type=click.IntRange(1), help="How many hosts are served at a time.  [default: all]")
@click.option("--timing", metavar="FILE", help="How long things take, as a file (JSON or YAML).")
@click.option("--trace", metavar="FILE", help="Write what happened as JSON lines; - is standard output.")
@options.reading
def command(
    *,
    files: tuple[str, ...],
    since: str | None,
    until: str | None,
    seed: int,
    parallel: int | None,
    timing: str | None,
    trace: str | None,
    store: str | None,
    at: str | None,
    output_format: str | None,
) -> int:
    """Simulate a change: the steps of FILEs on a fork (of --at), or what the history holds between two moments.

    Each host learns of the change by a message, works out its operations and performs them one after another,
    each taking its time. Shown is when each host was there, and which VMs could not talk meanwhile. Exit status 1 says
    that a step was refused, and so left out.
    """
    if bool(files) == bool(since):
        raise click.UsageError("give either change files or --since.")
    with session.opened(store) as open_session:
        before, after, whole = ends(open_session, files, since, until, at)
        found = simulation.run(before, after, seed=seed, parallel=parallel, timing=timing)
    if trace:
        simulation.write_trace(found, trace)
    if trace != "-":
        show(simulation.as_object(found), output_format)
    return status.DONE if whole else status.REFUSED


def ends(
    open_session: Session, files: tuple[str, ...], since: str | None, until: str | None, at: str | None
) -> tuple[Topology, Topology, bool]:
    """Give the topology to start from and the one to get to, and whether no step was refused."""
    if files:
        steps = change_file.read_all(files)
        found = supposition.suppose(open_session, steps, when.position(open_session, at))
        if found.refused:
            told = (f"step {r.step} ({r.command}): {r.error.code}: {r.error.message}" for r in found.refused)
            output.note(f"refused, and so left out: {'; '.join(told)}")
        return found.before, found.after, not found.refused
    first, last = when.position(open_session, since), when.position(open_session, until)
    return open_session.topology(first), open_session.topology(last), True


def show(found: dict[str, object], wanted: str | None) -> None:
    if output.chosen(wanted) == "table":
        for line in radius.simulation_lines(found):
            click.echo(line)
    else:
        output.show({"simulation": found}, wanted)
