"""`rewire diff`: what changed between two moments."""

from __future__ import annotations

import click

from projections import blast
from rewire import options, radius, session, when


class Between(click.Command):
    """A command that takes `-2h` for a moment, not for options, and `-h` for what it always is."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, ["--help" if word == "-h" else word for word in args])


@click.command(
    name="diff", cls=Between, context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]}
)
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
