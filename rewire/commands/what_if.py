"""`rewire what-if`: what would follow from a change, before anything is touched."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from projections.topology import Topology
from rewire import change_file, options, output, radius, session, simulation, status, supposition, when


@click.command(name="what-if")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--simulate", is_flag=True, help="Also say how long it would take, and whom it would cut off for how long."
)
@click.option("--seed", default=0, show_default=True, help="Of the simulation.")
@click.option("--all", "complete", is_flag=True, help="List every pair, however many.")
@options.reading
def command(
    *,
    files: tuple[str, ...],
    simulate: bool,
    seed: int,
    complete: bool,
    store: str | None,
    at: str | None,
    output_format: str | None,
) -> int:
    """Run the steps of change files on a fork, of now or of any moment (--at), and show the blast radius.

    Nothing is recorded. Exit status 1 says that a step would be refused.
    """
    steps = change_file.read_all(files)
    with session.opened(store) as open_session:
        found = supposition.suppose(open_session, steps, when.position(open_session, at))
        beside: dict[str, Any] = {"refused": found.refused}
        if simulate:
            beside["simulation"] = simulation.as_object(simulation.run(found.before, found.after, seed=seed))
    difference = found.radius(radius.limit(complete=complete))
    if difference.domains.split:
        note_fabrics(found.before, found.after)
    radius.show(difference, output_format, beside=msgspec.to_builtins(beside))
    return status.REFUSED if found.refused else status.DONE


def note_fabrics(before: Topology, after: Topology) -> None:
    """Say of zones that come to have a fabric why domains are split, and what helps: no wire is touched by that."""
    begun = (zone for zone in after.fabric.sizes if zone in before.objects.states and zone not in before.fabric.sizes)
    for name in sorted(map(after.name, begun)):
        output.note(
            f"zone {name} comes to have a fabric: from its first switch or cable on, an interface without a cable"
            " reaches nobody. Connect all that are in use in the same change file."
        )
