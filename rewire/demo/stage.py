"""Where the scenes are played: headings, commands as a user would type them, and the tables that several scenes
share.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable

from rich.console import Console
from rich.rule import Rule
from rich.table import Table

from projections import domains
from projections.topology import Topology


WIDTH = 110


class Stage:
    """A console that counts its scenes."""

    def __init__(self) -> None:
        self.console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
        self.scenes = 0

    def scene(self, title: str, *words: str) -> None:
        """Open a scene with what it shows, and why one would want to see it."""
        self.scenes += 1
        self.console.print()
        self.console.print(Rule(f"[bold]{self.scenes}. {title}[/bold]", align="left", style="cyan"))
        self.console.print(textwrap.fill(" ".join(words), self.console.width - 1), markup=False)

    def command(self, text: str) -> None:
        """Show what a user would type for what follows."""
        self.console.print()
        self.console.print(f"  $ {text}", style="bold", markup=False)

    def say(self, text: str) -> None:
        wrapped = textwrap.fill(text, self.console.width - 1, initial_indent="  ", subsequent_indent="      ")
        self.console.print(wrapped, markup=False)

    def table(self, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("")
        for column in columns:
            table.add_column(column)
        for row in rows:
            table.add_row("", *row)
        self.console.print(table)

    def domains(self, topology: Topology) -> None:
        """Show the broadcast domains that have a wire."""
        shown = [domain for domain in domains.domains(topology) if domain.segments]
        self.table(("L2 network", "segment", "hosts", "NICs"), (domain_row(topology, d) for d in shown))


def domain_row(topology: Topology, domain: domains.Domain) -> tuple[str, ...]:
    return (
        " + ".join(topology.name(uuid) for uuid in domain.l2),
        ", ".join(domains.segment_name(topology, segment) for segment in domain.segments),
        ", ".join(sorted(topology.name(uuid) for uuid in domain.hosts)),
        ", ".join(sorted(topology.name(nic) for nic in domain.nics)) or "-",
    )
