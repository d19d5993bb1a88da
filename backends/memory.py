"""What an agent remembers beyond its own end: at which part of which plan each network was seen.

Without it an agent that was killed could not tell whether a host has drifted meanwhile or is behind its plan. Losing it
costs no more than that. It lies in the host's state folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec


class Memory:
    """Digests of networks' parts, by network."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written: dict[str, str] = {}

    def recall(self) -> dict[str, str]:
        """Read what was kept; nothing where there is nothing, or nothing of use."""
        with suppress(OSError, msgspec.DecodeError):
            self._written = msgspec.json.decode(self.path.read_bytes(), type=dict[str, str])
        return dict(self._written)

    def keep(self, digests: Mapping[str, str]) -> None:
        """Write what changed, whole or not at all. Raises `OSError`, for a full disk say, and is to be tried again."""
        if digests == self._written:
            return
        self.path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        try:
            with new.open("wb") as file:
                file.write(msgspec.json.encode(digests))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except OSError:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            raise
        self._written = dict(digests)
