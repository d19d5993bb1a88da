"""A step of a plugin's backend, as far as everybody else needs to know it: what it is about, and why.

A backend makes its own kinds of it, with what it needs to carry them out. A look of ours shows nothing of what they do.
"""

from __future__ import annotations

from typing import Literal

from projections.operation import Operation


Lack = Literal["missing", "extra", "altered"]


class ServiceOperation(Operation, frozen=True, tag="service"):
    """Base of the steps of plugins' backends, each of which has a tag of its own."""

    backend: str
    """`LoadBalancer/Haproxy`."""
    name: str
    """What it is done to: `haproxy-0a1b2c3`."""
    bridge: str
    """Of the network that it is for."""
    lack: Lack
    """What is wrong without it: something is missing, is there and not wanted, or is other than it must be."""
    what: str
    """What it does, in words: `start haproxy in haproxy-0a1b2c3`."""
    mark: str
    """Names the fact behind it, as `marks.mark_of` writes it."""
