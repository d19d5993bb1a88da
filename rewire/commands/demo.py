"""`rewire demo`: the project shown on real input."""

from __future__ import annotations

import click


@click.command(name="demo")
def command() -> None:
    """Show what Rewire does: a change file, its history, what-if, audit, simulation and, as root, frames on a
    wire.
    """
    from rewire.demo.play import play

    play()
