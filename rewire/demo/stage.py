"""Where the scenes are played: a folder of its own with a store in it, and a console that runs what it shows.

What follows a `$` is what a user would type, and what follows that is what the command prints: nothing is staged.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import textwrap
from collections.abc import Generator, Iterable
from contextlib import chdir, contextmanager
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.table import Table

from domain.errors import StoreUnreachable
from rewire import change_file, output, session, status


WIDTH = 110
EXAMPLES = Path(__file__).parents[2] / "examples"


class Stage:
    """A console that counts its scenes and runs commands."""

    def __init__(self) -> None:
        if not sys.stdout.isatty():
            os.environ["COLUMNS"] = str(WIDTH)
        self.console = Console(highlight=False, emoji=False)
        self.scenes = 0

    def scene(self, title: str, *words: str) -> None:
        """Open a scene with what it shows, and why one would want to see it."""
        self.scenes += 1
        self.console.print()
        self.console.print(Rule(f"[bold]{self.scenes}. {title}[/bold]", align="left", style="cyan"))
        self.say(" ".join(words))

    def say(self, text: str) -> None:
        self.console.print(textwrap.fill(text, self.console.width - 1), markup=False)

    def run(self, command: str) -> None:
        """Show a command as a user would type it, and run it. A no is an answer; anything worse ends the play."""
        from rewire.cli import run

        self.console.print(f"\n$ rewire {command}", style="bold", markup=False)
        sys.stdout.flush()
        left_with = run([*shlex.split(command), "-o", "table"])
        if left_with > status.REFUSED:
            raise StoreUnreachable(f"`rewire {command}` left with {left_with}")

    def table(self, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for column in columns:
            table.add_column(column)
        for row in rows:
            table.add_row(*row)
        self.console.print(table)


@contextmanager
def folder() -> Generator[None]:
    """Work in a new folder with a store of its own, and leave nothing behind."""
    before = os.environ.get("REWIRE_STORE")
    with tempfile.TemporaryDirectory(prefix="rewire-demo-") as name, chdir(name):
        os.environ["REWIRE_STORE"] = session.DEFAULT
        try:
            yield
        finally:
            os.environ.pop("REWIRE_STORE")
            if before is not None:
                os.environ["REWIRE_STORE"] = before


def lay_out(name: str) -> None:
    """Put an example's steps into the folder: all but the last as `NAME.yaml`, the last as `NAME-detach.yaml`."""
    text = (EXAMPLES / f"{name}.yaml").read_bytes()
    entries = change_file.load(text, name)
    Path(f"{name}.yaml").write_text(output.yaml_text(entries[:-1]))
    Path(f"{name}-detach.yaml").write_text(output.yaml_text(entries[-1:]))


def position() -> int:
    """Give the position of the newest fact in the folder's store."""
    with session.opened(None) as current:
        return current.network.position()
