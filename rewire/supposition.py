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
from rewire.session import Session


class Supposition(msgspec.Struct, frozen=True):
    """Before, after, and what was refused on the way."""

    before: Topology
    after: Topology
    refused: tuple[str, ...]

    def radius(self) -> BlastRadius:
        return msgspec.structs.replace(blast.compare(self.before, self.after), refused=self.refused)


def suppose(session: Session, steps: Iterable[Step], position: int) -> Supposition:
    """Run steps on a fork of the history at a position."""
    fork = session.network.fork(position)
    refused: list[str] = []
    for step in steps:
        try:
            apply.attempt(fork, step, Author("what-if"))
        except Refusal as refusal:
            refused.append(f"step {step.number} ({step.command.tag()}): {refusal.code}: {refusal.sentence}")
    before = session.topology(fork.base)
    return Supposition(before, session.follower.now(fork), tuple(refused))
