"""Chance that can be repeated: a host draws from streams named by the seed, the host and the purpose.

So a host that joins a data centre, or one that does more than before, changes nothing in what the others
draw.
"""

from __future__ import annotations

import hashlib
import random


def stream(seed: int, *names: str) -> random.Random:
    """Give the stream of a name. The digest is the same in every process, which Python's own hash is not."""
    digest = hashlib.sha256("\0".join((str(seed), *names)).encode()).digest()
    return random.Random(int.from_bytes(digest, "big"))  # noqa: S311 - repeatable on purpose, and no secret


class Streams:
    """The streams of one purpose, a host each, made when first asked for."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._seed = seed
        self._purpose = purpose
        self._streams: dict[str, random.Random] = {}

    def of(self, host: str) -> random.Random:
        if host not in self._streams:
            self._streams[host] = stream(self._seed, host, self._purpose)
        return self._streams[host]
