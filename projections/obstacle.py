"""Something on a host that keeps a network from being realized."""

from __future__ import annotations

import msgspec


class Obstacle(msgspec.Struct, frozen=True):
    """Something on the host that keeps a network from being realized."""

    name: str
    l2: str
    why: str
    foreign: bool
    """Something is there that is not ours; else something is missing."""
