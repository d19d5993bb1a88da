"""A bar for what takes long: on standard error, on a terminal, and only once a second has passed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager


PATIENCE_S = 1.0


@contextmanager
def bar(title: str, total: int) -> Generator[Callable[[], None]]:
    """Give a function to call after each of `total` equal pieces of work."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=Console(stderr=True, emoji=False), transient=True)
    task = progress.add_task(title, total=total)
    begun = time.monotonic()

    def advance() -> None:
        if not progress.live.is_started and time.monotonic() - begun > PATIENCE_S:
            progress.start()
        progress.advance(task)

    try:
        yield advance
    finally:
        progress.stop()
