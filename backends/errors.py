"""What a host did not do, for those that go on from there: the rest of us reads the sentence.

HostUnreachable             (domain.errors)
+-- HostBusy                somebody else is working on the host: nothing is wrong, and it is worth trying again
+-- Unfinished              some operations failed, each told; what they did not touch was done
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.errors import HostUnreachable
from projections.operation import Operation


class Failure(NamedTuple):
    operation: Operation
    error: HostUnreachable


class HostBusy(HostUnreachable):
    """Another process holds the host."""


class Unfinished(HostUnreachable):
    """Operations failed."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        super().__init__("; ".join(dict.fromkeys(failure.error.sentence for failure in failures)))
        self.failures = tuple(failures)
