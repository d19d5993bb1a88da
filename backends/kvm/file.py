"""Files of ours in the state folder: whole or not there at all, and whoever reads one is told what it is for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import HostUnreachable


READABLE = 0o644


def write(path: Path, lines: Iterable[str]) -> None:
    """Put a text in place of what was there, at once. Raises `HostUnreachable`, and then the old one is there still."""
    beside = path.with_name(f".{path.name}")
    with told(f"writing {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_text("".join(f"{line}\n" for line in lines))
            beside.chmod(READABLE)
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Say which file it was that a system refused, and why."""
    try:
        yield
    except OSError as error:
        raise HostUnreachable(f"{doing}: {error.strerror or os.strerror(error.errno or 0)}") from error
