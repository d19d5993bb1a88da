"""`rewire problems`: what is other than it was meant."""

from __future__ import annotations

import click

from projections import problems
from projections.problem import Problem
from rewire import fields, options, output, session, status, when


@click.command(name="problems")
@options.reading
def command(store: str | None, at: str | None, output_format: str | None) -> int:
    """List networks that are split, leak into one another or have no way out, loops, clashing addresses, leftovers.

    What hosts reported otherwise than it was meant is listed too, as far as they reported anything. Each comes with the
    facts that cause it. Exit status 1 when there is any.
    """
    with session.opened(store) as open_session:
        topology = open_session.topology(when.position(open_session, at))
        found = problems.problems(topology)
    columns = ("kind", "what", "because")
    rows = [row(p) for p in found]
    output.show(rows, output_format, columns=columns, fields=fields.PROBLEMS, empty="all is as it was meant")
    return status.REFUSED if found else status.DONE


def row(found: Problem) -> dict[str, object]:
    """Give a problem as programs read it; what says nothing about it is left out."""
    details = {"segments": found.segments, "hosts": found.hosts, "cables": found.cables}
    return {
        "kind": found.kind,
        "l2": found.l2,
        **{name: value for name, value in details.items() if value},
        "because": found.because,
        "what": found.what,
    }
