"""`rewire apply`: record the steps of change files."""

from __future__ import annotations

from functools import partial

import click

from rewire import apply, change_file, creation, fields, naming, options, output, progress, session, status


@click.command(name="apply")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--actor", help="Who asks for it.  [default: $REWIRE_ACTOR, or your login name]")
@click.option("--reason", default="", help="Why, for those who read the history later.")
@click.option("--dry-run", is_flag=True, help="Print what would be recorded, and record nothing.")
@click.option("--atomic", is_flag=True, help="Record all steps or none.")
@click.option("--quiet", is_flag=True, help="Print how many steps and facts there were, not each of them.")
@options.store
@options.output
def command(
    *,
    files: tuple[str, ...],
    actor: str | None,
    reason: str,
    dry_run: bool,
    atomic: bool,
    quiet: bool,
    store: str | None,
    output_format: str | None,
) -> int:
    """Record the steps of change files (YAML or JSON; - is standard input).

    Steps are recorded one by one, and the run stops at the first that is refused. Files are read whole first:
    one that can't be understood records nothing. With --atomic, steps that were undone since a later one was refused
    are told as refused too, with conflict.
    """
    steps = change_file.read_all(files)
    by = apply.author(actor, reason)
    with (
        session.opened(store, absent="pretend" if dry_run else "make") as open_session,
        progress.bar("applying", len(steps)) as advance,
    ):
        network = open_session.network
        network.when_waiting(lambda: output.note("waiting: the store is locked by another process"))
        run = apply.all_or_none if atomic else apply.run
        report = run(network.fork() if dry_run else network, steps, by, watch=lambda _: advance())
        name = partial(naming.label, open_session.topology())
    if not dry_run:
        created = {entry.step: entry.uuid for entry in report.entries if entry.status == "ok"}
        creation.announce((step.command, created[step.number]) for step in steps if step.number in created)
    if quiet:
        output.show({"steps": len(report.entries), "facts": len(report.recorded)}, output_format)
    elif output.chosen(output_format) == "table":
        columns = ("step", "command", "status", "object", "facts", "why")
        output.show([line(entry) for entry in report.entries], "table", columns=columns, name=name, empty="no steps")
    else:
        output.show(report.entries, output_format, fields=fields.STEPS)
    if atomic and (report.refusal or report.interrupted):
        output.note("nothing was recorded: it was to be all or none")
    if report.refusal:
        return status.tell(report.refusal, as_json=output_format == "json")
    if report.interrupted:
        raise KeyboardInterrupt
    if dry_run:
        output.note(f"dry run: {len(report.recorded)} facts would be recorded, none was")
    return status.DONE


def line(entry: apply.Entry) -> dict[str, object]:
    """Give an entry as people read it."""
    why = f"{entry.error.code}: {entry.error.message}" if entry.error else ""
    return {
        "step": entry.step,
        "command": entry.command,
        "status": entry.status,
        "object": entry.uuid,
        "facts": span(entry.positions),
        "why": why,
    }


def span(positions: tuple[int, ...]) -> str:
    """Write the positions of one command's facts, which follow one another."""
    return "-".join(str(position) for position in sorted({positions[0], positions[-1]})) if positions else ""
