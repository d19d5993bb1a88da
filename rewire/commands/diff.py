"""`rewire diff`: what changed between two moments."""

from __future__ import annotations

import click

from projections import blast
from rewire import options, radius, session, when


# `-2h` is a moment, not options
@click.command(name="diff", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("since", metavar="WHEN")
@click.argument("until", metavar="WHEN")
@click.option("--all", "complete", is_flag=True, help="List every pair, however many.")
@options.store
@options.output
def command(*, since: str, until: str, complete: bool, store: str | None, output_format: str | None) -> None:
    """Show the blast radius of everything between two moments: domains, reach, collisions, and what hosts had to
    do.
    """
    with session.opened(store) as open_session:
        before = open_session.topology(when.position(open_session, since))
        after = open_session.topology(when.position(open_session, until))
    radius.show(blast.compare(before, after, limit=radius.limit(complete=complete)), output_format)
