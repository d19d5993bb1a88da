"""What would follow: the steps of a change file, run on a fork of any moment, and the two topologies to compare.

The fork is thrown away. Unlike `apply`, a supposition goes on after a refusal, so that all that is wrong is
seen at once.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from domain.errors import Refusal
from domain.history import Author
from projections import blast
from projections.blast import BlastRadius
from projections.topology import Topology
from rewire import apply
from rewire.change_file import Step
from rewire.output import Error, error_object, without_fork
from rewire.session import Session


class Refused(msgspec.Struct, frozen=True):
    """A step that would not be done."""

    step: int
    command: str
    error: Error


class Supposition(msgspec.Struct, frozen=True):
    """Before, after, and what was refused on the way."""

    before: Topology
    after: Topology
    refused: tuple[Refused, ...]

    def radius(self, limit: int | None = None) -> BlastRadius:
        """Compare, and list so many pairs of VMs each way, or all."""
        return blast.compare(self.before, self.after, limit=limit)


def suppose(session: Session, steps: Iterable[Step], position: int) -> Supposition:
    """Run steps on a fork of the history at a position."""
    fork = session.network.fork(position)
    refused: list[Refused] = []
    for step in steps:
        try:
            apply.attempt(fork, step, Author("what-if"))
        except Refusal as refusal:
            refused.append(Refused(step.number, step.command.tag(), without_fork(error_object(refusal), fork.base)))
    before = session.topology(fork.base)
    return Supposition(before, session.follower.now(fork), tuple(refused))
